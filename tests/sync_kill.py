"""A sync in a process of its own that kills itself (SIGKILL) at the n-th call of a seam.

python tests/sync_kill.py FOLDER DATA N     prints "whole" when it ended before that
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from rag.fakes import HashEmbedder
from rag.sync import sync
from vectorstore.catalog import SqliteCatalog
from vectorstore.chroma import ChromaStore
from vectorstore.lexical import SqliteLexicalIndex

WATCHED = (
    "put_vectors", "put_document", "remove_document", "set_meta", "drop_unused_vectors",
    "add", "remove", "clear", "upsert", "delete", "flush", "ids", "embed",
)  # fmt: skip


class Watched:
    """Passes every call on; before the watched ones `count()` is called."""

    def __init__(self, inner: Any, count: Any) -> None:
        self._inner, self._count = inner, count

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name not in WATCHED:
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            self._count()
            return value(*args, **kwargs)

        return call


def main(folder: Path, data: Path, limit: int) -> None:
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1
        if calls == limit:
            os.kill(os.getpid(), signal.SIGKILL)

    catalog = SqliteCatalog(data / "index.sqlite")
    embedder = HashEmbedder(16)
    sync(
        folder,
        Watched(catalog, count),
        lambda: Watched(ChromaStore(data / "chroma"), count),
        Watched(SqliteLexicalIndex(catalog.database), count),
        lambda: Watched(embedder, count),
        data=data,
        embedder_name=embedder.name,
    )
    print("whole")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
