"""What a sentence asserts beyond its words: numbers, dates, names, negations, hedges, speakers.

French and English, by rule. Dates come from `rag.dates`, numbers from `rag.quantities`, qualifying
words from `rag.marks`, speakers from `rag.attribution`, names with two spellings from
`rag.gazetteer`; all are to be had from here. Offsets count code points of the text as given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.attribution import attributions
from rag.dates import DateMention, find_dates
from rag.gazetteer import CASE_BOUND, LONGEST, SPELLINGS, TITLES
from rag.marks import Mark, hedge_marks, hedges, negations
from rag.quantities import Number, numbers
from rag.terms import STOP_WORDS
from rag.tokens import Token, tokens
from rag.types import Span
from rag.wordlists import COMMON

__all__ = [
    "Facts", "Mark", "Name", "Number", "Token", "attributions", "facts", "hedge_marks", "hedges",
    "mentions", "names", "negations", "numbers", "tokens", "weekdays",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A proper name at `text[start:end]`. `key` is the same for all its spellings: folded words
    without hyphens, or the table's key ("États-Unis" and "United States" are "@us"); a name of
    several words has its keys apart by spaces."""

    start: int
    end: int
    text: str
    key: str


# --- names --------------------------------------------------------------------------------

_PARTICLES = frozenset("de d du des von van der den bin al el la le of the".split())
_COMMON_ENDING = re.compile(
    r"(?:ment|ments|tion|tions|ingly|ally|edly|ity|ities|ness|eurs|euses|rices|ants|antes|"
    r"ences|ances|ages|ismes|ites|ives|ables|iques)$"
)
_ADDRESS = dict.fromkeys("m mm mr mrs ms mme mlle dr".split(), 0)
_JOIN = frozenset({" ", "-", "‑", "\u00a0", ". "})


def _capitalised(token: Token) -> bool:
    return token.text[0].isupper()


def _strong(token: Token) -> bool:
    """Capitals or figures that no common word has: TikTok, NATO, U.S., GPT4."""
    return any(c.isupper() or c.isdigit() for c in token.text[1:])


def _opens(text: str, token: Token) -> bool:
    """Whether a sentence or a quotation begins at the token, where any word has a capital."""
    before = text[: token.start].rstrip()
    head = before.rstrip("«“\"'’(– \u00a0\n")
    return not head or head != before or head[-1] in ".!?:;…"


@lru_cache(maxsize=4096)
def names(text: str, language: str = "und") -> tuple[Name, ...]:
    """Proper names: runs of capitalised words with their particles, and words with inner capitals.
    At the start of a sentence a word counts unless it is a function word, a listed common word
    (`rag.wordlists.COMMON`), has a common noun's ending, or stands in lower case elsewhere in the
    text. Months, week days and titles of office ("Président") are no names."""
    words = tokens(text)
    dated = [(d.start, d.end) for d in find_dates(text)]
    lower = {t.folded for t in words if t.text[0].islower()}
    flags = [
        _is_name(text, words, i, language=language, lower=lower, dated=dated)
        for i in range(len(words))
    ]
    found: list[Name] = []
    i = 0
    while i < len(words):
        if not flags[i]:
            i += 1
            continue
        end = i
        while end + 1 < len(words):
            gap = text[words[end].end : words[end + 1].start]
            if flags[end + 1] and gap in _JOIN:
                end += 1
            elif (
                end + 2 < len(words)
                and words[end + 1].text in _PARTICLES
                and words[end + 1].folded not in {"le", "the"}
                and flags[end + 2]
                and gap == " "
                and text[words[end + 1].end : words[end + 2].start] in {" ", "'", "’"}
                and not _strong(words[end])
            ):
                end += 2
            else:
                break
        keys = [key for _, key in _keys(words[i : end + 1]) if key not in _PARTICLES]
        kept = [key for key in keys if key not in TITLES]
        if kept:
            start = words[i].start
            found.append(Name(start, words[end].end, text[start : words[end].end], " ".join(kept)))
        i = end + 1
    return tuple(found)


def _is_name(
    text: str,
    words: tuple[Token, ...],
    i: int,
    *,
    language: str,
    lower: set[str],
    dated: list[tuple[int, int]],
) -> bool:
    token = words[i]
    if not _capitalised(token) or any(s <= token.start < e for s, e in dated):
        return False
    if token.folded in WEEKDAYS | _ADDRESS or (
        len(token.text) == 1 and text[token.end : token.end + 1] != "."
    ):
        return False
    if _strong(token):
        return True
    stops = STOP_WORDS.get(language, STOP_WORDS["fr"] | STOP_WORDS["en"])
    following = words[i + 1] if i + 1 < len(words) else None
    elided = text[token.end : token.end + 1] in {"'", "’"} and len(token.text) <= 2
    if elided or (token.folded in stops | COMMON["any"] and not _table_from(words, i)):
        return False
    if not _opens(text, token):
        return True
    if _table_from(words, i):
        return True
    if token.folded in COMMON["fr"] | COMMON["en"] or token.folded in lower:
        return False
    followed = (
        following is not None
        and _capitalised(following)
        and text[token.end : following.start] in _JOIN
    )
    return followed or not _COMMON_ENDING.search(token.folded)


def _table_from(words: tuple[Token, ...] | list[Token], i: int) -> bool:
    return any(
        tuple(t.folded for t in words[i : i + n]) in SPELLINGS for n in range(LONGEST, 0, -1)
    )


def _keys(words: tuple[Token, ...] | list[Token]) -> list[tuple[Token, str]]:
    """Keys of a run of words, the table's longest spellings first; words that are no spelling give
    their letters. A spelling that is a word too ("us", "who") needs its capital."""
    keys: list[tuple[Token, str]] = []
    i = 0
    while i < len(words):
        for n in range(min(LONGEST, len(words) - i), 0, -1):
            spelling = tuple(t.folded for t in words[i : i + n])
            if spelling in SPELLINGS and (
                spelling[0] not in CASE_BOUND or (n == 1 and words[i].text[0].isupper())
            ):
                keys.append((words[i], SPELLINGS[spelling]))
                i += n
                break
        else:
            keys.append((words[i], words[i].folded))
            i += 1
    return keys


@lru_cache(maxsize=4096)
def mentions(text: str) -> frozenset[str]:
    """Every key that the text could be naming: its words' letters, capital or not, and the table's
    keys for any spelling in it. What a name of a statement is looked for in."""
    words = tokens(text)
    keys = {key for _, key in _keys(words)} | {t.folded for t in words}
    # "l'app chinoise", "plate-forme": joined spellings of hyphenated words too
    return frozenset(keys)


WEEKDAYS = {
    word: number
    for names_of in (
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "monday tuesday wednesday thursday friday saturday sunday",
    )
    for number, word in enumerate(names_of.split())
}


def weekdays(text: str) -> frozenset[int]:
    """Days of the week that the text names, 0 is Monday."""
    return frozenset(WEEKDAYS[t.folded] for t in tokens(text) if t.folded in WEEKDAYS)


# --- all of it ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Facts:
    """All that `facts` reads off a text."""

    numbers: tuple[Number, ...]
    dates: tuple[DateMention, ...]
    weekdays: frozenset[int]
    names: tuple[Name, ...]
    negations: tuple[Mark, ...]
    hedges: tuple[Mark, ...]
    attributions: tuple[Span, ...]


@lru_cache(maxsize=4096)
def facts(text: str, language: str) -> Facts:
    """Numbers, dates, names, negations, hedges and attributions of a text, computed once."""
    return Facts(
        numbers(text, language),
        tuple(find_dates(text)),
        weekdays(text),
        names(text, language),
        negations(text, language),
        hedge_marks(text, language),
        attributions(text, language),
    )
