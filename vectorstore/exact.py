"""Exact search over vectors in memory: what answers while another process writes the vector
store, or when Chroma's folder can't be read. 10,000 chunks of 384 dimensions are 15 MB."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rag.protocols import Catalog, Vectors
from rag.types import Hit


class ExactStore:
    """`rag.protocols.VectorStore` that lasts as long as the process."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._vectors: Vectors = np.zeros((0, 0), np.float32)

    @classmethod
    def of(cls, catalog: Catalog) -> ExactStore:
        """Every chunk of a catalog that has a vector there."""
        store = cls()
        chunks = catalog.chunks()
        vectors = catalog.vectors([chunk.text for chunk in chunks])
        known = np.flatnonzero(vectors.any(axis=1))
        store.upsert([chunks[row].id for row in known], vectors[known])
        return store

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Raises ValueError unless there is one vector an id, all of one length."""
        if len(ids) != len(vectors):
            raise ValueError(f"{len(ids)} ids and {len(vectors)} vectors")
        if not len(ids):
            return
        if self._rows and vectors.shape[1] != self._vectors.shape[1]:
            raise ValueError(
                f"vectors of dimension {vectors.shape[1]}, not {self._vectors.shape[1]}"
            )
        last = {key: row for row, key in enumerate(ids)}
        kept = [row for key, row in self._rows.items() if key not in last]
        keys = [key for key in self._rows if key not in last] + list(last)
        new = np.asarray(vectors, np.float32)[list(last.values())]
        self._vectors = np.concatenate([self._vectors[kept], new]) if kept else new
        self._rows = {key: row for row, key in enumerate(keys)}

    def delete(self, ids: Sequence[str]) -> None:
        gone = set(ids)
        kept = {key: row for key, row in self._rows.items() if key not in gone}
        self._vectors = self._vectors[list(kept.values())]
        self._rows = {key: row for row, key in enumerate(kept)}

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[Hit]:
        if limit <= 0 or not self._rows:
            return []
        # A sum along each row, not a matrix product: no score depends on what else is stored.
        scores = (self._vectors * np.asarray(vector, np.float32)).sum(axis=1, dtype=np.float64)
        hits = [Hit(key, float(scores[row])) for key, row in self._rows.items()]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:limit]

    def ids(self) -> set[str]:
        return set(self._rows)

    def clear(self) -> None:
        self._rows, self._vectors = {}, np.zeros((0, 0), np.float32)

    def flush(self) -> None:
        """Nothing to do: there are no other processes."""

    def marker(self) -> str:
        return f"exact {id(self)} {len(self._rows)}" if self._rows else ""

    def close(self) -> None:
        self.clear()
