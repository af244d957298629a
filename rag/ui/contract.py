"""An `Answer` read back from its JSON object (`Answer.to_dict()`).

What is read may have lain in a browser or a file for long: it is data, and checked field by field.
Unknown fields are left out, so that a later version's object can still be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from rag.types import (
    Answer,
    AnswerSentence,
    Citation,
    Consulted,
    Disagreement,
    DisagreementValue,
    ModelNames,
    Place,
    Scope,
    Selection,
    Support,
    Timings,
)

T = TypeVar("T")

MOST = 1_000
"""Entries of any list, but of..."""
MOST_CHOSEN = 100_000
"""... the documents that were chosen."""
FAR = 10**9
"""The greatest offset or count."""

Known = Mapping[str, tuple[str | None, str]]
"""Title and language of the documents that an answer names in full."""


def answer_of(data: object) -> Answer:
    """The answer of which `data` is the JSON object; `answer_of(a.to_dict()).to_dict() ==
    a.to_dict()`. Raises ValueError, with what was expected where, for anything else."""
    fields = an_object(data, "an answer")
    consulted = _list(fields, "consulted", _consulted)
    known = {item.place.source: (item.place.title, item.place.language) for item in consulted}
    citations = _list(fields, "citations", lambda item: _citation(item, known))
    numbers = [citation.n for citation in citations]
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"citations numbered {numbers}: expected each number once")
    abstained = fields.get("abstained")
    if not isinstance(abstained, bool):
        raise ValueError("abstained: expected true or false")
    return Answer(
        question=text_of(fields, "question"),
        language=text_of(fields, "language"),
        answer=text_of(fields, "answer"),
        abstained=abstained,
        sentences=_list(fields, "sentences", _sentence),
        citations=citations,
        consulted=consulted,
        disagreements=_list(fields, "disagreements", _disagreement),
        standalone_question=text_of(fields, "standalone_question"),
        models=_models(fields.get("models")),
        seconds=number_of(fields, "seconds"),
        timings=_timings(fields.get("timings")),
        scope=None if fields.get("selection") is None else _scope(fields["selection"]),
    )


# --- single fields ------------------------------------------------------------------------


def an_object(value: object, what: str) -> dict[str, Any]:
    """A JSON object. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"{what}: expected an object, got {type(value).__name__}")
    return value


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """A text that JSON can carry (a lone surrogate is replaced). Raises ValueError."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name}: expected a text, got {type(value).__name__}")
    return sendable(value)


def sendable(text: str) -> str:
    """Text that JSON can carry: a lone surrogate, which a browser can send, is replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def text_or_none(fields: Mapping[str, Any], name: str) -> str | None:
    return None if fields.get(name) is None else text_of(fields, name)


def number_of(fields: Mapping[str, Any], name: str) -> float:
    """A finite number from 0. Raises ValueError."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= FAR:
        raise ValueError(f"{name}: expected a number from 0, got {value!r:.40}")
    return float(value)


def _whole(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= FAR:
        raise ValueError(f"{name}: expected a whole number from 0, got {value!r:.40}")
    return value


def _share(fields: Mapping[str, Any], name: str = "score") -> float:
    value = number_of(fields, name)
    if value > 1:
        raise ValueError(f"{name}: expected 0 to 1, got {value}")
    return value


def _list(
    fields: Mapping[str, Any], name: str, read: Callable[[object], T], most: int = MOST
) -> tuple[T, ...]:
    value = fields.get(name)
    if not isinstance(value, list) or len(value) > most:
        raise ValueError(f"{name}: expected a list of at most {most}")
    return tuple(read(item) for item in value)


def _numbers(fields: Mapping[str, Any], name: str) -> tuple[int, ...]:
    return _list(fields, name, lambda item: _whole({name: item}, name))


# --- parts --------------------------------------------------------------------------------


def _place(fields: Mapping[str, Any], title: str | None, language: str) -> Place:
    start, end = _whole(fields, "start"), _whole(fields, "end")
    if start > end:
        raise ValueError(f"a span from {start} to {end}: expected start before end")
    return Place(
        source=text_of(fields, "source"),
        start=start,
        end=end,
        quote=text_of(fields, "quote"),
        title=title,
        date=text_or_none(fields, "date"),
        language=language,
    )


def _full_place(fields: Mapping[str, Any]) -> Place:
    return _place(fields, text_or_none(fields, "title"), text_of(fields, "language"))


def _citation(value: object, known: Known) -> Citation:
    fields = an_object(value, "a citation")
    return Citation(
        n=_whole(fields, "n"),
        place=_full_place(fields),
        score=_share(fields),
        also=_list(fields, "also_in", lambda item: _also(item, known)),
    )


def _also(value: object, known: Known) -> Place:
    """The contract leaves out title and language here; the answer may name them elsewhere."""
    fields = an_object(value, "also_in")
    title, language = known.get(text_of(fields, "source"), (None, "und"))
    return _place(fields, title, language)


def _consulted(value: object) -> Consulted:
    fields = an_object(value, "a passage")
    return Consulted(_full_place(fields), _share(fields))


def _sentence(value: object) -> AnswerSentence:
    fields = an_object(value, "a sentence")
    support = fields.get("support")
    if support not in ("supported", "quoted"):
        raise ValueError(f"support: expected supported or quoted, got {support!r:.40}")
    return AnswerSentence(
        text=text_of(fields, "text"),
        citations=_numbers(fields, "citations"),
        support=cast(Support, support),
        score=_share(fields),
        lead_end=None if fields.get("lead_end") is None else _whole(fields, "lead_end"),
    )


def _disagreement(value: object) -> Disagreement:
    fields = an_object(value, "a disagreement")
    return Disagreement(text_of(fields, "about"), _list(fields, "values", _disagreement_value))


def _disagreement_value(value: object) -> DisagreementValue:
    fields = an_object(value, "a value")
    return DisagreementValue(text_of(fields, "value"), _numbers(fields, "citations"))


def _models(value: object) -> ModelNames:
    fields = an_object(value, "models")
    return ModelNames(*(text_or_none(fields, name) for name in ("embedder", "judge", "generator")))


def _timings(value: object) -> Timings:
    fields = an_object(value, "timings")
    names = ("retrieve", "first_token", "generate", "verify")
    return Timings(*(None if fields.get(n) is None else number_of(fields, n) for n in names))


def _scope(value: object) -> Scope:
    fields = an_object(value, "selection")
    sources = None
    if fields.get("sources") is not None:
        names = _list(fields, "sources", lambda item: text_of({"s": item}, "s"), MOST_CHOSEN)
        sources = frozenset(names)
    return Scope(
        Selection(sources, text_or_none(fields, "since"), text_or_none(fields, "until")),
        searched=_whole(fields, "searched"),
        of=_whole(fields, "of"),
        undated=_whole(fields, "undated"),
    )
