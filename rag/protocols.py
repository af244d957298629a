"""The seams: one verb each where one is enough. Adapters in `rag/models/` and `vectorstore/`
implement them; `rag/fakes.py` has small real ones for tests; only `rag/assistant.py` wires them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rag.types import Chunk, Document, DocumentInfo, Hit, Message, Passage, QueryTerm, Sentence

Vectors = npt.NDArray[np.float32]
"""Shape (n, dimension), rows of length 1."""

Scores = npt.NDArray[np.float64]
"""Shape (n,), each 0..1."""

Progress = Callable[[str, int, int], None]
"""`progress(what, done, total)`, called from the thread that works."""


def never() -> bool:
    """The default of `cancelled`."""
    return False


class Embedder(Protocol):
    """Texts to unit vectors. The same text gives the same vector whatever else is in the call."""

    @property
    def name(self) -> str:
        """Stored in the index; another name means another index."""

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Shape (len(texts), dimension); (0, dimension) for no texts. `query` adds the model's own
        query prefix, if it has one."""


class Judge(Protocol):
    """Reads two texts together. Each pair is scored by itself: no score depends on the batch."""

    @property
    def name(self) -> str: ...

    @property
    def support_threshold(self) -> float:
        """A support from which a statement may be shown as proven, 0..1."""

    def relevance(self, question: str, passages: Sequence[Passage]) -> Scores:
        """How well each passage's sentence answers the question."""

    def support(self, evidence: str, statements: Sequence[str]) -> Scores:
        """How well the evidence proves each statement."""


class Generator(Protocol):
    """A chat model, decoding greedily, one request at a time."""

    @property
    def name(self) -> str: ...

    @property
    def context_tokens(self) -> int:
        """Tokens that prompt and answer may take together."""

    def count_tokens(self, text: str) -> int: ...

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        """Pieces of text as they are decoded; ends at the model's end of turn, at `max_tokens`,
        or at the next token once `cancelled()` is true. Closing the iterator stops the decoding.
        Raises ModelUnavailable or ServerUnavailable."""

    def close(self) -> None:
        """Free the model."""


class Lexicon(Protocol):
    """A probabilistic dictionary over stems (see `rag.terms`)."""

    @property
    def name(self) -> str: ...

    def translate(self, stem: str, source: str, target: str) -> Mapping[str, float]:
        """p(target stem | source stem), summing to at most 1; empty for what it doesn't know."""


class VectorStore(Protocol):
    """Unit vectors by id, nearest first by cosine."""

    def upsert(
        self, ids: Sequence[str], vectors: Vectors, sources: Sequence[str] | None = None
    ) -> None:
        """`sources`: the document of each. Without it they are found only where all is searched."""

    def delete(self, ids: Sequence[str]) -> None:
        """Ids that aren't there are passed over."""

    def search(
        self,
        vector: npt.NDArray[np.float32],
        limit: int,
        sources: Collection[str] | None = None,
    ) -> list[Hit]:
        """At most `limit` hits, score = cosine similarity, approximate; best first. With `sources`,
        of these documents alone, as if nothing else were stored."""

    def ids(self) -> set[str]: ...

    def clear(self) -> None: ...

    def flush(self) -> None:
        """Publish what was written: other processes see all of it from now on."""

    def marker(self) -> str:
        """Names the published state, cheaply; empty when there is none. A catalog that remembers
        it sees when the store was lost, replaced or left half written."""

    def close(self) -> None:
        """Free what it holds; what was not flushed may be lost."""


class LexicalIndex(Protocol):
    """BM25 over sentences, in every language that the index holds."""

    def add(self, sentence_id: int, language: str, terms: Mapping[str, int]) -> None:
        """`terms` are term frequencies of one sentence (see `rag.terms.terms`)."""

    def remove(self, sentence_ids: Sequence[int]) -> None: ...

    def clear(self) -> None: ...

    def search(self, query: Sequence[QueryTerm], limit: int) -> list[Hit]:
        """Hit ids are `str(sentence_id)`; scores are BM25, not bounded; best first, ties by id."""

    def document_frequency(self, term: QueryTerm) -> float:
        """Expected number of sentences that hold the term, over all languages."""

    def spellings(self, term: str, language: str) -> list[str]:
        """Terms of that language in the index that `term` may be a misspelling of (see
        `rag.terms.misspelt`), sorted."""

    def within(self, sources: Collection[str]) -> LexicalIndex:
        """These documents alone, for reading: every search, figure and spelling is as if the index
        held nothing else. Follows later changes of the index."""


class Catalog(Protocol):
    """Documents with their text, sentences, chunks and vectors: the truth that the vector store
    and the lexical index can be rebuilt from. One writer at a time, any number of readers."""

    # reading
    def documents(self) -> list[DocumentInfo]:
        """Sorted by source."""

    def document(self, source: str) -> Document:
        """Raises UsageError for an unknown source."""

    def sentences(self, ids: Sequence[int]) -> list[Sentence]:
        """Those that are there, in the order asked for."""

    def sentences_of(self, source: str) -> list[Sentence]:
        """All kinds, in the order of the text."""

    def sentences_of_chunks(self, chunk_ids: Sequence[str]) -> dict[str, list[Sentence]]:
        """Unknown ids are passed over (the vector store may be ahead of the catalog)."""

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Stored vectors of texts; a row of zeros for a text that has none."""

    def chunks(self) -> list[Chunk]: ...

    def hashes(self) -> dict[str, str]:
        """`Document.sha256` by source."""

    def meta(self, key: str) -> str | None: ...

    def generation(self) -> int:
        """Grows with every change of a document: how a reader sees that others wrote."""

    # writing
    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside becomes visible at once, or not at all."""

    def set_meta(self, key: str, value: str | None) -> None: ...

    def put_vectors(self, texts: Sequence[str], vectors: Vectors) -> None: ...

    def put_document(
        self, document: Document, sentences: Sequence[Sentence], chunks: Sequence[Chunk]
    ) -> list[Sentence]:
        """Replaces the document of that source; the sentences come back with their ids."""

    def remove_document(self, source: str) -> None: ...

    def clear(self, *, keep_vectors: bool) -> None:
        """Removes every document, and the vectors too unless they may serve again."""

    def drop_unused_vectors(self) -> int:
        """Vectors that no quotable sentence and no chunk uses any more go; how many went."""

    def close(self) -> None: ...
