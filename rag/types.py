"""The facts that travel between rooms: frozen dataclasses, one shape on every path.

Offsets count Unicode code points of a document's text (`Document.text`) and are half open:
`text[start:end]`. Scores lie in 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

UNKNOWN_LANGUAGE = "und"
"""ISO 639 code of a text whose language can't be told."""

SentenceKind = Literal["prose", "heading", "meta", "repeat"]
"""`prose` and `heading` are evidence; `meta` (a date header, a photo credit, a web code) and
`repeat` (a block that stands in the same file before) are marked, never quoted."""

EVIDENCE_KINDS: tuple[SentenceKind, ...] = ("prose", "heading")
"""Kinds of sentences that are embedded, searched and quoted."""

Support = Literal["supported", "quoted"]


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of code points."""

    start: int
    end: int


# --- documents, as read -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """One file as the index knows it. `text` is what every offset refers to."""

    source: str
    """Path relative to the documents' folder, POSIX style."""
    sha256: str
    """Hex digest of the file's bytes."""
    loader: str
    """Name and version of what extracted the text, as `txt-1`."""
    text: str
    title: str | None = None
    date: str | None = None
    """`YYYY[-MM[-DD]]`, from the header, the text or the file name; never guessed."""
    language: str = UNKNOWN_LANGUAGE
    """ISO 639-1 code, or `und`."""


@dataclass(frozen=True, slots=True)
class SentenceSpan:
    """A sentence found in a text, before it has a place in an index."""

    start: int
    end: int
    paragraph: int
    """Number of the paragraph it stands in, from 0; a heading is a paragraph of its own."""
    kind: SentenceKind = "prose"
    speech: Span | None = None
    """When the sentence lies inside a quotation of several sentences: the span from the
    quotation's opening mark to the end of the words that say who speaks."""


@dataclass(frozen=True, slots=True)
class ChunkSpan:
    """Consecutive sentences of one paragraph, `first..last` inclusive by sentence number."""

    start: int
    end: int
    first: int
    last: int


# --- documents, as indexed ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What `rag sources` shows of a document."""

    source: str
    title: str | None
    date: str | None
    language: str
    sentences: int
    """How many sentences can be quoted."""

    def to_dict(self) -> dict[str, Any]:
        """One JSON object, keys in this order."""
        return {
            "source": self.source,
            "title": self.title,
            "date": self.date,
            "language": self.language,
            "sentences": self.sentences,
        }


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the index, with where it stands."""

    id: int
    """Row number in the catalog; not stable across rebuilds, never shown."""
    source: str
    index: int
    """Its number within the document, from 0, counting every kind."""
    start: int
    end: int
    text: str
    paragraph: int
    kind: SentenceKind
    language: str
    """The document's language."""
    speech: Span | None = None

    @property
    def key(self) -> tuple[str, int]:
        """How ties are broken everywhere: by (source, start)."""
        return (self.source, self.start)


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence as a judge reads it: with its neighbours and its document's title, "" for none."""

    sentence: str
    before: str = ""
    after: str = ""
    title: str = ""

    @property
    def text(self) -> str:
        """Neighbours and sentence in their order, without the title."""
        return " ".join(part for part in (self.before, self.sentence, self.after) if part)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one record of the vector store stands for."""

    id: str
    """Made of (source, span, text), so equal text in two files keeps two places."""
    source: str
    start: int
    end: int
    first: int
    last: int
    """First and last sentence number of the document, inclusive."""
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a vector or lexical search: the item's id and its score, higher is better."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A word of the question as the lexical index sees it.

    `forms[language]` maps index terms of that language to p(term | word): `{stem: 1.0}` for the
    question's own language, weighted translations for another (probabilistic structured queries,
    Darwish & Oard, SIGIR 2003).
    """

    word: str
    forms: dict[str, dict[str, float]]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What a sync did with one file."""

    source: str
    action: Literal["added", "changed", "removed", "unchanged", "skipped"]
    reason: str | None = None
    """Why it was skipped."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did: every file of the folder and of the index has one outcome."""

    outcomes: tuple[FileOutcome, ...]
    seconds: float
    rebuilt: str | None = None
    """Why the whole index was made anew, if it was."""

    def count(self, action: str) -> int:
        """How many files had this outcome."""
        return sum(outcome.action == action for outcome in self.outcomes)

    @property
    def skipped(self) -> tuple[FileOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.action == "skipped")


# --- evidence -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands, as it can be quoted."""

    source: str
    start: int
    end: int
    quote: str
    title: str | None
    date: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may answer the question, and every place where the same statement stands."""

    sentence: Sentence
    place: Place
    """What is quoted: the sentence, widened to who says it when it lies inside a quotation."""
    context: str
    """The sentence with its neighbours, as the judge reads it."""
    score: float
    """Relevance to the question, 0..1."""
    also: tuple[Place, ...] = ()
    """The same statement in other files, one place a file."""


# --- a choice of documents ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents a question is asked of; None sets no limit. See `rag.selection`."""

    sources: frozenset[str] | None = None
    since: str | None = None
    """`YYYY[-MM[-DD]]`, from the first day that it may mean."""
    until: str | None = None
    """`YYYY[-MM[-DD]]`, to the last day that it may mean."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a selection came to in the index that was searched."""

    selection: Selection
    searched: int
    """How many documents it holds..."""
    of: int
    """... of so many in the index."""
    undated: int
    """Documents that were left out of a range of dates because they have none."""

    def to_dict(self) -> dict[str, Any]:
        """`"selection"` in an answer's JSON object, which has it only when one was given."""
        chosen = self.selection
        return {
            "sources": None if chosen.sources is None else sorted(chosen.sources),
            "since": chosen.since,
            "until": chosen.until,
            "searched": self.searched,
            "of": self.of,
            "undated": self.undated,
        }


# --- the conversation and the answer ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, as it was searched for, and its answer's text."""

    question: str
    standalone_question: str
    language: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat with a generator."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote copied from a document by code."""

    n: int
    place: Place
    score: float
    also: tuple[Place, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"n": self.n, **place_dict(self.place), "score": round(self.score, 4)} | {
            "also_in": [also_dict(place) for place in self.also]
        }


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence of an answer, with the numbers of the citations that prove it."""

    text: str
    citations: tuple[int, ...]
    support: Support
    score: float
    lead_end: int | None = None
    """For `quoted`: where the lead-in ends and the quotation mark begins."""

    def to_dict(self) -> dict[str, Any]:
        shape: dict[str, Any] = {
            "text": self.text,
            "citations": list(self.citations),
            "support": self.support,
            "score": round(self.score, 4),
        }
        return shape if self.lead_end is None else shape | {"lead_end": self.lead_end}


@dataclass(frozen=True, slots=True)
class Consulted:
    """A passage that was read for the question."""

    place: Place
    score: float

    def to_dict(self) -> dict[str, Any]:
        return place_dict(self.place) | {"score": round(self.score, 4)}


@dataclass(frozen=True, slots=True)
class DisagreementValue:
    value: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The same thing given two values or more, each quoted, without a verdict."""

    about: str
    values: tuple[DisagreementValue, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "about": self.about,
            "values": [{"value": v.value, "citations": list(v.citations)} for v in self.values],
        }


@dataclass(frozen=True, slots=True)
class ModelNames:
    embedder: str | None
    judge: str | None
    generator: str | None

    def to_dict(self) -> dict[str, str | None]:
        return {"embedder": self.embedder, "judge": self.judge, "generator": self.generator}


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds of each step; None where it didn't run."""

    retrieve: float | None = None
    first_token: float | None = None
    generate: float | None = None
    verify: float | None = None

    def to_dict(self) -> dict[str, float | None]:
        names = ("retrieve", "first_token", "generate", "verify")
        values = {name: getattr(self, name) for name in names}
        return {name: None if v is None else round(v, 4) for name, v in values.items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `to_dict()` is the JSON contract of the command line."""

    question: str
    language: str
    answer: str
    abstained: bool
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    consulted: tuple[Consulted, ...]
    disagreements: tuple[Disagreement, ...]
    standalone_question: str
    models: ModelNames
    seconds: float
    timings: Timings
    scope: Scope | None = None
    """What was searched, when not everything was."""

    def to_dict(self) -> dict[str, Any]:
        shape: dict[str, Any] = {
            "question": self.question,
            "language": self.language,
            "answer": self.answer,
            "abstained": self.abstained,
            "sentences": [sentence.to_dict() for sentence in self.sentences],
            "citations": [citation.to_dict() for citation in self.citations],
            "consulted": [consulted.to_dict() for consulted in self.consulted],
            "disagreements": [disagreement.to_dict() for disagreement in self.disagreements],
            "standalone_question": self.standalone_question,
            "models": self.models.to_dict(),
            "seconds": round(self.seconds, 4),
            "timings": self.timings.to_dict(),
        }
        return shape if self.scope is None else shape | {"selection": self.scope.to_dict()}


def place_dict(place: Place) -> dict[str, Any]:
    """The fields that `citations` and `consulted` share."""
    return {
        "source": place.source,
        "title": place.title,
        "date": place.date,
        "language": place.language,
        "quote": place.quote,
        "start": place.start,
        "end": place.end,
    }


def also_dict(place: Place) -> dict[str, Any]:
    """The fields of an `also_in` entry."""
    return {
        "source": place.source,
        "start": place.start,
        "end": place.end,
        "quote": place.quote,
        "date": place.date,
    }


# --- what a face sees while an answer is made ---------------------------------------------


@dataclass(frozen=True, slots=True)
class Searched:
    """Retrieval is done: what was searched for, and what was found, best first."""

    standalone_question: str
    language: str
    evidence: tuple[Evidence, ...]
    seconds: float
    scope: Scope | None = None
    """What was searched, when not everything was."""
    missing: tuple[str, ...] = ()
    """Words of the question that stand in none of the documents searched, in no form known."""

    def to_dict(self, question: str) -> dict[str, Any]:
        """What `rag search --json` prints."""
        shape: dict[str, Any] = {
            "question": question,
            "language": self.language,
            "standalone_question": self.standalone_question,
            "evidence": [
                place_dict(item.place)
                | {"score": round(item.score, 4), "also_in": [also_dict(p) for p in item.also]}
                for item in self.evidence
            ],
            "seconds": round(self.seconds, 4),
        }
        return shape if self.scope is None else shape | {"selection": self.scope.to_dict()}


@dataclass(frozen=True, slots=True)
class SentenceReady:
    """A sentence passed its check; `citations` are all that have been numbered so far."""

    sentence: AnswerSentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every stream."""

    answer: Answer


Event = Searched | SentenceReady | Finished


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model at hand, for `rag models`."""

    role: Literal["embedder", "judge", "generator", "lexicon"]
    name: str
    path: str
    bytes: int
    licence: str
    in_use: bool
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """One JSON object, keys in this order."""
        return {
            "role": self.role,
            "name": self.name,
            "path": self.path,
            "bytes": self.bytes,
            "licence": self.licence,
            "in_use": self.in_use,
            "note": self.note,
        }
