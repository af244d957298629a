"""Numbered folders of which one is published: what readers open is never written, and what a
reader has open is never removed.

    folder/CURRENT     the published snapshot: its name and a word of its own that no other has;
                       replacing this file publishes
    folder/000007/     a snapshot, with a file LOCK that its readers hold, shared, and a file SUMS
                       of the sizes and hashes of its other files
    folder/000008/     a writer's draft, or what a killed writer left; nobody reads it

A damaged HNSW file makes Chroma answer wrongly or crash, so a snapshot isn't opened before its
sums were checked (1 ms a megabyte). One writer at a time (the caller's lock sees to it), any number of readers.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

try:
    import fcntl
except ImportError:  # Windows, where an open file can't be removed anyway
    fcntl = None  # type: ignore[assignment]

_CURRENT = "CURRENT"
_LOCK = "LOCK"
_SUMS = "SUMS"


class Snapshots:
    """The snapshots of one folder. `living` is a file that every snapshot holds and that readers
    may write (SQLite's): all others stay as they were published."""

    def __init__(self, folder: Path, living: str) -> None:
        self.folder = folder
        self._living = living

    def current(self) -> str | None:
        """The published snapshot, or None when there is none or it is gone."""
        return self.marker().partition(" ")[0] or None

    def marker(self) -> str:
        """Name and word of the published snapshot; empty when there is none or it is gone."""
        try:
            marker = (self.folder / _CURRENT).read_text("ascii")
        except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
            return ""
        name = marker.partition(" ")[0]
        return marker if name.isdigit() and self._has_all(name) else ""

    def is_intact(self, name: str) -> bool:
        """Whether every file is as it was published."""
        try:
            return self._sums(name) == (self.folder / name / _SUMS).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return False

    def _has_all(self, name: str) -> bool:
        """What can be told without reading the files."""
        folder = self.folder / name
        try:
            lines = (folder / _SUMS).read_text("utf-8").splitlines()
            rows = [line.split(" ", 2) for line in lines]
            sizes_fit = all((folder / row[2]).stat().st_size == int(row[0]) for row in rows)
        except (OSError, UnicodeDecodeError, ValueError, IndexError):
            return False
        return sizes_fit and (folder / self._living).is_file()

    def _sums(self, name: str) -> str:
        lines = []
        for path in sorted((self.folder / name).rglob("*")):
            own = path.name.startswith((self._living, _LOCK, _SUMS))
            if path.is_file() and not own:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                relative = path.relative_to(self.folder / name).as_posix()
                lines.append(f"{path.stat().st_size} {digest} {relative}\n")
        return "".join(lines)

    def hold(self, name: str) -> BinaryIO | None:
        """Keeps a snapshot from being removed until the file is closed; None when it is gone."""
        try:
            file = (self.folder / name / _LOCK).open("rb")
        except FileNotFoundError:
            return None
        if fcntl is None:
            return file
        fcntl.flock(file, fcntl.LOCK_SH)
        if os.fstat(file.fileno()).st_nlink == 0:
            # Removed between opening and locking.
            file.close()
            return None
        return file

    def start(self) -> str:
        """An empty folder for a draft. What killed writers left and nobody reads goes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._remove_all_but(self.current())
        name = f"{max((int(name) for name in self._names()), default=0) + 1:06d}"
        (self.folder / name).mkdir()
        (self.folder / name / _LOCK).touch()
        return name

    def publish(self, name: str) -> None:
        """From now on this is what readers open, even if the power fails."""
        for path in sorted((self.folder / name).rglob("*")):
            if path.is_file():
                with path.open("rb") as written:
                    os.fsync(written.fileno())
        _write(self.folder / name / _SUMS, self._sums(name))
        temporary = self.folder / f"{_CURRENT}.new"
        _write(temporary, f"{name} {uuid4().hex}")
        temporary.replace(self.folder / _CURRENT)
        self._remove_all_but(name)

    def remove(self, name: str) -> None:
        """Unless someone reads it: then a later writer will."""
        held = None
        if fcntl is not None:
            try:
                held = (self.folder / name / _LOCK).open("rb")
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if held is not None:
                    held.close()
                return
            except OSError:
                pass
        shutil.rmtree(self.folder / name, ignore_errors=True)
        if held is not None:
            held.close()

    def _names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.name.isdigit())

    def _remove_all_but(self, kept: str | None) -> None:
        for name in self._names():
            if name != kept:
                self.remove(name)


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
