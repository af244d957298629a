"""Which statements say the same, and which contradict each other. Pure and cheap: a signature is
made once a sentence, and two are compared as tuples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.deadlines import Conflict
from rag.disagree import find_disagreements
from rag.signature import Signature, Slot, signature
from rag.types import Evidence, Place

__all__ = [
    "Conflict", "Signature", "find_disagreements", "group", "merged", "same", "same_statement",
    "signature",
]  # fmt: skip

MIN_ITEMS = 4
"""A shorter sentence ("Il a démissionné.") may be about something else in another file."""
MIN_ITEMS_WITHOUT_FACTS = 8
"""The same where no name, number or date says what it is about."""


def same_statement(a: str, b: str, language_a: str, language_b: str) -> bool:
    """Whether two sentences say the same in nearly the same words: same language, the same facts
    and words in the same order (inflection, articles, pronouns of the third person, a short list of
    synonyms, and one dropped letter in a name aside), the same negation, hedges and speaker."""
    return same(signature(a, language_a), signature(b, language_b))


def same(a: Signature, b: Signature) -> bool:
    """`same_statement` of two signatures. Symmetric and reflexive."""
    if a is b or (a.text, a.language) == (b.text, b.language):
        return True
    if (a.language, a.negations, a.hedges) != (b.language, b.negations, b.hedges):
        return False
    if a.words != b.words or len(a.items) < MIN_ITEMS:
        return False
    if a.quoted != b.quoted and not (a.first_person and b.first_person):
        return False  # what one file quotes the other asserts
    if a.speakers and b.speakers and not a.speakers & b.speakers:
        return False
    if not a.slots and len(a.items) < MIN_ITEMS_WITHOUT_FACTS:
        return False
    different = [(x, y) for x, y in zip(a.slots, b.slots, strict=True) if not _equal(x, y)]
    return not different or (len(different) == 1 and _typo(*different[0]))


def _equal(x: Slot, y: Slot) -> bool:
    return x.kind == y.kind and x.key == y.key


def _typo(x: Slot, y: Slot) -> bool:
    """One inner letter left out of a name with inner capitals ("TiTok"): Dupont and Dupond,
    Martin and Marin are two."""
    if x.kind != "name" or y.kind != "name":
        return False
    short, long = sorted((x, y), key=lambda slot: (len(slot.text), slot.text))
    if len(long.text) != len(short.text) + 1 or len(short.text) < 5 or not long.text.isalpha():
        return False
    inner = all(any(c.isupper() for c in slot.text[1:]) for slot in (short, long))
    return inner and any(
        long.text[:i] + long.text[i + 1 :] == short.text for i in range(1, len(long.text) - 1)
    )


def group(signatures: Sequence[Signature]) -> list[list[int]]:
    """Indices grouped by statement, in the order given: the first of each group (the best-scored,
    if they come so) stands for it, and the others are the same as that one."""
    groups: list[list[int]] = []
    for i, current in enumerate(signatures):
        for members in groups:
            if same(signatures[members[0]], current):
                members.append(i)
                break
        else:
            groups.append([i])
    return groups


def merged(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The same statement once, with its places in other files; a quotation that is quoted whole
    once, whichever of its sentences were found."""
    signatures = [signature(item.sentence.text, item.sentence.language) for item in evidence]
    found: list[Evidence] = []
    places: set[tuple[str, int, int]] = set()
    for members in group(signatures):
        first = evidence[members[0]]
        key = (first.place.source, first.place.start, first.place.end)
        if key in places:
            continue
        places.add(key)
        others: dict[str, Place] = {}
        for number in members[1:]:
            others.setdefault(evidence[number].place.source, evidence[number].place)
        others.pop(first.place.source, None)
        found.append(replace(first, also=tuple(others[name] for name in sorted(others))))
    return found
