"""Documents that are added on the page: checked, then put whole into the index's folder of uploads.

Neither the documents' folder nor `seeds/` is ever written. A file gets its name when all of it is on
the disk; the next sync indexes it as `uploads/<name>`.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from uuid import uuid4

from filelock import FileLock, Timeout

from rag import load
from rag.errors import DocumentSkipped, IndexBusy, RagError, UsageError
from rag.parse import parse
from rag.roots import UPLOADS, Roots

MAX_FILES = 100
"""Files that may be added in one go."""
MAX_BYTES = 50 * 1024 * 1024
"""Of one file."""

_NAME_BYTES = 180
"""Of a name without its suffix; file systems take 255 with it, and " (2)" needs room."""
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]')
"""What a file system refuses, and what changes the order or the look of what is shown."""
_HIDING = re.compile(r"^(?:~\$|[ .])+")
"""At the beginning of a name."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Added:
    """A file that was taken in."""

    source: str
    taken: str | None = None
    """The name that it came with, where another document has that name already."""


class Uploads:
    """The uploads of one index. Processes may share them."""

    def __init__(self, data: Path, roots: Roots) -> None:
        self.folder, self.roots = data / UPLOADS, roots
        self._arriving, self._lock_path = data / "uploads.part", data / "uploads.lock"

    def sources(self) -> frozenset[str]:
        """Of the uploads that can be read."""
        return self.roots.uploaded()

    def add(self, name: str, data: bytes) -> Added:
        """Takes a file in, under its name made safe, or under the next free one. Raises
        DocumentSkipped (it can't be indexed, is too large, or is there already) and RagError."""
        if self.roots.uploads is None:
            raise UsageError(f"{self.roots.folder} lies among the uploads: add the file there")
        if len(data) > MAX_BYTES:
            raise DocumentSkipped(too_large(len(data)))
        name = safe_name(name)
        parse(f"{UPLOADS}/{name}", data)
        digest = sha256(data).digest()
        with self._locked():
            free = self._free_name(name, digest)
            temporary = self._arriving / uuid4().hex
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.folder / free)
        return Added(f"{UPLOADS}/{free}", None if free == name else name)

    def remove(self, source: str) -> None:
        """Raises UsageError for what wasn't added on the page."""
        if source not in self.sources():
            raise UsageError(
                f"{source} was not added on the page: it lies in {self.roots.folder}; remove it "
                "there, and it goes here too"
            )
        try:
            self.roots.path(source).unlink(missing_ok=True)
        except OSError as error:
            raise RagError(f"{source} can't be removed ({error.strerror or error})") from None

    def _free_name(self, name: str, digest: bytes) -> str:
        """Names that differ only in capitals are the same to some file systems."""
        own = self.roots.folder / UPLOADS
        taken: dict[str, Path] = {}
        for folder in (own, self.folder):
            if folder.is_dir():
                taken |= {_folded(path.name): path for path in sorted(folder.iterdir())}
        stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
        number = 1
        candidate = name
        while (other := taken.get(_folded(candidate))) is not None:
            if other.is_file() and sha256(other.read_bytes()).digest() == digest:
                raise DocumentSkipped(f"the same file is there already: {UPLOADS}/{other.name}")
            number += 1
            candidate = f"{stem} ({number}){suffix}"
        return candidate

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One file at a time; what a killed process left half written goes."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._lock_path, timeout=_LOCK_SECONDS):
                self._arriving.mkdir(exist_ok=True)
                for left in self._arriving.iterdir():
                    left.unlink(missing_ok=True)
                yield
        except Timeout:
            raise IndexBusy(
                f"another process is adding documents in {self.folder}: try again in a moment"
            ) from None
        except OSError as error:
            raise RagError(
                f"{self.folder} can't be written ({error.strerror or error}): check its permissions "
                "and space"
            ) from None


def too_large(size: int) -> str:
    """The reason."""
    return (
        f"too large: {size / 2**20:.1f} MB, at most {MAX_BYTES >> 20} MB can be added here; put it "
        "into the documents' folder instead"
    )


def safe_name(name: str) -> str:
    """A file's own name: no path, no control characters, nothing that hides it or that a file
    system refuses; its suffix stays."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    name = _UNFIT.sub("_", re.split(r"[/\\]", name)[-1])
    name = _HIDING.sub("", name, count=1).rstrip(" .") or "document"
    if f".{name.lower()}" in load.READABLE:
        name = f"document.{name}"
    suffix = PurePosixPath(name).suffix
    if len(suffix.encode()) > 20:
        suffix = ""
    stem = name.removesuffix(suffix)
    while len(stem.encode()) > _NAME_BYTES:
        stem = stem[:-1]
    name = stem.rstrip(" .") + suffix
    return f"_{name}" if _RESERVED.match(name) else name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
