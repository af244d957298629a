"""The peer: what the libraries' own quick starts say, and nothing else.

As a script it is a whole search from cold: `python -m bench.plain MODEL_FOLDER INDEX_FOLDER QUESTION`.
Nothing of `rag` is imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

RESULTS = 10


def open_model(folder: str) -> Any:
    """A sentence-transformers model with that library's defaults, on the processor."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(folder, device="cpu", local_files_only=True)


def open_collection(folder: str) -> Any:
    """A Chroma collection in a folder of its own, by cosine."""
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
    return client.get_or_create_collection("chunks", configuration={"hnsw": {"space": "cosine"}})


def add(model: Any, collection: Any, texts: Sequence[str], first: int = 0) -> None:
    """Encodes in batches of 32 (the library's default) and adds in as large parts as Chroma takes."""
    vectors = model.encode(list(texts), batch_size=32, show_progress_bar=False)
    part = 5000
    for start in range(0, len(texts), part):
        rows = range(start, min(start + part, len(texts)))
        collection.add(
            ids=[str(first + row) for row in rows],
            embeddings=vectors[rows.start : rows.stop],
            documents=[texts[row] for row in rows],
        )


def find(model: Any, collection: Any, question: str) -> list[str]:
    """The nearest texts, best first."""
    vector = model.encode([question], show_progress_bar=False)
    found = collection.query(query_embeddings=vector, n_results=min(RESULTS, collection.count()))
    return list(found["documents"][0])


def main(model_folder: str, index_folder: str, question: str) -> int:
    found = find(open_model(model_folder), open_collection(index_folder), question)
    sys.stdout.write("\n".join(found) + "\n")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
