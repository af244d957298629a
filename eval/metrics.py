"""Figures over many answers, with 95% intervals.

Every figure is a ratio of sums over questions. Intervals are percentile bootstraps of 1,000
resamples that draw *pairs*, not questions: the English and the French wording of one question
share their gold, so their outcomes are not independent (a clustered bootstrap). A figure that is
the same for every question gets an interval of no width: read it with its n.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from eval.questions import KINDS
from eval.score import Scored

Table = npt.NDArray[np.float64]

RESAMPLES = 1000
SEED = 20200914
LEVEL = 0.95

HEADLINE: dict[str, str] = {
    "evidence_recall_1": "evidence recall, first sentence",
    "evidence_recall_3": "evidence recall, first 3",
    "evidence_recall_10": "evidence recall, first 10",
    "citation_recall": "gold among the citations (answerable; abstained = 0)",
    "citation_recall_answered": "gold among the citations, of answered ones",
    "citation_precision": "citations that are gold (a refutation counts)",
    "correct": "correct answers (answerable; abstained = not)",
    "crag": "score: +1 correct, 0 abstained, -1 else",
    "answer_rate": "answered, of all questions",
    "abstention_precision": "abstentions that are right",
    "abstention_recall": "unanswerable ones abstained on",
    "abstained_near_miss": "near-miss ones abstained on",
    "abstained_far_off": "far-off ones abstained on",
    "abstained_left_out": "ones whose article was left out abstained on",
    "false_abstention": "answerable ones wrongly abstained on",
    "false_premise_handled": "false premises abstained on or refuted",
    "both_sides": "disagreements with both sides cited",
    "disagreement_named": "disagreements named as such",
    "quotes_exact": "quotes that are exact",
    "sentences_cited": "answered sentences with a citation",
    "sentences_supported": "sentences in own words, proven (the rest are quotes)",
    "few_quotes": "answers of at most 3 quotes, disagreements aside",
    "quote_characters": "characters a quote",
    "language_match": "answers in the question's language",
}
"""Figures in the order of the summary, as the summary names them."""

AUDIT: dict[str, str] = {
    "undecided": "answered: accepted string and cited gold disagree",
    "correct_and_proven": "correct, if all of those are wrong",
    "correct_or_proven": "correct, if all of those are right",
    "language_undetermined": "answers whose language couldn't be told (counted by their field)",
    "failures": "questions that failed (counted as wrong)",
}
"""How far the judges above can be trusted."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio of sums with its interval."""

    value: float
    low: float
    high: float
    n: int
    """Questions that it applies to."""
    of: float
    """Its denominator: questions, sentences, citations or quotes."""

    def to_dict(self) -> dict[str, float]:
        return {
            "value": round(self.value, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "n": self.n,
            "of": round(self.of, 4),
        }


def figure(scored: Sequence[Scored], name: str) -> Figure | None:
    """One figure over these questions; None where it applies to none of them."""
    sums: dict[str, list[float]] = {}
    n = 0
    for item in scored:
        top, bottom = item.counts.get(name, (0.0, 0.0))
        if bottom:
            n += 1
            total = sums.setdefault(item.cluster, [0.0, 0.0])
            total[0] += top
            total[1] += bottom
    if not n:
        return None
    table = np.array([sums[cluster] for cluster in sorted(sums)])  # (clusters, 2)
    value = table[:, 0].sum() / table[:, 1].sum()
    low, high = _interval(table)
    return Figure(float(value), low, high, n, float(table[:, 1].sum()))


def _interval(table: Table) -> tuple[float, float]:
    """`table` has a row (numerator, denominator) a cluster, denominators above 0."""
    sums = _draws(len(table)) @ table  # (resamples, 2)
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(sums[:, 0] / sums[:, 1], [tail, 100 - tail])
    return float(low), float(high)


@lru_cache(maxsize=4)
def _draws(clusters: int) -> Table:
    """How often each resample draws each cluster, with replacement: (resamples, clusters)."""
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, clusters, size=(RESAMPLES, clusters))
    return np.array([np.bincount(row, minlength=clusters) for row in drawn], np.float64)


def groups(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """`all`, then `language:..` and `kind:..` as they occur, each with its questions."""
    made = {"all": list(scored)}
    for language in sorted({item.language for item in scored}):
        made[f"language:{language}"] = [item for item in scored if item.language == language]
    for kind in KINDS:
        members = [item for item in scored if item.kind == kind]
        if members:
            made[f"kind:{kind}"] = members
    return made


def figures(scored: Sequence[Scored]) -> dict[str, dict[str, dict[str, float]]]:
    """Every figure of every group; figures that apply to no question of a group are left out."""
    return {
        group: {
            name: found.to_dict()
            for name in (*HEADLINE, *AUDIT)
            if (found := figure(members, name)) is not None
        }
        for group, members in groups(scored).items()
    }


_LISTS: dict[str, Callable[[Scored], bool]] = {
    "failed": lambda item: item.verdict == "failed",
    "abstained_though_answerable": lambda item: item.verdict == "abstained" and not item.right,
    "answered_though_unanswerable": lambda item: (
        item.verdict == "wrong" and "abstention_recall" in item.counts
    ),
    "premise_affirmed": lambda item: item.verdict == "wrong" and item.kind == "false_premise",
    "wrong": lambda item: (
        item.verdict == "wrong"
        and "abstention_recall" not in item.counts
        and item.kind != "false_premise"
    ),
    "undecided": lambda item: item.counts.get("undecided", (0.0, 0.0))[0] > 0,
    "quote_not_exact": lambda item: _short_of_all(item, "quotes_exact"),
    "other_language": lambda item: _short_of_all(item, "language_match"),
}


def _short_of_all(item: Scored, name: str) -> bool:
    top, bottom = item.counts.get(name, (0.0, 0.0))
    return top < bottom


def lists(scored: Sequence[Scored]) -> dict[str, list[str]]:
    """Ids of the questions that went wrong, by how; in the set's order."""
    return {name: [item.id for item in scored if test(item)] for name, test in _LISTS.items()}


def seconds(times: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    """p50 and p95 of each series of seconds, with n; empty series are left out."""
    return {
        name: {
            "p50": round(float(np.percentile(series, 50)), 4),
            "p95": round(float(np.percentile(series, 95)), 4),
            "n": len(series),
        }
        for name, series in times.items()
        if series
    }
