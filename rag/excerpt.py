"""Whether a statement is a sure extract of a sentence: whole segments of it, in order, of which
nothing that qualifies it was left out. Same language only; no model.

A segment is what stands between commas, semicolons, colons, brackets and dashes; quotation marks
are passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from rag.facts import facts, names, tokens
from rag.types import Span

SegmentKind = Literal["main", "aside", "lead"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a sentence at `text[start:end]` and its words, folded."""

    start: int
    end: int
    words: tuple[str, ...]
    bracket: bool
    """It stands in round or square brackets."""


_BOUNDARY = re.compile(r"(?<!\d),|,(?!\d)|[;:()\[\]…]|\s[–—-]\s")

# How a segment begins that adds to a sentence without changing it.
_ASIDE = {
    "fr": (
        "qui", "dont", "ou", "lequel", "laquelle", "lesquels", "lesquelles", "bien qu", "bien que",
        "quoique", "malgre", "alors que", "alors qu", "tandis que", "tandis qu", "car",
        "parce que", "parce qu", "puisque", "puisqu", "d autant", "notamment", "y compris",
        "tout en", "en",
    ),
    "en": (
        "who", "which", "where", "whose", "although", "though", "while", "whereas", "despite",
        "because", "since", "including", "notably", "especially", "as well as", "in spite of",
    ),
}  # fmt: skip
_LEAD = {
    "fr": (
        "bien qu", "bien que", "quoique", "malgre", "alors que", "alors qu", "tandis que",
        "tandis qu", "toutefois", "cependant", "par ailleurs", "de plus", "en outre", "en effet",
        "ainsi", "enfin", "d ailleurs", "or", "neanmoins", "pourtant",
    ),
    "en": (
        "although", "though", "while", "whereas", "despite", "in spite of", "however", "moreover",
        "meanwhile", "in addition", "furthermore", "also", "finally", "indeed", "nevertheless",
        "still",
    ),
}  # fmt: skip
_DETERMINERS = {
    "fr": frozenset("le la les l un une".split()),
    "en": frozenset("the a an".split()),
}
_JOINED = frozenset("et ou ni mais and or nor but".split())
# What takes back, narrows or weakens what was said before it.
_UNDOING = re.compile(
    r"^(?:faux|fausse\w*|dement\w*|erron\w*|retract\w*|renonc\w*|annul\w*|invers\w*|contrair\w*|"
    r"theori\w*|pretend\w*|ancien\w*|ex|mensong\w*|canular|rumeur\w*|fiction\w*|imagin\w*|fict\w*|"
    r"false\w*|wrong\w*|denied|denies|retract\w*|withdr\w*|cancel\w*|revers\w*|former\w*|alleg\w*|"
    r"hypothe\w*|revoked?|hoax|mistak\w*|untrue|theor\w*|contradict\w*|disput\w*|contest\w*|"
    r"apparent\w*|puis|then|ensuite|avant|before|until|jusqu|lorsque|quand|when|once|only|fake)$"
)
_QUALIFIED = frozenset(
    {"condition", "conditional", "possible", "uncertain", "reported", "intention", "belief",
     "obligation", "future", "only", "almost", "early"}
)  # fmt: skip


@lru_cache(maxsize=1024)
def segments(text: str) -> tuple[Segment, ...]:
    """The parts of a sentence that have words, in order."""
    cuts = [(0, 0), *((m.start(), m.end()) for m in _BOUNDARY.finditer(text)), (len(text),) * 2]
    words = tokens(text)
    found: list[Segment] = []
    depth = 0
    for (opened, start), (end, _) in pairwise(cuts):
        mark = text[opened:start]
        depth += mark in {"(", "["}
        depth -= mark in {")", "]"} and depth > 0
        inside = tuple(t.folded for t in words if start <= t.start and t.end <= end)
        if inside:
            found.append(Segment(start, end, inside, depth > 0))
    return tuple(found)


def extract_score(statement: str, sentence: str, language: str) -> float | None:
    """Share of the sentence's words that the statement keeps, 0..1, when the statement is a
    concatenation of whole segments of it, in order, and each segment left out is a connective or
    concession before the main clause, or an aside (relative clause, apposition, reason, brackets)
    that holds no negation, hedge, condition, number, date, speaker or retraction. None otherwise.

    The main clause's words are all kept: subject and object can't be exchanged, nor a head noun
    dropped."""
    parts = segments(sentence)
    wanted = tuple(t.folded for t in tokens(statement))
    if not wanted or not parts or not _kept(parts, wanted, sentence, language):
        return None
    return len(wanted) / sum(len(part.words) for part in parts)


def _kept(
    parts: tuple[Segment, ...], wanted: tuple[str, ...], sentence: str, language: str
) -> bool:
    """Whether the words wanted are those of the segments once some are left out that may be."""
    kinds = [_kind(parts, i, sentence, language) for i in range(len(parts))]
    # Positions in `wanted` that can be reached; a sentence of many segments stays cheap.
    reached: set[tuple[int, bool]] = {(0, False)}
    for part, kind in zip(parts, kinds, strict=True):
        following: set[tuple[int, bool]] = set()
        for position, begun in reached:
            end = position + len(part.words)
            if wanted[position:end] == part.words:
                following.add((end, True))
            if (kind == "aside" and begun) or (kind == "lead" and not begun):
                following.add((position, begun))
        reached = following
    return (len(wanted), True) in reached


def _kind(parts: tuple[Segment, ...], i: int, sentence: str, language: str) -> SegmentKind:
    """`aside` or `lead` when a segment may be left out there, else `main`."""
    part = parts[i]
    if not harmless(sentence, Span(part.start, part.end), language):
        return "main"
    if i == 0:
        return "lead" if _begins(part, _LEAD, language) else "main"
    if part.words[0] in _JOINED - {"ou"}:
        return "main"
    if part.bracket:
        return "aside"
    if _begins(part, _ASIDE, language):
        if part.words[0] == "en" and not any(w.endswith("ant") for w in part.words[1:4]):
            return "main"
        conditional = any(m.kind == "conditional" for m in facts(sentence, language).hedges)
        return "main" if part.words[0] in {"en", "tout"} and conditional else "aside"
    following = parts[i + 1].words[0] if i + 1 < len(parts) else ""
    determiners = _DETERMINERS.get(language, frozenset())
    if (
        i + 1 == len(parts)
        or following in _JOINED
        or not _subject(sentence, parts[i - 1], language)
    ):
        return "main"  # the end of an enumeration or of the sentence; the subject itself
    if _is_name(sentence, part, language):
        return "main" if _is_name(sentence, parts[i - 1], language) else "aside"
    if part.words[0] not in determiners or following in determiners:
        return "main"
    return "main" if _VERBS & set(part.words) else "aside"


_TIMES = frozenset(
    """mois semaine semaines an ans annee annees jour jours soir matin nuit hier demain week weeks
    month months year years day days morning evening night lundi mardi mercredi jeudi vendredi samedi
    dimanche monday tuesday wednesday thursday friday saturday sunday""".split()
)


def _subject(sentence: str, part: Segment, language: str) -> bool:
    """Whether a segment can be what an apposition stands to: it begins with an article or a name,
    and is no time ("le mois dernier"). After "selon la presse," comes the subject itself."""
    first = part.words[0] in _DETERMINERS.get(language, frozenset()) or any(
        not sentence[part.start : name.start].strip("«“\"' ")
        for name in names(sentence, language)
        if part.start <= name.start < part.end
    )
    return first and not (_TIMES & set(part.words) and not _VERBS & set(part.words))


def _begins(part: Segment, table: dict[str, tuple[str, ...]], language: str) -> bool:
    head = " ".join(part.words[:4]) + " "
    return any(head.startswith(f"{opening} ") for opening in table.get(language, ()))


def _is_name(sentence: str, part: Segment, language: str) -> bool:
    """Whether a segment is a name and nothing else."""
    inner = sentence[part.start : part.end].strip()
    found = names(f"x {inner}", language)
    return len(found) == 1 and len(found[0].text) == len(inner)


_VERBS = frozenset(
    "a ont est sont etait etaient avait avaient sera seront fut furent has have is are was were had"
    " will".split()
)
"""An auxiliary makes a clause of "le groupe a menti"; "le propriétaire chinois" is an apposition."""


def harmless(sentence: str, span: Span, language: str) -> bool:
    """Whether a part of a sentence can be left out without making what remains say more: it holds
    no negation, hedge, condition, number, date, speaker or retraction."""
    found = facts(sentence, language)

    def inside(start: int, end: int) -> bool:
        return start < span.end and span.start < end

    marked = (
        *((m.start, m.end) for m in found.negations),
        *((m.start, m.end) for m in found.hedges if m.kind in _QUALIFIED),
        *((s.start, s.end) for s in found.attributions),
        *((n.start, n.end) for n in found.numbers),
        *((d.start, d.end) for d in found.dates),
    )
    if any(inside(start, end) for start, end in marked):
        return False
    inner = [t.folded for t in tokens(sentence) if inside(t.start, t.end)]
    return not any(_UNDOING.match(word) for word in inner)
