"""The page itself: which components there are, and what happens on each event.

Every visitor's conversation lies in their own browser; only the assistant behind the desk is
shared. Answers are rendered as HTML by `rag.ui.render`, never as Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import gradio as gr

from rag.ui import documents, evals, feedback, pieces, render
from rag.ui import selection as choice
from rag.ui.desk import AssistantLike, Desk
from rag.ui.handlers import Handlers
from rag.ui.programs import add_endpoints
from rag.ui.talk import Talk
from rag.ui.talk_page import bar, hidden, said, wire
from rag.ui.text import ENGLISH, LANGUAGES, Example

_FORWARD = files("rag.ui").joinpath("assets", "forward.js").read_text(encoding="utf-8")
"""Turns a click on `[data-event]` inside a piece of HTML into an event of its component."""

_VISITORS = 24
"""Questions that may wait in the line at once; more wait in Gradio's own queue."""


def build_page(
    assistant: AssistantLike | Desk,
    *,
    examples: Sequence[Example] = (),
    data: Path | None = None,
) -> gr.Blocks:
    """The page over an assistant, or over a desk that opens one when it is needed.

    `data` is the index's folder: what people say of answers is kept there, and the runs of `rag eval`
    are shown from there; without it there is neither. Launch it with `launch_options()`, which carry
    the looks and the safety headers.
    """
    desk = assistant if isinstance(assistant, Desk) else Desk(lambda progress: assistant)
    handlers, talk = Handlers(desk), Talk(desk, tuple(examples))
    words = gr.I18n(**component_words())

    with gr.Blocks(
        title="Attest", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)
    ) as page:
        gr.HTML(render.header(), elem_id="att-header", apply_default_css=False)
        browser = hidden(_html)
        with gr.Tabs(elem_id="att-tabs") as tabs:
            with gr.Tab(words("tab_chat"), id="chat"):
                fresh = bar(words("new_conversation"))
                chat = _html(
                    render.conversation((), ENGLISH, examples=examples), elem_id="att-conversation"
                )
                with gr.Column(elem_id="att-composer"):
                    said()
                    question = gr.Textbox(
                        label=words("question_label"),
                        placeholder=words("placeholder"),
                        show_label=False,
                        container=False,
                        lines=1,
                        max_lines=6,
                        autofocus=True,
                        elem_id="att-question",
                        scale=1,
                    )
                    with gr.Row(elem_id="att-buttons"):
                        beside_chat = choice.control(_html, "choose")
                        send = gr.Button(
                            words("send"), variant="primary", size="sm", elem_id="att-send"
                        )
                        stop = gr.Button(
                            words("stop"), size="sm", visible=False, elem_id="att-stop"
                        )
            with gr.Tab(words("tab_search"), id="search"):
                with gr.Row(elem_id="att-search-row"):
                    query = gr.Textbox(
                        label=words("search_label"),
                        placeholder=words("search_placeholder"),
                        show_label=False,
                        container=False,
                        lines=1,
                        elem_id="att-query",
                        scale=1,
                    )
                    search = gr.Button(
                        words("search"), variant="primary", size="sm", elem_id="att-search"
                    )
                beside_search = choice.control(_html, "choose-search")
                results = _html(pieces.hint("search_hint"), elem_id="att-results")
            with gr.Tab(words("tab_documents"), id="documents") as documents_tab:
                listed = documents.tab(_html, words("reindex"))
            if data is not None:
                evals.tab(words("tab_quality"), _html, desk, data)
        panel = _html("", elem_id="att-panel")
        if data is not None:
            feedback.wires(gr.HTML, desk, data)
        chosen = gr.Textbox("", visible=False)
        choosing = choice.Choice(
            chosen, (beside_chat, beside_search), _html("", elem_id="att-picker")
        )

        add_endpoints(desk)
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        wire(
            page,
            talk,
            browser,
            (chat, question, send, stop),
            fresh,
            chosen=chosen,
            visitors=_VISITORS,
        )
        choice.wire(desk, choosing)
        gr.on(
            [query.submit, search.click],
            handlers.search,
            inputs=[query, chosen],
            outputs=[results],
            concurrency_limit=_VISITORS,
            concurrency_id="visitors",
            **quiet,
        )
        documents.wire(desk, listed, documents_tab.select)
        looked_up = chat.apply(handlers.look_up, outputs=[tabs, query], queue=False, **quiet)
        looked_up.then(handlers.search, inputs=[query, chosen], outputs=[results], **quiet)
        asked_of_all = chat.expand(
            handlers.all_documents, outputs=[chosen, *choosing.controls], queue=False, **quiet
        )
        asked_of_all.then(None, js="() => { window.attestAskAll(); return []; }")
        for place in (chat, results, listed.table, panel):
            place.select(handlers.open_document, outputs=[panel], concurrency_limit=8, **quiet)
    return cast(gr.Blocks, page)


def _html(value: str, elem_id: str) -> gr.HTML:
    return gr.HTML(
        value, elem_id=elem_id, apply_default_css=False, js_on_load=_FORWARD, padding=False
    )


def component_words() -> dict[str, dict[str, str]]:
    """The words that stand in Gradio's own components, which the browser translates."""
    names = ("tab_chat", "tab_search", "tab_documents", "tab_quality", "question_label",
             "placeholder", "send", "stop", "new_conversation", "search_label", "search_placeholder", "search",
             "reindex")  # fmt: skip
    return {
        code: {name: getattr(strings, name) for name in names}
        for code, strings in LANGUAGES.items()
    }
