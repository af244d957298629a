"""The documents that an answer cites, by their dates: a line to look at and a list that says the same.

A document dated "September 2020" may be of any day of that month, so it is drawn as long as that.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag import selection
from rag.errors import UsageError
from rag.types import Citation, Place
from rag.ui.checking_text import words
from rag.ui.pieces import esc, time_html
from rag.ui.quote_html import Cited, marker, open_button
from rag.ui.text import Strings

CHARACTER = 2.5
"""Percent of the line's length that a character takes at most: 8 of 320 pixels, on a phone."""
NARROWEST = 1.2
"""Percent of the line's length that a date takes at least, to be seen."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A document on the line."""

    place: Place
    """Its first quoted place."""
    numbers: tuple[int, ...]
    """Of the citations that quote it."""
    first: int | None
    """First and last day that its date may mean, as ordinals; None without a date."""
    last: int | None


@dataclass(frozen=True, slots=True)
class Bar:
    """Documents of one date as they are drawn; all figures are percent of the line's length, but for
    the row, from 0, in which the numbers stand."""

    left: float
    width: float
    label: str
    row: int

    @property
    def middle(self) -> float:
        return round(self.left + self.width / 2, 2)

    @property
    def label_width(self) -> float:
        return CHARACTER * len(self.label)

    @property
    def label_left(self) -> float:
        """Above the bar's middle, moved inwards as far as the bar lies outwards."""
        return self.middle * (1 - self.label_width / 100)


def dated(citations: Sequence[Citation]) -> list[Dated]:
    """The cited documents, oldest first, those without a date last, by their numbers."""
    places: dict[str, Place] = {}
    numbers: dict[str, list[int]] = {}
    for citation in citations:
        for place in (citation.place, *citation.also):
            places.setdefault(place.source, place)
            listed = numbers.setdefault(place.source, [])
            if citation.n not in listed:
                listed.append(citation.n)
    found = [
        Dated(place, tuple(numbers[source]), *_days(place.date)) for source, place in places.items()
    ]
    return sorted(found, key=_order)


def _order(item: Dated) -> tuple[bool, int, int, tuple[int, ...], str]:
    return (item.first is None, item.first or 0, item.last or 0, item.numbers, item.place.source)


def _days(date: str | None) -> tuple[int | None, int | None]:
    try:
        first, last = selection.days(date or "")
        return datetime.date.fromisoformat(first).toordinal(), datetime.date.fromisoformat(
            last
        ).toordinal()
    except (UsageError, ValueError):
        return None, None


def bars(documents: Sequence[Dated]) -> list[Bar]:
    """One bar a date; nothing when there are fewer than two dates."""
    spans: dict[tuple[int, int], list[int]] = {}
    for item in documents:
        if item.first is not None and item.last is not None:
            known = spans.setdefault((item.first, item.last), [])
            known += [n for n in item.numbers if n not in known]
    if len(spans) < 2:
        return []
    low = min(first for first, _ in spans)
    length = max(last for _, last in spans) - low + 1
    ends: list[float] = []  # of each row's last label
    drawn = []
    for (first, last), numbers in sorted(spans.items()):
        left = 100 * (first - low) / length
        width = max(NARROWEST, 100 * (last - first + 1) / length)
        left = min(left, 100 - width)
        label = ", ".join(map(str, sorted(numbers)))
        bar = Bar(round(left, 2), round(width, 2), label, 0)
        row = next((i for i, end in enumerate(ends) if bar.label_left >= end), len(ends))
        ends[row : row + 1] = [bar.label_left + bar.label_width + CHARACTER]
        drawn.append(replace(bar, row=row))
    return drawn


def timeline(cited: Cited, strings: Strings, *, disagree: bool) -> str:
    """The time line of an answer, where it tells something: its documents have two dates or more, or
    they disagree and one has a date."""
    documents = dated(cited.citations)
    dates = {(item.first, item.last) for item in documents if item.first is not None}
    if len(dates) < (1 if disagree else 2):
        return ""
    said = words(strings)
    items = "".join(
        f"<li>{time_html(item.place.date, strings)} "
        f'<span class="att-when">{_name(item, cited)}'
        + "".join(marker(n, cited, strings) for n in item.numbers)
        + "</span></li>"
        for item in documents
    )
    return (
        f'<section class="att-time"><h3>{esc(said.timeline)}</h3>'
        f'<p class="att-hint">{esc(said.timeline_note)}</p>'
        f"{_line(bars(documents))}<ol>{items}</ol></section>"
    )


def _name(item: Dated, cited: Cited) -> str:
    place = item.place
    return open_button(place, esc(place.title or place.source), cited, item.numbers[0])


def _line(drawn: Sequence[Bar]) -> str:
    if not drawn:
        return ""
    rows = max(bar.row for bar in drawn) + 1
    marks = "".join(
        f'<span class="att-bar" style="left:{bar.left}%;width:{bar.width}%"></span>'
        f'<span class="att-bar-name" style="left:{bar.middle}%;'
        f'--row:{bar.row};--inwards:-{bar.middle}%">{esc(bar.label)}</span>'
        for bar in drawn
    )
    return f'<div class="att-axis" aria-hidden="true" style="--rows:{rows}">{marks}</div>'
