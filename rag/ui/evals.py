"""The Quality tab: the last eval runs, and what people said of answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from eval import feedback, history
from rag.ui.desk import Desk
from rag.ui.evals_html import board
from rag.ui.events import data_of, piece_or_error
from rag.ui.feedback_html import entries_html
from rag.ui.feedback_text import feedback_words
from rag.ui.pieces import hint
from rag.ui.text import Strings, strings_for


class Evals:
    """What happens in the tab; `data` is where `rag eval` and the page keep what is shown."""

    def __init__(self, desk: Desk, data: Path) -> None:
        self.desk = desk
        self.data = data

    def show(self, request: gr.Request) -> tuple[str, str]:
        """The last run, and what was said."""
        strings = strings_for(request.headers.get("accept-language"))
        return (
            piece_or_error(lambda: self._board(None, strings), strings),
            piece_or_error(lambda: entries_html(feedback.entries(self.data), strings), strings),
        )

    def show_run(self, request: gr.Request, event: gr.EventData) -> str:
        strings = strings_for(request.headers.get("accept-language"))
        return piece_or_error(
            lambda: self._board(str(data_of(event).get("run", "")), strings), strings
        )

    def forget(self, request: gr.Request, event: gr.EventData) -> str:
        """The list without an entry."""
        strings = strings_for(request.headers.get("accept-language"))

        def left() -> str:
            there = feedback.forget(self.data, str(data_of(event).get("id", "")))
            problem = None if there else feedback_words(strings).gone
            return entries_html(feedback.entries(self.data), strings, problem)

        return piece_or_error(left, strings)

    def _board(self, chosen: str | None, strings: Strings) -> str:
        runs = history.read(self.data)
        index = getattr(self.desk.assistant(), "index", None) if runs else None
        return board(runs, chosen, getattr(index, "folder", None), strings)


def tab(name: Any, html: Callable[[str, str], gr.HTML], desk: Desk, data: Path) -> None:
    """The tab and its events; `html` makes a component that forwards clicks as its events."""
    evals = Evals(desk, data)
    quiet: dict[str, Any] = {
        "show_progress": "hidden",
        "api_visibility": "private",
        "concurrency_limit": 8,
    }
    with gr.Tab(name, id="quality") as opened:
        shown = html(hint("opening"), "att-quality")
        kept = html("", "att-kept-list")
    opened.select(evals.show, outputs=[shown, kept], **quiet)
    shown.select(evals.show_run, outputs=[shown], **quiet)
    kept.delete(evals.forget, outputs=[kept], **quiet)
