"""What one answer is worth: each figure as (numerator, denominator), so that figures over many
questions are ratios of sums, and a question to which a figure doesn't apply has a denominator of 0.

Nothing here judges by a model. A correct answer is one that holds an accepted string, in its own
words or in a quote that it cites; where that verdict and the cited gold disagree, the verdict is
`undecided` and counted in the audit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from eval.questions import Gold, GoldSpan, Question
from rag.errors import UsageError
from rag.language import outside_quotations
from rag.prompts import answer_language
from rag.terms import fold, words
from rag.types import Answer, AnswerSentence, Evidence, Place

Detect = Callable[[str], str | None]
"""ISO 639-1 code of a text; None, an empty text or `und` where it can't be told."""

Verdict = Literal["correct", "wrong", "abstained", "failed"]

DEPTHS = (1, 3, 10)
"""How many sentences of evidence recall looks at."""
GOLD_SHARE = 0.5
"""A span is gold when it holds at least this share of a gold sentence's characters."""
MOST_QUOTES = 3
UNANSWERABLE_KINDS = ("near_miss", "far_off", "left_out")
"""Kinds whose abstention has a figure of its own."""

_UNDETERMINED = (None, "", "und")


@dataclass(frozen=True, slots=True)
class Scored:
    """One question's share in every figure."""

    id: str
    language: str
    kind: str
    cluster: str
    verdict: Verdict
    right: bool
    """Correct, or abstained where nothing answers, or a false premise refused or refuted."""
    counts: dict[str, tuple[float, float]]


def score(
    question: Question,
    gold: Gold,
    answer: Answer | None,
    evidence: Sequence[Evidence],
    *,
    text: Callable[[str], str],
    detect: Detect,
) -> Scored:
    """`answer` is None when asking failed: that counts as a wrong answer, and is never dropped.
    `text` gives the document that offsets refer to, by source."""
    counts: dict[str, tuple[float, float]] = {"failures": (float(answer is None), 1)}
    if gold:
        for depth in DEPTHS:
            places = [[e.place, *e.also] for e in evidence[:depth]]
            counts[f"evidence_recall_{depth}"] = (_met(gold, places), 1)
    counts |= _answer_counts(question, gold, answer)
    if answer is not None:
        counts |= _form_counts(question, answer, text, detect)
    verdict = _verdict(counts, answer)
    return Scored(
        question.id,
        question.language,
        question.kind,
        question.cluster,
        verdict,
        verdict == "correct" or (verdict == "abstained" and not question.answerable),
        counts,
    )


def _verdict(counts: dict[str, tuple[float, float]], answer: Answer | None) -> Verdict:
    if answer is None:
        return "failed"
    if answer.abstained:
        return "abstained"
    return "correct" if counts["crag"][0] > 0 else "wrong"


def _answer_counts(
    question: Question, gold: Gold, answer: Answer | None
) -> dict[str, tuple[float, float]]:
    """Whether it was right to answer, and whether the answer is right."""
    abstained = answer is not None and answer.abstained
    answered = answer is not None and not answer.abstained
    citations = [] if answer is None else [[c.place, *c.also] for c in answer.citations]
    found = _met(gold, citations) if gold else 0.0
    cited = bool(gold) and found == 1.0
    said = answer is not None and answered and holds(answer, question.answers)
    if question.said and not question.answers:
        said = answered and cited  # a person who says which quote is right lists no words
    # A false premise is refuted by citing what refutes it; its accepted strings only support that.
    correct = cited if question.kind == "false_premise" else said and question.answerable
    counts: dict[str, tuple[float, float]] = {
        "answer_rate": (answered, 1),
        "crag": (0 if abstained else 1 if correct else -1, 1),
        "abstention_precision": (abstained and not question.answerable, abstained),
    }
    if question.must_abstain:
        counts["abstention_recall"] = (abstained, 1)
        if question.kind in UNANSWERABLE_KINDS:
            counts[f"abstained_{question.kind}"] = (abstained, 1)
    if gold and answered:
        golden = sum(any(is_gold(place, gold) for place in places) for places in citations)
        counts["citation_precision"] = (golden, len(citations))
    if question.answerable:
        counts["citation_recall"] = (found, 1)
        counts["correct"] = (correct, 1)
        counts["false_abstention"] = (abstained, 1)
        counts["correct_and_proven"] = (said and cited, 1)
        counts["correct_or_proven"] = (said or cited, 1)
        if answered:
            counts["citation_recall_answered"] = (found, 1)
            counts["undecided"] = (said != cited, 1)
    if question.kind == "false_premise":
        counts["false_premise_handled"] = (abstained or correct, 1)
    if question.kind == "disagreement":
        counts["both_sides"] = (cited, 1)
        counts["disagreement_named"] = (answer is not None and bool(answer.disagreements), 1)
    return {name: (float(top), float(bottom)) for name, (top, bottom) in counts.items()}


def _form_counts(
    question: Question, answer: Answer, text: Callable[[str], str], detect: Detect
) -> dict[str, tuple[float, float]]:
    """What must hold of every answer, whatever it says."""
    quotes = [place for c in answer.citations for place in (c.place, *c.also)]
    quotes += [consulted.place for consulted in answer.consulted]
    numbers = {citation.n for citation in answer.citations}
    cited = sum(bool(numbers & set(sentence.citations)) for sentence in answer.sentences)
    supported = sum(sentence.support == "supported" for sentence in answer.sentences)
    expected = answer_language(question.language)
    own = own_words(answer)
    judged = detect(own) if own else None
    undetermined = judged in _UNDETERMINED
    counts: dict[str, tuple[float, float]] = {
        "quotes_exact": (sum(is_exact(place, text) for place in quotes), len(quotes)),
        "sentences_cited": (cited, len(answer.sentences)),
        "sentences_supported": (supported, len(answer.sentences)),
        "language_match": (
            answer_language(answer.language) == expected and (undetermined or judged == expected),
            1,
        ),
        "language_undetermined": (undetermined, 1),
    }
    if not answer.abstained:
        few = len(answer.citations) <= MOST_QUOTES
        counts["few_quotes"] = (few or bool(answer.disagreements), 1)
        counts["quote_characters"] = (
            sum(c.place.end - c.place.start for c in answer.citations),
            len(answer.citations),
        )
    return {name: (float(top), float(bottom)) for name, (top, bottom) in counts.items()}


# --- the parts, each usable alone ---------------------------------------------------------


def is_gold(place: Place, gold: Gold) -> bool:
    """Whether the place meets any of the needs."""
    return any(_meets(place, span) for need in gold for span in need)


def _met(gold: Gold, items: Sequence[Sequence[Place]]) -> float:
    """Share of the needs that are met; an item is a statement with all its places."""
    places = [place for item in items for place in item]
    met = sum(any(_meets(place, span) for place in places for span in need) for need in gold)
    return met / len(gold)


def _meets(place: Place, span: GoldSpan) -> bool:
    """The place holds half of the gold sentence or more, or says the same words elsewhere."""
    if place.source == span.source:
        shared = min(place.end, span.end) - max(place.start, span.start)
        if shared >= GOLD_SHARE * (span.end - span.start):
            return True
    return _tokens(place.quote) == _tokens(span.quote)


def is_exact(place: Place, text: Callable[[str], str]) -> bool:
    """Whether the quote is what stands at its offsets."""
    try:
        document = text(place.source)
    except UsageError:
        return False
    in_text = 0 <= place.start < place.end <= len(document)
    return in_text and document[place.start : place.end] == place.quote


def holds(answer: Answer, needs: Sequence[Sequence[str]]) -> bool:
    """Whether each need has an accepted string in the answer's sentences or in a cited quote, as
    whole words, accents and case aside."""
    texts = [sentence.text for sentence in answer.sentences]
    texts += [place.quote for c in answer.citations for place in (c.place, *c.also)]
    # Words joined by spaces, texts by a line: a string can't match across two texts.
    hay = "\n".join(f" {_tokens(text)} " for text in texts)
    return bool(needs) and all(any(f" {_tokens(s)} " in hay for s in need) for need in needs)


def _tokens(text: str) -> str:
    return " ".join(fold(word) for word in words(text))


def own_words(answer: Answer) -> str:
    """The answer without its quotations: what its language is judged by."""
    if answer.abstained:
        return answer.answer.strip()
    return " ".join(filter(None, (_own(sentence) for sentence in answer.sentences)))


def _own(sentence: AnswerSentence) -> str:
    lead = sentence.text if sentence.lead_end is None else sentence.text[: sentence.lead_end]
    return " ".join(outside_quotations(lead).split())
