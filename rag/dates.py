"""Dates that a text states, in French and English, and the date of a whole document.

Dates are data: nothing is guessed. A day without a year stays without one, a date that the
calendar doesn't have ("31 février") is none, and "05/09/2020" says no more than its year.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date as far as the text states it, at `text[start:end]`."""

    start: int
    end: int
    year: int | None
    month: int | None
    day: int | None

    @property
    def iso(self) -> str | None:
        """`YYYY[-MM[-DD]]`; None without a year."""
        if self.year is None:
            return None
        parts = [f"{self.year:04d}"]
        if self.month is not None:
            parts.append(f"{self.month:02d}")
            if self.day is not None:
                parts.append(f"{self.day:02d}")
        return "-".join(parts)


@dataclass(frozen=True, slots=True)
class DateHeader:
    """A label with a date at the very beginning of a text, at `text[start:end]`."""

    start: int
    end: int
    iso: str


_NAMES = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_MONTHS = {language: names.split() for language, names in _NAMES.items()}

# Abbreviations count only with a day or a year beside them.
_SHORT = {
    "jan": 1, "janv": 1, "feb": 2, "févr": 2, "fév": 2, "fevr": 2, "mar": 3, "apr": 4, "avr": 4,
    "jun": 6, "jul": 7, "juil": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
    "déc": 12,
}  # fmt: skip


def _plain(name: str) -> str:
    """Accents off, in composed and in decomposed spelling."""
    name = name.lower().replace("\u0301", "").replace("\u0302", "")
    return name.replace("é", "e").replace("û", "u")


_NUMBER = {_plain(name): 1 + i for names in _MONTHS.values() for i, name in enumerate(names)}
_NUMBER |= {_plain(name): number for name, number in _SHORT.items()}
_FULL = {_plain(name): language for language, names in _MONTHS.items() for name in names}


def _pattern(names: list[str]) -> str:
    """One group of names, longest first, each with its accents optional and in either spelling."""
    found = "|".join(sorted(names, key=lambda name: (-len(name), name)))
    return found.replace("é", "(?:é|e\u0301?)").replace("û", "(?:û|u\u0302?)")


_ALL_FULL = _MONTHS["en"] + _MONTHS["fr"]
_MONTH = rf"(?:(?:{_pattern(_ALL_FULL)})(?!\w)|(?:{_pattern(list(_SHORT))})(?:\.|(?!\w)))"
_GAP = r"(?:[^\S\n]{1,3}|[^\S\n]{0,2}\n[^\S\n]{0,3})"  # a space, or one line break of wrapped text
_YEAR = r"[12]\d{3}(?!\w)(?![.,]\d)"
_DAY = r"\d{1,2}"
_UNIT = r"(?!\s?(?:[€$£%]|euros?|dollars?|personnes|people|millions?|milliards?|billions?)\b)"

_DATE = re.compile(
    rf"""(?<!\w)(?<!\d[.,/-])(?:
      (?P<iy>[12]\d{{3}})(?P<isep>[-/.])(?P<im>\d{{1,2}})(?P=isep)(?P<id>\d{{1,2}})
        (?!\d)(?![-/.,]\d)
    | (?P<na>\d{{1,2}})(?P<nsep>[-/.])(?P<nb>\d{{1,2}})(?P=nsep)(?P<ny>[12]\d{{3}})
        (?!\w)(?![-/.,]\d)
    )
    | (?<!\w)(?<!\d[.,/])(?:
      (?P<dd>{_DAY})(?:{_GAP}?(?:er|st|nd|rd|th|ᵉʳ))?(?:{_GAP}of)?{_GAP}
        (?P<dm>{_MONTH})(?:,?{_GAP}(?P<dy>{_YEAR}){_UNIT})?
    | (?P<mm>{_MONTH}){_GAP}(?P<md>{_DAY})(?:st|nd|rd|th)?(?!\w)(?![.,]\d)
        (?:,?{_GAP}(?P<my>{_YEAR}){_UNIT})?
    | (?P<om>{_MONTH})(?:,?{_GAP}(?:of{_GAP}|de{_GAP})?(?P<oy>{_YEAR}){_UNIT})?
    | (?P<y>(?:1[89]|20)\d{{2}})(?!\w)(?![-/.,]\d)(?!\s?[–-]\s?\d)
    )""",
    re.VERBOSE | re.IGNORECASE,
)

# What stands before a month or a year that has no other figure beside it.
_BEFORE_MONTH = re.compile(
    r"(?<!\w)(?:in|by|since|until|till|last|next|this|of|early|late|mid|from|during|before|after|"
    r"through|en|de|d[’']ici|dès|depuis|fin|début|mi|jusqu[’']en|avant|après|mois\sd[e’'])[\s-]{1,2}$"
    r"|(?<!\w)(?:mois\sd|jusqu|d)[’']$",
    re.IGNORECASE,
)
_BEFORE_YEAR = re.compile(
    r"(?<!\w)(?:in|by|since|until|till|before|after|early|late|mid|from|during|between|of|year|"
    r"en|de|dès|depuis|fin|début|mi|d[’']ici(?:\sà)?|jusqu[’']en|avant|après|entre|année|l[’']an)"
    r"[\s-]{1,2}$",
    re.IGNORECASE,
)
_NOT_A_YEAR = re.compile(
    r"\s?(?:[€$£%]|(?:euros?|dollars?|personnes|people|millions?|milliards?|billions?|kilom|km|"
    r"mètres|m²|tonnes|exemplaires|copies|pages|mots|words|(?:à|to|et|and)\s\d)(?!\w)?)",
    re.IGNORECASE,
)


def find_dates(text: str) -> list[DateMention]:
    """Dates that `text` states in French or English, in order, never overlapping.

    Day, month and year as stated, the longest reading first. A month's name alone counts in French
    when it is in lower case, else only after a preposition; a year alone only after one.
    """
    mentions = []
    for match in _DATE.finditer(text):
        mention = _mention(text, match)
        if mention is not None:
            mentions.append(mention)
    return mentions


def _mention(text: str, match: re.Match[str]) -> DateMention | None:
    part = match.groupdict()
    start, end = match.span()
    if part["iy"]:
        return _checked(start, end, part["iy"], int(part["im"]), int(part["id"]))
    if part["ny"]:
        first, second = int(part["na"]), int(part["nb"])
        if first <= 12 and second <= 12 and first != second:
            if not first or not second:
                return None
            return DateMention(start, end, int(part["ny"]), None, None)
        day, month = (first, second) if second <= 12 else (second, first)
        return _checked(start, end, part["ny"], month, day)
    if part["y"]:
        before = text[max(0, start - 16) : start]
        if not _BEFORE_YEAR.search(before) or _NOT_A_YEAR.match(text, end):
            return None
        return DateMention(start, end, int(part["y"]), None, None)
    word = part["dm"] or part["mm"] or part["om"]
    name = _plain(word.rstrip("."))
    month = _NUMBER[name]
    if part["dm"]:
        # "the 15 May had promised": an English name needs its capital.
        return _checked(start, end, part["dy"], month, int(part["dd"])) if _cased(word) else None
    if part["mm"]:
        # French puts the day first: "mars 15" is none, "Sept. 15" and "March 15" are.
        if not word[0].isupper() or _FULL.get(name) == "fr":
            return None
        return _checked(start, end, part["my"], month, int(part["md"]))
    if part["oy"]:
        dated = _cased(word) and (name != "sept" or word != "sept")
        return _checked(start, end, part["oy"], month, None) if dated else None
    return _lone_month(text, start, end, word, name)


def _cased(word: str) -> bool:
    return word[0].isupper() or _FULL.get(_plain(word)) != "en"


def _lone_month(text: str, start: int, end: int, word: str, name: str) -> DateMention | None:
    """A month's name without a figure: "août" is one, "May", "march" and "Mars" need more."""
    language = _FULL.get(name)
    if language is None or word.endswith("."):
        return None
    lower = word[0].islower()
    if language == "en" and lower:
        return None
    if not (language == "fr" and lower and name != "mars") and not _BEFORE_MONTH.search(
        text[max(0, start - 16) : start]
    ):
        return None
    return DateMention(start, end, None, _NUMBER[name], None)


def _checked(
    start: int, end: int, year: str | None, month: int, day: int | None
) -> DateMention | None:
    """None for a date that the calendar doesn't have."""
    if not 1 <= month <= 12:
        return None
    number = int(year) if year else None
    if day is not None and not 1 <= day <= calendar.monthrange(number or 2000, month)[1]:
        return None
    return DateMention(start, end, number, month, day)


# --- the date of a document ---------------------------------------------------------------

_WEEKDAY = (
    r"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|"
    r"fri|satur|sat|sun)(?:day)?)\.?,?\s{1,2})?"
)
_LABEL = (
    r"(?:date(?:\s(?:de\spublication|of\spublication))?|published(?:\son)?|posted(?:\son)?|"
    r"publication\sdate|pubdate|publié(?:e)?(?:\sle)?|mis(?:e)?\sen\sligne(?:\sle)?|paru(?:e)?\sle)"
)
_HEADER = re.compile(
    rf"(?P<label>{_LABEL})[^\S\n]{{0,4}}(?P<colon>:?)[^\S\n]{{0,4}}(?:(?:le|on)\s)?{_WEEKDAY}",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"(?P<y>(?:1[89]|20)\d{2})(?:(?P<sep>[-/.])(?P<m>\d{1,2})(?:(?P=sep)(?P<d>\d{1,2}))?)"
    r"(?!\d)(?![-/.]\d)"
)
_FRONT = re.compile(
    r"\ufeff?---[^\S\n]*\r?\n(?P<body>.*?)\r?\n(?:---|\.\.\.)[^\S\n]*(?:\r?\n|\Z)", re.S
)
_FRONT_DATE = re.compile(
    r"^(?:date|published|publish_?date|pub_?date|publication_?date|created)\s*:\s*[\"']?(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
# What may stand before a dateline's date: a place, an agency, a name ("PARIS (AFP), lundi").
_BEFORE_DATELINE = re.compile(
    rf"^[^\S\n]*(?:[^\W\d_][^\n.!?;:«»\"]{{0,40}}?[,(|•·–—-]\s?)?(?:(?:le|on)\s)?{_WEEKDAY}$",
    re.IGNORECASE,
)
_AFTER_DATELINE = re.compile(
    r"\)?[^\S\n]*(?:,?[^\S\n]*(?:à|at|-|–|\|)?[^\S\n]*\d{1,2}\s?[h:]\s?\d{0,2})?[^\S\n]*"
    r"(?:$|\n|\r|[–—|]|-\s|\(\w+\)\s*[–—-])"
)
_TOP = 300


def document_date(text: str, source: str) -> str | None:
    """When a document is from, as `YYYY[-MM[-DD]]`: from its header (` date 2020-09 `, front
    matter), else from a dated line near its top, else from its file name; None rather than guessed.
    """
    header = date_header(text)
    if header is not None:
        return header.iso
    return _front_matter_date(text) or _dateline(text) or _name_date(source)


def date_header(text: str) -> DateHeader | None:
    """The label and date that a text begins with, as in ` date 2020-09 L'offre…`."""
    start = len(text) - len(text.lstrip())
    match = _HEADER.match(text, start)
    if match is None:
        return None
    found = _date_at(text, match.end())
    if found is None:
        return None
    return DateHeader(start, *found)


def front_matter(text: str) -> tuple[int, int, str] | None:
    """Start, end and body of the YAML block that a text begins with."""
    match = _FRONT.match(text) if text.startswith(("---", "\ufeff---")) else None
    return (match.start(), match.end(), match["body"]) if match else None


def read_date(value: str) -> str | None:
    """The ISO form of a field's value that begins with a date (`2020-09-14T10:00:00Z`, `Mon, 14 Sep
    2020`), None for what is no date with a year."""
    value = value.strip()
    weekday = re.match(_WEEKDAY, value, re.IGNORECASE)
    found = _date_at(value, weekday.end() if weekday else 0)
    return found[1] if found else None


def _date_at(text: str, position: int) -> tuple[int, str] | None:
    """Where the date at `position` ends, and its ISO form, if it has a year."""
    match = _ISO.match(text, position)
    if match is not None:
        day = int(match["d"]) if match["d"] else None
        checked = _checked(position, match.end(), match["y"], int(match["m"]), day)
        if checked is not None and checked.iso is not None:
            return checked.end, checked.iso
        return None
    for mention in find_dates(text[position : position + 40])[:1]:
        if mention.start == 0 and mention.iso is not None:
            return position + mention.end, mention.iso
    return None


def _front_matter_date(text: str) -> str | None:
    block = front_matter(text)
    for value in _FRONT_DATE.findall(block[2]) if block else ():
        found = read_date(value)
        if found is not None:
            return found
    return None


def _dateline(text: str) -> str | None:
    """A line near the top that is a date, or that begins with a place and a date. In the middle of
    a sentence a date is what the document tells, not when it is from."""
    position = 0
    for line in text[: _TOP * 2].splitlines(keepends=True):
        if position >= _TOP:
            return None
        position += len(line)
        label = _HEADER.match(line.lstrip(" \t#*_>"))
        if label is not None:
            found = _date_at(line.lstrip(" \t#*_>"), label.end())
            if found is not None:
                return found[1]
        for mention in find_dates(line[:120]):
            dated = mention.iso is not None and mention.month is not None
            if (
                dated
                and _BEFORE_DATELINE.match(line[: mention.start])
                and _AFTER_DATELINE.match(line, mention.end)
            ):
                return mention.iso
    return None


_NAME_DATE = re.compile(
    r"(?<![^\W_])(?P<y>(?:19|20)\d{2})(?:(?P<sep>[-_./ ])(?P<m>\d{2})(?:(?P=sep)(?P<d>\d{2}))?"
    r"|(?P<cm>\d{2})(?P<cd>\d{2}))(?![^\W_])"
)


def _name_date(source: str) -> str | None:
    """From a path as `2020/09/14/x.txt`, `2020-09-14 x.txt`, `x_20200914.txt`; the last one counts,
    for the file's own name says more than its folder's."""
    dated: str | None = None
    for match in _NAME_DATE.finditer(source):
        month = int(match["m"] or match["cm"])
        day = match["d"] or match["cd"]
        checked = _checked(*match.span(), match["y"], month, int(day) if day else None)
        if checked is not None:
            dated = checked.iso
    if dated is not None:
        return dated
    for mention in find_dates(re.sub(r"[_/]", " ", source)):
        if mention.iso is not None and mention.month is not None:
            dated = mention.iso
    return dated


def format_date(date: DateMention | str, language: str) -> str:
    """A date as a person of that language writes it (English unless French): "1er août 2020",
    "September 2020", "15 September" without a year. Raises ValueError for a string that is no
    `YYYY[-MM[-DD]]`."""
    if isinstance(date, str):
        match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", date)
        if match is None or not 1 <= int(match[2] or 1) <= 12:
            raise ValueError(f"{date!r} is no date of the form YYYY[-MM[-DD]]")
        year, month, day = (int(part) if part else None for part in match.groups())
    else:
        year, month, day = date.year, date.month, date.day
    parts = []
    if month is not None:
        if day is not None:
            parts.append("1er" if day == 1 and language == "fr" else str(day))
        parts.append(_MONTHS["fr" if language == "fr" else "en"][month - 1])
    if year is not None:
        parts.append(str(year))
    return " ".join(parts)
