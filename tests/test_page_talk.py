"""The conversation in a real browser: watching, stopping, asking anew, the keyboard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rag.assistant import open_assistant
from rag.config import Settings
from rag.fakes import OverlapJudge
from tests.page_fake import SEEDS, FakeAssistant
from tests.page_talk import (
    BOX,
    Open,
    address,
    browser,
    fake,
    focused,
    kept,
    nothing_left_and_no_complaint,
    questions,
    seconds_to_stop,
    served,
    shared,
    tab,
)
from tests.test_page import CHROMIUM, ask

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["address", "browser", "fake", "shared", "tab"]  # fixtures

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser: {CHROMIUM} is missing"),
]


# --- watching and stopping ----------------------------------------------------------------


def test_states_are_seen_and_said_and_a_stop_keeps_what_was_shown(
    tab: Open, fake: FakeAssistant
) -> None:
    page = tab()
    page.evaluate(
        "window.said = []; new MutationObserver(() => said.push(document.getElementById('att-live')"
        ".textContent)).observe(document.getElementById('att-live'), {childList: true})"
    )
    turn = ask(page, "drip please", "checking")
    assert turn.locator(".att-sentence").count() == 1  # the one that passed, the next isn't there
    assert "1 sentence passed its check" in turn.locator(".att-status").inner_text()
    assert turn.locator(".att-read li:visible").count() == 3
    clock = turn.locator(".att-clock").inner_text()
    page.wait_for_function(f"document.querySelector('.att-clock').innerText !== {clock!r}")
    assert seconds_to_stop(page, "#t1") < 1
    assert focused(page) == "att-question"
    page.wait_for_selector("#att-send:visible")
    assert fake.cancelled_seen.wait(1)

    def as_stopped() -> None:
        assert re.search(r"Stopped after \d+\.\d", turn.locator(".att-status").inner_text())
        assert turn.locator(".att-sentence").count() == 1
        assert turn.locator(".att-sources .att-card").count() == 2
        assert turn.locator(".att-read li:visible").count() == 3

    as_stopped()
    said = page.evaluate("said")
    assert [line.split(".")[0] for line in said] == [
        "Searching your documents", "3 passages found", "1 sentence passed its check",
        f"Stopped after {said[-1].split()[2].split('.')[0]}",
    ]  # fmt: skip
    page.reload()
    page.wait_for_selector("#t1")
    as_stopped()
    ask(page, "Why?")
    assert fake.asked[-1] == ("Why?", ())  # a stopped turn is no history


def test_escape_closes_what_lies_on_top_and_then_stops(tab: Open, fake: FakeAssistant) -> None:
    page = tab()
    ask(page, "Why?")
    ask(page, "slow please", "reading")
    page.click("#t1 .att-card .att-open >> nth=0")
    page.wait_for_selector(".att-panel mark")
    page.keyboard.press("Escape")
    assert not page.locator(".att-panel").is_visible()
    page.click(".att-past:visible")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert page.locator('#t2[data-state="reading"]').count() == 1
    page.focus(BOX)
    page.keyboard.press("Escape")
    page.wait_for_selector('#t2[data-state="stopped"]')
    assert focused(page) == "att-question"


def test_the_real_models_decoding_stops_within_a_second(
    browser: Browser, tab: Open, tmp_path: Path
) -> None:
    """Real index and generator, made talkative: an answer that would go on for long."""
    assistant = open_assistant(Settings(docs=SEEDS, data=tmp_path))
    assistant.sync()
    generator = assistant._opened_generator()
    assert generator is not None
    assistant._judge, assistant._one_by_one = OverlapJudge(), False  # any word may come
    real = generator.generate
    pieces: list[int] = []

    def talkative(messages: Any, *, max_tokens: int, cancelled: Any) -> Iterator[str]:
        while not cancelled():
            for _ in real(messages, max_tokens=max_tokens, cancelled=cancelled):
                pieces.append(1)
                yield " word"  # no sentence ends, so that none is refused

    generator.generate = talkative  # type: ignore[assignment, method-assign]
    try:
        with served(assistant) as address:
            page = tab(address)
            page.set_default_timeout(60_000)
            ask(page, "Quelle est la date limite ?", "reading")
            for _ in range(500):
                page.wait_for_timeout(20)
                if len(pieces) > 5:
                    break
            assert len(pieces) > 5
            assert seconds_to_stop(page, "#t1") < 1
            page.wait_for_timeout(500)
            said = len(pieces)
            page.wait_for_timeout(300)
            assert len(pieces) == said  # the model itself has stopped, too
            assert page.locator("#t1 .att-read li:visible").count() > 1
    finally:
        assistant.close()


# --- a turn, asked anew -------------------------------------------------------------------


def test_what_was_searched_for_is_changed_to_exactly_that_text(
    tab: Open, fake: FakeAssistant
) -> None:
    page = tab()
    ask(page, "Who bid for it?")
    ask(page, "When did they?")
    ask(page, "And then?")
    page.click("#t2 [data-act=told]")
    area = page.locator("#att-change textarea")
    assert area.input_value() == "When did they? (Who bid for it?)"
    assert "The turn after it goes" in page.inner_text("#att-change")
    area.fill("When did Oracle bid?")
    area.press("Enter")
    page.wait_for_selector('#t2[data-state="done"] .att-searched >> text=When did Oracle bid?')
    assert questions(page) == ["Who bid for it?", "When did they?"]
    assert (fake.asked[-1][0], fake.searched_for) == ("When did they?", "When did Oracle bid?")
    assert [turn.question for turn in fake.asked[-1][1]] == ["Who bid for it?"]
    assert focused(page) == "att-question"
    page.reload()
    page.click("#t2 [data-act=again]")  # asked again as it was asked: with what it was told
    page.wait_for_function("attest.turns() === 2 && !attest.busy()")
    assert (fake.asked[-1][0], fake.searched_for) == ("When did they?", "When did Oracle bid?")
    ask(page, "Why?")
    assert fake.searched_for is None


def test_an_edited_question_takes_its_turns_place_and_later_ones_go_after_it_was_said(
    tab: Open, fake: FakeAssistant
) -> None:
    page = tab()
    for question in ("One?", "Two?", "Three?"):
        ask(page, question)
    page.click("#t1 [data-act=edit]")
    assert "The 2 turns after it go" in page.inner_text("#att-change")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert questions(page) == ["One?", "Two?", "Three?"]
    page.click("#t2 [data-act=again]")
    assert "The turn after it goes" in page.inner_text("#att-change")
    page.click("#att-change .att-plain")
    assert len(fake.asked) == 3
    page.click("#t1 [data-act=edit]")
    area = page.locator("#att-change textarea")
    area.fill("  ")
    area.press("Enter")
    assert page.locator("#att-change").is_visible()
    area.fill("Uno?")
    area.press("Shift+Enter")
    area.type("Due?")
    page.click("#att-change .att-main")
    page.wait_for_function("attest.turns() === 1 && !attest.busy()")
    assert questions(page) == ["Uno?\nDue?"]
    assert fake.asked[-1] == ("Uno?\nDue?", ())
    assert [turn["question"] for turn in kept(page)[0]["turns"]] == ["Uno?\nDue?"]


def test_a_conversation_is_exported(tab: Open, fake: FakeAssistant) -> None:
    page = tab()
    ask(page, "Why?")
    ask(page, "Do they disagree?")
    texts = {}
    for kind in ("markdown", "json"):
        page.click(".att-export:visible")
        with page.expect_download() as waited:
            page.click(f"#att-export [data-kind={kind}]")
        name = waited.value.suggested_filename
        assert re.fullmatch(r"attest-\d{4}-\d\d-\d\d\.(md|json)", name)
        texts[kind] = Path(waited.value.path()).read_text(encoding="utf-8")
    turns = json.loads(texts["json"])["turns"]
    first = fake.ask("Why?")
    assert turns[0]["answer"] == first.to_dict()
    assert turns[1]["answer"]["disagreements"][0]["about"] == "deadline"
    assert texts["markdown"].startswith("# Conversation of ")
    for citation in first.citations:
        assert f"«{citation.place.quote}»" in texts["markdown"]
    assert texts["markdown"].count("\n---\n") == 2


def test_all_of_it_by_keyboard(tab: Open, fake: FakeAssistant) -> None:
    page = tab()
    page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")
    for number, question in enumerate(("Who bid for it?", "When did they?"), 1):
        page.keyboard.type(question)
        page.keyboard.press("Enter")
        page.wait_for_selector(f'#t{number}[data-state="done"]')
        page.wait_for_function("!attest.busy() && document.querySelector('#att-send')")
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        seen.append(
            page.evaluate("""(e => e.id || e.dataset.act || e.className)
            (document.activeElement)""")
        )
        with suppress(ValueError):
            if seen.index("past") and seen.index("told"):
                break
    for wanted in ("att-copy att-quiet", "again", "edit", "told", "att-new", "export", "past"):
        assert wanted in seen, wanted
    page.focus("#t2 [data-act=told]")
    page.keyboard.press("Enter")
    assert (
        focused(page) == "att-change"
        and page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    )
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert page.evaluate("document.activeElement.dataset.act") == "told"
    page.focus(".att-past:visible")
    page.keyboard.press("Enter")
    page.wait_for_selector("#att-past")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.wait_for_function(
        "document.activeElement.matches('.att-past-open, .att-past-delete, .att-close')"
    )
    page.keyboard.press("Escape")


def test_nothing_left_the_machine_and_the_browser_had_no_complaint() -> None:
    """Runs last: over every request that the tests above have made."""
    nothing_left_and_no_complaint()
