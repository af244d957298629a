"""The evidence for a question: dense and lexical search fused, sentences scored, same ones merged.

Both searches find candidates; what a candidate is worth is computed exactly and by itself, from
stored vectors and words, so no score depends on what else was found (DESIGN 1.8).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag import cite, compare, facts
from rag.dates import find_dates
from rag.followup import Query
from rag.protocols import Catalog, Embedder, Judge, LexicalIndex, Lexicon, VectorStore
from rag.question import query_terms, wanted
from rag.relevance import Weights, logit, question_features, sigmoid
from rag.terms import content_words, fold, stem, terms
from rag.types import Document, Evidence, QueryTerm, Sentence

LEXICAL_CANDIDATES = 100
DENSE_CANDIDATES = 40
"""Chunks asked of the approximate search; far more than are used, and scored again exactly."""
SCORED = 48
"""Sentences whose figures are computed, after fusion."""
RRF_K = 60
"""Constant of reciprocal rank fusion (Cormack, Clarke & Buettcher, SIGIR 2009)."""
CONTEXT_SHARE = 0.3
"""What a neighbour's lexical score adds to a sentence's own."""
JUDGED = 20
"""Sentences that a judge reads, if there is one."""

_REASON_WORDS = {
    "en": frozenset("because since due reason reasons therefore thus why cause caused led fear fears".split()),
    "fr": frozenset("car parce puisque raison raisons cause afin notamment grace pression craint craignent d'ou".split()),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a search found."""

    query: Query
    evidence: tuple[Evidence, ...]
    """Best first, statements that say the same merged."""
    answerable: float
    """Probability that the evidence answers the question, 0..1."""
    features: Mapping[str, float]
    """Figures behind `answerable`; empty when nothing was found."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    sentence: Sentence
    lexical: float
    lexical_rank: int | None
    dense_rank: int | None
    fused: float


class Retriever:
    """Searches one index. Not thread-safe: the assistant holds a lock."""

    def __init__(
        self,
        catalog: Catalog,
        store: VectorStore,
        lexical: LexicalIndex,
        embedder: Embedder,
        weights: Weights,
        lexicon: Lexicon | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.catalog, self.store, self.lexical = catalog, store, lexical
        self.embedder, self.weights, self.lexicon, self.judge = embedder, weights, lexicon, judge
        self._generation = -1
        self._languages: list[str] = []
        self._total = 0
        self._documents: dict[str, Document] = {}
        self._sentences: dict[str, list[Sentence]] = {}

    def search(self, query: Query, limit: int = 10) -> Retrieved:
        """At most `limit` pieces of evidence, best first."""
        self._refresh()
        question_terms = query_terms(query, self._languages, self.lexicon)
        vector = self.embedder.embed([query.text], query=True)[0]
        candidates = self._candidates(question_terms, vector)
        if not candidates:
            return Retrieved(query, (), 0.0, {})
        idf = [self._idf(term) for term in question_terms]
        cosines = self._cosines(vector, [c.sentence for c in candidates])
        kind = wanted(query.own, query.language)
        scored: list[tuple[float, dict[str, float], Sentence]] = []
        for candidate, cosine in zip(candidates, cosines, strict=True):
            figures = self._figures(query, kind, question_terms, idf, candidate, cosine)
            scored.append((logit(self.weights.sentence, figures), figures, candidate.sentence))
        scored.sort(key=lambda item: (-round(item[0], 9), item[2].key))
        scored = self._judged(query, scored)
        found = self._question(query, question_terms, idf, scored, candidates)
        evidence = self._merged([self._evidence(*item) for item in scored[: 4 * limit]])[:limit]
        return Retrieved(
            query, tuple(evidence), sigmoid(logit(self.weights.question, found)), found
        )

    # --- candidates ---------------------------------------------------------------------

    def _refresh(self) -> None:
        """Forget what was read from an older state of the index."""
        generation = self.catalog.generation()
        if generation != self._generation:
            documents = self.catalog.documents()
            self._languages = sorted({document.language for document in documents})
            self._total = sum(document.sentences for document in documents)
            self._documents.clear()
            self._sentences.clear()
            self._generation = generation

    def _candidates(
        self, question_terms: Sequence[QueryTerm], vector: np.ndarray
    ) -> list[_Candidate]:  # type: ignore[type-arg]
        lexical = {
            int(hit.id): hit.score
            for hit in self.lexical.search(question_terms, LEXICAL_CANDIDATES)
        }
        chunk_hits = self.store.search(vector, DENSE_CANDIDATES)
        in_chunks = self.catalog.sentences_of_chunks([hit.id for hit in chunk_hits])
        dense = {
            sentence.id: sentence
            for hit in chunk_hits
            for sentence in in_chunks.get(hit.id, [])
            if sentence.kind in ("prose", "heading")
        }
        known = {s.id: s for s in self.catalog.sentences(sorted(lexical))} | dense
        by_place = {(s.source, s.index): s.id for s in known.values()}

        def with_neighbours(sentence: Sentence) -> float:
            around = (by_place.get((sentence.source, sentence.index + step)) for step in (-1, 1))
            return lexical.get(sentence.id, 0.0) + CONTEXT_SHARE * sum(
                lexical.get(other, 0.0) for other in around if other is not None
            )

        by_lexical = {s.id: with_neighbours(s) for s in known.values()}
        lexical_order = sorted(
            (s for s in known.values() if by_lexical[s.id] > 0),
            key=lambda s: (-round(by_lexical[s.id], 9), s.key),
        )
        dense_sentences = sorted(dense.values(), key=lambda s: s.key)
        similarity = dict(
            zip(
                (s.id for s in dense_sentences),
                self._cosines(vector, dense_sentences),
                strict=True,
            )
        )
        dense_order = sorted(dense_sentences, key=lambda s: (-similarity[s.id], s.key))
        lexical_rank = {s.id: rank for rank, s in enumerate(lexical_order)}
        dense_rank = {s.id: rank for rank, s in enumerate(dense_order)}
        fused = [
            _Candidate(
                sentence,
                by_lexical[sentence.id],
                lexical_rank.get(sentence.id),
                dense_rank.get(sentence.id),
                sum(
                    1 / (RRF_K + ranks[sentence.id])
                    for ranks in (lexical_rank, dense_rank)
                    if sentence.id in ranks
                ),
            )
            for sentence in known.values()
        ]
        fused.sort(key=lambda candidate: (-candidate.fused, candidate.sentence.key))
        return fused[:SCORED]

    def _cosines(self, vector: np.ndarray, sentences: Sequence[Sentence]) -> list[float]:  # type: ignore[type-arg]
        """Exact, from stored vectors, one row at a time and rounded, so that a sentence's figure is
        the same in every batch."""
        stored = self.catalog.vectors([sentence.text for sentence in sentences])
        return [round(float(np.dot(row, vector)), 6) for row in stored]

    # --- figures ------------------------------------------------------------------------

    def _idf(self, term: QueryTerm) -> float:
        frequency = min(self.lexical.document_frequency(term), self._total)
        return term.weight * math.log(1 + (self._total - frequency + 0.5) / (frequency + 0.5))

    def _figures(
        self,
        query: Query,
        kind: str,
        question_terms: Sequence[QueryTerm],
        idf: Sequence[float],
        candidate: _Candidate,
        cosine: float,
    ) -> dict[str, float]:
        sentence = candidate.sentence
        own = matches(question_terms, terms(sentence.text, sentence.language), sentence.language)
        around = matches(
            question_terms,
            terms(f"{self._title(sentence)} {self._context(sentence)}", sentence.language),
            sentence.language,
        )
        total = sum(idf) or 1.0
        coverage = sum(w * m for w, m in zip(idf, own, strict=True)) / total
        names = [
            found
            for term, found in zip(question_terms, around, strict=True)
            if term.word[0].isupper() and not query.own.startswith(term.word)
        ]
        cross = float(sentence.language != query.language)
        found = answers_kind(sentence, kind, query)
        return {
            "bias": 1.0,
            "cross": cross,
            "coverage": coverage,
            "coverage_cross": coverage * cross,
            "context": sum(w * m for w, m in zip(idf, around, strict=True)) / total,
            "names": sum(names) / len(names) if names else 0.5,
            "cosine": cosine,
            "cosine_cross": cosine * cross,
            "lexical_rank": _by_rank(candidate.lexical_rank),
            "dense_rank": _by_rank(candidate.dense_rank),
            "wanted": float(found is True),
            "wanted_missing": float(found is False),
            "heading": float(sentence.kind == "heading"),
            "brevity": max(0.0, min(1.0, (12 - len(sentence.text.split())) / 7)),
        }

    def _question(
        self,
        query: Query,
        question_terms: Sequence[QueryTerm],
        idf: Sequence[float],
        scored: Sequence[tuple[float, dict[str, float], Sentence]],
        candidates: Sequence[_Candidate],
    ) -> dict[str, float]:
        best = scored[0][2]
        total = sum(idf) or 1.0
        around = matches(
            question_terms,
            terms(f"{self._title(best)} {self._context(best)}", best.language),
            best.language,
        )
        unseen = [self.lexical.document_frequency(term) < 0.05 for term in question_terms]
        first_lexical = next((c.sentence for c in candidates if c.lexical_rank == 0), None)
        first_dense = next((c.sentence for c in candidates if c.dense_rank == 0), None)
        agreement = (
            first_lexical is not None
            and first_dense is not None
            and (first_lexical.source, first_lexical.paragraph)
            == (first_dense.source, first_dense.paragraph)
        )
        return question_features(
            [figures for _, figures, _ in scored],
            [score for score, _, _ in scored],
            unknown=sum(w for w, u in zip(idf, unseen, strict=True) if u) / total,
            unknown_names=float(
                any(
                    missing and term.word[0].isupper() and not query.own.startswith(term.word)
                    for term, missing in zip(question_terms, unseen, strict=True)
                )
            ),
            uncovered=max((w * (1 - m) for w, m in zip(idf, around, strict=True)), default=0.0)
            / total,
            agreement=float(agreement),
            content_words=len(question_terms),
        )

    def _judged(
        self, query: Query, scored: list[tuple[float, dict[str, float], Sentence]]
    ) -> list[tuple[float, dict[str, float], Sentence]]:
        """With a judge, its reading of each of the best sentences is fused with the first stage's:
        the mean of the two logits."""
        if self.judge is None:
            return scored
        head, tail = scored[:JUDGED], scored[JUDGED:]
        read = self.judge.relevance(query.text, [self._context(s) for _, _, s in head])
        fused = [
            (0.5 * (score + math.log(max(1e-6, p) / max(1e-6, 1 - p))), figures, sentence)
            for (score, figures, sentence), p in zip(head, (float(p) for p in read), strict=True)
        ]
        fused.sort(key=lambda item: (-round(item[0], 9), item[2].key))
        return fused + tail

    # --- evidence -----------------------------------------------------------------------

    def _document(self, source: str) -> Document:
        if source not in self._documents:
            self._documents[source] = self.catalog.document(source)
        return self._documents[source]

    def _in_document(self, source: str) -> list[Sentence]:
        if source not in self._sentences:
            self._sentences[source] = self.catalog.sentences_of(source)
        return self._sentences[source]

    def _title(self, sentence: Sentence) -> str:
        return self._document(sentence.source).title or ""

    def _context(self, sentence: Sentence) -> str:
        """The sentence with its neighbours of the same document, meta and repeats left out."""
        around = self._in_document(sentence.source)[max(0, sentence.index - 1) : sentence.index + 2]
        return " ".join(s.text for s in around if s.kind in ("prose", "heading"))

    def _evidence(self, score: float, figures: dict[str, float], sentence: Sentence) -> Evidence:
        document = self._document(sentence.source)
        return Evidence(
            sentence,
            cite.place(document, sentence),
            self._context(sentence),
            sigmoid(score),
            features=figures,
        )

    def _merged(self, evidence: Sequence[Evidence]) -> list[Evidence]:
        """The same statement once, with its places in other files; two sentences of one quotation
        once, since the quotation is quoted whole."""
        signatures = [
            compare.signature(item.sentence.text, item.sentence.language) for item in evidence
        ]
        merged: list[Evidence] = []
        for group in compare.group(signatures):
            first = evidence[group[0]]
            seen = {first.place.source}
            also = []
            for number in group[1:]:
                place = evidence[number].place
                if place.source not in seen:
                    seen.add(place.source)
                    also.append(place)
            merged.append(
                replace(first, also=tuple(sorted(also, key=lambda p: (p.source, p.start))))
            )
        places: set[tuple[str, int, int]] = set()
        distinct = []
        for item in sorted(merged, key=lambda e: (-round(e.score, 9), e.sentence.key)):
            key = (item.place.source, item.place.start, item.place.end)
            if key not in places:
                places.add(key)
                distinct.append(item)
        return distinct


def matches(
    question_terms: Sequence[QueryTerm], found: Mapping[str, int], language: str
) -> list[float]:
    """For each term of the question how well the words of a text hold it, 0..1: the best of its
    forms that is there, against its most probable form."""
    result = []
    for term in question_terms:
        forms = term.forms.get(language, {})
        top = max(forms.values(), default=1.0)
        here = max((p for form, p in forms.items() if form in found), default=0.0)
        result.append(math.sqrt(here / top))
    return result


def answers_kind(sentence: Sentence, kind: str, query: Query) -> bool | None:
    """Whether the sentence holds the kind of answer that is asked for, beside what the question says
    itself; None when the question's kind says nothing."""
    text, language = sentence.text, sentence.language
    asked = {fold(word) for word in content_words(query.text, query.language)}
    if kind == "when":
        return bool(find_dates(text)) or any(len(n.text) == 4 for n in _years(text))
    if kind == "many":
        return any(str(number.value) not in asked for number in facts.numbers(text, language))
    if kind in ("who", "where"):
        return any(
            not {fold(part) for part in content_words(name.text, language)} <= asked
            for name in facts.names(text, language)
        )
    if kind == "why":
        reasons = _REASON_WORDS.get(language, frozenset())
        return any(
            fold(word) in reasons for word in text.replace("'", " ").replace("’", " ").split()
        )
    return None


def _by_rank(rank: int | None) -> float:
    return 0.0 if rank is None else 1 / (1 + rank / 10)
