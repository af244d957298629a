"""The page in a real browser (Debian's headless Chromium), doing what a person does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest

from rag.assistant import open_assistant
from rag.config import Settings
from rag.types import DocumentInfo
from rag.ui import serve
from rag.ui.text import SEED_EXAMPLES
from tests.page_fake import ABSTENTION, SEEDS, FakeAssistant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser: {CHROMIUM} is missing"),
]

Visit = Callable[..., "Page"]

requested: list[str] = []
complaints: list[str] = []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


def served(assistant: Any) -> Iterator[str]:
    from rag.ui.page import build_page

    page = build_page(assistant, examples=SEED_EXAMPLES)
    yield serve.launch(page, "127.0.0.1", serve.check_port("127.0.0.1", 0))
    page.close(verbose=False)


@pytest.fixture(scope="module")
def fake() -> FakeAssistant:
    return FakeAssistant.over_seeds()


@pytest.fixture(scope="module")
def address(fake: FakeAssistant) -> Iterator[str]:
    yield from served(fake)


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """One a locale: its pages share what the browser has cached, not their sessions."""
    found: dict[str, BrowserContext] = {}
    yield found
    for context in found.values():
        context.close()


@pytest.fixture
def visit(browser: Browser, contexts: dict[str, BrowserContext], address: str) -> Iterator[Visit]:
    """Opens the page as a new visitor; every request and complaint is kept."""
    pages = []

    def opened(
        url: str = address,
        width: int = 1280,
        height: int = 800,
        locale: str = "en-GB",
        scheme: Literal["light", "dark"] = "light",
    ) -> Page:
        if locale not in contexts:
            contexts[locale] = browser.new_context(
                locale=locale, permissions=["clipboard-read", "clipboard-write"]
            )
        page = contexts[locale].new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(60_000)
        page.on("request", lambda request: requested.append(request.url))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        page.wait_for_selector("#att-question textarea")
        page.wait_for_selector(".att-welcome")
        return page

    yield opened
    for page in pages:
        page.close()


def ask(page: Page, question: str, state: str = "done") -> Any:
    """Types a question, presses Enter, waits for the turn's state; the turn."""
    before = page.locator(".att-turn").count()
    page.fill("#att-question textarea", question)
    page.press("#att-question textarea", "Enter")
    turn = page.locator(f"#t{before + 1}")
    page.wait_for_selector(f'#t{before + 1}[data-state="{state}"]')
    return turn


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_evidence_then_sentences_then_sources(visit: Visit, fake: FakeAssistant) -> None:
    page = visit()
    assert page.title() == "Attest"
    turn = ask(page, "Why was it rejected (gated)?", "reading")
    assert turn.get_attribute("aria-busy") == "true"
    assert "3 passages" in turn.inner_text()
    assert turn.locator(".att-sentence").count() == 0
    assert turn.locator(".att-read li:visible").count() == 3  # shown at once
    turn.locator(".att-read summary").click()
    turn.locator(".att-read summary").click()
    fake.gate.set()
    page.wait_for_selector('#t1[data-state="done"]')
    assert turn.locator(".att-read").get_attribute("open") is not None  # stays unfolded
    assert turn.locator(".att-sentence").count() == 2
    assert turn.locator(".att-sources .att-card").count() == 2
    assert "Answered in 1.2" in turn.inner_text()
    assert page.input_value("#att-question textarea") == ""
    assert page.locator("#att-send").is_visible() and not page.locator("#att-stop").is_visible()


def test_disagreement_and_refusal(visit: Visit) -> None:
    page = visit()
    turn = ask(page, "Do they disagree?")
    boxes = turn.locator(".att-disagree > ul > li").all()
    assert len(boxes) == 2
    left, right = (box.bounding_box() for box in boxes)
    assert left and right and left["y"] == right["y"] and left["x"] < right["x"]
    assert "20 septembre" in boxes[0].inner_text() and "15 septembre" in boxes[1].inner_text()
    refusal = ask(page, "Is there a unicorn?")
    assert ABSTENTION in refusal.inner_text()
    assert refusal.locator(".att-refusal blockquote").count() == 3
    assert "What you can try" in refusal.inner_text()
    assert refusal.locator(".att-sentence").count() == 0


def test_follow_up_carries_the_conversation_and_a_new_one_forgets_it(
    visit: Visit, fake: FakeAssistant
) -> None:
    page = visit()
    ask(page, "Who bid for it?")
    turn = ask(page, "When did they say so?")
    assert "Searched for" in turn.inner_text()
    assert "When did they say so? (Who bid for it?)" in turn.inner_text()
    assert [t.question for t in fake.asked[-1][1]] == ["Who bid for it?"]
    page.click("#att-new")
    page.wait_for_selector(".att-welcome")
    ask(page, "Why?")
    assert fake.asked[-1] == ("Why?", ())


def test_a_new_conversation_in_the_middle_of_an_answer(visit: Visit, fake: FakeAssistant) -> None:
    page = visit()
    ask(page, "slow please", "reading")
    page.click("#att-new")
    page.wait_for_selector("#att-send:visible")
    page.wait_for_timeout(300)
    assert page.locator(".att-turn").count() == 0 and page.locator(".att-welcome").count() == 1
    ask(page, "Why?")
    assert fake.asked[-1] == ("Why?", ())


@pytest.mark.parametrize("question", ["slow please", "stuck please"])
def test_stop_takes_less_than_a_second(visit: Visit, fake: FakeAssistant, question: str) -> None:
    page = visit()
    fake.cancelled_seen.clear()
    turn = ask(page, question, "reading")
    began = time.monotonic()
    page.click("#att-stop")
    page.wait_for_selector('.att-turn[data-state="stopped"]')
    assert time.monotonic() - began < 1
    assert "Stopped after" in turn.inner_text()
    assert turn.locator(".att-read").count() == 1  # what was found stays
    if question.startswith("slow"):
        assert fake.cancelled_seen.wait(1)
    page.wait_for_selector("#att-send:visible")
    ask(page, "Why?")
    assert fake.asked[-1] == ("Why?", ())


def test_two_visitors_wait_in_line_and_see_nothing_of_each_other(
    visit: Visit, fake: FakeAssistant
) -> None:
    first, second = visit(), visit(locale="fr-FR")
    ask(first, "slow secret of the first", "reading")
    ask(second, "Pourquoi ?", "waiting")
    assert "Vous êtes le suivant" in second.locator("#t1").inner_text()
    first.click("#att-stop")
    second.wait_for_selector('#t1[data-state="done"]')
    assert "secret" not in second.content()
    assert "Pourquoi" not in first.content()
    ask(first, "And now?")
    assert fake.asked[-1] == ("And now?", ())  # a stopped turn is no history, another's neither


def test_examples_and_words_follow_the_browser_language(visit: Visit) -> None:
    for locale, placeholder, first, send in (
        ("en-GB", "Ask your documents…", "Why was Microsoft's bid rejected?", "Send"),
        ("fr-CA", "Interrogez vos documents…", "Qui a été choisi comme partenaire", "Envoyer"),
        ("de-DE", "Ask your documents…", "Why was Microsoft's bid rejected?", "Send"),
    ):
        page = visit(locale=locale)
        assert page.get_attribute("#att-question textarea", "placeholder") == placeholder
        assert page.inner_text("#att-send").strip() == send
        assert page.get_attribute("html", "lang") == ("fr" if locale == "fr-CA" else "en")
        tops = page.evaluate(
            "[...document.querySelectorAll('.att-example')].map(e => [e.offsetTop, e.offsetLeft, e.innerText])"
        )
        assert sorted(tops)[0][2].startswith(first)
        headings = [h.inner_text() for h in page.locator(".att-welcome h2").all() if h.is_visible()]
        assert len(headings) == 1
    page.click(".att-example >> nth=0")
    page.wait_for_selector('#t1[data-state="done"]')
    assert SEED_EXAMPLES[0].question in page.inner_text("#t1 h2")


def test_errors_are_one_line(visit: Visit) -> None:
    page = visit()
    turn = ask(page, "broken", "failed")
    assert "the model file is cut short: fetch it again" in turn.inner_text()
    turn = ask(page, "crash", "failed")
    assert "Something unexpected" in turn.inner_text()
    assert "ZeroDivisionError" not in page.content() and "Traceback" not in page.content()
    turn = ask(page, "🦄🦄", "failed")
    assert "ask with words" in turn.inner_text()
    page.press("#att-question textarea", "Enter")
    page.wait_for_selector(".att-note")
    assert page.locator(".att-turn").count() == 3
    page.fill("#att-question textarea", "why " * 25_000)
    page.click("#att-send")
    page.wait_for_selector('#t4[data-state="failed"]')
    assert "100000 characters" in page.inner_text("#t4") or "99999" in page.inner_text("#t4")
    assert fits(page)


def test_search_without_an_answer(visit: Visit) -> None:
    page = visit()
    page.get_by_role("tab", name="Search").click()
    page.fill("#att-query input, #att-query textarea", "deadline")
    page.press("#att-query input, #att-query textarea", "Enter")
    page.wait_for_selector(".att-results")
    assert page.locator(".att-results .att-card").count() == 3
    assert page.locator(".att-results .att-sentence").count() == 0
    page.click(".att-results .att-title .att-open >> nth=1")
    page.wait_for_selector(".att-panel mark")
    page.keyboard.press("Escape")
    page.fill("#att-query input, #att-query textarea", "broken")
    page.click("#att-search")
    page.wait_for_selector("#att-results .att-error")
    assert "the index is damaged" in page.inner_text("#att-results")


def test_documents_and_reindex(visit: Visit) -> None:
    page = visit()
    page.get_by_role("tab", name="Documents").click()
    page.wait_for_selector(".att-table tbody tr")
    rows = page.locator(".att-table tbody tr").all_inner_texts()
    assert len(rows) == 5
    assert re.search(
        r"Titre 000\s+000_72200733cb3f970f.txt\s+September 2020\s+French\s+20", rows[0]
    )
    assert "no date" in rows[1]
    page.click("#att-reindex")
    page.wait_for_selector("#att-report li")
    assert "skipped empty.pdf: it holds no text" in page.inner_text("#att-report li")
    page.wait_for_selector("#att-reindex:not([disabled])")
    page.click(".att-table .att-open >> nth=0")
    page.wait_for_selector(".att-panel .att-text")
    assert page.locator(".att-panel mark").count() == 0
    assert page.inner_text(".att-panel h2") == "Titre 000"


def test_copy_gives_the_answer_with_its_sources(visit: Visit) -> None:
    page = visit()
    ask(page, "Why?")
    page.click(".att-copy")
    page.wait_for_function("document.querySelector('.att-copy').innerText === 'Copied'")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("**Why?**")
    assert "[1] Titre 003 (003_2f0f35355889fd64.txt), September 2020: «la société" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_cut_off_at_any_width(
    visit: Visit, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = visit(width=width, height=844, scheme=scheme)
    assert fits(page)
    assert page.locator("[role=tab]:visible").count() == 3
    turn = ask(page, "Do they disagree on something " + "w" * 300 + "?")
    turn.locator(".att-read summary").click()
    assert fits(page)
    composer = page.locator("#att-composer").bounding_box()
    assert composer and composer["y"] + composer["height"] <= 844
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(251, 251, 249)" if scheme == "light" else "rgb(19, 23, 22)")
    turn.locator(".att-card .att-open").first.click()
    page.wait_for_selector(".att-panel mark")
    panel = page.locator(".att-panel").bounding_box()
    assert panel and panel["x"] >= 0 and panel["x"] + panel["width"] <= width
    page.keyboard.press("Escape")
    page.locator("[role=tab]:visible").nth(2).click()
    page.wait_for_selector(".att-table")
    assert fits(page)


def test_the_keyboard_alone(visit: Visit) -> None:
    page = visit()
    page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")
    page.keyboard.type("Why?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Really?")
    page.keyboard.press("Enter")
    page.wait_for_selector('#t1[data-state="done"]')
    assert page.inner_text("#t1 h2").endswith("Why?\nReally?")
    seen = []
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        seen.append(
            page.evaluate("document.activeElement.className + document.activeElement.tagName")
        )
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        if "att-" in seen[-1]:
            assert outline == "solid", seen[-1]
    for wanted in ("att-copy", "SUMMARY", "att-open", "att-marker"):
        assert any(wanted in where for where in seen), wanted


HOSTILE = """<script>window.__pwned=1</script><img src=x onerror="window.__pwned=1">
${window.__pwned=1} {{#with this}}{{/with}} [x](javascript:window.__pwned=1) <b>bold</b>"""


def test_a_hostile_document_stays_text(visit: Visit) -> None:
    name = "<img src=x onerror=window.__pwned=1>\"'.txt"
    info = DocumentInfo(name, f"T {HOSTILE}", "<b>2020</b>", "fr", 1)
    assistant = FakeAssistant({name: f"Avant.\n{HOSTILE}"}, {name: info})
    for address in served(assistant):
        page = visit(address)
        turn = ask(page, f"Why {HOSTILE}?")
        assert "<b>bold</b>" in turn.inner_text() and name in turn.inner_text()
        turn.locator(".att-card .att-open").first.click()
        page.wait_for_selector(".att-panel mark")
        assert "<script>window.__pwned=1</script>" in page.inner_text(".att-panel h2")
        assert "${window.__pwned=1}" in page.inner_text(".att-panel")
        page.keyboard.press("Escape")
        for tab in ("Search", "Documents"):
            page.get_by_role("tab", name=tab).click()
            if tab == "Search":
                page.fill("#att-query input, #att-query textarea", HOSTILE)
                page.click("#att-search")
                page.wait_for_selector(".att-results .att-card")
            else:
                page.wait_for_selector(".att-table tbody tr")
        page.wait_for_timeout(200)
        assert page.evaluate("window.__pwned") is None
        assert (
            page.locator(".att-chat img, .att-chat b:has-text('bold'), .att-panel img").count() == 0
        )


def test_the_real_assistant_over_the_seeds(
    visit: Visit, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Real Chroma, real embedder, real generator: from the question to the quote in the document."""
    settings = Settings(docs=SEEDS, data=tmp_path_factory.mktemp("index"))
    assistant = open_assistant(settings)
    assistant.sync()
    for address in served(assistant):
        page = visit(address)
        page.set_default_timeout(60_000)
        turn = ask(page, "Why was Microsoft's bid rejected?")
        assert turn.locator(".att-sentence .att-marker").count() >= 1
        assert turn.locator(".att-sources time[datetime='2020-09']").count() >= 1
        opens = turn.locator(".att-title .att-open").all()
        shown = turn.locator("blockquote").all()
        assert len(opens) == len(shown) >= 1
        for button, quote in zip(opens, shown, strict=True):
            source, start, end = (
                button.get_attribute(f"data-{name}") for name in ("source", "start", "end")
            )
            assert source and start and end
            text = assistant.text(source)[int(start) : int(end)]
            assert quote.evaluate("element => element.textContent") == text
        turn.locator("#t1-c1 .att-title .att-open").click()
        page.wait_for_selector(".att-panel mark")
        first = turn.locator("#t1-c1 blockquote").evaluate("element => element.textContent")
        assert page.evaluate("document.querySelector('.att-panel mark').textContent") == first
        page.keyboard.press("Escape")
        refusal = ask(page, "What is the boiling point of tungsten?")
        assert refusal.locator(".att-sentence").count() == 0
        assert refusal.locator(".att-refusal blockquote").count() >= 1
        page.get_by_role("tab", name="Documents").click()
        page.wait_for_selector(".att-table tbody tr")
        assert page.locator(".att-table tbody tr").count() == 5
    assistant.close()


def test_nothing_left_the_machine_and_the_browser_had_no_complaint() -> None:
    """Runs last: over every request that the tests above have made."""
    assert len(requested) > 100
    hosts = {urlsplit(url).hostname for url in requested if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}
    assert complaints == []
