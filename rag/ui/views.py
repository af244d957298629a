"""What the page knows of one question and its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from rag.assistant import turn_of
from rag.cite import join_answer
from rag.types import (
    Answer,
    AnswerSentence,
    Citation,
    Consulted,
    Event,
    Finished,
    ModelNames,
    Place,
    Searched,
    SentenceReady,
    Timings,
    Turn,
)
from rag.ui.desk import Progressed

State = Literal[
    "waiting",
    "opening",
    "searching",
    "reading",
    "checking",
    "done",
    "stopped",
    "failed",
    "interrupted",
    "unreadable",
]
"""`reading`: the passages are there, no sentence is yet. `interrupted`: the page was left before the
answer came. `unreadable`: what the browser kept of the turn is damaged."""

BUSY: tuple[State, ...] = ("waiting", "opening", "searching", "reading", "checking")


@dataclass(frozen=True, slots=True)
class TurnView:
    """One question and what became of it so far."""

    number: int
    question: str
    state: State = "searching"
    ahead: int = 0
    step: Progressed | None = None
    searched: Searched | None = None
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    answer: Answer | None = None
    error: str | None = None
    seconds: float = 0.0
    told: str | None = None
    """What to search for, where the person said it themselves."""
    asked: str = ""
    """When, as the browser says it (ISO 8601)."""
    partial: Answer | None = None
    """What was there when the answer was stopped or failed; no whole answer."""

    @property
    def busy(self) -> bool:
        return self.state in BUSY

    @property
    def places(self) -> list[Place]:
        """The passages that were found, best first."""
        if self.searched:
            return [evidence.place for evidence in self.searched.evidence]
        known = self.answer or self.partial
        return [item.place for item in known.consulted] if known else []

    def after(self, event: Event) -> TurnView:
        """The view once this event has come."""
        if isinstance(event, Searched):
            return replace(self, state="reading", searched=event)
        if isinstance(event, SentenceReady):
            return replace(
                self,
                state="checking",
                sentences=(*self.sentences, event.sentence),
                citations=event.citations,
            )
        assert isinstance(event, Finished)
        return replace(
            self,
            state="done",
            answer=event.answer,
            sentences=event.answer.sentences,
            citations=event.answer.citations,
            seconds=event.answer.seconds,
        )

    def ended(self, state: State, seconds: float, error: str | None = None) -> TurnView:
        """The view of an answer that ended before it was whole: what was shown stays."""
        partial = None
        if self.searched is not None:
            partial = Answer(
                question=self.question,
                language=self.searched.language,
                answer=join_answer(self.sentences),
                abstained=False,
                sentences=self.sentences,
                citations=self.citations,
                consulted=tuple(
                    Consulted(item.place, item.score) for item in self.searched.evidence
                ),
                disagreements=(),
                standalone_question=self.searched.standalone_question,
                models=ModelNames(None, None, None),
                seconds=seconds,
                timings=Timings(retrieve=self.searched.seconds),
                scope=self.searched.scope,
            )
        return replace(self, state=state, seconds=seconds, error=error, partial=partial)


def history_of(views: tuple[TurnView, ...]) -> tuple[Turn, ...]:
    """The turns that got an answer, oldest first, as the assistant wants them."""
    return tuple(turn_of(view.answer) for view in views if view.answer)
