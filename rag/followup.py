"""A follow-up question made to stand alone, by rule.

"And who replaced them?" says nothing to a search. When a question leans on the one before (it opens
with "and", or has a pronoun and no name of its own), the content words of the earlier question are
added to it in parentheses: its own words all stay, and what was searched for can be shown and
understood. Words that were added weigh less in the search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.language import detect
from rag.terms import content_words, fold, stem
from rag.types import Turn

CONTEXT_WORDS = 8
"""At most so many words of the earlier question are taken along."""

_CONNECTIVE = re.compile(
    r"\s*(and|but|so|or|then|also|what about|how about|et|mais|ou|donc|alors|puis|aussi|qu'en est-il)\b",
    re.IGNORECASE,
)
_ANAPHORS = {
    "en": frozenset(
        "he him his she her hers it its they them their theirs this that these those there then "
        "one ones same latter former".split()
    ),
    "fr": frozenset(
        "il elle ils elles lui leur leurs eux celui celle ceux celles cela ca ce cet cette ces y en "
        "son sa ses meme".split()
    ),
}
_OBJECT = re.compile(
    r"\b(?:l['’]|les? |la )(?:a|as|ont|avait|avaient|aura|auront)\b", re.IGNORECASE
)
"""A French pronoun before its verb looks like an article: "qui les a remplacés ?"."""
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for."""

    text: str
    """The standalone question, as shown."""
    own: str
    """The question's own words."""
    context: tuple[str, ...]
    """Words taken along from the conversation."""
    language: str
    context_language: str


def question_language(question: str, history: Sequence[Turn]) -> str:
    """The question's language; undetermined, the conversation's last one, else English."""
    return detect(question) or (history[-1].language if history else "en")


def standalone(question: str, language: str, history: Sequence[Turn]) -> Query:
    """The question as it is searched for; itself when it needs no context."""
    own = " ".join(question.split())
    if not history or not needs_context(own, language):
        return Query(own, own, (), language, language)
    last = history[-1]
    known = {stem(word, language) for word in content_words(own, language)}
    earlier = last.standalone_question or last.question
    context: list[str] = []
    for word in content_words(earlier, last.language):
        if stem(word, last.language) not in known and len(context) < CONTEXT_WORDS:
            known.add(stem(word, last.language))
            context.append(word)
    if not context:
        return Query(own, own, (), language, language)
    return Query(f"{own} ({' '.join(context)})", own, tuple(context), language, last.language)


def needs_context(question: str, language: str) -> bool:
    """Whether a question leans on the one before it."""
    if _CONNECTIVE.match(question):
        return True
    content = content_words(question, language)
    if len(content) <= 1:
        return True
    names = [word for word in content if word[0].isupper() and not question.startswith(word)]
    anaphors = _ANAPHORS.get(language, _ANAPHORS["en"])
    if names:
        return False
    return any(fold(word) in anaphors for word in _WORD.findall(question)) or (
        language == "fr" and _OBJECT.search(question) is not None
    )
