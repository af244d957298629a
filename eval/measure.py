"""A question set through the real assistant: one record a question, figures, a report.

    results.jsonl   a record a question: what was found, what was said, what it is worth
    timings.jsonl   its seconds
    figures.json    the figures, written last: it is there only when a run went to its end
    timings.json    p50 and p95
    summary.md      for people, with plots where matplotlib is installed

`results.jsonl` and `figures.json` are the same bytes for the same set, index and models; nothing
else in the folder is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from eval.metrics import RESAMPLES, SEED, figures, groups, lists, seconds
from eval.questions import Gold, Question, fingerprint, locate
from eval.report import write_report
from eval.score import DEPTHS, Detect, Scored, score
from rag.errors import Cancelled, RagError
from rag.language import detect as detect_language
from rag.protocols import Progress
from rag.types import Answer, Evidence, Place, Searched, Turn

SCHEMA = 1
"""Grows when a figure's meaning changes: runs of another schema are not compared."""


class Askable(Protocol):
    """What is measured: `rag.assistant.Assistant`, or a small real one in tests."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer: ...

    def search(self, question: str, limit: int = 10, history: Sequence[Turn] = ()) -> Searched: ...

    def text(self, source: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Report:
    """Where a run's files lie, and what they say."""

    folder: Path
    figures: dict[str, Any]
    """As in figures.json."""
    summary: str
    """The Markdown."""
    seconds: dict[str, dict[str, float]]
    """As in timings.json."""


def run(
    assistant: Askable,
    questions: Sequence[Question],
    out: Path,
    *,
    name: str = "questions",
    progress: Progress | None = None,
    detect: Detect = detect_language,
    clock: Callable[[], float] = time.perf_counter,
) -> Report:
    """Asks every question, scores the answers and writes the report into `out`.

    Raises UsageError when a gold quote is not in its document. A question that fails is recorded
    with its error and counted as wrong; records are written as they come, so that a run that is
    stopped keeps what it has.
    """
    text = _cached(assistant.text)
    gold = [locate(question, text, name=name) for question in questions]
    out.mkdir(parents=True, exist_ok=True)
    (out / "figures.json").unlink(missing_ok=True)
    scored: list[Scored] = []
    times: dict[str, list[float]] = {"evidence": [], "answer": []}
    models: dict[str, str | None] = {}
    _warm_up(assistant, questions)
    with (
        (out / "results.jsonl").open("w", encoding="utf-8", newline="\n") as results,
        (out / "timings.jsonl").open("w", encoding="utf-8", newline="\n") as timings,
    ):
        for done, (question, needs) in enumerate(zip(questions, gold, strict=True)):
            if progress:
                progress("questions", done, len(questions))
            asked = _ask(assistant, question, clock)
            item = score(question, needs, asked.answer, asked.evidence, text=text, detect=detect)
            scored.append(item)
            results.write(_line(_record(question, needs, asked, item)))
            timings.write(_line(_times(question, asked)))
            results.flush()
            if asked.answer is not None:
                models = asked.answer.models.to_dict()
                times["answer"].append(asked.seconds)
                if asked.evidence_seconds is not None:
                    times["evidence"].append(asked.evidence_seconds)
    if progress:
        progress("questions", len(questions), len(questions))
    made = {
        "schema": SCHEMA,
        "set": name,
        "set_sha256": fingerprint(questions),
        "questions": len(questions),
        "pairs": len({question.cluster for question in questions}),
        "models": models,
        "bootstrap": {"resamples": RESAMPLES, "seed": SEED, "resampled": "pair"},
        "sizes": {group: len(members) for group, members in groups(scored).items()},
        "groups": figures(scored),
        "lists": lists(scored),
    }
    spent = seconds(times)
    _write(out / "timings.json", spent)
    summary = write_report(made, spent, out)
    _write(out / "figures.json", made)
    return Report(out, made, summary, spent)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came back for one question."""

    answer: Answer | None
    evidence: tuple[Evidence, ...]
    error: str | None
    evidence_seconds: float | None
    """Until the evidence was there, within the answer: a search of its own would be warm by then."""
    seconds: float


def _ask(assistant: Askable, question: Question, clock: Callable[[], float]) -> _Asked:
    """Earlier questions are asked for real, so that a follow-up stands on real answers."""
    answer: Answer | None = None
    evidence: tuple[Evidence, ...] = ()
    error: str | None = None
    history: list[Turn] = []
    begun = answered = clock()
    try:
        for earlier in question.history:
            before = assistant.ask(earlier, tuple(history))
            history.append(
                Turn(earlier, before.standalone_question, before.language, before.answer)
            )
        begun = clock()
        answer = assistant.ask(question.question, tuple(history))
        answered = clock()
        found = assistant.search(question.question, max(DEPTHS), tuple(history))
        evidence = found.evidence
    except Cancelled:
        raise
    except RagError as raised:
        error = f"{type(raised).__name__}: {raised}"
    except Exception as raised:
        # A bug in one answer must not lose the others; it is recorded and counted as wrong.
        error = f"unexpected {type(raised).__name__}: {raised}"
    if error is not None:
        return _Asked(None, evidence, error, None, answered - begun)
    retrieve = answer.timings.retrieve if answer is not None else None
    return _Asked(answer, evidence, None, retrieve, answered - begun)


def _warm_up(assistant: Askable, questions: Sequence[Question]) -> None:
    """Models are loaded before the clock runs."""
    if questions:
        _ask(assistant, questions[0], lambda: 0.0)


def _record(question: Question, gold: Gold, asked: _Asked, item: Scored) -> dict[str, Any]:
    """Everything needed to score the question again without asking; no seconds in it."""
    answer = None
    if asked.answer is not None:
        answer = asked.answer.to_dict()
        del answer["seconds"], answer["timings"]
    return {
        "id": question.id,
        "question": question.question,
        "language": question.language,
        "kind": question.kind,
        "pair": question.pair,
        "answerable": question.answerable,
        "history": list(question.history),
        "gold": [[asdict(span) for span in need] for need in gold],
        "answers": [list(need) for need in question.answers],
        "verdict": item.verdict,
        "right": item.right,
        "counts": {name: list(pair) for name, pair in sorted(item.counts.items())},
        "error": asked.error,
        "answer": answer,
        "evidence": [
            _span(found.place)
            | {"score": round(found.score, 4), "also": [_span(place) for place in found.also]}
            for found in asked.evidence
        ],
    }


def _span(place: Place) -> dict[str, Any]:
    return {
        "source": place.source,
        "start": place.start,
        "end": place.end,
        "quote": place.quote,
    }


def _times(question: Question, asked: _Asked) -> dict[str, Any]:
    steps = asked.answer.timings.to_dict() if asked.answer is not None else {}
    return {
        "id": question.id,
        "seconds": round(asked.seconds, 4),
        "steps": steps,
    }


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def _write(path: Path, content: dict[str, Any]) -> None:
    """All of it, or nothing."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _cached(text: Callable[[str], str]) -> Callable[[str], str]:
    """Documents don't change during a run; reading one again for every quote is slow."""
    held: dict[str, str] = {}

    def read(source: str) -> str:
        if source not in held:
            held[source] = text(source)
        return held[source]

    return read
