"""BM25 over sentences: postings in SQLite, scored in numpy.

Across languages a question's word is a probabilistic structured query (Darwish & Oard, SIGIR
2003): its frequency in a sentence, and the number of sentences that hold it, are expectations over
its weighted translations. With f(t, s) how often index term t stands in sentence s of language L:

    tf(w, s) = sum over t of p(t | w) f(t, s)            df(w) = min(N, sum over L, t of p(t | w) df(t))
    idf(w) = ln(1 + (N - df(w) + 0.5) / (df(w) + 0.5))
    score(s) = sum over w of weight(w) idf(w) tf (k1 + 1) / (tf + k1 (1 - b + b |s| / mean |s| in L))

|s| counts the terms of a sentence; N counts the sentences of every language. A sentence of a
language that a word has no forms in can't match it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.terms import misspelt
from rag.types import Hit, QueryTerm
from vectorstore.schema import Database

K1 = 1.2
B = 0.75
_DECIMALS = 9
_CACHED_TERMS = 20_000

_Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Lengths:
    """Sentences in the order of their ids; `row` of a sentence is its place here."""

    ids: _Rows
    normalised: npt.NDArray[np.float64]
    """k1 (1 - b + b |s| / mean), by row."""


@dataclass(frozen=True, slots=True)
class _Posting:
    rows: _Rows
    frequencies: npt.NDArray[np.float64]


_NO_POSTING = _Posting(np.zeros(0, np.int64), np.zeros(0))


class SqliteLexicalIndex:
    """`rag.protocols.LexicalIndex` in the tables of a catalog's database, whose transactions it
    takes part in. May be shared by threads. With `sources`, of these documents alone."""

    def __init__(self, database: Database, sources: Collection[str] | None = None) -> None:
        self._database = database
        self._sources = None if sources is None else sorted(sources)
        self._state: tuple[int, int] | None = None
        self._cached_lengths: _Lengths | None = None
        self._postings: OrderedDict[tuple[str, str], _Posting] = OrderedDict()

    # --- writing ------------------------------------------------------------------------

    def add(self, sentence_id: int, language: str, terms: Mapping[str, int]) -> None:
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO lengths VALUES (?, ?, ?)",
                (sentence_id, language, sum(terms.values())),
            )
            pairs = [(language, term) for term in sorted(terms)]
            self._database.execute_many(
                "INSERT OR IGNORE INTO terms (language, term) VALUES (?, ?)", pairs
            )
            self._database.execute_many(
                "INSERT INTO postings SELECT id, ?, ? FROM terms WHERE language = ? AND term = ?",
                ((sentence_id, terms[term], language, term) for _, term in pairs),
            )

    def remove(self, sentence_ids: Sequence[int]) -> None:
        """Sentences that aren't there are passed over."""
        ids = list(dict.fromkeys(sentence_ids))
        with self._database.transaction():
            terms = {
                row[0]
                for row in self._database.rows_in(
                    "SELECT DISTINCT term FROM postings WHERE sentence IN (?)", ids
                )
            }
            for table in ("postings", "lengths"):
                self._database.execute_many(
                    f"DELETE FROM {table} WHERE sentence = ?", ((id_,) for id_ in ids)
                )
            self._database.execute_many(
                "DELETE FROM terms WHERE id = ?1 "
                "AND NOT EXISTS (SELECT 1 FROM postings WHERE term = ?1)",
                ((term,) for term in sorted(terms)),
            )

    def clear(self) -> None:
        with self._database.transaction():
            for table in ("postings", "lengths", "terms"):
                self._database.execute(f"DELETE FROM {table}")

    # --- searching ----------------------------------------------------------------------

    def within(self, sources: Collection[str]) -> SqliteLexicalIndex:
        return SqliteLexicalIndex(self._database, sources)

    def search(self, query: Sequence[QueryTerm], limit: int) -> list[Hit]:
        with self._database.reading():
            lengths = self._lengths()
            scores = np.zeros(len(lengths.ids))
            frequency = np.zeros(len(lengths.ids))
            for term in query:
                touched = []
                for language, form, probability in _forms(term):
                    posting = self._posting(language, form, lengths)
                    frequency[posting.rows] += probability * posting.frequencies
                    touched.append(posting.rows)
                if not touched:
                    continue
                rows = np.unique(np.concatenate(touched))
                tf = frequency[rows]
                idf = self._idf(term, lengths)
                scores[rows] += term.weight * idf * tf * (K1 + 1) / (tf + lengths.normalised[rows])
                frequency[rows] = 0.0
        return _best(lengths.ids, np.round(scores, _DECIMALS), limit)

    def document_frequency(self, term: QueryTerm) -> float:
        with self._database.reading():
            return self._frequency(term, self._lengths())

    def spellings(self, term: str, language: str) -> list[str]:
        """The first letter is taken to be right, so that an index on it can be used."""
        if not term:
            return []
        rows = self._database.rows(
            "SELECT term FROM terms WHERE language = ? AND term >= ? AND term < ? "
            "AND length(term) BETWEEN ? AND ? "
            "AND EXISTS (SELECT 1 FROM postings WHERE postings.term = terms.id) ORDER BY term",
            (language, term[0], chr(ord(term[0]) + 1), len(term) - 2, len(term) + 2),
        )
        near = [found for (found,) in rows if misspelt(term, found)]
        if self._sources is None or not near:
            return near
        with self._database.reading():
            lengths = self._lengths()
            return [found for found in near if len(self._posting(language, found, lengths).rows)]

    def _frequency(self, term: QueryTerm, lengths: _Lengths) -> float:
        expected = sum(
            probability * len(self._posting(language, form, lengths).rows)
            for language, form, probability in _forms(term)
        )
        return min(float(len(lengths.ids)), expected)

    def _idf(self, term: QueryTerm, lengths: _Lengths) -> float:
        df = self._frequency(term, lengths)
        return float(np.log1p((len(lengths.ids) - df + 0.5) / (df + 0.5)))

    def _lengths(self) -> _Lengths:
        """What was read stays until someone writes the file."""
        state = self._database.state()
        if state is None or state != self._state or self._cached_lengths is None:
            self._postings.clear()
            self._cached_lengths = self._read_lengths()
            self._state = state
        return self._cached_lengths

    def _read_lengths(self) -> _Lengths:
        rows = self._length_rows()
        ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        lengths = np.fromiter((row[1] for row in rows), np.float64, len(rows))
        languages = sorted({row[2] for row in rows})
        number = {language: i for i, language in enumerate(languages)}
        of = np.fromiter((number[row[2]] for row in rows), np.int64, len(rows))
        sums = np.bincount(of, lengths, len(languages))
        means = np.maximum(sums / np.maximum(np.bincount(of, minlength=len(languages)), 1), 1e-9)
        return _Lengths(ids, K1 * (1 - B + B * lengths / means[of]))

    def _length_rows(self) -> list[tuple[Any, ...]]:
        if self._sources is None:
            return self._database.rows("SELECT sentence, terms, language FROM lengths ORDER BY 1")
        return sorted(
            self._database.rows_in(
                "SELECT l.sentence, l.terms, l.language FROM documents d "
                "JOIN sentences s ON s.document = d.id JOIN lengths l ON l.sentence = s.id "
                "WHERE d.source IN (?)",
                self._sources,
            )
        )

    def _posting(self, language: str, form: str, lengths: _Lengths) -> _Posting:
        key = (language, form)
        known = self._postings.get(key)
        if known is not None:
            self._postings.move_to_end(key)
            return known
        pairs = self._database.rows(
            "SELECT p.sentence, p.frequency FROM terms t JOIN postings p ON p.term = t.id "
            "WHERE t.language = ? AND t.term = ?",
            key,
        )
        posting = _NO_POSTING
        table = np.array(pairs, np.int64).reshape(-1, 2)
        if self._sources is not None:
            table = table[np.isin(table[:, 0], lengths.ids)]
        if len(table):
            posting = _Posting(
                np.searchsorted(lengths.ids, table[:, 0]), table[:, 1].astype(np.float64)
            )
        self._postings[key] = posting
        if len(self._postings) > _CACHED_TERMS:
            self._postings.popitem(last=False)
        return posting


def _forms(term: QueryTerm) -> list[tuple[str, str, float]]:
    """In one order, so that sums of floats come out the same."""
    return [
        (language, form, probability)
        for language in sorted(term.forms)
        for form, probability in sorted(term.forms[language].items())
        if probability > 0
    ]


def _best(ids: _Rows, scores: npt.NDArray[np.float64], limit: int) -> list[Hit]:
    matching = np.flatnonzero(scores > 0)
    if 0 < limit < len(matching):
        least = np.partition(scores[matching], len(matching) - limit)[len(matching) - limit]
        matching = matching[scores[matching] >= least]
    order = matching[np.lexsort((ids[matching], -scores[matching]))][: max(limit, 0)]
    return [Hit(str(ids[row]), float(scores[row])) for row in order]
