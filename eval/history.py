"""A line a finished run, kept beside the index: what the page's Eval tab shows.

The report of a run (`runs/NAME-0001`) has everything; this has its date, what was run, the figures
with their intervals, and the questions that went worst, so that runs of any folder are seen together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval import lines
from eval.measure import Report
from eval.metrics import HEADLINE
from eval.questions import Question

WORST: dict[str, int] = {
    "failed": 0,
    "premise_affirmed": 1,
    "answered_though_unanswerable": 2,
    "quote_not_exact": 3,
    "wrong": 4,
    "other_language": 5,
    "abstained_though_answerable": 6,
    "undecided": 7,
}
"""How a question went wrong (`eval.metrics.lists`), worst first."""
MOST_WORST = 20
MOST_RUNS = 50
"""Runs that are read, the last ones."""


@dataclass(frozen=True, slots=True)
class Worst:
    """A question that went wrong, and how."""

    id: str
    question: str
    language: str
    why: str
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figured:
    """A figure with its 95% interval; `n` questions."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Run:
    """One line."""

    date: str
    """`YYYY-MM-DDThh:mm:ssZ`."""
    name: str
    """Of the question set."""
    sha256: str
    """Of its questions: runs with the same one compare."""
    schema: int
    questions: int
    models: dict[str, str | None]
    docs: str
    """The folder that was asked."""
    report: str
    figures: dict[str, Figured]
    """Over all questions, by `eval.metrics.HEADLINE`'s names."""
    seconds: dict[str, float]
    """p50 and p95 until the answer was whole."""
    worst: tuple[Worst, ...]

    def compares_with(self, other: Run) -> bool:
        """Whether both asked the same, and measured it alike."""
        return (self.sha256, self.schema) == (other.sha256, other.schema)


def path(data: Path) -> Path:
    return data / "runs.jsonl"


def keep(
    data: Path,
    report: Report,
    asked: Sequence[Question],
    docs: Path,
    now: datetime | None = None,
) -> None:
    """Appends a finished run."""
    made, seconds = report.figures, report.seconds
    found = made["groups"]["all"]
    moment = now or datetime.now(UTC)
    lines.append(
        path(data),
        {
            "date": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "name": made["set"],
            "sha256": made["set_sha256"],
            "schema": made["schema"],
            "questions": made["questions"],
            "models": made["models"],
            "docs": str(docs),
            "report": str(report.folder.resolve()),
            "figures": {
                name: [found[name][key] for key in ("value", "low", "high", "n")]
                for name in HEADLINE
                if name in found
            },
            "seconds": {key: seconds["answer"][key] for key in ("p50", "p95")}
            if "answer" in seconds
            else {},
            "worst": _worst(made["lists"], asked),
        },
    )


def read(data: Path) -> list[Run]:
    """The runs, oldest first; lines of another shape are passed over."""
    found = []
    for record in lines.read(path(data))[-MOST_RUNS:]:
        try:
            found.append(_run(record))
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return found


def _worst(
    lists: Mapping[str, Sequence[str]], asked: Sequence[Question]
) -> list[dict[str, object]]:
    """A question that went wrong in several ways is there once, for the worst of them."""
    why: dict[str, str] = {}
    for name in sorted(WORST, key=lambda name: WORST[name]):
        for key in lists.get(name, ()):
            why.setdefault(key, name)
    known = {question.id: question for question in asked}
    return [
        {
            "id": key,
            "question": known[key].question,
            "language": known[key].language,
            "why": name,
            "history": list(known[key].history),
        }
        for key, name in list(why.items())[:MOST_WORST]
        if key in known
    ]


def _run(record: Mapping[str, Any]) -> Run:
    return Run(
        date=str(record["date"]),
        name=str(record["name"]),
        sha256=str(record["sha256"]),
        schema=int(record["schema"]),
        questions=int(record["questions"]),
        models={str(k): None if v is None else str(v) for k, v in record["models"].items()},
        docs=str(record["docs"]),
        report=str(record["report"]),
        figures={
            name: Figured(float(value), float(low), float(high), int(n))
            for name, (value, low, high, n) in record["figures"].items()
            if name in HEADLINE
        },
        seconds={str(k): float(v) for k, v in record["seconds"].items()},
        worst=tuple(
            Worst(
                str(item["id"]),
                str(item["question"]),
                str(item["language"]),
                str(item["why"]),
                tuple(str(question) for question in item["history"]),
            )
            for item in record["worst"]
        ),
    )
