"""The document beside the chat: its text as the index knows it, what the answer quotes marked."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rag.types import DocumentInfo
from rag.ui.checking_text import Words, words
from rag.ui.desk import AssistantLike
from rag.ui.pieces import esc, time_html
from rag.ui.quote_html import Marked, marks_from_json, marks_to_json
from rag.ui.text import Strings

SHOWN_DOCUMENT = 200_000
"""Characters of a document that the panel shows, around the quote."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a text that is shown, `text[low:high]`."""

    low: int
    high: int
    of: int
    """Length of the whole text."""

    @classmethod
    def around(cls, at: int, length: int) -> Window:
        low = max(0, min(at - SHOWN_DOCUMENT // 2, length - SHOWN_DOCUMENT))
        return cls(low, min(length, low + SHOWN_DOCUMENT), length)

    def holds(self, mark: Marked) -> bool:
        return self.low <= mark.start and mark.end <= self.high


def opened(assistant: AssistantLike, data: Mapping[str, Any], strings: Strings) -> str:
    """The document that an element's `data-…` attributes name (see `quote_html.open_data`). Raises
    UsageError for one that isn't in the index."""
    source = str(data.get("source", ""))
    text = assistant.text(source)
    known = {info.source: info for info in assistant.sources()}
    return document(
        known.get(source, DocumentInfo(source, None, None, "und", 0)),
        text,
        strings,
        start=_number(data.get("start")),
        end=_number(data.get("end")),
        quote=None if data.get("quote") is None else str(data["quote"]),
        n=_number(data.get("n")),
        marks=marks_from_json(data.get("marks")),
        at=_number(data.get("at")),
        nonce=time.monotonic_ns(),
    )


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def document(
    info: DocumentInfo,
    text: str,
    strings: Strings,
    *,
    start: int | None = None,
    end: int | None = None,
    quote: str | None = None,
    n: int | None = None,
    marks: Sequence[Marked] = (),
    at: int | None = None,
    nonce: int = 0,
) -> str:
    """A document with `text[start:end]` (code points) marked, when that still is the quote, and the
    answer's other quotes (`marks`) marked lighter. `at`: where to open it when nothing is quoted."""
    here = None
    if start is not None and end is not None and 0 <= start < end <= len(text):
        here = Marked(n or 0, start, end, text[start:end])
    stale = quote is not None and (here is None or here.quote != quote)
    if stale:
        here = None
    window = Window.around(here.start if here else at or 0, len(text))
    found = _distinct(
        [*([here] if here else []), *(m for m in marks if text[m.start : m.end] == m.quote)]
    )
    shown = _Shown(info.source, text, found, here, window, at, words(strings))
    notes = "".join(
        f'<p class="att-note">{esc(note)}</p>'
        for note, wanted in (
            (strings.cut, window.high - window.low < len(text)),
            (strings.out_of_date, stale),
        )
        if wanted
    )
    title = info.title or info.source
    language = esc(info.language)
    return (
        f'<aside class="att-panel" data-nonce="{nonce}" aria-label="{esc(strings.panel)}">'
        f'<header><div><h2 tabindex="-1" lang="{language}">{esc(title)}</h2>'
        f'<p class="att-facts">{_file(info)}{time_html(info.date, strings)}'
        f"<span>{esc(strings.language(info.language))}</span></p></div>"
        f'<button type="button" class="att-close" data-close>{esc(strings.close)}</button></header>'
        f"{shown.places()}{notes}"
        f'<div class="att-text" lang="{language}" tabindex="0" role="region" '
        f'aria-label="{esc(title)}" data-source="{esc(info.source)}" data-from="{window.low}">'
        f"{shown.body()}</div>{shown.more(later=False)}{shown.more(later=True)}</aside>"
    )


def _file(info: DocumentInfo) -> str:
    """The file's name, unless it stands for the title already."""
    return f'<span class="att-file">{esc(info.source)}</span>' if info.title else ""


def _distinct(marks: Sequence[Marked]) -> list[Marked]:
    """One a span, in the order of the text; the first of equal spans stays."""
    spans: dict[tuple[int, int], Marked] = {}
    for mark in marks:
        if 0 <= mark.start < mark.end:
            spans.setdefault((mark.start, mark.end), mark)
    return [spans[span] for span in sorted(spans)]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A document with its marks, in the order of the text."""

    source: str
    text: str
    marks: Sequence[Marked]
    here: Marked | None
    """The mark that is looked at."""
    window: Window
    at: int | None
    said: Words

    def body(self) -> str:
        """The text. Where marks overlap, a piece shows one of them: the one that is looked at, else
        the first."""
        shown = [mark for mark in self.marks if self.window.holds(mark)]
        cuts = {self.window.low, self.window.high}
        for mark in shown:
            cuts |= {mark.start, mark.end}
        if self.at is not None and self.window.low < self.at < self.window.high:
            cuts.add(self.at)
        pieces = []
        for low, high in pairwise(sorted(cuts)):
            over = [mark for mark in shown if mark.start <= low and high <= mark.end]
            if low == self.at and self.here is None:
                pieces.append('<span id="att-at"></span>')
            if over:
                pieces.append(self._mark(low, high, self.here if self.here in over else over[0]))
            else:
                pieces.append(esc(self.text[low:high]))
        return "".join(pieces)

    def _mark(self, low: int, high: int, mark: Marked | None) -> str:
        assert mark is not None
        here = mark == self.here
        begins = (self.said.begins if here else self.said.also_begins).format(n=mark.n or "")
        first = f' data-begins="{esc(begins)}"' if low == mark.start else ""
        last = f' data-ends="{esc(self.said.ends)}"' if high == mark.end else ""
        number = f' data-n="{mark.n}"' if mark.n else ""
        return (
            f'<mark class="{"att-quote-now" if here else "att-quote-other"}" id="att-p{low}" '
            f'data-k="{self.marks.index(mark)}"{number}{first}{last} tabindex="-1">'
            f"{esc(self.text[low:high])}</mark>"
        )

    def places(self) -> str:
        """Links to the marked places, with previous and next where there are several."""
        if not any(mark.n for mark in self.marks):
            return ""
        said, of = self.said, len(self.marks)
        links = "".join(f"<li>{self._link(k, mark)}</li>" for k, mark in enumerate(self.marks))
        now = self.marks.index(self.here) + 1 if self.here in self.marks else 0
        state = said.place_of.format(n=now, of=of) if now else ""
        steps = (
            f'<span class="att-steps">{_step(-1, said.previous)}<span class="att-place-of" '
            f'role="status" data-of="{esc(said.place_of)}">{esc(state)}</span>'
            f"{_step(1, said.next)}</span>"
            if of > 1
            else ""
        )
        name = esc(said.quoted_places)
        return (
            f'<nav class="att-places" aria-label="{name}"><span aria-hidden="true">{name}</span>'
            f"<ol>{links}</ol>{steps}</nav>"
        )

    def _link(self, k: int, mark: Marked) -> str:
        current = ' aria-current="true"' if mark == self.here else ""
        label = f"[{mark.n}]" if mark.n else "[·]"
        if self.window.holds(mark):
            name = esc(self.said.go_to.format(n=mark.n or ""))
            return (
                f'<a class="att-place" href="#att-p{mark.start}" data-k="{k}"{current} '
                f'aria-label="{name}">{label}</a>'
            )
        name = esc(self.said.elsewhere.format(n=mark.n or ""))
        return (
            f'<button type="button" class="att-place" data-k="{k}" data-event="select" '
            f'data-source="{esc(self.source)}" data-start="{mark.start}" data-end="{mark.end}" '
            f'data-quote="{esc(mark.quote)}" data-n="{mark.n}" '
            f'data-marks="{esc(marks_to_json(self.marks))}" aria-label="{name}">{label}…</button>'
        )

    def more(self, *, later: bool) -> str:
        """A button for the part of a long document that comes before or after what is shown."""
        at = self.window.high if later else self.window.low
        if not 0 < at < self.window.of:
            return ""
        carried = f' data-marks="{esc(marks_to_json(self.marks))}"' if self.marks else ""
        return (
            f'<button type="button" class="att-more" data-event="select" '
            f'data-source="{esc(self.source)}" data-at="{at}"{carried}>'
            f"{esc(self.said.later if later else self.said.earlier)}</button>"
        )


def _step(by: int, name: str) -> str:
    arrow, key = ("←", "ArrowLeft") if by < 0 else ("→", "ArrowRight")
    return (
        f'<button type="button" class="att-step" data-step="{by}" aria-label="{esc(name)}" '
        f'aria-keyshortcuts="{key}">{arrow}</button>'
    )


def panel_error(message: str, strings: Strings, nonce: int = 0) -> str:
    """The panel when a document can't be opened."""
    return (
        f'<aside class="att-panel" data-nonce="{nonce}" aria-label="{esc(strings.panel)}">'
        f'<header><h2 tabindex="-1">{esc(strings.panel)}</h2>'
        f'<button type="button" class="att-close" data-close>{esc(strings.close)}</button></header>'
        f'<p class="att-error" role="alert">{esc(message)}</p></aside>'
    )
