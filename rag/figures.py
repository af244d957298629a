"""What retrieval sees of a sentence beside a question, as figures for `rag/relevance.py`: pure
functions of the question, the sentence and the index's word frequencies, so that a sentence's
figures never depend on what else was found, its ranks aside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag import facts
from rag.dates import find_dates
from rag.followup import Query
from rag.question import Wanted, wanted
from rag.terms import content_words, fold, terms, words
from rag.types import QueryTerm, Sentence

BESIDE = 25
"""Characters after a value that may hold its unit."""

_REASONS = {
    "en": frozenset(
        "because since due reason reasons therefore thus caused led fear fears".split()
    ),
    "fr": frozenset(
        "car parce puisque raison raisons cause afin notamment grace pression craint craignent".split()
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question ready to be held against sentences."""

    query: Query
    terms: tuple[QueryTerm, ...]
    idf: tuple[float, ...]
    """Weight of each term: its inverse document frequency, less for words of the conversation."""
    kind: Wanted
    names: tuple[int, ...]
    """Numbers of the terms that are names."""
    words: frozenset[str]
    """Folded content words, which an answer should add something to."""

    @classmethod
    def of(cls, query: Query, question_terms: Sequence[QueryTerm], idf: Sequence[float]) -> Asked:
        return cls(
            query,
            tuple(question_terms),
            tuple(idf),
            wanted(query.own, query.language),
            tuple(
                number
                for number, term in enumerate(question_terms)
                if term.word[0].isupper() and not query.own.startswith(term.word)
            ),
            frozenset(fold(word) for word in content_words(query.text, query.language)),
        )

    def coverage(self, found: Sequence[float]) -> float:
        """Weighted share of the terms that are there, 0..1."""
        total = sum(self.idf)
        return sum(w * m for w, m in zip(self.idf, found, strict=True)) / total if total else 0.0


def matches(asked: Asked, text: str, language: str) -> list[float]:
    """For each term of the question how well a text holds it, 0..1: the square root of the
    probability of its best form that is there over that of its best form."""
    here = terms(text, language)
    result = []
    for term in asked.terms:
        forms = term.forms.get(language, {})
        top = max(forms.values(), default=1.0)
        best = max((p for form, p in forms.items() if form in here), default=0.0)
        result.append(math.sqrt(best / top))
    return result


def sentence_figures(
    asked: Asked,
    sentence: Sentence,
    around: str,
    *,
    cosine: float,
    lexical_rank: int | None,
    dense_rank: int | None,
) -> dict[str, float]:
    """All of `relevance.SENTENCE_FEATURES`; `around` is the sentence with its neighbours and title."""
    language = sentence.language
    coverage = asked.coverage(matches(asked, sentence.text, language))
    near = matches(asked, around, language)
    cross = float(language != asked.query.language)
    answers = answers_kind(asked, sentence)
    return {
        "bias": 1.0,
        "cross": cross,
        "coverage": coverage,
        "coverage_cross": coverage * cross,
        "context": asked.coverage(near),
        "names": sum(near[n] for n in asked.names) / len(asked.names) if asked.names else 0.5,
        "cosine": cosine,
        "cosine_cross": cosine * cross,
        "lexical_rank": _by_rank(lexical_rank),
        "dense_rank": _by_rank(dense_rank),
        "wanted": float(answers is True),
        "wanted_missing": float(answers is False),
        "heading": float(sentence.kind == "heading"),
        "brevity": max(0.0, min(1.0, (12 - len(words(sentence.text))) / 7)),
    }


def question_figures(
    asked: Asked,
    best: Sequence[Mapping[str, float]],
    logits: Sequence[float],
    around: str,
    language: str,
    *,
    frequencies: Sequence[float],
    agreement: bool,
) -> dict[str, float]:
    """All of `relevance.QUESTION_FEATURES`, from the figures of the best sentences (one at least),
    the best one's surroundings and language, and each term's document frequency."""
    top = best[0]
    total = sum(asked.idf) or 1.0
    unseen = [frequency < 0.05 for frequency in frequencies]
    near = matches(asked, around, language)
    return {
        "bias": 1.0,
        "cross": top["cross"],
        "top": logits[0],
        "second": logits[1] if len(logits) > 1 else logits[0] - 3.0,
        "coverage": top["coverage"],
        "context": top["context"],
        "names": top["names"],
        "cosine": top["cosine"],
        "cosine_cross": top["cosine_cross"],
        "unknown": sum(w for w, u in zip(asked.idf, unseen, strict=True) if u) / total,
        "unknown_names": float(any(unseen[n] for n in asked.names)),
        "uncovered": max((w * (1 - m) for w, m in zip(asked.idf, near, strict=True)), default=0.0)
        / total,
        "agreement": float(agreement),
        "wanted": top["wanted"],
        "length": min(len(asked.terms), 8) / 8,
    }


def answers_kind(asked: Asked, sentence: Sentence) -> bool | None:
    """Whether the sentence holds the kind of answer that is asked for, beside what the question says
    itself; None when the question's kind says nothing."""
    text, language = sentence.text, sentence.language
    if asked.kind == "when":
        return bool(find_dates(text))
    if asked.kind == "many":
        return any(str(number.value) not in asked.words for number in facts.numbers(text, language))
    if asked.kind in ("who", "where"):
        return any(
            not {fold(part) for part in content_words(name.text, language)} <= asked.words
            for name in facts.names(text)
        )
    if asked.kind == "why":
        return any(fold(word) in _REASONS.get(language, frozenset()) for word in words(text))
    return None


def around_values(text: str, language: str) -> str:
    """The words of its dates and beside its numbers, without figures: "septembre", "langues marchés"."""
    spans = [(date.start, date.end) for date in find_dates(text)]
    spans += [(number.start, number.end) for number in facts.numbers(text, language)]
    near = (words(text[start : end + BESIDE]) for start, end in sorted(spans))
    return " ".join(word for found in near for word in found[:3] if not word[0].isdigit())


def _by_rank(rank: int | None) -> float:
    return 0.0 if rank is None else 1 / (1 + rank / 10)
