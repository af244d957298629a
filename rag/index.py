"""One folder's index: catalog, vector store, lexical index and embedder, kept in step with the folder.

Nothing heavy is opened before it is needed: an index that is up to date is read without loading
Chroma or the embedder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rag.errors import FolderMismatch, IndexBusy, IndexMissing, UsageError
from rag.protocols import Catalog, Embedder, LexicalIndex, Progress, VectorStore
from rag.sync import FOLDER, is_writing, stale, sync
from rag.types import SyncReport


class Index:
    """What a question is asked of."""

    def __init__(
        self,
        data: Path,
        catalog: Catalog,
        lexical: LexicalIndex,
        *,
        open_store: Callable[[], VectorStore],
        open_exact: Callable[[], VectorStore],
        open_embedder: Callable[[], Embedder],
        embedder_name: str,
        docs: Path | None,
        default_docs: Path,
    ) -> None:
        """`docs` is the folder that was asked for, if one was; `open_exact` gives a store over the
        catalog's own vectors, for while another process writes. Raises FolderMismatch when the
        index belongs to another folder."""
        self.data, self.catalog, self.lexical = data, catalog, lexical
        self._open_store, self._open_exact = open_store, open_exact
        self._open_embedder, self._embedder_name = open_embedder, embedder_name
        recorded = catalog.meta(FOLDER)
        if docs is not None and recorded is not None and docs.resolve() != Path(recorded):
            raise FolderMismatch(
                f"the index in {data} belongs to {recorded}, not to {docs}; give {docs} an index of "
                "its own with --data DIR"
            )
        self.folder = docs.resolve() if docs is not None else Path(recorded or default_docs)
        self._asked_for = docs is not None
        self._store: VectorStore | None = None
        self._store_generation = -1
        self._store_exact = False
        self._embedder: Embedder | None = None

    # --- parts --------------------------------------------------------------------------

    def embedder_name(self) -> str:
        return self._embedder_name

    def embedder(self) -> Embedder:
        if self._embedder is None:
            self._embedder = self._open_embedder()
        return self._embedder

    def store(self) -> VectorStore:
        """The vector store as it stands; opened anew when another process wrote, and the catalog's
        own vectors while one is writing."""
        generation = self.catalog.generation()
        writing = is_writing(self.data)
        if (
            self._store is None
            or generation != self._store_generation
            or writing != self._store_exact
        ):
            self._close_store()
            self._store = self._open_exact() if writing else self._open_store()
            self._store_generation, self._store_exact = generation, writing
        return self._store

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    # --- in step with the folder --------------------------------------------------------

    def state(self) -> str:
        """In a few words, for `rag doctor`."""
        if is_writing(self.data):
            return "being written by another process"
        if not self.folder.is_dir():
            return "its folder is gone"
        return "to be brought up to date" if stale(self.folder, self.catalog) else "up to date"

    def refresh(self, progress: Progress | None = None) -> str | None:
        """Syncs a missing or stale index. Returns one line for the person when it could not, and
        what stands is answered from. Raises IndexMissing when nothing stands, UsageError when the
        folder that was asked for isn't there."""
        made = self.catalog.meta(FOLDER) is not None
        if not self.folder.is_dir():
            if made and not self._asked_for:
                return f"the folder {self.folder} is gone; answering from its index"
            raise UsageError(f"{self.folder}: no such folder; name one with --docs DIR")
        if made and not stale(self.folder, self.catalog):
            return None
        try:
            self.sync(progress)
        except IndexBusy:
            if not made:
                raise IndexMissing(
                    "another process is making the index just now; try again when it is done"
                ) from None
            return "another process is writing the index; answering from what stands"
        return None

    def sync(self, progress: Progress | None = None, *, rebuild: bool = False) -> SyncReport:
        """Make the index mirror the folder. Raises IndexBusy, UsageError."""
        report = sync(
            self.folder,
            self.catalog,
            self._writable_store,
            self.lexical,
            self.embedder,
            data=self.data,
            embedder_name=self._embedder_name,
            progress=progress,
            rebuild=rebuild,
        )
        self._store_generation = self.catalog.generation()
        return report

    def _writable_store(self) -> VectorStore:
        if self._store is None or self._store_exact:
            self._close_store()
            self._store, self._store_exact = self._open_store(), False
        return self._store

    def close(self) -> None:
        self._close_store()
        close = getattr(self.catalog, "close", None)
        if close is not None:
            close()
