"""Events to HTML. Whatever comes from a document or a person goes through `esc`, without exception;
nothing is ever read as Markdown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag.types import (
    Answer,
    AnswerSentence,
    Citation,
    Disagreement,
    Event,
    Finished,
    Place,
    Searched,
    SentenceReady,
)
from rag.ui.desk import Progressed
from rag.ui.text import LANGUAGES, NBSP, Example, Strings

SHOWN_QUESTION = 600
"""Characters of a question that the page shows; all of it is asked."""
NEAREST = 3
"""Passages that an abstention shows unfolded."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

State = Literal["waiting", "opening", "searching", "checking", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class TurnView:
    """What the page knows of one question so far."""

    number: int
    question: str
    state: State = "searching"
    ahead: int = 0
    step: Progressed | None = None
    searched: Searched | None = None
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    answer: Answer | None = None
    error: str | None = None
    seconds: float = 0.0

    @property
    def busy(self) -> bool:
        return self.state in ("waiting", "opening", "searching", "checking")

    def after(self, event: Event) -> TurnView:
        """The view once this event has come."""
        if isinstance(event, Searched):
            return replace(self, state="checking", searched=event)
        if isinstance(event, SentenceReady):
            return replace(
                self, sentences=(*self.sentences, event.sentence), citations=event.citations
            )
        assert isinstance(event, Finished)
        return replace(
            self,
            state="done",
            answer=event.answer,
            sentences=event.answer.sentences,
            citations=event.answer.citations,
            seconds=event.answer.seconds,
        )


def esc(text: str) -> str:
    """Text as HTML that shows it: mark-up inert, and what JSON or HTML can't carry replaced."""
    return html.escape(_UNFIT.sub("\ufffd", text), quote=True)


# --- the conversation ---------------------------------------------------------------------


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
    parts = [_each(lambda s: f"<h2>{esc(s.welcome)}</h2>")]
    if examples:
        buttons = "".join(
            f'<button type="button" class="att-example" lang="{esc(example.language)}" '
            f'data-event="submit" data-question="{esc(example.question)}">'
            f"{esc(example.question)}</button>"
            for example in examples
        )
        parts.append(_each(lambda s: f'<p class="att-hint">{esc(s.examples)}</p>'))
        parts.append(f'<div class="att-examples">{buttons}</div>')
    else:
        parts.append(_each(lambda s: f'<p class="att-hint">{esc(s.no_examples)}</p>'))
    return f'<div class="att-welcome">{"".join(parts)}</div>'


def header() -> str:
    return (
        '<header class="att-header"><h1>Attest</h1>'
        + _each(lambda s: f"<p>{esc(s.tagline)}</p>")
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
    known = view.answer or view.searched
    language = known.language if known else "und"
    searched_for = known.standalone_question if known else question
    slots = (
        f'<p class="att-searched">{esc(strings.searched_for)}: <q>{esc(searched_for)}</q></p>'
        if searched_for.strip() != question
        else "",
        f'<div class="att-answer" aria-live="polite" lang="{esc(language)}">'
        f"{_answer_body(view, anchor, strings)}</div>",
        error(view.error) if view.error else "",
        "".join(
            _disagreement(item, view.citations, anchor, strings)
            for item in (view.answer.disagreements if view.answer else ())
        ),
        _sources(view, anchor, language, strings),
        _passages_read(view, strings),
        _foot(view, strings) if view.answer else "",
    )
    return (
        f'<article class="att-turn" id="{anchor}" data-state="{view.state}" '
        f'aria-busy="{str(view.busy).lower()}">'
        f'<h2 class="att-question"><span class="att-sr">{esc(strings.you_asked)}: </span>'
        f"{esc(shown)}</h2>{_status(view, strings)}"
        + "".join(f"<div>{slot}</div>" for slot in slots)
        + "</article>"
    )


def _sources(view: TurnView, anchor: str, language: str, strings: Strings) -> str:
    if view.answer and view.answer.abstained:
        return _refusal(view.answer, strings)
    if not view.citations:
        return ""
    cards = "".join(_card(citation, anchor, language, strings) for citation in view.citations)
    return f'<section class="att-sources"><h3>{esc(strings.sources)}</h3><ol>{cards}</ol></section>'


def _status(view: TurnView, strings: Strings) -> str:
    seconds = strings.seconds(view.seconds)
    found = len(view.searched.evidence) if view.searched else 0
    words: dict[str, str] = {
        "waiting": strings.next_in_line
        if view.ahead <= 1
        else strings.count(strings.in_line, view.ahead),
        "opening": strings.opening
        + (f" {view.step.done}/{view.step.total}" if view.step and view.step.total else ""),
        "searching": strings.searching,
        "checking": strings.count(strings.checking, found) if found else strings.nothing_found,
        "done": (strings.abstained if view.answer and view.answer.abstained else strings.answered),
        "stopped": strings.stopped,
        "failed": strings.failed,
    }
    clock = f'<span class="att-clock" aria-hidden="true">{seconds}</span>' if view.busy else ""
    return (
        f'<p class="att-status" role="status"><span class="att-dot" aria-hidden="true"></span>'
        f"{esc(words[view.state].format(seconds=seconds))}{clock}</p>"
    )


def _answer_body(view: TurnView, anchor: str, strings: Strings) -> str:
    if view.answer and view.answer.abstained:
        return f"<p>{esc(view.answer.answer)}</p>"
    by_number = {citation.n: citation for citation in view.citations}
    return "".join(_sentence(sentence, by_number, anchor, strings) for sentence in view.sentences)


def _sentence(
    sentence: AnswerSentence, by_number: dict[int, Citation], anchor: str, strings: Strings
) -> str:
    markers = "".join(_marker(n, by_number.get(n), anchor, strings) for n in sentence.citations)
    if sentence.support == "quoted":
        cut = sentence.lead_end or 0
        cited = by_number.get(sentence.citations[0]) if sentence.citations else None
        lang = cited.place.language if cited else "und"
        lead, quote = sentence.text[:cut].rstrip(), sentence.text[cut:].strip()
        if quote.startswith("« ") and quote.endswith(" »"):
            quote = f"«{NBSP}{quote[2:-2]}{NBSP}»"  # the marks stay with their words
        inner = (
            f'<span class="att-lead">{esc(lead)}</span> ' if lead else ""
        ) + f'<span class="att-quote" lang="{esc(lang)}">{esc(quote)}</span>'
        name = strings.quoted
    else:
        inner, name = esc(sentence.text), strings.supported
    return (
        f'<p class="att-sentence att-{sentence.support}">'
        f'<span class="att-sr">{esc(name)}: </span>{inner}{markers}</p>'
    )


def _marker(n: int, citation: Citation | None, anchor: str, strings: Strings) -> str:
    label = strings.source_n.format(n=n)
    if citation:
        label += f": {citation.place.title or citation.place.source}"
    hint = f' title="{esc(citation.place.quote)}"' if citation else ""
    return f'<a class="att-marker" href="#{anchor}-c{n}" aria-label="{esc(label)}"{hint}>[{n}]</a>'


def _card(citation: Citation, anchor: str, language: str, strings: Strings) -> str:
    place = citation.place
    return (
        f'<li class="att-card" id="{anchor}-c{citation.n}" tabindex="-1">'
        f'<span class="att-number" aria-hidden="true">{citation.n}</span><div>'
        f"{place_html(place, strings, foreign=place.language != language)}"
        f"{also_files_html(citation.also, strings)}</div></li>"
    )


def place_html(place: Place, strings: Strings, *, foreign: bool = True) -> str:
    """A quote with its title, file and date."""
    return (
        f'<p class="att-title" lang="{esc(place.language)}">'
        f"{_open_button(place, esc(place.title or place.source))}</p>"
        f'<blockquote lang="{esc(place.language)}">{esc(place.quote)}</blockquote>'
        f"{_facts(place, strings, foreign=foreign)}"
    )


def _facts(place: Place, strings: Strings, *, foreign: bool = False) -> str:
    """File and date; a document without a title is called by its file already."""
    file = f'<span class="att-file">{esc(place.source)}</span>' if place.title else ""
    language = strings.in_language.format(language=strings.language(place.language))
    return (
        f'<p class="att-facts">{file}{time_html(place.date, strings)}'
        + (f"<span>{esc(language)}</span>" if foreign else "")
        + "</p>"
    )


def time_html(date: str | None, strings: Strings) -> str:
    if not date:
        return f'<span class="att-undated">{esc(strings.no_date)}</span>'
    return f'<time datetime="{esc(date)}">{esc(strings.date(date))}</time>'


def _open_button(place: Place, label_html: str) -> str:
    return (
        f'<button type="button" class="att-open" data-event="select" '
        f'data-source="{esc(place.source)}" data-start="{place.start}" data-end="{place.end}" '
        f'data-quote="{esc(place.quote)}">'
        f"{label_html}</button>"
    )


def also_files_html(also: Sequence[Place], strings: Strings) -> str:
    if not also:
        return ""
    files = "".join(
        f"<li>{_open_button(other, esc(other.title or other.source))} {_facts(other, strings)}</li>"
        for other in also
    )
    return (
        f'<details class="att-also"><summary>{esc(strings.count(strings.also_in, len(also)))}'
        f"</summary><ul>{files}</ul></details>"
    )


def _disagreement(
    item: Disagreement, citations: Sequence[Citation], anchor: str, strings: Strings
) -> str:
    by_number = {citation.n: citation for citation in citations}
    columns = []
    for value in item.values:
        cited = [by_number[n] for n in value.citations if n in by_number]
        markers = "".join(_marker(citation.n, citation, anchor, strings) for citation in cited)
        quotes = "".join(
            f'<div class="att-side">{place_html(citation.place, strings, foreign=False)}</div>'
            for citation in cited
        )
        columns.append(f'<li><p class="att-value">{esc(value.value)}{markers}</p>{quotes}</li>')
    return (
        f'<section class="att-disagree"><h3>{esc(strings.disagree)}: {esc(item.about)}</h3>'
        f'<p class="att-hint">{esc(strings.disagree_note)}</p><ul>{"".join(columns)}</ul></section>'
    )


def _refusal(answer: Answer, strings: Strings) -> str:
    nearest = [item.place for item in answer.consulted[:NEAREST]]
    passages = (
        f"<h3>{esc(strings.nearest)}</h3><ul>"
        + "".join(
            f'<li class="att-card"><div>{place_html(place, strings)}</div></li>'
            for place in nearest
        )
        + "</ul>"
        if nearest
        else f"<p>{esc(strings.no_passage)}</p>"
    )
    steps = "".join(f"<li>{esc(step)}</li>" for step in strings.try_steps)
    return (
        f'<section class="att-sources att-refusal">{passages}</section>'
        f'<section class="att-try"><h3>{esc(strings.try_heading)}</h3><ul>{steps}</ul></section>'
    )


def _passages_read(view: TurnView, strings: Strings) -> str:
    """Folded away: what was read, used or not."""
    if view.searched:
        places = [evidence.place for evidence in view.searched.evidence]
    elif view.answer:
        places = [item.place for item in view.answer.consulted]
    else:
        return ""
    refused = view.answer is not None and view.answer.abstained
    if not places or (refused and len(places) <= NEAREST):
        return ""  # a refusal shows these already
    rows = "".join(f"<li>{place_html(place, strings)}</li>" for place in places)
    return (
        f'<details class="att-read"><summary>{esc(strings.count(strings.passages, len(places)))}'
        f"</summary><ul>{rows}</ul></details>"
    )


def _foot(view: TurnView, strings: Strings) -> str:
    assert view.answer is not None
    kinds = {sentence.support for sentence in view.answer.sentences}
    legend = "".join(
        f'<span class="att-key att-{kind}"><b>{esc(name)}</b> {esc(meaning)}</span>'
        for kind, name, meaning in (
            ("supported", strings.supported, strings.supported_means),
            ("quoted", strings.quoted, strings.quoted_means),
        )
        if kind in kinds
    )
    return (
        f'<div class="att-foot"><div class="att-legend">{legend}</div>'
        f'<button type="button" class="att-copy" data-copy="{esc(markdown(view, strings))}" '
        f'data-done="{esc(strings.copied)}">{esc(strings.copy)}</button></div>'
    )


def markdown(view: TurnView, strings: Strings) -> str:
    """Question, answer and sources as text to paste elsewhere."""
    assert view.answer is not None
    lines = [f"**{view.question.strip()}**", "", view.answer.answer]
    if view.citations:
        lines += ["", f"{strings.sources_word}:"]
        for citation in view.citations:
            place = citation.place
            name = f"{place.title} ({place.source})" if place.title else place.source
            lines.append(f"[{citation.n}] {name}, {strings.date(place.date)}: «{place.quote}»")
    return "\n".join(lines)


def _each(part: Callable[[Strings], str]) -> str:
    """The same piece in every language of the page, one of which the style sheet shows."""
    return "".join(
        f'<div class="att-in" lang="{code}">{part(strings)}</div>'
        for code, strings in sorted(LANGUAGES.items())
    )


def error(message: str) -> str:
    return f'<p class="att-error" role="alert">{esc(message)}</p>'


def hint(name: str) -> str:
    """One of the page's own sentences, in the page's language."""
    return _each(lambda strings: f'<p class="att-hint">{esc(str(getattr(strings, name)))}</p>')
