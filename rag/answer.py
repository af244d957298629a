"""One answer, made: from the evidence to sentences that are proven, cited and compared.

    compose -> verify -> cite -> compare

A generator's sentences are shown one by one as each is proven, up to the first that is not. If none
is, the documents' own words are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as Drafts
from contextlib import closing
from dataclasses import dataclass

from rag import compose
from rag.cite import Numbering, join_answer
from rag.compare import find_disagreements
from rag.prompts import abstention, answer_language
from rag.protocols import Generator, Judge, Lexicon
from rag.retrieve import Retrieved
from rag.types import (
    Answer,
    AnswerSentence,
    Consulted,
    Disagreement,
    DisagreementValue,
    Evidence,
    ModelNames,
    SentenceReady,
    Timings,
)
from rag.verify import Proof, strip_markers, verify

CONSULTED = 8
"""Passages that an answer says it read."""
MODEL_SHARE = 0.7
"""A generated sentence must rest on evidence that is at least this relevant, as a share of the
best: what is proven but beside the question is no answer."""


@dataclass(slots=True)
class Clock:
    """Seconds of an answer's steps, as they become known."""

    started: float
    retrieve: float | None = None
    first_token: float | None = None
    generate: float | None = None
    verify: float | None = None


class AnswerInTheMaking:
    """What is gathered while one question is answered. `question` is as it was asked."""

    def __init__(
        self,
        question: str,
        retrieved: Retrieved,
        clock: Clock,
        *,
        judge: Judge | None,
        lexicon: Lexicon | None,
        one_by_one: bool = False,
    ) -> None:
        """`judge`: who reads what the generator says in its own words; None where nobody can.
        `one_by_one`: the generator is small, and is given each sentence that would be quoted by
        itself, to say of it what answers the question."""
        self.question, self.retrieved, self.clock = question, retrieved, clock
        self._judge, self._lexicon = judge, lexicon
        self._one_by_one = one_by_one
        self.language = retrieved.query.language
        self._numbering = Numbering()
        self._sentences: list[AnswerSentence] = []
        self._disagreements: list[Disagreement] = []

    def compose(
        self,
        open_generator: Callable[[], Generator | None],
        cancelled: Callable[[], bool],
    ) -> Iterator[SentenceReady]:
        """Each sentence as soon as it has passed its check. Needs evidence."""
        if self._one_by_one:
            yield from self._each(open_generator, cancelled)
        else:
            yield from self._whole(open_generator, cancelled)
        self._compare()

    def _each(
        self,
        open_generator: Callable[[], Generator | None],
        cancelled: Callable[[], bool],
    ) -> Iterator[SentenceReady]:
        """What would be quoted: shorter, where the generator leaves out what is beside the point, and
        that is proven; else as it stands. Across languages the quotes speak: what so small a model
        says there is now and then believed by the judge and wrong all the same
        (docs/experiments.md)."""
        spoken = answer_language(self.language)
        said: set[str] = set()
        for item in compose.to_quote(self.retrieved.evidence):
            generator = open_generator() if item.sentence.language == spoken else None
            proven = None
            if generator is not None and not cancelled():
                with closing(self._drafted(generator, [item], cancelled)) as drafted:
                    proven = next(drafted, None)
            if cancelled():
                return
            first = not self._sentences
            citation = self._numbering.cite(item)
            query = self.retrieved.query
            if (
                proven is not None
                and proven[0] not in said
                and compose.to_the_point(query, proven[0], item)
            ):
                statement, proof = proven
                said.add(statement)
                yield self._ready(
                    AnswerSentence(statement, (citation.n,), "supported", proof.score)
                )
            else:
                yield self._ready(compose.quoted_sentence(citation, self.language, first))

    def _whole(
        self,
        open_generator: Callable[[], Generator | None],
        cancelled: Callable[[], bool],
    ) -> Iterator[SentenceReady]:
        """The generator's own answer from all that is near the best, as far as it is proven; quotes
        where nothing is."""
        for statement, proof in self._proven(open_generator, cancelled):
            if self._numbering.number(proof.evidence) is None and not self._room():
                break
            citation = self._numbering.cite(proof.evidence)
            yield self._ready(AnswerSentence(statement, (citation.n,), "supported", proof.score))
        # Without a judge a proven sentence is an extract, and its choice is a small model's: what
        # the search holds for the best is quoted beside it.
        if not cancelled() and (self._judge is None or not self._sentences):
            for item in compose.to_quote(self.retrieved.evidence):
                if self._numbering.number(item) is None and self._room():
                    first = not self._sentences
                    citation = self._numbering.cite(item)
                    yield self._ready(compose.quoted_sentence(citation, self.language, first))

    def finish(self, models: ModelNames) -> Answer:
        """The whole answer; the abstaining one if nothing was composed."""
        sentences = tuple(self._sentences)
        return Answer(
            question=self.question,
            language=self.language,
            answer=join_answer(sentences) if sentences else abstention(self.language),
            abstained=not sentences,
            sentences=sentences,
            citations=self._numbering.citations,
            consulted=tuple(
                Consulted(item.place, item.score) for item in self.retrieved.evidence[:CONSULTED]
            ),
            disagreements=tuple(self._disagreements),
            standalone_question=self.retrieved.query.text,
            models=models,
            seconds=time.perf_counter() - self.clock.started,
            timings=Timings(
                self.clock.retrieve,
                self.clock.first_token,
                self.clock.generate,
                self.clock.verify,
            ),
        )

    def _room(self) -> bool:
        return len(self._numbering.citations) < compose.MAX_QUOTES

    def _ready(self, sentence: AnswerSentence) -> SentenceReady:
        self._sentences.append(sentence)
        return SentenceReady(sentence, self._numbering.citations)

    def _proven(
        self,
        open_generator: Callable[[], Generator | None],
        cancelled: Callable[[], bool],
    ) -> Iterator[tuple[str, Proof]]:
        """The generator's sentences that are proven, up to the first that is not. It is not even
        opened when nothing it could say would pass: without a judge, a statement in another
        language than its evidence can't be proven."""
        spoken = answer_language(self.language)
        evidence = self._for_the_generator(spoken)
        generator = open_generator() if evidence else None
        if generator is None:
            return
        yield from self._drafted(generator, compose.to_read(generator, evidence), cancelled)

    def _drafted(
        self, generator: Generator, read: Sequence[Evidence], cancelled: Callable[[], bool]
    ) -> Drafts[tuple[str, Proof], None, None]:
        """The sentences of one draft that are proven by what it was made from, up to the first that
        is not."""
        spoken = answer_language(self.language)
        begun = time.perf_counter()
        checking = 0.0

        def on_token() -> None:
            if self.clock.first_token is None:
                self.clock.first_token = time.perf_counter() - begun

        drafted = compose.draft(
            generator,
            self.retrieved.query,
            read,
            extracts_only=self._judge is None or self._one_by_one,
            cancelled=cancelled,
            on_token=on_token,
        )
        try:
            with closing(drafted):
                for sentence in drafted:
                    checked = time.perf_counter()
                    statement, hints = strip_markers(sentence)
                    proof = verify(
                        statement, spoken, read, self._judge, hints, lexicon=self._lexicon
                    )
                    checking += time.perf_counter() - checked
                    if proof is None:
                        return
                    yield statement, proof
        finally:
            taken = time.perf_counter() - begun - checking
            self.clock.verify = (self.clock.verify or 0.0) + checking
            self.clock.generate = (self.clock.generate or 0.0) + taken

    def _for_the_generator(self, spoken: str) -> list[Evidence]:
        """Nearly the best evidence; nothing when the best is in a language that can't be proven."""
        evidence = self.retrieved.evidence
        near = [item for item in evidence if item.score >= evidence[0].score * MODEL_SHARE]
        if self._judge is not None:
            return near
        if evidence[0].sentence.language != spoken:
            return []
        return [item for item in near if item.sentence.language == spoken]

    def _compare(self) -> None:
        """Two values of the same thing, where one of them is in the answer. The other one may stand
        in a sentence that shares few words with the question, so all that was found is compared."""
        for conflict in find_disagreements(self.retrieved.nearby, answer_language(self.language)):
            members = [item for _, items in conflict.values for item in items]
            if any(self._numbering.number(item) is not None for item in members):
                values = tuple(
                    DisagreementValue(value, self._cite(items)) for value, items in conflict.values
                )
                self._disagreements.append(Disagreement(conflict.about, values))

    def _cite(self, items: Sequence[Evidence]) -> tuple[int, ...]:
        return tuple(sorted(self._numbering.cite(item).n for item in items))
