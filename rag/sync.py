"""The index made to mirror a folder of documents, and what was added on the page.

    bytes -> hash -> unchanged? skip -> load -> sentences and chunks -> embed -> upsert -> commit
          -> remove stale

A document counts when it is committed: text, sentences, chunks and postings in one transaction.
Vectors are kept before (so that no text is embedded twice, whatever happens), chunks reach the
vector store before and leave it after. `STORE` in the catalog names the state of the vector store
that fits; it says "dirty" from before the first change until all are published, and a sync that
finds it so, or finds another store, makes the store fit from the vectors that the catalog keeps.
So a killed sync, run again, ends in the same index as one that was never killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag import terms
from rag.errors import (
    Cancelled,
    DocumentSkipped,
    FolderMismatch,
    IndexDamaged,
    UsageError,
)
from rag.fresh import (
    DIMENSION,
    DIRTY,
    EMBEDDER,
    FOLDER,
    STORE,
    VOID,
    Seen,
    look,
    made_with,
    mismatch,
    read,
    remember,
    remembered,
    writing,
)
from rag.parse import Parsed, parse
from rag.protocols import Catalog, Embedder, LexicalIndex, Progress, VectorStore, never
from rag.roots import Roots
from rag.types import EVIDENCE_KINDS, Chunk, FileOutcome, SyncReport

_BATCH_TEXTS = 512
_EMBED_TEXTS = 64
_STORE_VECTORS = 1000
_REMOVALS = 100


def sync(
    folder: Path,
    catalog: Catalog,
    open_store: Callable[[], VectorStore],
    lexical: LexicalIndex,
    open_embedder: Callable[[], Embedder],
    *,
    data: Path,
    embedder_name: str,
    progress: Progress | None = None,
    rebuild: bool = False,
    cancelled: Callable[[], bool] = never,
) -> SyncReport:
    """Make the index mirror the folder: add, change, remove. The embedder is opened when a text
    has no vector yet; the store is asked for its marker, and no more unless something changed.

    `progress` is called with "Reading" (files), "Indexing" (bytes) and "Restoring" (chunks).

    Raises UsageError (no such folder: it never empties an index; a folder that is there but empty
    does), FolderMismatch (the index belongs to another folder), IndexBusy, IndexDamaged, Cancelled
    (what was done so far stays), and what the embedder and the store raise.
    """
    started = time.perf_counter()
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name the documents' folder with --docs DIR")
    folder = folder.resolve()
    recorded = catalog.meta(FOLDER)
    if recorded is not None and recorded != str(folder):
        raise FolderMismatch(
            f"the index in {data} belongs to {recorded}, not to {folder}; give {folder} an index "
            "of its own with --data DIR"
        )
    with writing(data):
        reason = "asked for" if rebuild else mismatch(catalog, embedder_name)
        run = _Sync(
            Roots.of(folder, data), catalog, open_store(), lexical, open_embedder, embedder_name,
            progress or (lambda what, done, total: None), cancelled,
        )  # fmt: skip
        try:
            try:
                outcomes = run.run(reason, keep_vectors=not rebuild)
            except _OtherDimension as other:
                reason = str(other)
                outcomes = run.run(reason, keep_vectors=False)
        except BaseException:
            # What wasn't published is left; the catalog says that the store is dirty.
            run.store.close()
            raise
    return SyncReport(tuple(outcomes), time.perf_counter() - started, reason)


class _OtherDimension(Exception):
    """The embedder kept its name but makes vectors of another length."""


@dataclass
class _Sync:
    roots: Roots
    catalog: Catalog
    store: VectorStore
    lexical: LexicalIndex
    open_embedder: Callable[[], Embedder]
    embedder_name: str
    progress: Progress
    cancelled: Callable[[], bool]
    embedder: Embedder | None = None
    outcomes: dict[str, FileOutcome] = field(default_factory=dict)
    shadowed: list[FileOutcome] = field(default_factory=list)
    """Uploads whose paths are those of other files."""
    files: dict[str, Seen] = field(default_factory=dict)
    prepared: bool = False
    """The store is open, fits the catalog, and is marked dirty."""
    chunk_ids: dict[str, set[str]] = field(default_factory=dict)
    """Of each document in the catalog, once `prepared`."""
    bytes_total: int = 0
    bytes_done: int = 0

    def run(self, rebuild: str | None, *, keep_vectors: bool) -> list[FileOutcome]:
        self.outcomes, self.files, self.prepared = {}, {}, False
        if rebuild is not None or self.catalog.meta(FOLDER) is None:
            self._start_anew(keep_vectors and self._same_embedder())
        elif self.catalog.meta(STORE) != _fits(self.store):
            self._prepare()
        hashes = self.catalog.hashes()
        todo = self._plan(hashes)
        gone = sorted(hashes.keys() - self.outcomes.keys() - todo.keys())
        for source in gone:
            self.outcomes[source] = FileOutcome(source, "removed")
        unreadable = [s for s in sorted(hashes) if s in self.outcomes
                      and self.outcomes[s].action == "skipped"]  # fmt: skip
        self._remove([*gone, *unreadable])
        self._index(todo, hashes)
        self._finish()
        found = [*self.outcomes.values(), *self.shadowed]
        return sorted(found, key=lambda outcome: (outcome.source, outcome.action))

    def _same_embedder(self) -> bool:
        return self.catalog.meta(EMBEDDER) == self.embedder_name

    def _start_anew(self, keep_vectors: bool) -> None:
        with self.catalog.transaction():
            self.lexical.clear()
            self.catalog.clear(keep_vectors=keep_vectors)
            self.catalog.set_meta(FOLDER, str(self.roots.folder))
            for key, value in made_with(self.embedder_name).items():
                self.catalog.set_meta(key, value)
            if not keep_vectors:
                self.catalog.set_meta(DIMENSION, None)
            remember(self.catalog, {})
            self.catalog.set_meta(STORE, VOID)
        self._prepare()

    # --- which files ----------------------------------------------------------------------

    def _plan(self, hashes: dict[str, str]) -> dict[str, int]:
        """Files to be indexed, with their sizes; the others get their outcome."""
        scanned = self.roots.scan()
        sources, self.shadowed = scanned.sources, scanned.shadowed
        known = remembered(self.catalog)
        for outcome in scanned.skipped:
            self.outcomes[outcome.source] = outcome
        todo: dict[str, int] = {}
        for done, source in enumerate(sources):
            self._go_on()
            self.progress("Reading", done, len(sources))
            try:
                seen, _ = read(self.roots, source)
            except DocumentSkipped as error:
                self._skip(source, look(self.roots, source), str(error))
                continue
            before = known.get(source)
            if hashes.get(source) == seen.sha256:
                self.files[source] = seen
                self.outcomes[source] = FileOutcome(source, "unchanged")
            elif before is not None and before.reason and before.sha256 == seen.sha256:
                self._skip(source, seen, before.reason)
            else:
                todo[source] = seen.size
        self.progress("Reading", len(sources), len(sources))
        return todo

    def _skip(self, source: str, seen: Seen, reason: str) -> None:
        self.files[source] = Seen(seen.size, seen.mtime_ns, seen.sha256, reason)
        self.outcomes[source] = FileOutcome(source, "skipped", reason)

    def _go_on(self) -> None:
        if self.cancelled():
            raise Cancelled("stopped; what was indexed so far stays, the rest comes next time")

    # --- documents ------------------------------------------------------------------------

    def _index(self, todo: dict[str, int], hashes: dict[str, str]) -> None:
        self.bytes_total, self.bytes_done = sum(todo.values()), 0
        batch: list[Parsed] = []
        texts = size = 0
        for source in sorted(todo):
            self._go_on()
            size += todo[source]
            parsed = self._parse(source, hashes)
            if parsed is not None:
                batch.append(parsed)
                texts += len(parsed.sentences) + len(parsed.chunks)
            if texts >= _BATCH_TEXTS:
                self._store(batch, size)
                batch, texts, size = [], 0, 0
        self._store(batch, size)

    def _parse(self, source: str, hashes: dict[str, str]) -> Parsed | None:
        seen = look(self.roots, source)
        try:
            seen, data = read(self.roots, source)
            parsed = parse(source, data)
        except DocumentSkipped as error:
            self._skip(source, seen, str(error))
            if source in hashes:
                self._remove([source])
            return None
        self.files[source] = seen
        self.outcomes[source] = FileOutcome(source, "changed" if source in hashes else "added")
        return parsed

    def _store(self, batch: Sequence[Parsed], size: int) -> None:
        """A batch of documents, `size` bytes of files: into the index, or not at all."""
        if batch:
            self._prepare()
            self._embed(batch, size)
            self._commit(batch)
        if size:
            self.bytes_done += size
            self.progress("Indexing", self.bytes_done, self.bytes_total)

    def _embed(self, batch: Sequence[Parsed], size: int) -> None:
        """Sees to it that every chunk and every sentence that can be evidence has a vector."""
        texts = [c.text for parsed in batch for c in parsed.chunks]
        texts += [s.text for parsed in batch for s in parsed.evidence]
        texts = list(dict.fromkeys(texts))
        stored = self.catalog.vectors(texts)
        missing = [text for text, vector in zip(texts, stored, strict=True) if not vector.any()]
        for first in range(0, len(missing), _EMBED_TEXTS):
            self._go_on()
            done = self.bytes_done + size * first // len(missing)
            self.progress("Indexing", done, self.bytes_total)
            part = missing[first : first + _EMBED_TEXTS]
            self.catalog.put_vectors(part, self._open_embedder().embed(part))

    def _open_embedder(self) -> Embedder:
        if self.embedder is None:
            self.embedder = self.open_embedder()
        now, then = str(self.embedder.dimension), self.catalog.meta(DIMENSION)
        if then is None:
            self.catalog.set_meta(DIMENSION, now)
        elif then != now:
            raise _OtherDimension(f"dimension changed from {then} to {now}")
        return self.embedder

    def _commit(self, batch: Sequence[Parsed]) -> None:
        new = [
            chunk
            for parsed in batch
            for chunk in parsed.chunks
            if chunk.id not in self.chunk_ids.get(parsed.document.source, set())
        ]
        self._upsert(new)
        stale_ids: list[str] = []
        with self.catalog.transaction():
            for parsed in batch:
                source = parsed.document.source
                self._forget_postings(source)
                stored = self.catalog.put_document(parsed.document, parsed.sentences, parsed.chunks)
                for sentence in stored:
                    if sentence.kind in EVIDENCE_KINDS:
                        self.lexical.add(
                            sentence.id,
                            sentence.language,
                            terms.terms(sentence.text, sentence.language),
                        )
                ids = {chunk.id for chunk in parsed.chunks}
                stale_ids += sorted(self.chunk_ids.get(source, set()) - ids)
                self.chunk_ids[source] = ids
        self.store.delete(stale_ids)

    def _remove(self, sources: Sequence[str]) -> None:
        for first in range(0, len(sources), _REMOVALS):
            self._go_on()
            self._prepare()
            part = sources[first : first + _REMOVALS]
            with self.catalog.transaction():
                for source in part:
                    self._forget_postings(source)
                    self.catalog.remove_document(source)
            self.store.delete(sorted(i for s in part for i in self.chunk_ids.pop(s, set())))

    def _forget_postings(self, source: str) -> None:
        self.lexical.remove([sentence.id for sentence in self.catalog.sentences_of(source)])

    # --- the vector store -----------------------------------------------------------------

    def _prepare(self) -> None:
        """Before the first change: say that the store is dirty, and make it fit the catalog."""
        if self.prepared:
            return
        if self.catalog.meta(STORE) == VOID and self.store.marker():
            self.store.clear()
            self.store.flush()
        self.catalog.set_meta(STORE, DIRTY)
        chunks = {chunk.id: chunk for chunk in self.catalog.chunks()}
        try:
            there = self.store.ids()
        except IndexDamaged:
            self.store.clear()
            there = set()
        self._upsert([chunks[id_] for id_ in sorted(chunks.keys() - there)], "Restoring")
        self.store.delete(sorted(there - chunks.keys()))
        self.chunk_ids = {}
        for chunk in chunks.values():
            self.chunk_ids.setdefault(chunk.source, set()).add(chunk.id)
        self.prepared = True

    def _upsert(self, chunks: Sequence[Chunk], what: str | None = None) -> None:
        for first in range(0, len(chunks), _STORE_VECTORS):
            if what:
                self.progress(what, first, len(chunks))
            part = chunks[first : first + _STORE_VECTORS]
            vectors = self.catalog.vectors([chunk.text for chunk in part])
            if not vectors.any(axis=1).all():
                raise IndexDamaged(
                    "the index lost vectors: make it anew with `rag index --rebuild`"
                )
            self.store.upsert([c.id for c in part], vectors, [c.source for c in part])
        if what and chunks:
            self.progress(what, len(chunks), len(chunks))

    def _finish(self) -> None:
        """Publish, then say so."""
        if self.prepared:
            self.store.flush()
        with self.catalog.transaction():
            if self.prepared:
                self.catalog.drop_unused_vectors()
                self.catalog.set_meta(STORE, _fits(self.store))
            remember(self.catalog, self.files)


def _fits(store: VectorStore) -> str:
    return f"is {store.marker()}"
