"""What a worker measures of ours: all of it through `Assistant`, as every face does, and the
generator by itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bench.measure import rate
from rag import compose
from rag.answer import MODEL_SHARE
from rag.assistant import Assistant, open_assistant
from rag.config import Settings
from rag.models.gguf import embedded_gguf
from rag.models.judges import default_judge
from rag.models.llama import LlamaGenerator
from rag.models.quantised import requantised
from rag.prompts import answer_language, answer_prompt
from rag.protocols import Judge
from rag.types import Finished, Message, Passage, Searched, SentenceReady


class Ours:
    """Operations of the worker `ours`; every method returns what JSON can hold."""

    def __init__(self) -> None:
        self._assistant: Assistant | None = None
        self._generator: LlamaGenerator | None = None
        self._judge: Judge | None = None

    def open(self, data: str, docs: str | None = None) -> None:
        """The assistant over an index; what was open before is closed."""
        if self._assistant is not None:
            self._assistant.close()
        self._assistant = open_assistant(
            Settings(docs=Path(docs) if docs else None, data=Path(data))
        )

    def sync(self) -> dict[str, Any]:
        """Seconds of one sync, what it did, and the sentences that stand in the index after it."""
        assistant = self._opened()
        started = time.perf_counter()
        report = assistant.sync()
        seconds = time.perf_counter() - started
        return {
            "seconds": seconds,
            "added": report.count("added"),
            "unchanged": report.count("unchanged"),
            "sentences": sum(document.sentences for document in assistant.sources()),
        }

    def chunks(self) -> list[str]:
        """Texts of all chunks, in the order of the files."""
        return [chunk.text for chunk in self._opened().index.catalog.chunks()]

    def evidence(self, question: str) -> float:
        """Seconds until a face can show evidence: the stream's first event."""
        events = self._opened().stream(question)
        started = time.perf_counter()
        first = next(events)
        seconds = time.perf_counter() - started
        events.close()  # type: ignore[attr-defined]
        if not isinstance(first, Searched) or not first.evidence:
            raise ValueError(f"no evidence for {question!r}")
        return seconds

    def embed(self, question: str, pairs: int) -> float:
        """Seconds to embed a question."""
        started = time.perf_counter()
        self._opened().index.embedder.embed([question], query=True)
        return time.perf_counter() - started

    def judge(self, question: str, pairs: int) -> float:
        """Seconds to judge so many sentences of the index with their neighbours."""
        if self._judge is None:
            self._judge = default_judge(Settings())
        if self._judge is None:
            raise ValueError("no judge is at hand")
        passages = self.passages(pairs)
        started = time.perf_counter()
        self._judge.relevance(question, passages)
        return time.perf_counter() - started

    def passages(self, pairs: int) -> list[Passage]:
        catalog = self._opened().index.catalog
        sentences = [
            sentence
            for document in catalog.documents()
            for sentence in catalog.sentences_of(document.source)
            if sentence.kind == "prose"
        ]
        texts = ["", *(s.text for s in sentences), ""]
        return [
            Passage(texts[i], texts[i - 1], texts[i + 1])
            for i in range(1, min(pairs, len(sentences)) + 1)
        ]

    def answer(self, question: str) -> dict[str, Any]:
        """Seconds to the first sentence (None if it abstained), to the generator's first token (None
        if it wasn't asked) and to the end."""
        first_sentence = None
        started = time.perf_counter()
        for event in self._opened().stream(question):
            if isinstance(event, SentenceReady) and first_sentence is None:
                first_sentence = time.perf_counter() - started
            if isinstance(event, Finished):
                timings = event.answer.timings
                token = timings.first_token
                return {
                    "seconds": time.perf_counter() - started,
                    "first_sentence": first_sentence,
                    "first_token": None if token is None else (timings.retrieve or 0.0) + token,
                    "drafted": timings.generate is not None,
                    "abstained": event.answer.abstained,
                }
        raise ValueError("the stream ended without an answer")

    def prompts(self, questions: list[str]) -> list[list[dict[str, str]]]:
        """The chat that a generator is given with each question's evidence. Ours isn't given it
        where nothing that it could say would pass; a plain pipeline always asks."""
        generator = self._loaded()
        prompts = []
        for question in questions:
            found = self._opened().search(question)
            best = found.evidence[0].score
            near = [item for item in found.evidence if item.score >= best * MODEL_SHARE]
            quotes = [item.place.quote for item in compose.to_read(generator, near)]
            language = answer_language(found.language)
            prompts.append(_chat(answer_prompt(found.standalone_question, language, quotes)))
        self._unload()
        return prompts

    def load(self, data: str) -> str:
        """The generator by itself, requantised into a data folder; returns its name."""
        self._generator = LlamaGenerator(requantised(embedded_gguf(), Path(data)))
        return self._generator.name

    def prefill(self, prompt: str) -> float:
        """Seconds to read a prompt of which nothing is kept, and to choose one token."""
        started = time.perf_counter()
        for _ in self._loaded().generate([Message("user", prompt)], max_tokens=1):
            pass
        return time.perf_counter() - started

    def decode(self, prompt: str, tokens: int) -> float:
        """Tokens a second, from the first piece to the last."""
        pieces = self._loaded().generate([Message("user", prompt)], max_tokens=tokens)
        try:
            return rate(pieces)
        finally:
            pieces.close()  # type: ignore[attr-defined]

    def _opened(self) -> Assistant:
        if self._assistant is None:
            raise ValueError("no index is open")
        return self._assistant

    def _loaded(self) -> LlamaGenerator:
        if self._generator is None:
            self.load(str(self._opened().index.data))
        assert self._generator is not None
        return self._generator

    def _unload(self) -> None:
        if self._generator is not None:
            self._generator.close()
            self._generator = None


def _chat(messages: list[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]
