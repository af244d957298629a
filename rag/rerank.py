"""The second reading: a judge reads the first stage's best sentences, each with its neighbours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag.protocols import Judge
from rag.relevance import Judged, Weights, logit, sigmoid
from rag.types import Passage, Sentence

JUDGED = 24
"""Sentences that a judge reads."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate's figures and the logit of its relevance."""

    sentence: Sentence
    figures: Mapping[str, float]
    logit: float
    judged: float | None = None
    """The judge's logit, where it read the sentence."""


class Reranker:
    """A judge with the weights that were fitted over it. Without a judge it changes nothing."""

    def __init__(self, judge: Judge | None, weights: Weights) -> None:
        self.judge, self._weights = judge, weights
        fitted = weights.judged
        known = judge is not None and fitted is not None and fitted.judge == judge.name
        self._fitted: Judged | None = fitted if known else None

    @property
    def reads(self) -> int:
        """How many of the best sentences are read."""
        return JUDGED if self.judge else 0

    @property
    def fitted(self) -> bool:
        """Whether the weights were fitted over this judge."""
        return self._fitted is not None

    @property
    def threshold(self) -> float:
        """Abstain below this probability that the question is answered."""
        return self._fitted.threshold if self._fitted else self._weights.threshold

    def rerank(
        self, question: str, scored: Sequence[Scored], passages: Sequence[Passage]
    ) -> list[Scored]:
        """Best first. `passages` are the first ones of `scored`, as the judge reads them; what it
        doesn't read comes after them, in its order."""
        if self.judge is None or not scored:
            return list(scored)
        read = self.judge.relevance(question, passages)
        head = best_first(
            [
                self._fused(item, logit_of(float(probability)))
                for item, probability in zip(scored[: len(passages)], read, strict=True)
            ]
        )
        least = head[-1].logit
        return head + [replace(s, logit=min(s.logit, least)) for s in scored[len(head) :]]

    def answerable(self, features: Mapping[str, float], scored: Sequence[Scored]) -> float:
        """Probability that the evidence answers the question, 0..1; `features` are those of
        `relevance.QUESTION_FEATURES`, over what was reranked where the weights are `fitted` over the
        judge, else over the first stage's scores, which the other weights were fitted over."""
        if self._fitted is None:
            return sigmoid(logit(self._weights.question, features))
        return sigmoid(logit(self._fitted.question, judged_features(features, scored)))

    def _fused(self, item: Scored, judged: float) -> Scored:
        """By the fit over this judge; for any other the mean of both logits."""
        if self._fitted is None:
            return replace(item, logit=0.5 * (item.logit + judged), judged=judged)
        figures = judged_figures(item.figures, item.logit, judged)
        return replace(item, logit=logit(self._fitted.sentence, figures), judged=judged)


def judged_figures(figures: Mapping[str, float], first: float, judged: float) -> dict[str, float]:
    """All of `relevance.JUDGED_SENTENCE_FEATURES`."""
    return {
        "bias": 1.0,
        "first": first,
        "judge": judged,
        "judge_cross": judged * figures["cross"],
    }


def judged_features(features: Mapping[str, float], scored: Sequence[Scored]) -> dict[str, float]:
    """All of `relevance.JUDGED_QUESTION_FEATURES`, and more."""
    read = [item.judged for item in scored if item.judged is not None]
    return {**features, "judge": max(read, default=-10.0)}


def best_first(scored: Sequence[Scored]) -> list[Scored]:
    """By logit; ties by place."""
    return sorted(scored, key=lambda item: (-round(item.logit, 9), item.sentence.key))


def logit_of(probability: float) -> float:
    """A model that gives no number has nothing to say for the sentence."""
    if math.isnan(probability):
        probability = 0.0
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))
