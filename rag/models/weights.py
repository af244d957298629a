"""What embedders and judges share: finding a model's folder, naming it, loading it quietly."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from rag.errors import ModelUnavailable
from rag.models.hardware import physical_cores

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_COUNTED = {".json", ".txt", ".model", ".safetensors", ".bin", ".py", ".onnx"}
"""Endings of the files that decide what a model computes."""
_SAMPLES, _SAMPLE_BYTES = 64, 1 << 14
_YES = {"1", "on", "yes", "true"}
Model = TypeVar("Model")
Item = TypeVar("Item")
Result = TypeVar("Result")


def find_model(name_or_path: str | Path, setting: str) -> Path | None:
    """The folder that a setting names, or None when it names a model of the Hugging Face hub.

    Raises ModelUnavailable when it is neither, or when the folder holds no model."""
    text = str(name_or_path)
    folder = Path(text).expanduser()
    if folder.is_dir():
        if not any((folder / name).is_file() for name in ("config.json", "modules.json")):
            raise ModelUnavailable(
                f"{folder}: no model lies there (no config.json, no modules.json); name the folder "
                f"that a model was saved to in {setting}"
            )
        return folder
    if folder.exists():
        raise ModelUnavailable(f"{folder}: a file; {setting} names the folder of a model")
    if isinstance(name_or_path, Path) or not _HUB_ID.fullmatch(text) or text.startswith("."):
        raise ModelUnavailable(
            f"{text}: no such folder; {setting} names the folder of a model, or one of the "
            "Hugging Face hub as owner/name"
        )
    return None


def may_fetch() -> bool:
    """Whether the person's environment lets a model that they named be downloaded."""
    return not any(
        os.environ.get(name, "").lower() in _YES
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )


def folder_name(folder: Path) -> str:
    """The folder's name and eight hex digits of what it holds: another model is another name.

    Large files count by their size and 64 samples of 16 KiB spread over them, in a few
    milliseconds: training changes every part of a weights file."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.suffix not in _COUNTED or hidden or not path.is_file():
            continue
        size = path.stat().st_size
        digest.update(f"{relative.as_posix()}\0{size}\0".encode())
        with path.open("rb") as file:
            if size <= _SAMPLES * _SAMPLE_BYTES:
                digest.update(file.read())
                continue
            for sample in range(_SAMPLES):
                file.seek((size - _SAMPLE_BYTES) * sample // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE_BYTES))
    return f"{folder.resolve().name}-{digest.hexdigest()[:8]}"


def folder_bytes(folder: Path) -> int:
    """Bytes of all its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def read_json(path: Path) -> Any:
    """A configuration file; an empty object when it isn't there or can't be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


_loading = threading.Lock()


def load_quietly(load: Callable[[], Model], what: str, setting: str) -> Model:
    """Run a loader of torch, transformers or sentence-transformers: one at a time, without progress
    bars or warnings on standard error; nothing is reported to anyone.

    Torch gets one thread an operation, and `in_parallel` the cores: OpenMP's threads spin at every
    operation's end, and where another process (or the generator) wants a core too, a query took 125
    ms on two threads and 11 on one.

    Raises ModelUnavailable, in one line, for whatever goes wrong inside."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with _loading:
        try:
            import torch

            torch.set_num_threads(1)
            return load()
        except ModelUnavailable:
            raise
        except Exception as error:  # these libraries raise nearly anything
            reason = " ".join(str(error).split())[:240] or type(error).__name__
            raise ModelUnavailable(
                f"{what}: can't be loaded ({reason}); check {setting}, or unset it for the default"
            ) from None


def in_parallel(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`work` of each item, in order, on as many threads as there are cores. Each item is worked on
    by itself, so that no result depends on the others."""
    workers = min(physical_cores(), len(items) // 2)
    if workers < 2:
        return [work(item) for item in items]
    pool = ThreadPoolExecutor(workers, thread_name_prefix="model")
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C waits for the items at hand, not for the rest


def unit(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Of length 1; the first unit vector for one without a direction."""
    length = float(np.linalg.norm(vector))
    if length > 0.0:
        return np.asarray(vector / np.float32(length), np.float32)
    first = np.zeros_like(vector)
    first[0] = 1.0
    return first


def silence_transformers() -> None:
    """Before a model is loaded through transformers."""
    from transformers.utils import logging

    quiet: Any = logging  # it has no types
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
