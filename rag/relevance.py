"""How well a sentence answers a question, and whether anything does.

Two logistic fits over a dozen figures of retrieval: one a sentence, which chooses what a judge reads,
one a question, by which is abstained where there is no judge. With the judge that comes with Attest
two more are fitted over what it says: a sentence's relevance as it is shown, and abstention. Weights
come from `models/relevance/weights.json`, fitted by `training/answerability/` on question sets of
which the answering documents were also taken out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
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
JUDGED_SENTENCE_FEATURES = (
    "bias",
    "first",  # logit of the first stage's relevance
    "judge",  # logit of the judge's relevance
    "judge_cross",
)
JUDGED_QUESTION_FEATURES = (
    "bias",
    "cross",
    "top",  # logit of the best sentence's relevance, judged
    "second",
    "judge",  # the judge's highest logit
    "coverage",
    "context",
    "names",
    "unknown",
    "unknown_names",
    "uncovered",
    "length",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was fitted over one judge's readings."""

    judge: str
    """Its name: another judge's scores mean something else."""
    sentence: Mapping[str, float]
    question: Mapping[str, float]
    threshold: float


@dataclass(frozen=True, slots=True)
class Weights:
    """The fits and their abstention thresholds."""

    sentence: Mapping[str, float]
    question: Mapping[str, float]
    threshold: float
    """Abstain below this probability that the question is answered."""
    judged: Judged | None = None

    @classmethod
    def read(cls, path: Path) -> Weights:
        """From JSON; raises ModelUnavailable when it is missing or of another shape."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            judged = None
            if "judged" in data:
                part = data["judged"]
                if set(part) != {field.name for field in fields(Judged)}:
                    raise ValueError("other parts than it should have")
                judged = Judged(
                    str(part["judge"]),
                    _numbers(part["sentence"]),
                    _numbers(part["question"]),
                    float(part["threshold"]),
                )
            weights = cls(
                _numbers(data["sentence"]),
                _numbers(data["question"]),
                float(data["threshold"]),
                judged,
            )
            fits = [(weights.sentence, SENTENCE_FEATURES), (weights.question, QUESTION_FEATURES)]
            if judged:
                fits += [
                    (judged.sentence, JUDGED_SENTENCE_FEATURES),
                    (judged.question, JUDGED_QUESTION_FEATURES),
                ]
            same = all(set(fitted) == set(names) for fitted, names in fits)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelUnavailable(
                f"{path}: not the relevance weights that should be there ({error}); reinstall"
            ) from error
        if not same:
            raise ModelUnavailable(f"{path}: made for another version; reinstall or refit it")
        return weights


def _numbers(weights: Mapping[str, object]) -> dict[str, float]:
    return {name: float(str(value)) for name, value in weights.items()}


def logit(weights: Mapping[str, float], features: Mapping[str, float]) -> float:
    """Weighted sum in the order of the weights' names, so that it never depends on a dict's order."""
    return sum(weights[name] * features[name] for name in sorted(weights))


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))
