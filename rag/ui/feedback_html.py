"""What people say about answers, as HTML: the thumbs under one, and the list of what was kept."""

from __future__ import annotations

import json
from collections.abc import Sequence

from eval.feedback import Entry
from rag.ui.feedback_text import FEEDBACK, feedback_words
from rag.ui.pieces import error, esc
from rag.ui.text import Strings


def thumbs(n: int, strings: Strings) -> str:
    """Two quiet buttons; the style sheet shows them where something can be kept."""
    said = feedback_words(strings)
    return "".join(
        f'<button type="button" class="att-quiet att-thumb att-thumb-{way}" data-say="{way}" '
        f'data-turn="{n}" aria-pressed="false" aria-label="{esc(label)}" title="{esc(label)}">'
        "</button>"
        for way, label in (("up", said.good.format(n=n)), ("down", said.bad.format(n=n)))
    )


def words_for_browser() -> str:
    """Never seen: the words of the script's dialog, in every language."""
    said = {
        code: json.dumps(strings.for_browser(), ensure_ascii=False)
        for code, strings in FEEDBACK.items()
    }
    words = "".join(f' data-{code}="{esc(text)}"' for code, text in sorted(said.items()))
    return f'<div id="att-say-words" hidden{words}></div>'


def entries_html(entries: Sequence[Entry], strings: Strings, problem: str | None = None) -> str:
    """What was kept, newest first, each with a button that deletes it."""
    said = feedback_words(strings)
    head = f'<h2 class="att-part">{esc(said.heading_list)}</h2>'
    trouble = error(problem) if problem else ""
    if not entries:
        return (
            f'<section class="att-kept">{head}{trouble}<p class="att-note">{esc(said.none_yet)}'
            "</p></section>"
        )
    rows = "".join(_entry(entry, strings) for entry in entries)
    count = strings.count(said.entries, len(entries))
    return (
        f'<section class="att-kept">{head}{trouble}<p class="att-hint">{esc(count)}. '
        f"{esc(said.list_hint)}</p><ul>{rows}</ul></section>"
    )


def _entry(entry: Entry, strings: Strings) -> str:
    said = feedback_words(strings)
    verdict = said.said_good if entry.good else said.reason(entry.reason or "other")
    facts = [
        f'<span class="att-{"good" if entry.good else "bad"}">{esc(verdict)}</span>',
        f'<time datetime="{esc(entry.date)}">{esc(strings.date(entry.date[:10]))}</time>',
    ]
    if not entry.settled:
        facts.append(f"<span>{esc(said.unsettled)}</span>")
    quote = (
        f"<blockquote>{esc(entry.quote)}</blockquote>"
        f'<p class="att-facts"><span class="att-file">{esc(entry.source or "")}</span></p>'
        if entry.quote
        else ""
    )
    label = said.delete_long.format(question=entry.question[:80])
    return (
        f'<li class="att-card"><div><p class="att-title">{esc(entry.question[:600])}</p>'
        f'<p class="att-facts">{"".join(facts)}</p>'
        + (f'<p class="att-line">{esc(entry.note)}</p>' if entry.note else "")
        + quote
        + f'</div><button type="button" class="att-quiet" data-event="delete" '
        f'data-id="{esc(entry.id)}" aria-label="{esc(label)}">{esc(said.delete)}</button></li>'
    )
