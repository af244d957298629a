"""What the browser tests of the conversation share: a server over the fake, one person's browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from rag.ui import serve
from tests.page_fake import FakeAssistant
from tests.test_page import ARGUMENTS, CHROMIUM

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

BOX = "#att-question textarea"
Open = Callable[..., "Page"]

requested: list[str] = []
"""Every request of every page, and..."""
complaints: list[str] = []
"""... what the browser complained about."""


@contextmanager
def served(assistant: Any, port: int = 0) -> Iterator[str]:
    from rag.ui.page import build_page

    page = build_page(assistant)
    try:
        yield serve.launch(page, "127.0.0.1", serve.check_port("127.0.0.1", port))
    finally:
        page.close(verbose=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def fake() -> FakeAssistant:
    return FakeAssistant.over_seeds()


@pytest.fixture(scope="module")
def address(fake: FakeAssistant) -> Iterator[str]:
    with served(fake) as address:
        yield address


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[BrowserContext]:
    """One person's browser, emptied before each test: what it has cached makes visits quick."""
    context = browser.new_context(locale="en-GB", accept_downloads=True)
    yield context
    context.close()


@pytest.fixture
def tab(shared: BrowserContext, address: str, fake: FakeAssistant) -> Iterator[Open]:
    """Opens a tab of the same browser; the first of a test is the one of the test before, emptied."""
    fake.asked.clear()
    fake.cancelled_seen.clear()
    used: list[Page] = []

    def emptied(page: Page) -> Page:
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.evaluate("document.getElementById('att-new').click()")
        page.wait_for_function("document.querySelector('.att-welcome') && !attest.turns()")
        page.evaluate("attest.restored(); attest.say('')")
        return page

    def opened(url: str = address) -> Page:
        old = [page for page in shared.pages if page.url == url and page not in used]
        page = emptied(old[0]) if old and not used else shared.new_page()
        used.append(page)
        if old and page is old[0]:
            return page
        page.set_default_timeout(60_000)
        page.on("request", lambda request: requested.append(request.url))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        page.wait_for_selector(BOX)
        return page

    yield opened
    for page in used[1:] or ([] if used and used[0].url == address else used):
        page.close()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('[id]')?.id ?? ''"))


def kept(page: Page) -> list[dict[str, Any]]:
    """What the browser's storage holds, oldest first."""
    found = page.evaluate(
        "Object.entries(localStorage).filter(([k]) => k.startsWith('attest.conversation.'))"
        ".map(([k, v]) => JSON.parse(v))"
    )
    return sorted(found, key=lambda item: str(item["started"]))


def questions(page: Page) -> list[str]:
    texts = page.locator(".att-question").all_text_contents()
    return [text.removeprefix("You asked: ") for text in texts]


def seconds_to_stop(page: Page, turn: str) -> float:
    """From the click on the stop button to the turn that says so, by the browser's own clock."""
    script = """turn => new Promise(done => {
        const began = performance.now();
        new MutationObserver((changes, seen) => {
            if (!document.querySelector(`${turn}[data-state="stopped"]`)) return;
            seen.disconnect();
            done((performance.now() - began) / 1000);
        }).observe(document.body, {subtree: true, attributes: true});
        document.getElementById('att-stop').click();
    })"""
    return float(page.evaluate(script, turn))


def nothing_left_and_no_complaint() -> None:
    """Over every request that was made so far."""
    assert len(requested) > 100
    hosts = {urlsplit(url).hostname for url in requested if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}
    assert complaints == []
