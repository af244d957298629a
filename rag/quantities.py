"""Numbers of a text, in digits and in words, French and English, with unit and bound."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from rag.dates import find_dates
from rag.marks import plain
from rag.tokens import Token, tokens
from rag.types import Span
from rag.wordlists import CURRENCIES, ORDINALS, SCALES, SHAPES, WORD_NUMBERS


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
    found += [
        Number(match.start(), match.end(), _roman(match["numeral"]), "ordinal")
        for match in _ROMAN.finditer(text)
    ]
    covered = _free(len(text), [*dated, *(Span(n.start, n.end) for n in found)])
    found += _in_words(text, lowered, language, covered)
    return tuple(sorted(found, key=lambda n: n.start))


_ROMAN = re.compile(r"(?<!\w)(?P<numeral>(?=[XVI])X{0,3}(?:IX|IV|V?I{0,3}))(?:er|re|e|ème)(?!\w)")
"""Centuries and the like, as French writes them: "le XXe siècle"."""
_ROMAN_VALUES = {"X": 10, "V": 5, "I": 1}


def _roman(numeral: str) -> Decimal:
    """Up to 39; a smaller figure before a larger one is taken away."""
    values = [_ROMAN_VALUES[figure] for figure in numeral]
    following = [*values[1:], 0]
    return Decimal(sum(-v if v < f else v for v, f in zip(values, following, strict=True)))


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
