"""Numbered folders of which one is published: what readers open is never written, and what a
reader has open is never removed.

    folder/CURRENT     the published snapshot: its name and a word of its own that no other has;
                       replacing this file publishes
    folder/000007/     a snapshot, with a file LOCK that its readers hold, shared
    folder/000008/     a writer's draft, or what a killed writer left; nobody reads it

One writer at a time (the caller's lock sees to it), any number of readers.
"""

from __future__ import annotations

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


class Snapshots:
    """The snapshots of one folder. `essential` is a file that every whole snapshot holds."""

    def __init__(self, folder: Path, essential: str) -> None:
        self.folder = folder
        self._essential = essential

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
        is_whole = name.isdigit() and (self.folder / name / self._essential).is_file()
        return marker if is_whole else ""

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
        """From now on this is what readers open."""
        temporary = self.folder / f"{_CURRENT}.new"
        with temporary.open("w", encoding="ascii") as file:
            file.write(f"{name} {uuid4().hex}")
            file.flush()
            os.fsync(file.fileno())
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
