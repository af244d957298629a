"""Does the judge know what proves a statement? On evidence that trained nothing.

    python -m training.judge.evaluate DATA_FOLDER [--split report]

Every score is the shipped judge's (`models/judge`), as the product reads it. Balanced accuracy is at
a support of one half; beside it stands the share of the statement's stems that the evidence holds
(translated, where the languages differ), at its own best threshold of the same set. How well it
ranks answers is measured through retrieval: `training/answerability/judged.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from rag.config import shipped
from rag.models.lexicon import NumpyLexicon
from rag.models.onnx import OnnxJudge
from rag.terms import content_words, stem
from training.bilingual import corpora
from training.bilingual.corpora import Labelled, Split
from training.judge import data

Array = npt.NDArray[np.float64]


def sets(folder: Path, split: Split) -> dict[str, list[Labelled]]:
    """By what a figure is asked for."""
    public = corpora.labelled(folder)[split]
    found = {
        "rte3_fr, entailed or not": [i for i in public if i.kind.startswith("rte3")],
        "daccord, contradiction or not": [i for i in public if i.kind.startswith("daccord")],
        "begin, attributable or not": [i for i in public if i.kind.startswith("begin")],
        "wice, supported or not": [i for i in public if i.kind.startswith("wice")],
    }
    ours = data.written(folder, split)
    for languages in ("en->en", "fr->fr", "fr->en", "en->fr"):
        here = [i for i in ours if i.languages == languages]
        found[f"ours {languages}, follows or contradicts"] = [
            i for i in here if i.kind != "written:unsaid"
        ]
        found[f"ours {languages}, follows or unsaid"] = [
            i for i in here if i.kind != "written:contradicts"
        ]
    return {name: items for name, items in found.items() if len({i.supported for i in items}) == 2}


def supports(judge: OnnxJudge, items: Sequence[Labelled]) -> Array:
    return np.array([judge.support(i.evidence, [i.statement])[0] for i in items])


def overlaps(items: Sequence[Labelled]) -> Array:
    """Share of the statement's stems that the evidence holds, 0..1."""
    lexicon = NumpyLexicon(shipped("models") / "lexicon")
    found = []
    for item in items:
        source, spoken = item.languages.split("->")
        there = {stem(word, source) for word in content_words(item.evidence, source)}
        mine = {stem(word, spoken) for word in content_words(item.statement, spoken)}
        held = [
            word in there
            or (source != spoken and bool(there & lexicon.translate(word, spoken, source).keys()))
            for word in mine
        ]
        found.append(float(np.mean(held)) if held else 0.0)
    return np.array(found)


def best_threshold(scores: Array, labels: Array) -> float:
    """That of the highest balanced accuracy."""
    places = np.unique(scores)
    reached = [balanced_accuracy_score(labels, scores >= place) for place in places]
    return float(places[int(np.argmax(reached))])


def interval(measure: Callable[[Array, Array], float], labels: Array, scores: Array) -> str:
    """95% by 400 resamples, seed 3."""
    chance = np.random.default_rng(3)
    found = []
    while len(found) < 400:
        some = chance.integers(0, len(labels), len(labels))
        if len(set(labels[some])) == 2:
            found.append(measure(labels[some], scores[some]))
    low, high = np.quantile(found, (0.025, 0.975))
    return f"{low:.2f}-{high:.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the judge's support.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--split", default="report", choices=("calibrate", "report"))
    options = parser.parse_args()
    judge = OnnxJudge(shipped("models") / "judge")

    def balanced(labels: Array, scores: Array) -> float:
        return float(balanced_accuracy_score(labels, scores >= 0.5))

    print("| set | n | balanced accuracy | 95% | AUROC | shown wrongly | words: bal. acc., AUROC |")
    print("|---|---|---|---|---|---|---|")
    for name, items in sets(options.data, options.split).items():
        labels = np.array([float(i.supported) for i in items])
        scores, words = supports(judge, items), overlaps(items)
        shown = float((scores[labels == 0] >= judge.support_threshold).mean())
        plain = balanced_accuracy_score(labels, words >= best_threshold(words, labels))
        print(
            f"| {name} | {len(items)} | {balanced(labels, scores):.2f} | "
            f"{interval(balanced, labels, scores)} | {roc_auc_score(labels, scores):.2f} | "
            f"{shown:.2f} | {plain:.2f}, {roc_auc_score(labels, words):.2f} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
