"""What is said on the page becomes a question set; finished runs are remembered."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import feedback, history, lines
from eval.feedback import Quote, Said
from eval.measure import run
from eval.questions import Question, parse, read_questions
from rag.config import Settings
from rag.errors import RagError, UsageError
from tests.test_eval import Opened, opened  # noqa: F401

TEXT = "😀 The bridge opened in 1932. It cost six million pounds."
COST = "It cost six million pounds."
START = TEXT.index(COST)


def text(source: str) -> str:
    if source != "a.txt":
        raise UsageError(f"{source}: no such document in the index")
    return TEXT


RIGHT = Quote("a.txt", START, len(TEXT), COST)
OPENED = Quote("a.txt", 2, START - 1, TEXT[2 : START - 1])


def said(**changes: Any) -> Said:
    given: dict[str, Any] = {
        "question": "What did it cost?",
        "language": "en",
        "good": False,
        "abstained": False,
        "answer": "The bridge opened in 1932. [1]",
        "cited": (OPENED,),
        "reason": "wrong",
    }
    return Said(**given | changes)


# --- lines --------------------------------------------------------------------------------


def test_a_torn_line_is_passed_over_and_cut_off_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    for n in range(3):
        lines.append(path, {"n": n})
    whole = path.read_bytes()
    for cut in range(len(whole) - 9, len(whole)):  # the machine stopped while the last was written
        path.write_bytes(whole[:cut])
        assert [record["n"] for record in lines.read(path)] == [0, 1]
        lines.append(path, {"n": 9})
        assert [record["n"] for record in lines.read(path)] == [0, 1, 9]
    path.write_bytes(b'{"n"')
    lines.append(path, {"n": 5})
    assert path.read_bytes() == b'{"n": 5}\n'


def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"

    def write(name: int) -> None:
        for n in range(10):
            lines.append(path, {"n": name * 10 + n})
            if n % 3 == 0:
                assert lines.remove(path, "n", "") is False

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(record["n"] for record in lines.read(path)) == list(range(40))


def test_a_folder_that_can_t_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RagError, match="can't be written") as caught:
        lines.append(tmp_path / "file" / "x.jsonl", {})
    assert "\n" not in str(caught.value)


@settings(max_examples=20)
@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_text_comes_back_as_it_was(texts: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        for content in texts:
            lines.append(path, {"t": content})
        assert [record["t"] for record in lines.read(path)] == texts


# --- what was said ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "kind", "answerable", "gold", "settled"),
    [
        ({"right": RIGHT}, "feedback", True, [COST], True),
        ({"right": RIGHT, "reason": "should_have_answered", "abstained": True}, "feedback", True,
         [COST], True),
        ({}, "feedback", True, [], False),
        ({"reason": "language"}, "feedback", True, [], False),
        ({"reason": "should_not_have_answered"}, "feedback", False, [], True),
        ({"reason": "should_not_have_answered", "right": RIGHT}, "false_premise", False, [COST],
         True),
        ({"good": True, "reason": None}, "feedback", True, [OPENED.quote], True),
        ({"good": True, "reason": None, "abstained": True, "cited": ()}, "feedback", False, [],
         True),
    ],
)  # fmt: skip
def test_what_was_said_is_a_question_of_a_set(
    tmp_path: Path,
    what: dict[str, Any],
    kind: str,
    answerable: bool,
    gold: list[str],
    settled: bool,
) -> None:
    feedback.keep(tmp_path, said(**what), text, datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
    (question,) = read_questions(tmp_path / "feedback.jsonl")  # the reader of every set
    assert (question.kind, question.answerable) == (kind, answerable)
    assert [place.quote for need in question.gold for place in need] == gold
    assert question.settled is settled
    (entry,) = feedback.entries(tmp_path)
    assert (entry.date, entry.settled) == ("2026-03-04T05:06:07Z", settled)
    assert entry.quote == (gold[0] if gold else None)
    assert entry.good is bool(what.get("good"))


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"reason": None}, "choose what was wrong"),
        ({"question": " "}, "no question"),
        ({"note": "x" * 501}, "at most 500"),
        ({"right": Quote("b.txt", 0, 1, "x")}, "no such document"),
        ({"right": Quote("../../etc/passwd", 0, 1, "r")}, "no such document"),
        ({"right": Quote("a.txt", START + 1, len(TEXT), COST)}, "no longer holds"),  # one off
        ({"right": Quote("a.txt", START + 1, len(TEXT) + 1, COST)}, "no longer holds"),  # UTF-16
        ({"right": Quote("a.txt", -3, -1, "ds")}, "no longer holds"),
        ({"right": Quote("a.txt", 1, 2, " ")}, "no longer holds"),
        ({"right": Quote("a.txt", 0, 9_999, "x")}, "too long"),
        ({"history": ("x",) * 51}, "too long to keep"),
    ],
)
def test_what_can_t_be_kept_is_one_line_and_nothing_is_written(
    tmp_path: Path, what: dict[str, Any], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        feedback.keep(tmp_path, said(**what), text)
    assert not (tmp_path / "feedback.jsonl").exists()


def test_hostile_notes_are_data(tmp_path: Path) -> None:
    note = '"}\n{"id": "x", "question": "<script>"}\u2028\x00'
    name = feedback.keep(tmp_path, said(note=note), text)
    (entry,) = feedback.entries(tmp_path)
    assert entry.id == name and "<script>" in entry.note and "\n" not in entry.note
    assert len((tmp_path / "feedback.jsonl").read_bytes().splitlines()) == 1


def test_entries_can_be_seen_and_deleted(tmp_path: Path) -> None:
    names = [feedback.keep(tmp_path, said(note=f"n{n}"), text) for n in range(3)]
    assert [entry.note for entry in feedback.entries(tmp_path)] == ["n2", "n1", "n0"]
    assert feedback.forget(tmp_path, names[1]) is True
    assert feedback.forget(tmp_path, names[1]) is False
    assert [entry.note for entry in feedback.entries(tmp_path)] == ["n2", "n0"]
    for name in (names[0], names[2]):
        feedback.forget(tmp_path, name)
    with pytest.raises(UsageError, match="no feedback yet: open the page"):
        feedback.questions(tmp_path)


def test_a_line_edited_by_hand_is_named(tmp_path: Path) -> None:
    feedback.keep(tmp_path, said(right=RIGHT), text)
    with (tmp_path / "feedback.jsonl").open("a") as file:
        file.write('{"id": "mine"}\n')
    assert len(feedback.entries(tmp_path)) == 1
    with pytest.raises(UsageError, match=r"entry 2: field 'question' is missing"):
        feedback.questions(tmp_path)


def test_only_what_is_known_to_be_right_runs(tmp_path: Path) -> None:
    feedback.keep(tmp_path, said(right=RIGHT), text)
    feedback.keep(tmp_path, said(), text)
    found = feedback.questions(tmp_path)
    settled, notes = feedback.runnable(found, text)
    assert [question.id for question in settled] == [found[0].id]
    assert notes == ["1 of 2 left out: nobody said what is right (no quote)"]
    with pytest.raises(UsageError, match=r"nothing to run: .*1 of 2.*no longer stands"):
        feedback.runnable(found, lambda source: "another text")


def test_an_answer_that_cites_the_right_quote_is_correct(tmp_path: Path) -> None:
    """No accepted strings: a person picks a quote, and lists no words."""
    right = parse({"id": "x", "question": "What did it cost?", "language": "en", "kind": "feedback",
                   "answerable": True, "gold": [{"any": [{"source": "a.txt", "quote": COST}]}],
                   "feedback": {"verdict": "down"}})  # fmt: skip
    wrong = parse({"id": "y", "question": "When did the bridge open?", "language": "en",
                   "kind": "feedback", "answerable": True,
                   "gold": [{"any": [{"source": "a.txt", "quote": COST}]}],
                   "feedback": {"verdict": "down"}})  # fmt: skip
    from tests.test_eval import Quoter, detect

    made = run(Quoter({"a.txt": TEXT}), [right, wrong], tmp_path / "out", detect=detect)
    results = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").open()]
    cites = [COST in [c["quote"] for c in result["answer"]["citations"]] for result in results]
    assert sorted(cites) == [False, True]
    assert [result["verdict"] == "correct" for result in results] == cites
    assert made.figures["groups"]["all"]["undecided"]["value"] == 0.0


# --- the command --------------------------------------------------------------------------


def test_rag_eval_runs_what_was_said(opened: list[Opened], tmp_path: Path) -> None:  # noqa: F811
    from eval.run import main_eval

    docs, data = tmp_path / "docs", tmp_path / "mine"
    docs.mkdir()
    (docs / "a.txt").write_text(TEXT, encoding="utf-8")
    chosen = Settings(docs=docs, data=data)
    with pytest.raises(UsageError, match="no feedback yet"):
        main_eval(chosen, Path("feedback"), None, None, lambda piece: None)
    feedback.keep(data, said(right=RIGHT), text)
    feedback.keep(data, said(), text)
    written: list[str] = []
    assert main_eval(chosen, Path("feedback"), tmp_path / "out", None, written.append) == 0
    assert written[0].startswith("1 of 2 left out")
    assert opened[-1].settings == chosen  # the index that it was said of
    (kept,) = history.read(data)
    assert (kept.name, kept.questions, kept.docs) == ("feedback", 1, str(docs))
    assert kept.report == str((tmp_path / "out").resolve())
    assert kept.figures["answer_rate"].n == 1
    made = json.loads((tmp_path / "out" / "figures.json").read_text("utf-8"))
    assert kept.sha256 == made["set_sha256"]
    assert kept.figures["answer_rate"].low == made["groups"]["all"]["answer_rate"]["low"]


# --- past runs ----------------------------------------------------------------------------


def test_the_worst_questions_come_first_and_once(tmp_path: Path) -> None:
    asked = [Question(f"q{n}", f"Question {n}?", "en", "fact", False) for n in range(4)]
    asked[2] = Question("q2", "And then?", "en", "follow_up", False, history=("Before?",))
    found = history._worst(
        {"undecided": ["q0", "q1"], "failed": ["q2"], "wrong": ["q1"], "unknown": ["q3"]}, asked
    )
    assert [(item["id"], item["why"]) for item in found] == [
        ("q2", "failed"), ("q1", "wrong"), ("q0", "undecided"),
    ]  # fmt: skip
    assert found[0]["history"] == ["Before?"]


def test_a_line_of_another_version_is_passed_over(tmp_path: Path) -> None:
    lines.append(tmp_path / "runs.jsonl", {"date": "x"})
    lines.append(tmp_path / "runs.jsonl", {"figures": {"correct": "much"}})
    assert history.read(tmp_path) == []
    assert history.read(tmp_path / "nowhere") == []
