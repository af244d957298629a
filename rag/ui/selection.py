"""Choosing which documents to search: the control beside both question boxes, and its dialog.

What is chosen lies in the browser (the value of a component that nobody sees) and comes along with
each question, like the conversation does.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag import selection as choice
from rag.errors import RagError, UsageError
from rag.types import Scope, Selection
from rag.ui import selection_html
from rag.ui.desk import Desk
from rag.ui.events import data_of
from rag.ui.text import strings_for

log = logging.getLogger(__name__)

LONGEST = 4_000_000
"""Characters of a choice: 20,000 paths of 200."""


def read_chosen(raw: object) -> Selection | None:
    """What the browser sent: "" or `{"sources": [...]|null, "since", "until"}`. Raises UsageError for
    anything else, since to search more than was chosen would be worse."""
    if not raw:
        return None
    try:
        if not isinstance(raw, str) or len(raw) > LONGEST:
            raise ValueError
        fields = json.loads(raw)
        sources, dates = fields.get("sources"), (fields.get("since"), fields.get("until"))
        named = sources is None or (
            isinstance(sources, list) and all(isinstance(source, str) for source in sources)
        )
        if not named or not all(date is None or isinstance(date, str) for date in dates):
            raise ValueError
    except (ValueError, AttributeError, RecursionError):
        raise UsageError("the choice of documents can't be read: choose again") from None
    since, until = ((date or "").strip() or None for date in dates)
    return choice.checked(Selection(frozenset(sources) if sources else None, since, until))


def written(chosen: Selection | None) -> str:
    """What the browser keeps of a choice."""
    if chosen is None:
        return ""
    sources = None if chosen.sources is None else sorted(chosen.sources)
    return json.dumps({"sources": sources, "since": chosen.since, "until": chosen.until})


class Choosing:
    """What happens when a person chooses documents."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def open(self, raw: str, request: gr.Request) -> tuple[Any, str]:
        """The dialog, with what is chosen; and the error instead, if there is one."""
        strings = strings_for(request.headers.get("accept-language"))
        try:
            chosen = read_chosen(raw)
        except UsageError:
            chosen = None
        try:
            infos = self.desk.assistant().sources()
        except RagError as problem:
            return gr.skip(), str(problem)
        except Exception:
            log.exception("the documents could not be listed")
            return gr.skip(), strings.unexpected
        return selection_html.dialog(infos, chosen, strings), ""

    def apply(self, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """What is chosen from now on, both controls, and the error if it can't be."""
        strings = strings_for(request.headers.get("accept-language"))
        try:
            chosen = read_chosen(data_of(event).get("chosen"))
            shown = selection_html.control(self._scope(chosen), strings)
        except RagError as problem:
            return gr.skip(), gr.skip(), gr.skip(), str(problem)
        except Exception:
            log.exception("a choice of documents failed")
            return gr.skip(), gr.skip(), gr.skip(), strings.unexpected
        return written(chosen), shown, shown, ""

    def clear(self, request: gr.Request) -> tuple[str, str, str, str]:
        """As `apply`, of everything."""
        strings = strings_for(request.headers.get("accept-language"))
        shown = selection_html.control(None, strings)
        return "", shown, shown, ""

    def _scope(self, chosen: Selection | None) -> Scope | None:
        return None if chosen is None else choice.scope(chosen, self.desk.assistant().sources())


@dataclass(frozen=True, slots=True)
class Choice:
    """The components."""

    chosen: gr.Textbox
    """Never seen: what is chosen, as the browser sends it along."""
    controls: tuple[gr.HTML, gr.HTML]
    """Beside the question box, and in the search tab."""
    dialog: gr.HTML


def control(html: Callable[[str, str], gr.HTML], name: str) -> gr.HTML:
    """One of the two controls."""
    return html(selection_html.control_at_first(), f"att-{name}")


def wire(desk: Desk, choice_: Choice) -> None:
    """What each event of the choice does."""
    choosing = Choosing(desk)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    said = gr.Textbox(visible=False)
    outputs = [choice_.chosen, *choice_.controls, said]
    for part in choice_.controls:
        opened = part.edit(
            choosing.open, inputs=[choice_.chosen], outputs=[choice_.dialog, said], **quiet
        )
        opened.then(None, [said], js="(said) => { window.attestChoice.open(said); return []; }")
    cleared = gr.on(
        [part.clear for part in (*choice_.controls, choice_.dialog)],
        choosing.clear,
        outputs=outputs,
        **quiet,
    )
    applied = choice_.dialog.apply(choosing.apply, outputs=outputs, **quiet)
    for done in (cleared, applied):
        done.then(None, [said], js="(said) => { window.attestChoice.done(said); return []; }")
