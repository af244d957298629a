"""Deadlines that disagree, and whose they are: set by somebody, or somebody's own aim."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.dates import DateMention, format_date
from rag.facts import Facts, facts, mentions, tokens
from rag.gazetteer import TITLES
from rag.marks import plain
from rag.signature import subject_names, titled
from rag.terms import content_words, stem
from rag.types import Evidence


@dataclass(frozen=True, slots=True)
class Conflict:
    """What is given two values or more, and who gives which."""

    about: str
    """In the answer's language."""
    values: tuple[tuple[str, tuple[Evidence, ...]], ...]


_SURE_LIMIT = re.compile(
    r"(?:date limite|date butoir|échéance|deadline|ultimatum|au plus tard|no later than|d'ici)"
    r"(?: (?:du|le|au|fixée? au|est le|était le|of|is|was|on|for|set for|by|à)){0,3}\s*$"
)
_LIMIT = re.compile(r"(?:avant|jusqu'au|by|before|until)(?: (?:le|la|fin|the end of))?\s*$")
_BARE = re.compile(r"date limite|date butoir|échéance|deadline|ultimatum")
_SET_BY = re.compile(
    r"^\W*(?:\w+\s){0,2}?(?:fixée?s?|imposée?s?|donnée?s?|set|imposed|given)\s(?:par|by)\s"
)
_AIMS = frozenset({"intention", "future", "conditional"})
_PENDING = frozenset({"condition", "obligation", "future", "conditional", "intention"})


@dataclass(frozen=True, slots=True)
class _Deadline:
    evidence: Evidence
    date: DateMention
    relation: str
    """`set`, `aim` or nothing."""
    holder: str
    bare: bool
    """The sentence says "the deadline" without saying of what."""
    stems: frozenset[str]


def deadline_conflicts(evidence: Sequence[Evidence], spoken: str) -> list[Conflict]:
    """Deadlines of one matter that differ, or that differ in whose they are."""
    found = [deadline for item in evidence for deadline in _limits(item)]
    around = {source: frozenset[str]() for source in {e.sentence.source for e in evidence}}
    for item in evidence:
        around[item.sentence.source] |= _named(item)
    groups: list[list[_Deadline]] = []
    for deadline in found:
        for members in groups:
            if any(_same_matter(deadline, other, around) for other in members):
                members.append(deadline)
                break
        else:
            groups.append([deadline])
    about = {"en": "the deadline", "fr": "la date limite"}[spoken]
    conflicts = []
    for members in groups:
        values = _deadline_values(members, spoken)
        if len(values) > 1 and len({d.evidence.sentence.source for d in members}) > 1:
            conflicts.append(Conflict(about, values))
    return conflicts


def _limits(item: Evidence) -> Iterable[_Deadline]:
    text, language = item.sentence.text, item.sentence.language
    found = facts(text, language)
    lowered = plain(text)
    for date in found.dates:
        head = lowered[max(0, date.start - 40) : date.start]
        sure = _SURE_LIMIT.search(head) is not None
        pending = _PENDING & {mark.kind for mark in found.hedges}
        if date.day is None or not (sure or (_LIMIT.search(head) and pending)):
            continue
        relation, holder = _holder(text, language, found, date)
        dated = {t.folded for t in tokens(text[date.start : date.end])}
        stems = frozenset(
            stem(word, language)
            for word in content_words(text, language)
            if word.lower() not in dated and not word[0].isupper()
        )
        bare = _BARE.search(head) is not None
        yield _Deadline(item, date, relation, holder, bare, stems)


def _holder(text: str, language: str, found: Facts, date: DateMention) -> tuple[str, str]:
    """Who set a deadline, or whose own aim it is."""
    set_by = _SET_BY.match(plain(text)[date.end :])
    if set_by is not None:
        after = date.end + set_by.end()
        for name in found.names:
            if after <= name.start <= after + 40:
                return "set", titled(text, name.start, name.text, language)
    for mark in found.hedges:
        if mark.kind in _AIMS and mark.start < date.start:
            subjects = subject_names(text, mark.start, language)
            if len(subjects) == 1:
                return "aim", subjects[0]
    return "", ""


def _same_matter(a: _Deadline, b: _Deadline, around: dict[str, frozenset[str]]) -> bool:
    """Two files about the same: they share two names, one of them no country, and the sentences
    share a word or one of them says only "the deadline"."""
    if not (a.bare or b.bare or a.stems & b.stems):
        return bool(a.holder) and (a.relation, a.holder) == (b.relation, b.holder)
    shared = around[a.evidence.sentence.source] & around[b.evidence.sentence.source]
    return len(shared) >= 2 and any(not key.startswith("@") for key in shared)


def _named(item: Evidence) -> frozenset[str]:
    language = item.sentence.language
    parts: set[str] = set()
    for text in (item.context, item.sentence.text, item.place.title or ""):
        for name in facts(text, language).names:
            parts.update(name.key.split())
        parts |= {key for key in mentions(text) if key.startswith("@")}
    return frozenset(parts - TITLES)


def _deadline_values(
    members: Sequence[_Deadline], spoken: str
) -> tuple[tuple[str, tuple[Evidence, ...]], ...]:
    """One value for each holder and date; a date that nobody holds joins one that is the same."""
    values: list[list[_Deadline]] = []
    for deadline in sorted(members, key=lambda d: not d.relation):
        for value in values:
            first = value[0]
            held = (first.relation, first.holder.lower()) == (
                deadline.relation,
                deadline.holder.lower(),
            )
            if (held or not deadline.relation) and compatible_dates(first.date, deadline.date):
                value.append(deadline)
                break
        else:
            values.append([deadline])
    order = {id(deadline): i for i, deadline in enumerate(members)}
    values.sort(key=lambda value: min(order[id(d)] for d in value))
    return tuple(
        (_deadline_text(value, spoken), distinct(d.evidence for d in value)) for value in values
    )


def distinct(items: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Each piece once, in order."""
    found: dict[tuple[str, int], Evidence] = {}
    for item in items:
        found.setdefault(item.sentence.key, item)
    return tuple(found.values())


def _deadline_text(value: Sequence[_Deadline], spoken: str) -> str:
    dated = max((d.date for d in value), key=lambda d: (d.year is not None, d.day is not None))
    text = format_date(dated, spoken)
    relation, holder = value[0].relation, value[0].holder
    if not relation:
        return text
    title, _, name = holder.partition(" ") if holder[:1].islower() else ("", "", holder)
    if spoken == "en":
        who = f"{_TITLE_EN.get(title, '')} {name}".strip()
        return f"{text} (set by {who})" if relation == "set" else f"{text} ({who}'s own aim)"
    who = f"{_TITLE_FR.get(title, '')} {name}".strip()
    if relation == "set":
        return f"{text} (fixée par {who})"
    return f"{text} (objectif {'d’' if who[0] in 'AEIOUYÉaeiouéh' else 'de '}{who})".replace(
        "de le ", "du "
    )


_TITLE_EN = {"president": "President", "presidente": "President", "ministre": "Minister",
             "minister": "Minister"}  # fmt: skip
_TITLE_FR = {"president": "le président", "presidente": "la présidente", "ministre": "le ministre",
             "minister": "le ministre"}  # fmt: skip


def compatible_dates(a: DateMention, b: DateMention) -> bool:
    """Whether two dates can be the same day as far as each is stated: "September 2020" and
    "15 September 2020" can, "15 September" and "15 September 2020" too."""
    parts = ((a.year, b.year), (a.month, b.month), (a.day, b.day))
    return all(x is None or y is None or x == y for x, y in parts)
