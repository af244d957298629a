"""The conversation's components, and what each of their events does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag.ui.pieces import each, esc
from rag.ui.talk import Talk
from rag.ui.talk_text import TALK, talk

ASKED = "(question, sent, ...more) => [...window.attest.asked(question), ...more]"
"""What the script of the page puts in the place of an event's inputs: the question, typed or chosen,
and the conversation that it belongs to."""


@dataclass(frozen=True, slots=True)
class Browser:
    """What passes between the server and the browser's own script."""

    buttons: gr.HTML
    """Never seen: clicked by the script."""
    sent: gr.Textbox
    """The conversation, from the browser."""
    kept: gr.Textbox
    """A turn that has come to its end, for the browser."""
    file: gr.Textbox
    """An export, for the browser."""


def hidden(html: Callable[[str, str], gr.HTML]) -> Browser:
    """Components that nobody sees; `html` makes one that forwards clicks as its events."""
    said = {
        code: json.dumps(strings.for_browser(), ensure_ascii=False)
        for code, strings in TALK.items()
    }
    words = "".join(f' data-{code}="{esc(text)}"' for code, text in sorted(said.items()))
    buttons = "".join(
        f'<button type="button" id="att-do-{name}" data-event="{event}" tabindex="-1"></button>'
        for name, event in (("ask", "submit"), ("show", "load"), ("export", "download"))
    )
    return Browser(
        html(f'<div id="att-words" hidden{words}>{buttons}</div>', "att-wires"),
        *(gr.Textbox(visible=False) for _ in range(3)),
    )


def bar(new_conversation: Any) -> gr.Button:
    """What concerns the whole conversation, above it; the button that starts anew."""
    with gr.Row(elem_id="att-bar"):
        gr.HTML(
            each(
                lambda strings: (
                    f'<button type="button" class="att-quiet att-past" data-act="past">'
                    f"{esc(talk(strings).past)}</button>"
                    f'<button type="button" class="att-quiet att-export" data-act="export">'
                    f"{esc(talk(strings).export)}</button>"
                )
            ),
            apply_default_css=False,
            padding=False,
        )
        return gr.Button(new_conversation, size="sm", elem_id="att-new")


def said() -> gr.HTML:
    """The one line that the page says by itself, above the question box."""
    line = '<p id="att-said" role="status"></p>'
    return gr.HTML(line, apply_default_css=False, padding=False)


def wire(
    page: gr.Blocks,
    talk: Talk,
    browser: Browser,
    shown: tuple[gr.HTML, gr.Textbox, gr.Button, gr.Button],
    fresh: gr.Button,
    *,
    chosen: gr.Textbox,
    visitors: int,
) -> None:
    """`shown`: the conversation, the question box, send and stop; `chosen`: the choice of documents,
    as it comes along with a question."""
    chat, question, send, stop = shown
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    asking = gr.on(
        [question.submit, send.click, browser.buttons.submit],
        talk.ask,
        inputs=[question, browser.sent, chosen],
        outputs=[chat, question, send, stop, browser.kept],
        js=ASKED,
        trigger_mode="once",
        concurrency_limit=visitors,
        concurrency_id="visitors",
        **quiet,
    )
    asking.success(None, [browser.kept], js="(turn) => { window.attest.keep(turn); return []; }")
    asking.failure(None, js="() => { window.attest.refused(); return []; }")
    stop.click(talk.stop, queue=False, **quiet)
    fresh.click(
        talk.new_conversation,
        outputs=[chat, question],
        js="() => { window.attest.fresh(); return []; }",
        queue=False,
        **quiet,
    )
    for event in (page.load, browser.buttons.load):
        event(
            talk.show,
            inputs=[browser.sent],
            outputs=[chat, send, stop],
            js="() => [window.attest.restored()]",
            queue=False,
            **quiet,
        ).then(None, js="() => { window.attest.shown(); return []; }")
    browser.buttons.download(
        talk.export,
        inputs=[browser.sent],
        outputs=[browser.file],
        js="() => [window.attest.toExport()]",
        queue=False,
        **quiet,
    ).then(None, [browser.file], js="(file) => { window.attest.save(file); return []; }")
    page.unload(talk.leave)
