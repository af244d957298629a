"""What the tests of the page's HTML share: a parser, what may stand in it, a turn that is done."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

from rag.ui.views import TurnView
from tests.page_fake import FakeAssistant


class Seen(HTMLParser):
    """Tags, attributes and text of a piece of HTML, as a browser would take them."""

    def __init__(self, piece: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.pieces: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(piece)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag != "input":  # which has no end
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.pieces.append((self.open[-1] if self.open else "", data))

    def text(self, tag: str | None = None) -> str:
        return "".join(data for inside, data in self.pieces if tag in (None, inside))


TAGS = {"div", "article", "h2", "h3", "p", "span", "q", "section", "ol", "ul", "li", "button",
        "blockquote", "time", "details", "summary", "a", "b", "aside", "header", "mark", "table",
        "caption", "thead", "tbody", "tr", "th", "td", "nav", "dialog", "fieldset", "legend",
        "label", "input"}  # fmt: skip
ATTRIBUTES = {"class", "id", "lang", "href", "title", "type", "tabindex", "role", "scope",
              "datetime", "aria-hidden", "aria-live", "aria-label", "aria-busy", "data-event",
              "data-source", "data-start", "data-end", "data-quote", "data-copy", "data-done",
              "data-state", "data-nonce", "data-close", "data-name", "data-act", "data-turn",
              "data-text", "data-ask", "open", "data-n", "data-marks", "data-lang", "data-k",
              "data-begins", "data-ends", "data-of", "data-step", "data-from", "data-at",
              "aria-describedby", "aria-current", "aria-keyshortcuts", "style", "data-question",
              "aria-haspopup", "aria-labelledby", "autocomplete", "checked", "data-choice",
              "data-entry", "data-tick", "data-title", "hidden", "maxlength", "name", "pattern",
              "aria-pressed", "data-say", "placeholder", "size", "spellcheck", "value"}  # fmt: skip


@cache
def finished(question: str) -> TurnView:
    view = TurnView(1, question)
    for event in FakeAssistant.over_seeds().stream(question):
        view = view.after(event)
    return view
