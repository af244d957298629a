"""Two texts read together, by a sentence-transformers CrossEncoder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.config import Settings, shipped
from rag.errors import ModelUnavailable
from rag.models.onnx import OnnxJudge, is_ours
from rag.models.weights import (
    find_model,
    folder_name,
    in_parallel,
    load_quietly,
    may_fetch,
    silence_transformers,
)
from rag.protocols import Judge, Scores
from rag.types import Passage

MAX_TOKENS = 384
_SETTING = "RAG_JUDGE"
_ENTAILMENT = ("entailment", "entails", "supported")
Logits = Callable[[str, str], list[float]]
"""The head's outputs for one pair; safe to call from several threads."""


class CrossEncoderJudge:
    """A CrossEncoder with one output, whose sigmoid is the score, or with several labels, of which
    the one called entailment is the score by softmax. Loaded at the first pair; each pair is scored
    by itself."""

    def __init__(self, name_or_path: str | Path, *, name: str | None = None) -> None:
        """The folder of a model, or its name on the Hugging Face hub, which is downloaded at the
        first pair unless it lies in the cache or HF_HUB_OFFLINE is set. Loads nothing yet. Raises
        ModelUnavailable for a folder that isn't there or holds no model."""
        self._where = name_or_path
        self._folder = find_model(name_or_path, _SETTING)
        self.name = name or (folder_name(self._folder) if self._folder else str(name_or_path))
        self._lock = threading.Lock()
        self._logits: Logits | None = None
        self._label: int | None = None

    support_threshold = 0.9
    """Nobody has calibrated a user's own model: far to the right, as an unproven sentence costs the
    reader's trust, a proven one held back only a quote in its place."""

    def relevance(self, question: str, passages: Sequence[Passage]) -> Scores:
        """Shape (len(passages),), each 0..1. Raises ModelUnavailable. A model of entailment is
        asked whether the passage entails the question, which it was not trained for: a model with
        one output serves better."""
        if not self._entails():
            return self._scores([(question, passage.text) for passage in passages])
        return self._scores([(passage.text, question) for passage in passages])

    def support(self, evidence: str, statements: Sequence[str]) -> Scores:
        """Shape (len(statements),), each 0..1. Raises ModelUnavailable."""
        return self._scores([(evidence, statement) for statement in statements])

    def _entails(self) -> bool:
        self._loaded()
        return self._label is not None

    def _scores(self, pairs: Sequence[tuple[str, str]]) -> Scores:
        if not pairs:
            return np.zeros(0, np.float64)
        logits = self._loaded()
        return np.array(in_parallel(lambda pair: self._score(logits(*pair)), pairs), np.float64)

    def _score(self, logits: list[float]) -> float:
        values = np.asarray(logits, np.float64)
        if self._label is None:
            return float(1.0 / (1.0 + np.exp(-np.clip(values[0], -500.0, 500.0))))
        shares = np.exp(values - values.max())
        return float(shares[self._label] / shares.sum())

    # --- loading ------------------------------------------------------------------------

    def _loaded(self) -> Logits:
        with self._lock:
            if self._logits is None:
                self._logits = load_quietly(self._load, self.name, _SETTING)
            return self._logits

    def _limit(self, config: dict[str, Any]) -> int:
        return min(MAX_TOKENS, int(config.get("max_position_embeddings") or MAX_TOKENS))

    def _load(self) -> Logits:
        silence_transformers()
        import torch
        from sentence_transformers import CrossEncoder

        model = CrossEncoder(
            str(self._folder or self._where),
            device="cpu",
            local_files_only=self._folder is not None or not may_fetch(),
        )
        length = "max_seq_length" if hasattr(model, "max_seq_length") else "max_length"
        held = getattr(model, length)
        setattr(model, length, min(held or MAX_TOKENS, self._limit(model.config.to_dict())))
        self._label = _label(model.config.to_dict(), model.num_labels, self.name)
        one_at_a_time = threading.Lock()

        def logits(first: str, second: str) -> list[float]:
            with one_at_a_time:  # transformers' tokenizers break when two threads use one
                found = model.predict(
                    [(first, second)],
                    activation_fn=torch.nn.Identity(),
                    show_progress_bar=False,
                )
            return [float(value) for value in np.ravel(found)]

        return logits


def named_judge(name_or_path: str) -> Judge:
    """A model that a person chose: one of Attest's own form, or any of sentence-transformers. Loads
    nothing yet. Raises ModelUnavailable."""
    folder = Path(name_or_path).expanduser()
    return OnnxJudge(folder) if is_ours(folder) else CrossEncoderJudge(name_or_path)


def default_judge(settings: Settings) -> Judge | None:
    """The one that the person named; else the trained one that comes with the project; else none.
    Loads nothing yet. Raises ModelUnavailable."""
    if settings.judge:
        return named_judge(settings.judge)
    trained = shipped("models") / "judge"
    return OnnxJudge(trained) if is_ours(trained) else None


def _label(config: dict[str, Any], labels: int, name: str) -> int | None:
    """The output that means yes: None for a single one, else the number of the entailment label."""
    if labels == 1:
        return None
    names = {str(text).lower(): int(number) for number, text in config.get("id2label", {}).items()}
    for wanted in _ENTAILMENT:
        if wanted in names:
            return names[wanted]
    raise ModelUnavailable(
        f"{name}: its {labels} outputs are named {', '.join(sorted(names))}, and none of them is "
        "entailment; name a CrossEncoder with one output, or one of entailment, in RAG_JUDGE"
    )
