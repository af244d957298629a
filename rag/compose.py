"""From evidence to an answer's sentences: what to quote, and what a generator drafts.

A draft is only ever a proposal. `rag/verify.py` decides what of it is shown; `rag/assistant.py`
stops the decoding at the first sentence that fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Generator as Drafts

from rag.facts import facts
from rag.followup import Query
from rag.prompts import NO_ANSWER, answer_language, answer_prompt, quoted
from rag.protocols import Generator
from rag.question import wanted
from rag.terms import content_words, fold, in_order, stem, words
from rag.text import split_sentences
from rag.types import AnswerSentence, Citation, Evidence

MAX_QUOTES = 3
QUOTE_SHARE = 0.25
"""A second and third quote must be at least this relevant, as a share of the best one: on held-out
Wikipedia questions the evidence is then among the quotes for .79, two quotes an answer (.72 and 1.35
at 0.6)."""
PROMPT_SENTENCES = 5
PROMPT_TOKENS = 320
"""Evidence that a generator reads: reading is what costs (DESIGN 7)."""
ANSWER_TOKENS = 96

_MARKER = re.compile(r"\[\d*\]?")


def to_quote(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best evidence, and what is nearly as relevant, at most three; never two quotes that
    overlap."""
    if not evidence:
        return []
    bound = evidence[0].score * QUOTE_SHARE
    chosen: list[Evidence] = []
    for item in evidence:
        if item.score < bound or len(chosen) == MAX_QUOTES:
            break
        if item.sentence.kind == "heading" and chosen:
            continue
        if not any(_overlap(item, other) for other in chosen):
            chosen.append(item)
    return chosen


def _overlap(one: Evidence, other: Evidence) -> bool:
    return (
        one.place.source == other.place.source
        and one.place.start < other.place.end
        and other.place.start < one.place.end
    )


def quoted_sentence(citation: Citation, language: str, first: bool) -> AnswerSentence:
    """The document's own words after a lead-in in the question's language."""
    place = citation.place
    text, lead_end = quoted(language, place.language, place.quote, first)
    return AnswerSentence(text, (citation.n,), "quoted", citation.score, lead_end)


def to_read(generator: Generator, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence that fits a generator's budget, best first; one piece at least."""
    chosen: list[Evidence] = []
    tokens = 0
    for item in evidence[:PROMPT_SENTENCES]:
        tokens += generator.count_tokens(item.place.quote) + 6
        if chosen and tokens > PROMPT_TOKENS:
            break
        chosen.append(item)
    return chosen


def draft(
    generator: Generator,
    query: Query,
    evidence: Sequence[Evidence],
    *,
    extracts_only: bool,
    cancelled: Callable[[], bool],
    on_token: Callable[[], None] = lambda: None,
) -> Drafts[str, None, None]:
    """The generator's sentences, each as soon as it is whole, markers and all. Ends at "no answer",
    at a sentence that was said before, and after `ANSWER_TOKENS`; closing it ends the decoding. With
    `extracts_only`, nothing but an extract of the evidence can be proven: it ends at the first word
    that can't belong to one."""
    sources = [_words(item.place.quote) for item in evidence]
    language = answer_language(query.language)
    messages = answer_prompt(query.text, language, [item.place.quote for item in evidence])
    pieces = generator.generate(messages, max_tokens=ANSWER_TOKENS, cancelled=cancelled)
    said: set[str] = set()
    text = ""
    given = 0
    try:
        for piece in pieces:
            on_token()
            text += piece
            if NO_ANSWER.match(text):
                return
            whole = _sentences(text, language)
            if extracts_only and whole and not _may_be_extract(whole[-1], sources):
                return
            for sentence in whole[given : len(whole) - 1]:
                given += 1
                if sentence in said:
                    return
                said.add(sentence)
                yield sentence
        for sentence in _sentences(text, language)[given:]:
            if sentence not in said and not cancelled():
                said.add(sentence)
                yield sentence
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def to_the_point(query: Query, statement: str, item: Evidence) -> bool:
    """Whether an extract of the evidence can stand for it: the quote's words in their order, with all
    that the question is about, and with all that may be the answer (the dates for "when", the names
    for "who", the reason for "why")."""
    language, quote = item.sentence.language, item.place.quote
    if not in_order(_words(statement), _words(quote)):
        return False
    asked = {stem(word, query.language) for word in content_words(query.text, query.language)}
    there = {stem(word, language) for word in content_words(quote, language)}
    kept = {stem(word, language) for word in content_words(statement, language)}
    return asked & there <= kept and _answers(query, quote, language) <= _answers(
        query, statement, language
    )


def _answers(query: Query, text: str, language: str) -> set[object]:
    """What in a text may be the answer, by the question's kind."""
    kind, found = wanted(query.text, query.language), facts(text, language)
    if kind == "when":
        return {(d.year, d.month, d.day) for d in found.dates}
    if kind == "many":
        return {(n.value, n.unit) for n in found.numbers}
    if kind in ("who", "where"):
        return {part for name in found.names for part in name.key.split()}
    if kind == "why":
        return {mark.kind for mark in found.hedges if mark.kind in ("cause", "purpose")}
    return set()


def _words(text: str) -> list[str]:
    return [fold(word) for word in words(_MARKER.sub(" ", text))]


def _may_be_extract(draft_sentence: str, sources: Sequence[Sequence[str]]) -> bool:
    """Whether the words so far, the last one aside (it may still grow), stand in one of the sources in
    their order."""
    said = _words(draft_sentence)[:-1]
    return any(in_order(said, source) for source in sources)


def _sentences(text: str, language: str) -> list[str]:
    """A draft's sentences; a marker after the full stop belongs to the sentence before it."""
    sentences: list[str] = []
    for span in split_sentences(text, language):
        part = text[span.start : span.end]
        leading = re.match(r"\s*((?:\[\d+\]\s*)+)", part)
        if leading and sentences:
            sentences[-1] += " " + leading[1].strip()
            part = part[leading.end() :]
        if part.strip():
            sentences.append(part.strip())
    return sentences
