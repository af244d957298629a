"""What the embedder reaches on what trained nothing, beside the plain model.

    python -m training.embedder.evaluate DATA_FOLDER [--split report] [MODEL ...]

MODEL is `plain` (all-MiniLM-L6-v2), `words` (its vocabulary extended, untrained), a checkpoint of
training, or `shipped`, the file in `models/embedder` as the product runs it.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from training.bilingual import corpora, encoder, passages
from training.bilingual.passages import Article, Asked

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]
WORK = Path(__file__).resolve().parent / "work"
POOL = {"fr": 850, "en": 2_000}
"""Sentences of several articles that a question is asked of."""
MOST = 400
"""Questions of one direction."""


def load(name: str, data: Path) -> Embed:
    if name == "shipped":
        from rag.config import shipped
        from rag.models.onnx import OnnxEmbedder

        return OnnxEmbedder(shipped("models") / "embedder").embed
    if name == "plain":
        model, tokenizer = encoder.load_plain()
    elif name == "words":
        model, tokenizer = encoder.load_bilingual(WORK / "vocabulary", data)
    else:
        model, tokenizer = encoder.load_trained(WORK / "vocabulary", data, Path(name))
    return lambda texts: encoder.embed(model, tokenizer, texts)


def pools(articles: Sequence[Article], size: int) -> list[list[Article]]:
    """Whole articles, in the order of their titles, until a pool holds so many sentences."""
    found: list[list[Article]] = [[]]
    for article in sorted(articles, key=lambda a: corpora.fraction(a.title)):
        if sum(len(a.sentences) for a in found[-1]) >= size:
            found.append([])
        found[-1].append(article)
    if len(found) > 1 and sum(len(a.sentences) for a in found[-1]) < size // 2:
        last = found.pop()
        found[-1] += last
    return found


def recalls(embed: Embed, asked: Sequence[Asked]) -> dict[str, list[float]]:
    """Evidence among the first 1, 3 and 10 sentences by cosine alone, by direction."""
    hits: dict[str, list[list[bool]]] = defaultdict(list)
    for language in ("fr", "en"):
        here = [
            a for a in asked if a.article.language == language and a.article.title[:5] != "news "
        ]
        articles = list({id(a.article): a.article for a in here}.values())
        for pool in pools(articles, POOL[language]):
            places = [(id(a), i) for a in pool for i in range(len(a.sentences))]
            vectors = embed([s for a in pool for s in a.sentences])
            for code in ("fr", "en"):
                some = [a for a in here if a.language == code and any(a.article is b for b in pool)]
                if len(some) > MOST:
                    some = random.Random(5).sample(some, MOST)
                if not some:
                    continue
                order = np.argsort(-(embed([a.question for a in some]) @ vectors.T), axis=1)
                for item, row in zip(some, order, strict=True):
                    rank = [places[i] for i in row[:10]]
                    gold = (id(item.article), item.index)
                    hits[f"{item.direction}"].append([gold in rank[:k] for k in (1, 3, 10)])
    return {key: [*np.mean(rows, axis=0).round(3), len(rows)] for key, rows in sorted(hits.items())}


def figures(embed: Embed, data: Path, asked: Sequence[Asked]) -> dict[str, object]:
    news = corpora.news_report(data)
    scores = embed([p.english for p in news]) @ embed([p.french for p in news]).T
    right = np.arange(len(news))
    found: dict[str, object] = {
        "news en->fr at 1": round(float((scores.argmax(1) == right).mean()), 3),
        "news fr->en at 1": round(float((scores.argmax(0) == right).mean()), 3),
    }
    for code in ("en", "fr"):
        pairs = [p for p in corpora.similar(data, "dev") if p.language == code]
        cosines = (embed([p.one for p in pairs]) * embed([p.other for p in pairs])).sum(1)
        found[f"STS-B {code}"] = round(
            float(spearmanr(cosines, [p.similarity for p in pairs])[0]), 3
        )
    return found | dict(recalls(embed, asked))


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure embedders.")
    parser.add_argument("data", type=Path)
    parser.add_argument("models", nargs="*", default=["plain", "words", "shipped"])
    parser.add_argument("--split", default="report", choices=("calibrate", "report"))
    options = parser.parse_args()
    asked = passages.read(options.data, options.split, WORK)
    for name in options.models:
        print(name)
        for key, value in figures(load(name, options.data), options.data, asked).items():
            print(f"  {key}: {value}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
