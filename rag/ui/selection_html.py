"""The choice of documents as HTML: the control that says what is chosen, the dialog that changes it,
and the line of an answer that says what was searched."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import DocumentInfo, Scope, Selection
from rag.ui.pieces import each, esc, time_html
from rag.ui.selection_text import SelectionStrings, selection_words
from rag.ui.text import Strings

FILTERED = 8
"""From so many documents on, their list has a filter."""


def control(scope: Scope | None, strings: Strings) -> str:
    """What is chosen, as the button that changes it, and a button that clears it."""
    return f'<div class="att-choosing">{_buttons(scope, strings)}</div>'


def control_at_first() -> str:
    """Nothing is chosen, in the browser's language: needs no answer from the server."""
    return f'<div class="att-choosing">{each(lambda strings: _buttons(None, strings))}</div>'


def _buttons(scope: Scope | None, strings: Strings) -> str:
    words = selection_words(strings)
    label = words.all if scope is None else _label(scope, words, strings)
    change = (
        f'<button type="button" class="att-quiet att-chosen{" att-limited" if scope else ""}" '
        f'data-event="edit" aria-haspopup="dialog" title="{esc(words.change)}">{esc(label)}</button>'
    )
    clear = (
        f'<button type="button" class="att-quiet att-unchoose" data-event="clear" '
        f'aria-label="{esc(words.clear_long)}" title="{esc(words.clear_long)}">×</button>'
    )
    return change + (clear if scope else "")


def _label(scope: Scope, words: SelectionStrings, strings: Strings) -> str:
    label = words.some.format(n=scope.searched, of=scope.of)
    dates = _range(scope.selection, words, strings)
    return f"{label}, {dates}" if dates else label


def _range(chosen: Selection, words: SelectionStrings, strings: Strings) -> str:
    blanks = {"since": strings.date(chosen.since), "until": strings.date(chosen.until)}
    if chosen.since and chosen.until:
        return words.between.format(**blanks)
    if chosen.since:
        return words.since.format(**blanks)
    return words.until.format(**blanks) if chosen.until else ""


def searched_in(scope: Scope | None, strings: Strings) -> str:
    """What was searched for an answer, when not everything was."""
    if scope is None:
        return ""
    words = selection_words(strings)
    said = words.searched.format(n=scope.searched, of=scope.of)
    dates = _range(scope.selection, words, strings)
    if dates:
        said += f", {dates}"
    if scope.undated:
        said += f"; {strings.count(words.left_out, scope.undated)}"
    names = sorted(scope.selection.sources or ())
    if not names:
        return f'<p class="att-scope">{esc(said)}</p>'
    rows = "".join(f"<li>{esc(name)}</li>" for name in names)
    return f'<details class="att-scope"><summary>{esc(said)}</summary><ul>{rows}</ul></details>'


def dialog(infos: Sequence[DocumentInfo], chosen: Selection | None, strings: Strings) -> str:
    """The form, with what is chosen now."""
    words = selection_words(strings)
    now = chosen or Selection()
    undated = sum(info.date is None for info in infos)
    note = f" {strings.count(words.undated, undated)}" if undated else ""
    dates = "".join(
        f'<label>{esc(label)} <input type="text" name="{name}" value="{esc(value or "")}" '
        f'autocomplete="off" spellcheck="false" maxlength="10" size="10" '
        f'pattern="[0-9]{{4}}(-[0-9]{{2}}(-[0-9]{{2}})?)?" aria-describedby="att-picker-shape">'
        f"</label>"
        for name, label, value in (
            ("since", words.from_label, now.since),
            ("until", words.to_label, now.until),
        )
    )
    rows = "".join(_row(info, now, strings) for info in infos)
    filters = (
        f'<div class="att-filter"><input type="search" class="att-picker-filter" '
        f'aria-label="{esc(words.filter)}" placeholder="{esc(words.filter)}" autocomplete="off">'
        f'<span class="att-shown" role="status" data-text="{esc(words.shown)}"></span>'
        f'<button type="button" class="att-quiet" data-tick="shown">{esc(words.tick_shown)}</button>'
        f'<button type="button" class="att-quiet" data-tick="none">{esc(words.none_shown)}</button>'
        f"</div>"
        if len(infos) >= FILTERED
        else ""
    )
    return (
        f'<dialog class="att-picker" aria-labelledby="att-picker-title">'
        f'<h2 id="att-picker-title" tabindex="-1">{esc(words.heading)}</h2>'
        f'<fieldset class="att-picker-dates"><legend>{esc(words.dates)}</legend>{dates}'
        f'<p class="att-hint" id="att-picker-shape">{esc(words.date_shape)}.{esc(note)}</p></fieldset>'
        f'<div class="att-picker-documents" role="group" aria-labelledby="att-picker-documents">'
        f'<h3 id="att-picker-documents">{esc(words.documents)}</h3>'
        f'<p class="att-hint">{esc(words.tick)}</p>{filters}<ul>{rows}</ul></div>'
        f'<p class="att-error" role="alert" hidden></p>'
        f'<div class="att-picker-foot">'
        f'<button type="button" class="att-quiet" data-event="clear">{esc(words.everything)}</button>'
        f'<button type="button" class="att-plain" data-choice="cancel">{esc(words.cancel)}</button>'
        f'<button type="button" class="att-main" data-event="apply">{esc(words.apply)}</button>'
        f"</div></dialog>"
    )


def _row(info: DocumentInfo, chosen: Selection, strings: Strings) -> str:
    ticked = chosen.sources is not None and info.source in chosen.sources
    file = f'<span class="att-file">{esc(info.source)}</span>' if info.title else ""
    return (
        f'<li data-entry><label><input type="checkbox" value="{esc(info.source)}"'
        f'{" checked" if ticked else ""}><span><span lang="{esc(info.language)}">'
        f"{esc(info.title or info.source)}</span>"
        f'<span class="att-facts">{file}{time_html(info.date, strings)}</span></span></label></li>'
    )
