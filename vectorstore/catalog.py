"""Documents with their text, sentences, chunks and vectors, in SQLite: what everything else of the
index can be made anew from.

A text is embedded once: vectors are kept by the SHA-256 of their text, however many sentences and
chunks say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import IndexDamaged, UsageError
from rag.protocols import Vectors
from rag.types import EVIDENCE_KINDS, Chunk, Document, DocumentInfo, Sentence, Span
from vectorstore.schema import Database

_SENTENCE = """
    s.id, d.source, s.number, s.first, s.last, s.text, s.paragraph, s.kind, d.language,
    s.speech_first, s.speech_last
    FROM sentences s JOIN documents d ON d.id = s.document"""


def text_key(text: str) -> bytes:
    """Under which the vector of a text is kept."""
    return sha256(text.encode()).digest()


class SqliteCatalog:
    """`rag.protocols.Catalog` in one file. May be shared by threads.

    `database` is what the lexical index is given, so that a document's postings are committed with
    its sentences. Every method may raise IndexDamaged, and RagError when the disk is full.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Raises IndexMissing, IndexMismatch, IndexDamaged (see `Database`)."""
        self.database = Database(path, create=create)
        self.path = path

    def close(self) -> None:
        self.database.close()

    # --- reading ------------------------------------------------------------------------

    def documents(self) -> list[DocumentInfo]:
        rows = self.database.rows(
            "SELECT source, title, date, language, quotable FROM documents ORDER BY source"
        )
        return sorted((DocumentInfo(*row) for row in rows), key=lambda info: info.source)

    def document(self, source: str) -> Document:
        rows = self.database.rows(
            "SELECT source, sha256, loader, text, title, date, language FROM documents "
            "WHERE source = ?",
            (source,),
        )
        if not rows:
            raise UsageError(f"no document {source!r} in the index: `rag sources` lists them")
        return Document(*rows[0])

    def sentences(self, ids: Sequence[int]) -> list[Sentence]:
        found = {
            row[0]: _sentence(row)
            for row in self.database.rows_in(
                f"SELECT {_SENTENCE} WHERE s.id IN (?)", list(dict.fromkeys(ids))
            )
        }
        return [found[id_] for id_ in ids if id_ in found]

    def sentences_of(self, source: str) -> list[Sentence]:
        rows = self.database.rows(
            f"SELECT {_SENTENCE} WHERE d.source = ? ORDER BY s.number", (source,)
        )
        return [_sentence(row) for row in rows]

    def sentences_of_chunks(self, chunk_ids: Sequence[str]) -> dict[str, list[Sentence]]:
        found: dict[str, list[Sentence]] = {}
        rows = self.database.rows_in(
            f"""SELECT c.id, {_SENTENCE} JOIN chunks c ON c.document = s.document
            AND s.number BETWEEN c.first_sentence AND c.last_sentence
            WHERE c.id IN (?) ORDER BY c.id, s.number""",
            list(dict.fromkeys(chunk_ids)),
        )
        for chunk_id, *row in rows:
            found.setdefault(chunk_id, []).append(_sentence(row))
        return {chunk_id: found[chunk_id] for chunk_id in chunk_ids if chunk_id in found}

    def vectors(self, texts: Sequence[str]) -> Vectors:
        keys = [text_key(text) for text in texts]
        found: dict[bytes, bytes] = dict(
            self.database.rows_in(
                "SELECT text_key, vector FROM vectors WHERE text_key IN (?)",
                list(dict.fromkeys(keys)),
            )
        )
        vectors = np.zeros((len(texts), self._dimension()), np.float32)
        for row, key in enumerate(keys):
            if key in found:
                try:
                    vectors[row] = np.frombuffer(found[key], np.float32)
                except ValueError:
                    raise IndexDamaged(
                        f"{self.path} holds a vector of a wrong length: make it anew with "
                        "`rag index --rebuild`"
                    ) from None
        return vectors

    def _dimension(self) -> int:
        rows = self.database.rows("SELECT length(vector) FROM vectors LIMIT 1")
        return rows[0][0] // 4 if rows else 0

    def chunks(self) -> list[Chunk]:
        """Sorted by (source, start)."""
        rows = self.database.rows(
            "SELECT c.id, d.source, c.first, c.last, c.first_sentence, c.last_sentence, c.text "
            "FROM chunks c JOIN documents d ON d.id = c.document"
        )
        return sorted((Chunk(*row) for row in rows), key=lambda c: (c.source, c.start, c.id))

    def hashes(self) -> dict[str, str]:
        return dict(self.database.rows("SELECT source, sha256 FROM documents"))

    def meta(self, key: str) -> str | None:
        rows = self.database.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def generation(self) -> int:
        return int(self.meta("generation") or 0)

    # --- writing ------------------------------------------------------------------------

    def transaction(self) -> AbstractContextManager[None]:
        return self.database.transaction()

    def set_meta(self, key: str, value: str | None) -> None:
        if value is None:
            self.database.execute("DELETE FROM meta WHERE key = ?", (key,))
        else:
            self.database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def put_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Vectors of shape (len(texts), dimension)."""
        self.database.execute_many(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
            [
                (text_key(text), np.ascontiguousarray(vector, np.float32).tobytes())
                for text, vector in zip(texts, vectors, strict=True)
            ],
        )

    def put_document(
        self, document: Document, sentences: Sequence[Sentence], chunks: Sequence[Chunk]
    ) -> list[Sentence]:
        with self.transaction():
            self.remove_document(document.source)
            quotable = sum(sentence.kind in EVIDENCE_KINDS for sentence in sentences)
            self.database.execute(
                "INSERT INTO documents (source, sha256, loader, title, date, language, quotable,"
                " text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    document.source,
                    document.sha256,
                    document.loader,
                    document.title,
                    document.date,
                    document.language,
                    quotable,
                    document.text,
                ),
            )
            number = self._last_id("documents")
            first = self._last_id("sentences") + 1
            stored = [
                replace(sentence, id=first + offset) for offset, sentence in enumerate(sentences)
            ]
            self.database.execute_many(
                "INSERT INTO sentences VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (_sentence_row(sentence, number) for sentence in stored),
            )
            self.database.execute_many(
                "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (c.id, number, c.start, c.end, c.first, c.last, c.text, text_key(c.text))
                    for c in chunks
                ),
            )
            self._touch()
        return stored

    def remove_document(self, source: str) -> None:
        with self.transaction():
            if self.database.execute("DELETE FROM documents WHERE source = ?", (source,)):
                self._touch()

    def clear(self, *, keep_vectors: bool) -> None:
        with self.transaction():
            for table in ("sentences", "chunks", "documents"):
                self.database.execute(f"DELETE FROM {table}")
            if not keep_vectors:
                self.database.execute("DELETE FROM vectors")
            self._touch()

    def drop_unused_vectors(self) -> int:
        return self.database.execute(
            "DELETE FROM vectors WHERE text_key NOT IN "
            "(SELECT text_key FROM sentences WHERE kind IN ('prose', 'heading') "
            "UNION SELECT text_key FROM chunks)"
        )

    def _touch(self) -> None:
        self.set_meta("generation", str(self.generation() + 1))

    def _last_id(self, table: str) -> int:
        # AUTOINCREMENT remembers the last number given, so that a number that a reader still holds
        # is never given to another sentence.
        rows = self.database.rows("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        return int(rows[0][0]) if rows else 0


def _sentence(row: Sequence[Any]) -> Sentence:
    speech = None if row[9] is None else Span(row[9], row[10])
    id_, source, number, start, end, text, paragraph, kind, language = row[:9]
    return Sentence(id_, source, number, start, end, text, paragraph, kind, language, speech)


def _sentence_row(sentence: Sentence, document: int) -> tuple[Any, ...]:
    speech = sentence.speech
    return (
        sentence.id,
        document,
        sentence.index,
        sentence.start,
        sentence.end,
        sentence.paragraph,
        sentence.kind,
        None if speech is None else speech.start,
        None if speech is None else speech.end,
        sentence.text,
        text_key(sentence.text),
    )
