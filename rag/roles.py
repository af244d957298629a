"""Which names act in a sentence, and which part of a sentence a statement uses. By rule, for the
two languages; where a rule can't tell it takes the strict side.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.excerpt import segments
from rag.facts import facts, mentions, tokens
from rag.marks import plain
from rag.terms import content_words, in_order, stem
from rag.types import Span

_AGENT = re.compile(
    r"(?<!\w)(?:par|by)\s+(?:(?:le|la|les|the|l'|son|sa|its|his)\s*)?(?:\w+\s+){0,2}?$"
)
_PASSIVE = re.compile(
    r"(?<!\w)(?:été|est|sont|était|étaient|fut|furent|sera|être|been|is|are|was|were|be|being)\s+"
    r"(?:\w+\s+){0,2}?\w+(?:é|ée|és|ées|i|ie|is|ies|it|u|ue|us|ues|ed|en|ld|ght|pt)(?!\w)|"
    r"(?<!\w)\w+(?:ée?s?|ed)\s+(?:par|by)(?!\w)"
)


@lru_cache(maxsize=4096)
def _order(text: str, language: str) -> tuple[str, ...]:
    """Keys of the names in the order of who acts: as they stand, but the agent of a passive first;
    speakers and countries (adjectives in one language, genitives in the other) left out."""
    found = facts(text, language)
    lowered = plain(text)
    passive = _PASSIVE.search(lowered)
    order: list[str] = []
    agents: list[str] = []
    for name in found.names:
        if any(span.start <= name.start < span.end for span in found.attributions):
            continue
        parts = [part for part in name.key.split() if not part.startswith("@")]
        acts = (
            passive is not None
            and not agents
            and name.start > passive.start()
            and _AGENT.search(lowered[max(0, name.start - 40) : name.start]) is not None
        )
        (agents if acts else order).extend(parts)
    return tuple(dict.fromkeys([*agents, *order]))


def same_roles(statement: str, language: str, source: str, tongue: str) -> bool:
    """Whether the names of a statement come in the order of the evidence, each passive turned
    round: "Microsoft rejected ByteDance's offer" is not "the offer of Microsoft was rejected by
    ByteDance". Names that the evidence repeats may come in either order."""
    mine = _order(statement, language)
    theirs = _order(source, tongue)
    shared = [name for name in mine if name in theirs]
    if len(shared) < 2:
        return True
    repeated = [name for name in shared if _count(source, tongue, name) > 1]
    fixed = [name for name in shared if name not in repeated] if len(repeated) > 1 else shared
    return in_order(fixed, theirs)


def _count(text: str, language: str, key: str) -> int:
    return sum(key in name.key.split() for name in facts(text, language).names)


_SUBORDINATE = {
    "fr": ("qui", "dont", "bien qu", "bien que", "malgre", "alors que", "alors qu", "tandis que",
           "car", "parce que", "parce qu", "puisque", "puisqu", "notamment parce", "d autant",
           "en", "tout en", "et la", "mais"),
    "en": ("who", "which", "although", "though", "while", "despite", "because", "since", "but"),
}  # fmt: skip


def used_part(statement: str, language: str, source: str, tongue: str) -> str:
    """The evidence sentence with those subordinate parts blanked out that the statement can't be
    speaking of: they hold no name, number, date or word of it that stands nowhere else, and no
    condition. Offsets stay."""
    parts = segments(source)
    if len(parts) < 2:
        return source
    said = _anchors(statement, language, language == tongue)
    blank: list[Span] = []
    i = 0
    while i < len(parts):
        if not _subordinate(parts[i].words, tongue):
            i += 1
            continue
        end = (
            i  # a clause at the end of the sentence runs through its commas; one before ends at one
        )
        span = Span(parts[i].start, parts[end].end)
        inside = source[span.start : span.end]
        outside = source[: span.start] + " " + source[span.end :]
        own = _anchors(inside, tongue, language == tongue) - _anchors(
            outside, tongue, language == tongue
        )
        kinds = {m.kind for m in facts(source, tongue).hedges if span.start <= m.start < span.end}
        speaks = any(
            s.start < span.end and span.start < s.end for s in facts(source, tongue).attributions
        )
        if not said & own and not kinds & {"condition", "uncertain", "reported"} and not speaks:
            blank.append(span)
        i += 1
    text = source
    for span in blank:
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    return text if text.strip() else source


def _subordinate(words: tuple[str, ...], tongue: str) -> bool:
    head = " ".join(words[:3]) + " "
    if words[0] == "en":
        return any(word.endswith("ant") for word in words[1:3])
    return any(head.startswith(f"{opening} ") for opening in _SUBORDINATE.get(tongue, ()))


def _anchors(text: str, language: str, same_language: bool) -> set[str]:
    """What can be recognised of a text: names, numbers, figures, and its words (their first five
    letters across languages, where only cognates meet)."""
    found = {key for key in mentions(text) if key.startswith("@")}
    found |= {str(number.value) for number in facts(text, language).numbers}
    found |= {t.folded for t in tokens(text) if any(c.isdigit() for c in t.text)}
    for word in content_words(text, language):
        if same_language:
            found.add(stem(word, language))
        elif len(word) >= 5 or word[0].isupper():
            found.add(stem(word, "und")[:5])
    return found
