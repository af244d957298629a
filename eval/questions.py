"""Question sets: JSON lines in, frozen questions out (fields: eval/sets/README.md).

A question may need one of several quotes, or several at once (both sides of a disagreement), so
`gold` and `answers` are lists of *needs*: every need must be met, by any of its alternatives.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import UsageError

KINDS = (
    "fact",
    "why",
    "number",
    "date",
    "several",
    "disagreement",
    "false_premise",
    "near_miss",
    "far_off",
    "left_out",
    "follow_up",
    "feedback",
)
"""`near_miss` is on the documents' topic and not answered there, `far_off` is about something
else, `left_out` was answered by a document that is no longer in the folder, `feedback` was said on
the page (eval/feedback.py)."""

_FIELDS: dict[str, type] = {
    "id": str,
    "question": str,
    "language": str,
    "kind": str,
    "pair": str,
    "answerable": bool,
    "gold": list,
    "answers": list,
    "history": list,
    "feedback": dict,
}
_OPTIONAL: dict[str, Any] = {"pair": "", "gold": [], "answers": [], "history": [], "feedback": {}}


@dataclass(frozen=True, slots=True)
class GoldQuote:
    """A sentence that meets a need, as it stands in a file."""

    source: str
    quote: str


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """One place of a gold quote; `text[start:end] == quote`."""

    source: str
    start: int
    end: int
    quote: str


Gold = tuple[tuple[GoldSpan, ...], ...]
"""Needs, each with the places that meet it."""


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a set."""

    id: str
    question: str
    language: str
    kind: str
    answerable: bool
    pair: str = ""
    """Questions that ask the same thing in two languages share it; empty for a question alone."""
    gold: tuple[tuple[GoldQuote, ...], ...] = ()
    """For a false premise: what refutes it."""
    answers: tuple[tuple[str, ...], ...] = ()
    history: tuple[str, ...] = ()
    """Earlier questions of the conversation, asked of the assistant first."""
    line: int = 0
    """Where it stands in its file, from 1; 0 when it was made."""
    said: bool = False
    """A person said it of an answer: it may lack `answers`, and `gold` too where nobody knows."""

    @property
    def settled(self) -> bool:
        """It is known what is right."""
        return bool(self.gold) or not self.answerable

    @property
    def cluster(self) -> str:
        """What the bootstrap resamples as one: the pair, or the question alone."""
        return self.pair or self.id

    @property
    def must_abstain(self) -> bool:
        """Nothing in the documents answers or refutes it."""
        return not self.answerable and not self.gold


def read_questions(path: Path) -> list[Question]:
    """The questions of a JSON lines file, in its order; blank lines are passed over.

    Raises UsageError, with the number of the line, for what is no question.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); name a question set") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text; a question set is JSON lines") from None
    questions: list[Question] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            question = _question(line, number)
            if question.id in seen:
                raise ValueError(f"id {question.id!r} stands on line {seen[question.id]} already")
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: {error}") from None
        seen[question.id] = number
        questions.append(question)
    if not questions:
        raise UsageError(f"{path}: no question in it; see eval/sets/README.md for the fields")
    return questions


def _question(line: str, number: int) -> Question:
    try:
        raw = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg}, column {error.colno})") from None
    if not isinstance(raw, dict):
        raise ValueError(f"a {type(raw).__name__}, expected a JSON object")
    return parse(raw, number)


def parse(raw: Mapping[str, Any], number: int = 0) -> Question:
    """One question from its JSON object; `number` is its line. Raises ValueError, saying why."""
    fields = _fields(raw)
    question = Question(
        id=fields["id"],
        question=fields["question"],
        language=fields["language"],
        kind=fields["kind"],
        answerable=fields["answerable"],
        pair=fields["pair"],
        gold=tuple(
            tuple(_gold_quote(place) for place in need) for need in _needs("gold", fields["gold"])
        ),
        answers=tuple(
            tuple(_text("an accepted answer", text) for text in need)
            for need in _needs("answers", fields["answers"])
        ),
        history=tuple(_text("a question of the history", text) for text in fields["history"]),
        line=number,
        said=bool(fields["feedback"]),
    )
    _check(question)
    return question


def _fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(raw) - set(_FIELDS))
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; fields are {', '.join(_FIELDS)}")
    fields = _OPTIONAL | dict(raw)
    for name, kind in _FIELDS.items():
        if name not in fields:
            raise ValueError(f"field {name!r} is missing")
        if not isinstance(fields[name], kind):
            got = type(fields[name]).__name__
            raise ValueError(f"field {name!r} is a {got}, expected a {kind.__name__}")
    return fields


def _needs(name: str, needs: list[Any]) -> list[list[Any]]:
    for need in needs:
        if not (
            isinstance(need, dict)
            and set(need) == {"any"}
            and isinstance(need["any"], list)
            and need["any"]
        ):
            raise ValueError(f'each of {name!r} is {{"any": [...]}} with at least one alternative')
    return [need["any"] for need in needs]


def _gold_quote(place: object) -> GoldQuote:
    if not (isinstance(place, dict) and set(place) == {"source", "quote"}):
        raise ValueError('a gold place is {"source": ..., "quote": ...}')
    return GoldQuote(_text("a gold source", place["source"]), _text("a gold quote", place["quote"]))


def _text(what: str, value: object) -> str:
    if not (isinstance(value, str) and value.strip()):
        raise ValueError(f"{what} is {value!r}, expected a text")
    return value


def _check(question: Question) -> None:
    for name in ("id", "question", "language"):
        _text(name, getattr(question, name))
    if question.kind not in KINDS:
        raise ValueError(f"kind {question.kind!r} is none of {', '.join(KINDS)}")
    if question.answerable and not question.said and not (question.gold and question.answers):
        raise ValueError("an answerable question needs gold and answers")
    refuted = question.kind == "false_premise"
    if refuted and (question.answerable or not question.gold):
        raise ValueError("a false premise is not answerable, and its gold is what refutes it")
    if not question.answerable and not refuted and (question.gold or question.answers):
        raise ValueError("an unanswerable question has neither gold nor answers")


def locate(question: Question, text: Callable[[str], str], *, name: str) -> Gold:
    """Every place of the question's gold: a quote that a file repeats has several.

    `text` gives a document's text by source. Raises UsageError, naming the set and the line, when
    a document isn't there or doesn't hold the quote.
    """
    where = f"{name}, line {question.line}" if question.line else f"{name}, {question.id}"
    needs = []
    for need in question.gold:
        spans: list[GoldSpan] = []
        for gold in need:
            try:
                found = text(gold.source)
            except UsageError:
                message = f"{where}: no document {gold.source!r} in the index"
                raise UsageError(f"{message}; run the set over its own documents") from None
            start = found.find(gold.quote)
            if start < 0:
                raise UsageError(f"{where}: {gold.source} doesn't hold {_short(gold.quote)!r}")
            while start >= 0:
                spans.append(GoldSpan(gold.source, start, start + len(gold.quote), gold.quote))
                start = found.find(gold.quote, start + 1)
        needs.append(tuple(spans))
    return tuple(needs)


def _short(text: str) -> str:
    """One line of at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


def sample(questions: Sequence[Question], limit: int | None) -> list[Question]:
    """At most `limit` questions, the same ones every time, in the set's order; pairs stay together
    except for the last one. Raises UsageError for a limit below 1."""
    if limit is None:
        return list(questions)
    if limit < 1:
        raise UsageError(f"limit {limit}: expected a number of questions, 1 or more")
    ranked = sorted(range(len(questions)), key=lambda i: (_draw(questions[i].cluster), i))
    return [questions[i] for i in sorted(ranked[:limit])]


def _draw(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def fingerprint(questions: Sequence[Question]) -> str:
    """SHA-256 over what was asked and what counts as right: runs with the same one compare."""
    digest = hashlib.sha256()
    for q in questions:
        gold = [[[place.source, place.quote] for place in need] for need in q.gold]
        line = [q.id, q.question, q.language, q.kind, q.answerable, gold, q.answers, q.history]
        digest.update(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()
