"""How well a sentence answers a question, and whether anything does, from what retrieval saw.

Two logistic fits over a dozen figures stand in until a judge reads the words: one a sentence
(its score is shown as relevance), one a question (abstention is decided by it, before anything is
composed). Their weights come from `models/relevance/weights.json`, fitted by
`training/answerability/` on question sets of which the answering documents were also taken out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ModelUnavailable

SENTENCE_FEATURES = (
    "bias",
    "cross",  # 1 when the sentence's language is not the question's
    "coverage",  # idf-weighted share of the question's terms in the sentence
    "coverage_cross",
    "context",  # the same for the sentence with its neighbours and its title
    "names",  # share of the question's names in the sentence with its neighbours
    "cosine",
    "cosine_cross",
    "lexical_rank",  # 1 / (1 + rank in the lexical list / 10)
    "dense_rank",
    "wanted",  # the sentence holds the kind of answer that is asked for
    "wanted_missing",
    "heading",
    "brevity",  # 1 for up to 5 words, falling to 0 at 12
)
QUESTION_FEATURES = (
    "bias",
    "cross",
    "top",  # logit of the best sentence's relevance
    "second",
    "coverage",  # best sentence's
    "context",
    "names",
    "cosine",
    "cosine_cross",
    "unknown",  # idf-weighted share of the question's terms that no document holds
    "unknown_names",  # names of the question that no document holds: 0 or 1
    "uncovered",  # largest idf share of one term that the best sentence's context lacks
    "agreement",  # the lexical and the dense search put the same passage first
    "wanted",
    "length",  # content words of the question, up to 8, over 8
)


@dataclass(frozen=True, slots=True)
class Weights:
    """The two fits and the abstention threshold."""

    sentence: Mapping[str, float]
    question: Mapping[str, float]
    threshold: float
    """Abstain below this probability that the question is answered."""

    @classmethod
    def read(cls, path: Path) -> Weights:
        """From JSON; raises ModelUnavailable when it is missing or of another shape."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            weights = cls(data["sentence"], data["question"], float(data["threshold"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelUnavailable(
                f"{path}: not the relevance weights that should be there ({error}); reinstall"
            ) from error
        if set(weights.sentence) != set(SENTENCE_FEATURES) or set(weights.question) != set(
            QUESTION_FEATURES
        ):
            raise ModelUnavailable(f"{path}: made for another version; reinstall or refit it")
        return weights


def logit(weights: Mapping[str, float], features: Mapping[str, float]) -> float:
    """Weighted sum in the order of the weights' names, so that it never depends on a dict's order."""
    return sum(weights[name] * features[name] for name in sorted(weights))


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))
