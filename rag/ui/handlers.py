"""What happens on each event of the page. Nothing is shared between visitors but the desk."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from rag.ui import document_html, panels, pieces
from rag.ui.contract import sendable
from rag.ui.desk import Desk
from rag.ui.events import data_of, piece_or_error
from rag.ui.selection import read_chosen
from rag.ui.selection_html import control
from rag.ui.text import strings_for


class Handlers:
    """What happens on each event of one page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    # -- search, documents, the panel

    def search(self, question: str, chosen: str, request: gr.Request) -> str:
        strings = strings_for(request.headers.get("accept-language"))
        question = sendable(question or "")
        if not question.strip():
            return pieces.error(strings.empty_question)

        def found() -> str:
            selection = read_chosen(chosen)
            searched = self.desk.call(lambda a: a.search(question, 10, selection=selection))
            return panels.search_results(searched, strings)

        return piece_or_error(found, strings)

    def open_document(self, request: gr.Request, event: gr.EventData) -> str:
        strings = strings_for(request.headers.get("accept-language"))
        return piece_or_error(
            lambda: document_html.opened(self.desk.assistant(), data_of(event), strings),
            strings,
            lambda message: document_html.panel_error(message, strings, time.monotonic_ns()),
        )

    def look_up(self, event: gr.EventData) -> tuple[Any, str]:
        """A refusal's question, in the search tab: the tabs and the search box."""
        return gr.Tabs(selected="search"), str(data_of(event).get("question", ""))

    def all_documents(self, request: gr.Request) -> tuple[str, str, str]:
        """No choice of documents any more: what is chosen, and both controls."""
        shown = control(None, strings_for(request.headers.get("accept-language")))
        return "", shown, shown
