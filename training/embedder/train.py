"""Trains the bilingual embedder from all-MiniLM-L6-v2.

    python -m training.embedder.train DATA_FOLDER [--minutes 40] [--work training/embedder/work]

Two objectives in turn, every batch of about 2,000 tokens:

- distillation: the plain model embeds the English side of a sentence pair; the student's vector of
  either side shall be that one (Reimers & Gurevych 2020), and be nearer to it than to the others of
  the batch;
- questions: a question shall be nearest to the sentence, or the chunk, that answers it, among those
  of the batch and other sentences of the same article (InfoNCE with hard negatives), in four
  directions of language.

Takes on where a checkpoint in the work folder ended. bfloat16 on the CPU; weights stay float32.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn import functional

from training.bilingual import corpora, encoder, passages
from training.bilingual.corpora import Parallel
from training.bilingual.passages import Asked
from training.bilingual.run import Run

log = logging.getLogger("embedder")
WORK = Path(__file__).resolve().parent / "work"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was chosen; docs/experiments.md says what was tried."""

    seed: int = 11
    rate: float = 4e-5
    word_rate: float = 2e-4
    """Of the word vectors, of which a batch touches few."""
    warm: int = 100
    tokens: int = 2048
    """Of one batch, padding included."""
    temperature: float = 0.05
    limit: int = 128
    """Tokens of a text in training; the model reads up to 256."""
    distil: float = 0.6
    """Share of steps that distil."""
    contrast: float = 0.2
    """Weight of the contrastive term beside the distance to the teacher."""


def pairs_of_epoch(folder: Path, chance: random.Random) -> list[Parallel]:
    """Everyday sentences are many and short, so a third of them; news and STS-B whole, news thrice."""
    everything = corpora.parallel(folder)
    everyday = [p for p in everything if len(p.english) + len(p.french) < 120]
    long = [p for p in everything if len(p.english) + len(p.french) >= 120]
    return chance.sample(everyday, len(everyday) // 3) + long * 3


def distilling(folder: Path, recipe: Recipe) -> Iterator[list[Parallel]]:
    """Batches without end."""
    for epoch in itertools.count():
        chance = random.Random(recipe.seed + epoch)
        yield from encoder.batches_by_length(
            pairs_of_epoch(folder, chance),
            lambda pair: len(pair.french) // 4 + len(pair.english) // 4 + 4,
            recipe.tokens,
            recipe.seed + epoch,
        )


@dataclass(frozen=True, slots=True)
class Triple:
    """A question, what answers it, and what doesn't."""

    question: str
    answer: str
    other: str


def triples_of_epoch(asked: list[Asked], chance: random.Random) -> list[Triple]:
    """Each question once, with its sentence or its chunk, and another of the same article."""
    found = []
    for item in asked:
        article, index = item.article, item.index
        near = [i for i in range(max(0, index - 4), index + 5) if i != index]
        others = [i for i in near if i < len(article.sentences)]
        if chance.random() < 0.5:
            others = [i for i in range(len(article.sentences)) if i != index] or others
        if not others:
            continue
        other = chance.choice(others)
        whole = chance.random() < 0.35 and article.chunks[other] != article.chunks[index]
        texts = article.chunks if whole else article.sentences
        if texts[other] != texts[index]:
            found.append(Triple(item.question, texts[index], texts[other]))
    return found


def asking(asked: list[Asked], recipe: Recipe) -> Iterator[list[Triple]]:
    """Batches without end, each question once an epoch."""
    for epoch in itertools.count():
        chance = random.Random(recipe.seed + epoch)
        yield from encoder.batches_by_length(
            triples_of_epoch(asked, chance),
            lambda item: (len(item.question) + len(item.answer) + len(item.other)) // 4 + 6,
            recipe.tokens,
            recipe.seed + epoch,
        )


class Probe:
    """Recall at 1 and 10 of a few questions that train nothing, to see where it goes."""

    def __init__(self, folder: Path, work: Path) -> None:
        asked = [
            item
            for item in passages.read(folder, "calibrate", work)
            if item.article.language == "fr" and not item.article.title.startswith("news ")
        ]
        articles = list({id(item.article): item.article for item in asked}.values())
        pool = articles[:25]
        self.texts = [text for article in pool for text in article.sentences]
        start, self.asked = 0, []
        for article in pool:
            self.asked += [
                (item.question, item.language, start + item.index)
                for item in asked
                if item.article is article
            ]
            start += len(article.sentences)

    def __call__(self, model: torch.nn.Module, tokenizer: Tokenizer) -> str:
        vectors = encoder.embed(model, tokenizer, self.texts, 128)
        found = []
        for code in ("fr", "en"):
            some = [item for item in self.asked if item[1] == code][:200]
            near = encoder.embed(model, tokenizer, [item[0] for item in some], 128) @ vectors.T
            rank = (near > near[range(len(some)), [i[2] for i in some]][:, None]).sum(1)
            found.append(
                f"{code} questions {(rank < 1).mean():.3f} / {(rank < 10).mean():.3f} of {len(some)}"
            )
        return ", ".join(found)


def train(folder: Path, work: Path, minutes: float, recipe: Recipe) -> None:
    """Writes `trained.pt` into the work folder once so many minutes are spent, breaks not counted."""
    torch.manual_seed(recipe.seed)
    teacher, english = encoder.load_plain()
    student, tokenizer = encoder.load_bilingual(work / "vocabulary", folder)
    student.train()
    for module in student.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # it slows learning down more than it protects, in so few steps
    words = student.embeddings.word_embeddings.weight
    rest = [weights for weights in student.parameters() if weights is not words]
    optimizer = torch.optim.AdamW(
        [
            {"params": rest, "top": recipe.rate, "weight_decay": 0.01},
            {"params": [words], "top": recipe.word_rate, "weight_decay": 0.0},
        ],
        recipe.rate,
        fused=True,
    )
    run = Run(student, optimizer, work, minutes, recipe.warm, ("distil", "ask"))
    asked = passages.read(folder, "train", work)
    probe = Probe(folder, work)
    sentences, questions = distilling(folder, recipe), asking(asked, recipe)
    chance = random.Random(recipe.seed)
    for _ in range(run.step):  # the order of a run that was never broken off
        next(sentences) if chance.random() < recipe.distil else next(questions)
    while run.goes_on():
        if chance.random() < recipe.distil:
            pairs = next(sentences)
            texts = [pair.english for pair in pairs]
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
                goal = encoder.pooled(teacher, encoder.tensors(english, texts, recipe.limit))
            goal = goal.clone()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                sides = [
                    encoder.pooled(student, encoder.tensors(tokenizer, side, recipe.limit))
                    for side in ([pair.french for pair in pairs], texts)
                ]
            distance = sum((1 - (side * goal).sum(1)).mean() for side in sides)
            right = torch.arange(len(pairs))
            nearest = sum(
                functional.cross_entropy(side @ goal.T / recipe.temperature, right)
                for side in sides
            )
            loss = distance + recipe.contrast * nearest
            kind = "distil"
        else:
            triples = next(questions)
            asks = [t.question for t in triples]
            answers = [t.answer for t in triples] + [t.other for t in triples]
            with torch.autocast("cpu", dtype=torch.bfloat16):
                one = encoder.pooled(student, encoder.tensors(tokenizer, asks, recipe.limit))
                two = encoder.pooled(student, encoder.tensors(tokenizer, answers, recipe.limit))
            scores = one @ two.T / recipe.temperature
            # The same text twice in a batch is no wrong answer.
            place = {text: i for i, text in reversed(list(enumerate(answers)))}
            same = torch.tensor([[place[a] == place[b] for b in answers] for a in answers])
            same = same[: len(asks)] & ~torch.eye(len(asks), len(answers), dtype=torch.bool)
            right = torch.arange(len(asks))
            loss = functional.cross_entropy(scores.masked_fill(same, -1e4), right)
            kind = "ask"
        run.learn(kind, loss)
        if run.step % 200 == 0 or run.step == 1:
            log.info("step %d: %s", run.step, probe(student, tokenizer))
            student.train()
    run.finish()


def main() -> int:
    parser = argparse.ArgumentParser(description="Train the bilingual embedder.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--work", type=Path, default=WORK)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.work.mkdir(parents=True, exist_ok=True)
    train(options.data, options.work, options.minutes, Recipe())
    return 0


if __name__ == "__main__":
    sys.exit(main())
