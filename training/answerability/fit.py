"""Fits `models/relevance/weights.json`: which sentence answers, and whether any does.

    python training/answerability/fit.py DATA_FOLDER [--write]

Questions in four directions (see data.py) are asked of pools of Wikipedia articles: of the pool that
holds the answer, of the same pool with the answering paragraphs taken out (near misses), and of a pool
of other articles (far off). The `fit` half of the articles gives the weights, the `dev` half the
figures that are printed; no article is on both sides. About 6 minutes on two cores, seed-free: the
fits are convex and start from zero.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rag.config import Settings, shipped
from rag.fakes import MemoryStore
from rag.figures import Asked
from rag.followup import standalone
from rag.models.embedders import default_embedder
from rag.models.lexicon import NumpyLexicon
from rag.relevance import QUESTION_FEATURES, SENTENCE_FEATURES, Weights, logit, sigmoid
from rag.retrieve import Candidate, Retriever, Scored
from rag.sync import sync
from training.answerability.data import Item, load, paragraphs
from vectorstore.catalog import SqliteCatalog
from vectorstore.lexical import SqliteLexicalIndex

log = logging.getLogger("fit")
WORK = Path(__file__).resolve().parent / "work"
FEW = 5
"""Articles in a small folder."""
PARAGRAPHS = 12
"""Of each article at most, those that answer first."""
WRONGLY_REFUSED = 0.10
"""Share of answerable questions of the fit half that the threshold may refuse."""

Array = npt.NDArray[np.float64]


class CachedEmbedder:
    """Embeds a text once for all pools and all runs of this recipe."""

    def __init__(self) -> None:
        self.inner = default_embedder(Settings())
        self.name, self.dimension = self.inner.name, self.inner.dimension
        self.path = WORK / f"vectors-{self.name}.npz"
        self.known: dict[str, npt.NDArray[np.float32]] = {}
        if self.path.exists():
            with np.load(self.path) as stored:
                self.known = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    def embed(self, texts: Sequence[str], *, query: bool = False) -> npt.NDArray[np.float32]:
        keys = [hashlib.sha256(f"{query} {text}".encode()).hexdigest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self.known}
        if new:
            vectors = self.inner.embed(list(new.values()), query=query)
            self.known.update(zip(new, vectors, strict=True))
        rows = [self.known[key] for key in keys]
        return np.stack(rows) if rows else np.zeros((0, self.dimension), np.float32)

    def save(self) -> None:
        keys = sorted(self.known)
        WORK.mkdir(parents=True, exist_ok=True)
        np.savez(self.path, keys=np.array(keys), vectors=np.stack([self.known[k] for k in keys]))


@dataclass(frozen=True, slots=True)
class Case:
    """One question asked of one pool."""

    item: Item
    kind: str  # answerable, near or far, and the folder's size: "near few"
    scored: list[Scored]
    gold: list[bool]
    retriever: Retriever
    asked: Asked
    candidates: list[Candidate]

    @property
    def answerable(self) -> bool:
        return self.kind.startswith("answerable")


def file_name(title: str) -> str:
    return (
        re.sub(r"[^\w-]+", "_", title)[:60] + "-" + hashlib.sha256(title.encode()).hexdigest()[:6]
    )


def pool(
    name: str,
    articles: dict[str, list[str]],
    without: set[str],
    embedder: CachedEmbedder,
    lexicon: NumpyLexicon,
) -> Retriever:
    """A retriever over the articles; `without` are paragraphs that are taken out."""
    folder, data = WORK / "docs" / name, WORK / "index" / name
    folder.mkdir(parents=True, exist_ok=True)
    data.mkdir(parents=True, exist_ok=True)
    wanted = set()
    for title, texts in articles.items():
        kept = [text for text in texts if text not in without][:PARAGRAPHS]
        if kept:
            path = folder / f"{file_name(title)}.txt"
            path.write_text("\n\n".join(kept), encoding="utf-8")
            wanted.add(path)
    for path in set(folder.iterdir()) - wanted:
        path.unlink()
    catalog = SqliteCatalog(data / "index.sqlite")
    lexical = SqliteLexicalIndex(catalog.database)
    store = MemoryStore()
    report = sync(
        folder,
        catalog,
        lambda: store,
        lexical,
        lambda: embedder,
        data=data,
        embedder_name=embedder.name,
        rebuild=True,
    )
    log.info(
        "%s: %d files, %d sentences",
        name,
        report.count("added"),
        sum(d.sentences for d in catalog.documents()),
    )
    zero = Weights(
        dict.fromkeys(SENTENCE_FEATURES, 0.0), dict.fromkeys(QUESTION_FEATURES, 0.0), 0.5
    )
    return Retriever(catalog, store, lexical, embedder, weights=zero, lexicon=lexicon)


def cases(data_folder: Path) -> list[Case]:
    items = load(data_folder)
    embedder = CachedEmbedder()
    lexicon = NumpyLexicon(shipped("models") / "lexicon")
    texts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for paragraph in paragraphs(data_folder):
        texts[paragraph.language, paragraph.title].append(paragraph.text)
    golden = {(item.document_language, item.paragraph) for item in items}
    found: list[Case] = []
    for language in ("en", "fr"):
        taken = {text for lang, text in golden if lang == language}
        for split in ("fit", "dev"):
            here = [
                item for item in items if (item.document_language, item.split) == (language, split)
            ]
            for size, groups in grouped({item.title for item in here}).items():
                full, holed = {}, {}
                for number, group in enumerate(groups):
                    articles = {
                        title: sorted(
                            texts[language, title], key=lambda t: ((language, t) not in golden, t)
                        )
                        for title in group
                    }
                    name = f"{language}-{split}-{size}-{number}"
                    full[number] = pool(name, articles, set(), embedder, lexicon)
                    holed[number] = pool(f"{name}-holed", articles, taken, embedder, lexicon)
                of = {title: number for number, group in enumerate(groups) for title in group}
                for item in here:
                    number = of[item.title]
                    for kind, retriever in (
                        ("answerable", full[number]),
                        ("near", holed[number]),
                        ("far", full[(number + 1) % len(groups)]),
                    ):
                        made = case(item, f"{kind} {size}", retriever)
                        # Nothing found is abstained on without any figures.
                        found += [made] if made.scored else []
        embedder.save()
    return found


def grouped(titles: set[str]) -> dict[str, list[list[str]]]:
    """Articles as folders of two sizes: half of all, and five. Few documents hold few words, so a
    question's words are often unknown there though it is answered."""
    ordered = sorted(titles, key=lambda title: hashlib.sha256(title.encode()).hexdigest())
    fives = [ordered[i : i + FEW] for i in range(0, len(ordered), FEW)]
    return {"many": [ordered[::2], ordered[1::2]], "few": fives}


def case(item: Item, kind: str, retriever: Retriever) -> Case:
    query = standalone(item.question, item.language, ())
    asked, candidates = retriever.candidates(query)
    scored = retriever.scored(asked, candidates)
    source = file_name(item.title) + ".txt"
    gold = [False] * len(scored)
    if kind.startswith("answerable"):
        text = retriever.catalog.document(source).text
        start = text.index(item.paragraph) + item.answer_start
        gold = [
            s.sentence.source == source and s.sentence.start <= start < s.sentence.end
            for s in scored
        ]
    return Case(item, kind, scored, gold, retriever, asked, candidates)


def fit(rows: Array, labels: Array, weights: Array, ridge: float) -> Array:
    """Logistic regression by Newton's method; the ridge spares the first column, the bias."""
    theta = np.zeros(rows.shape[1])
    penalty = np.full(rows.shape[1], ridge)
    penalty[0] = 1e-6
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(rows @ theta, -30, 30)))
        gradient = rows.T @ (weights * (p - labels)) + penalty * theta
        hessian = (rows * (weights * p * (1 - p))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        theta -= step
        if np.abs(step).max() < 1e-9:
            break
    return theta


def sentence_weights(training: Iterable[Case]) -> dict[str, float]:
    rows, labels, weights = [], [], []
    for item in training:
        if not item.answerable or not any(item.gold):
            continue
        for scored, gold in zip(item.scored, item.gold, strict=True):
            rows.append([scored.figures[name] for name in SENTENCE_FEATURES])
            labels.append(float(gold))
            weights.append(1.0)
    theta = fit(np.array(rows), np.array(labels), np.array(weights), 3.0)
    return dict(zip(SENTENCE_FEATURES, theta.round(4).tolist(), strict=True))


def rescored(item: Case, weights: dict[str, float]) -> tuple[list[Scored], list[bool]]:
    """Best first by the fitted weights."""
    order = sorted(
        zip(item.scored, item.gold, strict=True),
        key=lambda pair: (-round(logit(weights, pair[0].figures), 9), pair[0].sentence.key),
    )
    scored = [Scored(s.sentence, s.figures, logit(weights, s.figures)) for s, _ in order]
    return scored, [gold for _, gold in order]


def question_rows(items: Sequence[Case], weights: dict[str, float]) -> tuple[Array, Array]:
    rows, labels = [], []
    for item in items:
        scored, _ = rescored(item, weights)
        features = item.retriever.question_features(item.asked, item.candidates, scored)
        rows.append([features[name] for name in QUESTION_FEATURES])
        labels.append(float(item.answerable))
    return np.array(rows), np.array(labels)


def recall(items: Sequence[Case], weights: dict[str, float] | None) -> dict[str, list[float]]:
    """Gold among the first 1, 3, 10 sentences and among all candidates, by direction."""
    found: dict[str, list[list[bool]]] = defaultdict(list)
    for item in items:
        if item.answerable:
            gold = rescored(item, weights)[1] if weights else fused_gold(item)
            found[f"{item.item.direction} {item.kind.split()[1]}"].append(
                [any(gold[:k]) for k in (1, 3, 10, 100)]
            )
    return {key: np.mean(rows, axis=0).round(3).tolist() for key, rows in sorted(found.items())}


def fused_gold(item: Case) -> list[bool]:
    by_id = {s.sentence.id: gold for s, gold in zip(item.scored, item.gold, strict=True)}
    return [by_id[c.sentence.id] for c in item.candidates]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    started = time.monotonic()
    everything = cases(options.data)
    training = [item for item in everything if item.item.split == "fit"]
    held_out = [item for item in everything if item.item.split == "dev"]
    sentence = sentence_weights(training)
    rows, labels = question_rows(training, sentence)
    balance = np.where(labels > 0, 1.0, 0.5)
    question = dict(
        zip(QUESTION_FEATURES, fit(rows, labels, balance, 2.0).round(4).tolist(), strict=True)
    )
    probabilities = np.array(
        [sigmoid(float(row @ np.array(list(question.values())))) for row in rows]
    )
    threshold = float(np.quantile(probabilities[labels > 0], WRONGLY_REFUSED).round(3))
    for name, items in (("fit", training), ("dev", held_out)):
        print(f"{name}: recall @1/@3/@10/all, fused ranks alone:", recall(items, None))
        print(f"{name}: recall @1/@3/@10/all, with the fit:    ", recall(items, sentence))
        rows, labels = question_rows(items, sentence)
        p = np.array([sigmoid(float(row @ np.array(list(question.values())))) for row in rows])
        kinds = [
            f"{kind} {size}" for size in ("many", "few") for kind in ("answerable", "near", "far")
        ]
        for kind in kinds:
            for direction in ("fr->fr", "en->fr", "en->en", "fr->en"):
                chosen = np.array([i.kind == kind and i.item.direction == direction for i in items])
                print(
                    f"  {kind:15} {direction}: refused {np.mean(p[chosen] < threshold):.2f} of {chosen.sum()}"
                )
    print("sentence", sentence)
    print("question", question)
    print("threshold", threshold, f"{time.monotonic() - started:.0f} s")
    if options.write:
        path = shipped("models") / "relevance" / "weights.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(
                {"sentence": sentence, "question": question, "threshold": threshold}, indent=1
            )
            + "\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
