"""Where an index's documents lie: in the person's folder, and in the index's own folder of uploads.

A source is a path relative to the documents' folder; one that was added on the page is called
`uploads/<its path there>`. A file of the documents' folder with the same path wins.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from rag import load
from rag.types import FileOutcome

UPLOADS = "uploads"
"""What the folder of uploads is called, in the data folder and in front of its sources."""

_PREFIX = f"{UPLOADS}/"
_SHADOWED = "a file of the documents' folder has the same path: rename one of them"


@dataclass(frozen=True, slots=True)
class Scanned:
    """What lies in the roots, each list sorted by source."""

    sources: list[str]
    skipped: list[FileOutcome]
    shadowed: list[FileOutcome]
    """Uploads whose path is taken, skipped with that reason; their sources are someone else's."""


@dataclass(frozen=True, slots=True)
class Roots:
    """Both folders, resolved."""

    folder: Path
    uploads: Path | None
    """None where the folder lies within it: it is read once."""

    @classmethod
    def of(cls, folder: Path, data: Path) -> Roots:
        """The roots of an index of `folder` in the data folder."""
        folder, uploads = folder.resolve(), (data / UPLOADS).resolve()
        return cls(folder, None if folder.is_relative_to(uploads) else uploads)

    def scan(self) -> Scanned:
        """Raises UsageError when the documents' folder isn't there."""
        sources, skipped = load.scan(self.folder)
        if self.uploads is None or not self.uploads.is_dir():
            return Scanned(sources, skipped, [])
        # A data folder inside the documents' folder: what is uploaded is no file of the folder.
        if self.uploads.is_relative_to(self.folder):
            nested = self._nested
            sources = [source for source in sources if not source.startswith(nested)]
            skipped = [outcome for outcome in skipped if not outcome.source.startswith(nested)]
        taken = {*sources, *(outcome.source for outcome in skipped)}
        added, passed_over = load.scan(self.uploads)
        names = [f"{_PREFIX}{source}" for source in added]
        others = [replace(o, source=f"{_PREFIX}{o.source}") for o in passed_over]
        return Scanned(
            sorted([*sources, *(name for name in names if name not in taken)]),
            sorted(
                [*skipped, *(o for o in others if o.source not in taken)], key=lambda o: o.source
            ),
            [FileOutcome(name, "skipped", _SHADOWED) for name in names if name in taken],
        )

    @property
    def _nested(self) -> str:
        assert self.uploads is not None
        relative = self.uploads.relative_to(self.folder).as_posix()
        return unicodedata.normalize("NFC", f"{relative}/")

    def place(self, source: str) -> tuple[Path, str]:
        """The root that a source lies in, and its path there."""
        if self.uploads is None or not source.startswith(_PREFIX):
            return self.folder, source
        nested = self.uploads.is_relative_to(self.folder) and source.startswith(self._nested)
        if not nested and load.is_there(self.folder, source):
            return self.folder, source
        return self.uploads, source.removeprefix(_PREFIX)

    def path(self, source: str) -> Path:
        """As the disk spells it."""
        root, relative = self.place(source)
        return load.existing(root, PurePosixPath(relative).parts)

    def read(self, source: str) -> bytes:
        """The bytes of one source. Raises DocumentSkipped."""
        return load.read(*self.place(source))

    def uploaded(self) -> frozenset[str]:
        """Sources of what was added on the page and can be read."""
        if self.uploads is None or not self.uploads.is_dir():
            return frozenset()
        names = (f"{_PREFIX}{source}" for source in load.scan(self.uploads)[0])
        return frozenset(name for name in names if self.place(name)[0] == self.uploads)
