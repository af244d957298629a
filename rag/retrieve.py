"""The evidence for a question: dense and lexical search fused, sentences scored, same ones merged.

Both searches only propose candidates. What a candidate is worth is computed exactly, from stored
vectors and words (DESIGN 1.8).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rag import cite, compare, selection
from rag.errors import RagError
from rag.figures import Asked, around_values, question_figures, sentence_figures
from rag.followup import Query
from rag.protocols import Catalog, Embedder, Judge, LexicalIndex, Lexicon, VectorStore
from rag.question import query_terms
from rag.relevance import Weights, logit, sigmoid
from rag.rerank import Reranker, Scored, best_first
from rag.terms import stem
from rag.types import (
    EVIDENCE_KINDS,
    Document,
    Evidence,
    Passage,
    QueryTerm,
    Scope,
    Selection,
    Sentence,
)

LEXICAL_CANDIDATES = 100
DENSE_CANDIDATES = 40
"""Chunks asked of the approximate search: many more than are used, and scored again exactly."""
SCORED = 48
"""Sentences whose figures are computed, after fusion."""
RRF_K = 60
"""Constant of reciprocal rank fusion (Cormack, Clarke & Buettcher, SIGIR 2009)."""
CONTEXT_SHARE = 0.3
"""What a neighbour's lexical score adds to a sentence's own."""
COMPARED = 4
"""Of so many best sentences, sentences like them are looked up, as far as..."""
ALIKE = 12
"""... so many of each: where another value of the same thing may stand."""
MISSPELT = 0.5
"""p of a word of the index that a word of the question may be a misspelling of."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a search found."""

    query: Query
    evidence: tuple[Evidence, ...]
    """Best first, statements that say the same merged."""
    answerable: float
    """Probability that the evidence answers the question, 0..1."""
    look_around: Callable[[], tuple[Evidence, ...]]
    scope: Scope | None = None
    """What was searched, when not everything was."""
    missing: tuple[str, ...] = ()
    """Words of the question that stand in none of the documents searched, in no form known."""

    @property
    def nearby(self) -> tuple[Evidence, ...]:
        """The evidence, and statements like the best of it, however little they share with the
        question: where another value of the same thing may stand. Searched for each time, since few
        need it; the evidence alone when the index has changed meanwhile, so that no offset of
        another text is ever given out."""
        return self.look_around()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that one of the searches found, with its rank in each."""

    sentence: Sentence
    cosine: float
    lexical_rank: int | None
    dense_rank: int | None
    fused: float


@dataclass(frozen=True, slots=True)
class _Part:
    """What is searched: all of one state of the index, or the selected documents of it."""

    generation: int
    languages: tuple[str, ...]
    total: int
    """Sentences that can be quoted."""
    lexical: LexicalIndex
    sources: frozenset[str] | None
    scope: Scope | None


class Retriever:
    """Searches one index. Not thread-safe: the assistant holds a lock."""

    def __init__(
        self,
        catalog: Catalog,
        store: VectorStore,
        lexical: LexicalIndex,
        embedder: Embedder,
        *,
        weights: Weights,
        lexicon: Lexicon | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.catalog, self.store, self.lexical, self.embedder = catalog, store, lexical, embedder
        self.weights, self.lexicon = weights, lexicon
        self.reranker = Reranker(judge, weights)
        self._part = _Part(-1, (), 0, lexical, None, None)
        self._documents: dict[str, Document] = {}
        self._sentences: dict[str, list[Sentence]] = {}

    @property
    def threshold(self) -> float:
        """Abstain below this probability that the question is answered."""
        return self.reranker.threshold

    def search(
        self, query: Query, limit: int = 10, selection: Selection | None = None
    ) -> Retrieved:
        """At most `limit` pieces of evidence, best first; with a selection as if the index held
        nothing else."""
        asked, candidates = self.candidates(query, selection)
        part = self._part
        if not candidates:
            return Retrieved(query, (), 0.0, tuple, part.scope, self._missing(asked))
        first = self.scored(asked, candidates)
        passages = [self.passage(item.sentence) for item in first[: self.reranker.reads]]
        scored = self.reranker.rerank(query.text, first, passages)
        features = self.question_features(
            asked, candidates, scored if self.reranker.fitted else first
        )
        evidence = compare.merged([self._evidence(item) for item in scored])[:limit]
        return Retrieved(
            query,
            tuple(evidence),
            self.reranker.answerable(features, scored),
            lambda: self._nearby(part, asked, scored, evidence),
            part.scope,
            self._missing(asked),
        )

    def _missing(self, asked: Asked) -> tuple[str, ...]:
        """Not the words that only say what kind of answer is wanted, and none of the conversation."""
        return tuple(
            term.word
            for term in asked.terms
            if term.weight == 1.0 and self._part.lexical.document_frequency(term) == 0
        )

    # --- candidates ---------------------------------------------------------------------

    def candidates(
        self, query: Query, selection: Selection | None = None
    ) -> tuple[Asked, list[Candidate]]:
        """Sentences that either search proposes, best fused rank first."""
        self._refresh(selection)
        question_terms = [
            self._respelt(term) for term in query_terms(query, self._part.languages, self.lexicon)
        ]
        asked = Asked.of(query, question_terms, [self._idf(term) for term in question_terms])
        vector = self.embedder.embed([query.text], query=True)[0]
        lexical, found = self._lexical(question_terms)
        dense = self._dense(vector)
        known = list(({s.id: s for s in found} | {s.id: s for s in dense}).values())
        cosines = self._cosines(vector, known)
        by_place = {(s.source, s.index): lexical.get(s.id, 0.0) for s in known}
        in_context = {
            s.id: by_place[s.source, s.index]
            + CONTEXT_SHARE
            * (
                by_place.get((s.source, s.index - 1), 0.0)
                + by_place.get((s.source, s.index + 1), 0.0)
            )
            for s in known
        }
        lexical_rank = _ranks([s for s in known if in_context[s.id] > 0], in_context)
        dense_rank = _ranks(dense, cosines)
        candidates = [
            Candidate(
                sentence,
                cosines[sentence.id],
                lexical_rank.get(sentence.id),
                dense_rank.get(sentence.id),
                sum(
                    1 / (RRF_K + ranks[sentence.id])
                    for ranks in (lexical_rank, dense_rank)
                    if sentence.id in ranks
                ),
            )
            for sentence in known
        ]
        candidates.sort(key=lambda item: (-item.fused, item.sentence.key))
        return asked, candidates[:SCORED]

    def _refresh(self, selected: Selection | None) -> None:
        """Forgets what was read from an older state of the index, or for another selection."""
        generation, last = self.catalog.generation(), self._part
        if generation != last.generation:
            self._documents.clear()
            self._sentences.clear()
        elif selected == (last.scope.selection if last.scope else None):
            return
        documents = self.catalog.documents()
        lexical, sources, scope = self.lexical, None, None
        if selected is not None:
            scope = selection.scope(selected, documents)
            documents = [info for info in documents if selection.holds(selected, info)]
            sources = frozenset(info.source for info in documents)
            lexical = self.lexical.within(sources)
        self._part = _Part(
            generation,
            tuple(sorted({info.language for info in documents})),
            sum(info.sentences for info in documents),
            lexical,
            sources,
            scope,
        )

    def _respelt(self, term: QueryTerm) -> QueryTerm:
        """A word that no document holds, in none of its forms, may be misspelt."""
        if self._part.lexical.document_frequency(term) > 0:
            return term
        forms = {
            language: own | dict.fromkeys(self._spellings(term.word, language), MISSPELT)
            for language, own in term.forms.items()
        }
        return replace(term, forms=forms)

    def _spellings(self, word: str, language: str) -> list[str]:
        return self._part.lexical.spellings(stem(word, language), language)

    def _idf(self, term: QueryTerm) -> float:
        total = self._part.total
        frequency = min(self._part.lexical.document_frequency(term), total)
        return term.weight * math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))

    def _lexical(
        self, question_terms: Sequence[QueryTerm]
    ) -> tuple[dict[int, float], list[Sentence]]:
        hits = self._part.lexical.search(question_terms, LEXICAL_CANDIDATES)
        scores = {int(hit.id): hit.score for hit in hits}
        return scores, self.catalog.sentences(sorted(scores))

    def _dense(self, vector: npt.NDArray[np.float32]) -> list[Sentence]:
        hits = self.store.search(vector, DENSE_CANDIDATES, self._part.sources)
        chunks = self.catalog.sentences_of_chunks([hit.id for hit in hits])
        sentences = {s.id: s for hit in hits for s in chunks.get(hit.id, [])}
        return [s for s in sentences.values() if s.kind in EVIDENCE_KINDS]

    def _cosines(
        self, vector: npt.NDArray[np.float32], sentences: Sequence[Sentence]
    ) -> dict[int, float]:
        """By sentence id, from stored vectors, each row by itself and rounded: the same figure in
        every company."""
        stored = self.catalog.vectors([sentence.text for sentence in sentences])
        return {
            sentence.id: round(float(np.dot(row, vector)), 6)
            for sentence, row in zip(sentences, stored, strict=True)
        }

    # --- scores -------------------------------------------------------------------------

    def scored(self, asked: Asked, candidates: Sequence[Candidate]) -> list[Scored]:
        """Candidates by their relevance, best first."""
        scored = []
        for item in candidates:
            figures = sentence_figures(
                asked,
                item.sentence,
                self._around(item.sentence),
                cosine=item.cosine,
                lexical_rank=item.lexical_rank,
                dense_rank=item.dense_rank,
            )
            scored.append(Scored(item.sentence, figures, logit(self.weights.sentence, figures)))
        return best_first(scored)

    def question_features(
        self, asked: Asked, candidates: Sequence[Candidate], scored: Sequence[Scored]
    ) -> dict[str, float]:
        """Figures that tell whether anything answers the question."""
        best = scored[0].sentence
        first_lexical = next((c.sentence for c in candidates if c.lexical_rank == 0), None)
        first_dense = next((c.sentence for c in candidates if c.dense_rank == 0), None)
        return question_figures(
            asked,
            [item.figures for item in scored],
            [item.logit for item in scored],
            self._around(best),
            best.language,
            frequencies=[self._part.lexical.document_frequency(term) for term in asked.terms],
            agreement=first_lexical is not None
            and first_dense is not None
            and (first_lexical.source, first_lexical.paragraph)
            == (first_dense.source, first_dense.paragraph),
        )

    # --- evidence -----------------------------------------------------------------------

    def _nearby(
        self, part: _Part, asked: Asked, scored: Sequence[Scored], evidence: Sequence[Evidence]
    ) -> tuple[Evidence, ...]:
        """See `Retrieved.nearby`; `part` is what was searched."""
        if self.catalog.generation() != part.generation:
            return tuple(evidence)
        try:
            alike = self._alike(part, asked, scored)
        except RagError:
            if self.catalog.generation() == part.generation:
                raise
            return tuple(evidence)
        if self.catalog.generation() != part.generation:
            return tuple(evidence)
        return tuple(compare.merged([*evidence, *alike]))

    def _alike(self, part: _Part, asked: Asked, scored: Sequence[Scored]) -> list[Evidence]:
        """Statements that share words with the best ones, or the words around their values."""
        found: dict[int, Sentence] = {}
        for item in scored[:COMPARED]:
            language = item.sentence.language
            for words in (item.sentence.text, around_values(item.sentence.text, language)):
                statement = Query(words, words, (), language, language)
                statement_terms = query_terms(statement, part.languages, self.lexicon)
                hits = part.lexical.search(statement_terms, ALIKE)
                found |= {s.id: s for s in self.catalog.sentences([int(hit.id) for hit in hits])}
        candidates = [Candidate(found[key], 0.0, None, None, 0.0) for key in sorted(found)]
        return [self._evidence(item) for item in self.scored(asked, candidates)]

    def _document(self, source: str) -> Document:
        if source not in self._documents:
            self._documents[source] = self.catalog.document(source)
        return self._documents[source]

    def passage(self, sentence: Sentence) -> Passage:
        """The sentence with its neighbours; what is marked as meta or a repeat is left out."""
        if sentence.source not in self._sentences:
            self._sentences[sentence.source] = self.catalog.sentences_of(sentence.source)
        in_document = self._sentences[sentence.source]
        before = in_document[max(0, sentence.index - 1) : sentence.index]
        after = in_document[sentence.index + 1 : sentence.index + 2]
        return Passage(
            sentence.text,
            " ".join(s.text for s in before if s.kind in EVIDENCE_KINDS),
            " ".join(s.text for s in after if s.kind in EVIDENCE_KINDS),
            self._document(sentence.source).title or "",
        )

    def _context(self, sentence: Sentence) -> str:
        return self.passage(sentence).text

    def _around(self, sentence: Sentence) -> str:
        title = self._document(sentence.source).title
        return f"{title}. {self._context(sentence)}" if title else self._context(sentence)

    def _evidence(self, item: Scored) -> Evidence:
        return Evidence(
            item.sentence,
            cite.place(self._document(item.sentence.source), item.sentence),
            self._context(item.sentence),
            sigmoid(item.logit),
        )


def _ranks(sentences: Sequence[Sentence], scores: Mapping[int, float]) -> dict[int, int]:
    ordered = sorted(sentences, key=lambda s: (-round(scores[s.id], 9), s.key))
    return {sentence.id: rank for rank, sentence in enumerate(ordered)}
