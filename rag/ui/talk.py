"""What happens when a person asks, stops, starts anew or comes back. The browser keeps the
conversation and sends it along: here it lives as long as a request."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from rag.errors import Cancelled, RagError
from rag.types import Turn
from rag.ui import render
from rag.ui.contract import sendable
from rag.ui.conversations import exported, kept, read_sent
from rag.ui.desk import Desk, Tick, stream_work
from rag.ui.selection import read_chosen
from rag.ui.talk_text import talk
from rag.ui.text import Example, Strings, strings_for
from rag.ui.turns_markdown import conversation_markdown
from rag.ui.views import State, TurnView, history_of

log = logging.getLogger(__name__)


class Talk:
    """The conversation's side of one page. Nothing is shared between visitors but the desk."""

    def __init__(self, desk: Desk, examples: Sequence[Example] = ()) -> None:
        self.desk = desk
        self.examples = examples
        self._running: dict[str, threading.Event] = {}
        """The stop of what is being answered, by session."""
        self._instead: dict[threading.Event, str] = {}
        """What is to be shown where an answer came to its end after its conversation was left."""
        self._guard = threading.Lock()

    def ask(
        self, question: str, raw: str, chosen: str, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Streams five outputs: conversation, question box, send, stop, and at the end the turn as
        the browser is to keep it. `raw` is the conversation as the browser holds it,
        `chosen` the choice of documents."""
        strings = strings_for(request.headers.get("accept-language"))
        question, sent = sendable(question or ""), read_sent(raw)
        keep = gr.skip()
        if not question.strip():
            note = strings.empty_question
            yield self._show(sent.views, strings, note), keep, keep, keep, keep
            return
        stop = threading.Event()
        session = str(request.session_hash)
        with self._guard:
            if session in self._running:
                return
            self._running[session] = stop
        view = TurnView(len(sent.views) + 1, question, told=sent.told, asked=sent.asked)
        try:
            yield (
                self._show((*sent.views, view), strings),
                "",
                gr.update(visible=False),
                gr.update(visible=True),
                keep,
            )
            for seen in self._answering(view, history_of(sent.views), chosen, stop, strings):
                changed = replace(seen, seconds=0.0) != replace(view, seconds=0.0)
                view = seen
                if stop.is_set():
                    continue  # the last word comes below
                # Where only the clock moved, which the browser moves itself, nothing is sent.
                shown = self._show((*sent.views, view), strings) if changed else keep
                yield shown, keep, keep, keep, keep
        finally:
            stop.set()
            with self._guard:
                self._running.pop(session, None)
                instead = self._instead.pop(stop, None)
        yield (
            self._show((*sent.views, view), strings) if instead is None else instead,
            keep,
            gr.update(visible=True),
            gr.update(visible=False),
            json.dumps({"id": sent.id, "turn": kept(view)}),
        )

    def stop(self, request: gr.Request) -> None:
        with self._guard:
            running = self._running.get(str(request.session_hash))
        if running is not None:
            running.set()

    def leave(self, request: gr.Request) -> None:
        """The visitor closed the page: whatever runs for them ends."""
        self.stop(request)

    def new_conversation(self, request: gr.Request) -> tuple[str, str]:
        strings = strings_for(request.headers.get("accept-language"))
        return self._turn_to(self._show((), strings), request), ""

    def show(self, raw: str, request: gr.Request) -> tuple[Any, ...]:
        """A conversation that the browser kept, as the page shows it, send and stop; nothing to do
        without one."""
        if not raw:
            return gr.skip(), gr.skip(), gr.skip()
        sent = read_sent(raw)
        strings = strings_for(request.headers.get("accept-language"))
        note = talk(strings).damaged if sent.damaged else None
        shown = self._turn_to(self._show(sent.views, strings, note), request)
        return shown, gr.update(visible=True), gr.update(visible=False)

    def export(self, raw: str, request: gr.Request) -> str:
        """A file for the browser to save: `{"name", "type", "text"}` as JSON."""
        strings = strings_for(request.headers.get("accept-language"))
        sent = read_sent(raw)
        name = f"attest-{sent.started[:10]}" if sent.started else "attest"
        if sent.export == "json":
            file = {"name": f"{name}.json", "type": "application/json", "text": exported(sent)}
        else:
            text = conversation_markdown(sent.views, sent.when, strings)
            file = {"name": f"{name}.md", "type": "text/markdown", "text": text}
        return json.dumps(file)

    def _turn_to(self, shown: str, request: gr.Request) -> str:
        """Ends what is being answered for another conversation than the one now shown."""
        with self._guard:
            running = self._running.get(str(request.session_hash))
            if running is not None:
                self._instead[running] = shown
                running.set()
        return shown

    def _answering(
        self,
        view: TurnView,
        history: Sequence[Turn],
        chosen: str,
        stop: threading.Event,
        strings: Strings,
    ) -> Iterator[TurnView]:
        """The view after each event; the last one is done, stopped or failed."""
        began = time.monotonic()

        def elapsed() -> float:
            return round(time.monotonic() - began, 1)

        try:
            work = stream_work(view.question, history, stop, view.told, read_chosen(chosen))
            for event in self.desk.run(work, stop):
                if isinstance(event, Tick):
                    state = _waiting_state(event, view)
                    view = replace(view, state=state, ahead=event.ahead, step=event.step)
                else:
                    view = view.after(event)
                yield view if view.answer else replace(view, seconds=elapsed())
        except Cancelled:
            pass
        except RagError as error:
            yield view.ended("failed", elapsed(), str(error))
            return
        except Exception:
            log.exception("a question failed")
            yield view.ended("failed", elapsed(), strings.unexpected)
            return
        if view.answer is None:
            yield view.ended("stopped", elapsed())

    def _show(self, views: Sequence[TurnView], strings: Strings, note: str | None = None) -> str:
        return render.conversation(views, strings, examples=self.examples, note=note)


def _waiting_state(tick: Tick, view: TurnView) -> State:
    if view.searched is not None:
        return view.state
    if tick.ahead:
        return "waiting"
    return "opening" if tick.opening else "searching"
