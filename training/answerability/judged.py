"""Fits what is made of the judge's readings: a sentence's relevance, and whether to abstain.

    python -m training.answerability.judged DATA_FOLDER [--write]

Run after `fit.py --write` and `training.judge.export`. The cases are those of `fit.py`: questions in
four directions asked of pools with the answer, without it (near) and of other articles (far). Of the
`fit` half only articles that trained neither embedder nor judge are fitted on; the `dev` half, which
trained nothing either, gives the figures that are printed.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.config import shipped
from rag.models.onnx import OnnxJudge
from rag.relevance import (
    JUDGED_QUESTION_FEATURES,
    JUDGED_SENTENCE_FEATURES,
    Judged,
    Weights,
    logit,
    sigmoid,
)
from rag.rerank import JUDGED, Scored, best_first, judged_features, judged_figures, logit_of
from rag.types import Passage
from training.answerability.fit import Case, cases, fit
from training.bilingual import corpora

log = logging.getLogger("judged")
WRONGLY_REFUSED = 0.06
"""Share of answerable questions of the calibration half that the threshold may refuse."""
DIRECTIONS = ("fr->fr", "en->fr", "en->en", "fr->en")


@dataclass(frozen=True, slots=True)
class Reading:
    """A case after the first stage, with the judge's logit of each of its best sentences."""

    case: Case
    scored: list[Scored]
    gold: list[bool]
    logits: list[float]


class Readings:
    """The judge, asked each pair once."""

    def __init__(self, judge: OnnxJudge, weights: Weights) -> None:
        self._judge, self._weights = judge, weights
        self._known: dict[tuple[str, Passage], float] = {}

    def of(self, case: Case) -> Reading:
        pairs = [
            (Scored(s.sentence, s.figures, logit(self._weights.sentence, s.figures)), gold)
            for s, gold in zip(case.scored, case.gold, strict=True)
        ]
        gold_of = {scored.sentence.id: gold for scored, gold in pairs}
        scored = best_first([one for one, _ in pairs])
        question = case.item.question
        passages = [case.retriever.passage(s.sentence) for s in scored[:JUDGED]]
        new = [p for p in passages if (question, p) not in self._known]
        for passage, score in zip(new, self._judge.relevance(question, new), strict=True):
            self._known[question, passage] = logit_of(float(score))
        return Reading(
            case,
            scored,
            [gold_of[s.sentence.id] for s in scored],
            [self._known[question, p] for p in passages],
        )


def reranked(reading: Reading, weights: dict[str, float]) -> tuple[list[Scored], list[bool]]:
    """As `rag.rerank` orders them."""
    head = [
        Scored(s.sentence, s.figures, logit(weights, judged_figures(s.figures, s.logit, j)), j)
        for s, j in zip(reading.scored, reading.logits, strict=False)
    ]
    gold_of = {s.sentence.id: gold for s, gold in zip(reading.scored, reading.gold, strict=True)}
    ordered = best_first(head) + reading.scored[len(head) :]
    return ordered, [gold_of[s.sentence.id] for s in ordered]


def sentence_fit(readings: Sequence[Reading]) -> dict[str, float]:
    rows, labels = [], []
    for reading in readings:
        if reading.case.answerable and any(reading.gold[:JUDGED]):
            for s, j, gold in zip(reading.scored, reading.logits, reading.gold, strict=False):
                figures = judged_figures(s.figures, s.logit, j)
                rows.append([figures[name] for name in JUDGED_SENTENCE_FEATURES])
                labels.append(float(gold))
    theta = fit(np.array(rows), np.array(labels), np.ones(len(rows)), 1.0)
    return dict(zip(JUDGED_SENTENCE_FEATURES, theta.round(4).tolist(), strict=True))


def features(reading: Reading, sentence: dict[str, float]) -> dict[str, float]:
    case = reading.case
    scored, _ = reranked(reading, sentence)
    return judged_features(
        case.retriever.question_features(case.asked, case.candidates, scored), scored
    )


def question_fit(
    readings: Sequence[Reading], sentence: dict[str, float]
) -> tuple[dict[str, float], float]:
    """Weights and the threshold."""
    rows = np.array(
        [[features(r, sentence)[name] for name in JUDGED_QUESTION_FEATURES] for r in readings]
    )
    labels = np.array([float(r.case.answerable) for r in readings])
    theta = fit(rows, labels, np.where(labels > 0, 1.0, 0.5), 2.0)
    probabilities = 1 / (1 + np.exp(-rows @ theta))
    threshold = float(np.quantile(probabilities[labels > 0], WRONGLY_REFUSED).round(3))
    return dict(zip(JUDGED_QUESTION_FEATURES, theta.round(4).tolist(), strict=True)), threshold


def report(readings: Sequence[Reading], fitted: Judged) -> None:
    """Recall of the judged order and refusals, by direction and size of the folder."""
    sentence, question = dict(fitted.sentence), dict(fitted.question)
    recall: dict[str, list[list[bool]]] = defaultdict(list)
    refused: dict[str, list[bool]] = defaultdict(list)
    for reading in readings:
        kind, size = reading.case.kind.split()
        direction = reading.case.item.direction
        if kind == "answerable":
            for name, gold in (
                ("first", reading.gold),
                ("judged", reranked(reading, sentence)[1]),
            ):
                recall[f"{size:5}{direction} {name}"].append(
                    [any(gold[:k]) for k in (1, 3, 10, JUDGED)]
                )
        p = sigmoid(logit(question, features(reading, sentence)))
        refused[f"{size:5}{direction} {kind}"].append(p < fitted.threshold)
        refused[f"all {kind}"].append(p < fitted.threshold)
    for key, rows in sorted(recall.items()):
        print(f"  @1/@3/@10/@{JUDGED} {key:22}", np.mean(rows, axis=0).round(3).tolist(), len(rows))
    for key, flags in sorted(refused.items()):
        print(f"  refused {key:26} {np.mean(flags):.2f} of {len(flags)}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Fit the weights over the judge.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    started = time.monotonic()
    path = shipped("models") / "relevance" / "weights.json"
    weights = Weights.read(path)
    judge = OnnxJudge(shipped("models") / "judge")
    held = corpora.held_titles(options.data)
    readings = Readings(judge, weights)
    fitting, held_out = [], []
    for case in cases(options.data):
        item = case.item
        split = corpora.wikipedia_split(item.title, item.document_language, held)
        if split != "train":
            (fitting if split == "calibrate" else held_out).append(readings.of(case))
    log.info(
        "%d cases to fit on, %d to report, %.0f s",
        len(fitting),
        len(held_out),
        time.monotonic() - started,
    )
    sentence = sentence_fit(fitting)
    question, threshold = question_fit(fitting, sentence)
    fitted = Judged(judge.name, sentence, question, threshold)
    for name, some in (("calibrate", fitting), ("report", held_out)):
        print(name)
        report(some, fitted)
    print(sentence, question, threshold, f"{time.monotonic() - started:.0f} s")
    if options.write:
        data = json.loads(path.read_text(encoding="utf-8"))
        data["judged"] = {
            "judge": judge.name,
            "sentence": sentence,
            "question": question,
            "threshold": threshold,
        }
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
