"""Search results as HTML."""

from __future__ import annotations

from rag.types import Searched
from rag.ui.pieces import esc
from rag.ui.quote_html import also_files_html, place_html
from rag.ui.selection_html import searched_in
from rag.ui.text import Strings

# --- search and documents -----------------------------------------------------------------


def search_results(searched: Searched, strings: Strings) -> str:
    """Evidence without an answer."""
    n = len(searched.evidence)
    seconds = strings.seconds(searched.seconds)
    head = strings.count(strings.results, n, seconds=seconds) if n else strings.no_passage
    rows = "".join(
        f'<li class="att-card"><span class="att-number" aria-hidden="true">{n}</span>'
        f"<div>{place_html(item.place, strings)}{also_files_html(item.also, strings)}</div></li>"
        for n, item in enumerate(searched.evidence, 1)
    )
    return (
        f'<section class="att-sources att-results"><p class="att-status" role="status">{esc(head)}</p>'
        f"{searched_in(searched.scope, strings)}<ol>{rows}</ol></section>"
    )
