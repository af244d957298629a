"""Makes docs/screenshots/*.png: the real page, over the real index of the seeds, in a real browser.

    python docs/screenshots.py [FOLDER [NAME…]]

Needs a Chromium (CHROMIUM=/path/to/it; default /usr/bin/chromium) and playwright's Python package.
The pictures are true: each waits for the state that it shows and fails if that never comes.
"""

from __future__ import annotations

import os
import shutil
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
    hover: str | None = None
    top: str | None = None
    """What is scrolled to the top of the page."""
    options: dict[str, Any] = field(default_factory=lambda: {"viewport": WIDE})


WHY = "Why was Microsoft's bid rejected?"
DEADLINE = "What is the deadline for the sale of TikTok?"
MARKER = "#t1 .att-sentence .att-marker"
MARK = ".att-panel:not([aria-busy]) mark.att-quote-now"
TABS = "[role=tab] >> text="

SHOTS = (
    Shot("welcome", seen=".att-example"),
    Shot("chat", [WHY], hover=MARKER, seen="#att-tip:visible"),
    Shot("panel", ["What did Microsoft say?"], [MARKER], MARK),
    Shot(
        "disagreement",
        [DEADLINE],
        seen=".att-disagree .att-whose",
        top="#t1 .att-disagree",
        options={"viewport": {"width": 1440, "height": 1400}},
    ),
    Shot("refusal", ["What is the capital of Peru?"], seen=".att-why li"),
    Shot(
        "french",
        ["Qui a été choisi comme partenaire technologique ?"],
        options={"viewport": WIDE, "locale": "fr-FR"},
    ),
    Shot("documents", clicks=[f"{TABS}Documents"], seen="#att-documents .att-open"),
    Shot("eval", clicks=[f"{TABS}Quality"], seen="#att-quality svg"),
    Shot("dark", [DEADLINE], [MARKER], MARK, options={"viewport": WIDE, "color_scheme": "dark"}),
    Shot("phone", [WHY], options={"viewport": PHONE}),
    Shot(
        "phone-dark",
        ["What did Microsoft say?"],
        [MARKER],
        MARK,
        options={"viewport": PHONE, "color_scheme": "dark"},
    ),
)

EVAL_LIMITS = (20, 40)
"""Questions of the runs that the Quality tab shows."""


def take(page: Page, address: str, shot: Shot, folder: Path) -> None:
    page.goto(address)
    page.wait_for_selector(".att-welcome")
    for number, question in enumerate(shot.questions, 1):
        page.fill("#att-question textarea", question)
        page.press("#att-question textarea", "Enter")
        page.wait_for_selector(f"#t{number}[data-state=done]", timeout=120_000)
    for target in shot.clicks:
        page.click(target)
    page.wait_for_timeout(900)  # scrolling comes to rest
    if shot.top:
        page.locator(shot.top).evaluate(
            "element => scrollBy(0, element.getBoundingClientRect().top - 60)"
        )
    if shot.hover:
        page.locator(shot.hover).first.hover()
    page.wait_for_selector(shot.seen, timeout=120_000)
    page.wait_for_timeout(600)
    page.screenshot(path=folder / f"{shot.name}.png")


def photograph(browser: Browser, shots: Sequence[Shot], folder: Path) -> None:
    """The pictures, over an index of a copy of the seeds, whose path says nothing of this machine."""
    from eval.run import main_eval
    from rag.assistant import open_assistant
    from rag.config import Settings
    from rag.ui import serve
    from rag.ui.page import build_page
    from rag.ui.text import SEED_EXAMPLES

    with tempfile.TemporaryDirectory(prefix="attest-") as data:
        docs = shutil.copytree(ROOT / "seeds", Path(data, "seeds"))
        settings = Settings(docs=docs, data=Path(data, "index"))
        for limit in EVAL_LIMITS if any(shot.name == "eval" for shot in shots) else ():
            out, questions = Path(data, f"run-{limit}"), ROOT / "eval" / "sets" / "seeds.jsonl"
            main_eval(settings, questions, out, limit, lambda line: None)
        assistant = open_assistant(settings)
        assistant.sync()
        served = build_page(assistant, examples=SEED_EXAMPLES, data=settings.data_folder)
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
    wanted = [shot for shot in SHOTS if not arguments[1:] or shot.name in arguments[1:]]
    with sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS
        )
        photograph(browser, wanted, folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
