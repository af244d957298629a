"""What was said and the Quality tab, rendered, without a browser."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.feedback import REASONS, Entry
from eval.history import WORST, Figured, Run, Worst
from eval.metrics import HEADLINE
from rag.types import DocumentInfo, Scope, Selection
from rag.ui import evals_svg
from rag.ui.conversations import kept
from rag.ui.desk import Desk
from rag.ui.evals_html import PLOTTED, board
from rag.ui.evals_text import EVALS
from rag.ui.feedback import calls
from rag.ui.feedback_html import entries_html, thumbs, words_for_browser
from rag.ui.feedback_text import FEEDBACK
from rag.ui.text import ENGLISH, FRENCH
from rag.ui.turns_html import actions
from rag.ui.views import TurnView
from tests.page_fake import FakeAssistant
from tests.page_html import ATTRIBUTES, TAGS, Seen

MORE_TAGS = TAGS | {"small", "svg", "rect", "path", "text", "circle"} | {"title"}
MORE_ATTRIBUTES = ATTRIBUTES | {
    "data-id", "data-again", "data-run", "data-en", "data-fr", "viewbox", "focusable", "x", "y",
    "width", "height", "rx", "d", "cx", "cy", "r", "text-anchor",
}  # fmt: skip

HOSTILE = st.sampled_from(
    ["<script>window.__pwned=1</script>", "\"><img src=x onerror='x'>", "' onclick='x", "</svg><a>",
     "${x} {{value}} <!--", "&lt;b&gt;", "{n} {0}", "\x00\ud800"]
)  # fmt: skip
FIGURE = Figured(0.5, 0.25, 0.75, 12)


@settings(max_examples=20, deadline=None)
@given(st.tuples(*[HOSTILE] * 4), st.text(max_size=10))
def test_no_text_becomes_markup(hostile: tuple[str, str, str, str], more: str) -> None:
    a, b, c, d = (part + more for part in hostile)
    entry = Entry(a, b, c, False, d, a, b, c, False)
    run = Run(a, b, c, 1, 3, {"embedder": d}, a, b, dict.fromkeys(HEADLINE, FIGURE),
              {"p50": 1.0, "p95": 2.0}, (Worst(a, b, c, d, (a, b)),))  # fmt: skip
    for strings in (ENGLISH, FRENCH):
        for piece in (
            entries_html([entry], strings, a),
            board([run, run], None, Path(b), strings),
            board([], None, None, strings),
            thumbs(1, strings),
            words_for_browser(),
        ):
            seen = Seen(piece)
            assert seen.tags <= MORE_TAGS
            assert {name for name, _ in seen.attributes} <= MORE_ATTRIBUTES
            assert not seen.open
            json.dumps(piece).encode()


def test_every_name_has_words_in_both_languages() -> None:
    for said in EVALS.values():
        assert dict(said.figures).keys() == HEADLINE.keys()
        assert dict(said.why).keys() == WORST.keys()
    for words in FEEDBACK.values():
        assert tuple(dict(words.reasons)) == REASONS
    for pair in (EVALS, FEEDBACK):
        for field in fields(pair["en"]):
            english, french = (
                re.findall(r"{\w+}", str(getattr(pair[c], field.name))) for c in ("en", "fr")
            )
            assert sorted(english) == sorted(french), field.name


@pytest.mark.parametrize(
    ("value", "low", "high", "fill"),
    [(0.0, 0.0, 0.0, "0.0"), (1.0, 0.5, 1.0, "120.0"), (0.25, 0.1, 0.4, "30.0")],
)
def test_a_bar_ends_at_its_value_and_the_line_at_its_interval(
    value: float, low: float, high: float, fill: str
) -> None:
    piece = evals_svg.interval_bar(Figured(value, low, high, 3), (0.0, 1.0))
    assert f'class="att-fill" x="0.0" y="4" width="{fill}"' in piece
    assert f"M{120 * low:.1f} 7H{120 * high:.1f}" in piece


def test_a_score_below_nothing_goes_left() -> None:
    piece = evals_svg.interval_bar(Figured(-0.5, -1.0, 0.0, 3), (-1.0, 1.0))
    assert 'class="att-fill" x="30.0" y="4" width="30.0"' in piece


def test_a_run_without_the_figure_is_a_gap_in_the_line() -> None:
    points = [("a", FIGURE), ("b", FIGURE), ("c", None), ("d", FIGURE)]
    piece = evals_svg.over_runs(points, (0.0, 1.0), "words")
    assert piece.count("<circle") == 3 and piece.count('class="att-line"') == 1
    assert piece.count('class="att-whisker"') == 1  # alone on its side of the gap
    assert 'role="img" aria-label="words"' in piece


def test_runs_of_other_questions_are_not_in_the_plots() -> None:
    def run(date: str, sha: str) -> Run:
        return Run(date, "seeds.jsonl", sha, 1, 3, {}, "/d", "/r", {"correct": FIGURE}, {}, ())

    runs = [run("2026-01-01T00:00:00Z", "a"), run("2026-01-02T00:00:00Z", "b"),
            run("2026-01-03T00:00:00Z", "a")]  # fmt: skip
    piece = board(runs, None, Path("/d"), ENGLISH)
    assert piece.count("<circle") == 2
    assert "other folder" not in piece and EVALS["en"].worst_none in piece
    assert board(runs, "2026-01-02T00:00:00Z", None, ENGLISH).count("<circle") == 0
    assert set(PLOTTED) <= set(HEADLINE)


# --- what the browser's script calls ------------------------------------------------------


def called(data: Path) -> dict[str, object]:
    fake = FakeAssistant(
        {"a.txt": "Un 😀 deux."}, {"a.txt": DocumentInfo("a.txt", None, None, "fr", 1)}
    )
    return {call.__name__: call for call in calls(Desk(lambda progress: fake), data)}


@pytest.mark.parametrize(
    ("name", "given"),
    [("say_keep", given) for given in (
        None, [], "x", {}, {"conversation": "x", "n": 1}, {"conversation": "{}", "n": "1"},
        {"conversation": '{"turns": [{}]}', "n": 1, "good": True}, {"n": -1}, {"n": 10**9},
    )] + [("say_read", given) for given in (
        {}, {"source": "../../etc/passwd", "start": 0}, {"source": "a.txt", "start": -1},
        {"source": "a.txt", "start": "0"}, {"source": ["a.txt"], "start": 0}, 3,
    )] + [("say_find", {}), ("say_find", {"query": 3}), ("say_forget", {}), ("say_forget", None)],
)  # fmt: skip
def test_what_no_page_sends_is_one_line(name: str, given: object, tmp_path: Path) -> None:
    answer = called(tmp_path)[name](given)  # type: ignore[operator]
    assert set(answer) == {"error"} and "\n" not in answer["error"]
    assert "Traceback" not in answer["error"] and "root:" not in answer["error"]
    assert not (tmp_path / "feedback.jsonl").exists()


def test_an_answer_of_some_documents_is_no_question_to_all(tmp_path: Path) -> None:
    scope = Scope(Selection(frozenset({"a.txt"})), 1, 5, 0)
    answer = replace(FakeAssistant.over_seeds().ask("Why?"), scope=scope)
    view = TurnView(1, "Why?", "done", answer=answer)
    assert "data-say" not in actions(view, ENGLISH) and "data-copy" in actions(view, ENGLISH)
    conversation = json.dumps({"id": "x", "turns": [kept(view)]})
    said = called(tmp_path)["say_keep"]({"conversation": conversation, "n": 1, "good": True})  # type: ignore[operator]
    assert "asked of some documents" in said["error"]
    assert not (tmp_path / "feedback.jsonl").exists()


def test_a_quote_that_is_not_in_the_index_is_refused(tmp_path: Path) -> None:
    answer = FakeAssistant.over_seeds().ask("Why?")
    turn = kept(TurnView(1, "Why?", "done", answer=answer))
    whole = {"conversation": json.dumps({"id": "x", "turns": [turn]}), "n": 1, "reason": "wrong"}
    keep = called(tmp_path)["say_keep"]
    for right, why in (
        ({"source": "b.txt", "start": 0, "end": 1, "quote": "x"}, "no such document"),
        ({"source": "a.txt", "start": 5, "end": 9, "quote": "eux."}, "no longer holds"),
        ({"source": "a.txt", "start": 5.0, "end": 9, "quote": "deux"}, "can't be read"),
        ({"source": "a.txt"}, "can't be read"),
        ("deux", "can't be read"),
    ):
        assert why in keep({**whole, "right": right})["error"]  # type: ignore[operator]
    assert "data-say" in actions(TurnView(1, "Why?", "done", answer=answer), ENGLISH)
    done = keep({**whole, "right": {"source": "a.txt", "start": 5, "end": 9, "quote": "deux"}})  # type: ignore[operator]
    assert done["settled"] is True
