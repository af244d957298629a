"""`rag eval`: opens the assistant over the set's own documents and measures it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from eval import feedback, history
from eval.measure import run
from eval.questions import Question, read_questions, sample
from eval.squad import questions_text, read_squad, write_documents
from rag.assistant import open_assistant
from rag.config import Settings, shipped
from rag.errors import UsageError
from rag.language import detect
from rag.prompts import answer_language
from rag.terminal import progress
from rag.text import split_sentences

__all__ = ["main_eval", "run"]


def main_eval(
    settings: Settings,
    set_path: Path | None,
    out: Path | None,
    limit: int | None,
    write: Callable[[str], object],
) -> int:
    """Runs a question set (by default the shipped one over the shipped documents) and writes the
    summary by `write`. The report goes into `out`, by default the next free folder of `runs/`.

    The set `feedback` is what was said on the page, asked of the index that it was said of. A line a
    finished run is kept in the data folder, for the page's Eval tab.

    Unless told otherwise, sets have an index of their own inside the data folder: measuring never
    touches the index that a person uses. A SQuAD file's documents are written into `settings.docs`,
    which must be empty or of this set already, or into the data folder.
    """
    home = settings.data_folder
    path = set_path if set_path is not None else shipped("eval/sets") / "seeds.jsonl"
    said = path == Path(feedback.NAME)
    if said:
        questions = feedback.questions(home)
    elif path.suffix == ".json":
        questions, settings = _squad(path, settings)
    else:
        questions = read_questions(path)
        if set_path is None and settings.docs is None:
            settings = replace(settings, docs=shipped("seeds"))
            if settings.data is None:
                settings = replace(settings, data=settings.data_folder / "eval" / "seeds")
    if not said:
        questions = sample(questions, limit)
    folder = out if out is not None else next_folder(Path("runs"), path.stem)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{folder}: no folder for the report can be made there ({error.strerror})"
        raise UsageError(f"{message}; name another with --out") from None
    with closing(open_assistant(settings)) as assistant, progress() as show:
        assistant.sync(show)
        if said:
            questions, notes = feedback.runnable(questions, assistant.text)
            questions = sample(questions, limit)
            write("".join(f"{note}\n" for note in notes))
        report = run(assistant, questions, folder, name=path.name, progress=show)
        docs = assistant.index.folder
    write(report.summary)
    write(f"\nWritten to {folder}\n")
    history.keep(home, report, questions, docs)
    return 0


def _squad(path: Path, settings: Settings) -> tuple[list[Question], Settings]:
    """The questions of a SQuAD file, and settings that point at its documents."""
    language = answer_language(detect(questions_text(path)) or "en")
    found = read_squad(path, split_sentences, language=language)
    own = settings.data_folder / "eval" / f"{path.stem}-{_digest(path)}"
    docs = settings.docs if settings.docs is not None else own / "docs"
    write_documents(found.documents, docs)
    data = settings.data if settings.data is not None else own / "index"
    return list(found.questions), replace(settings, docs=docs, data=data)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def next_folder(parent: Path, name: str) -> Path:
    """`parent/name-0001`, or the number after the highest that is there."""
    taken = [
        int(number)
        for entry in parent.glob(f"{name}-*")
        if (number := entry.name.removeprefix(f"{name}-")).isdigit()
    ]
    return parent / f"{name}-{max(taken, default=0) + 1:04d}"
