"""The second reading: whose weights count, in which order, and how far the judge's word goes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import shipped
from rag.errors import ModelUnavailable
from rag.protocols import Scores
from rag.relevance import (
    JUDGED_QUESTION_FEATURES,
    JUDGED_SENTENCE_FEATURES,
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    Judged,
    Weights,
)
from rag.rerank import JUDGED, Reranker, Scored, best_first
from rag.types import Passage, Sentence
from tests.parts import build


class Told:
    """A judge that finds a passage as relevant as its sentence says, and remembers what it read."""

    support_threshold = 0.9

    def __init__(self, name: str = "told") -> None:
        self.name = name
        self.read: list[tuple[str, list[Passage]]] = []

    def relevance(self, question: str, passages: Sequence[Passage]) -> Scores:
        self.read.append((question, list(passages)))
        return np.array([float(passage.sentence) for passage in passages], np.float64)

    def support(self, evidence: str, statements: Sequence[str]) -> Scores:
        raise AssertionError("not asked for")


PLAIN = Weights(
    dict.fromkeys(SENTENCE_FEATURES, 0.0) | {"bias": 1.0},
    dict.fromkeys(QUESTION_FEATURES, 0.0) | {"bias": -1.0, "top": 0.5},
    0.4,
)
FITTED = replace(
    PLAIN,
    judged=Judged(
        "told",
        {"bias": 0.25, "first": 0.5, "judge": 2.0, "judge_cross": -1.0},
        dict.fromkeys(JUDGED_QUESTION_FEATURES, 0.0) | {"bias": -2.0, "judge": 1.0, "top": 0.25},
        0.7,
    ),
)
FEATURES = dict.fromkeys(QUESTION_FEATURES, 0.0) | {"bias": 1.0, "top": 4.0}


def scored(*logits: float, cross: float = 0.0) -> list[Scored]:
    """In the order given; each in a file of its own, a.txt first."""
    found = []
    for number, value in enumerate(logits):
        source = f"{chr(97 + number % 26)}{number // 26 or ''}.txt"
        sentence = Sentence(number, source, 0, 0, 1, "x", 0, "prose", "en")
        found.append(Scored(sentence, {"cross": cross, "bias": 1.0}, value))
    return found


def passages(*probabilities: float) -> list[Passage]:
    return [Passage(str(value)) for value in probabilities]


def sources(items: Sequence[Scored]) -> str:
    return "".join(item.sentence.source[0] for item in items)


def test_without_a_judge_nothing_changes() -> None:
    for weights in (PLAIN, FITTED):
        reranker = Reranker(None, weights)
        items = scored(3.0, 1.0, 2.0)
        assert reranker.rerank("who?", items, passages(0.1, 0.9, 0.5)) == items
        assert reranker.threshold == 0.4
        assert reranker.answerable(FEATURES, items) == pytest.approx(1 / (1 + math.exp(-1.0)))


def test_the_fit_counts_for_the_judge_that_it_names() -> None:
    judge = Told()
    reranker = Reranker(judge, FITTED)
    assert reranker.threshold == 0.7
    found = reranker.rerank("who?", scored(3.0, 1.0), passages(0.5, 0.9))
    nine = math.log(9)
    assert sources(found) == "ba"
    assert [item.logit for item in found] == pytest.approx(
        [0.25 + 0.5 * 1.0 + 2.0 * nine, 0.25 + 0.5 * 3.0]
    )
    assert [item.judged for item in found] == pytest.approx([nine, 0.0])
    assert reranker.answerable(FEATURES, found) == pytest.approx(
        1 / (1 + math.exp(-(-2.0 + nine + 0.25 * 4.0)))
    )
    assert judge.read == [("who?", passages(0.5, 0.9))]


def test_across_languages_the_judge_counts_otherwise() -> None:
    (found,) = Reranker(Told(), FITTED).rerank("who?", scored(1.0, cross=1.0), passages(0.9))
    assert found.logit == pytest.approx(0.25 + 0.5 + (2.0 - 1.0) * math.log(9))


@pytest.mark.parametrize(
    ("name", "weights"), [("told", PLAIN), ("another", PLAIN), ("another", FITTED)]
)
def test_any_other_judge_counts_half(name: str, weights: Weights) -> None:
    reranker = Reranker(Told(name), weights)
    found = reranker.rerank("who?", scored(3.0, 1.0), passages(0.5, 0.9))
    assert [item.logit for item in found] == pytest.approx([0.5 * (1 + math.log(9)), 1.5])
    assert sources(found) == "ba"
    assert reranker.threshold == 0.4
    assert reranker.answerable(FEATURES, found) == pytest.approx(1 / (1 + math.exp(-1.0)))


def test_nothing_found_is_nothing_asked() -> None:
    judge = Told()
    assert Reranker(judge, FITTED).rerank("who?", [], []) == []
    assert judge.read == []


def test_the_judge_s_highest_word_decides_whether_anything_answers() -> None:
    reranker = Reranker(Told(), FITTED)
    # The one that it likes best isn't the best one, for all that the first stage says.
    found = reranker.rerank("who?", scored(20.0, -20.0), passages(0.5, 0.9))
    assert sources(found) == "ab"
    assert reranker.answerable(FEATURES, found) == pytest.approx(
        1 / (1 + math.exp(-(-2.0 + math.log(9) + 1.0)))
    )


def test_ties_go_by_place() -> None:
    items = scored(1.0, 1.0, 1.0)[::-1]
    assert sources(best_first(items)) == "abc"
    assert sources(Reranker(Told(), PLAIN).rerank("who?", items, passages(*[0.5] * 3))) == "abc"
    almost = [items[0], replace(items[1], logit=1.0 + 1e-12), items[2]]
    assert sources(best_first(almost)) == "abc"


probability = st.floats(0, 1) | st.sampled_from([0.0, 1.0])
logit = st.floats(-20, 20)


@given(st.lists(st.tuples(logit, probability), min_size=1, max_size=30), st.data())
@pytest.mark.parametrize("weights", [PLAIN, FITTED], ids=["half", "fitted"])
def test_the_tail_follows_the_head(
    weights: Weights, items: list[tuple[float, float]], data: st.DataObject
) -> None:
    """What the judge didn't read keeps its order behind all that it read, never above it, and
    nothing is lost."""
    read = data.draw(st.integers(1, len(items)))
    given_ = best_first(scored(*(value for value, _ in items)))
    judged = passages(*(chance for _, chance in items[:read]))
    found = Reranker(Told(), weights).rerank("who?", given_, judged)
    assert sorted(sources(found)) == sorted(sources(given_))
    head, tail = found[:read], found[read:]
    assert {item.sentence.id for item in head} == {item.sentence.id for item in given_[:read]}
    assert [item.sentence.id for item in tail] == [item.sentence.id for item in given_[read:]]
    assert all(item.judged is not None for item in head)
    assert all(item.judged is None for item in tail)
    logits = [item.logit for item in found]
    assert all(one >= other - 1e-9 for one, other in pairwise(logits))
    assert all(math.isfinite(value) for value in logits)
    assert all(new.logit <= old.logit for new, old in zip(tail, given_[read:], strict=True))
    assert found == best_first(head) + tail


def test_a_search_reads_so_many_with_what_stands_around_them(seeds: Path, tmp_path: Path) -> None:
    class Same(Told):
        def relevance(self, question: str, passages: Sequence[Passage]) -> Scores:
            self.read.append((question, list(passages)))
            return np.full(len(passages), 0.5)

    judge = Same("same")
    made = build(seeds, tmp_path, judge=judge)
    found = made.search("Pourquoi ByteDance ne vendra pas TikTok à Microsoft ?", limit=40)
    ((question, read),) = judge.read
    assert question == "Pourquoi ByteDance ne vendra pas TikTok à Microsoft ?"
    assert len(read) == JUDGED
    by_sentence = {item.sentence.text: item for item in found.evidence}
    assert len(set(by_sentence) & {passage.sentence for passage in read}) > 10
    for passage in read:
        if passage.sentence in by_sentence:
            assert by_sentence[passage.sentence].context == passage.text
    assert any(passage.before for passage in read)
    assert any(passage.after for passage in read)
    scores = [item.score for item in found.evidence]
    assert scores == sorted(scores, reverse=True)
    made.close()


# --- the fits -----------------------------------------------------------------------------


def as_json() -> dict[str, Any]:
    assert FITTED.judged is not None
    return {
        "sentence": dict(FITTED.sentence),
        "question": dict(FITTED.question),
        "threshold": FITTED.threshold,
        "judged": {
            "judge": "told",
            "sentence": dict(FITTED.judged.sentence),
            "question": dict(FITTED.judged.question),
            "threshold": 0.7,
        },
    }


def read(data: object, folder: Path) -> Weights:
    path = folder / "weights.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return Weights.read(path)


def test_weights_with_and_without_a_judge_s(tmp_path: Path) -> None:
    data = as_json()
    assert read(data, tmp_path) == FITTED
    del data["judged"]
    assert read(data, tmp_path) == PLAIN
    assert read(data, tmp_path).judged is None


def test_the_shipped_fit_over_a_judge_is_of_the_shipped_judge() -> None:
    from rag.models.weights import folder_name

    judged = Weights.read(shipped("models") / "relevance" / "weights.json").judged
    folder = shipped("models") / "judge"
    if judged is None:
        pytest.skip("no fit over a judge is shipped")
    assert judged.judge == folder_name(folder)
    assert set(judged.sentence) == set(JUDGED_SENTENCE_FEATURES)
    assert 0 < judged.threshold < 1


def put(*where: str, value: object = None) -> Callable[[dict[str, Any]], None]:
    """Sets what lies there; None takes it out."""

    def change(data: dict[str, Any]) -> None:
        for key in where[:-1]:
            data = data[key]
        if value is None:
            del data[where[-1]]
        else:
            data[where[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        put("judged", "judge"),
        put("judged", "threshold"),
        put("judged", "sentence"),
        put("judged", "sentence", "judge"),
        put("judged", "question", "judge"),
        put("judged", "sentence", "luck", value=1.0),
        put("judged", "luck", value=1.0),
        put("judged", value=[]),
        put("judged", value="told"),
        put("sentence", "names"),
        put("question", "luck", value=1.0),
    ],
)
def test_a_fit_of_another_shape_is_refused(
    change: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    data = as_json()
    change(data)
    with pytest.raises(ModelUnavailable) as refused:
        read(data, tmp_path)
    assert "\n" not in str(refused.value)
    assert "weights.json" in str(refused.value)
