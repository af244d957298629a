"""The embedder and the judge that come with Attest: ONNX files, run without torch.

A folder holds `model.onnx` (written by `training/bilingual/graph.py`), `tokenizer.json` and
`config.json`. Each text is read by itself on one thread, and several texts side by side: weights are
8 bits and activations are quantised with a scale for each text, so that a batch would change scores.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from rag.errors import ModelUnavailable
from rag.models.reading import Reader, Tokens
from rag.models.weights import folder_name, in_parallel, unit
from rag.protocols import Scores, Vectors
from rag.relevance import sigmoid
from rag.types import Passage

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILE = "model.onnx"
FORMAT = 1
Array = npt.NDArray[np.float32]
Found = TypeVar("Found")


def is_ours(folder: Path) -> bool:
    """Whether a folder holds a model in this form, whatever its state."""
    return (folder / FILE).is_file()


class _Model:
    """Session and tokenizer of a folder, loaded at the first use; calls may come from several
    threads."""

    def __init__(self, folder: Path, kind: str) -> None:
        """Reads the configuration alone. Raises ModelUnavailable."""
        self.folder = folder
        self.name = folder_name(folder)
        try:
            self.config: dict[str, Any] = json.loads(
                (folder / "config.json").read_text(encoding="utf-8")
            )
            made, found = self.config["format"], self.config["kind"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._unusable(error) from error
        if made != FORMAT:
            raise ModelUnavailable(f"{folder}: made for another version of Attest; restore it")
        if found != kind:
            raise ModelUnavailable(f"{folder}: not {kind} but {found}; name another folder")
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Tokenizer] | None = None

    def settings(self, read: Callable[[dict[str, Any]], Found]) -> Found:
        """What `read` finds in the configuration. Raises ModelUnavailable."""
        try:
            return read(self.config)
        except (KeyError, TypeError, ValueError) as error:
            raise self._unusable(error) from error

    def tokenizer(self) -> Tokenizer:
        """Without padding or truncation."""
        return self._open()[1]

    def run(self, **inputs: npt.NDArray[Any]) -> list[Array]:
        """The graph's outputs. Raises ModelUnavailable."""
        session = self._open()[0]
        try:
            found: list[Array] = session.run(None, inputs)
        except Exception as error:  # onnxruntime raises classes of its own
            raise self._unusable(error) from error
        if not all(np.isfinite(values).all() for values in found):
            raise ModelUnavailable(f"{self.folder}: gives no numbers; restore it from the project")
        return found

    def _open(self) -> tuple[Any, Tokenizer]:
        with self._lock:
            if self._loaded is None:
                try:
                    self._loaded = self._load()
                except Exception as error:  # onnxruntime and tokenizers raise nearly anything
                    raise self._unusable(error) from error
            return self._loaded

    def _load(self) -> tuple[Any, Tokenizer]:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # in_parallel gives the cores to texts
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(
            str(self.folder / FILE), options, providers=["CPUExecutionProvider"]
        )
        tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.encode_special_tokens = True  # "[SEP]" in a document is five signs, not a mark
        return session, tokenizer

    def _unusable(self, error: Exception) -> ModelUnavailable:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        return ModelUnavailable(
            f"{self.folder}: can't be used ({reason}); restore it from the project, and see `rag doctor`"
        )


class OnnxEmbedder:
    """Mean of the last hidden states, of length 1."""

    def __init__(self, folder: Path) -> None:
        """Loads nothing yet. Raises ModelUnavailable."""
        self._model = _Model(folder, "embedder")
        self.name = self._model.name
        self.dimension, self._max_tokens = self._model.settings(
            lambda config: (int(config["dimension"]), int(config["max_tokens"]))
        )

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Shape (len(texts), dimension), rows of length 1. A text is read up to 256 tokens;
        queries are read as documents are. Raises ModelUnavailable."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return np.stack(in_parallel(self._vector, texts))

    def _vector(self, text: str) -> Array:
        tokenizer = self._model.tokenizer()
        ids = tokenizer.encode(text).ids
        if len(ids) > self._max_tokens:
            ids = [*ids[: self._max_tokens - 1], ids[-1]]
        row = np.array([ids], np.int64)
        return unit(self._model.run(ids=row, types=np.zeros_like(row))[0][0])


class OnnxJudge:
    """A cross-encoder with two heads, each with its own calibration (Platt 1999): the logit is
    stretched and moved so that the score is a probability on questions that trained nothing."""

    def __init__(self, folder: Path) -> None:
        """Loads nothing yet. Raises ModelUnavailable."""
        self._model = _Model(folder, "judge")
        self.name = self._model.name
        self._relevance = self._model.settings(lambda config: _numbers(config["relevance"], 2))
        self._support = self._model.settings(lambda config: _numbers(config["support"], 2))
        (self.support_threshold,) = self._model.settings(
            lambda config: _numbers([config["support_threshold"]], 1)
        )
        self._reader: Reader | None = None

    def relevance(self, question: str, passages: Sequence[Passage]) -> Scores:
        """Shape (len(passages),), each 0..1. Raises ModelUnavailable."""
        reader = self._opened_reader()
        return self._scores([reader.relevance(question, p) for p in passages], 0, self._relevance)

    def support(self, evidence: str, statements: Sequence[str]) -> Scores:
        """Shape (len(statements),), each 0..1. Raises ModelUnavailable."""
        reader = self._opened_reader()
        return self._scores([reader.support(evidence, s) for s in statements], 1, self._support)

    def _opened_reader(self) -> Reader:
        if self._reader is None:
            self._reader = Reader(self._model.tokenizer())
        return self._reader

    def _scores(self, pairs: Sequence[Tokens], head: int, calibration: tuple[float, ...]) -> Scores:
        def score(tokens: Tokens) -> float:
            types = np.array([tokens.types], np.int64)
            first = np.zeros_like(types)
            first[0, : tokens.types.index(1)] = 1
            logit = self._model.run(ids=np.array([tokens.ids], np.int64), types=types, first=first)
            value = calibration[0] * float(logit[head][0]) + calibration[1]
            return sigmoid(value)

        return np.array(in_parallel(score, pairs), np.float64)


def _numbers(values: Any, count: int) -> tuple[float, ...]:
    """Raises ValueError for another count, or for what is no number."""
    found = tuple(float(value) for value in values)
    if len(found) != count or not all(map(math.isfinite, found)):
        raise ValueError(f"{values} should be {count} numbers")
    return found
