"""The conversation without a browser: what is sent, kept, read back and exported."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.types import Answer, Finished, Scope, Selection
from rag.ui import render
from rag.ui.contract import answer_of
from rag.ui.conversations import LONGEST, exported, kept, read_sent
from rag.ui.talk_text import TALK
from rag.ui.text import ENGLISH, FRENCH
from rag.ui.turns_markdown import conversation_markdown, escaped, turn_markdown
from rag.ui.views import TurnView, history_of
from tests.page_fake import FakeAssistant

WHEN = "2026-10-02T08:30:00.000Z"


@cache
def answered(question: str, number: int = 1) -> TurnView:
    view = TurnView(number, question, asked=WHEN)
    for event in FakeAssistant.over_seeds().stream(question):
        view = view.after(event)
    return view


def stopped(question: str) -> TurnView:
    """After its first sentence."""
    view = TurnView(1, question, asked=WHEN)
    for event in list(FakeAssistant.over_seeds().stream(question))[:2]:
        view = view.after(event)
    return view.ended("stopped", 2.5)


def sent(*turns: Any, **more: Any) -> str:
    return json.dumps({"id": "ab-1", "started": WHEN, "turns": list(turns)} | more)


# --- the contract, read back --------------------------------------------------------------


@pytest.mark.parametrize("question", ["Why?", "disagree", "unicorn"])
def test_an_answer_comes_back_as_it_was(question: str) -> None:
    *_, last = FakeAssistant.over_seeds().stream(question)
    assert isinstance(last, Finished)
    scoped = Scope(Selection(frozenset({"b", "a"}), "2020", None), 2, 5, 1)
    many = Scope(Selection(frozenset(f"{n}.txt" for n in range(3_000))), 3_000, 4_000, 0)
    for answer in (last.answer, *(replace(last.answer, scope=scope) for scope in (scoped, many))):
        sent = json.loads(json.dumps(answer.to_dict()))
        assert answer_of(sent) == answer
        assert answer_of(sent | {"later": 1}).to_dict() == answer.to_dict()


def wrong(answer: dict[str, Any]) -> list[Any]:
    """The object with one thing wrong, and things that are none at all."""
    citation = answer["citations"][0]
    return [
        None, [], "answer", 3,
        {name: value for name, value in answer.items() if name != "models"},
        answer | {"answer": None}, answer | {"abstained": 0}, answer | {"seconds": True},
        answer | {"seconds": -1}, answer | {"seconds": float("nan")}, answer | {"seconds": 1e300},
        answer | {"sentences": {}}, answer | {"sentences": [{}]},
        answer | {"sentences": [answer["sentences"][0] | {"support": "sure"}]},
        answer | {"sentences": [answer["sentences"][0] | {"citations": ["1"]}]},
        answer | {"citations": [citation, citation]},
        answer | {"citations": [citation | {"start": 9, "end": 3}]},
        answer | {"citations": [citation | {"start": 1.5}]},
        answer | {"citations": [citation | {"score": 1.5}]},
        answer | {"citations": [citation | {"title": ["x"]}]},
        answer | {"consulted": [citation] * 1001},
        answer | {"timings": {"retrieve": "soon"}},
        answer | {"selection": {"sources": "all"}},
    ]  # fmt: skip


def test_what_is_no_answer_is_refused_with_a_reason() -> None:
    view = answered("Why?")
    assert view.answer
    for broken in wrong(view.answer.to_dict()):
        with pytest.raises(ValueError, match="expected"):
            answer_of(broken)


# --- what the browser keeps ---------------------------------------------------------------


def test_turns_come_back_as_they_were_shown() -> None:
    broken = replace(stopped("Why?"), state="failed", error="the model file is cut short")
    told = replace(answered("When did they?"), told="When did ByteDance?")
    for view in (answered("Why?"), answered("unicorn"), stopped("Why?"), broken, told):
        (back,) = read_sent(sent(kept(view))).views
        assert back == replace(view, searched=None)
        again = render.turn(back, ENGLISH)
        assert again.count("att-sentence") == len(view.sentences)
        assert again.count('class="att-card"') == render.turn(view, ENGLISH).count(
            'class="att-card"'
        )
    assert "Stopped after 2.5" in render.turn(stopped("Why?"), ENGLISH)
    assert history_of((broken, told))[0].question == "When did they?"


def test_a_question_without_an_answer_comes_back_as_interrupted() -> None:
    pending = {"question": "Why?", "asked": WHEN, "state": "pending", "told": "Why not?"}
    (view,) = read_sent(sent(pending)).views
    assert (view.state, view.told, view.asked) == ("interrupted", "Why not?", WHEN)
    piece = render.turn(view, FRENCH)
    assert "Redemander" in piece and "la page a été quittée" in piece
    assert "Why not?" in piece  # what was to be searched for can be changed


def test_a_damaged_turn_stays_in_its_place_and_says_so() -> None:
    good = kept(answered("Why?"))
    for bad in (None, 7, {}, {"question": 3}, good | {"state": "done", "answer": {}},
                good | {"seconds": "long"}, good | {"partial": []}):  # fmt: skip
        views = read_sent(sent(good, bad, good)).views
        assert [view.state for view in views] == ["done", "unreadable", "done"]
        assert [view.number for view in views] == [1, 2, 3]
        assert "can’t be read" in render.turn(views[1], ENGLISH)
        assert len(history_of(views)) == 2


@pytest.mark.parametrize(
    "raw", ["{", "[]", "null", "3", '{"turns": 3}', "[" * 100_000, " " * (LONGEST + 1),
            '{"turns": [' + ",".join(["0"] * 1001) + "]}", 3, ["x"]],
)  # fmt: skip
def test_what_is_no_conversation_is_said_to_be_damaged(raw: Any) -> None:
    got = read_sent(raw)
    assert got.damaged and not got.views


def test_an_id_and_a_time_are_taken_in_their_form_alone() -> None:
    good = read_sent(sent(asked=WHEN))
    assert (good.id, good.started, good.asked) == ("ab-1", WHEN, WHEN)
    bad = read_sent(sent(asked="<b>now</b>").replace("ab-1", "../x").replace(WHEN, "2026"))
    assert (bad.id, bad.started, bad.asked, bad.damaged) == ("", "", "", False)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=80)
@given(st.data())
def test_whatever_the_browser_holds_is_shown_without_an_error(data: st.DataObject) -> None:
    """Anything put in the place of any part of a kept turn."""
    turn = json.loads(json.dumps(kept(answered(data.draw(st.sampled_from(["Why?", "disagree"]))))))
    holder: Any = turn
    for _ in range(data.draw(st.integers(0, 4))):
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = data.draw(st.sampled_from(keys)) if keys else None
        if key is None or not isinstance(holder[key], dict | list) or not holder[key]:
            break
        holder = holder[key]
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    holder[data.draw(st.sampled_from(keys))] = data.draw(_JSON)
    got = read_sent(sent(turn))
    assert len(got.views) == 1
    json.dumps(render.conversation(got.views, ENGLISH), ensure_ascii=False).encode("utf-8")
    exported(got).encode("utf-8")
    conversation_markdown(got.views, "", FRENCH).encode("utf-8")


# --- exports ------------------------------------------------------------------------------


def test_the_json_export_holds_the_contracts_objects() -> None:
    views = [answered("Why?"), stopped("When?"), TurnView(3, "", "unreadable")]
    whole = json.loads(exported(replace(read_sent(sent()), views=tuple(views))))
    assert (whole["format"], whole["version"], whole["started"]) == ("attest-conversation", 1, WHEN)
    first, second = whole["turns"]
    assert views[0].answer and first["answer"] == views[0].answer.to_dict()
    assert second["answer"] is None and second["state"] == "stopped"
    assert [s["text"] for s in second["partial"]["sentences"]] == [
        "ByteDance had grown insensitive."
    ]


def test_the_markdown_export() -> None:
    text = conversation_markdown(
        [answered("Why?"), stopped("When?"), TurnView(3, "And?", "interrupted")], "2 May", ENGLISH
    )
    parts = text.split("\n\n---\n\n")
    assert parts[0] == "# Conversation of 2 May"
    assert parts[1] == turn_markdown(answered("Why?"), ENGLISH)
    assert parts[2].startswith(
        "**When?**\n\n*Stopped: what had passed its check by then.*\n\nByteDance"
    )
    assert parts[3] == "**And?**\n\n*No answer yet: the page was left while it was being written*\n"


def test_a_disagreement_and_a_refusal_as_markdown() -> None:
    lines = turn_markdown(answered("disagree"), ENGLISH).splitlines()
    assert "The sources disagree: deadline" in lines
    assert "- 20 septembre [1]" in lines and "- 15 septembre [2]" in lines
    assert turn_markdown(answered("unicorn"), ENGLISH).splitlines() == [
        "**unicorn**", "",
        "Your documents don't answer this question.",
    ]  # fmt: skip


@given(st.text(alphabet="ab_*`[]<>!&;#\\~|( )\n", max_size=30))
def test_pasted_text_stays_text(text: str) -> None:
    made = escaped(text)
    assert "\n" not in made
    plain = re.sub(r"\\([\\`*\[\]<~|_&])", r"\1", made)
    assert plain == " ".join(text.split())
    bare = re.sub(r"\\.", "", made)
    assert not set(bare) & set("`*[]<~|")


def test_a_file_name_is_not_littered_with_escapes() -> None:
    assert escaped("003_2f0f.txt (a_b)") == "003_2f0f.txt (a_b)"
    assert escaped("_x_ [y](javascript:z)") == r"\_x\_ \[y\](javascript:z)"


# --- words --------------------------------------------------------------------------------


def test_both_languages_say_the_same_things() -> None:
    english, french = TALK["en"].for_browser(), TALK["fr"].for_browser()
    assert english.keys() == french.keys()
    for name, text in english.items():
        blanks = [sorted(re.findall(r"{\w+}", str(each))) for each in (text, french[name])]
        assert blanks[0] == blanks[1], name
        assert text != french[name] or name in ("past", "turns", "markdown", "json"), name


def test_an_answer_is_rendered_alike_before_and_after_it_was_kept() -> None:
    view = answered("disagree")
    (back,) = read_sent(sent(kept(view))).views
    assert isinstance(view.answer, Answer)
    live = render.turn(replace(view, searched=None), FRENCH)
    assert render.turn(back, FRENCH) == live
