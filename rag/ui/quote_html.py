"""A quote on the page: its marker, its card, and the button that opens its document there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.types import Citation, Place
from rag.ui.checking_text import words
from rag.ui.pieces import esc, time_html
from rag.ui.text import Strings


@dataclass(frozen=True, slots=True)
class Marked:
    """A place that an answer quotes, with its number there."""

    n: int
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Cited:
    """One answer's citations, as the page refers to them."""

    anchor: str
    """Id of the turn's element."""
    citations: tuple[Citation, ...]

    def by_number(self, n: int) -> Citation | None:
        return next((citation for citation in self.citations if citation.n == n), None)

    def marked(self, source: str) -> tuple[Marked, ...]:
        """Every place of a document that the answer quotes, in the order of the text."""
        places = {
            Marked(citation.n, place.start, place.end, place.quote)
            for citation in self.citations
            for place in (citation.place, *citation.also)
            if place.source == source
        }
        return tuple(sorted(places, key=lambda mark: (mark.start, mark.end, mark.n)))


NOTHING_CITED = Cited("", ())


def marks_to_json(marks: Iterable[Marked]) -> str:
    """As a button carries them."""
    return json.dumps([[m.n, m.start, m.end, m.quote] for m in marks], ensure_ascii=False)


def marks_from_json(text: object) -> tuple[Marked, ...]:
    """What `marks_to_json` made; nothing for anything else, since it comes from a browser."""
    try:
        return tuple(
            Marked(int(n), int(start), int(end), str(quote))
            for n, start, end, quote in json.loads(str(text))
        )
    except (ValueError, TypeError):
        return ()


def open_data(place: Place, cited: Cited = NOTHING_CITED, n: int | None = None) -> str:
    """Attributes that make an element open a document at a place, what else the answer quotes
    in it marked."""
    others = cited.marked(place.source)
    marks = f' data-marks="{esc(marks_to_json(others))}"' if len(others) > 1 else ""
    number = "" if n is None else f' data-n="{n}"'
    return (
        f'data-event="select" data-source="{esc(place.source)}" data-start="{place.start}" '
        f'data-end="{place.end}" data-quote="{esc(place.quote)}"{number}{marks}'
    )


def open_button(
    place: Place, label_html: str, cited: Cited = NOTHING_CITED, n: int | None = None
) -> str:
    return (
        f'<button type="button" class="att-open" {open_data(place, cited, n)}>{label_html}</button>'
    )


def marker(n: int, cited: Cited, strings: Strings) -> str:
    """`[1]`: opens the document at the quote, which it also shows when pointed at."""
    citation = cited.by_number(n)
    if citation is None:
        return f"[{n}]"
    place = citation.place
    label = words(strings).quote_marker.format(n=n, name=place.title or place.source)
    return (
        f'<button type="button" class="att-marker" {open_data(place, cited, n)} '
        f'aria-label="{esc(label)}" aria-describedby="{cited.anchor}-q{n}" '
        f'data-lang="{esc(place.language)}">[{n}]</button>'
    )


def card(citation: Citation, cited: Cited, language: str, strings: Strings) -> str:
    """A citation among the sources; `language` is the answer's."""
    place = citation.place
    return (
        f'<li class="att-card" id="{cited.anchor}-c{citation.n}" tabindex="-1">'
        f'<span class="att-number" aria-hidden="true">{citation.n}</span><div>'
        f"{place_html(place, strings, cited, citation.n, foreign=place.language != language)}"
        f"{also_files_html(citation.also, strings, cited, citation.n)}</div></li>"
    )


def place_html(
    place: Place,
    strings: Strings,
    cited: Cited = NOTHING_CITED,
    n: int | None = None,
    *,
    foreign: bool = True,
    named: bool = True,
) -> str:
    """A quote with its title, file and date. `named`: it is what the answer's marker describes."""
    name = f' id="{cited.anchor}-q{n}"' if named and n is not None else ""
    return (
        f'<p class="att-title" lang="{esc(place.language)}">'
        f"{open_button(place, esc(place.title or place.source), cited, n)}</p>"
        f'<blockquote{name} lang="{esc(place.language)}">{esc(place.quote)}</blockquote>'
        f"{facts(place, strings, foreign=foreign)}"
    )


def facts(place: Place, strings: Strings, *, foreign: bool = False) -> str:
    """File and date; a document without a title is called by its file already."""
    file = f'<span class="att-file">{esc(place.source)}</span>' if place.title else ""
    language = strings.in_language.format(language=strings.language(place.language))
    return (
        f'<p class="att-facts">{file}{time_html(place.date, strings)}'
        + (f"<span>{esc(language)}</span>" if foreign else "")
        + "</p>"
    )


def also_files_html(
    also: Sequence[Place],
    strings: Strings,
    cited: Cited = NOTHING_CITED,
    n: int | None = None,
) -> str:
    """The other files that say the same, each openable at its place."""
    if not also:
        return ""
    files = "".join(
        f"<li>{open_button(other, esc(other.title or other.source), cited, n)} "
        f"{facts(other, strings)}</li>"
        for other in also
    )
    return (
        f'<details class="att-also"><summary>{esc(strings.count(strings.also_in, len(also)))}'
        f"</summary><ul>{files}</ul></details>"
    )
