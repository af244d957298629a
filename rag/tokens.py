"""A text as words, numbers and the signs that count, with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.terms import fold


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a sign that counts (%, €, $, £), at `text[start:end]`."""

    start: int
    end: int
    text: str
    folded: str


_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|\d+(?:[.,]\d+)+(?![^\W_])|[^\W_]+|[%€$£]")


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[Token, ...]:
    """Words, numbers and signs in order; apostrophes and hyphens separate, "U.S." is one word."""
    return tuple(
        Token(m.start(), m.end(), m[0], fold(m[0]).replace(".", "") if m[0][0].isalpha() else m[0])
        for m in _TOKEN.finditer(text)
    )
