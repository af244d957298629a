"""Quotes as spans of a document, their numbers, and the answer as one line.

A quote is cut from `Document.text` here and nowhere else, so `text[start:end] == quote` holds by
construction.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.facts import attributions
from rag.types import AnswerSentence, Citation, Document, Evidence, Place, Sentence

LONGEST_SPEECH = 700
"""Characters; a longer quotation is shown from the sentence on to the words that say who speaks."""


def place(document: Document, sentence: Sentence) -> Place:
    """Where a sentence can be quoted. A sentence inside a quotation of several is quoted with who
    says it, in one span: the whole quotation with its attribution up to `LONGEST_SPEECH`
    characters, else from the sentence to the attribution after it, or from the attribution before
    it. The speaker is worth more than brevity: the span ends with the speaker however far off."""
    start, end = _span(document.text, sentence)
    while start < end and document.text[start].isspace():
        start += 1
    while start < end and document.text[end - 1].isspace():
        end -= 1
    return Place(
        sentence.source,
        start,
        end,
        document.text[start:end],
        document.title,
        document.date,
        document.language,
    )


def _span(text: str, sentence: Sentence) -> tuple[int, int]:
    speech = sentence.speech
    if speech is None or not 0 <= speech.start < speech.end <= len(text):
        return sentence.start, sentence.end
    start, end = min(speech.start, sentence.start), max(speech.end, sentence.end)
    if end - start <= LONGEST_SPEECH:
        return start, end
    said = attributions(text[speech.start : speech.end], sentence.language)
    speaker = speech.start + said[-1].start if said else speech.end
    if sentence.start >= speaker:
        # The speaker stands before the sentence: from there on, the verb included.
        return speaker, sentence.end
    return sentence.start, end


class Numbering:
    """Citation numbers 1..N of one answer, by first appearance; one number a place."""

    def __init__(self) -> None:
        self._cited: dict[tuple[str, int, int], Citation] = {}

    def cite(self, evidence: Evidence) -> Citation:
        """The citation of a piece of evidence; a new number the first time."""
        key = _key(evidence.place)
        if key not in self._cited:
            self._cited[key] = Citation(
                len(self._cited) + 1, evidence.place, evidence.score, _also(evidence)
            )
        return self._cited[key]

    def number(self, evidence: Evidence) -> int | None:
        """Its number, None while it isn't cited."""
        citation = self._cited.get(_key(evidence.place))
        return None if citation is None else citation.n

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All so far, by number."""
        return tuple(self._cited.values())


def _key(where: Place) -> tuple[str, int, int]:
    return (where.source, where.start, where.end)


def _also(evidence: Evidence) -> tuple[Place, ...]:
    """One place for each other file."""
    others: dict[str, Place] = {}
    for other in evidence.also:
        if other.source != evidence.place.source:
            others.setdefault(other.source, other)
    return tuple(others.values())


def join_answer(sentences: Sequence[AnswerSentence]) -> str:
    """The answer's text: each sentence followed by its markers, as "… [1] [2]"."""
    return " ".join(
        sentence.text + "".join(f" [{number}]" for number in sentence.citations)
        for sentence in sentences
    )
