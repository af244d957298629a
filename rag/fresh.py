"""Whether an index still fits its folder, who is writing it, and what it remembers of both.

What a sync needs to know before it does anything, quick enough to be asked before every question.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from rag import load, text
from rag.errors import DocumentSkipped, IndexBusy, RagError
from rag.protocols import Catalog
from rag.roots import Roots

FOLDER = "folder"
"""Meta key: the documents' folder, absolute."""
EMBEDDER = "embedder"
"""Meta key: the name of what embedded the texts."""
DIMENSION = "dimension"
"""Meta key: how long its vectors are."""
STORE = "store"
"""Meta key: the marker of the vector store that fits the catalog, `DIRTY` or `VOID`."""
FILES = "files"
"""Meta key: what the last sync saw of each file, as JSON (see `Seen`)."""

DIRTY = "dirty"
"""Value of `STORE`: the store may hold too much or too little."""
VOID = "void"
"""Value of `STORE`: what the store holds comes from another embedder and is worthless."""

RECORDS = "2"
"""Of what the vector store holds of a chunk: its vector, and its document since 2."""

_LOCK = "sync.lock"
_LOCK_SECONDS = 0.5
"""Longer than `is_writing` ever holds the lock."""
_FRESH_NS = 2_000_000_000
"""A file written this shortly before it was read may change again within one tick of its clock."""


# --- the lock ---------------------------------------------------------------------------------


@contextmanager
def writing(data: Path) -> Iterator[None]:
    """Holds the index in the data folder for writing; the system lets go of it when the process
    dies. Raises IndexBusy when another process (or thread) holds it."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data / _LOCK, timeout=_LOCK_SECONDS)
        lock.acquire()
    except Timeout:
        raise IndexBusy(
            f"another process is writing the index in {data}: try again when it is done"
        ) from None
    except OSError as error:
        raise RagError(
            f"{data} can't be written ({error.strerror or error}): check its permissions and "
            "space, or choose another place with --data"
        ) from None
    try:
        yield
    finally:
        lock.release()


def is_writing(data: Path) -> bool:
    """Whether a sync runs on this data folder, here or in another process."""
    if not (data / _LOCK).exists():
        return False
    try:
        with FileLock(data / _LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


# --- what was seen of a file ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was read. Size and time only save reading it again; the hash decides."""

    size: int
    mtime_ns: int
    """0 when it was written so shortly before that the time proves nothing."""
    sha256: str | None
    """None when it couldn't be read."""
    reason: str | None = None
    """Why it was skipped."""

    def looks_like(self, other: Seen) -> bool:
        return self.mtime_ns != 0 and (self.size, self.mtime_ns) == (other.size, other.mtime_ns)


def look(roots: Roots, source: str) -> Seen:
    try:
        stat = roots.path(source).stat()
    except OSError:
        return Seen(-1, 0, None)
    fresh = time.time_ns() - stat.st_mtime_ns < _FRESH_NS
    return Seen(stat.st_size, 0 if fresh else stat.st_mtime_ns, None)


def read(roots: Roots, source: str) -> tuple[Seen, bytes]:
    """The file and its hash; the look is taken first, so that a later change shows. Raises
    DocumentSkipped."""
    before = look(roots, source)
    try:
        data = roots.read(source)
    except OSError as error:
        raise DocumentSkipped(f"can't be read: {error.strerror or error}") from None
    return Seen(len(data), before.mtime_ns, sha256(data).hexdigest()), data


def remembered(catalog: Catalog) -> dict[str, Seen]:
    return {source: Seen(*row) for source, row in json.loads(catalog.meta(FILES) or "{}").items()}


def remember(catalog: Catalog, files: dict[str, Seen]) -> None:
    rows = {
        source: [seen.size, seen.mtime_ns, seen.sha256, seen.reason]
        for source, seen in sorted(files.items())
    }
    encoded = json.dumps(rows, separators=(",", ":"))
    if catalog.meta(FILES) != encoded:
        catalog.set_meta(FILES, encoded)


def made_with(embedder_name: str | None = None) -> dict[str, str]:
    """What an index depends on besides the documents, by meta key."""
    made = {
        "loaders": load.VERSION,
        "sentences": text.SENTENCES_VERSION,
        "chunking": text.CHUNKS_VERSION,
        "records": RECORDS,
    }
    return made if embedder_name is None else made | {EMBEDDER: embedder_name}


def mismatch(catalog: Catalog, embedder_name: str | None) -> str | None:
    """In a few words, why the index must be made anew; None when it needn't."""
    if catalog.meta(FOLDER) is None:
        return None
    for key, now in made_with(embedder_name).items():
        then = catalog.meta(key)
        if then != now:
            return f"{key} changed from {then} to {now}"
    return None


def stale(roots: Roots, catalog: Catalog, embedder_name: str | None = None) -> bool:
    """Whether a sync would change anything: the documents differ from the index, what made the index
    differs from what would make it now, or a sync was interrupted. Quick: a file whose size
    and time are as they were is not read. Raises UsageError when the folder is missing."""
    if catalog.meta(STORE) in (None, DIRTY, VOID) or mismatch(catalog, embedder_name):
        return True
    sources = roots.scan().sources
    files, hashes = remembered(catalog), catalog.hashes()
    skipped = {source for source, seen in files.items() if seen.reason is not None}
    if set(sources) != hashes.keys() | skipped:
        return True
    return any(_changed(roots, source, files.get(source), hashes.get(source)) for source in sources)


def _changed(roots: Roots, source: str, seen: Seen | None, indexed: str | None) -> bool:
    known = indexed or (seen.sha256 if seen else None)
    if seen and known == seen.sha256 and seen.looks_like(look(roots, source)):
        return False
    try:
        return read(roots, source)[0].sha256 != known
    except DocumentSkipped:
        return known is not None
