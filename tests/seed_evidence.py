"""The seeds as evidence, and evidence from a bare sentence, for the tests of facts and proofs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from rag.cite import place
from rag.protocols import Scores
from rag.text import split_sentences
from rag.types import Document, Evidence, Passage, Sentence

SEEDS = Path(__file__).parent.parent / "seeds"
DATES = {"000": "2020-09", "001": None, "002": "2020-08", "003": "2020-09", "004": None}


class Yes:
    """A judge that believes everything: what it lets through, no rule has seen."""

    name = "yes"
    support_threshold = 0.9

    def relevance(self, question: str, passages: Sequence[Passage]) -> Scores:
        return np.ones(len(passages))

    def support(self, evidence: str, statements: Sequence[str]) -> Scores:
        return np.ones(len(statements))


def of_document(document: Document) -> list[Evidence]:
    """Every sentence that can be quoted, with its neighbours as context."""
    spans = split_sentences(document.text, document.language)
    texts = [document.text[s.start : s.end] for s in spans]
    found = []
    for i, span in enumerate(spans):
        if span.kind in ("meta", "repeat"):
            continue
        sentence = Sentence(
            i, document.source, i, span.start, span.end, texts[i], span.paragraph, span.kind,
            document.language, span.speech,
        )  # fmt: skip
        context = " ".join(
            texts[n]
            for n in range(max(0, i - 1), min(len(spans), i + 2))
            if spans[n].kind in ("prose", "heading")
        )
        found.append(Evidence(sentence, place(document, sentence), context, 0.9))
    return found


@lru_cache(maxsize=1)
def seeds() -> dict[str, list[Evidence]]:
    """By the first three letters of the file's name."""
    found = {}
    for path in sorted(SEEDS.iterdir()):
        text = path.read_text(encoding="utf-8")
        number = path.name[:3]
        found[number] = of_document(
            Document(path.name, "", "txt-1", text, None, DATES[number], "fr")
        )
    return found


def everything() -> list[Evidence]:
    return [item for items in seeds().values() for item in items]


def holding(number: str, words: str) -> Evidence:
    """The seed's only sentence that holds these words."""
    found = [item for item in seeds()[number] if words in item.sentence.text]
    assert len(found) == 1, (words, [item.sentence.text for item in found])
    return found[0]


def bare(
    text: str, language: str, source: str = "a.txt", date: str | None = None, context: str = ""
) -> Evidence:
    """Evidence of one sentence that is a whole document."""
    document = Document(source, "", "txt-1", text, None, date, language)
    sentence = Sentence(0, source, 0, 0, len(text), text, 0, "prose", language)
    return Evidence(sentence, place(document, sentence), context or text, 0.9)
