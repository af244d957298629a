"""Saying what was wrong, and seeing how good it is, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from eval import feedback, history, lines
from eval.questions import read_questions
from rag.assistant import open_assistant
from rag.config import Settings
from rag.types import DocumentInfo
from rag.ui import serve
from tests.page_fake import SEEDS, FakeAssistant
from tests.test_page import ARGUMENTS, CHROMIUM, ask, fits

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser: {CHROMIUM} is missing"),
]

EMOJI = "😀 Le 👩‍👩‍👧 pont.\r\nIl fut « ouvert » 😀 en 1932, dit-on.\r\n\r\nFin 😀."
HOSTILE = "<img src=x onerror=window.__pwned=1>\"'.txt"
LONG = "Une ligne 😀 de plus.\n" * 6_000 + "La toute fin 😀."

requested: list[str] = []
complaints: list[str] = []

Open = Callable[..., "Page"]


@contextmanager
def served(assistant: Any, data: Path | None) -> Iterator[str]:
    from rag.ui.page import build_page

    page = build_page(assistant, data=data)
    try:
        yield serve.launch(page, "127.0.0.1", serve.check_port("127.0.0.1", 0))
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
    texts = {"emoji.txt": EMOJI, HOSTILE: f"Avant.\n<b>gras</b> {HOSTILE}", "long.txt": LONG}
    infos = {name: DocumentInfo(name, f"T <b>{name[:5]}</b>", None, "fr", 1) for name in texts}
    return FakeAssistant(texts, infos)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def address(fake: FakeAssistant, data: Path) -> Iterator[str]:
    with served(fake, data) as address:
        yield address


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def tab(shared: BrowserContext, address: str, data: Path) -> Iterator[Open]:
    """Opens the page; nothing was said and no run was made yet."""
    for name in ("feedback.jsonl", "runs.jsonl"):
        (data / name).unlink(missing_ok=True)

    def opened(url: str = address) -> Page:
        page = shared.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: requested.append(request.url))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        page.evaluate("localStorage.clear()")
        page.reload()
        page.wait_for_selector(".att-welcome")
        return page

    yield opened
    for page in shared.pages:
        page.close()


def entry(data: Path) -> dict[str, Any]:
    (record,) = lines.read(data / "feedback.jsonl")
    read_questions(data / "feedback.jsonl")
    return record


def gold(record: dict[str, Any], fake: FakeAssistant) -> str:
    """The quote that was kept, after a look whether it stands at its span in the index."""
    ((source, start, end),) = record["feedback"]["spans"]
    ((place,),) = [need["any"] for need in record["gold"]]
    assert place == {"source": source, "quote": fake.text(source)[start:end]}
    return str(place["quote"])


def quality(page: Page) -> None:
    page.get_by_role("tab", name="Quality").click()
    page.wait_for_selector(".att-kept")


# --- saying it ----------------------------------------------------------------------------


def test_a_wrong_answer_by_the_keyboard_alone(tab: Open, fake: FakeAssistant, data: Path) -> None:
    """The quote lies behind emoji and a line end of two characters."""
    page = tab()
    ask(page, "When did it open?")
    page.wait_for_selector("#t1 [data-say=down]")
    page.focus("#t1 [data-say=down]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#att-say")
    assert page.evaluate("document.activeElement.type") == "radio"
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")  # incomplete
    page.keyboard.press("Tab")
    page.keyboard.type("The year, « 1932 », is missing <b>.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # unfolds the quote
    page.wait_for_selector("#att-say-document option >> nth=3", state="attached")
    page.focus("#att-say-document")
    page.keyboard.type("T <b>emoji")
    page.wait_for_function("document.querySelector('#att-say-text').value.includes('ouvert')")
    assert page.input_value("#att-say-text") == EMOJI.replace("\r\n", "\n")
    assert page.evaluate("document.activeElement.id") == "att-say-document"  # not torn away
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "att-say-text"
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type("not written")  # nothing can be changed here
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    assert page.input_value("#att-say-text") == EMOJI.replace("\r\n", "\n")
    shown = page.locator(".att-say-chosen blockquote")
    shown.wait_for()
    assert shown.inner_text() == "Il fut « ouvert » 😀 en 1932, dit-on."
    page.focus("#att-say .att-main")
    page.keyboard.press("Enter")
    page.wait_for_selector("#att-told")
    assert "The eval will ask this again" in page.inner_text("#att-told")
    page.wait_for_selector("#att-say", state="detached")
    assert page.get_attribute("#t1 [data-say=down]", "aria-pressed") == "true"
    record = entry(data)
    assert gold(record, fake) == "Il fut « ouvert » 😀 en 1932, dit-on."
    assert record["question"] == "When did it open?" and record["answerable"] is True
    assert record["feedback"]["reason"] == "incomplete"
    assert record["feedback"]["note"] == "The year, « 1932 », is missing <b>."


def test_a_quote_by_the_mouse_and_without_half_characters(
    tab: Open, fake: FakeAssistant, data: Path
) -> None:
    page = tab()
    ask(page, "Why?")
    page.click("#t1 [data-say=down]")
    page.click("#att-say summary")
    page.wait_for_selector("#att-say-document option >> nth=3", state="attached")
    page.select_option("#att-say-document", "emoji.txt")
    area = page.locator("#att-say-text")
    area.wait_for()
    area.scroll_into_view_if_needed()
    # from before the emoji of the last line to the end, dragged
    box = area.bounding_box()
    assert box
    style = page.evaluate(
        "(a => { const s = getComputedStyle(a); return [s.paddingTop, s.paddingLeft, s.lineHeight]"
        ".map(parseFloat); })(document.querySelector('#att-say-text'))"
    )
    y = box["y"] + style[0] + style[2] * 3.5
    page.mouse.move(box["x"] + style[1] + 1, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 40, y, steps=4)
    page.mouse.up()
    page.wait_for_selector(".att-say-chosen:visible")
    assert page.inner_text(".att-say-chosen blockquote") == "Fin 😀."
    # a script may cut a character in two; a quote never is
    page.evaluate(
        "(a => { a.setSelectionRange(a.value.lastIndexOf('😀') + 1, a.value.length);"
        " a.dispatchEvent(new Event('select')); })(document.querySelector('#att-say-text'))"
    )
    assert page.inner_text(".att-say-chosen blockquote") == "😀."
    page.check("#att-say input[value=wrong]")
    page.click("#att-say .att-main")
    page.wait_for_selector("#att-told")
    assert gold(entry(data), fake) == "😀."


def test_a_quote_by_search_and_in_a_later_part_of_a_long_document(
    tab: Open, fake: FakeAssistant, data: Path
) -> None:
    page = tab()
    ask(page, "Why?")
    page.click("#t1 [data-say=down]")
    page.check("#att-say input[value=should_not_have_answered]")
    assert "why not" in page.inner_text("#att-say summary")
    page.click("#att-say summary")
    page.fill("#att-say-query", "fin")
    page.press("#att-say-query", "Enter")
    page.wait_for_selector(".att-say-found li >> nth=2")
    page.click(".att-say-found li:has-text('La toute fin') button")
    page.wait_for_selector("#att-say-text:visible")
    assert page.inner_text(".att-say-chosen blockquote") == "La toute fin 😀."
    selected = page.evaluate(
        "(a => a.value.slice(a.selectionStart, a.selectionEnd))"
        "(document.querySelector('#att-say-text'))"
    )
    assert selected == "La toute fin 😀."
    page.click("#att-say .att-say-chosen button")
    assert not page.is_visible(".att-say-chosen")
    page.select_option("#att-say-document", "long.txt")
    page.wait_for_function(
        "document.querySelector('.att-say-where').innerText.startsWith('Characters 0')"
    )
    page.click("text=Later part")
    page.wait_for_function(
        "!document.querySelector('.att-say-where').innerText.startsWith('Characters 0')"
    )
    page.focus("#att-say-text")
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+End")
    page.wait_for_selector(".att-say-chosen:visible")
    page.click("#att-say .att-main")
    page.wait_for_selector("#att-told")
    record = entry(data)
    assert record["kind"] == "false_premise" and record["answerable"] is False
    assert gold(record, fake) in LONG
    assert record["feedback"]["spans"][0][1] >= 50_000


def test_what_is_missing_or_out_of_date_is_said_in_the_dialog(
    tab: Open, fake: FakeAssistant, data: Path
) -> None:
    page = tab()
    ask(page, "Why?")
    page.click("#t1 [data-say=down]")
    page.click("#att-say .att-main")
    assert page.inner_text("#att-say .att-error") == "Choose what was wrong first."
    page.check("#att-say input[value=other]")
    assert not page.is_visible("#att-say .att-error")
    page.click("#att-say summary")
    page.fill("#att-say-query", "pont")
    page.click("text=Find")
    page.click(".att-say-found li:has-text('Fin') button >> nth=0")
    page.wait_for_selector(".att-say-chosen:visible")
    before = dict(fake.texts)
    try:
        fake.texts.update({name: "x" + text for name, text in before.items()})
        page.click("#att-say .att-main")
        page.wait_for_selector("#att-say .att-error:visible")
        assert "no longer holds that quote" in page.inner_text("#att-say .att-error")
    finally:
        fake.texts.update(before)
    assert not (data / "feedback.jsonl").exists()
    page.keyboard.press("Escape")
    page.wait_for_selector("#att-say", state="detached")
    assert page.evaluate("document.activeElement.dataset.say") == "down"


def test_a_good_answer_its_undoing_and_a_changed_mind(tab: Open, data: Path) -> None:
    page = tab()
    ask(page, "Who?")
    ask(page, "Is there a unicorn?")
    page.click("#t1 [data-say=up]")
    page.wait_for_selector("#att-told")
    record = entry(data)
    assert record["feedback"]["verdict"] == "up" and record["answerable"] is True
    assert len(record["gold"][0]["any"]) == 2  # what it cited
    page.click("#att-told button")
    page.wait_for_function("document.querySelector('#att-told').innerText === 'Deleted.'")
    assert lines.read(data / "feedback.jsonl") == []
    assert page.get_attribute("#t1 [data-say=up]", "aria-pressed") == "false"
    page.click("#t2 [data-say=up]")
    page.wait_for_selector("#t2 [data-say=up][aria-pressed=true]")
    record = entry(data)
    assert (record["answerable"], record["gold"], record["history"]) == (False, [], ["Who?"])
    page.click("#t2 [data-say=down]")
    page.check("#att-say input[value=should_have_answered]")
    page.click("#att-say .att-main")
    page.wait_for_selector("#t2 [data-say=down][aria-pressed=true]")
    page.wait_for_selector("#t2 [data-say=up][aria-pressed=false]")
    assert "can't run it" in page.inner_text("#att-told")
    page.wait_for_timeout(200)
    assert entry(data)["feedback"]["reason"] == "should_have_answered"  # the last word alone
    page.reload()
    page.wait_for_selector("#t2 [data-say=down][aria-pressed=true]")
    page.click("#t2 [data-say=down]")  # once more takes it back
    page.wait_for_selector("#t2 [data-say=down][aria-pressed=false]")
    assert lines.read(data / "feedback.jsonl") == []


def test_what_was_kept_is_seen_and_deleted_and_stays_text(
    tab: Open, fake: FakeAssistant, data: Path
) -> None:
    page = tab()
    start = fake.texts[HOSTILE].index("<b>")
    right = feedback.Quote(HOSTILE, start, start + 11, "<b>gras</b>")
    for question in (f"Why {HOSTILE}?", "Who?"):
        said = feedback.Said(question, "en", False, False, "No.", reason="wrong", note=HOSTILE,
                             right=right)  # fmt: skip
        feedback.keep(data, said, fake.text)
    quality(page)
    kept = page.locator(".att-kept li")
    assert kept.count() == 2
    assert kept.nth(0).locator(".att-title").inner_text() == "Who?"
    assert HOSTILE in kept.nth(1).inner_text() and "<b>gras</b>" in kept.nth(1).inner_text()
    assert "It is wrong" in kept.nth(1).inner_text()
    kept.nth(0).locator("button").click()
    page.wait_for_function("document.querySelectorAll('.att-kept li').length === 1")
    assert entry(data)["question"] == f"Why {HOSTILE}?"
    page.locator(".att-kept li button").click()
    page.wait_for_selector(".att-kept .att-note")
    assert "thumbs under an answer" in page.inner_text(".att-kept")
    page.wait_for_timeout(100)
    assert page.evaluate("window.__pwned") is None
    assert page.locator(".att-kept img, .att-kept b, #att-say img").count() == 0


# --- how good it is -----------------------------------------------------------------------


def a_run(date: str, correct: float, **changes: Any) -> dict[str, Any]:
    figures = {
        name: [correct, correct - 0.1, correct + 0.1, 104]
        for name in ("correct", "citation_recall", "false_abstention", "quotes_exact")
    } | {"crag": [-0.25, -0.4, 0.0, 130], "quote_characters": [143.4, 120.0, 166.0, 90]}
    return {
        "date": date, "name": "seeds.jsonl", "sha256": "a", "schema": 1, "questions": 130,
        "models": {"embedder": "e <b>", "judge": None, "generator": "g"}, "docs": "/docs <i>",
        "report": "/r", "figures": figures, "seconds": {"p50": 0.4, "p95": 1.9}, "worst": [
            {"id": "q", "question": "When did they say so <b>?", "language": "en", "why": "wrong",
             "history": ["Who bid for it?"]}],
    } | changes  # fmt: skip


def test_runs_with_their_intervals_and_a_worst_question_asked_again(
    tab: Open, fake: FakeAssistant, data: Path
) -> None:
    page = tab()
    quality(page)
    assert "No run yet: type rag eval" in page.inner_text("#att-quality")
    lines.append(data / "runs.jsonl", a_run("2026-03-01T08:00:00Z", 0.4))
    lines.append(data / "runs.jsonl", a_run("2026-03-02T08:00:00Z", 0.9, name="x", sha256="b"))
    lines.append(data / "runs.jsonl", a_run("2026-03-03T08:00:00Z", 0.6))
    page.get_by_role("tab", name="Chat").click()
    quality(page)
    row = page.locator(".att-figures >> nth=0").locator("tbody tr")
    assert re.search(r"Correct answers.*60% \[50% to 70%\]\s+104", row.nth(0).inner_text(), re.S)
    assert "−0.25 [−0.40 to 0.00]" in page.inner_text(".att-figures >> nth=0")
    assert "3 March 2026" in page.inner_text(".att-eval .att-facts >> nth=0")
    assert "e <b>" in page.inner_text(".att-eval") and "none" in page.inner_text(".att-eval")
    plots = page.locator(".att-plots svg")
    assert plots.count() == 3
    assert plots.nth(0).locator("circle").count() == 2  # the run of other questions isn't in it
    assert "over 2 runs, the last 60% [50% to 70%]" in (
        plots.nth(0).get_attribute("aria-label") or ""
    )
    page.click(".att-more-figures summary")
    assert "143 [120 to 166]" in page.inner_text(".att-more-figures")
    page.click(".att-past-runs .att-open >> nth=0")
    page.wait_for_selector(".att-eval :text('One run of these questions so far')")
    assert "90% [80% to 100%]" in page.inner_text(".att-figures >> nth=0")
    assert page.locator(".att-past-runs tbody tr").count() == 3
    asked = len(fake.asked)
    page.click("[data-again]")
    page.wait_for_selector('#t2[data-state="done"]')
    assert page.is_visible("#t2") and page.locator(".att-turn").count() == 2
    assert [question for question, _ in fake.asked[asked:]] == [
        "Who bid for it?", "When did they say so <b>?",
    ]  # fmt: skip
    assert [turn.question for turn in fake.asked[-1][1]] == ["Who bid for it?"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_french(browser: Browser, address: str, data: Path, scheme: str) -> None:
    lines.append(data / "runs.jsonl", a_run("2026-03-01T08:00:00Z", 0.4, docs="/" + "d" * 300))
    context = browser.new_context(
        locale="fr-FR", viewport={"width": 390, "height": 844}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".att-welcome")
    ask(page, "Pourquoi ?")
    page.click("#t1 [data-say=down]")
    page.check("#att-say input[value=language]")
    page.click("#att-say summary")
    page.wait_for_selector("#att-say-document option >> nth=3", state="attached")
    page.select_option("#att-say-document", "emoji.txt")
    page.wait_for_selector("#att-say-text:visible")
    assert page.inner_text("#att-say h2").startswith("Qu’est-ce qui n’allait pas")
    assert page.evaluate(
        "(d => d.scrollWidth <= d.clientWidth)(document.querySelector('#att-say'))"
    )
    button = page.locator("#att-say .att-main").bounding_box()
    assert button and button["y"] + button["height"] <= 844
    page.click("#att-say .att-main")
    page.wait_for_selector("#att-told")
    page.click("[role=tab]:visible >> nth=3")
    page.wait_for_selector(".att-kept li")
    assert fits(page)
    assert "40\u00a0% [30\u00a0% à 50\u00a0%]" in page.inner_text(".att-figures >> nth=0")
    context.close()


def test_without_a_folder_nothing_is_offered(tab: Open, fake: FakeAssistant) -> None:
    with served(fake, None) as address:
        page = tab(address)
        ask(page, "Why?")
        assert not page.is_visible("[data-say]")
        assert page.locator("[role=tab]:visible").count() == 3


def test_from_a_wrong_answer_to_the_eval_and_back(tab: Open, tmp_path: Path) -> None:
    """Real Chroma and models: said on the page, run by `rag eval`, seen on the page."""
    from eval.run import main_eval

    settings = Settings(docs=SEEDS, data=tmp_path / "index")
    assistant = open_assistant(settings)
    assistant.sync()
    with served(assistant, settings.data_folder) as address:
        page = tab(address)
        page.set_default_timeout(60_000)
        ask(page, "Why was Microsoft's bid rejected?")
        page.click("#t1 [data-say=down]")
        page.check("#att-say input[value=wrong]")
        page.click("#att-say summary")
        page.fill("#att-say-query", "la société chinoise est devenue insensible")
        page.press("#att-say-query", "Enter")
        page.click(".att-say-found li button >> nth=0")
        page.wait_for_selector(".att-say-chosen:visible")
        quote = page.evaluate("document.querySelector('.att-say-chosen blockquote').textContent")
        page.click("#att-say .att-main")
        page.wait_for_selector("#att-told")
        record = entry(settings.data_folder)
        ((source, start, end),) = record["feedback"]["spans"]
        assert assistant.text(source)[start:end] == quote
        said: list[str] = []
        assert main_eval(settings, Path("feedback"), tmp_path / "out", None, said.append) == 0
        (run,) = history.read(settings.data_folder)
        figures = json.loads((tmp_path / "out" / "figures.json").read_text("utf-8"))
        assert run.figures["correct"].value == figures["groups"]["all"]["correct"]["value"]
        quality(page)
        assert "1 question of what you said" in page.inner_text(".att-eval")
        assert "Why was Microsoft's bid rejected?" in page.inner_text(".att-kept")
    assistant.close()


def test_nothing_left_the_machine_and_the_browser_had_no_complaint() -> None:
    """Runs last: over every request that the tests above have made."""
    assert len(requested) > 100
    hosts = {urlsplit(url).hostname for url in requested if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}
    assert complaints == []
