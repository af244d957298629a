"""Small real implementations of the seams, for tests: quick, exact, without weights or chance.

They keep every promise of `rag.protocols` (the contract suite in `tests/test_models.py` runs over
them too); they are only less clever than the adapters in `rag/models/` and `vectorstore/`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import cycle
from zlib import crc32

import numpy as np
import numpy.typing as npt

from rag.protocols import Scores, Vectors
from rag.terms import fold, is_stop_word, stem, words
from rag.types import UNKNOWN_LANGUAGE, Hit, Message, Passage

_PIECE = re.compile(r"\s*\S+|\s+")
_GRAM = 4
_GRAM_WEIGHT = 0.25


class HashEmbedder:
    """Bag of hashed words and character 4-grams: texts that share words lie close together.

    Stop words (of any language that has a list) don't count. The hash is CRC-32, so vectors are
    the same in every process. A text without a content word is the first unit vector.
    """

    def __init__(self, dimension: int = 64, *, name: str | None = None) -> None:
        self._dimension = dimension
        self._name = name or f"hash-{dimension}"
        self.embedded = 0
        """How many texts have been embedded: what a second sync must not raise."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Shape (len(texts), dimension). `query` changes nothing: there is no prefix."""
        self.embedded += len(texts)
        vectors = np.zeros((len(texts), self._dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._vector(text)
        return vectors

    def _vector(self, text: str) -> npt.NDArray[np.float32]:
        bag = np.zeros(self._dimension)
        for word in words(text):
            if is_stop_word(word, UNKNOWN_LANGUAGE):
                continue
            folded = fold(word)
            self._count(bag, folded, 1.0)
            marked = f"<{folded}>"
            for start in range(len(marked) - _GRAM + 1):
                self._count(bag, marked[start : start + _GRAM], _GRAM_WEIGHT)
        length = float(np.linalg.norm(bag))
        if length == 0.0:
            bag[0] = length = 1.0
        return (bag / length).astype(np.float32)

    def _count(self, bag: npt.NDArray[np.float64], feature: str, weight: float) -> None:
        digest = crc32(feature.encode())
        bag[digest % self._dimension] += weight if digest & 0x8000_0000 else -weight


class OverlapJudge:
    """Scores by the share of content words that are found in the other text.

    Two words meet when their English or French stems do; numbers meet as written. A text without a
    content word scores 0.
    """

    name = "overlap"

    support_threshold = 0.9

    def relevance(self, question: str, passages: Sequence[Passage]) -> Scores:
        """Share of the question's words that the passage holds; shape (len(passages),)."""
        return np.array([_share(question, passage.text) for passage in passages], np.float64)

    def support(self, evidence: str, statements: Sequence[str]) -> Scores:
        """Share of the statement's words that the evidence holds; shape (len(statements),)."""
        return np.array([_share(statement, evidence) for statement in statements], np.float64)


def _stems(text: str) -> list[frozenset[str]]:
    return [
        frozenset((stem(word, "en"), stem(word, "fr")))
        for word in words(text)
        if not is_stop_word(word, UNKNOWN_LANGUAGE)
    ]


def _share(sought: str, text: str) -> float:
    wanted = set(_stems(sought))
    held = frozenset[str]().union(*_stems(text))
    return sum(bool(forms & held) for forms in wanted) / len(wanted) if wanted else 0.0


class ScriptedGenerator:
    """A generator that says what it was told to say.

    `script` is a text (said in word-like pieces), a list of pieces (said as they are), or a mapping
    from a part of the last user message to a text: the first key that is found wins, in the
    mapping's order, so `""` last is the answer to everything else; without one it says nothing.

    `endless` says the script over and over until `max_tokens`, the caller's cancelling or the
    iterator's closing ends it. `error` is raised where piece number `error_after` (from 0) or the
    end would come. `delay` is seconds before each piece. One piece is one token.
    """

    def __init__(
        self,
        script: str | Sequence[str] | Mapping[str, str] = "",
        *,
        name: str = "scripted",
        context_tokens: int = 2048,
        endless: bool = False,
        error: Exception | None = None,
        error_after: int = 0,
        delay: float = 0.0,
    ) -> None:
        self.name = name
        self.context_tokens = context_tokens
        self.requests: list[tuple[Message, ...]] = []
        """The messages of every call, in order."""
        self.max_tokens: list[int] = []
        """The budget of every call, in order."""
        self.said = 0
        """Pieces given out in all calls: how long a caller let it talk."""
        self.closed = False
        self._script = script
        self._endless = endless
        self._error = error
        self._error_after = error_after
        self._delay = delay

    def count_tokens(self, text: str) -> int:
        """Word-like pieces of the text."""
        return len(_PIECE.findall(text))

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        self.requests.append(tuple(messages))
        self.max_tokens.append(max_tokens)
        return self._say(self._pieces(messages), max_tokens, cancelled)

    def close(self) -> None:
        self.closed = True

    def _pieces(self, messages: Sequence[Message]) -> Sequence[str]:
        if isinstance(self._script, str):
            return _PIECE.findall(self._script)
        if isinstance(self._script, Mapping):
            asked = next((m.content for m in reversed(messages) if m.role == "user"), "")
            said = next((text for part, text in self._script.items() if part in asked), "")
            return _PIECE.findall(said)
        return self._script

    def _say(
        self, pieces: Sequence[str], max_tokens: int, cancelled: Callable[[], bool]
    ) -> Iterator[str]:
        stream = cycle(pieces) if self._endless else iter(pieces)
        for count in range(max_tokens):
            if cancelled():
                return
            if self._error is not None and count == self._error_after:
                raise self._error
            piece = next(stream, None)
            if piece is None:
                return
            if self._delay:
                time.sleep(self._delay)
            self.said += 1
            yield piece


class MemoryStore:
    """Vectors by id in a dictionary; exact search, ties by id."""

    def __init__(self) -> None:
        self._vectors: dict[str, npt.NDArray[np.float32]] = {}
        self._sources: dict[str, str] = {}
        self.closed = False

    def upsert(
        self, ids: Sequence[str], vectors: Vectors, sources: Sequence[str] | None = None
    ) -> None:
        """Raises ValueError unless there is one vector an id, and one source if there are any."""
        for key, vector in zip(ids, vectors, strict=True):
            self._vectors[key] = np.array(vector, np.float32)
        if sources is not None:
            self._sources |= dict(zip(ids, sources, strict=True))

    def delete(self, ids: Sequence[str]) -> None:
        for key in ids:
            self._vectors.pop(key, None)
            self._sources.pop(key, None)

    def search(
        self,
        vector: npt.NDArray[np.float32],
        limit: int,
        sources: Collection[str] | None = None,
    ) -> list[Hit]:
        """One product a row, so that no score depends on what else is stored."""
        hits = [
            Hit(key, float(row @ vector))
            for key, row in self._vectors.items()
            if sources is None or self._sources.get(key) in sources
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.id))
        return hits[:limit]

    def ids(self) -> set[str]:
        return set(self._vectors)

    def clear(self) -> None:
        self._vectors.clear()
        self._sources.clear()

    def flush(self) -> None:
        """Nothing to do: there are no other processes."""

    def marker(self) -> str:
        return f"memory-{id(self)}-{len(self._vectors)}" if self._vectors else ""

    def close(self) -> None:
        self.closed = True


class MemoryLexicon:
    """A dictionary given as `{(source, target): {stem: {target stem: p}}}`."""

    def __init__(
        self,
        tables: Mapping[tuple[str, str], Mapping[str, Mapping[str, float]]],
        *,
        name: str = "memory",
    ) -> None:
        self.name = name
        self._tables = tables

    def translate(self, stem: str, source: str, target: str) -> Mapping[str, float]:
        return self._tables.get((source, target), {}).get(stem, {})
