"""SQuAD's JSON form (v1.1 and v2.0, https://rajpurkar.github.io/SQuAD-explorer) as documents and
questions: one text file an article, its paragraphs separated by blank lines.

The articles whose title hashes low are left out of the folder: their questions become unanswerable
ones that are well formed and about something, which is what abstention has to be measured on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.questions import GoldQuote, Question
from rag.errors import UsageError
from rag.terms import fold
from rag.types import SentenceSpan

Split = Callable[[str, str], Sequence[SentenceSpan]]
"""Sentences of a text in a language (`rag.text.split_sentences`)."""

LEFT_OUT = 0.2
"""Share of the articles that is left out of the folder."""


@dataclass(frozen=True, slots=True)
class SquadSet:
    """What a SQuAD file becomes."""

    documents: dict[str, str]
    """Text by file name; the articles that are not left out."""
    questions: tuple[Question, ...]
    left_out: tuple[str, ...]
    """Titles of the articles without a document."""
    unplaced: int
    """Questions dropped because their answer isn't in their paragraph."""


def read_squad(path: Path, split: Split, *, language: str, left_out: float = LEFT_OUT) -> SquadSet:
    """Reads `path`; gold is the sentence (by `split`) that holds the answer, or the sentences that
    it reaches over. `language` is that of the set.

    Raises UsageError for what is not SQuAD's form, saying where.
    """
    if not 0 <= left_out <= 1:
        raise UsageError(f"left out {left_out}: expected a share of the articles, 0 to 1")
    documents: dict[str, str] = {}
    questions: list[Question] = []
    titles: list[str] = []
    ids: set[str] = set()
    unplaced = 0
    for title, paragraphs in _articles(path).items():
        source = file_name(title)
        absent = _draw(title) < left_out
        if absent:
            titles.append(title)
            text, spans = "", []
        else:
            text = "\n\n".join(context for context, _ in paragraphs) + "\n"
            documents[source] = text
            spans = [(s.start, s.end) for s in split(text, language)]
        offset = 0
        for context, asked in paragraphs:
            for raw in asked:
                question = _question(raw, language, ids)
                answers = _placed(raw, context)
                if absent:
                    questions.append(replace(question, kind="left_out"))
                elif raw.get("is_impossible"):
                    questions.append(replace(question, kind="near_miss"))
                elif answers:
                    quotes = dict.fromkeys(
                        _sentence(text, spans, (offset + start, offset + end), context)
                        for start, end, _ in answers
                    )
                    questions.append(
                        replace(
                            question,
                            answerable=True,
                            gold=(tuple(GoldQuote(source, quote) for quote in quotes),),
                            answers=(tuple(dict.fromkeys(said for _, _, said in answers)),),
                        )
                    )
                else:
                    unplaced += 1
            offset += len(context) + 2
    if not questions:
        raise UsageError(f"{path}: no question in it; expected SQuAD's JSON form")
    return SquadSet(documents, tuple(questions), tuple(titles), unplaced)


def questions_text(path: Path, limit: int = 200) -> str:
    """The first questions, a line each: what the set's language is told by."""
    found = [
        str(raw["question"])
        for paragraphs in _articles(path).values()
        for _, asked in paragraphs[:1]
        for raw in asked[:1]
    ]
    return "\n".join(found[:limit])


def write_documents(documents: dict[str, str], folder: Path) -> None:
    """Makes the folder hold these files and nothing else. A file that is right already is left
    alone. Raises UsageError when the folder holds anything else: it is somebody's."""
    folder.mkdir(parents=True, exist_ok=True)
    strangers = sorted(p.name for p in folder.iterdir() if p.name not in documents)
    if strangers:
        raise UsageError(
            f"{folder} holds {strangers[0]!r}, which is not of this set; name an empty folder"
        )
    for name, text in documents.items():
        path, data = folder / name, text.encode()
        if not (path.is_file() and path.read_bytes() == data):
            path.write_bytes(data)


def file_name(title: str) -> str:
    """A name that is safe on any system and unlike that of any other title."""
    slug = re.sub(r"[^a-z0-9]+", "-", fold(title)).strip("-")[:60] or "article"
    return f"{slug}-{hashlib.sha256(title.encode()).hexdigest()[:8]}.txt"


def _draw(title: str) -> float:
    """0 <= draw < 1, by the title alone."""
    return int(hashlib.sha256(title.encode()).hexdigest()[:8], 16) / 2**32


Paragraph = tuple[str, list[dict[str, Any]]]


def _articles(path: Path) -> dict[str, list[Paragraph]]:
    """Paragraphs with their questions, by title; an article that comes twice is one."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); name a question set") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UsageError(f"{path}: not JSON ({error}); expected SQuAD's JSON form") from None
    articles: dict[str, list[Paragraph]] = {}
    where = "data"
    try:
        for number, article in enumerate(raw["data"]):
            where = f"data[{number}]"
            kept = articles.setdefault(str(article["title"]), [])
            for place, paragraph in enumerate(article["paragraphs"]):
                where = f"data[{number}].paragraphs[{place}]"
                context, asked = paragraph["context"], paragraph["qas"]
                if not (isinstance(context, str) and all(q["question"].strip() for q in asked)):
                    raise TypeError
                kept.append((context, list(asked)))
    except (KeyError, TypeError, AttributeError):
        raise UsageError(f"{path}: {where} is not SQuAD's JSON form") from None
    return articles


def _question(raw: dict[str, Any], language: str, ids: set[str]) -> Question:
    """What every question of the set has; `ids` gets its id."""
    text = " ".join(str(raw["question"]).split())
    base = str(raw.get("id") or hashlib.sha256(text.encode()).hexdigest()[:16])
    name, count = base, 1
    while name in ids:
        count += 1
        name = f"{base}-{count}"
    ids.add(name)
    return Question(name, text, language, kind="fact", answerable=False)


def _placed(raw: dict[str, Any], context: str) -> list[tuple[int, int, str]]:
    """(start, end, text) of the answers within the paragraph; one whose offset is off is looked
    for (some converted sets count bytes), one that isn't there is dropped."""
    placed = []
    for answer in raw.get("answers") or []:
        text = str(answer.get("text", "")).strip()
        start = answer.get("answer_start", -1)
        if not text:
            continue
        if not (isinstance(start, int) and start >= 0 and context.startswith(text, start)):
            start = context.find(text)
        if start >= 0:
            placed.append((start, start + len(text), text))
    return placed


def _sentence(
    text: str, spans: Sequence[tuple[int, int]], answer: tuple[int, int], paragraph: str
) -> str:
    """The sentences that the answer touches, as they stand; the paragraph if none does."""
    start, end = answer
    touched = [(s, e) for s, e in spans if s < end and e > start]
    return text[touched[0][0] : touched[-1][1]] if touched else paragraph
