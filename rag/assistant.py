"""`Assistant`: a question in, a proven answer out. The only place that wires adapters to seams.

    standalone question -> retrieve -> answerable? -> compose -> verify -> cite -> compare

Every face (command line, page, eval, benchmark) goes through `Assistant.stream`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag import compose
from rag.cite import Numbering, join_answer
from rag.compare import find_disagreements
from rag.config import Settings, shipped
from rag.errors import Cancelled, IndexDamaged, IndexMismatch
from rag.followup import Query, standalone
from rag.index import Index
from rag.language import detect
from rag.models.embedders import default_embedder
from rag.models.gguf import embedded_gguf, read_gguf, requantised

from rag.models.lexicon import NumpyLexicon
from rag.models.llama import LlamaGenerator
from rag.models.openai_server import OpenAIGenerator

from rag.prompts import abstention, answer_language
from rag.protocols import Generator, Judge, Lexicon, Progress
from rag.question import readable
from rag.relevance import Weights
from rag.retrieve import Retrieved, Retriever
from rag.types import (
    Answer,
    AnswerSentence,
    Consulted,
    Disagreement,
    DisagreementValue,
    DocumentInfo,
    Event,
    Evidence,
    Finished,
    ModelNames,
    Searched,
    SentenceReady,
    SyncReport,
    Timings,
    Turn,
)
from rag.verify import Proof, strip_markers, verify
from vectorstore.catalog import SqliteCatalog
from vectorstore.chroma import ChromaStore
from vectorstore.lexical import SqliteLexicalIndex

CONSULTED = 8
"""Passages that an answer says it read."""
DISAGREEMENT_SHARE = 0.4
"""Evidence that is at least this relevant, as a share of the best, is compared with it."""
MODEL_SHARE = 0.5
"""A generated sentence must rest on evidence that is at least this relevant, as a share of the
best: what is proven but beside the question is no answer."""


def never() -> bool:
    """The default of `cancelled`."""
    return False


@dataclass(slots=True)
class _Work:
    """What is gathered while one answer is made."""

    question: str
    query: Query
    retrieved: Retrieved
    started: float
    numbering: Numbering = field(default_factory=Numbering)
    sentences: list[AnswerSentence] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    retrieve: float = 0.0
    first_token: float | None = None
    generate: float | None = None
    verify: float | None = None


class Assistant:
    """Answers questions over one index. May be shared by threads: one question at a time."""

    def __init__(
        self,
        index: Index,
        weights: Weights,
        lexicon: Lexicon | None = None,
        judge: Judge | None = None,
        open_generator: Callable[[], Generator] | None = None,
        generator_name: str | None = None,
    ) -> None:
        """`open_generator` is called when a generator is first needed; None where there is none.
        Its name is given here, so that an answer says the same before and after."""
        self.index = index
        self._weights, self._lexicon, self._judge = weights, lexicon, judge
        self._open_generator, self._generator_name = open_generator, generator_name
        self._generator: Generator | None = None
        self._retriever: Retriever | None = None
        self._lock = threading.Lock()

    # --- asking -------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        cancelled: Callable[[], bool] = never,
    ) -> Answer:
        """The whole answer. Raises UsageError for a question that can't be read, Cancelled when
        `cancelled()` became true."""
        for event in self.stream(question, history, cancelled=cancelled):
            if isinstance(event, Finished):
                return event.answer
        raise Cancelled("stopped")

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[Event]:
        """`Searched`, a `SentenceReady` for each sentence that passed its check, `Finished`; ends
        early, without `Finished`, once `cancelled()` is true."""
        with self._lock:
            yield from self._stream(question, history, cancelled)

    def _stream(
        self, question: str, history: Sequence[Turn], cancelled: Callable[[], bool]
    ) -> Iterator[Event]:
        started = time.perf_counter()
        cleaned = readable(question)
        language = detect(cleaned) or (history[-1].language if history else "en")
        query = standalone(cleaned, language, history)
        retrieved = self._retrieve(query)
        work = _Work(question, query, retrieved, started)
        work.retrieve = time.perf_counter() - started
        yield Searched(query.text, language, retrieved.evidence, work.retrieve)
        if not cancelled() and self._answerable(retrieved):
            yield from self._compose(work, cancelled)
        if not cancelled():
            yield Finished(self._answer(work))

    def search(self, question: str, limit: int = 10, history: Sequence[Turn] = ()) -> Searched:
        """The evidence alone, best first."""
        with self._lock:
            started = time.perf_counter()
            cleaned = readable(question)
            language = detect(cleaned) or (history[-1].language if history else "en")
            query = standalone(cleaned, language, history)
            retrieved = self._retrieve(query, limit)
            seconds = time.perf_counter() - started
            return Searched(query.text, language, retrieved.evidence, seconds)

    def _retrieve(self, query: Query, limit: int = 10) -> Retrieved:
        if self._retriever is None:
            self._retriever = Retriever(
                self.index.catalog,
                self.index.store,
                self.index.lexical,
                self.index.embedder,
                weights=self._weights,
                lexicon=self._lexicon,
                judge=self._judge,
            )
        return self._retriever.search(query, limit)

    def _answerable(self, retrieved: Retrieved) -> bool:
        return bool(retrieved.evidence) and retrieved.answerable >= self._weights.threshold

    # --- composing ----------------------------------------------------------------------

    def _compose(self, work: _Work, cancelled: Callable[[], bool]) -> Iterator[Event]:
        evidence = work.retrieved.evidence
        for sentence, proof in self._generated(work, cancelled):
            citation = work.numbering.cite(proof.evidence)
            yield self._ready(
                work, AnswerSentence(sentence, (citation.n,), "supported", proof.score)
            )
        if not work.sentences and not cancelled():
            for number, item in enumerate(compose.to_quote(evidence)):
                citation = work.numbering.cite(item)
                yield self._ready(
                    work, compose.quoted_sentence(citation, work.query.language, number == 0)
                )
        self._compare(work)

    @staticmethod
    def _ready(work: _Work, sentence: AnswerSentence) -> SentenceReady:
        work.sentences.append(sentence)
        return SentenceReady(sentence, work.numbering.citations)

    def _generated(self, work: _Work, cancelled: Callable[[], bool]) -> Iterator[tuple[str, Proof]]:
        """The generator's sentences that are proven, up to the first that is not. Nothing is asked
        of it when nothing it could say would pass: without a judge, a statement in another
        language than its evidence can't be proven."""
        spoken = answer_language(work.query.language)
        best = work.retrieved.evidence[0].score
        readable_evidence = [
            item
            for item in work.retrieved.evidence
            if item.score >= best * MODEL_SHARE
            and (self._judge is not None or item.sentence.language == spoken)
        ]
        generator = self._generator_or_none() if readable_evidence else None
        if generator is None:
            return
        read = compose.to_read(generator, readable_evidence)
        begun = time.perf_counter()
        checking = 0.0

        def on_token() -> None:
            if work.first_token is None:
                work.first_token = time.perf_counter() - begun

        sentences = compose.draft(
            generator, work.query, read, cancelled=cancelled, on_token=on_token
        )
        try:
            for sentence in sentences:
                checked = time.perf_counter()
                statement, hints = strip_markers(sentence)
                proof = verify(statement, spoken, read, self._judge, hints)
                checking += time.perf_counter() - checked
                if proof is None:
                    return
                yield statement, proof
        finally:
            sentences.close()  # type: ignore[attr-defined]
            work.verify = checking
            work.generate = time.perf_counter() - begun - checking

    def _compare(self, work: _Work) -> None:
        """Two values of the same thing, where one of them is in the answer."""
        evidence = work.retrieved.evidence
        bound = evidence[0].score * DISAGREEMENT_SHARE
        near = [item for item in evidence if item.score >= bound]
        for conflict in find_disagreements(near, answer_language(work.query.language)):
            members: list[Evidence] = [item for _, items in conflict.values for item in items]
            if any(work.numbering.number(item) is not None for item in members):
                values = tuple(
                    DisagreementValue(
                        value, tuple(sorted(work.numbering.cite(item).n for item in items))
                    )
                    for value, items in conflict.values
                )
                work.disagreements.append(Disagreement(conflict.about, values))

    def _generator_or_none(self) -> Generator | None:
        if self._generator is None and self._open_generator is not None:
            self._generator = self._open_generator()
        return self._generator

    # --- the answer ---------------------------------------------------------------------

    def _answer(self, work: _Work) -> Answer:
        sentences = tuple(work.sentences)
        language = work.query.language
        return Answer(
            question=work.question,
            language=language,
            answer=join_answer(sentences) if sentences else abstention(language),
            abstained=not sentences,
            sentences=sentences,
            citations=work.numbering.citations,
            consulted=tuple(
                Consulted(item.place, item.score) for item in work.retrieved.evidence[:CONSULTED]
            ),
            disagreements=tuple(work.disagreements),
            standalone_question=work.query.text,
            models=self.models(),
            seconds=time.perf_counter() - work.started,
            timings=Timings(work.retrieve, work.first_token, work.generate, work.verify),
        )

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
    nothing is synced (see `Index.refresh`). With `rebuild`, an index that can't be read is put
    aside first, so that it can be made anew.

    Raises FolderMismatch, IndexMismatch, IndexDamaged, ModelUnavailable, and RagError for a data
    folder that can't be written."""
    data = settings.data_folder
    catalog = _open_catalog(data, rebuild=rebuild)
    try:
        embedder = default_embedder(settings)
        generator_name, open_generator = _generator(settings, data)
        index = Index(
            data,
            catalog,
            SqliteLexicalIndex(catalog.database),
            ChromaStore(None if settings.chroma_url else data / "chroma", settings.chroma_url),
            embedder,
            docs=settings.docs,
            default_docs=shipped("seeds"),
        )
        return Assistant(
            index,
            Weights.read(shipped("models") / "relevance" / "weights.json"),
            NumpyLexicon(shipped("models") / "lexicon"),
            _judge(settings),
            open_generator,
            generator_name,
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
        for part in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            if part.exists():
                part.replace(part.with_name(f"{part.name}.unreadable"))
        return SqliteCatalog(path)


def _judge(settings: Settings) -> Judge | None:
    if not settings.judge:
        return None
    from rag.models.judges import CrossEncoderJudge

    return CrossEncoderJudge(settings.judge)


def _generator(settings: Settings, data: Path) -> tuple[str, Callable[[], Generator]]:
    """The generator's name, known without loading it, and how to load it."""
    if settings.llm_url:
        server = OpenAIGenerator(settings.llm_url, settings.llm_model, settings.llm_key)
        return server.name, lambda: server
    if settings.model:
        own = settings.model
        return read_gguf(own).name, lambda: LlamaGenerator(own)
    embedded = embedded_gguf()
    return read_gguf(embedded).name, lambda: LlamaGenerator(requantised(embedded, data))
