"""Search results, the documents of the index, a sync's report and the document panel, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import DocumentInfo, Searched, SyncReport
from rag.ui.desk import Progressed
from rag.ui.render import also_files_html, esc, place_html, time_html
from rag.ui.text import Strings

SHOWN_DOCUMENT = 200_000
"""Characters of a document that the panel shows, around the quote."""

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
        f"<ol>{rows}</ol></section>"
    )


def documents(infos: Sequence[DocumentInfo], strings: Strings) -> str:
    """The table of sources."""
    if not infos:
        return f'<p class="att-note">{esc(strings.no_documents)}</p>'
    heads = (
        strings.column_title,
        strings.column_date,
        strings.column_language,
        strings.column_sentences,
    )
    head = "".join(f'<th scope="col">{esc(name)}</th>' for name in heads)
    rows = "".join(
        "<tr><td>"
        f'<button type="button" class="att-open" data-event="select" '
        f'data-source="{esc(info.source)}" lang="{esc(info.language)}">'
        f"{esc(info.title or info.source)}</button>{_file(info)}</td>"
        f'<td data-name="{esc(heads[1])}">{time_html(info.date, strings)}</td>'
        f'<td data-name="{esc(heads[2])}">{esc(strings.language(info.language))}</td>'
        f'<td data-name="{esc(heads[3])}" class="att-figure">{info.sentences}</td></tr>'
        for info in infos
    )
    return (
        f'<table class="att-table"><caption>{esc(strings.count(strings.documents, len(infos)))}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _file(info: DocumentInfo) -> str:
    """The file's name, unless it stands for the title already."""
    return f'<span class="att-file">{esc(info.source)}</span>' if info.title else ""


def progress(step: Progressed | None, strings: Strings) -> str:
    """A sync under way."""
    what = step.what if step else strings.reindexing
    bar = (
        f'<progress max="{step.total}" value="{step.done}"></progress> '
        f"<span>{step.done}/{step.total}</span>"
        if step and step.total
        else "<progress></progress>"
    )
    return (
        f'<p class="att-status" role="status"><span class="att-dot" aria-hidden="true"></span>'
        f"{esc(what)} {bar}</p>"
    )


def sync_report(report: SyncReport, strings: Strings) -> str:
    """What a sync did, and every file that it touched or skipped with its reason."""
    counts = ", ".join(
        f"{report.count(action)} {strings.action(action, report.count(action))}"
        for action in ("added", "changed", "removed", "unchanged", "skipped")
        if report.count(action)
    )
    head = strings.sync_done.format(seconds=strings.seconds(report.seconds))
    rebuilt = (
        f"<p>{esc(strings.sync_rebuilt.format(why=report.rebuilt))}</p>" if report.rebuilt else ""
    )
    rows = "".join(
        f'<li><b class="att-{outcome.action}">{esc(strings.action(outcome.action))}</b> '
        f'<span class="att-file">{esc(outcome.source)}</span>'
        + (f" <span>{esc(outcome.reason)}</span>" if outcome.reason else "")
        + "</li>"
        for outcome in report.outcomes
        if outcome.action != "unchanged"
    )
    listing = f"<h3>{esc(strings.changed_heading)}</h3><ul>{rows}</ul>" if rows else ""
    return (
        f'<section class="att-report"><p class="att-status" role="status">{esc(head)} '
        f"{esc(counts)}</p>{rebuilt}{listing}</section>"
    )


# --- the document panel -------------------------------------------------------------------


def document(
    info: DocumentInfo,
    text: str,
    strings: Strings,
    *,
    start: int | None = None,
    end: int | None = None,
    quote: str | None = None,
    nonce: int = 0,
) -> str:
    """A document with `text[start:end]` (code points) marked, when that still is the quote."""
    marked = start is not None and end is not None and 0 <= start < end <= len(text)
    stale = quote is not None and not (marked and text[start:end] == quote)
    if not marked or stale or start is None or end is None:
        start = end = 0
    low, high = 0, len(text)
    if len(text) > SHOWN_DOCUMENT:
        low = max(0, min(start - SHOWN_DOCUMENT // 2, len(text) - SHOWN_DOCUMENT))
        high = min(len(text), low + SHOWN_DOCUMENT)
    mark = f"<mark>{esc(text[start:end])}</mark>" if end > start else ""
    notes = "".join(
        f'<p class="att-note">{esc(note)}</p>'
        for note, wanted in ((strings.cut, high - low < len(text)), (strings.out_of_date, stale))
        if wanted
    )
    title = info.title or info.source
    return (
        f'<aside class="att-panel" data-nonce="{nonce}" aria-label="{esc(strings.panel)}">'
        f'<header><div><h2 tabindex="-1" lang="{esc(info.language)}">{esc(title)}</h2>'
        f'<p class="att-facts">{_file(info)}'
        f"{time_html(info.date, strings)}<span>{esc(strings.language(info.language))}</span></p></div>"
        f'<button type="button" class="att-close" data-close>{esc(strings.close)}</button></header>'
        f'{notes}<div class="att-text" lang="{esc(info.language)}" tabindex="0">'
        f"{esc(text[low:start])}{mark}{esc(text[max(end, low) : high])}</div></aside>"
    )


def panel_error(message: str, strings: Strings, nonce: int = 0) -> str:
    """The panel when a document can't be opened."""
    return (
        f'<aside class="att-panel" data-nonce="{nonce}" aria-label="{esc(strings.panel)}">'
        f'<header><h2 tabindex="-1">{esc(strings.panel)}</h2>'
        f'<button type="button" class="att-close" data-close>{esc(strings.close)}</button></header>'
        f'<p class="att-error" role="alert">{esc(message)}</p></aside>'
    )
