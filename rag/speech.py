"""Quotations in a text, and who speaks in them.

A sentence from the middle of a quotation says nothing about who says it. `with_speech` gives each
such sentence the span that does: the whole quotation with the words that attribute it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.types import EVIDENCE_KINDS, SentenceSpan, Span

MAX_SPEECH = 4_000
"""Characters; a longer "quotation" is a mark that was never closed, not something to quote."""
_MAX_LINKED = 1_500
"""Characters that a quotation may reach back to find its speaker in the quotation before."""

_MARK = re.compile('[«»“”„"]')
_SAID = re.compile(
    r"\b(?:déclar|indiqu|affirm|ajout|expliqu|annonc|précis|soulign|assur|estim|écri[tvr]|confi[eéa]|"
    r"répond|répli|rapport|racont|conclu|communiqu|insist|prévien|prévenu|lanc[eéa]|promet|promis|"
    r"adme|admis|reconn|confirm|rappel|regrett|jug[eéa]|tweet|martel|comment|observ|détaill|"
    r"poursui|interrog|demand|exclam|lâch|gliss|témoign|révél|dénonc|critiqu|averti|avanc|répét|"
    r"stat(?:ed|es)|announc|explain|claim|argu|repl(?:ied|ies)|ask|warn|declar|recall|admit|report|"
    r"remark|continu|promis|conced|repeat)\w*"
    r"|\b(?:dit|disent|disait|note|notent|noté|selon|dixit|said|says?|told|tells|adds?|added|wrote|"
    r"writes|noted|notes|posted|according)\b|\bd['’]après\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Marks:
    """Quotation marks of one paragraph: where each opens and closes."""

    opening: frozenset[int]
    closing: frozenset[int]
    quotations: tuple[Span, ...]
    """Outermost ones, from the opening mark to behind the closing one."""


def quotation_marks(text: str, start: int, end: int) -> Marks:
    """Pairs the quotation marks of the paragraph `text[start:end]`. A mark that is never closed
    reaches to the paragraph's end; a closing one that nothing opened is passed over."""
    found = [match.start() for match in _MARK.finditer(text, start, end)]
    if not found:
        return Marks(frozenset(), frozenset(), ())
    even = sum(text[at] == '"' for at in found) % 2 == 0
    stack: list[tuple[str, int]] = []
    opening: set[int] = set()
    closing: set[int] = set()
    quotations: list[Span] = []
    for at in found:
        mark = text[at]
        if _opens(text, Span(start, end), at, stack, even):
            stack.append((mark, at))
            opening.add(at)
            continue
        partners = _PARTNERS.get(mark, "")
        depth = next((i for i in range(len(stack)) if stack[-1 - i][0] in partners), None)
        if depth is None:
            continue
        closing.add(at)
        opened = stack[-1 - depth][1]
        del stack[len(stack) - 1 - depth :]
        if not stack:
            quotations.append(Span(opened, at + 1))
    if stack:
        quotations.append(Span(stack[0][1], end))
    return Marks(frozenset(opening), frozenset(closing), tuple(quotations))


_PARTNERS = {"»": "«", "”": "“„", "“": "„", '"': '"'}
_MAX_DEPTH = 3


def _opens(text: str, paragraph: Span, at: int, stack: list[tuple[str, int]], even: bool) -> bool:
    mark = text[at]
    if len(stack) >= _MAX_DEPTH:
        return False
    if mark in "«„":
        return True
    if mark == "“":
        return not any(opened == "„" for opened, _ in stack)
    if mark != '"':
        return False
    before = text[at - 1] if at > paragraph.start else " "
    after = text[at + 1] if at + 1 < paragraph.end else " "
    looks = (before.isspace() or before in "([{«“-–—:'’.!?…") and not after.isspace()
    if any(opened == '"' for opened, _ in stack):
        # Nested straight marks: "He said "no" to us". Odd ones out are closed rather than nested.
        return even and looks and before.isspace() and stack[-1][1] < at - 1
    return looks


def with_speech(
    text: str, sentences: Sequence[SentenceSpan], quotations: Sequence[Span]
) -> list[SentenceSpan]:
    """The sentences, those inside quotations of several sentences with their `speech` span: from
    the sentence that opens the quotation to the end of the one that closes it, which is where its
    speaker stands. A quotation without a speaker of its own reaches back to the quotation before
    it (« A », a dit X. « B. ») or to the line that announces it (X a dit :)."""
    found = list(sentences)
    position = 0
    attributed: tuple[int, int] | None = None  # last sentence of the quotation before, its start
    for quotation in quotations:
        while position < len(found) and found[position].end <= quotation.start:
            position += 1
        first = last = position
        while last + 1 < len(found) and found[last + 1].start < quotation.end:
            last += 1
        if first >= len(found):
            break
        start, end = found[first].start, found[last].end
        lead = text[start : quotation.start]
        tail = text[quotation.end : end]
        own = bool(_SAID.search(lead) or _SAID.search(tail) or lead.rstrip().endswith(":"))
        linked = False
        if not own and not lead.strip():
            if attributed is not None and attributed[0] == first - 1:
                linked = end - attributed[1] <= _MAX_LINKED
                start = attributed[1] if linked else start
            elif first and _announces(text, found[first - 1], found[first]):
                linked = end - found[first - 1].start <= _MAX_LINKED
                start = found[first - 1].start if linked else start
        before = found[first].speech
        if before is not None and end - before.start <= MAX_SPEECH:
            start = before.start
            for i in range(first - 1, -1, -1):
                if found[i].speech != before:
                    break
                found[i] = replace(found[i], speech=Span(start, end))
        if (last > first or linked or before is not None) and end - start <= MAX_SPEECH:
            for i in range(first, last + 1):
                found[i] = replace(found[i], speech=Span(start, end))
        attributed = (last, start) if own or linked else None
        position = last
    return found


def _announces(text: str, before: SentenceSpan, sentence: SentenceSpan) -> bool:
    return (
        before.kind in EVIDENCE_KINDS
        and text[before.end - 1] == ":"
        and sentence.paragraph - before.paragraph <= 1
    )
