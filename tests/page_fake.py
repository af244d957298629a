"""An assistant for the page's tests: it answers from real files with exact offsets, event by event,
as slowly as it is told to. Its answers are scripted by what the question holds:

    disagree  two deadlines     unicorn  abstains     slow  takes ten seconds, can be stopped
    gated     waits for `gate` before its first sentence
    drip      its first sentence, then ten seconds before the next, can be stopped
    stuck     two seconds without looking at `cancelled`     broken  RagError     crash  a bug
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rag import selection as choose
from rag.errors import RagError, UsageError
from rag.protocols import Progress
from rag.roots import Roots
from rag.types import (
    Answer,
    AnswerSentence,
    Citation,
    Consulted,
    Disagreement,
    DisagreementValue,
    DocumentInfo,
    Event,
    Evidence,
    FileOutcome,
    Finished,
    ModelNames,
    Place,
    Searched,
    Selection,
    Sentence,
    SentenceReady,
    SyncReport,
    Timings,
    Turn,
)
from rag.uploads import Uploads

SEEDS = Path(__file__).parent.parent / "seeds"

ABSTENTION = "Your documents don't answer this question."


class FakeAssistant:
    def __init__(self, texts: dict[str, str], infos: dict[str, DocumentInfo]) -> None:
        self.texts = texts
        self.infos = infos
        self.step = 0.02
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []
        self.cancelled_seen = threading.Event()
        self.gate = threading.Event()
        self.searched_for: str | None = None
        self.selection: Selection | None = None
        nowhere = Path("/nonexistent/attest")
        self.uploads = Uploads(nowhere, Roots.of(SEEDS, nowhere))
        """What the last question was told to search for."""

    @classmethod
    def over_seeds(cls) -> FakeAssistant:
        texts, infos = {}, {}
        for path in sorted(SEEDS.glob("*.txt")):
            text = path.read_bytes().decode("utf-8")
            texts[path.name] = text
            date = "2020-09" if "date 2020-09" in text[:20] else None
            infos[path.name] = DocumentInfo(path.name, f"Titre {path.name[:3]}", date, "fr", 20)
        return cls(texts, infos)

    def place(self, source: str, quote: str) -> Place:
        start = self.texts[source].index(quote)
        info = self.infos[source]
        return Place(source, start, start + len(quote), quote, info.title, info.date, info.language)

    def find(self, *quotes: str) -> list[Place]:
        """The first place of each quote."""
        return [
            self.place(source, quote)
            for quote in quotes
            for source in [next(s for s in sorted(self.texts) if quote in self.texts[s])]
        ]

    def evidence(self) -> tuple[Evidence, ...]:
        if set(self.texts) != {path.name for path in SEEDS.glob("*.txt")}:
            places = [
                self.place(s, t.strip().splitlines()[-1]) for s, t in sorted(self.texts.items())
            ]
        else:
            places = self.find(
                "la société chinoise est devenue insensible",
                "Si un accord de rachat n'est pas trouvé avant le 20 septembre, la plateforme devra "
                "fermer aux Etats-Unis.",
                "la date limite du 15 septembre fixée par le président Trump",
            )
        return tuple(
            Evidence(
                Sentence(n, p.source, n, p.start, p.end, p.quote, 0, "prose", p.language),
                p,
                p.quote,
                0.9 - n / 10,
                also=tuple(places[1:2]) if n == 0 else (),
            )
            for n, p in enumerate(places)
        )

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        selection: Selection | None = None,
        searched_for: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        self.asked.append((question, tuple(history)))
        self.searched_for, self.selection = searched_for, selection
        scope = None if selection is None else choose.scope(selection, self.sources())
        if "broken" in question:
            raise RagError("the model file is cut short: fetch it again")
        if "crash" in question:
            raise ZeroDivisionError("a bug")
        if not any(character.isalnum() for character in question):
            raise UsageError("the question holds no word: ask with words")
        if len(question) > 20_000:
            raise UsageError(f"the question has {len(question)} characters: at most 20000 are read")
        time.sleep(self.step)
        evidence = self.evidence()
        standalone = (
            f"{question} ({history[-1].question})" if history and "they" in question else question
        )
        if searched_for is not None:
            standalone = searched_for
        yield Searched(standalone, "en", evidence, 0.05, scope)
        if "stuck" in question:
            time.sleep(2)
        if "gated" in question:
            self.gate.wait(10)
        if "slow" in question:
            for _ in range(100):
                time.sleep(0.1)
                if cancelled():
                    self.cancelled_seen.set()
                    return
        places = [item.place for item in evidence]
        citations = tuple(
            Citation(n, p, 0.9, also=tuple(places[1:2]) if n == 1 else ())
            for n, p in enumerate(places[:2], 1)
        )
        lead = "Your documents say: "
        sentences: tuple[AnswerSentence, ...] = (
            AnswerSentence("ByteDance had grown insensitive.", (1,), "supported", 0.91),
            AnswerSentence(
                f"{lead}« {places[-1 % len(places)].quote} »", (1,), "quoted", 0.8, len(lead)
            ),
        )
        disagreements: tuple[Disagreement, ...] = ()
        abstained = "unicorn" in question
        if "disagree" in question:
            citations = tuple(Citation(n, p, 0.9) for n, p in enumerate(places[1:3], 1))
            lead = "Two dates stand in your documents: "
            sentences = tuple(
                AnswerSentence(f"{lead}« {c.place.quote} »", (c.n,), "quoted", 0.8, len(lead))
                for c in citations
            )
            disagreements = (
                Disagreement(
                    "deadline",
                    (
                        DisagreementValue("20 septembre", (1,)),
                        DisagreementValue("15 septembre", (2,)),
                    ),
                ),
            )
        if abstained:
            sentences, citations = (), ()
        for sentence in sentences:
            time.sleep(self.step)
            yield SentenceReady(sentence, citations)
            if "drip" in question:
                for _ in range(100):
                    time.sleep(0.1)
                    if cancelled():
                        self.cancelled_seen.set()
                        return
        words = " ".join(s.text + "".join(f" [{n}]" for n in s.citations) for s in sentences)
        yield Finished(
            Answer(
                question=question,
                language="en",
                answer=ABSTENTION if abstained else words,
                abstained=abstained,
                sentences=sentences,
                citations=citations,
                consulted=tuple(Consulted(p, 0.5) for p in places),
                disagreements=disagreements,
                standalone_question=standalone,
                models=ModelNames("fake", None, None),
                seconds=1.25,
                timings=Timings(retrieve=0.05),
                scope=scope,
            )
        )

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        *_, last = self.stream(question, history)
        assert isinstance(last, Finished)
        return last.answer

    def search(
        self, question: str, limit: int = 10, *, selection: Selection | None = None
    ) -> Searched:
        if "broken" in question:
            raise RagError("the index is damaged: rag index --rebuild")
        self.selection = selection
        scope = None if selection is None else choose.scope(selection, self.sources())
        return Searched(question, "en", self.evidence()[:limit], 0.05, scope)

    def sources(self) -> list[DocumentInfo]:
        return [self.infos[source] for source in sorted(self.infos)]

    def text(self, source: str) -> str:
        if source not in self.texts:
            raise UsageError(f"{source}: no such document in the index; rag sources lists them")
        return self.texts[source]

    def sync(self, progress: Progress | None = None) -> SyncReport:
        for done in range(1, 6):
            if progress is not None:
                progress("Reading files", done, 5)
        outcomes = [FileOutcome(source, "unchanged") for source in sorted(self.texts)]
        return SyncReport(
            (*outcomes, FileOutcome("empty.pdf", "skipped", "it holds no text")), seconds=0.4
        )

    def close(self) -> None:
        pass
