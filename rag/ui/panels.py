"""Search results, the documents of the index and a sync's report, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import DocumentInfo, Searched, SyncReport
from rag.ui.desk import Progressed
from rag.ui.pieces import esc, time_html
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
