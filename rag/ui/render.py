"""A conversation as HTML: its turns, or the welcome."""

from __future__ import annotations

from collections.abc import Sequence

from rag.ui import turns_html
from rag.ui.answer_html import disagreement, legend, sentences_html
from rag.ui.pieces import each, error, esc
from rag.ui.quote_html import Cited, card, place_html
from rag.ui.refusal import NEAREST, refusal
from rag.ui.text import Example, Strings
from rag.ui.timeline import timeline
from rag.ui.views import TurnView

SHOWN_QUESTION = 600
"""Characters of a question that the page shows; all of it is asked."""


def conversation(
    views: Sequence[TurnView],
    strings: Strings,
    *,
    examples: Sequence[Example] = (),
    note: str | None = None,
) -> str:
    """All turns, oldest first; the welcome when there is none."""
    body = "".join(turn(view, strings) for view in views) if views else welcome(examples)
    note_html = f'<p class="att-note" role="alert">{esc(note)}</p>' if note else ""
    return f'<div class="att-chat">{body}{note_html}</div>'


def welcome(examples: Sequence[Example]) -> str:
    """In every language at once; the style sheet shows the page's own (`html[lang]`), so that the
    first paint needs no answer from the server."""
    parts = [each(lambda s: f"<h2>{esc(s.welcome)}</h2>")]
    if examples:
        buttons = "".join(
            f'<button type="button" class="att-example" lang="{esc(example.language)}" '
            f'data-ask="{esc(example.question)}">'
            f"{esc(example.question)}</button>"
            for example in examples
        )
        parts.append(each(lambda s: f'<p class="att-hint">{esc(s.examples)}</p>'))
        parts.append(f'<div class="att-examples">{buttons}</div>')
    else:
        parts.append(each(lambda s: f'<p class="att-hint">{esc(s.no_examples)}</p>'))
    return f'<div class="att-welcome">{"".join(parts)}</div>'


def header() -> str:
    return (
        '<header class="att-header"><h1>Attest</h1>'
        + each(lambda s: f"<p>{esc(s.tagline)}</p>")
        + "</header>"
    )


def turn(view: TurnView, strings: Strings) -> str:
    """One question and what became of it.

    Its parts stand in slots that are always there, since the browser matches old and new elements
    by position: what a reader has unfolded stays so while the answer grows.
    """
    anchor = f"t{view.number}"
    question = view.question.strip()
    shown = question if len(question) <= SHOWN_QUESTION else question[:SHOWN_QUESTION] + "…"
    known = view.answer or view.partial or view.searched
    language = known.language if known else "und"
    cited = Cited(anchor, view.citations)
    disagreements = view.answer.disagreements if view.answer else ()
    slots = (
        turns_html.searched_for(view, strings) + turns_html.searched_in(view, strings),
        f'<div class="att-answer" aria-live="polite" lang="{esc(language)}">'
        f"{_answer(view, cited, language, strings)}</div>",
        legend(view.sentences, strings),
        error(view.error) if view.error else "",
        "".join(disagreement(item, cited, strings) for item in disagreements),
        timeline(cited, strings, disagree=bool(disagreements)) if view.answer else "",
        _sources(view, cited, language, strings),
        _passages_read(view, strings),
        f'<div class="att-foot">{turns_html.actions(view, strings)}</div>',
    )
    return (
        f'<article class="att-turn" id="{anchor}" data-state="{view.state}" '
        f'aria-busy="{str(view.busy).lower()}">'
        f'<h2 class="att-question"><span class="att-sr">{esc(strings.you_asked)}: </span>'
        f"{esc(shown)}</h2>{turns_html.status(view, strings)}"
        + "".join(f"<div>{slot}</div>" for slot in slots)
        + "</article>"
    )


def _answer(view: TurnView, cited: Cited, language: str, strings: Strings) -> str:
    if view.answer and view.answer.abstained:
        return f"<p>{esc(view.answer.answer)}</p>"
    return sentences_html(view.sentences, cited, language, strings)


def _sources(view: TurnView, cited: Cited, language: str, strings: Strings) -> str:
    if view.answer and view.answer.abstained:
        return refusal(view.answer, view.searched, strings)
    if not view.citations:
        return ""
    cards = "".join(card(citation, cited, language, strings) for citation in view.citations)
    return f'<section class="att-sources"><h3>{esc(strings.sources)}</h3><ol>{cards}</ol></section>'


def _passages_read(view: TurnView, strings: Strings) -> str:
    """What was read, used or not: open while there is no whole answer, then folded away."""
    places = view.places
    refused = view.answer is not None and view.answer.abstained
    if not places or (refused and len(places) <= NEAREST):
        return ""  # a refusal shows these already
    rows = "".join(f"<li>{place_html(place, strings)}</li>" for place in places)
    return (
        f'<details class="att-read"{" open" if view.answer is None else ""}>'
        f"<summary>{esc(strings.count(strings.passages, len(places)))}"
        f"</summary><ul>{rows}</ul></details>"
    )
