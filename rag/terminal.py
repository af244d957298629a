"""What a person sees in a terminal. Answers and sources are returned as text for standard output;
evidence and progress go to standard error, and only where it is a terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rag.prompts import answer_language, one_line
from rag.types import (
    Answer,
    DocumentInfo,
    Finished,
    ModelInfo,
    Place,
    Scope,
    Searched,
    Selection,
    SyncReport,
)

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.doctor import Check
    from rag.protocols import Progress

_WORDS = {
    "en": {
        "sources": "Sources",
        "nearest": "The nearest passages, which don't answer it:",
        "try": "Try other words, or add documents that say it: rag index DIR",
        "undated": "no date",
        "also": "and in {n} more file: {files}",
        "also_many": "and in {n} more files: {files}",
        "disagree": "The documents disagree about {about}:",
        "searched": "Searched for: {question}",
        "scope": "Searched in {searched} of {of} documents",
        "left_out": "; {n} without a date left out",
        "evidence": "Evidence found in {seconds:.2f} s:",
    },
    "fr": {
        "sources": "Sources",
        "nearest": "Les passages les plus proches, qui n'y répondent pas :",
        "try": "Essayez d'autres mots, ou ajoutez des documents qui le disent : rag index DOSSIER",
        "undated": "sans date",
        "also": "et dans {n} autre fichier : {files}",
        "also_many": "et dans {n} autres fichiers : {files}",
        "disagree": "Les documents se contredisent sur {about} :",
        "searched": "Recherche faite : {question}",
        "scope": "Recherche dans {searched} des {of} documents",
        "left_out": " ; laissés de côté faute de date : {n}",
        "evidence": "Passages trouvés en {seconds:.2f} s :",
    },
}
_PROGRESS_AFTER = 1.0
"""Seconds before a progress bar shows."""


def _wrap(text: str, indent: str = "", first: str | None = None) -> str:
    width = max(40, min(100, shutil.get_terminal_size((100, 24)).columns))
    return textwrap.fill(
        one_line(text),
        width,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def printable(text: str) -> str:
    """Without control characters: a document's text or name can't move the cursor or recolour the
    terminal."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def ask_here(assistant: Assistant, question: str, selection: Selection | None = None) -> Answer:
    """Asks, showing the evidence on a terminal's standard error as soon as it is found, and the
    answer with its sources on standard output."""
    for event in assistant.stream(question, selection=selection):
        if isinstance(event, Searched) and sys.stderr.isatty():
            sys.stderr.write(show_found(event))
            sys.stderr.flush()
        elif isinstance(event, Finished):
            sys.stdout.write(show_answer(event.answer))
            return event.answer
    raise KeyboardInterrupt


def show_found(event: Searched) -> str:
    """The first passages, a line each."""
    words = _WORDS[answer_language(event.language)]
    lines = [words["evidence"].format(seconds=event.seconds)]
    lines += [
        f"  {item.score:.2f}  {item.place.source}: {one_line(item.place.quote)[:90]}…"
        for item in event.evidence[:3]
    ]
    return printable("\n".join(lines)) + "\n\n"


def show_answer(answer: Answer) -> str:
    """The answer, its disagreements and its sources."""
    words = _WORDS[answer_language(answer.language)]
    parts = _scope(answer.scope, words)
    if answer.standalone_question != " ".join(answer.question.split()):
        parts.append(words["searched"].format(question=answer.standalone_question))
    if answer.abstained:
        parts.append(_wrap(answer.answer))
        if answer.consulted:
            parts.append(words["nearest"])
            parts += [_passage(item.place, words) for item in answer.consulted[:3]]
        parts.append(_wrap(words["try"]))
        return printable("\n".join(parts)) + "\n"
    for sentence in answer.sentences:
        marks = "".join(f" [{n}]" for n in sentence.citations)
        parts.append(_wrap(sentence.text + marks))
    for disagreement in answer.disagreements:
        parts += ["", words["disagree"].format(about=disagreement.about)]
        for value in disagreement.values:
            marks = "".join(f" [{n}]" for n in value.citations)
            parts.append(_wrap(f"{value.value}{marks}", "    ", "  - "))
    parts += ["", words["sources"]]
    for citation in answer.citations:
        where = f"{citation.place.source}, {citation.place.date or words['undated']}"
        if citation.place.title:
            where += f", {citation.place.title}"
        parts.append(_wrap(where, "      ", f"  [{citation.n}] "))
        parts.append(_wrap(_in_marks(citation.place.quote), "      "))
        if citation.also:
            key = "also" if len(citation.also) == 1 else "also_many"
            files = ", ".join(place.source for place in citation.also)
            parts.append(_wrap(words[key].format(n=len(citation.also), files=files), "      "))
    return printable("\n".join(parts)) + "\n"


def _passage(place: Place, words: dict[str, str]) -> str:
    return _wrap(
        f"{place.source}, {place.date or words['undated']}: « {place.quote} »", "    ", "  - "
    )


def _scope(scope: Scope | None, words: dict[str, str]) -> list[str]:
    """A line that says how much was searched, when not everything was."""
    if scope is None:
        return []
    line = words["scope"].format(searched=scope.searched, of=scope.of)
    undated = words["left_out"].format(n=scope.undated) if scope.undated else ""
    return [line + undated]


def _in_marks(quote: str) -> str:
    """In quotation marks, once: a quotation brings its own."""
    return quote if quote.startswith(("«", "“", '"')) else f"« {quote} »"


def show_evidence(found: Searched) -> str:
    """`rag search`: scores, places and quotes, best first."""
    words = _WORDS[answer_language(found.language)]
    parts = _scope(found.scope, words)
    for item in found.evidence:
        where = f"{item.place.source}, {item.place.date or words['undated']}"
        if item.also:
            where += f" (+{len(item.also)})"
        parts.append(f"{item.score:.2f}  {where}")
        parts.append(_wrap(_in_marks(item.place.quote), "      "))
    if not found.evidence:
        parts.append("nothing found")
    return printable("\n".join(parts)) + "\n"


def show_sources(documents: Sequence[DocumentInfo]) -> str:
    """`rag sources`: a line a document."""
    lines = [
        f"{d.source}  {d.date or '-':10}  {d.language}  {d.sentences:5} sentences  {d.title or ''}".rstrip()
        for d in documents
    ]
    lines.append(f"{len(documents)} documents" if len(documents) != 1 else "1 document")
    return printable("\n".join(lines)) + "\n"


def show_report(report: SyncReport, folder: Path) -> str:
    """`rag index`: what was done, and what was skipped and why."""
    lines = [f"{folder}: {report.rebuilt}; the index was made anew"] if report.rebuilt else []
    counts = [
        f"{report.count(action)} {action}"
        for action in ("added", "changed", "removed", "unchanged", "skipped")
        if report.count(action) or action == "unchanged"
    ]
    lines.append(f"{folder}: {', '.join(counts)} ({report.seconds:.1f} s)")
    lines += [
        f"  skipped {one_line(outcome.source)}: {outcome.reason}" for outcome in report.skipped
    ]
    return printable("\n".join(lines)) + "\n"


def show_models(models: Sequence[ModelInfo]) -> str:
    """`rag models`: role, name, size, licence, place."""
    lines = []
    for model in models:
        mark = "*" if model.in_use else " "
        size = f"{model.bytes / 1e6:.0f} MB" if model.bytes else "-"
        lines.append(f"{mark} {model.role:9}  {model.name}  {size}  {model.licence}")
        lines.append(f"             {model.path}")
        if model.note:
            lines.append(f"             {model.note}")
    lines.append("* in use")
    return "\n".join(lines) + "\n"


def show_checks(checks: Sequence[Check]) -> str:
    """`rag doctor`: a line a check, and what to do about what is wrong."""
    lines = []
    for check in checks:
        lines.append(f"{'ok ' if check.ok else 'NO '}  {check.what}: {check.found}")
        if check.advice:
            lines.append(f"      -> {check.advice}")
    bad = sum(not check.ok for check in checks)
    lines.append("all is well" if not bad else f"{bad} to mend")
    return "\n".join(lines) + "\n"


@contextmanager
def progress() -> Iterator[Progress | None]:
    """A progress bar on standard error for what takes longer than a second; None where standard
    error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    bars: dict[str, tqdm] = {}

    def show(what: str, done: int, total: int) -> None:
        bar = bars.get(what)
        if bar is None:
            for other in bars.values():
                other.close()
            bar = bars[what] = tqdm(
                total=total, desc=what, delay=_PROGRESS_AFTER, leave=False, file=sys.stderr
            )
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()
