"""What a sentence asserts beyond its words: numbers, dates, names, negations, hedges, speakers.

French and English, by rule; dates come from `rag.dates`, qualifying words from `rag.marks`, names
with two spellings from `rag.gazetteer`. Offsets count code points of the text as given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from rag.dates import DateMention, find_dates
from rag.gazetteer import CASE_BOUND, LONGEST, SPELLINGS, TITLES
from rag.marks import Mark, attributions, hedge_marks, hedges, negations, plain
from rag.terms import STOP_WORDS, fold
from rag.types import Span
from rag.wordlists import COMMON, CURRENCIES, ORDINALS, SCALES, SHAPES, WORD_NUMBERS

__all__ = [
    "Facts", "Mark", "Name", "Number", "Token", "attributions", "facts", "hedge_marks", "hedges",
    "mentions", "names", "negations", "numbers", "tokens", "weekdays",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a sign that counts (%, €, $, £), at `text[start:end]`."""

    start: int
    end: int
    text: str
    folded: str


@dataclass(frozen=True, slots=True)
class Number:
    """A quantity at `text[start:end]`, as a value: "près d'un milliard" is 10⁹, about."""

    start: int
    end: int
    value: Decimal
    unit: str | None
    """`%`, a currency as `EUR`, `ordinal`, or None."""
    bound: str | None = None
    """`about`, `over` or `under` when the text says so."""


@dataclass(frozen=True, slots=True)
class Name:
    """A proper name at `text[start:end]`. `key` is the same for all its spellings: folded words
    without hyphens, or the table's key ("États-Unis" and "United States" are "@us"); a name of
    several words has its keys apart by spaces."""

    start: int
    end: int
    text: str
    key: str


_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|\d+(?:[.,]\d+)+(?![^\W_])|[^\W_]+|[%€$£]")


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[Token, ...]:
    """Words, numbers and signs in order; apostrophes and hyphens separate, "U.S." is one word."""
    return tuple(
        Token(m.start(), m.end(), m[0], fold(m[0]).replace(".", "") if m[0][0].isalpha() else m[0])
        for m in _TOKEN.finditer(text)
    )


# --- numbers ------------------------------------------------------------------------------

_DIGITS = re.compile(
    r"(?<![\w.,])(?P<sign>(?:(?<=\s)|(?<=^))[-−])?"
    r"(?P<digits>\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?(?!\d)|\d+(?:[.,]\d+)*)"
    r"(?P<ordinal>(?:er|re|e|ème|eme|nd|nde|st|rd|th)(?!\w))?(?!\w|[.,]\d)"
)
_PLURAL_GROUPS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_ABOUT = re.compile(
    r"(?:près d(?:e |')|environ |quelque |autour d(?:e |')|presque |à peu près |about |nearly |"
    r"almost |around |some |roughly |approximately |close to )(?:les |the |a |an )?$"
)
_OVER = re.compile(
    r"(?:plus d(?:e |')|au moins |au-delà d(?:e |')|more than |over |at least |above )(?:les |the )?$"
)
_UNDER = re.compile(
    r"(?:moins d(?:e |')|au plus |jusqu'à |maximum |less than |fewer than |under |at most |up to |"
    r"below )(?:les |the )?$"
)


@lru_cache(maxsize=4096)
def numbers(text: str, language: str = "und") -> tuple[Number, ...]:
    """Quantities in digits and in words, in order, dates left out. "1,234" is 1234 in English and
    1.234 in French. The articles "un", "une", "a" are no numbers, "one" is; "un million" is."""
    dated = [Span(d.start, d.end) for d in find_dates(text)]
    lowered = plain(text)
    found: list[Number] = []
    free = _free(len(text), dated)
    for match in _DIGITS.finditer(text):
        if not free(match.start(), match.end()):
            continue
        value = _decimal(match["digits"], language)
        if value is None:
            continue
        found.append(_finish(lowered, match.start(), match.end(), -value if match["sign"] else value,
                             "ordinal" if match["ordinal"] else None))  # fmt: skip
    covered = _free(len(text), [*dated, *(Span(n.start, n.end) for n in found)])
    found += _in_words(text, lowered, language, covered)
    return tuple(sorted(found, key=lambda n: n.start))


def _free(length: int, taken: list[Span]) -> Callable[[int, int], bool]:
    """Whether a range holds nothing of the spans taken."""
    used = bytearray(length)
    for span in taken:
        used[span.start : span.end] = b"\1" * (span.end - span.start)
    return lambda start, end: not any(used[start:end])


def _decimal(digits: str, language: str) -> Decimal | None:
    """The value of digits with separators; None for what is no number ("3.11.7")."""
    plain_digits = re.sub(r"[ \u00a0\u202f]", "", digits)
    dots, commas = plain_digits.count("."), plain_digits.count(",")
    if dots and commas:
        last = max(plain_digits.rfind("."), plain_digits.rfind(","))
        head, tail = plain_digits[:last], plain_digits[last + 1 :]
        if plain_digits[last] in head:
            return None
        return Decimal(re.sub(r"[.,]", "", head) + "." + tail)
    if dots + commas == 0:
        return Decimal(plain_digits)
    grouped = _PLURAL_GROUPS.fullmatch(plain_digits) is not None
    if dots + commas > 1:
        return Decimal(re.sub(r"[.,]", "", plain_digits)) if grouped else None
    thousands = (language == "fr" and dots == 1) or (language != "fr" and commas == 1)
    if grouped and thousands and not plain_digits.startswith("0"):
        return Decimal(re.sub(r"[.,]", "", plain_digits))
    return Decimal(plain_digits.replace(",", "."))


_SCALE = re.compile(rf"\s?-?(?P<scale>{'|'.join(sorted(SCALES, key=len, reverse=True))})(?!\w)")
_PERCENT = re.compile(r"\s?(?:%|pour\s?-?cents?(?!\w)|per\s?-?cent(?!\w))")
_CURRENCY = re.compile(
    rf"\s?(?:d'|de )?(?P<unit>{'|'.join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True))})(?!\w)"
)
_CURRENCY_BEFORE = re.compile(r"(?P<unit>[€$£])\s?$")


def _finish(lowered: str, start: int, end: int, value: Decimal, unit: str | None) -> Number:
    """The scale, the unit and the bound around a value."""
    while (scale := _SCALE.match(lowered, end)) is not None and unit is None:
        value *= SCALES[scale["scale"]]
        end = scale.end()
    if unit is None:
        if (percent := _PERCENT.match(lowered, end)) is not None:
            unit, end = "%", percent.end()
        elif (currency := _CURRENCY.match(lowered, end)) is not None:
            unit, end = CURRENCIES[currency["unit"]], currency.end()
        elif (before := _CURRENCY_BEFORE.search(lowered, max(0, start - 2), start)) is not None:
            unit, start = CURRENCIES[before["unit"]], before.start()
    head = lowered[max(0, start - 24) : start]
    bound = next(
        (name for name, pattern in (("about", _ABOUT), ("over", _OVER), ("under", _UNDER))
         if pattern.search(head)),
        None,
    )  # fmt: skip
    whole = value == value.to_integral_value()
    return Number(start, end, Decimal(int(value)) if whole else value.normalize(), unit, bound)


def _in_words(
    text: str, lowered: str, language: str, free: Callable[[int, int], bool]
) -> list[Number]:
    """Runs of number words: "vingt et un", "three hundred and fifty", "deux millions"."""
    table = WORD_NUMBERS["fr"] | WORD_NUMBERS["en"] if language not in WORD_NUMBERS else (
        WORD_NUMBERS[language]
    )  # fmt: skip
    ordinals = ORDINALS.get(language, ORDINALS["fr"] | ORDINALS["en"])
    words = [t for t in tokens(text) if free(t.start, t.end)]
    found: list[Number] = []
    i = 0
    while i < len(words):
        word = words[i].folded
        if word in ordinals:
            found.append(Number(words[i].start, words[i].end, Decimal(ordinals[word]), "ordinal"))
            i += 1
            continue
        run = i
        total, current, seen = Decimal(0), Decimal(0), False
        article = word in {"un", "une", "a", "an"}
        while run < len(words) and (run == i or _joined(lowered, words[run - 1], words[run])):
            part = words[run].folded
            if part in table:
                value = Decimal(table[part])
                is_ten = value == 20 and current == 4 and part.startswith("vingt")
                current = current * 20 if is_ten else current + value
            elif part in {"cent", "cents", "hundred"} and (language != "en" or part == "hundred"):
                current = (current or Decimal(1)) * 100
            elif part in SCALES:
                total += (current or Decimal(1)) * SCALES[part]
                current = Decimal(0)
            elif (run == i and article) or (part in {"et", "and"} and run > i):
                following = words[run + 1].folded if run + 1 < len(words) else ""
                more = following in table or following in SCALES or following in {"cent", "hundred",
                                                                                  "un", "une"}  # fmt: skip
                if run > i and not (following in table or following in {"un", "une"}):
                    break
                if run == i and not (following in SCALES or following == "hundred"):
                    break
                if not more:
                    break
                run += 1
                continue
            elif part in {"un", "une"} and run > i and current >= 20:
                current += 1
            else:
                break
            seen = True
            run += 1
        if seen:
            end = words[run - 1].end
            value = total + current
            shape = SHAPES.get(words[run - 1].folded)
            found.append(_finish(lowered, words[i].start, end, value, shape))
            i = run
        else:
            i += 1
    return found


def _joined(lowered: str, before: Token, after: Token) -> bool:
    return lowered[before.end : after.start] in {" ", "-", "  "}


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
