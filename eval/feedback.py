"""What people say of answers on the page, kept as a question set of their own (`rag eval --set
feedback`). It lies in the index's data folder and goes nowhere.

A line is a question of a set (eval/sets/README.md) plus `feedback`: what was said, of which answer.
Only a quote, or that nothing answers, says what is right; without either a line is kept, shown and
left out of a run.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from eval import lines
from eval.questions import Question, locate, parse
from rag.errors import UsageError

NAME = "feedback"

Reason = Literal[
    "wrong",
    "incomplete",
    "not_in_sources",
    "should_have_answered",
    "should_not_have_answered",
    "language",
    "other",
]
REASONS: tuple[Reason, ...] = get_args(Reason)

MOST_NOTE = 500
MOST_QUOTE = 5_000
MOST_QUESTION = 20_000
MOST_HISTORY = 50
MOST_ENTRIES = 5_000


@dataclass(frozen=True, slots=True)
class Quote:
    """`text[start:end]` of a document, in code points."""

    source: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of one answer."""

    question: str
    language: str
    good: bool
    abstained: bool
    """Whether the answer did."""
    answer: str
    cited: tuple[Quote, ...] = ()
    """What the answer cited."""
    reason: Reason | None = None
    note: str = ""
    right: Quote | None = None
    """The quote that would have been right; where it should not have answered, what refutes it."""
    history: tuple[str, ...] = ()
    models: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, as the page shows it."""

    id: str
    question: str
    date: str
    good: bool
    reason: str | None
    note: str
    quote: str | None
    source: str | None
    settled: bool
    """It says what is right, so that `rag eval` can run it."""


def path(data: Path) -> Path:
    return data / "feedback.jsonl"


def keep(data: Path, said: Said, text: Callable[[str], str], now: datetime | None = None) -> str:
    """Appends what was said; the entry's id. `text` gives a document of the index by its name: every
    quote must be in it as it stands. Raises UsageError for what can't be kept."""
    if not said.good and said.reason is None:
        raise UsageError("choose what was wrong first")
    if not said.question.strip() or len(said.question) > MOST_QUESTION:
        raise UsageError("there is no question to keep, or it is too long")
    if len(said.history) > MOST_HISTORY or any(len(q) > MOST_QUESTION for q in said.history):
        raise UsageError("the conversation is too long to keep: ask the question in a new one")
    if len(said.note) > MOST_NOTE:
        raise UsageError(f"the line has {len(said.note)} characters: at most {MOST_NOTE} are kept")
    for quote in _gold(said):
        _check(quote, text)
    if len(lines.read(path(data))) >= MOST_ENTRIES:
        raise UsageError(f"{MOST_ENTRIES} entries are kept already: delete some first")
    moment = now or datetime.now(UTC)
    record = _record(said, f"said-{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}", moment)
    parse(record)
    lines.append(path(data), record)
    return str(record["id"])


def entries(data: Path) -> list[Entry]:
    """What was kept, newest first."""
    found = []
    for record in lines.read(path(data)):
        try:
            question = parse(record)
        except ValueError:
            continue  # edited by hand: `rag eval` says what is wrong with it
        about = record.get("feedback", {})
        gold = question.gold[0][0] if question.gold else None
        found.append(
            Entry(
                id=question.id,
                question=question.question,
                date=str(about.get("date", "")),
                good=about.get("verdict") == "up",
                reason=about["reason"] if isinstance(about.get("reason"), str) else None,
                note=str(about.get("note", "")),
                quote=gold.quote if gold else None,
                source=gold.source if gold else None,
                settled=question.settled,
            )
        )
    return found[::-1]


def forget(data: Path, name: str) -> bool:
    """Deletes an entry by its id; whether it was there."""
    return lines.remove(path(data), "id", name)


def questions(data: Path) -> list[Question]:
    """The set. Raises UsageError when nothing was kept yet, or a line is no question."""
    found = []
    for number, record in enumerate(lines.read(path(data)), 1):
        try:
            found.append(parse(record, number))
        except ValueError as error:
            raise UsageError(f"{path(data)}, entry {number}: {error}") from None
    if not found:
        raise UsageError(
            "no feedback yet: open the page (rag serve), and say under an answer whether it was "
            "good; it is kept here and `rag eval --set feedback` runs it"
        )
    return found


def runnable(
    found: Sequence[Question], text: Callable[[str], str]
) -> tuple[list[Question], list[str]]:
    """The questions of which it is known what is right, and a line for those left out."""
    settled = [question for question in found if question.settled]
    standing = []
    for question in settled:
        try:
            locate(question, text, name=NAME)
        except UsageError:
            continue
        standing.append(question)
    notes = []
    if len(found) > len(settled):
        notes.append(
            f"{len(found) - len(settled)} of {len(found)} left out: nobody said what is right "
            "(no quote)"
        )
    if len(settled) > len(standing):
        notes.append(
            f"{len(settled) - len(standing)} of {len(found)} left out: their quote no longer stands "
            "in its document"
        )
    if not standing:
        raise UsageError(f"nothing to run: {'; '.join(notes)}")
    return standing, notes


def _gold(said: Said) -> list[Quote]:
    """What the person says is right, by picking it or by praising an answer."""
    return [said.right] if said.right else list(said.cited) if said.good else []


def _check(quote: Quote, text: Callable[[str], str]) -> None:
    if quote.end - quote.start > MOST_QUOTE:
        raise UsageError(f"the quote is too long: choose at most {MOST_QUOTE} characters")
    whole = text(quote.source)
    if not (
        0 <= quote.start < quote.end <= len(whole)
        and whole[quote.start : quote.end] == quote.quote
        and quote.quote.strip()
    ):
        raise UsageError(f"{quote.source} no longer holds that quote: choose it again")


def _record(said: Said, name: str, moment: datetime) -> dict[str, Any]:
    refuted = said.reason == "should_not_have_answered"
    unanswerable = refuted or (said.good and said.abstained)
    gold = _gold(said)
    about: dict[str, Any] = {
        "verdict": "up" if said.good else "down",
        "reason": said.reason,
        "note": " ".join(said.note.split()),
        "date": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "abstained": said.abstained,
        "answer": said.answer[:MOST_QUOTE],
        "models": dict(said.models or {}),
        "spans": [[quote.source, quote.start, quote.end] for quote in gold],
    }
    return {
        "id": name,
        "question": said.question,
        "language": said.language or "und",
        "kind": "false_premise" if refuted and said.right else "feedback",
        "answerable": not unanswerable,
        "gold": [{"any": [{"source": q.source, "quote": q.quote} for q in gold]}] if gold else [],
        "answers": [],
        "history": list(said.history),
        "feedback": about,
    }
