"""The fixed words around what is quoted: lead-ins, the abstaining sentence, the generator's prompt.

Lead-ins are neutral on purpose: they say where the words come from, never "because" or "yes", so
that a quote answers for itself and a question's false premise is not affirmed by them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.types import Message

ANSWER_LANGUAGES = ("en", "fr")
"""Languages that lead-ins are written in; a question in another gets English ones."""

ABSTENTION = {
    "en": "The documents don't answer this question.",
    "fr": "Les documents ne répondent pas à cette question.",
}

_LANGUAGE_NAMES = {
    "en": {"en": "English", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian",
           "pt": "Portuguese", "nl": "Dutch"},
    "fr": {"en": "en anglais", "fr": "en français", "de": "en allemand", "es": "en espagnol",
           "it": "en italien", "pt": "en portugais", "nl": "en néerlandais"},
}  # fmt: skip

_LEADS = {
    # (quote in the question's language, first quote)
    "en": {
        (True, True): "The documents say:",
        (True, False): "A document also says:",
        (False, True): "A document written in {name} says:",
        (False, False): "A document written in {name} also says:",
    },
    "fr": {
        (True, True): "Les documents disent :",
        (True, False): "Un document dit aussi :",
        (False, True): "Un document rédigé {name} dit :",
        (False, False): "Un document rédigé {name} dit aussi :",
    },
}

_SYSTEM = (
    "Answer the question from the numbered sentences alone, in {language}: one or two short "
    "sentences, each followed by the number of the sentence that proves it, as [2]. If none of them "
    "answers it, write: no answer."
)
_TRANSLATE = "Translate into {language}."
"""English whatever the language asked for: small models follow it better, and it is half as long."""

NO_ANSWER = re.compile(r"\W*(no answer|pas de r[ée]ponse)\b", re.IGNORECASE)
"""What a generator writes when the sentences don't answer."""


def answer_language(language: str) -> str:
    """The language of lead-ins for a question's language."""
    return language if language in ANSWER_LANGUAGES else "en"


def abstention(language: str) -> str:
    """The fixed sentence of an abstaining answer."""
    return ABSTENTION[answer_language(language)]


def lead_in(language: str, quote_language: str, first: bool) -> str:
    """What stands before a quote, in the question's language; it says so when the quote's language
    is another one."""
    spoken = answer_language(language)
    name = _LANGUAGE_NAMES[spoken].get(quote_language)
    same = quote_language == spoken or name is None
    return _LEADS[spoken][same, first].format(name=name)


def one_line(text: str) -> str:
    """White space collapsed, as quotes stand in an answer's text."""
    return " ".join(text.split())


def quoted(language: str, quote_language: str, quote: str, first: bool) -> tuple[str, int]:
    """The text of a `quoted` sentence, and where its lead-in ends."""
    lead = lead_in(language, quote_language, first)
    return f"{lead} « {one_line(quote)} »", len(lead)


def answer_prompt(question: str, language: str, evidence: Sequence[str]) -> list[Message]:
    """The generator's chat: the constant head first, so that its reading can be reused; documents'
    words stand on one line each, as data, after their number."""
    numbered = "\n".join(f"[{n}] {one_line(text)}" for n, text in enumerate(evidence, 1))
    return [
        Message("system", _SYSTEM.format(language=_spoken(language))),
        Message("user", f"{numbered}\n\nQuestion: {one_line(question)}"),
    ]


def translation_prompt(text: str, language: str) -> list[Message]:
    """The generator's chat for one sentence put into English or French."""
    return [
        Message("system", _TRANSLATE.format(language=_spoken(language))),
        Message("user", one_line(text)),
    ]


def _spoken(language: str) -> str:
    return _LANGUAGE_NAMES["en"][answer_language(language)]
