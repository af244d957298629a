"""The smallest pieces of HTML. Whatever comes from a document or a person goes through `esc`, without
exception; nothing is ever read as Markdown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from rag.ui.text import LANGUAGES, Strings

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def esc(text: str) -> str:
    """Text as HTML that shows it: mark-up inert, and what JSON or HTML can't carry replaced."""
    return html.escape(_UNFIT.sub("\ufffd", text), quote=True)


def error(message: str) -> str:
    return f'<p class="att-error" role="alert">{esc(message)}</p>'


def each(part: Callable[[Strings], str]) -> str:
    """The same piece in every language of the page, one of which the style sheet shows."""
    return "".join(
        f'<div class="att-in" lang="{code}">{part(strings)}</div>'
        for code, strings in sorted(LANGUAGES.items())
    )


def hint(name: str) -> str:
    """One of the page's own sentences, in the page's language."""
    return each(lambda strings: f'<p class="att-hint">{esc(str(getattr(strings, name)))}</p>')


def time_html(date: str | None, strings: Strings) -> str:
    if not date:
        return f'<span class="att-undated">{esc(strings.no_date)}</span>'
    return f'<time datetime="{esc(date)}">{esc(strings.date(date))}</time>'
