"""Documents in a real browser: added, removed, filtered, chosen for a question. Real Chroma, the real
models, over the seeds, 200 notes and a document of 5 MB."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from gradio.utils import get_upload_folder

from rag.assistant import Assistant, open_assistant
from rag.config import Settings
from rag.ui import serve
from tests.page_fake import SEEDS
from tests.test_page import ARGUMENTS, CHROMIUM, ask

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser: {CHROMIUM} is missing"),
]

Visit = Callable[..., "Page"]

requested: list[str] = []
complaints: list[str] = []

KEEPER = "The lighthouse keeper was called Ottilie Varga, and she left the island in 1911."
BID = "Why was Microsoft's bid rejected?"
BRIDGE = "Harbour guide\n\n2024-03-02\n\nThe harbour bridge was opened by Anna Holm in 1931.\n"


def long_document() -> str:
    """Of 5 MB, in which a block comes again and again, so that it is embedded in no time."""
    words = "of the ledger holds figures, names of ships and what they carried, and nothing else"
    block = "\n\n".join(f"Row {n} {words}, {words}, {words}, {words}." for n in range(25))
    half = "\n\n".join([block] * 300)
    return f"{half}\n\n{KEEPER}\n\n{half}\n"


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    for path in SEEDS.glob("*.txt"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "ledger.txt").write_text(long_document(), encoding="utf-8")
    assert (folder / "ledger.txt").stat().st_size > 5_000_000
    for n in range(200):
        dated = f"19{n % 90 + 10}-03-02\n\n" if n % 2 else ""
        (folder / f"note {n:03}.txt").write_text(
            f"Été {n:03}\n\n{dated}This note says nothing new.\n", encoding="utf-8"
        )
    return folder


@pytest.fixture(scope="module")
def assistant(docs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    opened = open_assistant(Settings(docs=docs, data=tmp_path_factory.mktemp("data")))
    opened.sync()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def address(assistant: Assistant) -> Iterator[str]:
    from rag.ui.page import build_page

    page = build_page(assistant)
    yield serve.launch(page, "127.0.0.1", serve.check_port("127.0.0.1", 0))
    page.close(verbose=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    contexts = []

    def opened(width: int = 1280, height: int = 800, locale: str = "en-GB") -> Page:
        context = browser.new_context(locale=locale, viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(90_000)  # the first answer loads the generator
        page.on("request", lambda request: requested.append(request.url))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        page.wait_for_selector("#att-question textarea")
        page.wait_for_selector(".att-welcome")
        return page

    yield opened
    for context in contexts:
        context.close()


def documents(page: Page) -> None:
    page.locator("[role=tab]:visible").nth(2).click()
    page.wait_for_selector("#att-documents tbody tr")


def rows(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('#att-documents tbody tr')]"
        ".filter(row => row.offsetParent).map(row => row.innerText)"
    )
    return found


def outcomes(page: Page, count: int) -> str:
    page.wait_for_function(f"document.querySelectorAll('#att-report li').length === {count}")
    page.wait_for_function("!document.querySelector('#att-reindex').disabled")
    return page.inner_text("#att-report")


def file(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "text")
    return buffer.getvalue()


# --- adding and removing ------------------------------------------------------------------


def test_documents_are_added_answered_from_and_removed(
    visit: Visit, docs: Path, assistant: Assistant
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in docs.iterdir()}
    page = visit()
    documents(page)
    everything = len(rows(page))
    page.set_input_files(
        ".att-drop:visible input",
        [
            file("guide.txt", BRIDGE.encode()),
            file("guide.txt", b"Another guide, of the same name, about the rain in the hills.\n"),
            file("renamed.txt", zipped()),
            file("empty.md", b""),
            file("../../<img src=x onerror=window.__pwned=1>.txt", b"It says window.__pwned=1.\n"),
        ],
    )
    said = outcomes(page, 5)
    assert "3 documents added" in said
    assert "guide.txt is there already: added as guide (2).txt" in said
    assert "not added renamed.txt: binary: by its content this is a zip archive" in said
    assert "not added empty.md: empty file" in said
    assert len(rows(page)) == everything + 3
    assert page.locator(".att-here").count() == page.locator(".att-remove").count() == 3
    assert str(docs) in page.inner_text(".att-where")
    assert not [path for path in Path(get_upload_folder()).glob("*/*") if path.suffix == ".txt"]
    page.locator("[role=tab]:visible").nth(0).click()
    turn = ask(page, "Who opened the harbour bridge?")
    assert "uploads/guide.txt" in turn.locator("#t1-c1").inner_text()
    turn.locator("#t1-c1 .att-open").first.click()
    page.wait_for_selector(".att-panel mark")
    assert "opened by Anna Holm" in page.inner_text(".att-panel mark")
    page.keyboard.press("Escape")

    documents(page)
    remove = page.get_by_role("button", name="Remove Harbour guide")
    remove.click()
    assert "uploads/guide.txt" in page.inner_text("dialog.att-confirm[open]")
    assert page.evaluate("document.activeElement.innerText") == "Keep it"
    page.keyboard.press("Enter")
    assert page.locator("dialog.att-confirm[open]").count() == 0
    assert len(rows(page)) == everything + 3
    remove.click()
    page.click("dialog.att-confirm .att-danger")
    page.wait_for_function(
        f"document.querySelectorAll('#att-documents tbody tr').length === {everything + 2}"
    )
    assert "uploads/guide.txt was removed" in page.inner_text("#att-report")
    for source in sorted(assistant.uploads.sources()):
        assistant.uploads.remove(source)
    page.click("#att-reindex")
    page.wait_for_selector("#att-report .att-status:has-text('Done')")
    assert "2 removed" in page.inner_text("#att-report") and len(rows(page)) == everything
    assert {path.name: path.stat().st_mtime_ns for path in docs.iterdir()} == before
    assert page.evaluate("window.__pwned") is None


def test_files_are_dropped_and_what_is_too_large_says_so(
    visit: Visit, assistant: Assistant
) -> None:
    page = visit(locale="fr-FR")
    documents(page)
    page.evaluate(
        """() => {
          const files = new DataTransfer();
          files.items.add(new File(["Le phare du port est rouge et blanc.\\n"], "phare.txt"));
          files.items.add(new File([new Uint8Array(51 << 20)], "film.txt"));
          const zone = document.querySelector(".att-drop:not([hidden])");
          for (const name of ["dragover", "drop"])
            document.body.dispatchEvent(
              new DragEvent(name, { dataTransfer: files, bubbles: true, cancelable: true }));
        }"""
    )
    said = outcomes(page, 2)
    assert "1 document ajouté" in said
    assert "film.txt: too large: 51.0 MB, at most 50 MB" in said
    assert assistant.text("uploads/phare.txt").startswith("Le phare")
    assistant.uploads.remove("uploads/phare.txt")
    assistant.sync()


# --- many, and long -----------------------------------------------------------------------


def test_two_hundred_documents_are_filtered_as_one_types(visit: Visit) -> None:
    page = visit(width=390, height=844)
    began = time.monotonic()
    documents(page)
    assert time.monotonic() - began < 10
    assert len(rows(page)) == 206
    box = page.get_by_role("searchbox", name="Filter the documents")
    box.fill("ETE 01")
    assert len(rows(page)) == 5 and "5 of 206 shown" in page.inner_text("#att-documents")
    box.fill("note_nothing")
    assert rows(page) == []
    box.fill("ete 014")
    assert len(rows(page)) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("#att-documents tbody tr:visible .att-open")
    page.wait_for_selector(".att-panel h2:has-text('Été 014')")
    page.keyboard.press("Escape")
    box.fill("")
    assert len(rows(page)) == 206


def test_a_document_of_five_megabytes_opens_at_its_quote(visit: Visit) -> None:
    page = visit()
    turn = ask(page, "Who was the lighthouse keeper?")
    assert KEEPER in turn.locator("#t1-c1 blockquote").inner_text()
    began = time.monotonic()
    turn.locator("#t1-c1 .att-open").first.click()
    page.wait_for_selector(".att-panel mark")
    page.wait_for_function(
        "(r => r.height > 0 && r.top >= 0 && r.bottom <= innerHeight)"
        "(document.querySelector('.att-panel mark').getBoundingClientRect())"
    )
    assert time.monotonic() - began < 10
    assert page.evaluate("document.querySelector('.att-panel mark').textContent") == KEEPER
    assert len(page.content()) < 3_000_000


# --- a choice of documents ----------------------------------------------------------------


def choose(page: Page, *titles: str, since: str = "", until: str = "") -> None:
    page.click(".att-chosen:visible")
    page.wait_for_selector("dialog.att-picker[open]")
    for title in titles:
        page.fill(".att-picker-filter", title)
        page.locator(".att-picker li:visible input").first.check()
    page.fill(".att-picker [name=since]", since)
    page.fill(".att-picker [name=until]", until)
    page.click(".att-picker .att-main")


def test_only_chosen_documents_are_asked_and_searched(visit: Visit) -> None:
    page = visit()
    control = page.locator(".att-chosen:visible")
    assert control.inner_text() == "Documents: all"
    choose(page, "000_", "ledger")
    page.wait_for_selector("dialog.att-picker", state="hidden")
    assert control.inner_text() == "Documents: 2 of 206"
    assert page.evaluate("document.activeElement.className").startswith("att-quiet att-chosen")
    turn = ask(page, BID)
    assert "Searched in 2 of 206 documents" in turn.inner_text()
    turn.locator(".att-scope summary").click()
    assert turn.locator(".att-scope li").all_inner_texts() == [
        "000_72200733cb3f970f.txt",
        "ledger.txt",
    ]
    shown = {b.get_attribute("data-source") for b in turn.locator("[data-source]").all()}
    assert shown <= {"000_72200733cb3f970f.txt", "ledger.txt"} and len(shown) >= 1

    page.get_by_role("tab", name="Search").click()
    assert control.inner_text() == "Documents: 2 of 206"
    page.fill("#att-query input, #att-query textarea", "Microsoft")
    page.click("#att-search")
    page.wait_for_selector(".att-results .att-card")
    assert "Searched in 2 of 206" in page.inner_text(".att-results")
    found = page.locator(".att-results [data-source]").all()
    assert {b.get_attribute("data-source") for b in found} <= shown | {"ledger.txt"}

    other = visit(locale="fr-FR")  # another visitor has chosen nothing
    assert other.inner_text(".att-chosen:visible") == "Documents\u00a0: tous"

    page.get_by_role("button", name="Search all documents again").click()
    page.wait_for_function(
        "[...document.querySelectorAll('.att-chosen')].every(b => !/206/.test(b.innerText))"
    )
    page.get_by_role("tab", name="Chat").click()
    turn = ask(page, BID)
    assert "Searched in" not in turn.inner_text()
    assert page.locator("#t1 .att-scope").count() == 1  # an earlier answer still says it


def test_a_range_of_dates_with_the_keyboard_alone(visit: Visit) -> None:
    page = visit(locale="fr-FR")
    page.locator(".att-chosen:visible").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.att-picker[open]")
    page.wait_for_function("document.activeElement.id === 'att-picker-title'")
    assert "103 documents sont sans date" in page.inner_text("dialog.att-picker")
    page.keyboard.press("Tab")
    page.keyboard.type("2020-13")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.att-picker .att-error:visible")
    assert "'2020-13'" in page.inner_text("dialog.att-picker .att-error")
    page.keyboard.press("Control+A")
    page.keyboard.type("septembre")
    page.keyboard.press("Enter")
    assert "2020-09-14" in page.inner_text("dialog.att-picker .att-error")
    page.keyboard.press("Control+A")
    page.keyboard.type("2020-09")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.att-picker", state="hidden")
    assert page.inner_text(".att-chosen:visible") == (
        "Documents\u00a0: 2 sur 206, depuis septembre 2020"
    )
    turn = ask(page, "Pourquoi l'offre de Microsoft a-t-elle été rejetée ?")
    assert "Cherché dans 2 des 206 documents, depuis septembre 2020" in turn.inner_text()
    assert "103 sans date laissés de côté" in turn.inner_text()
    page.locator(".att-chosen:visible").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.att-picker[open]")
    assert page.input_value(".att-picker [name=since]") == "2020-09"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.att-picker", state="hidden")


def test_nothing_left_the_machine_and_the_browser_had_no_complaint() -> None:
    """Runs last: over every request that the tests above have made."""
    assert len(requested) > 50
    hosts = {urlsplit(url).hostname for url in requested if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}
    assert [text for text in complaints if not re.search("AbortError|errored out", text)] == []
