"""`Assistant`: a question in, a proven answer out. The only place that wires adapters to seams.

    standalone question -> retrieve -> answerable? -> compose -> verify -> cite -> compare

Every face (command line, page, eval, benchmark) goes through `Assistant.stream`.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rag.answer import AnswerInTheMaking, Clock
from rag.config import Settings, shipped
from rag.errors import Cancelled, IndexDamaged, IndexMismatch, RagError
from rag.followup import Query, question_language, standalone
from rag.index import Index
from rag.models.embedders import default_embedder
from rag.models.judges import default_judge
from rag.models.lexicon import NumpyLexicon
from rag.models.llama import chosen_gguf, open_llama
from rag.models.openai_server import OpenAIGenerator
from rag.protocols import Generator, Judge, Lexicon, Progress, never
from rag.question import readable
from rag.relevance import Weights
from rag.retrieve import Retrieved, Retriever
from rag.types import (
    Answer,
    DocumentInfo,
    Event,
    Finished,
    ModelNames,
    Searched,
    Selection,
    SyncReport,
    Turn,
)
from rag.uploads import Uploads
from vectorstore.catalog import SqliteCatalog
from vectorstore.chroma import ChromaStore
from vectorstore.lexical import SqliteLexicalIndex
from vectorstore.schema import remove_index

log = logging.getLogger(__name__)


class Assistant:
    """Answers questions over one index. May be shared by threads: one question at a time."""

    def __init__(
        self,
        index: Index,
        weights: Weights,
        *,
        lexicon: Lexicon | None = None,
        judge: Judge | None = None,
        generator_name: str | None = None,
        open_generator: Callable[[], Generator] | None = None,
        one_by_one: bool = False,
    ) -> None:
        """`open_generator` is called when a generator is first needed; None where there is none.
        Its name is given here, so that an answer says the same before and after. `one_by_one`:
        it is too small to choose among sentences, and is given each by itself."""
        self.index = index
        self._retriever = Retriever(
            index.catalog,
            index.store,
            index.lexical,
            index.embedder,
            weights=weights,
            lexicon=lexicon,
            judge=judge,
        )
        self._judge, self._lexicon = judge, lexicon
        self._one_by_one = one_by_one
        self._generator_name, self._open_generator = generator_name, open_generator
        self._generator: Generator | None = None
        self._lock = threading.Lock()

    # --- asking -------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        selection: Selection | None = None,
        searched_for: str | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> Answer:
        """The whole answer, from the selected documents alone. Raises UsageError for a question that
        can't be read, Cancelled when `cancelled()` became true."""
        for event in self.stream(
            question,
            history,
            selection=selection,
            searched_for=searched_for,
            cancelled=cancelled,
        ):
            if isinstance(event, Finished):
                return event.answer
        raise Cancelled("stopped")

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        selection: Selection | None = None,
        searched_for: str | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[Event]:
        """`Searched`, a `SentenceReady` for each sentence that passed its check, `Finished`; ends
        early, without `Finished`, once `cancelled()` is true.

        `searched_for` is the standalone question where the person said it: that text alone is
        searched for, whatever the history."""
        with self._lock:
            self._refresh()
            clock = Clock(time.perf_counter())
            retrieved = self._retrieve(
                question, history, selection=selection, searched_for=searched_for
            )
            clock.retrieve = time.perf_counter() - clock.started
            query = retrieved.query
            yield Searched(
                query.text,
                query.language,
                retrieved.evidence,
                clock.retrieve,
                retrieved.scope,
                retrieved.missing,
            )
            making = AnswerInTheMaking(
                question,
                retrieved,
                clock,
                judge=self._judge,
                lexicon=self._lexicon,
                one_by_one=self._one_by_one,
            )
            if (
                retrieved.evidence
                and retrieved.answerable >= self._retriever.threshold
                and not cancelled()
            ):
                yield from making.compose(self._opened_generator, cancelled)
            if not cancelled():
                yield Finished(replace(making.finish(self.models()), scope=retrieved.scope))

    def search(
        self,
        question: str,
        limit: int = 10,
        history: Sequence[Turn] = (),
        *,
        selection: Selection | None = None,
    ) -> Searched:
        """The evidence alone, best first, from the selected documents alone."""
        with self._lock:
            self._refresh()
            started = time.perf_counter()
            retrieved = self._retrieve(question, history, limit, selection)
            return Searched(
                retrieved.query.text,
                retrieved.query.language,
                retrieved.evidence,
                time.perf_counter() - started,
                retrieved.scope,
                retrieved.missing,
            )

    def _refresh(self) -> None:
        """A file that was edited or deleted since the last question must not answer as it was. Takes
        20 ms for 1,000 files that are as they were."""
        notice = self.index.refresh()
        if notice:
            log.info(notice)

    def _retrieve(
        self,
        question: str,
        history: Sequence[Turn],
        limit: int = 10,
        selection: Selection | None = None,
        searched_for: str | None = None,
    ) -> Retrieved:
        cleaned = readable(question)
        if searched_for is not None:
            cleaned, history = readable(searched_for), ()
        language = question_language(cleaned, history)
        return self._search(standalone(cleaned, language, history), limit, selection)

    def _search(self, query: Query, limit: int, selection: Selection | None) -> Retrieved:
        """Once more when the vectors turned out damaged (they are made anew from the catalog), or
        another process changed the index in between."""
        generation = self.index.catalog.generation()
        try:
            return self._retriever.search(query, limit, selection)
        except IndexDamaged:
            self.index.heal()
            return self._retriever.search(query, limit, selection)
        except RagError:
            if self.index.catalog.generation() == generation:
                raise
            return self._retriever.search(query, limit, selection)

    def _opened_generator(self) -> Generator | None:
        if self._generator is None and self._open_generator is not None:
            self._generator = self._open_generator()
        return self._generator

    def models(self) -> ModelNames:
        """What answers are made with."""
        return ModelNames(
            self.index.embedder.name,
            self._judge.name if self._judge else None,
            self._generator_name,
        )

    # --- documents ----------------------------------------------------------------------

    def sources(self) -> list[DocumentInfo]:
        """The documents in the index, sorted by source."""
        return self.index.catalog.documents()

    def text(self, source: str) -> str:
        """A document's text as the index knows it. Raises UsageError for an unknown source."""
        return self.index.catalog.document(source).text

    @property
    def uploads(self) -> Uploads:
        """What was added on the page. A sync indexes what it takes in, and forgets what it removes."""
        return Uploads(self.index.data, self.index.roots)

    def sync(self, progress: Progress | None = None, *, rebuild: bool = False) -> SyncReport:
        """Make the index mirror its folder."""
        with self._lock:
            return self.index.sync(progress, rebuild=rebuild)

    def close(self) -> None:
        """Free models and files."""
        with self._lock:
            if self._generator is not None:
                self._generator.close()
            self.index.close()


def turn_of(answer: Answer) -> Turn:
    """An answer as the history of the next question."""
    return Turn(answer.question, answer.standalone_question, answer.language, answer.answer)


# --- wiring -------------------------------------------------------------------------------


def open_assistant(settings: Settings, *, rebuild: bool = False) -> Assistant:
    """The assistant over the index in `settings.data_folder`. Nothing heavy is loaded yet, and
    nothing is synced (see `Index.refresh`). With `rebuild`, an index that can't be read is removed
    first, so that it can be made anew.

    Raises FolderMismatch, IndexMismatch, IndexDamaged, ModelUnavailable, and RagError for a data
    folder that can't be written."""
    data = settings.data_folder
    catalog = _open_catalog(data, rebuild=rebuild)
    try:
        embedder = default_embedder(settings)
        generator_name, open_generator = _generator(settings)
        index = Index(
            data,
            catalog,
            SqliteLexicalIndex(catalog.database),
            _open_store(settings, data),
            embedder,
            docs=settings.docs,
            default_docs=shipped("seeds"),
        )
        return Assistant(
            index,
            Weights.read(shipped("models") / "relevance" / "weights.json"),
            lexicon=NumpyLexicon(shipped("models") / "lexicon"),
            judge=default_judge(settings),
            generator_name=generator_name,
            open_generator=open_generator,
            one_by_one=settings.model is None and settings.llm_url is None,
        )
    except BaseException:
        catalog.close()
        raise


def _open_catalog(data: Path, *, rebuild: bool) -> SqliteCatalog:
    path = data / "index.sqlite"
    try:
        return SqliteCatalog(path)
    except (IndexDamaged, IndexMismatch):
        if not rebuild:
            raise
        remove_index(path)
        return SqliteCatalog(path)


def _open_store(settings: Settings, data: Path) -> ChromaStore:
    """A folder of the index, or a collection of its own on a server."""
    if not settings.chroma_url:
        return ChromaStore(data / "chroma")
    name = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]
    return ChromaStore(None, settings.chroma_url, f"attest-{name}")


def _generator(settings: Settings) -> tuple[str, Callable[[], Generator]]:
    """The generator's name, known without loading it, and how to load it."""
    if settings.llm_url:
        server = OpenAIGenerator(settings.llm_url, settings.llm_model, settings.llm_key)
        return server.name, lambda: server
    _, name = chosen_gguf(settings)
    return name, lambda: open_llama(settings, log.warning)
