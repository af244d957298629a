"""Whether a text is one whole statement in its language: what can be told without any evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.facts import tokens
from rag.language import detect
from rag.marks import plain
from rag.terms import content_words
from rag.text import split_sentences

_PROMPT = re.compile(
    r"<\|?[\w/]+\|?>|\b(?:question|answer|réponse|sentences|phrases|sources?|evidence|context|"
    r"contexte|passages?|user|assistant|system|instructions?|documents?)\s*:|"
    r"\b(?:numbered sentences?|phrases? numérotées?|end each sentence|termine chaque phrase|"
    r"answer in (?:english|french)|réponds en|no answer|pas de réponse|in brackets|"
    r"entre crochets|use only what|n'utilise que|as an ai|language model|modèle de langage|"
    r"(?:provided|given|above|following) (?:context|sentences?|text|passages?|documents?|information)|"
    r"(?:contexte|texte|phrases?|passages?|documents?|informations?) (?:fourni|ci-dessus|donné|suivant)"
    r"\w*|i cannot|i can't|i'm sorry|je suis désolé|tu réponds|you answer|les documents disent|"
    r"the documents? (?:say|also)|sentence \d|phrase \d)",
    re.IGNORECASE,
)
_LIST = re.compile(r"^\s*(?:[-*•–—#>|]\s|\d{1,2}[.)]\s|[a-z]\)\s)")
UNENDED = "doesn't end as a sentence does"
"""The one fault that a sure extract of a whole sentence may have."""
_END = re.compile(r"[.!…]\s*[»”\"')\]]*\s*$|[.!…]?\s*[»”\"]\s*[.!…]?$")


def malformed(statement: str, language: str) -> str | None:
    """Why a text can't be shown whatever the evidence: not one whole statement in its language."""
    words = tokens(statement)
    if "\n" in statement.strip():
        return "more than one line"
    if re.search(r"\[\s*\d*\s*[\],;]|\[\s*$", statement):
        return "a marker is left in it"
    if "?" in statement:
        return "a question"
    if len(words) < 3 or not content_words(statement, language):
        return "fewer than three words"
    if _PROMPT.search(plain(statement)):
        return "speaks of the prompt"
    if _LIST.match(statement) or "**" in statement or "```" in statement:
        return "a list or markup"
    if not _END.search(statement):
        return UNENDED
    if len(split_sentences(statement, language)) > 1 or _glued(statement):
        return "more than one sentence"
    if _loops([t.folded for t in words]):
        return "repeats itself"
    found = detect(statement, quotations=False)
    if found in {"en", "fr"} and found != language and language in {"en", "fr"}:
        return f"in {found}, not in {language}"
    return None


def _glued(statement: str) -> bool:
    """A full stop in mid-sentence before a capital, after a word that is no abbreviation."""
    return re.search(r"(?<![A-Z])(?<!\bM)(?<!\bMr)(?<!\bDr)(?<!\bMme)(?<!\bMrs)(?<!\bMs)(?<!\bSt)"
                     r"\w{3,}[.!…][»”\"]?\s+[A-ZÀ-Þ«“\"]", statement) is not None  # fmt: skip


def _loops(words: Sequence[str]) -> bool:
    """Five words that come again, or a word three times in a row."""
    seen: set[tuple[str, ...]] = set()
    for i in range(len(words) - 4):
        run = tuple(words[i : i + 5])
        if run in seen:
            return True
        seen.add(run)
    return any(a == b == c for a, b, c in zip(words, words[1:], words[2:], strict=False))


_MARKERS = re.compile(r"\s*\[\s*(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*\]")


def strip_markers(text: str) -> tuple[str, tuple[int, ...]]:
    """A generator's sentence without its "[2]" markers, and their numbers: hints, never proof."""
    hints = [int(n) for match in _MARKERS.finditer(text) for n in re.findall(r"\d+", match[1])]
    bare = _MARKERS.sub("", text)
    return re.sub(r"\s+([.!?…])$", r"\1", " ".join(bare.split())), tuple(dict.fromkeys(hints))
