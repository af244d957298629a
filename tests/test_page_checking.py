"""Checking an answer in a real browser: markers, the document beside the chat, disagreement, refusal,
looks, print, and documents that try to be more than text."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rag.assistant import open_assistant
from rag.config import Settings
from rag.protocols import never
from rag.types import (
    Answer,
    AnswerSentence,
    Citation,
    DocumentInfo,
    Event,
    Finished,
    Scope,
    Searched,
    Selection,
    Turn,
)
from rag.ui import serve
from tests.page_fake import FakeAssistant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Locator, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser: {CHROMIUM} is missing"),
]

Visit = Callable[..., "Page"]

LONG, OTHER, THIRD = "long.txt", "other.txt", "third.txt"
FIRST, SECOND, LAST = "The bridge opened in 1931.", "It has two lanes.", "It was painted green."


def paragraphs(n: int) -> str:
    return "".join(f"Paragraph {i} says nothing of interest at all.\n\n" for i in range(n))


class Prepared(FakeAssistant):
    """`bridge`: three quotes of one long document, one of which stands in two other files too;
    `original`: a sentence in another language than its quote; `limited`: a refusal in some of the
    documents. Everything else as the fake does it."""

    @classmethod
    def made(cls) -> Prepared:
        fake = cls.over_seeds()
        fake.texts |= {
            LONG: paragraphs(40) + FIRST + "\n\n" + paragraphs(40) + SECOND + "\n\n"
            + paragraphs(40) + LAST + "\n\n" + paragraphs(40),
            OTHER: paragraphs(30) + SECOND + "\n\n" + paragraphs(30),
            THIRD: SECOND,
        }  # fmt: skip
        fake.infos |= {
            LONG: DocumentInfo(LONG, "Harbour guide", "2024-03-02", "en", 123),
            OTHER: DocumentInfo(OTHER, "Town almanac", "2019", "en", 61),
            THIRD: DocumentInfo(THIRD, None, None, "en", 1),
        }
        assert isinstance(fake, Prepared)
        return fake

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        cancelled: Callable[[], bool] = never,
        **more: Any,
    ) -> Iterator[Event]:
        for event in super().stream(question, history, cancelled=cancelled, **more):
            if "limited" in question:
                yield self.limited(event)
            elif "bridge" in question and isinstance(event, Finished):
                yield Finished(self.bridge(event.answer))
            else:
                yield event

    def bridge(self, answer: Answer) -> Answer:
        also = (self.place(OTHER, SECOND), self.place(THIRD, SECOND))
        citations = tuple(
            Citation(n, self.place(LONG, quote), 0.9, also if quote == SECOND else ())
            for n, quote in enumerate((FIRST, SECOND, LAST), 1)
        )
        sentences = tuple(
            AnswerSentence(c.place.quote, (c.n,), "supported", 0.9) for c in citations
        )
        return Answer(
            **{name: getattr(answer, name) for name in Answer.__dataclass_fields__}
            | {"citations": citations, "sentences": sentences, "disagreements": ()}
        )

    def limited(self, event: Event) -> Event:
        scope = Scope(Selection(frozenset({LONG})), 1, 8, 0)
        if isinstance(event, Searched):
            return Searched(event.standalone_question, "en", event.evidence, 0.05, scope, ("Peru",))
        if isinstance(event, Finished):
            fields = {name: getattr(event.answer, name) for name in Answer.__dataclass_fields__}
            return Finished(Answer(**fields | {"scope": scope}))
        return event


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


def served(assistant: Any) -> Iterator[str]:
    from rag.ui.page import build_page

    page = build_page(assistant)
    yield serve.launch(page, "127.0.0.1", serve.check_port("127.0.0.1", 0))
    page.close(verbose=False)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    yield from served(Prepared.made())


complaints: list[str] = []


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    contexts = []

    def opened(
        url: str = address, width: int = 1280, height: int = 800, locale: str = "en-GB", **more: Any
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=locale, **more
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        page.wait_for_selector(".att-welcome")
        return page

    yield opened
    for context in contexts:
        context.close()


def ask(page: Page, question: str, *, timeout: int = 15_000) -> Locator:
    before = page.locator(".att-turn").count()
    page.fill("#att-question textarea", question)
    page.press("#att-question textarea", "Enter")
    page.wait_for_selector(f'#t{before + 1}[data-state="done"]', timeout=timeout)
    return page.locator(f"#t{before + 1}")


def still(page: Page, selector: str) -> FloatRect:
    """Where an element lies once it has stopped moving."""
    before = None
    for _ in range(60):
        box = page.locator(selector).first.bounding_box()
        if box and box == before:
            return box
        before = box
        page.wait_for_timeout(50)
    raise AssertionError(f"{selector} doesn't come to rest")


def in_panel(page: Page, selector: str) -> bool:
    inside, outer = still(page, selector), still(page, ".att-text")
    return (
        inside["y"] >= outer["y"] - 1
        and inside["y"] + inside["height"] <= outer["y"] + outer["height"] + 1
    )


# --- markers and the document -------------------------------------------------------------


def test_a_click_on_a_marker_opens_the_document_at_the_quote(visit: Visit) -> None:
    page = visit(height=500)
    turn = ask(page, "bridge")
    assert [p.inner_text()[-3:] for p in turn.locator(".att-sentence").all()] == [
        "[1]", "[2]", "[3]",
    ]  # fmt: skip
    turn.locator(".att-sentence .att-marker").nth(1).click()
    page.wait_for_selector(".att-panel mark")
    assert page.inner_text(".att-panel h2") == "Harbour guide"
    head = page.inner_text(".att-panel header")
    assert "long.txt" in head and "2 March 2024" in head and "English" in head
    assert page.inner_text("mark.att-quote-now") == SECOND
    assert in_panel(page, "mark.att-quote-now")
    assert page.locator("mark.att-quote-other").all_inner_texts() == [FIRST, LAST]
    assert not in_panel(page, "mark.att-quote-other")
    here, other = (
        page.eval_on_selector(f"mark.{name}", "e => getComputedStyle(e).backgroundColor")
        for name in ("att-quote-now", "att-quote-other")
    )
    assert here != other
    # Beside the chat, not over it.
    chat, panel = still(page, ".att-chat"), still(page, ".att-panel")
    assert chat["x"] + chat["width"] <= panel["x"]


def test_the_keyboard_opens_the_document_goes_between_its_marks_and_back(visit: Visit) -> None:
    page = visit(height=500)
    turn = ask(page, "bridge")
    turn.locator(".att-sentence .att-marker").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".att-panel mark")
    page.wait_for_function("document.activeElement.matches('.att-panel h2')")
    said = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        said.append((page.inner_text("mark.att-quote-now"), page.inner_text(".att-place-of")))
    assert said == [(SECOND, "2 of 3"), (LAST, "3 of 3"), (FIRST, "1 of 3"), (LAST, "3 of 3")]
    assert in_panel(page, "mark.att-quote-now")
    # The same by Tab: close, the three links, previous, next.
    page.focus(".att-panel h2")
    seen = []
    for _ in range(6):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText"))
    assert seen == ["Close", "[1]", "[2]", "[3]", "←", "→"]
    page.focus(".att-place >> nth=1")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.innerText") == SECOND
    assert page.inner_text("mark.att-quote-now") == SECOND and in_panel(page, "mark.att-quote-now")
    assert page.locator(".att-place[aria-current]").all_inner_texts() == ["[2]"]
    page.keyboard.press("Escape")
    assert not page.locator(".att-panel").is_visible()
    assert page.evaluate("document.activeElement.className") == "att-marker"
    assert page.evaluate("document.activeElement.innerText") == "[1]"
    assert not page.locator("#att-tip").is_visible()  # coming back shows nothing


def test_the_files_that_say_the_same_open_at_their_places(visit: Visit) -> None:
    page = visit(height=500)
    turn = ask(page, "bridge")
    assert turn.locator(".att-also summary").inner_text() == "and in 2 more files"
    turn.locator(".att-also summary").click()
    rows = turn.locator(".att-also li").all_inner_texts()
    assert "Town almanac" in rows[0] and "2019" in rows[0] and "other.txt" in rows[0]
    assert "third.txt" in rows[1] and "no date" in rows[1]
    turn.locator(".att-also .att-open").first.click()
    page.wait_for_function("document.querySelector('.att-panel h2')?.innerText === 'Town almanac'")
    assert page.inner_text("mark") == SECOND
    assert in_panel(page, "mark")
    # What two dates tell is shown on a line, and as a list.
    line = turn.locator(".att-time")
    assert [re.sub(r"\s+", " ", row) for row in line.locator("li").all_inner_texts()] == [
        "2019 Town almanac[2]",
        "2 March 2024 Harbour guide[1][2][3]",
        "no date third.txt[2]",
    ]
    assert line.locator(".att-axis").get_attribute("aria-hidden") == "true"
    assert line.locator(".att-bar").count() == 2


def test_a_marker_shows_its_quote_and_escape_takes_it_away(visit: Visit) -> None:
    page = visit(width=360, height=640)
    turn = ask(page, "bridge, and then what follows it (disagree)")
    marker = turn.locator(".att-sentence .att-marker").nth(2)
    marker.scroll_into_view_if_needed()
    page.wait_for_timeout(400)
    marker.hover()
    tip = page.locator("#att-tip")
    tip.wait_for(state="visible")
    assert tip.inner_text() == LAST and tip.get_attribute("role") == "tooltip"
    box = still(page, "#att-tip")
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["y"] >= 0
    page.mouse.move(box["x"] + 5, box["y"] + 5)  # the quote can be pointed at
    page.wait_for_timeout(350)
    assert tip.is_visible()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    # By keyboard, and for a screen reader: the marker is described by the quote itself.
    page.mouse.move(0, 0)
    turn.locator(".att-sentence .att-marker").first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    tip.wait_for(state="visible")
    assert tip.inner_text() == FIRST
    described = page.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-describedby')).innerText"
    )
    assert described == FIRST
    page.keyboard.press("Escape")
    assert not tip.is_visible() and not page.locator(".att-panel").is_visible()


def test_below_900_pixels_the_document_lies_over_the_chat_and_keeps_the_focus(visit: Visit) -> None:
    page = visit(width=360, height=640)
    turn = ask(page, "bridge")
    turn.locator(".att-sentence .att-marker").first.click()
    page.wait_for_selector(".att-panel mark")
    page.wait_for_selector(".att-panel[role=dialog][aria-modal=true]")
    panel = still(page, ".att-panel")
    assert (panel["x"], panel["width"], panel["height"]) == (0, 360, 640)
    assert page.evaluate("document.querySelector('.att-panel').scrollWidth") <= 360
    for key in ["Tab"] * 9 + ["Shift+Tab"] * 11:
        page.keyboard.press(key)
        assert page.evaluate("!!document.activeElement.closest('.att-panel')")
    page.set_viewport_size({"width": 1000, "height": 640})
    page.wait_for_selector(".att-panel:not([role])")
    chat, panel = still(page, ".att-chat"), still(page, ".att-panel")
    assert chat["x"] + chat["width"] <= panel["x"]


def test_nothing_is_cut_off_beside_the_document(visit: Visit) -> None:
    page = visit()
    turn = ask(page, "Do they disagree? bridge")
    turn.locator(".att-sentence .att-marker").first.click()
    page.wait_for_selector(".att-panel mark")
    for width in (360, 899, 900, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        panel, composer = still(page, ".att-panel"), still(page, "#att-composer")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert panel["x"] >= 0 and panel["x"] + panel["width"] <= width
        over = composer["x"] + composer["width"] > panel["x"]
        assert over == (width < 900), width


def test_sentences_say_how_they_are_proven_and_give_the_original(visit: Visit) -> None:
    page = visit()
    turn = ask(page, "Why?")
    kinds = {
        kind: turn.locator(f"p.att-{kind}").first.evaluate(
            "e => [getComputedStyle(e).borderLeftStyle, e.querySelector('.att-sr').innerText]"
        )
        for kind in ("supported", "quoted")
    }
    assert kinds == {"supported": ["solid", "Checked:"], "quoted": ["dotted", "Quoted:"]}
    legend = turn.locator(".att-legend").inner_text()
    assert "proven by the quote" in legend and "the document's own words" in legend
    original = turn.locator(".att-original")
    assert original.count() == 1
    assert original.inner_text().startswith("Original, in French")
    above, below = turn.locator("p.att-supported").bounding_box(), original.bounding_box()
    assert above and below and below["y"] >= above["y"] + above["height"] - 5


# --- disagreement and refusal -------------------------------------------------------------


def test_a_refusal_says_why_and_one_click_searches_for_it(visit: Visit) -> None:
    page = visit()
    turn = ask(page, "Is there a unicorn?")
    assert (
        "fit the question less well than an answer needs" in turn.locator(".att-why").inner_text()
    )
    turn.locator(".att-refusal .att-open").first.click()
    page.wait_for_selector(".att-panel mark")
    page.keyboard.press("Escape")
    turn.locator(".att-do").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#att-results .att-card")
    tab = page.get_by_role("tab", name="Search")
    assert tab.get_attribute("aria-selected") == "true"
    box = page.locator("#att-query input, #att-query textarea")
    assert box.input_value() == "Is there a unicorn?"
    assert page.locator("#att-results .att-card").count() == 8


def test_a_refusal_from_some_documents_asks_all_of_them(visit: Visit) -> None:
    page = visit(locale="fr-FR")
    turn = ask(page, "unicorn limited")
    why = turn.locator(".att-why").inner_text()
    assert "Seul 1 document sur 8 a été consulté." in why
    assert "Aucun document consulté ne contient le mot «\u00a0Peru\u00a0»" in why
    turn.locator(".att-do", has_text="Interroger tous les documents").click()
    page.wait_for_selector('#t2[data-state="done"]')
    assert "unicorn limited" in page.inner_text("#t2 h2")


# --- looks --------------------------------------------------------------------------------

CONTRAST = """() => {
  const parse = (text) => {
    const found = text.match(/rgba?\\(([^)]+)\\)/);
    if (!found) return null;
    const [r, g, b, a = 1] = found[1].split(/[ ,\\/]+/).map(Number);
    return { r, g, b, a };
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a), a: 1,
  });
  const light = (c) => {
    const [r, g, b] = [c.r, c.g, c.b].map((v) => {
      v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c && c.a > 0) { layers.push(c); if (c.a === 1) break; }
    }
    let base = { r: 255, g: 255, b: 255, a: 1 };
    for (const layer of layers.reverse()) base = over(layer, base);
    return base;
  };
  const bad = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({ checkOpacity: true })) continue;
    if (element.closest("script, style, .att-sr, [disabled], template")) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const style = getComputedStyle(element);
    const under = ground(element), ink = parse(style.color);
    if (!ink) continue;
    const one = light(over(ink, under)), two = light(under);
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    seen += 1;
    if (ratio < (large ? 3 : 4.5)) {
      bad.push(`${ratio.toFixed(2)} ${element.className || element.tagName}: ${node.data.trim().slice(0, 40)}`);
    }
  }
  return { bad, seen };
}"""


def read(page: Page, least: int) -> None:
    """Every text that is seen now, light and dark."""
    for dark in (False, True):
        page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", dark)
        found = page.evaluate(CONTRAST)
        assert found["bad"] == [], "dark" if dark else "light"
        assert found["seen"] >= least


def test_every_text_meets_aa_against_what_lies_behind_it(visit: Visit) -> None:
    page = visit(width=1440, height=900)
    at_once = "*, *::before, *::after { transition: none !important; }"
    page.add_style_tag(content=at_once)
    read(page, 8)
    for number, question in enumerate(
        ("Why?", "bridge", "Do they disagree?", "unicorn limited", "broken"), 1
    ):
        page.fill("#att-question textarea", question)
        page.press("#att-question textarea", "Enter")
        page.wait_for_selector(f"#t{number}[data-state=done], #t{number}[data-state=failed]")
        page.wait_for_selector("#att-send:visible")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.locator("#t2 .att-sentence .att-marker").first.click()
    page.wait_for_selector(".att-panel mark")
    page.locator("#t3 .att-sentence .att-marker").first.hover()
    page.wait_for_selector("#att-tip:visible")
    read(page, 150)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Search").click()
    page.fill("#att-query input, #att-query textarea", "deadline")
    page.click("#att-search")
    page.wait_for_selector(".att-results .att-card")
    read(page, 30)
    page.get_by_role("tab", name="Documents").click()
    page.wait_for_selector("#att-documents :is(tr, li)")
    read(page, 20)
    # What is read is really looked at: a grey that is too light is found.
    page.add_style_tag(content=":root:root body .att-header p { color: #999; }")
    page.evaluate("document.body.classList.remove('dark')")
    assert [line[:4] for line in page.evaluate(CONTRAST)["bad"]] == ["2.75"]


def test_who_wants_no_motion_gets_none(visit: Visit) -> None:
    page = visit(reduced_motion="reduce")
    turn = ask(page, "bridge")
    moving = "document.getAnimations().filter((a) => a.effect.getTiming().duration > 1).length"
    assert page.evaluate(moving) == 0
    turn.locator(".att-sentence .att-marker").first.click()
    page.wait_for_selector(".att-panel mark")
    page.keyboard.press("ArrowRight")
    assert in_panel(page, "mark.att-quote-now") and page.evaluate(moving) == 0


def test_an_answer_prints_with_its_sources(visit: Visit) -> None:
    from pypdf import PdfReader

    page = visit()
    ask(page, "bridge")
    turn = ask(page, "Do they disagree?")
    turn.locator(".att-sentence .att-marker").first.click()
    page.wait_for_selector(".att-panel mark")
    pages = PdfReader(io.BytesIO(page.pdf(format="A4"))).pages
    text = re.sub(r"\s+", " ", " ".join(sheet.extract_text() for sheet in pages))
    for wanted in ("bridge", FIRST, LAST, "Harbour guide", "long.txt", "other.txt", "third.txt",
                   "The sources disagree", "20 septembre", "001_b41c7b1a6920393c.txt",
                   "The sources in time"):  # fmt: skip
        assert wanted in text, wanted
    for unwanted in ("Send", "Close", "New conversation", "passages read", "Paragraph 3 says"):
        assert unwanted not in text, unwanted
    assert len(pages) <= 4
    assert page.locator(".att-also[open]").count() == 0  # as it was


def test_the_first_paint_needs_no_script_of_gradio(
    visit: Visit, browser: Browser, address: str
) -> None:
    context = browser.new_context(locale="fr-FR", color_scheme="dark")
    page = context.new_page()
    page.route("**/assets/*.js", lambda route: None)  # never answered
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".att-first h1:visible")
    assert "Interrogez vos propres documents." in page.inner_text(".att-first")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 23, 22)"
    page.close()
    # Warm: within a second, at the best of three; a machine that is at something else says nothing.
    figures: list[float] = []
    while len(figures) < 3 and not any(figure < 1000 for figure in figures):
        kept = context.new_page()
        kept.goto(address)
        kept.wait_for_selector(".att-welcome")
        painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
        kept.wait_for_function(f"{painted} > 0")
        figures.append(kept.evaluate(painted))
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    assert busy or min(figures) < 1000
    assert kept.locator(".att-first").count() == 0 and kept.locator("h1").count() == 1
    # A second visit fetches none of Gradio's files again.
    kept.goto(address)
    kept.wait_for_selector(".att-welcome")
    again = kept.evaluate(
        "performance.getEntriesByType('resource').filter((r) => r.name.includes('/assets/')"
        " && r.transferSize > 0).map((r) => r.name)"
    )
    assert again == []
    context.close()


# --- hostile documents --------------------------------------------------------------------

ATTACK = '<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script>'
HOSTILE = {
    "<img src=x onerror=window.__pwned=1>.txt": f"""Harbour guide {ATTACK}

2024-03-02

The harbour bridge was opened on 14 May 1931 {ATTACK}. The bridge master lives at "' onfocus=window.__pwned=1 autofocus x='".
""",
    "\" onmouseover=window.__pwned=1 x='${window.__pwned=1}{{value}}.md": f"""# Almanac </title></script>{ATTACK}

2023-11-20

The harbour bridge was opened on 3 June 1932 {ATTACK}. [Engineer](javascript:window.__pwned=1) was Anna Holm.
""",
    "page.html": f"""<html><head><title>&lt;script&gt;window.__pwned=1&lt;/script&gt; Ferry</title></head><body>
<p>The ferry to the island costs four crowns &lt;iframe srcdoc="&lt;script&gt;parent.__pwned=1&lt;/script&gt;"&gt;.</p>{ATTACK}
<p>2022-01-01</p></body></html>""",
}  # fmt: skip


def unharmed(page: Page) -> None:
    assert page.evaluate("window.__pwned") is None
    planted = page.evaluate(
        """[...document.querySelectorAll('.gradio-container img, .gradio-container iframe,'
          + '.gradio-container script, #att-tip *, [onerror], [onmouseover], [onfocus], [autofocus],'
          + 'a[href^="javascript"]')].filter((e) => !e.matches('textarea, input')).map((e) => e.outerHTML)"""
    )
    assert planted == []


def test_hostile_files_in_a_real_index_stay_text(
    visit: Visit, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Real Chroma, real models: text, titles and file names that try to run, everywhere they show."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, text in HOSTILE.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = Settings(docs=folder, data=tmp_path_factory.mktemp("index"))
    assistant = open_assistant(settings)
    assert assistant.sync().count("added") == 3
    for address in served(assistant):
        page = visit(address, width=1280)
        turn = ask(page, f"When was the harbour bridge opened {ATTACK}?", timeout=90_000)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert ATTACK in turn.locator("h2").inner_text()
        assert turn.locator(".att-sentence .att-marker").count() >= 1
        assert ATTACK in turn.locator(".att-sources").inner_text()
        assert "<img src=x onerror=window.__pwned=1>.txt" in turn.inner_text()
        unharmed(page)
        for marker in turn.locator(".att-sentence .att-marker").all():
            marker.hover()
            page.wait_for_selector("#att-tip:visible")
            unharmed(page)
            marker.click()
            page.wait_for_selector(".att-panel:not([aria-busy]) mark.att-quote-now")
            assert "window.__pwned=1" in page.inner_text(".att-panel .att-text")
            unharmed(page)
        page.keyboard.press("Escape")
        refusal = ask(page, f"Who sells {ATTACK} Peruvian llamas in winter?", timeout=90_000)
        if refusal.locator(".att-why").count():
            assert refusal.locator(".att-refusal .att-card").count() >= 1
            refusal.locator(".att-do", has_text="search").click()
            page.wait_for_selector("#att-results .att-card")
            unharmed(page)
        page.get_by_role("tab", name="Documents").click()
        page.wait_for_selector("#att-documents :is(tr, li)")
        listed = page.inner_text("#att-documents")
        assert all(name in listed for name in HOSTILE)
        unharmed(page)
    assistant.close()


def test_the_browser_had_no_complaint() -> None:
    """Runs last: over everything that the tests above have done."""
    assert complaints == []
