"""Sources that disagree: the same thing given two values, without a verdict.

Three ways to see it, each narrow on purpose, for a false alarm costs more than a miss: two
deadlines in the same matter, two sentences that differ in one fact alone, and, across languages,
two sentences that share their names, dates and unit and differ in their only number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from rag.dates import format_date
from rag.deadlines import Conflict, compatible_dates, deadline_conflicts, distinct
from rag.facts import Facts, Number, facts, tokens
from rag.gazetteer import SPELLINGS
from rag.marks import plain
from rag.signature import Item, Signature, Slot, signature
from rag.terms import is_stop_word, stem
from rag.types import Evidence


def find_disagreements(evidence: Sequence[Evidence], language: str) -> list[Conflict]:
    """Conflicts among pieces of evidence, in a fixed order; values in the order of the evidence,
    written in `language` (English unless French)."""
    spoken = "fr" if language == "fr" else "en"
    read = [item for item in evidence if not item.sentence.text.rstrip(" »”\"'").endswith("?")]
    return [*deadline_conflicts(read, spoken), *_frames(read, spoken), *_across(read, spoken)]


# --- one fact that differs ----------------------------------------------------------------

_ONCE = frozenset(
    stem(word, language)
    for language, listed in (
        (
            "fr",
            """ouvert ouverte ouvre ouvrit fondé fondée fonda créé créée créa naît naquit née mort
            morte meurt mourut décédé décédée construit construite inauguré inaugurée signé signée
            lancé lancée publié publiée inventé inventée découvert découverte érigé érigée""",
        ),
        (
            "en",
            """opened founded created born died built established launched published discovered
            signed inaugurated invented""",
        ),
    )
    for word in listed.split()
) | {"né", "nés"}
"""Stems of what happens to a thing once: another date for it is a disagreement."""


def _stems(french: str, english: str) -> frozenset[str]:
    return frozenset(stem(word, "fr") for word in french.split()) | frozenset(
        stem(word, "en") for word in english.split()
    )


_BEFORE_NAME = _stems("est était fut par nommé nommée appelle appelait", "is was by named called")
_SOME_OF = _stems("dont notamment parmi entre comprend", "among including include comprising")
_SEVERAL = re.compile(r"(?<!\w)(?:l'une? des|une? des|one of|some of|certains des)(?!\w)")
_LABELS = _stems(
    """article page chapitre version vol numéro phase groupe saison épisode tome volume partie
    ligne alinéa loi section annexe tableau figure étage rang place route chaîne""",
    """article page chapter version flight number no phase group season episode volume part line
    section annex table figure floor rank route channel act""",
)
"""Before a number: the number is a name then."""
_PRONOUNS = frozenset(
    "il elle ils elles on nous je vous ce ca cela celui celle it he she they we i you this that".split()
)


def _frames(evidence: Sequence[Evidence], spoken: str) -> list[Conflict]:
    """Statements that are word for word the same but for one number, date, name, or the negation."""
    conflicts: list[Conflict] = []
    buckets: dict[tuple[object, ...], list[tuple[Evidence, Signature]]] = {}
    for item in evidence:
        made = signature(item.sentence.text, item.sentence.language)
        if _comparable(made):
            key = (made.language, _mask(made.items), made.hedges, made.quoted)
            buckets.setdefault(key, []).append((item, made))
    for members in buckets.values():
        if len(members) < 2:
            continue
        for i in range(len(members[0][1].slots)):
            conflicts += _slot_conflict(members, i, spoken)
    return conflicts + _denials(evidence, spoken)


def _comparable(made: Signature) -> bool:
    """A statement about something named or described, not "it" or "they"."""
    words = tokens(made.text)
    content = [item for item in made.items if isinstance(item, Slot) or len(item) > 2]
    return len(content) >= 3 and bool(words) and words[0].folded not in _PRONOUNS


def _mask(items: Iterable[Item]) -> tuple[str, ...]:
    return tuple(f"#{item.kind}" if isinstance(item, Slot) else item for item in items)


def _slot_conflict(
    members: Sequence[tuple[Evidence, Signature]], i: int, spoken: str
) -> list[Conflict]:
    """Conflicts among sentences of one frame in their slot `i`, everything else being equal."""
    by_rest: dict[tuple[object, ...], list[tuple[Evidence, Signature]]] = {}
    for item, made in members:
        rest = tuple(slot.key for n, slot in enumerate(made.slots) if n != i)
        by_rest.setdefault((rest, made.negations), []).append((item, made))
    conflicts = []
    for same in by_rest.values():
        made = same[0][1]
        if len(same) < 2 or not _can_conflict(made, i) or made.negations:
            continue
        values: list[tuple[Slot, list[Evidence]]] = []
        for item, other in same:
            slot = other.slots[i]
            for value, items in values:
                if _compatible(value, slot):
                    items.append(item)
                    break
            else:
                values.append((slot, [item]))
        dated = any(slot.kind == "date" for slot in made.slots)
        if len(values) > 1 and (dated or _same_time([item for item, _ in same])):
            conflicts.append(
                Conflict(
                    _about(made, i, spoken),
                    tuple((_written(slot, spoken), distinct(items)) for slot, items in values),
                )
            )
    return conflicts


def _can_conflict(made: Signature, i: int) -> bool:
    """Whether a thing can have only one value there: not the subject, not one of several, not a
    label ("article 12"), not the year of what happens every year."""
    slot = made.slots[i]
    at = next(n for n, item in enumerate(made.items) if item is slot)
    before = [item for item in made.items[:at] if isinstance(item, str)]
    last = made.items[at - 1] if at else None
    if any(word in _SOME_OF for word in before) or _SEVERAL.search(plain(made.text)):
        return False
    if slot.kind == "number":
        number = slot.number
        labelled = isinstance(last, str) and last in _LABELS
        counted = number is not None and (
            (number.unit is not None and number.unit != "ordinal")
            or (at + 1 < len(made.items) and isinstance(made.items[at + 1], str))
        )
        ordinal = number is not None and number.unit == "ordinal"
        return at > 0 and counted and not labelled and not ordinal
    if slot.kind == "date":
        words = [item for item in made.items if isinstance(item, str)]
        return at > 0 and not _ONCE.isdisjoint(words)
    if slot.kind == "name":
        return at > 0 and isinstance(last, str) and last in _BEFORE_NAME
    return False


def _compatible(a: Slot, b: Slot) -> bool:
    if a.number is not None and b.number is not None:
        return compatible_numbers(a.number, b.number)
    if a.date is not None and b.date is not None:
        return compatible_dates(a.date, b.date)
    return set(a.key.split()) <= set(b.key.split()) or set(b.key.split()) <= set(a.key.split())


def compatible_numbers(a: Number, b: Number) -> bool:
    """Whether two numbers can be the same quantity: equal, rounded one from the other, or within
    what "about", "more than", "less than" leave open."""
    if a.unit != b.unit:
        return True  # not the same quantity at all
    if a.value == b.value:
        return True
    low, high = sorted((a, b), key=lambda n: n.value)
    if low.bound == "over" or high.bound == "under":
        return True
    gap = abs(high.value - low.value)
    scale = max(abs(high.value), abs(low.value), Decimal("0.000001"))
    if "about" in (low.bound, high.bound):
        return gap <= scale / 10
    return _digits(a.value) != _digits(b.value) and gap <= scale / 20


def _digits(value: Decimal) -> int:
    """Significant digits."""
    return len(value.normalize().as_tuple().digits)


def _same_time(items: Sequence[Evidence]) -> bool:
    """No two files of different years: a count may change."""
    years = {item.place.date[:4] for item in items if item.place.date}
    return len(years) <= 1


def _about(made: Signature, i: int, spoken: str) -> str:
    slot = made.slots[i]
    if slot.kind == "date":
        return {"en": "the date", "fr": "la date"}[spoken]
    if slot.kind == "name":
        return {"en": "the name", "fr": "le nom"}[spoken]
    unit = slot.number.unit if slot.number else None
    if unit == "%":
        return {"en": "the percentage", "fr": "le pourcentage"}[spoken]
    if unit:
        return {"en": "the amount", "fr": "le montant"}[spoken]
    noun = _noun_after(made.text, slot.number, made.language)
    if noun and made.language == spoken:
        return {"en": f"the number of {noun}", "fr": f"le nombre de {noun}"}[spoken].replace(
            "de a", "d’a"
        )
    return {"en": "the number", "fr": "le nombre"}[spoken]


def _noun_after(text: str, number: Number | None, language: str) -> str:
    if number is None:
        return ""
    for token in tokens(text):
        if token.start >= number.end and not is_stop_word(token.text, language):
            return token.text.lower() if token.text.isalpha() else ""
    return ""


def _written(slot: Slot, spoken: str) -> str:
    if slot.date is not None:
        return format_date(slot.date, spoken)
    if slot.number is not None:
        return _number_text(slot.number, spoken)
    return slot.text


def _number_text(number: Number, spoken: str) -> str:
    text = f"{number.value:,f}"
    if spoken == "fr":
        text = text.replace(",", "\u202f").replace(".", ",")
    bound = {
        "en": {"about": "about ", "over": "more than ", "under": "less than "},
        "fr": {"about": "environ ", "over": "plus de ", "under": "moins de "},
    }[spoken].get(number.bound or "", "")
    if number.unit == "%":
        return f"{bound}{text}%" if spoken == "en" else f"{bound}{text}\u202f%"
    return f"{bound}{text} {number.unit}" if number.unit else bound + text


_NEGATIVE = frozenset(
    {"pas", "point", "jamais", "not", "n't", "t", "never", "ne", "n", "did", "do", "does", "no"}
)


def _denials(evidence: Sequence[Evidence], spoken: str) -> list[Conflict]:
    """The same sentence with and without its negation, in files of the same time."""
    buckets: dict[tuple[object, ...], list[tuple[Evidence, Signature]]] = {}
    for item in evidence:
        made = signature(item.sentence.text, item.sentence.language)
        if _comparable(made) and made.slots and len(made.items) >= 4:
            kept = tuple(
                (i.kind, i.key) if isinstance(i, Slot) else i
                for i in made.items
                if isinstance(i, Slot) or i not in _NEGATIVE
            )
            buckets.setdefault((made.language, kept, made.hedges, made.quoted), []).append(
                (item, made)
            )
    conflicts = []
    words = {"en": ("this statement", "affirmed", "denied"),
             "fr": ("cette affirmation", "affirmé", "nié")}[spoken]  # fmt: skip
    for members in buckets.values():
        yes = [item for item, made in members if made.negations == 0]
        no = [item for item, made in members if made.negations == 1]
        dates = {item.place.date for item in (*yes, *no) if item.place.date}
        if yes and no and len(dates) <= 1:
            values = ((words[1], distinct(yes)), (words[2], distinct(no)))
            first_no = next(n for n, (_, made) in enumerate(members) if made.negations)
            conflicts.append(Conflict(words[0], values if first_no else values[::-1]))
    return conflicts


# --- across languages ---------------------------------------------------------------------


def _across(evidence: Sequence[Evidence], spoken: str) -> list[Conflict]:
    """Pairs in two languages that share all names (two at least), dates and the unit, and differ
    in their only number."""
    conflicts = []
    for i, a in enumerate(evidence):
        for b in evidence[i + 1 :]:
            if a.sentence.language == b.sentence.language or not _same_time([a, b]):
                continue
            first, second = (facts(e.sentence.text, e.sentence.language) for e in (a, b))
            if _one_number_differs(a, b, first, second):
                numbers = (first.numbers[0], second.numbers[0])
                unit = numbers[0].unit
                kind = "%" if unit == "%" else "amount" if unit else "number"
                about = {
                    "en": {"%": "the percentage", "amount": "the amount", "number": "the number"},
                    "fr": {"%": "le pourcentage", "amount": "le montant", "number": "le nombre"},
                }[spoken][kind]
                values = tuple(
                    (_number_text(number, spoken), (item,))
                    for number, item in zip(numbers, (a, b), strict=True)
                )
                conflicts.append(Conflict(about, values))
    return conflicts


def _one_number_differs(a: Evidence, b: Evidence, first: Facts, second: Facts) -> bool:
    if len(first.numbers) != 1 or len(second.numbers) != 1:
        return False
    one, two = first.numbers[0], second.numbers[0]
    if one.unit != two.unit or one.unit == "ordinal" or compatible_numbers(one, two):
        return False
    keys = [{part for n in f.names for part in n.key.split()} for f in (first, second)]
    dates = [{(d.year, d.month, d.day) for d in f.dates} for f in (first, second)]
    if keys[0] != keys[1] or len(keys[0]) < 2 or dates[0] != dates[1]:
        return False
    if first.negations or second.negations:
        return False
    kinds = [{m.kind for m in f.hedges} - {"purpose", "universal"} for f in (first, second)]
    if kinds[0] != kinds[1]:
        return False
    if one.unit is not None:
        return True
    nouns = [
        "".join(c for c in stem(_noun_after(e.sentence.text, n, e.sentence.language), "und"))
        for e, n in ((a, one), (b, two))
    ]
    return len(nouns[0]) >= 4 and nouns[0][:5] == nouns[1][:5] and (nouns[0],) not in SPELLINGS
