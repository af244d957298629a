"""What happens on each event of the page. Nothing is shared between visitors but the desk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import gradio as gr

from rag.assistant import turn_of
from rag.errors import Cancelled, RagError
from rag.types import DocumentInfo, SyncReport, Turn
from rag.ui import panels, render
from rag.ui.desk import AssistantLike, Desk, Progressed, Tick, stream_work, sync_work
from rag.ui.render import TurnView
from rag.ui.text import Example, Strings, strings_for

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Conversation:
    """One visitor's turns, oldest first."""

    views: tuple[TurnView, ...] = ()

    def history(self) -> tuple[Turn, ...]:
        """The turns that got an answer, as the assistant wants them."""
        return tuple(turn_of(view.answer) for view in self.views if view.answer)


class Handlers:
    """What happens on each event of one page."""

    def __init__(self, desk: Desk, examples: Sequence[Example] = ()) -> None:
        self.desk = desk
        self.examples = examples
        self._running: dict[str, threading.Event] = {}
        self._dropped: set[threading.Event] = set()
        """Stops of answers whose conversation was thrown away meanwhile."""
        self._guard = threading.Lock()

    # -- the conversation

    def ask(
        self, question: str, conversation: Conversation, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Streams the page's five outputs: conversation, state, question box, send, stop."""
        strings = strings_for(request.headers.get("accept-language"))
        question = sendable(question or "")
        keep = gr.skip()
        if not question.strip():
            note = strings.empty_question
            yield self._show(conversation.views, strings, note), keep, keep, keep, keep
            return
        stop = threading.Event()
        session = str(request.session_hash)
        with self._guard:
            if session in self._running:
                return
            self._running[session] = stop
        view = TurnView(number=len(conversation.views) + 1, question=question)
        try:
            yield (
                self._show((*conversation.views, view), strings),
                keep,
                "",
                gr.update(visible=False),
                gr.update(visible=True),
            )
            for seen in self._answering(view, conversation.history(), stop, strings):
                view = seen
                yield (
                    self._show((*conversation.views, view), strings),
                    keep, keep, keep, keep,
                )  # fmt: skip
        finally:
            stop.set()
            with self._guard:
                self._running.pop(session, None)
                dropped = stop in self._dropped
                self._dropped.discard(stop)
        conversation = Conversation() if dropped else Conversation((*conversation.views, view))
        yield (
            self._show(conversation.views, strings),
            conversation,
            keep,
            gr.update(visible=True),
            gr.update(visible=False),
        )

    def ask_example(
        self, conversation: Conversation, request: gr.Request, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """A click on an example question."""
        yield from self.ask(str(_data(event).get("question", "")), conversation, request)

    def stop(self, request: gr.Request) -> None:
        with self._guard:
            running = self._running.get(str(request.session_hash))
        if running is not None:
            running.set()

    def leave(self, request: gr.Request) -> None:
        """The visitor closed the page: whatever runs for them ends."""
        self.stop(request)

    def new_conversation(self, request: gr.Request) -> tuple[str, Conversation, str]:
        with self._guard:
            running = self._running.get(str(request.session_hash))
            if running is not None:
                self._dropped.add(running)
                running.set()
        strings = strings_for(request.headers.get("accept-language"))
        return self._show((), strings), Conversation(), ""

    def _answering(
        self, view: TurnView, history: Sequence[Turn], stop: threading.Event, strings: Strings
    ) -> Iterator[TurnView]:
        """The view after each event; the last one is done, stopped or failed."""
        began = time.monotonic()
        try:
            for event in self.desk.run(stream_work(view.question, history, stop), stop):
                elapsed = round(time.monotonic() - began, 1)
                if isinstance(event, Tick):
                    view = replace(
                        view, state=_waiting_state(event, view), ahead=event.ahead, step=event.step
                    )
                else:
                    view = view.after(event)
                yield view if view.answer else replace(view, seconds=elapsed)
        except Cancelled:
            pass
        except RagError as error:
            yield replace(view, state="failed", error=str(error))
            return
        except Exception:
            log.exception("a question failed")
            yield replace(view, state="failed", error=strings.unexpected)
            return
        if view.answer is None:
            elapsed = round(time.monotonic() - began, 1)
            yield replace(view, state="stopped", seconds=elapsed)

    def _show(self, views: Sequence[TurnView], strings: Strings, note: str | None = None) -> str:
        return render.conversation(views, strings, examples=self.examples, note=note)

    # -- search, documents, the panel

    def search(self, question: str, request: gr.Request) -> str:
        strings = strings_for(request.headers.get("accept-language"))
        question = sendable(question or "")
        if not question.strip():
            return render.error(strings.empty_question)
        return self._said(
            lambda: panels.search_results(
                self.desk.call(lambda assistant: assistant.search(question, 10)), strings
            ),
            strings,
        )

    def documents(self, request: gr.Request) -> str:
        strings = strings_for(request.headers.get("accept-language"))
        return self._said(
            lambda: panels.documents(self.desk.assistant().sources(), strings), strings
        )

    def open_document(self, request: gr.Request, event: gr.EventData) -> str:
        strings = strings_for(request.headers.get("accept-language"))
        data = _data(event)
        source = str(data.get("source", ""))

        def opened() -> str:
            assistant = self.desk.assistant()
            text = assistant.text(source)
            known = {info.source: info for info in assistant.sources()}
            info = known.get(source, DocumentInfo(source, None, None, "und", 0))
            return panels.document(
                info,
                text,
                strings,
                start=_number(data.get("start")),
                end=_number(data.get("end")),
                quote=None if data.get("quote") is None else str(data["quote"]),
                nonce=time.monotonic_ns(),
            )

        return self._said(
            opened,
            strings,
            lambda message: panels.panel_error(message, strings, time.monotonic_ns()),
        )

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
            shown, table = render.error(str(error)), keep
        except Exception:
            log.exception("re-indexing failed")
            shown, table = render.error(strings.unexpected), keep
        yield shown, table, gr.update(interactive=True)

    def _said(
        self,
        piece: Callable[[], str],
        strings: Strings,
        failed: Callable[[str], str] = render.error,
    ) -> str:
        """A piece of the page, or one line that says why there is none."""
        try:
            return piece()
        except RagError as error:
            return failed(str(error))
        except Exception:
            log.exception("a request of the page failed")
            return failed(strings.unexpected)

    # -- for programs

    def api_ask(self, question: str) -> dict[str, Any]:
        """Answer a question from the documents. Returns the JSON object of `rag ask --json`: the
        answer, its sentences with their citations (file, date, exact quote, offsets in code
        points), what was consulted, disagreements, and whether it abstained."""
        return self._for_program(lambda assistant: assistant.ask(sendable(question)).to_dict())

    def api_search(self, question: str, limit: int = 10) -> dict[str, Any]:
        """The passages alone, best first, without writing an answer: source, title, date, language,
        quote, start, end, score, also_in."""
        question = sendable(question)
        return self._for_program(
            lambda assistant: assistant.search(question, max(1, min(int(limit), 100))).to_dict(
                question
            )
        )

    def api_sources(self) -> list[dict[str, Any]]:
        """The documents in the index: source, title, date, language, number of sentences."""
        return self._for_program(lambda assistant: [info.to_dict() for info in assistant.sources()])

    def _for_program(self, function: Callable[[AssistantLike], T]) -> T:
        try:
            return self.desk.call(function)
        except RagError as error:
            raise gr.Error(str(error), print_exception=False) from error


def sendable(text: str) -> str:
    """Text that JSON can carry: a lone surrogate, which a browser can send, is replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _waiting_state(tick: Tick, view: TurnView) -> render.State:
    if view.searched is not None:
        return "checking"
    if tick.ahead:
        return "waiting"
    return "opening" if tick.opening else "searching"


def _data(event: gr.EventData) -> dict[str, Any]:
    data = event._data
    return data if isinstance(data, dict) else {}


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
