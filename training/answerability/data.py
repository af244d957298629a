"""Questions over Wikipedia paragraphs in four directions, with the paragraph that answers each.

The originals come from a folder that the caller names (`piaf/piaf.json`, `squad_en/squad_en.json`,
SQuAD's JSON form); the same questions in the other language are ours, in `questions/` beside this
file. French documents are asked in French and in English, English documents in English and in
French, and both languages ask the very same questions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from rag.errors import UsageError

Split = Literal["fit", "dev"]

_QUESTIONS = Path(__file__).resolve().parent / "questions"
_SETS = (
    # file of originals, file of translations, documents' language, translations' language
    ("piaf/piaf.json", "piaf_en.jsonl", "fr", "en"),
    ("squad_en/squad_en.json", "squad_fr.jsonl", "en", "fr"),
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of an article; together they are what is searched."""

    title: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Item:
    """A question and where its answer stands: `paragraph[answer_start:][:len(answer)] == answer`,
    in code points."""

    id: str
    question: str
    language: str
    """The question's."""
    document_language: str
    title: str
    paragraph: str
    answer: str
    answer_start: int

    @property
    def direction(self) -> str:
        """As `en->fr`: the question's language, then the document's."""
        return f"{self.language}->{self.document_language}"

    @property
    def split(self) -> Split:
        return split(self.title)


def split(title: str) -> Split:
    """By article, so that no paragraph is seen on both sides: `fit` where the SHA-256 of the title
    (UTF-8), read as a number, is even, `dev` where it is odd."""
    return "dev" if hashlib.sha256(title.encode()).digest()[-1] % 2 else "fit"


def load(data_folder: Path) -> list[Item]:
    """The four directions, in the order of the translations' files: each document language's
    original questions, then the same ones translated. Raises UsageError for a folder that lacks
    the originals or a question of ours."""
    items: list[Item] = []
    for originals, translations, document_language, other in _SETS:
        found = {item.id: item for item in _originals(data_folder, originals, document_language)}
        lines = (_QUESTIONS / translations).read_text(encoding="utf-8").splitlines()
        questions = {row["id"]: row["question"] for row in map(json.loads, lines)}
        missing = sorted(questions.keys() - found.keys())
        if missing:
            raise UsageError(
                f"{data_folder / originals}: {len(missing)} of {len(questions)} questions are not "
                f"there (the first is {missing[0]}): another version of the set than was translated"
            )
        items += [found[id_] for id_ in questions]
        items += [translated(found[id_], question, other) for id_, question in questions.items()]
    return items


def originals(data_folder: Path) -> list[Item]:
    """Every question of both sets in its own language, in the files' order."""
    return [
        item for name, _, language, _ in _SETS for item in _originals(data_folder, name, language)
    ]


def translated(item: Item, question: str, language: str) -> Item:
    """The same question in another language."""
    return replace(item, question=question, language=language)


def paragraphs(data_folder: Path) -> list[Paragraph]:
    """Every paragraph of both sets, in the files' order: the pool to search in."""
    return [
        Paragraph(title, text, language)
        for originals, _, language, _ in _SETS
        for title, text, _ in _read(data_folder / originals)
    ]


def _originals(data_folder: Path, name: str, language: str) -> Iterator[Item]:
    for title, text, questions in _read(data_folder / name):
        for row in questions:
            for answer in row["answers"][:1]:
                yield Item(
                    id=row["id"],
                    question=row["question"].strip(),
                    language=language,
                    document_language=language,
                    title=title,
                    paragraph=text,
                    answer=answer["text"],
                    answer_start=answer["answer_start"],
                )


def _read(path: Path) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """(title, paragraph, its questions as SQuAD writes them)."""
    try:
        articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"{path}: not a question set in SQuAD's JSON form ({type(error).__name__}); name the "
            "folder that holds piaf/piaf.json and squad_en/squad_en.json"
        ) from error
    for article in articles:
        for paragraph in article["paragraphs"]:
            yield article["title"], paragraph["context"], paragraph["qas"]
