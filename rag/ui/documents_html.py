"""The documents tab as HTML: where files are dropped, what became of them, the list, a sync's report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rag.load import READABLE
from rag.types import DocumentInfo, SyncReport
from rag.ui.desk import Progressed
from rag.ui.documents_text import document_words
from rag.ui.pieces import each, error, esc, time_html
from rag.ui.text import NBSP, Strings
from rag.uploads import MAX_BYTES, MAX_FILES

FILTERED = 8
"""From so many documents on, the list has a filter."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file that was to be added."""

    name: str
    """As it was called where it comes from."""
    source: str | None = None
    """Under which it was added; None when it was not."""
    note: str = ""
    """Why not, or under what other name."""


def drop_zone() -> str:
    """In every language at once, since it stands there before the server is asked."""
    return each(_drop_zone)


def _drop_zone(strings: Strings) -> str:
    words = document_words(strings)
    suffixes = sorted(READABLE)
    formats = ", ".join(suffix.removeprefix(".") for suffix in suffixes)
    limits = words.limits.format(formats=formats, files=MAX_FILES, size=MAX_BYTES >> 20)
    return (
        f'<div class="att-drop" data-files="{MAX_FILES}" data-bytes="{MAX_BYTES}" '
        f'data-sending="{esc(words.sending)}">'
        f'<button type="button" class="att-main att-add">{esc(words.add)}</button>'
        f'<input type="file" multiple hidden accept="{esc(",".join(suffixes))}" '
        f'aria-label="{esc(words.add)}" tabindex="-1"> <span>{esc(words.drop)}</span>'
        f'<p class="att-hint">{esc(limits)}</p>'
        f'<p class="att-sending" role="status"></p></div>'
    )


def listing(
    infos: Sequence[DocumentInfo], uploaded: Collection[str], folder: str, strings: Strings
) -> str:
    """The documents of the index; those that were added on the page can be removed."""
    words = document_words(strings)
    where = f'<p class="att-hint att-where">{esc(words.where.format(folder=folder))}</p>'
    if not infos:
        return f'{where}<p class="att-note">{esc(strings.no_documents)}</p>'
    heads = (strings.column_title, strings.column_date, strings.column_language,
             strings.column_sentences)  # fmt: skip
    head = "".join(f'<th scope="col">{esc(name)}</th>' for name in heads)
    rows = "".join(_row(info, info.source in uploaded, heads, strings) for info in infos)
    filters = (
        f'<div class="att-filter"><input type="search" aria-label="{esc(words.filter)}" '
        f'placeholder="{esc(words.filter)}" autocomplete="off">'
        f'<span class="att-shown" role="status" data-text="{esc(words.shown)}"></span></div>'
        if len(infos) >= FILTERED
        else ""
    )
    return (
        f'{where}<div class="att-documents-list">{filters}<table class="att-table">'
        f"<caption>{esc(strings.count(strings.documents, len(infos)))}</caption>"
        f'<thead><tr>{head}<th scope="col"><span class="att-sr">{esc(words.remove)}</span></th></tr>'
        f"</thead><tbody>{rows}</tbody></table>{_confirm(strings)}</div>"
    )


def _row(info: DocumentInfo, uploaded: bool, heads: Sequence[str], strings: Strings) -> str:
    words = document_words(strings)
    title = info.title or info.source
    file = f'<span class="att-file">{esc(info.source)}</span>' if info.title else ""
    here = (
        f' <span class="att-here" title="{esc(words.uploaded_long)}">{esc(words.uploaded)}</span>'
        if uploaded
        else ""
    )
    remove = (
        f'<button type="button" class="att-quiet att-remove" data-source="{esc(info.source)}" '
        f'data-title="{esc(title)}" aria-haspopup="dialog" '
        f'aria-label="{esc(words.remove_long.format(title=title))}">{esc(words.remove)}</button>'
        if uploaded
        else ""
    )
    return (
        f'<tr data-entry="{esc(info.date or "")} {esc(info.source)}"><td>'
        f'<button type="button" class="att-open" data-event="select" '
        f'data-source="{esc(info.source)}" lang="{esc(info.language)}">{esc(title)}</button>'
        f"{here}{file}</td>"
        f'<td data-name="{esc(heads[1])}">{time_html(info.date, strings)}</td>'
        f'<td data-name="{esc(heads[2])}">{esc(strings.language(info.language))}</td>'
        f'<td data-name="{esc(heads[3])}" class="att-figure">{info.sentences}</td>'
        f'<td class="att-do">{remove}</td></tr>'
    )


def _confirm(strings: Strings) -> str:
    """Asked before anything is removed."""
    words = document_words(strings)
    return (
        f'<dialog class="att-confirm" aria-labelledby="att-confirm-title">'
        f'<h2 id="att-confirm-title">{esc(words.remove_heading)}</h2>'
        f'<p class="att-confirm-what"></p><p class="att-hint">{esc(words.remove_note)}</p>'
        f'<div class="att-picker-foot"><button type="button" class="att-plain" data-choice="cancel">'
        f"{esc(words.keep)}</button>"
        f'<button type="button" class="att-main att-danger" data-event="delete" data-source="">'
        f"{esc(words.remove)}</button></div></dialog>"
    )


def progress(step: Progressed | None, strings: Strings) -> str:
    """A sync under way; `Indexing` counts bytes, which nobody reads."""
    words = document_words(strings)
    what = words.step(step.what) if step else strings.reindexing
    bar = "<progress></progress>"
    if step and step.total:
        counted = (
            f"{100 * step.done // step.total}{NBSP}%"
            if step.what == "Indexing"
            else f"{step.done}/{step.total}"
        )
        bar = f'<progress max="{step.total}" value="{step.done}"></progress> <span>{counted}</span>'
    return (
        f'<p class="att-status" role="status"><span class="att-dot" aria-hidden="true"></span>'
        f"{esc(what)} {bar}</p>"
    )


def waiting(ahead: int, strings: Strings) -> str:
    """Others are served first."""
    said = strings.next_in_line if ahead == 1 else strings.count(strings.in_line, ahead)
    return (
        f'<p class="att-status" role="status"><span class="att-dot" aria-hidden="true"></span>'
        f"{esc(said)}</p>"
    )


def outcomes(taken: Sequence[Taken], strings: Strings, problem: str = "") -> str:
    """What became of each file; `problem` when they could not be indexed."""
    words = document_words(strings)
    added = sum(item.source is not None for item in taken)
    head = strings.count(words.added_heading, added) if added else words.nothing_added
    rows = "".join(
        f'<li><b class="att-{"added" if item.source else "skipped"}">'
        f"{esc(words.added if item.source else words.refused)}</b> "
        f'<span class="att-file">{esc(item.name)}</span>'
        + (f": <span>{esc(item.note)}</span>" if item.note else "")
        + "</li>"
        for item in taken
    )
    return (
        f'<section class="att-report"><p class="att-status" role="status">{esc(head)}</p>'
        f"<ul>{rows}</ul></section>{error(problem) if problem else ''}"
    )


def removed(source: str, strings: Strings) -> str:
    said = document_words(strings).removed.format(source=source)
    return f'<p class="att-status" role="status">{esc(said)}</p>'


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
        + (f": <span>{esc(outcome.reason)}</span>" if outcome.reason else "")
        + "</li>"
        for outcome in report.outcomes
        if outcome.action != "unchanged"
    )
    heading = f"<h3>{esc(strings.changed_heading)}</h3><ul>{rows}</ul>" if rows else ""
    return (
        f'<section class="att-report"><p class="att-status" role="status">{esc(head)} '
        f"{esc(counts)}</p>{rebuilt}{heading}</section>"
    )
