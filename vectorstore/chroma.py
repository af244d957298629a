"""Chunk vectors in Chroma (https://www.trychroma.com): a folder of our own, or a server.

A Chroma folder belongs to one process. One that is read while another process writes it gives
stale answers at best and ends the reader with a segmentation fault at worst (seen with 1.5.9), and
a writer that is killed may leave files that do the same. So what readers open is never written:
a writer works in a copy, and `flush` publishes it (see `vectorstore.snapshots`).

A server takes care of its readers itself; there, writing is in place and `flush` does nothing.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from rag.errors import IndexDamaged, RagError, ServerUnavailable, UsageError
from rag.protocols import Vectors
from rag.types import Hit
from vectorstore.snapshots import Snapshots

_DATABASE = "chroma.sqlite3"
_HNSW = {"space": "cosine", "ef_search": 400, "sync_threshold": 1000}
"""Chroma's own ef_search, 100, finds 0.956 of the 50 nearest of 6,000; 400 finds all, in 3 ms."""
_SOURCE = "source"
"""Metadata key: the document of a chunk."""
_SOURCES = 2000
"""Documents that one query names at most: SQLite takes 32,766 values a statement."""
_JITTER = 1e-3
"""Length of what is added to each unit vector, made from its id. Equal vectors (one footer in
2,000 files) make islands in an HNSW graph that a search doesn't leave: recall fell to 0.67, and
this brings it back to 0.995. It moves a cosine by about 5e-5 at 384 dimensions."""

T = TypeVar("T")


class ChromaStore:
    """`rag.protocols.VectorStore` on a folder or, when `url` is given, on a server's collection
    `name`. Chroma is imported at the first use. May be shared by threads.

    Methods raise IndexDamaged (the folder can't be read), RagError (it can't be written) or
    ServerUnavailable, each in one line.
    """

    def __init__(self, folder: Path | None, url: str | None = None, name: str = "chunks") -> None:
        if (folder is None) == (url is None):
            raise UsageError("a Chroma store lies in a folder or at an address: give one of them")
        self._snapshots = None if folder is None else Snapshots(folder, _DATABASE)
        self._url, self._name = url, name
        self._lock = threading.RLock()
        self._client: Any = None
        self._collection: Any = None
        self._opened: str | None = None
        """The snapshot that the client reads."""
        self._held: BinaryIO | None = None
        self._draft: str | None = None
        """The snapshot that this object writes, not yet published."""

    # --- writing ------------------------------------------------------------------------

    def upsert(
        self, ids: Sequence[str], vectors: Vectors, sources: Sequence[str] | None = None
    ) -> None:
        """Raises ValueError unless there is one vector an id, all of one length, and one source if
        there are any."""
        if len(ids) != len(vectors) or (sources is not None and len(sources) != len(ids)):
            raise ValueError(
                f"{len(ids)} ids, {len(vectors)} vectors"
                + ("" if sources is None else f" and {len(sources)} sources")
            )
        # Of an id that comes twice the last vector counts; Chroma would refuse the batch.
        last = {key: row for row, key in enumerate(ids)}
        if not last:
            return
        keys = list(last)
        jittered = np.stack([_jittered(key, vectors[row]) for key, row in last.items()])
        facts = None if sources is None else [{_SOURCE: sources[row]} for row in last.values()]
        with self._lock, self._one_line("written"):
            self._open_draft()
            for part in self._parts(len(keys)):
                self._collection.upsert(
                    ids=keys[part],
                    embeddings=jittered[part],
                    metadatas=None if facts is None else facts[part],
                )

    def delete(self, ids: Sequence[str]) -> None:
        keys = list(dict.fromkeys(ids))
        if not keys:
            return
        with self._lock, self._one_line("written"):
            self._open_draft()
            for part in self._parts(len(keys)):
                self._collection.delete(ids=keys[part])

    def clear(self) -> None:
        with self._lock, self._one_line("written"):
            if self._snapshots is None:
                self._open()
                self._client.delete_collection(self._name)
                self._free()
                self._open()
            else:
                self._discard()
                self._draft = self._snapshots.start()
                self._open()

    def flush(self) -> None:
        with self._lock, self._one_line("written"):
            if self._draft is None or self._snapshots is None:
                return
            self._write_out()
            self._free()
            self._snapshots.publish(self._draft)
            self._draft = None

    # --- reading ------------------------------------------------------------------------

    def search(
        self,
        vector: npt.NDArray[np.float32],
        limit: int,
        sources: Collection[str] | None = None,
    ) -> list[Hit]:
        """A choice of documents narrows Chroma's own search, which then goes on until it has enough
        of them: of 12,000 vectors it missed none of the nearest 40 in 1 to 20 documents of 200."""
        if limit <= 0 or (sources is not None and not sources):
            return []
        wheres: list[dict[str, Any] | None] = [None]
        if sources is not None:
            names = sorted(sources)
            wheres = [
                {_SOURCE: {"$in": names[first : first + _SOURCES]}}
                for first in range(0, len(names), _SOURCES)
            ]

        def nearest() -> list[Hit]:
            hits = []
            for where in wheres:
                found = self._collection.query(
                    query_embeddings=np.asarray(vector, np.float32)[None],
                    n_results=limit,
                    where=where,
                    include=["distances"],
                )
                pairs = zip(found["ids"][0], found["distances"][0], strict=True)
                hits += [Hit(key, 1.0 - float(distance)) for key, distance in pairs]
            return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:limit]

        return self._read(nearest, [])

    def ids(self) -> set[str]:
        return self._read(lambda: set(self._collection.get(include=[])["ids"]), set())

    def marker(self) -> str:
        if self._snapshots is not None:
            return self._snapshots.marker()
        # A server may have been emptied, or written for another index of the same name.
        return self._read(
            lambda: f"{self._url} {self._collection.id} {self._collection.count()}", ""
        )

    def reopen(self) -> None:
        """Read what is published now. Searches do so by themselves for a folder."""
        with self._lock:
            if self._draft is None:
                self._free()

    def close(self) -> None:
        with self._lock:
            self._discard()

    def _read(self, read: Callable[[], T], empty: T) -> T:
        with self._lock, self._one_line("read"):
            if not self._open():
                return empty
            try:
                return read()
            except Exception as error:
                # Another client of the server made the collection anew.
                if self._snapshots is not None or type(error).__name__ != "NotFoundError":
                    raise
                self._free()
                self._open()
                return read()

    # --- Chroma -------------------------------------------------------------------------

    def _open(self) -> bool:
        """Opens the draft, else what is published; whether there is anything to read."""
        if self._snapshots is None:
            if self._client is None:
                self._connect(None)
            return True
        while True:
            wanted = self._draft or self._snapshots.current()
            if wanted is None:
                self._free()
                return False
            if wanted == self._opened:
                return True
            self._free()
            self._held = self._snapshots.hold(wanted)
            if self._held is not None:
                if self._draft is None and not self._snapshots.is_intact(wanted):
                    raise _damaged(self._snapshots.folder, "its files are not as they were written")
                self._connect(self._snapshots.folder / wanted)
                self._opened = wanted
                return True
            # A writer published another one meanwhile.

    def _open_draft(self) -> None:
        if self._snapshots is not None and self._draft is None:
            source = self._snapshots.current()
            self._free()
            draft = self._snapshots.start()
            if source is not None:
                if not self._snapshots.is_intact(source):
                    raise _damaged(self._snapshots.folder, "its files are not as they were written")
                _copy_snapshot(self._snapshots.folder / source, self._snapshots.folder / draft)
            self._draft = draft
        self._open()

    def _write_out(self) -> None:
        """Chroma keeps the last vectors (up to 1,000) out of its graph's files; the first that
        opens an empty graph writes them, and each reader adds the rest anew, at half a millisecond
        each. So that readers only read: write all of it, or have no graph where there is nothing.
        """
        assert self._snapshots is not None
        self._open()
        if self._collection.count() == 0:
            self._discard()
            self._draft = self._snapshots.start()
            self._open()
            return
        # A lower threshold counts from the next opening, at the next write, whatever it is.
        self._collection.modify(configuration={"hnsw": {"sync_threshold": 2}})
        self._free()
        self._open()
        self._collection.delete(ids=["nobody"])
        threshold = {"sync_threshold": _HNSW["sync_threshold"]}
        self._collection.modify(configuration={"hnsw": threshold})

    def _discard(self) -> None:
        """Leaves a draft that wasn't published."""
        self._free()
        if self._draft is not None and self._snapshots is not None:
            self._snapshots.remove(self._draft)
            self._draft = None

    def _connect(self, folder: Path | None) -> None:
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        if folder is not None:
            self._client = chromadb.PersistentClient(path=str(folder), settings=settings)
        else:
            address = urlsplit(self._url or "")
            secure = address.scheme == "https"
            self._client = chromadb.HttpClient(
                host=address.hostname or "",
                port=address.port or (443 if secure else 8000),
                ssl=secure,
                settings=settings,
            )
        self._collection = self._client.get_or_create_collection(
            self._name, embedding_function=None, configuration={"hnsw": _HNSW}
        )

    def _parts(self, count: int) -> Iterator[slice]:
        size = self._client.get_max_batch_size()
        return (slice(first, first + size) for first in range(0, count, size))

    def _free(self) -> None:
        client, held = self._client, self._held
        self._client = self._collection = self._opened = self._held = None
        try:
            if client is not None:
                client.close()
        finally:
            if held is not None:
                held.close()

    @contextmanager
    def _one_line(self, verb: str) -> Iterator[None]:
        try:
            yield
        except RagError:
            self._free()
            raise
        except OSError as error:
            raise self._failed(verb, error.strerror or str(error)) from error
        except Exception as error:
            # Chroma raises its own errors, httpx's, ValueError and bare Exception. What the caller
            # did wrong stays as it is.
            if "dimension" in str(error).lower():
                raise ValueError(str(error)) from error
            raise self._failed(verb, " ".join(str(error).split())[:200]) from error

    def _failed(self, verb: str, reason: str) -> RagError:
        with suppress(Exception):
            self._free()
        if self._snapshots is None or self._url is not None:
            return ServerUnavailable(
                f"the Chroma server at {self._url} doesn't answer as it should ({reason}): "
                "start it, or unset RAG_CHROMA_URL"
            )
        folder, lowered = self._snapshots.folder, reason.lower()
        if "no space left" in lowered or "disk is full" in lowered:
            return RagError(
                f"no space left for {folder}: free some and run it again; "
                "what stood there before still stands"
            )
        if verb == "read" or "malformed" in lowered or "not a database" in lowered:
            return _damaged(folder, reason)
        return RagError(f"the vectors in {folder} can't be {verb} ({reason})")


def _damaged(folder: Path, reason: str) -> IndexDamaged:
    return IndexDamaged(
        f"the vectors in {folder} can't be read ({reason}): "
        "make them anew with `rag index --rebuild`"
    )


def _jittered(key: str, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    seed = int.from_bytes(sha256(key.encode()).digest()[:8], "big")
    noise = np.random.default_rng(seed).standard_normal(len(vector), np.float32)
    moved = vector + noise * np.float32(_JITTER / float(np.linalg.norm(noise)))
    return np.asarray(moved, np.float32)


def _copy_snapshot(source: Path, target: Path) -> None:
    """Readers of the snapshot may be writing bookkeeping into its SQLite file: that one is copied
    by SQLite, which waits for them."""
    files = shutil.ignore_patterns(f"{_DATABASE}*", "SUMS")
    shutil.copytree(source, target, ignore=files, dirs_exist_ok=True)
    with (
        closing(sqlite3.connect(source / _DATABASE)) as old,
        closing(sqlite3.connect(target / _DATABASE)) as new,
    ):
        old.backup(new)
