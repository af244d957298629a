"""What the page renders, serves and refuses, without a browser."""

from __future__ import annotations

import html
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import uploads
from rag.config import Settings
from rag.errors import Cancelled, RagError, UsageError
from rag.types import (
    AnswerSentence,
    Citation,
    DocumentInfo,
    FileOutcome,
    Finished,
    Place,
    Scope,
    Searched,
    Selection,
    SyncReport,
)
from rag.ui import (
    document_html,
    documents_html,
    panels,
    pieces,
    render,
    selection_html,
    serve,
)
from rag.ui.desk import Desk, Tick, stream_work, sync_work
from rag.ui.documents_html import Taken
from rag.ui.quote_html import Marked
from rag.ui.text import ENGLISH, FRENCH, LANGUAGES, SEED_EXAMPLES, strings_for
from rag.ui.turns_markdown import turn_markdown
from rag.ui.views import TurnView, history_of
from tests.page_fake import FakeAssistant
from tests.page_html import ATTRIBUTES, TAGS, Seen, finished

ROOT = Path(__file__).parent.parent


# --- escaping -----------------------------------------------------------------------------


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_escaped_text_is_inert_and_can_be_sent(text: str) -> None:
    escaped = pieces.esc(text)
    assert not set(escaped) & set("<>\"'\x00")
    json.dumps(escaped, ensure_ascii=False).encode("utf-8")
    fit = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", "\ufffd", text)
    assert html.unescape(escaped) == fit or "&#" in text  # a text may itself spell a reference


HOSTILE = st.sampled_from(
    [
        "<script>window.__pwned=1</script>",
        "\"><img src=x onerror='window.__pwned=1'>",
        "' onmouseover='window.__pwned=1",
        "</p></div><iframe srcdoc='x'>",
        "[x](javascript:alert(1)) **b** `c` ${window.__pwned=1} {{value}}",
        "<!--",
        "&lt;b&gt; &amp;",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE), st.text(max_size=20))
def test_no_text_of_a_document_becomes_markup(
    hostile: tuple[str, str, str, str], more: str
) -> None:
    source, title, body, question = (part + more for part in hostile)
    place = Place(source, 3, 3 + len(body), body, title, more, more)
    view = finished("disagree")
    assert view.answer and view.searched
    citations = tuple(replace(c, place=place, also=(place,)) for c in view.citations)
    answer = replace(
        view.answer,
        citations=citations,
        standalone_question=body,
        sentences=(AnswerSentence(body, (1,), "supported", 1.0), *view.answer.sentences),
        disagreements=tuple(replace(d, about=title) for d in view.answer.disagreements),
    )
    searched = replace(
        view.searched,
        missing=(title,),
        evidence=tuple(replace(e, place=place) for e in view.searched.evidence),
    )
    view = replace(
        view,
        question=question,
        citations=citations,
        answer=answer,
        sentences=answer.sentences,
        searched=searched,
        error=body,
    )
    refusal = replace(view, answer=replace(answer, abstained=True, answer=body))
    info = DocumentInfo(source, title, more, more, 1)
    report = SyncReport((FileOutcome(source, "skipped", body),), 0.1, rebuilt=title)
    scope = Scope(Selection(frozenset({source, title}), body, more), 1, 2, 1)
    for piece in (
        render.conversation([view, refusal], FRENCH, note=body),
        panels.search_results(searched, ENGLISH),
        documents_html.listing([info], {info.source}, info.source, ENGLISH),
        documents_html.sync_report(report, ENGLISH),
        documents_html.outcomes(
            [Taken(body, None, title), Taken(title, source, body)], FRENCH, body
        ),
        documents_html.removed(source, ENGLISH),
        selection_html.dialog([info], Selection(frozenset({source}), more, body), ENGLISH),
        selection_html.control(scope, FRENCH),
        selection_html.searched_in(scope, ENGLISH),
        document_html.document(
            info,
            "abc" + body,
            ENGLISH,
            start=3,
            end=3 + len(body),
            quote=body,
            n=1,
            marks=(Marked(1, 3, 3 + len(body), body), Marked(2, 0, 3, "abc")),
        ),
        document_html.panel_error(body, ENGLISH),
    ):
        seen = Seen(piece)
        assert seen.tags <= TAGS
        assert {name for name, _ in seen.attributes} <= ATTRIBUTES
        styles = [value or "" for name, value in seen.attributes if name == "style"]
        assert all(re.fullmatch(r"(-?[a-z-]+:-?[\d.]+%?;?)+", value) for value in styles)
        assert not seen.open


def test_a_quote_is_shown_letter_for_letter() -> None:
    view = finished("Why?")
    shown = Seen(render.conversation([view], ENGLISH)).text("blockquote")
    for citation in view.citations:
        assert citation.place.quote in shown


# --- a turn -------------------------------------------------------------------------------


def test_the_states_of_a_turn() -> None:
    states: list[str] = []
    view = TurnView(1, "Why?")
    seen = [view]
    for event in FakeAssistant.over_seeds().stream("Why?"):
        view = view.after(event)
        seen.append(view)
    pieces = [render.turn(view, ENGLISH) for view in seen]
    states = [re.findall(r'data-state="(\w+)"', piece)[0] for piece in pieces]
    assert states == ["searching", "reading", "checking", "checking", "done"]
    assert [piece.count("att-sentence") for piece in pieces] == [0, 0, 1, 2, 2]
    assert [piece.count('class="att-card"') for piece in pieces] == [0, 0, 2, 2, 2]
    assert ["3 passages read" in piece for piece in pieces] == [False, True, True, True, True]
    assert ['aria-busy="true"' in piece for piece in pieces] == [True, True, True, True, False]
    assert "Answered in 1.2\u00a0s" in pieces[-1] or "Answered in 1.3\u00a0s" in pieces[-1]


def test_a_document_without_a_title_is_called_by_its_file_once() -> None:
    view = finished("Why?")
    citation = view.citations[0]
    view = replace(view, citations=(replace(citation, place=replace(citation.place, title=None)),))
    section = render.turn(view, ENGLISH).partition('<section class="att-sources">')[2]
    card = Seen(section.partition('<details class="att-also">')[0]).text()
    assert card.count("003_2f0f35355889fd64.txt") == 1 and "September 2020" in card
    info = DocumentInfo("plain.txt", None, None, "fr", 1)
    for piece in (
        documents_html.listing([info], (), "/docs", ENGLISH),
        document_html.document(info, "x", ENGLISH),
    ):
        assert Seen(piece).text().count("plain.txt") == 1


def test_what_was_searched_for_is_shown_when_it_differs() -> None:
    view = finished("Why?")
    assert "Searched for" not in render.turn(view, ENGLISH)
    assert view.answer
    view = replace(view, answer=replace(view.answer, standalone_question="Why was it rejected?"))
    assert "Searched for: <q>Why was it rejected?</q>" in render.turn(view, ENGLISH)


def test_a_huge_question_is_cut_on_the_page_alone() -> None:
    piece = render.turn(TurnView(1, "w" * 100_000), ENGLISH)
    assert "w" * render.SHOWN_QUESTION + "…" in piece
    assert len(piece) < 2_000


def test_the_copied_text_holds_answer_quotes_files_and_dates() -> None:
    text = turn_markdown(finished("Why?"), ENGLISH)
    assert text.startswith("**Why?**\n\nByteDance had grown insensitive. [1] Your documents say: «")
    assert text.splitlines()[-2:] == [
        "- [1] Titre 003 (003_2f0f35355889fd64.txt), September 2020: "
        "«la société chinoise est devenue insensible» (and in 1 more file: Titre 000 "
        "(000_72200733cb3f970f.txt), September 2020)",
        "- [2] Titre 000 (000_72200733cb3f970f.txt), September 2020: «Si un accord de rachat n'est "
        "pas trouvé avant le 20 septembre, la plateforme devra fermer aux Etats-Unis.»",
    ]


# --- words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB", "en"),
        ("de-DE,fr;q=0.5,en;q=0.4", "fr"),
        ("en;q=0.3, fr;q=0.7", "fr"),
        ("de", "en"),
        ("fr;q=0", "en"),
        ("fr;q=nonsense,,;;", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_browser_chooses_the_language(header: str | None, code: str) -> None:
    assert strings_for(header).code == code


def test_dates_and_counts_as_a_person_writes_them() -> None:
    assert [ENGLISH.date(d) for d in ("2020", "2020-09", "2020-09-01", None, "x", "2020-13")] == [
        "2020", "September 2020", "1 September 2020", "no date", "x", "2020-13",
    ]  # fmt: skip
    assert FRENCH.date("2020-09-01") == "1er septembre 2020"
    assert FRENCH.seconds(1.25).startswith("1,")
    assert ENGLISH.seconds(0.04) == "<\u20090.1\u00a0s"
    assert [FRENCH.count(FRENCH.passages, n) for n in (0, 1, 2)] == [
        "0 passage lu", "1 passage lu", "2 passages lus",
    ]  # fmt: skip
    assert ENGLISH.count(ENGLISH.passages, 0) == "0 passages read"


def test_both_languages_take_the_same_blanks() -> None:
    def blanks(value: object) -> list[str]:
        return sorted(re.findall(r"{\w+}", str(value)))

    for name in ENGLISH.__dataclass_fields__:
        assert blanks(getattr(ENGLISH, name)) == blanks(getattr(FRENCH, name)), name
    assert {action for action, _ in FRENCH.actions} == {action for action, _ in ENGLISH.actions}


def test_the_examples_speak_every_language_of_the_page() -> None:
    assert {example.language for example in SEED_EXAMPLES} == set(LANGUAGES)


# --- looks --------------------------------------------------------------------------------


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("selector", [":root {", ".dark {"])
def test_colours_meet_wcag_aa(selector: str) -> None:
    sheet = (ROOT / "rag/ui/assets/attest.css").read_text(encoding="utf-8")
    block = sheet[sheet.index(selector) :]
    colours = dict(re.findall(r"--att-([\w-]+): (#[0-9a-f]{6});", block[: block.index("}")]))
    grounds = ("page", "raised", "tint")
    pairs = [(ink, ground) for ink in ("ink", "soft", "accent") for ground in grounds]
    pairs += [("ink", "warn-tint"), ("soft", "warn-tint"), ("warn", "warn-tint"), ("warn", "raised"),
              ("on-accent", "accent"), ("on-accent", "accent-strong"),
              ("mark-ink", "mark"), ("warn", "page")]  # fmt: skip
    for ink, ground in pairs:
        light, dark = sorted((_luminance(colours[ink]), _luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


def test_nothing_is_fetched_from_elsewhere_by_the_page_itself() -> None:
    for path in sorted((ROOT / "rag/ui/assets").iterdir()):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.findall(r"https?://|//[a-z]|@import|url\(", text), path


# --- the desk -----------------------------------------------------------------------------


def test_jobs_run_one_at_a_time_in_order_and_see_how_many_come_first() -> None:
    desk = Desk(lambda progress: FakeAssistant.over_seeds())
    gate, running, order = threading.Event(), [0], []

    def job(name: str) -> Any:
        def work(assistant: Any, put: Any) -> None:
            running[0] += 1
            assert running[0] == 1
            order.append(name)
            gate.wait(5)
            running[0] -= 1
            put(name)

        return work

    first, second, third = (desk.run(job(name), threading.Event()) for name in "abc")
    assert [next(run).ahead for run in (first, second, third)] == [0, 1, 2]
    gate.set()
    for run, name in ((first, "a"), (second, "b"), (third, "c")):
        assert [item for item in run if not isinstance(item, Tick)] == [name]
    assert order == ["a", "b", "c"]


def test_a_stop_takes_effect_within_a_second_even_in_the_middle_of_a_computation() -> None:
    desk, stop = Desk(lambda progress: FakeAssistant.over_seeds()), threading.Event()
    run = desk.run(stream_work("stuck", (), stop), stop)
    assert next(item for item in run if not isinstance(item, Tick)).evidence
    stop.set()
    began = time.monotonic()
    assert list(run) == []
    assert time.monotonic() - began < 1


def test_a_stopped_answer_frees_the_line_and_tells_the_assistant() -> None:
    fake = FakeAssistant.over_seeds()
    desk, stop = Desk(lambda progress: fake), threading.Event()
    run = desk.run(stream_work("slow", (), stop), stop)
    assert isinstance(next(run), Searched | Tick)
    run.close()  # type: ignore[attr-defined]
    assert fake.cancelled_seen.wait(1)
    assert desk.call(lambda assistant: assistant.search("x").language) == "en"


def test_an_assistant_that_does_not_open_is_tried_again() -> None:
    attempts: list[int] = []

    def opener(progress: Any) -> FakeAssistant:
        attempts.append(1)
        if len(attempts) == 1:
            raise RagError("no model: fetch one")
        return FakeAssistant.over_seeds()

    desk = Desk(opener)
    with pytest.raises(RagError, match="no model"):
        desk.call(lambda assistant: assistant.sources())
    assert len(desk.call(lambda assistant: assistant.sources())) == 5
    assert len(attempts) == 2


def test_while_the_assistant_opens_the_visitor_sees_how_far_it_is() -> None:
    gate = threading.Event()

    def opener(progress: Any) -> FakeAssistant:
        progress("Reading files", 2, 5)
        gate.wait(5)
        return FakeAssistant.over_seeds()

    run = Desk(opener).run(lambda assistant, put: put("open"), threading.Event())
    tick = next(run)
    assert tick.opening and (tick.step.done, tick.step.total) == (2, 5)
    view = TurnView(1, "Why?", state="opening", step=tick.step)
    assert "Opening your documents 2/5" in render.turn(view, ENGLISH)
    gate.set()
    assert list(run)[-1] == "open"


def test_closing_stops_what_runs_and_does_not_wait_for_an_opening() -> None:
    fake = FakeAssistant.over_seeds()
    desk, stop = Desk(lambda progress: fake), threading.Event()
    run = desk.run(stream_work("slow", (), stop), stop)
    next(item for item in run if isinstance(item, Searched))
    began = time.monotonic()
    desk.close()
    assert fake.cancelled_seen.is_set() and time.monotonic() - began < 2

    gate, cancelled = threading.Event(), threading.Event()

    def opener(progress: Any) -> FakeAssistant:
        gate.set()
        try:
            for done in range(100):
                time.sleep(0.05)
                progress("Reading files", done, 100)
        except Cancelled:
            cancelled.set()
            raise
        return fake

    desk = Desk(opener)
    run = desk.run(lambda assistant, put: None, threading.Event())
    next(run)
    assert gate.wait(2)
    began = time.monotonic()
    desk.close()
    assert cancelled.is_set() and time.monotonic() - began < 2


def test_a_sync_outlives_the_visitor_who_asked_for_it() -> None:
    done = threading.Event()

    class Slow(FakeAssistant):
        def sync(self, progress: Any = None) -> SyncReport:
            for step in range(4):
                time.sleep(0.25)
                progress("Reading files", step, 4)
            done.set()
            return super().sync()

    run = Desk(lambda progress: Slow.over_seeds()).run(sync_work, threading.Event())
    next(run)
    run.close()  # type: ignore[attr-defined]
    assert done.wait(3)


def test_a_sync_reports_progress_and_then_its_outcomes() -> None:
    items = list(
        Desk(lambda progress: FakeAssistant.over_seeds()).run(sync_work, threading.Event())
    )
    assert isinstance(items[-1], SyncReport)
    assert (items[-2].done, items[-2].total) == (5, 5)
    piece = documents_html.sync_report(items[-1], ENGLISH)
    assert "5 unchanged, 1 skipped" in piece and "it holds no text" in piece
    assert "empty.pdf" in piece and "000_" not in piece


# --- the server ---------------------------------------------------------------------------


def test_only_loopback_without_a_password() -> None:
    for host in ("127.0.0.1", "localhost", "::1", "[::1]", "127.1.2.3"):
        assert serve.check_access(host, None) is None
    for host in ("0.0.0.0", "::", "192.168.1.4", "example.org"):
        with pytest.raises(UsageError, match=r"--auth user:password") as caught:
            serve.check_access(host, None)
        assert "\n" not in str(caught.value)
    assert serve.check_access("0.0.0.0", "ann:se:cret") == ("ann", "se:cret")
    for auth in ("ann", "ann:", ":secret", ""):
        with pytest.raises(UsageError, match="user:password"):
            serve.check_access("127.0.0.1", auth)


def test_a_taken_port_is_one_line_with_a_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RagError, match=f"port {port} is taken.*rag serve --port") as caught:
            serve.serve(Settings(), port=port, write=lambda line: None)
    assert "\n" not in str(caught.value)
    assert serve.check_port("127.0.0.1", port) == port
    with pytest.raises(UsageError, match="between 1 and 65535"):
        serve.check_port("127.0.0.1", 70_000)
    assert serve.check_port("127.0.0.1", 0) > 0


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, FakeAssistant]]:
    from rag.ui.page import build_page

    fake = FakeAssistant.over_seeds()
    page = build_page(fake)
    yield serve.launch(page, "127.0.0.1", serve.check_port("127.0.0.1", 0)), fake
    page.close(verbose=False)


def test_the_page_answers_its_own_host_alone(served: tuple[str, FakeAssistant]) -> None:
    address, _ = served
    answer = httpx.get(address)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "connect-src 'self'" in policy and "frame-ancestors 'none'" in policy
    icon = httpx.get(f"{address}favicon.ico")
    assert icon.headers["content-type"].startswith("image/svg") and b"#0e5f56" in icon.content
    for host in ("evil.example", "127.0.0.1.evil.example", "", "10.0.0.1:7860"):
        refused = httpx.get(address, headers={"Host": host})
        assert refused.status_code == 421, host
        assert "Attest" in refused.text and "seeds" not in refused.text
    assert httpx.get(address, headers={"Host": "localhost:1"}).status_code == 200


def test_no_file_is_served_and_none_too_large_is_taken(served: tuple[str, FakeAssistant]) -> None:
    address, _ = served
    for path in ("pyproject.toml", str(ROOT / "pyproject.toml"), "/etc/passwd", "seeds"):
        assert httpx.get(f"{address}gradio_api/file={path}").status_code in (403, 404), path
    large = {"files": ("a.txt", b"x" * (uploads.MAX_BYTES + 1))}
    assert httpx.post(f"{address}gradio_api/upload", files=large).status_code == 413


def test_nothing_of_the_page_points_off_the_machine(served: tuple[str, FakeAssistant]) -> None:
    config = httpx.get(f"{served[0]}config").json()
    assert config["analytics_enabled"] is False
    assert not config["space_id"]
    theme = httpx.get(f"{served[0]}theme.css").text
    assert "@import" not in theme and "@font-face" not in theme
    assert all(url.startswith(('"data:', "'data:")) for url in re.findall(r"url\(([^)]*)", theme))


SCRIPT = """
import sys
sys.path.insert(0, ".")
from tests.page_fake import FakeAssistant
from rag.ui.desk import Desk
from rag.ui.serve import serve_desk
assert "gradio" not in sys.modules
serve_desk(Desk(lambda progress: FakeAssistant.over_seeds()), port=0)
"""


def test_the_address_is_said_and_ctrl_c_ends_without_a_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline(), process.stdout.readline()]
        assert lines[0] == "Attest is starting…\n"
        address = re.search(r"http://127\.0\.0\.1:\d+/", lines[1])
        assert address and httpx.get(address[0]).status_code == 200
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0
    assert rest == "\nStopped.\n"
    assert "Traceback" not in errors


def test_history_holds_answered_turns_alone() -> None:
    done = finished("Why?")
    stopped = replace(TurnView(2, "And then?"), state="stopped")
    history = history_of((done, stopped))
    assert [turn.question for turn in history] == ["Why?"]
    assert done.answer and history[0].answer == done.answer.answer


def test_the_fake_keeps_the_contract_it_stands_for() -> None:
    fake = FakeAssistant.over_seeds()
    *_, last = fake.stream("disagree")
    assert isinstance(last, Finished)
    for citation in last.answer.citations:
        assert isinstance(citation, Citation)
        place = citation.place
        assert fake.text(place.source)[place.start : place.end] == place.quote
