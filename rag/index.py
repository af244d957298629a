"""One folder's index: catalog, vector store, lexical index and embedder, kept in step with the folder.

Nothing heavy is opened before it is needed: an index that is up to date is read without loading
Chroma or the embedder.
"""

from __future__ import annotations

from pathlib import Path

from rag.errors import FolderMismatch, IndexBusy, IndexMissing, UsageError
from rag.fresh import DIRTY, FOLDER, STORE, is_writing, mismatch, stale
from rag.protocols import Catalog, Embedder, LexicalIndex, Progress, VectorStore
from rag.roots import Roots
from rag.sync import sync
from rag.types import SyncReport


class Index:
    """What a question is asked of."""

    def __init__(
        self,
        data: Path,
        catalog: Catalog,
        lexical: LexicalIndex,
        store: VectorStore,
        embedder: Embedder,
        *,
        docs: Path | None,
        default_docs: Path,
    ) -> None:
        """`docs` is the folder that was asked for, if one was; else it is the one that the index
        was made of, else `default_docs`. Raises FolderMismatch when the index belongs to another."""
        self.data, self.catalog, self.lexical, self.store = data, catalog, lexical, store
        self.embedder = embedder
        recorded = catalog.meta(FOLDER)
        if docs is not None and recorded is not None and docs.resolve() != Path(recorded):
            raise FolderMismatch(
                f"the index in {data} belongs to {recorded}, not to {docs.resolve()}; give that folder "
                "an index of its own with --data DIR"
            )
        self.folder = docs.resolve() if docs is not None else Path(recorded or default_docs)
        self._asked_for, self._default_docs = docs is not None, default_docs

    @property
    def roots(self) -> Roots:
        """Where its documents lie."""
        return Roots.of(self.folder, self.data)

    def state(self) -> str:
        """In a few words, for `rag doctor`."""
        if is_writing(self.data):
            return "being written by another process"
        if not self.folder.is_dir():
            return "its folder is gone"
        return "to be brought up to date" if self._stale() else "up to date"

    def refresh(self, progress: Progress | None = None) -> str | None:
        """Syncs a missing or stale index. Returns one line for the person when what is answered from
        may not be what the folder holds, or was made anew. Raises IndexMissing when nothing stands
        and another process is making it, UsageError when there is no folder to make it from."""
        made = self.catalog.meta(FOLDER) is not None
        self._follow_a_moved_checkout()
        if not self.folder.is_dir():
            if made and not self._asked_for:
                return f"the folder {self.folder} is gone; answering from its index"
            raise UsageError(f"{self.folder}: no such folder; name one with --docs DIR")
        if made and not self._stale():
            return None
        try:
            report = self.sync(progress)
        except IndexBusy:
            if not made or mismatch(self.catalog, self.embedder.name):
                raise IndexMissing(
                    "another process is making the index just now; try again when it is done"
                ) from None
            return "another process is writing the index; answering from what stands"
        return f"the index was made anew: {report.rebuilt}" if report.rebuilt else None

    def _follow_a_moved_checkout(self) -> None:
        """The shipped documents that an index was made of lie elsewhere when the checkout moved."""
        default = self._default_docs
        if not self.folder.exists() and self.folder.name == default.name and default.is_dir():
            self.folder = default.resolve()
            self.catalog.set_meta(FOLDER, str(self.folder))

    def _stale(self) -> bool:
        return stale(self.roots, self.catalog, self.embedder.name)

    def sync(self, progress: Progress | None = None, *, rebuild: bool = False) -> SyncReport:
        """Make the index mirror the folder. Raises IndexBusy, UsageError."""
        return sync(
            self.folder,
            self.catalog,
            lambda: self.store,
            self.lexical,
            lambda: self.embedder,
            data=self.data,
            embedder_name=self.embedder.name,
            progress=progress,
            rebuild=rebuild,
        )

    def heal(self) -> None:
        """Fills the vector store anew from the catalog's own vectors, after it turned out damaged."""
        self.catalog.set_meta(STORE, DIRTY)
        self.sync()

    def close(self) -> None:
        self.store.close()
        self.catalog.close()
