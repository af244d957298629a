"""Trains the generator's adapter: answers from numbered sentences, in either language and across.

    python -m training.generator.train DATA_FOLDER [--minutes 90] [--work training/generator/work]

Takes on where a checkpoint in the work folder ended.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from training.bilingual import encoder
from training.bilingual.run import Run
from training.generator import data
from training.generator.model import Adapters, Prompts
from training.judge.train import EMBEDDER, mined
from training.judge.train import WORK as JUDGE_WORK

WORK = Path(__file__).resolve().parent / "work"
Tokens = tuple[list[int], list[int]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was chosen; docs/experiments.md says what was tried."""

    seed: int = 17
    rate: float = 4e-4
    rate_b: float = 1.2e-3
    """Of the adapters' second halves, which begin at nothing (LoRA+, https://arxiv.org/abs/2402.12354)."""
    warm: int = 30
    tokens: int = 2300
    longest: int = 460
    """Tokens of an example; longer ones are left out."""


def batches(folder: Path, prompts: Prompts, recipe: Recipe) -> Iterator[list[Tokens]]:
    """Without end."""
    groups = mined(folder, JUDGE_WORK, EMBEDDER)
    for epoch, examples in enumerate(data.epochs(folder, groups, recipe.seed)):
        known = [(prompts.prompt(e.messages), prompts.answer(e.answer)) for e in examples]
        yield from encoder.batches_by_length(
            [pair for pair in known if _length(pair) <= recipe.longest],
            _length,
            recipe.tokens,
            recipe.seed + epoch,
        )


def _length(pair: Tokens) -> int:
    return len(pair[0]) + len(pair[1])


def train(folder: Path, work: Path, minutes: float, recipe: Recipe) -> None:
    """Writes `trained.pt` into the work folder once so many minutes are spent, breaks not counted."""
    torch.manual_seed(recipe.seed)
    model = Adapters()
    named = list(model.named_parameters())
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for name, p in named if name.endswith(".a")], "top": recipe.rate},
            {"params": [p for name, p in named if name.endswith(".b")], "top": recipe.rate_b},
        ],
        recipe.rate,
        weight_decay=0.0,
        fused=True,
    )
    run = Run(model, optimizer, work, minutes, recipe.warm, ("answer",))
    for batch in itertools.islice(batches(folder, Prompts(), recipe), run.step, None):
        if not run.goes_on():
            break
        run.learn("answer", model.loss(batch))
    run.finish()


def main() -> int:
    parser = argparse.ArgumentParser(description="Train the generator's adapter.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--minutes", type=float, default=90.0)
    parser.add_argument("--work", type=Path, default=WORK)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.work.mkdir(parents=True, exist_ok=True)
    train(options.data, options.work, options.minutes, Recipe())
    return 0


if __name__ == "__main__":
    sys.exit(main())
