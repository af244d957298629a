"""What happens on each event of the page. Nothing is shared between visitors but the desk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.ui import document_html, panels, pieces
from rag.ui.desk import Desk
from rag.ui.selection import read_chosen
from rag.ui.selection_html import control
from rag.ui.talk import sendable
from rag.ui.text import Strings, strings_for

log = logging.getLogger(__name__)


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

        return self._said(found, strings)

    def open_document(self, request: gr.Request, event: gr.EventData) -> str:
        strings = strings_for(request.headers.get("accept-language"))
        return self._said(
            lambda: document_html.opened(self.desk.assistant(), _data(event), strings),
            strings,
            lambda message: document_html.panel_error(message, strings, time.monotonic_ns()),
        )

    def look_up(self, event: gr.EventData) -> tuple[Any, str]:
        """A refusal's question, in the search tab: the tabs and the search box."""
        return gr.Tabs(selected="search"), str(_data(event).get("question", ""))

    def all_documents(self, request: gr.Request) -> tuple[str, str, str]:
        """No choice of documents any more: what is chosen, and both controls."""
        shown = control(None, strings_for(request.headers.get("accept-language")))
        return "", shown, shown

    def _said(
        self,
        piece: Callable[[], str],
        strings: Strings,
        failed: Callable[[str], str] = pieces.error,
    ) -> str:
        """A piece of the page, or one line that says why there is none."""
        try:
            return piece()
        except RagError as error:
            return failed(str(error))
        except Exception:
            log.exception("a request of the page failed")
            return failed(strings.unexpected)


def _data(event: gr.EventData) -> dict[str, Any]:
    data = event._data
    return data if isinstance(data, dict) else {}
