"""Trains the judge: a cross-encoder with two heads, from the bilingual embedder.

    python -m training.judge.train DATA_FOLDER [--minutes 70] [--work training/judge/work]

Relevance learns from questions with their answering sentence among hard ones of the same article and
of others (mining.py): softmax within the group, so that it ranks, and a sigmoid each, so that its
score means something. Support learns from statements: ours about news, public entailment sets,
translations, and these spoiled by rule. The two take turns; batches of about 2,500 tokens.

Takes on where a checkpoint in the work folder ended.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import pickle
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import BertModel

from rag.models import reading
from rag.models.reading import Reader, Tokens
from training.bilingual import corpora, encoder, mining, passages
from training.bilingual.corpora import Labelled
from training.bilingual.mining import Group
from training.bilingual.run import Run
from training.judge import data
from training.judge.data import Choice
from training.judge.model import JudgeModel

log = logging.getLogger("judge")
WORK = Path(__file__).resolve().parent / "work"
EMBEDDER = Path(__file__).resolve().parents[1] / "embedder" / "work"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was chosen; docs/experiments.md says what was tried."""

    seed: int = 13
    rate: float = 1.2e-4
    head_rate: float = 1e-3
    warm: int = 100
    tokens: int = 2500
    relevance: float = 0.6
    """Share of steps that learn relevance."""


def choosing(groups: list[Group], recipe: Recipe) -> Iterator[list[Choice]]:
    """Batches without end, each question once an epoch."""
    for epoch in itertools.count():
        chance = random.Random(recipe.seed + epoch)
        yield from encoder.batches_by_length(
            data.choices(groups, chance), _choice_length, recipe.tokens, recipe.seed + epoch
        )


def _choice_length(choice: Choice) -> int:
    # About four letters a piece; the longest passage decides how far the others are padded.
    longest = max(
        min(len(p.sentence) // 4, reading.SENTENCE)
        + min(len(p.before) // 4, reading.BEFORE)
        + min(len(p.after) // 4, reading.AFTER)
        for p in (choice.answer, *choice.others)
    )
    return (longest + len(choice.question) // 4 + 6) * (1 + len(choice.others))


def supporting(folder: Path, recipe: Recipe) -> Iterator[list[Labelled]]:
    """Batches without end."""
    for epoch in itertools.count():
        chance = random.Random(recipe.seed + epoch)
        yield from encoder.batches_by_length(
            data.statements(folder, chance),
            _statement_length,
            recipe.tokens,
            recipe.seed + epoch,
        )


def _statement_length(item: Labelled) -> int:
    evidence = min(len(item.evidence) // 4, reading.EVIDENCE)
    return evidence + min(len(item.statement) // 4, reading.SENTENCE) + 4


def relevance_loss(model: JudgeModel, reader: Reader, choices: list[Choice]) -> torch.Tensor:
    """Cross-entropy within each group, and of every score by itself."""
    tokens: list[Tokens] = []
    sizes = []
    for choice in choices:
        read = [reader.relevance(choice.question, p) for p in (choice.answer, *choice.others)]
        tokens += read
        sizes.append(len(read))
    logits = model.relevance(model.features(tokens))
    total = torch.zeros(())
    labels = torch.zeros(len(logits))
    at = 0
    for size in sizes:
        total = total + functional.cross_entropy(
            logits[at : at + size].unsqueeze(0), torch.zeros(1, dtype=torch.long)
        )
        labels[at] = 1.0
        at += size
    each = functional.binary_cross_entropy_with_logits(logits, labels)
    return total / len(sizes) + each


def support_loss(model: JudgeModel, reader: Reader, items: list[Labelled]) -> torch.Tensor:
    """Cross-entropy of every score by itself."""
    logits = model.support(
        model.features([reader.support(item.evidence, item.statement) for item in items])
    )
    labels = torch.tensor([float(item.supported) for item in items])
    return functional.binary_cross_entropy_with_logits(logits, labels)


def start(folder: Path, embedder: Path) -> tuple[JudgeModel, Reader]:
    """The embedder's last weights under fresh heads."""
    bert, tokenizer = trained_embedder(folder, embedder)
    return JudgeModel(bert), Reader(tokenizer)


def trained_embedder(folder: Path, embedder: Path) -> tuple[BertModel, Tokenizer]:
    """The encoder that the judge starts from and its negatives are mined with."""
    return encoder.load_trained(embedder / "vocabulary", folder, embedder / "trained.pt")


def mined(folder: Path, work: Path, embedder: Path) -> list[Group]:
    """Questions with hard sentences, mined once with the trained embedder and kept in the work
    folder; delete the file when another embedder is trained."""
    path = work / f"mined-{corpora.written_digest()}.pickle"
    if not path.is_file():
        bert, tokenizer = trained_embedder(folder, embedder)
        groups = mining.mine(bert, tokenizer, passages.read(folder, "train", work))
        with path.open("wb") as file:
            pickle.dump(groups, file)
        log.info("mined %d questions", len(groups))
    with path.open("rb") as file:
        found: list[Group] = pickle.load(file)
    return found


def train(folder: Path, work: Path, embedder: Path, minutes: float, recipe: Recipe) -> None:
    """Writes `trained.pt` into the work folder once so many minutes are spent, breaks not counted."""
    torch.manual_seed(recipe.seed)
    model, reader = start(folder, embedder)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.05
    # The embedder has seen many more texts than the judge will: its word vectors stay.
    model.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    body = [weights for weights in model.encoder.parameters() if weights.requires_grad]
    heads = [*model.relevance.parameters(), *model.support.parameters()]
    optimizer = torch.optim.AdamW(
        [
            {"params": body, "top": recipe.rate},
            {"params": heads, "top": recipe.head_rate},
        ],
        recipe.rate,
        weight_decay=0.01,
        fused=True,
    )
    run = Run(model, optimizer, work, minutes, recipe.warm, ("relevance", "support"))
    relevance = choosing(mined(folder, work, embedder), recipe)
    support = supporting(folder, recipe)
    chance = random.Random(recipe.seed)
    for _ in range(run.step):
        next(relevance) if chance.random() < recipe.relevance else next(support)
    model.train()
    while run.goes_on():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            if chance.random() < recipe.relevance:
                kind, loss = "relevance", relevance_loss(model, reader, next(relevance))
            else:
                kind, loss = "support", support_loss(model, reader, next(support))
        run.learn(kind, loss)
    run.finish()


def main() -> int:
    parser = argparse.ArgumentParser(description="Train the judge.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--minutes", type=float, default=70.0)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--embedder", type=Path, default=EMBEDDER)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.work.mkdir(parents=True, exist_ok=True)
    train(options.data, options.work, options.embedder, options.minutes, Recipe())
    return 0


if __name__ == "__main__":
    sys.exit(main())
