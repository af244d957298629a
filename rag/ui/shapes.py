"""The JSON contract as types, so that programs are told it (docs/cli.md has it in words). What is
returned is the contract's own `to_dict`; a test holds these against it.
"""

from typing import NotRequired, TypedDict


class Quoted(TypedDict):
    """A quote where it stands; `start` and `end` count code points of the source's text."""

    source: str
    title: str | None
    date: str | None
    language: str
    quote: str
    start: int
    end: int


class AlsoIn(TypedDict):
    source: str
    start: int
    end: int
    quote: str
    date: str | None


class Passage(Quoted):
    score: float


class Found(Passage):
    also_in: list[AlsoIn]


class Cited(Found):
    n: int


class SentenceShape(TypedDict):
    text: str
    citations: list[int]
    support: str
    score: float
    lead_end: NotRequired[int]


class ValueShape(TypedDict):
    value: str
    citations: list[int]


class DisagreementShape(TypedDict):
    about: str
    values: list[ValueShape]


class ModelsShape(TypedDict):
    embedder: str | None
    judge: str | None
    generator: str | None


class TimingsShape(TypedDict):
    retrieve: float | None
    first_token: float | None
    generate: float | None
    verify: float | None


class SelectionShape(TypedDict):
    sources: list[str] | None
    since: str | None
    until: str | None
    searched: int
    of: int
    undated: int


class AnswerShape(TypedDict):
    question: str
    language: str
    answer: str
    abstained: bool
    sentences: list[SentenceShape]
    citations: list[Cited]
    consulted: list[Passage]
    disagreements: list[DisagreementShape]
    standalone_question: str
    models: ModelsShape
    seconds: float
    timings: TimingsShape
    selection: NotRequired[SelectionShape]


class SearchShape(TypedDict):
    question: str
    language: str
    standalone_question: str
    evidence: list[Found]
    seconds: float
    selection: NotRequired[SelectionShape]


class SourceShape(TypedDict):
    source: str
    title: str | None
    date: str | None
    language: str
    sentences: int


class TextShape(TypedDict):
    """A part of a document's text, `text == whole[start:end]`."""

    source: str
    title: str | None
    date: str | None
    language: str
    start: int
    end: int
    length: int
    text: str
    next: int | None
