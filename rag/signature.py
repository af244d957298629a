"""A sentence as comparable items, in the order of its words: stems, and slots for its numbers,
dates, week days and names. Made once a sentence; comparing two is comparing tuples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rag.dates import DateMention
from rag.facts import Facts, Number, Token, facts, names, tokens
from rag.gazetteer import TITLES
from rag.marks import plain
from rag.terms import stem
from rag.types import Span

SlotKind = Literal["number", "date", "weekday", "name"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A fact within a sentence: what can differ between two sentences that are else the same."""

    kind: SlotKind
    key: str
    """Equal keys are equal facts."""
    text: str
    """As written."""
    number: Number | None = None
    date: DateMention | None = None


Item = str | Slot


@dataclass(frozen=True, slots=True)
class Signature:
    """What a statement says, in comparable form. Words that attribute it are left out of `items`."""

    text: str
    language: str
    items: tuple[Item, ...]
    words: tuple[str | None, ...]
    """The items with None for each slot: two statements that differ here differ."""
    slots: tuple[Slot, ...]
    negations: int
    hedges: tuple[str, ...]
    """Kinds of hedges, sorted; a conditional of indirect speech counts as the future that it
    stands for ("a dit qu'il ne vendrait pas" is "a dit qu'il ne vendra pas")."""
    quoted: bool
    """It stands in quotation marks."""
    speakers: frozenset[str]
    """Keys of the names in the words that attribute it."""
    first_person: bool


# Words that near-identical statements put in or leave out without saying anything else.
_DROPPED = {
    "fr": frozenset(
        """le la les l un une des du de d ce cet cette ces son sa ses leur leurs il ils elle elles
        qu que ne n s se aujourd hui également aussi toutefois cependant donc ainsi bien nous-mêmes
        m mme monsieur madame""".split()
    ),
    "en": frozenset(
        """the a an this these those their his her its of s it they he she also today however
        therefore thus mr mrs ms that""".split()
    ),
}
_SAME = {
    "fr": {
        word: group.split()[0]
        for group in (
            "activité activités opération opérations",
            "utilisateur utilisateurs usager usagers",
            "dit savoir indiqué déclaré",
            "société sociétés entreprise entreprises compagnie compagnies firme firmes",
            "à au aux",
            "offre offres proposition propositions",
            "racheter acquérir acheter",
            "rachat acquisition achat",
        )
        for word in group.split()
    },
    "en": {
        word: group.split()[0]
        for group in (
            "said stated",
            "company companies firm firms",
            "buy acquire purchase",
            "bid offer",
            "activities operations business",
        )
        for word in group.split()
    },
}
_SILENT = frozenset({"purpose", "universal", "early", "cause", "reported"})
_QUOTE = re.compile(r"^\s*[«“\"]|[»”\"]\s*(?:,|\.|$)|^\s*[^«“\"]*[»”\"]")
_FIRST_PERSON = frozenset("nous notre nos je j mon ma mes we our us i my".split())
_SAID_THAT = re.compile(
    r"(?<!\w)(?:a|ont|avait|avaient)\s(?:\w+\s){0,2}?(?:dit|fait savoir|annoncé|déclaré|affirmé|"
    r"indiqué|expliqué|précisé|confirmé|assuré|promis)(?!\w)[^,;:.]{0,40}?(?<!\w)qu(?:e(?!\w)|')"
)


@lru_cache(maxsize=8192)
def signature(text: str, language: str) -> Signature:
    """The signature of a sentence; cached, since a sentence is compared with many."""
    found = facts(text, language)
    core = _core(text, found)
    outside = [s for s in found.attributions if not core.start <= s.start < core.end]
    outside += [Span(0, core.start), Span(core.end, len(text))]
    speakers = frozenset(
        part
        for name in found.names
        if any(span.start <= name.start < span.end for span in outside)
        for part in name.key.split()
    )
    inside = [m for m in found.negations if core.start <= m.start < core.end]
    words = [t for t in tokens(text) if core.start <= t.start < core.end]
    items = tuple(_items(text, words, found, language))
    return Signature(
        text,
        language,
        items,
        tuple(None if isinstance(item, Slot) else item for item in items),
        tuple(item for item in items if isinstance(item, Slot)),
        len(inside),
        tuple(sorted(_hedges(text, found, core))),
        _QUOTE.search(text) is not None,
        speakers,
        any(t.folded in _FIRST_PERSON for t in words),
    )


def _core(text: str, found: Facts) -> Span:
    """The statement without ", a déclaré X …" after its quotation mark."""
    for span in found.attributions:
        mark = re.match(r"\s*([»”\"])?\s*,?", text[span.start :])
        closing = text[: span.start].rstrip()[-1:] in {"»", "”", '"'} or (mark and mark[1])
        if closing and span.start > len(text) // 3:
            return Span(0, span.start)
    return Span(0, len(text))


def _hedges(text: str, found: Facts, core: Span) -> Iterator[str]:
    said = _SAID_THAT.search(plain(text))
    for mark in found.hedges:
        if mark.kind not in _SILENT and core.start <= mark.start < core.end:
            indirect = said is not None and said.end() <= mark.start
            yield "future" if indirect and mark.kind == "conditional" else mark.kind


def _items(text: str, words: list[Token], found: Facts, language: str) -> Iterator[Item]:
    slots: dict[int, tuple[int, Slot]] = {}
    for name in found.names:
        slots[name.start] = (name.end, Slot("name", name.key, name.text))
    for number in found.numbers:
        key = f"{number.value} {number.unit or ''} {number.bound or ''}"
        slots[number.start] = (
            number.end,
            Slot("number", key, text[number.start : number.end], number=number),
        )
    for date in found.dates:
        key = f"{date.year or ''}-{date.month or ''}-{date.day or ''}"
        slots[date.start] = (date.end, Slot("date", key, text[date.start : date.end], date=date))
    dropped = _DROPPED.get(language, frozenset())
    same = _SAME.get(language, {})
    until = -1
    for i, token in enumerate(words):
        if token.start < until:
            continue
        if token.start in slots:
            until, slot = slots[token.start]
            yield slot
            continue
        lowered = token.text.lower()
        after = words[i + 1].text.lower() if i + 1 < len(words) else ""
        if lowered in dropped or (lowered, after) == ("fait", "savoir"):
            continue
        if lowered == "plate" and after == "forme":
            continue
        word = (
            "plateforme" if lowered == "forme" and i and words[i - 1].folded == "plate" else lowered
        )
        if len(word) <= 2:
            yield word  # "à" and "a" stay apart
        else:
            yield stem(same.get(word, word), language)


def subject_names(text: str, end: int, language: str) -> list[str]:
    """Names, as written with their title, before `end` in the clause that holds it."""
    start = max(text.rfind(mark, 0, end) for mark in ".;:!?«»") + 1
    return [
        titled(text, name.start, name.text, language)
        for name in names(text, language)
        if start <= name.start < end
    ]


def titled(text: str, start: int, name: str, language: str) -> str:
    """A name with the title of office before it ("le président Trump" gives "president Trump")."""
    before = tokens(text[:start])[-1:]
    if before and f"@{before[0].folded}" in TITLES and text[before[0].end : start] == " ":
        return f"{before[0].folded} {name}"
    return name
