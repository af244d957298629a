"""What happens on each event of the page. Nothing is shared between visitors but the desk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.types import SyncReport
from rag.ui import document_html, panels, pieces
from rag.ui.desk import Desk, Progressed, sync_work
from rag.ui.selection import read_chosen
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

    def documents(self, request: gr.Request) -> str:
        strings = strings_for(request.headers.get("accept-language"))
        return self._said(
            lambda: panels.documents(self.desk.assistant().sources(), strings), strings
        )

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

    def reindex(self, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Streams the report, the table and the button."""
        strings = strings_for(request.headers.get("accept-language"))
        keep = gr.skip()
        yield panels.progress(None, strings), keep, gr.update(interactive=False)
        shown = ""
        try:
            for item in self.desk.run(sync_work, threading.Event()):
                if isinstance(item, Progressed):
                    yield panels.progress(item, strings), keep, keep
                elif isinstance(item, SyncReport):
                    shown = panels.sync_report(item, strings)
            table: Any = panels.documents(self.desk.assistant().sources(), strings)
        except RagError as error:
            shown, table = pieces.error(str(error)), keep
        except Exception:
            log.exception("re-indexing failed")
            shown, table = pieces.error(strings.unexpected), keep
        yield shown, table, gr.update(interactive=True)

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
