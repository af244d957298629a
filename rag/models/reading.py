"""How the trained judge reads: which tokens of two texts it sees, in which order.

Relevance is `[CLS] question [SEP] sentence [SEP] title, what stands before [SEP] what follows [SEP]`,
support `[CLS] statement [SEP] evidence [SEP]`; the sentence and the evidence are of type 1. Training
reads with this same code (`training/judge/`), so the two can't drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import ModelUnavailable
from rag.types import Passage

if TYPE_CHECKING:
    from tokenizers import Tokenizer

QUESTION = 64
SENTENCE = 128
BEFORE = 32
"""Tokens before the sentence, its document's title among them,"""
AFTER = 16
"""and tokens after it."""
TITLE = 12
EVIDENCE = 192


@dataclass(frozen=True, slots=True)
class Tokens:
    """Numbers of pieces and their types, of one length."""

    ids: list[int]
    types: list[int]


class Reader:
    """A tokenizer without padding or truncation of its own."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Raises ModelUnavailable for a tokenizer that isn't one of a BERT."""
        self._tokenizer = tokenizer
        start, end = (tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]"))
        if start is None or end is None:
            raise ModelUnavailable("the judge's tokenizer has no [CLS] or [SEP]; restore the model")
        self._start, self._end = start, end

    def relevance(self, question: str, passage: Passage) -> Tokens:
        """Too long a text loses its end, what stands before the sentence its beginning."""
        title = self._pieces(passage.title)[:TITLE]
        before = self._pieces(passage.before)[-(BEFORE - len(title)) :]
        return self._joined(
            self._pieces(question)[:QUESTION],
            self._pieces(passage.sentence)[:SENTENCE],
            title + before,
            self._pieces(passage.after)[:AFTER],
        )

    def support(self, evidence: str, statement: str) -> Tokens:
        """Too long a text loses its end."""
        return self._joined(self._pieces(statement)[:SENTENCE], self._pieces(evidence)[:EVIDENCE])

    def _pieces(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _joined(self, first: list[int], second: list[int], *rest: list[int]) -> Tokens:
        ids, types = [self._start], [0]
        for number, pieces in enumerate((first, second, *rest)):
            ids += [*pieces, self._end]
            types += [int(number == 1)] * (len(pieces) + 1)
        return Tokens(ids, types)
