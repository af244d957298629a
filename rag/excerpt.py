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

from rag.facts import facts, names, tokens
from rag.types import Span


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
        "qui", "dont", "où", "lequel", "laquelle", "lesquels", "lesquelles", "bien qu", "bien que",
        "quoique", "malgré", "alors que", "alors qu", "tandis que", "tandis qu", "car",
        "parce que", "parce qu", "puisque", "puisqu", "d autant", "notamment", "y compris",
        "tout en", "en",
    ),
    "en": (
        "who", "which", "where", "whose", "although", "though", "while", "whereas", "despite",
        "because", "since", "including", "notably", "especially", "as well as", "in spite of",
    ),
}  # fmt: skip
_CONCESSION = {
    "fr": ("bien qu", "bien que", "quoique", "malgré", "alors que", "alors qu", "tandis que",
           "tandis qu"),
    "en": ("although", "though", "while", "whereas", "despite", "in spite of"),
}  # fmt: skip
_CONNECTIVES = {
    "fr": frozenset(
        """toutefois|cependant|par ailleurs|de plus|en outre|en effet|ainsi|enfin|d ailleurs|or|
        néanmoins|pourtant""".replace("\n", "")
        .replace("  ", "")
        .split("|")
    ),
    "en": frozenset(
        """however|moreover|meanwhile|in addition|furthermore|also|finally|indeed|nevertheless|
        still""".replace("\n", "")
        .replace("  ", "")
        .split("|")
    ),
}
_DETERMINERS = {
    "fr": frozenset("le la les l un une".split()),
    "en": frozenset("the a an".split()),
}
# What takes back, narrows or weakens what was said before it.
_UNDOING = re.compile(
    r"^(?:faux|fausse\w*|dement\w*|erron\w*|retract\w*|renonc\w*|annul\w*|invers\w*|contrair\w*|"
    r"theori\w*|pretend\w*|ancien\w*|ex|mensong\w*|canular|rumeur\w*|fiction\w*|imagin\w*|fict\w*|"
    r"false\w*|wrong\w*|denied|denies|retract\w*|withdr\w*|cancel\w*|revers\w*|former\w*|alleg\w*|"
    r"hypothe\w*|revoked?|hoax|mistak\w*|untrue|theor\w*|contradict\w*|disput\w*|contest\w*|"
    r"apparent\w*|hors|hormis|excl\w*|estim\w*|provis\w*|partiel\w*|partial\w*|environ|env|approx\w*|"
    r"brut\w*|net|nets|nette|gross|nomina\w*|seulement|uniquement|puis|then|ensuite|avant|before|until|jusqu|lorsque|quand|when|once|only|fake)$"
)
_QUALIFIED = frozenset(
    {"condition", "conditional", "possible", "uncertain", "reported", "intention", "belief",
     "obligation", "future", "only", "almost", "early"}
)  # fmt: skip


@lru_cache(maxsize=1024)
def segments(text: str) -> tuple[Segment, ...]:
    """The parts of a sentence that have words, in order."""
    cuts = [(0, 0, False)]
    depth = 0
    for match in _BOUNDARY.finditer(text):
        closes = match[0] in {")", "]"} and depth > 0
        depth -= closes
        if depth == 0:  # what stands in brackets is one part
            cuts.append((match.start(), match.end(), closes))
        depth += match[0] in {"(", "["}
    cuts.append((len(text), len(text), False))  # a bracket that never closes is none
    words = tokens(text)
    found: list[Segment] = []
    for (_, start, _), (end, _, bracket) in pairwise(cuts):
        inside = tuple(t.folded for t in words if start <= t.start and t.end <= end)
        if inside:
            found.append(Segment(start, end, inside, bracket))
    return tuple(found)


def extract_score(statement: str, sentence: str, language: str) -> float | None:
    """Share of the sentence's words that the statement keeps, 0..1, when the statement is a
    concatenation of whole segments of it, in order, and what is left out is one of these: a
    connective before the sentence, or a concession before a sentence of one segment; something in
    brackets; a relative clause, apposition or the like from which the sentence goes on with its
    verb; relative clauses, reasons and the like at the end. It must hold no negation, hedge,
    condition, number, date, speaker or retraction. None otherwise.

    The main clause's words are all kept: subject and object can't be exchanged, nor a head noun
    dropped, nor a clause made to lean on another word."""
    parts = segments(sentence)
    wanted = tuple(t.folded for t in tokens(statement))
    if not wanted or not parts or not _kept(parts, wanted, sentence, language):
        return None
    return len(wanted) / sum(len(part.words) for part in parts)


def _kept(
    parts: tuple[Segment, ...], wanted: tuple[str, ...], sentence: str, language: str
) -> bool:
    """Whether the words wanted are those of the segments once some are left out that may be."""
    free = [harmless(sentence, Span(part.start, part.end), language) for part in parts]
    tail = len(parts)  # from here on everything may be left out together
    while tail > 1 and free[tail - 1] and _may_end(parts[tail - 1], sentence, language):
        tail -= 1
    # Positions in `wanted` that can be reached; a sentence of many segments stays cheap.
    reached = {0}
    lead = free[0] and _may_lead(parts, sentence, language)
    for i, part in enumerate(parts):
        if i >= tail and len(wanted) in reached:
            return True
        following = {
            position + len(part.words)
            for position in reached
            if wanted[position : position + len(part.words)] == part.words
        }
        if i == 0:
            following |= {0} if lead else set()
        elif free[i] and _may_be_left_out(parts, i, sentence, language):
            following |= reached - {0}
        reached = following
    return len(wanted) in reached


def _may_lead(parts: tuple[Segment, ...], sentence: str, language: str) -> bool:
    """Whether the first segment may be left out."""
    if " ".join(_raw(parts[0], sentence)) in _CONNECTIVES.get(language, frozenset()):
        return True
    return len(parts) == 2 and _begins(parts[0], sentence, _CONCESSION, language)


def _may_end(part: Segment, sentence: str, language: str) -> bool:
    """Whether a segment at the end of the sentence may be left out."""
    return part.bracket or _is_aside(part, sentence, language)


def _may_be_left_out(parts: tuple[Segment, ...], i: int, sentence: str, language: str) -> bool:
    """Whether a segment in mid-sentence may be left out: brackets, or what the verb follows."""
    part = parts[i]
    verbs = _VERBS.get(language, frozenset())
    if part.bracket:
        return True
    if i + 1 == len(parts) or parts[i + 1].bracket or parts[i + 1].words[0] not in verbs:
        return False
    if _is_aside(part, sentence, language):
        return True
    if not _subject(sentence, parts[i - 1], language):
        return False
    if _is_name(sentence, part, language):
        return not _is_name(sentence, parts[i - 1], language)
    determined = part.words[0] in _DETERMINERS.get(language, frozenset())
    return determined and verbs.isdisjoint(part.words)


def _is_aside(part: Segment, sentence: str, language: str) -> bool:
    if not _begins(part, sentence, _ASIDE, language):
        return False
    gerund = part.words[0] in {"en", "tout"}
    if part.words[0] == "en" and not any(word.endswith("ant") for word in part.words[1:4]):
        return False
    return not (gerund and any(m.kind == "conditional" for m in facts(sentence, language).hedges))


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
    verbs = _VERBS.get(language, frozenset())
    return first and not (_TIMES & set(part.words) and verbs.isdisjoint(part.words))


def _raw(part: Segment, sentence: str) -> list[str]:
    """Words with their accents: "où" is no "ou"."""
    return [t.text.lower() for t in tokens(sentence[part.start : part.end])]


def _begins(part: Segment, sentence: str, table: dict[str, tuple[str, ...]], language: str) -> bool:
    head = " ".join(_raw(part, sentence)[:4]) + " "
    return any(head.startswith(f"{opening} ") for opening in table.get(language, ()))


def _is_name(sentence: str, part: Segment, language: str) -> bool:
    """Whether a segment is a name and nothing else."""
    inner = sentence[part.start : part.end].strip()
    found = names(f"x {inner}", language)
    return len(found) == 1 and len(found[0].text) == len(inner)


_VERBS = {
    "fr": frozenset("a ont est sont etait etaient avait avaient sera seront fut furent".split()),
    "en": frozenset("has have had is are was were will".split()),
}
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
