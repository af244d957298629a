"""What the recipes can be held to without the public data: splits, spoiled statements, our own rows."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.bilingual import corpora
from training.bilingual.encoder import batches_by_length
from training.bilingual.run import KEPT, Run
from training.judge.data import corrupted


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_split_depends_on_the_text_alone(one: str, other: str) -> None:
    assert corpora.part(one) == corpora.part(one)
    assert 0.0 <= corpora.fraction(one, other) < 1.0
    assert corpora.fraction(one, other) != corpora.fraction(one + other)


def test_splits_have_their_shares() -> None:
    counts = Counter(corpora.part(f"article {n}") for n in range(4000))
    assert abs(counts["calibrate"] / 4000 - 0.15) < 0.02
    assert abs(counts["report"] / 4000 - 0.3) < 0.02


def test_what_we_wrote_about_news_is_whole_and_stays_off_the_report() -> None:
    rows = corpora.written_rows("news")
    assert len(rows) > 1_000
    assert len({row["line"] for row in rows}) == len(rows)
    for row in rows:
        assert 0 <= row["line"] < corpora.NEWS_LINES, row["line"]
        pairs = [row[key] for key in ("q", "yes", "no", "other")]
        assert all(len(pair) == 2 and all(len(text) > 10 for text in pair) for pair in pairs)
        assert len({tuple(pair) for pair in pairs}) == 4, row["line"]
    assert corpora.NEWS_LINES < corpora.NEWS_REPORT


@pytest.mark.parametrize("name", ["piaf", "squad"])
def test_translated_questions_name_each_question_once(name: str) -> None:
    rows = corpora.written_rows(name)
    assert len(rows) > 1_000
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(len(row["question"]) > 5 for row in rows)


@pytest.mark.parametrize(
    ("text", "spoiled"),
    [
        ("Le parti a obtenu 34 sièges.", "34"),
        ("Hier Paris a battu Lyon en finale.", None),
        ("The vote was not held.", "not"),
    ],
)
def test_a_spoiled_statement_says_something_else(text: str, spoiled: str | None) -> None:
    for seed in range(20):
        found = corrupted(text, "Demain Berlin recevra Rome.", random.Random(seed))
        assert found is not None and found != text
        if spoiled is not None:
            assert spoiled not in found.split()


def test_a_negation_is_french_and_two_names_beside_each_other_stay() -> None:
    for seed in range(20):
        found = corrupted("Le vote est libre et peut-être utile.", "rien", random.Random(seed))
        assert found == "Le vote n’est pas libre et peut-être utile."
        assert corrupted("Hier Paris et Lyon", "rien", random.Random(seed)) is None


def test_nothing_to_spoil() -> None:
    assert corrupted("vide", "rien", random.Random(0)) is None


@given(st.lists(st.integers(1, 60), max_size=200), st.integers(60, 300), st.integers(0, 5))
def test_batches_hold_each_item_once_within_the_budget(
    lengths: list[int], tokens: int, seed: int
) -> None:
    items = list(enumerate(lengths))
    batches = list(batches_by_length(items, lambda item: item[1], tokens, seed))
    assert sorted(item for batch in batches for item in batch) == items
    for batch in batches:
        assert max(length for _, length in batch) * len(batch) <= tokens
    assert batches == list(batches_by_length(items, lambda item: item[1], tokens, seed))


def test_a_training_that_was_broken_off_is_taken_on(tmp_path: Path) -> None:
    def begin(minutes: float) -> tuple[torch.nn.Linear, Run]:
        torch.manual_seed(3)
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.AdamW([{"params": list(model.parameters()), "top": 1e-2}])
        return model, Run(model, optimizer, tmp_path, minutes, 10, ("one",))

    model, run = begin(1.0)
    while run.goes_on() and run.step < KEPT + 5:
        run.learn("one", model(torch.ones(1, 2)).pow(2).sum())
        if run.step == KEPT:
            kept = model.weight.detach().clone()
    assert not (tmp_path / "trained.pt").exists()
    model, run = begin(1.0)
    assert run.step == KEPT
    assert torch.equal(model.weight, kept)
    model, run = begin(1e-9)  # no time is left: the rate is down, and nothing is learned
    assert not run.goes_on()
    run.finish()
    assert torch.equal(torch.load(tmp_path / "trained.pt")["model"]["weight"], kept)
