"""Conversations in a real browser: kept, listed, deleted, and given back after reloads and restarts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.page_fake import FakeAssistant
from tests.page_talk import (
    BOX,
    Open,
    address,
    browser,
    complaints,
    fake,
    kept,
    nothing_left_and_no_complaint,
    questions,
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


# --- kept, and given back -----------------------------------------------------------------


def test_conversations_are_kept_here_listed_opened_and_deleted(
    tab: Open, fake: FakeAssistant
) -> None:
    page = tab()
    assert not page.locator(".att-past:visible").count()
    ask(page, "First of all?")
    ask(page, "And why?")
    page.click("#att-new")
    page.wait_for_selector(".att-welcome")
    ask(page, "Something <b>else</b>?")
    page.reload()
    page.wait_for_selector("#t1")
    assert questions(page) == ["Something <b>else</b>?"]

    other = tab()  # a second tab begins with a clean page, and finds the same list
    assert other.locator(".att-welcome").is_visible() and not questions(other)
    assert "(2)" in other.evaluate(
        "getComputedStyle(document.querySelector('.att-past'), '::after').content"
    ).replace('" "', "").replace('"', "").replace("( ", "(")
    other.click(".att-past:visible")
    rows = other.locator("#att-past li")
    assert [text.split("\n")[0] for text in rows.all_inner_texts()] == [
        "Something <b>else</b>?", "First of all?",
    ]  # fmt: skip
    assert "2 questions" in rows.nth(1).inner_text()
    assert "in this browser only" in other.inner_text("#att-past")
    other.click("#att-past li:nth-child(2) .att-past-open")
    other.wait_for_selector("#t2")
    assert questions(other) == ["First of all?", "And why?"]
    assert other.locator("#t1 .att-sources .att-card").count() == 2
    ask(other, "And they?")
    assert [turn.question for turn in fake.asked[-1][1]] == ["First of all?", "And why?"]

    other.click(".att-past:visible")
    other.click("#att-past li:has-text('else') .att-past-delete")
    other.click("#att-past .att-plain")  # kept, after all
    assert len(kept(other)) == 2
    other.click("#att-past li:has-text('else') .att-past-delete")
    other.click("#att-past .att-danger")
    assert [item["turns"][0]["question"] for item in kept(other)] == ["First of all?"]
    page.wait_for_selector(".att-welcome")  # gone from the tab that showed it
    assert "deleted in another tab" in page.inner_text("#att-said")
    other.click("#att-past .att-delete-all")
    other.click("#att-past .att-danger")
    assert kept(other) == [] and "None yet" in other.inner_text("#att-past")
    other.keyboard.press("Escape")
    other.wait_for_selector(".att-welcome")
    assert not other.evaluate("JSON.stringify(localStorage)").count("First of all")


def test_two_tabs_of_one_conversation_overwrite_nothing(tab: Open) -> None:
    page = tab()
    ask(page, "Shared?")
    other = tab()
    other.click(".att-past:visible")
    other.click("#att-past .att-past-open")
    other.wait_for_selector("#t1")
    ask(other, "From the second?")
    ask(page, "From the first?")
    assert "as a copy" in page.inner_text("#att-said")
    assert sorted([turn["question"] for turn in item["turns"]] for item in kept(page)) == [
        ["Shared?", "From the first?"], ["Shared?", "From the second?"],
    ]  # fmt: skip
    assert all(turn["state"] == "done" for item in kept(page) for turn in item["turns"])


HOSTILE = '<img src=x onerror="window.__pwned=1">${window.__pwned=1}'


def test_damaged_or_hostile_storage_is_left_out_with_a_line(tab: Open, fake: FakeAssistant) -> None:
    page = tab()
    ask(page, "Why?")
    # Kept, and nothing under way that would write over what is put there now.
    page.wait_for_function(
        "!attest.busy() && Object.keys(localStorage).some(k => k.startsWith('attest.conversation.')"
        " && JSON.parse(localStorage[k]).turns[0]?.answer)"
    )
    page.evaluate(
        """hostile => {
        const [key] = Object.keys(localStorage).filter(k => k.startsWith('attest.conversation.'));
        const one = JSON.parse(localStorage[key]);
        const bad = JSON.parse(JSON.stringify(one.turns[0]).replaceAll('Titre', hostile
            .replaceAll('"', '\\\\"')));
        const half = {...one.turns[0], answer: {...one.turns[0].answer, citations: 'none'}};
        one.turns.push({...bad, question: hostile}, half, null);
        localStorage[key] = JSON.stringify(one);
        localStorage['attest.conversation.00'] = '{"half';
        localStorage['attest.conversation.11'] = JSON.stringify({id: '11', rev: 1, turns: [null,
            {question: hostile}], updated: hostile});
        localStorage['attest.conversation.22'] = JSON.stringify({id: hostile, rev: 1, turns: []});
    }""",
        HOSTILE,
    )
    page.reload()
    page.wait_for_selector("#t4")
    states = page.locator(".att-turn").evaluate_all("all => all.map(t => t.dataset.state)")
    assert states == ["done", "done", "unreadable", "unreadable"]
    assert "can’t be read" in page.inner_text("#t3")
    assert HOSTILE in questions(page)[1] and HOSTILE in page.inner_text("#t2 .att-card >> nth=0")
    page.click(".att-past:visible")
    assert page.locator("#att-past li").count() == 2
    assert "2 conversations can’t be read" in page.inner_text("#att-past")
    page.click("#att-past li:has-text('onerror') .att-past-open")
    page.wait_for_function("document.querySelectorAll('.att-turn').length === 2")
    assert page.evaluate("window.__pwned") is None
    assert page.locator(".att-chat img, #att-past img").count() == 0
    ask(page, "Why not?")
    assert fake.asked[-1] == ("Why not?", ())
    page.evaluate("localStorage['attest.conversation.' + attest.here()] = '[]'")
    page.reload()
    page.wait_for_selector(".att-welcome")
    assert "can’t be read" in page.inner_text("#att-said")
    ask(page, "Why?")


def test_the_oldest_conversations_make_room_and_it_is_said(tab: Open) -> None:
    page = tab()
    page.evaluate(
        """() => [...Array(8).keys()].forEach(n => localStorage['attest.conversation.' + n] =
        JSON.stringify({v: 1, id: '' + n, rev: 1, started: `2020-01-0${n + 1}T00:00:00.000Z`,
            updated: `2020-01-0${n + 1}T00:00:00.000Z`, turns: [{question: 'q'.repeat(499_800)}]}))"""
    )
    ask(page, "Is there room?")
    page.wait_for_function("attest.entries().length === 8")
    assert "The oldest conversation was dropped" in page.inner_text("#att-said")
    assert [item["id"] for item in kept(page)][:7] == [str(n) for n in range(1, 8)]
    assert kept(page)[-1]["turns"][0]["state"] == "done"


def test_a_browser_that_keeps_nothing_still_converses(browser: Browser, address: str, tab: Open,
                                                      fake: FakeAssistant) -> None:  # fmt: skip
    context = browser.new_context(locale="fr-FR")
    context.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name,"
        "{get() { throw new DOMException('denied', 'SecurityError'); }})"
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(BOX)
    ask(page, "Who bid for it?")
    ask(page, "When did they?")
    assert [turn.question for turn in fake.asked[-1][1]] == ["Who bid for it?"]
    assert "ne laisse rien garder" in page.inner_text("#att-said")
    context.close()


def test_a_restored_citation_of_a_changed_document_says_so(tab: Open, fake: FakeAssistant) -> None:
    page = tab()
    ask(page, "Why?")
    page.reload()
    page.wait_for_selector("#t1")
    source = "003_2f0f35355889fd64.txt"
    before = fake.texts[source]
    try:
        fake.texts[source] = before.replace("insensible", "sensible")
        page.click("#t1 .att-card .att-open >> nth=0")
        page.wait_for_selector(".att-panel .att-text")
        assert "has changed since this answer" in page.inner_text(".att-panel")
        assert page.locator(".att-panel mark").count() == 0
        page.keyboard.press("Escape")
    finally:
        fake.texts[source] = before
    page.click("#t1 .att-card .att-open >> nth=0")
    page.wait_for_selector(".att-panel mark")


# --- reloads and restarts -----------------------------------------------------------------


def test_a_reload_in_the_middle_of_an_answer_loses_no_question(
    tab: Open, fake: FakeAssistant
) -> None:
    page = tab()
    ask(page, "slow please", "reading")
    page.fill(BOX, "What I was typing")
    page.reload()
    page.wait_for_selector('#t1[data-state="interrupted"]')
    assert fake.cancelled_seen.wait(3)  # the server's job has ended
    assert page.input_value(BOX) == "What I was typing"
    assert "the page was left" in page.inner_text("#t1")
    page.click("#t1 [data-act=edit]")
    page.locator("#att-change textarea").fill("Why?")
    page.keyboard.press("Enter")
    page.wait_for_selector('#t1[data-state="done"]')
    assert [turn["state"] for turn in kept(page)[0]["turns"]] == ["done"]
    # Gradio's client complains about the stream that the reload cut: expected here.
    complaints[:] = [text for text in complaints if not re.search("AbortError|errored out", text)]


def test_a_server_that_restarts_while_the_page_is_open(tab: Open) -> None:
    fake = FakeAssistant.over_seeds()
    with served(fake) as address:
        page = tab(address)
        page.set_default_timeout(60_000)
        ask(page, "Who bid for it?")
    port = int(address.rsplit(":", 1)[1].strip("/"))
    with served(fake, port):
        ask(page, "When did they?")  # as if nothing had happened
        assert [turn.question for turn in fake.asked[-1][1]] == ["Who bid for it?"]
    page.fill(BOX, "Is nobody there?")
    page.press(BOX, "Enter")
    page.wait_for_selector(".toast-body >> text=comes back by itself")
    with served(fake, port):
        page.wait_for_selector('#t3[data-state="interrupted"]')
        page.click("#t3 [data-act=again]")
        page.wait_for_selector('#t3[data-state="done"]')
        assert questions(page) == ["Who bid for it?", "When did they?", "Is nobody there?"]
        assert len(fake.asked[-1][1]) == 2
    page.goto("about:blank")
    complaints[:] = [text for text in complaints if "CONNECTION_REFUSED" not in text
                     and not re.search("AbortError|errored out|network", text)]  # fmt: skip


def test_nothing_left_the_machine_and_the_browser_had_no_complaint() -> None:
    """Runs last: over every request that the tests above have made."""
    nothing_left_and_no_complaint()
