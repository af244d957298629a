"""Makes docs/screenshots/*.png: the real page, over the real index of the seeds, in a real browser.

    python docs/screenshots.py [FOLDER]

Needs a Chromium (CHROMIUM=/path/to/it; default /usr/bin/chromium) and playwright's Python package.
The pictures are true: each waits for the state that it shows and fails if that never comes.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]  # fmt: skip
WIDE = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Shot:
    """One picture: what is asked, what is done then, and what must be seen."""

    name: str
    questions: Sequence[str] = ()
    clicks: Sequence[str] = ()
    seen: str = ".att-turn[data-state=done] .att-card"
    options: dict[str, Any] = field(default_factory=lambda: {"viewport": WIDE})


WHY = "Why was Microsoft's bid rejected?"
DARK_PHONE = {"viewport": PHONE, "color_scheme": "dark"}
FRENCH = {"viewport": WIDE, "locale": "fr-FR"}

SHOTS = (
    Shot("welcome", seen=".att-example"),
    Shot("chat", [WHY]),
    Shot("panel", [WHY], ["#t1-c1 .att-open"], ".att-panel mark"),
    Shot("refusal", ["What is the capital of Peru?"], seen=".att-refusal, .att-try"),
    Shot("french", ["Qui a été choisi comme partenaire technologique ?"], options=FRENCH),
    Shot("documents", clicks=["[role=tab] >> text=Documents"], seen=".att-table tbody tr"),
    Shot("dark", [WHY], options={"viewport": WIDE, "color_scheme": "dark"}),
    Shot("phone", [WHY], options={"viewport": PHONE}),
    Shot("phone-dark", [WHY], ["#t1-c1 .att-open"], ".att-panel mark", DARK_PHONE),
)


NOTES = {
    "guide.txt": "Harbour guide\n\n2024-03-02\n\nThe harbour bridge was opened on 14 May 1931. It "
    "carries two lanes.\n",
    "almanac.txt": "Town almanac\n\n2023-11-20\n\nThe harbour bridge was opened on 3 June 1932. Its "
    "engineer was Anna Holm.\n",
}
"""A folder of its own for a plain disagreement."""

NOTE_SHOTS = (
    Shot(
        "disagreement",
        ["When was the harbour bridge opened?"],
        seen=".att-disagree .att-side",
    ),
)


def take(page: Page, address: str, shot: Shot, folder: Path) -> None:
    page.goto(address)
    page.wait_for_selector(".att-welcome")
    for number, question in enumerate(shot.questions, 1):
        page.fill("#att-question textarea", question)
        page.press("#att-question textarea", "Enter")
        page.wait_for_selector(f"#t{number}[data-state=done]", timeout=120_000)
    for target in shot.clicks:
        page.click(target)
    page.wait_for_selector(shot.seen, timeout=120_000)
    page.wait_for_timeout(900)  # scrolling comes to rest
    page.screenshot(path=folder / f"{shot.name}.png")


def photograph(browser: Browser, docs: Path, shots: Sequence[Shot], folder: Path) -> None:
    """All pictures of one folder of documents, over an index made for them."""
    from rag.assistant import open_assistant
    from rag.config import Settings
    from rag.ui import serve
    from rag.ui.page import build_page

    with tempfile.TemporaryDirectory() as data:
        settings = Settings(docs=docs, data=Path(data))
        assistant = open_assistant(settings)
        assistant.sync()
        served = build_page(assistant, examples=serve.examples_for(settings))
        address = serve.launch(served, "127.0.0.1", serve.check_port("127.0.0.1", 0))
        for shot in shots:
            context = browser.new_context(**({"locale": "en-GB"} | shot.options))
            take(context.new_page(), address, shot, folder)
            context.close()
            sys.stdout.write(f"{folder / shot.name}.png\n")
        served.close(verbose=False)
        assistant.close()


def main(arguments: Sequence[str]) -> int:
    from playwright.sync_api import sync_playwright

    folder = Path(arguments[0]) if arguments else ROOT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as notes, sync_playwright() as running:
        for name, text in NOTES.items():
            Path(notes, name).write_text(text, encoding="utf-8")
        browser = running.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS
        )
        photograph(browser, ROOT / "seeds", SHOTS, folder)
        photograph(browser, Path(notes), NOTE_SHOTS, folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
