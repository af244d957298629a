"""Writes the trained judge to `models/judge`, calibrated.

    python -m training.judge.export DATA_FOLDER [--checkpoint training/judge/work/trained.pt]

The logits of both heads are stretched and moved (Platt 1999) so that their sigmoid is a probability on
the calibration split, which trained nothing: relevance on questions with the sentences that the first
stage would put beside the answer, support on statements. A statement is shown as proven from the
support at which nine in ten of those of the calibration split are right.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression

from rag.config import shipped
from rag.models.onnx import OnnxJudge
from training.bilingual import encoder, graph, mining, passages
from training.bilingual.mining import Place
from training.judge import evaluate
from training.judge.data import passage
from training.judge.model import JudgeModel
from training.judge.train import EMBEDDER, WORK, trained_embedder

log = logging.getLogger("judge")
PRECISION = 0.9
QUESTIONS = 600

Array = npt.NDArray[np.float64]


def platt(logits: Array, labels: Array) -> tuple[float, float]:
    """Factor and shift; both classes weigh as they occur."""
    found = LogisticRegression(C=1e6).fit(logits[:, None], labels)
    return round(float(found.coef_[0, 0]), 4), round(float(found.intercept_[0]), 4)


def threshold(scores: Array, labels: Array) -> float:
    """The least from which on so many are right, as if half of the statements were."""
    for place in np.round(np.arange(0.5, 0.995, 0.005), 3):
        right = float((scores[labels == 1] >= place).mean())
        wrong = float((scores[labels == 0] >= place).mean())
        if right and right / (right + wrong) >= PRECISION:
            return float(place)
    return 0.99


def logits_of(scores: Array) -> Array:
    bounded = np.clip(scores, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(bounded / (1 - bounded)))


def calibrate(folder: Path, target: Path, settings: dict[str, object]) -> dict[str, object]:
    """Reads the judge as it was written, uncalibrated, and says how its logits are to be read."""
    judge = OnnxJudge(target)
    items = [i for some in evaluate.sets(folder, "calibrate").values() for i in some]
    items = list(dict.fromkeys(items))
    labels = np.array([float(i.supported) for i in items])
    logits = logits_of(evaluate.supports(judge, items))
    factor, shift = platt(logits, labels)
    scores = 1 / (1 + np.exp(-(factor * logits + shift)))
    bar = threshold(scores, labels)
    log.info(
        "support: %d statements, factor %.2f, shift %.2f, threshold %.3f, %.2f of the true shown",
        len(items),
        factor,
        shift,
        bar,
        (scores[labels == 1] >= bar).mean(),
    )

    bert, tokenizer = trained_embedder(folder, EMBEDDER)
    asked = passages.read(folder, "calibrate", WORK)
    step = max(1, len(asked) // QUESTIONS)
    groups = mining.mine(bert, tokenizer, asked[::step])
    found: list[float] = []
    right: list[float] = []
    for group in groups:
        places = [Place(group.asked.article, group.asked.index), *group.others]
        found += judge.relevance(group.asked.question, [passage(p) for p in places]).tolist()
        right += [1.0] + [0.0] * len(group.others)
    relevance = platt(logits_of(np.array(found)), np.array(right))
    log.info("relevance: %d pairs, factor %.2f, shift %.2f", len(found), *relevance)
    return settings | {
        "relevance": list(relevance),
        "support": [factor, shift],
        "support_threshold": bar,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Export the judge.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--checkpoint", type=Path, default=WORK / "trained.pt")
    parser.add_argument("--target", type=Path, default=shipped("models") / "judge")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    bert, tokenizer = encoder.load_bilingual(EMBEDDER / "vocabulary", options.data)
    model = JudgeModel(bert)
    model.load_state_dict(torch.load(options.checkpoint)["model"])
    state = {name: value.float().numpy() for name, value in model.state_dict().items()}
    options.target.mkdir(parents=True, exist_ok=True)
    plain: dict[str, object] = {
        "relevance": [1.0, 0.0],
        "support": [1.0, 0.0],
        "support_threshold": 0.5,
    }
    graph.write_judge(state, options.target, tokenizer, plain)
    settings = calibrate(options.data, options.target, plain)
    graph.write_judge(state, options.target, tokenizer, settings)
    log.info("%s", json.dumps(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
