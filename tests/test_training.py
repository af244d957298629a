"""What the recipes can be held to without the public data: splits, spoiled statements, our own rows."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.bilingual import corpora
from training.bilingual.encoder import batches_by_length
from training.bilingual.run import KEPT, Run
from training.generator import data as generator_data
from training.generator import export as export_adapter
from training.generator.model import Adapted
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


# --- the generator's adapter --------------------------------------------------------------


def test_rotary_halves_are_interleaved_within_a_head() -> None:
    rows = np.arange(8)[:, None]
    assert export_adapter.permuted(rows, heads=2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_an_adapter_begins_at_nothing_and_learns_beside_what_stays() -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(6, 4, bias=False)
    before = linear.weight.detach().clone()
    adapted = Adapted(linear, rank=2)
    features = torch.randn(3, 6)
    assert torch.equal(adapted(features), linear(features))
    adapted(features).square().sum().backward()
    assert adapted.b.grad is not None and adapted.b.grad.abs().sum() > 0
    assert linear.weight.grad is None and torch.equal(linear.weight, before)


@pytest.mark.parametrize(
    ("sentence", "answer", "kept"),
    [
        (
            "Le musée, qui domine la ville, a fermé ses portes.",
            "fermé",
            "Le musée a fermé ses portes.",
        ),
        (
            "Le musée, qui domine la ville, a fermé ses portes.",
            "domine la ville",
            "Le musée, qui domine la ville, a fermé ses portes.",
        ),
        ("a fermé ses portes", "fermé", None),  # no sentence
    ],
)
def test_the_shortest_extract_keeps_the_answer(
    sentence: str, answer: str, kept: str | None
) -> None:
    assert generator_data.shortest_extract(sentence, answer, "fr") == kept


SOLVED = generator_data.Solved(
    "When was it founded?", "en", "It was founded in 1850 by a priest.",
    "It was founded in 1850.", ("It has two towers.", "The roof is green.", "It was sold."),
    "written:en->en",
)  # fmt: skip


def test_the_marker_is_the_place_of_the_sentence_that_answers() -> None:
    chance = random.Random(0)
    for _ in range(60):
        example = generator_data.asking(SOLVED, chance)
        evidence = example.messages[1].content.split("\n\n")[0].split("\n")
        if example.answer == generator_data.NO_ANSWER:
            assert not any("1850" in line for line in evidence)
        else:
            number = int(example.answer[-2])
            assert evidence[number - 1] == f"[{number}] It was founded in 1850 by a priest."


def test_two_sentences_that_disagree_are_both_given() -> None:
    (example,) = generator_data.disagreements([SOLVED], random.Random(0))
    evidence = example.messages[1].content.split("\n\n")[0]
    numbers = set(re.findall(r"in (\d{4}) by a priest", evidence))
    assert "1850" in numbers and len(numbers) == 2
    assert set(re.findall(r"founded in (\d{4})\. \[\d\]", example.answer)) == numbers


def test_what_was_written_is_whole() -> None:
    rows = corpora.written_rows("answers", generator_data.WRITTEN)
    assert len({row["id"] for row in rows}) == len(rows) >= 2000
    assert all(row["en"].strip() and row["fr"].strip() for row in rows)
    spans = corpora.written_rows("spans", generator_data.WRITTEN)
    assert len(spans) == 156 and all(row["accept"] for row in spans)
