"""What a worker measures of the peer: sentence-transformers, chromadb and `llama_cpp.Llama` with
their defaults, beside each other."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from bench import plain
from bench.measure import rate


class Peer:
    """Operations of the worker `peer`; every method returns what JSON can hold."""

    def __init__(self) -> None:
        self._model: Any = None
        self._collection: Any = None
        self._llama: Any = None

    # --- searching ----------------------------------------------------------------------

    def open(self, model: str, folder: str) -> None:
        """The embedder, loaded once, and a collection in a folder."""
        if self._model is None:
            self._model = plain.open_model(model)
        self._collection = plain.open_collection(folder)

    def add(self, texts: list[str]) -> float:
        """Seconds to encode texts and add them to the collection."""
        started = time.perf_counter()
        plain.add(self._model, self._collection, texts, self._collection.count())
        return time.perf_counter() - started

    def evidence(self, question: str) -> float:
        """Seconds to encode a question and query the collection."""
        started = time.perf_counter()
        found = plain.find(self._model, self._collection, question)
        seconds = time.perf_counter() - started
        if not found:
            raise ValueError(f"nothing found for {question!r}")
        return seconds

    def embed(self, question: str, pairs: int) -> float:
        """Seconds to encode a question."""
        started = time.perf_counter()
        self._model.encode([question])
        return time.perf_counter() - started

    def judge(self, question: str, pairs: int) -> float:
        """Seconds to encode so many chunks of the collection, the question before each."""
        chunks = self._collection.get(limit=pairs)["documents"]
        started = time.perf_counter()
        self._model.encode([f"{question} {chunk}" for chunk in chunks])
        return time.perf_counter() - started

    def hash_all(self, folder: str, remembered: str) -> float:
        """Seconds to read and hash every file and to compare with the digests remembered, the
        cheapest honest way for a script to know that nothing changed. Writes them at the first call."""
        started = time.perf_counter()
        digests = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(Path(folder).iterdir())
        }
        known = Path(remembered)
        if known.exists() and json.loads(known.read_text(encoding="utf-8")) != digests:
            raise ValueError("a file changed")
        seconds = time.perf_counter() - started
        known.write_text(json.dumps(digests), encoding="utf-8")
        return seconds

    # --- generating ---------------------------------------------------------------------

    def load(self, path: str, context: int) -> None:
        """`Llama` with its defaults, but for the context: its 512 tokens don't hold our prompts."""
        from llama_cpp import Llama

        self._llama = Llama(model_path=path, n_ctx=context, verbose=False)

    def answer(self, messages: list[dict[str, str]], tokens: int) -> dict[str, float]:
        """Seconds to the first token and to the end, greedily; a common prefix with the previous
        prompt is reused, as `Llama` does by itself."""
        first = None
        started = time.perf_counter()
        for _ in self._pieces(messages, tokens):
            first = first or time.perf_counter() - started
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "first_token": first or seconds}

    def tokens(self, text: str) -> int:
        """Tokens of a text by itself."""
        return len(self._llama.tokenize(text.encode(), add_bos=False))

    def template_tokens(self) -> int:
        """Tokens that the chat template puts around a message."""
        found = self._chat([{"role": "user", "content": "one"}], 1, stream=False)
        return int(found["usage"]["prompt_tokens"]) - self.tokens("one")

    def prefill(self, prompt: str) -> float:
        """Seconds to read a prompt of which nothing is kept, and to choose one token."""
        self._llama.reset()
        started = time.perf_counter()
        self._chat([{"role": "user", "content": prompt}], 1, stream=False)
        return time.perf_counter() - started

    def decode(self, prompt: str, tokens: int) -> float:
        """Tokens a second, from the first piece to the last."""
        return rate(self._pieces([{"role": "user", "content": prompt}], tokens))

    def _pieces(self, messages: list[dict[str, str]], tokens: int) -> Any:
        for chunk in self._chat(messages, tokens, stream=True):
            if chunk["choices"][0]["delta"].get("content"):
                yield chunk

    def _chat(self, messages: list[dict[str, str]], tokens: int, *, stream: bool) -> Any:
        return self._llama.create_chat_completion(
            messages, max_tokens=tokens, temperature=0.0, stream=stream
        )
