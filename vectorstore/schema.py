"""The index file: one SQLite database that catalog and lexical index share.

Write-ahead log, one writer and any number of readers. Every failure of SQLite becomes one line of
`rag.errors`; a transaction that fails leaves the file as it was.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import IndexBusy, IndexDamaged, IndexMismatch, IndexMissing, RagError

SCHEMA = 1
"""Grows with every change of the tables below."""

_BUSY_SECONDS = 15.0
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,
    loader TEXT NOT NULL,
    title TEXT,
    date TEXT,
    language TEXT NOT NULL,
    quotable INTEGER NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE sentences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    paragraph INTEGER NOT NULL,
    kind TEXT NOT NULL,
    speech_first INTEGER,
    speech_last INTEGER,
    text TEXT NOT NULL,
    text_key BLOB NOT NULL,
    UNIQUE (document, number)
);
CREATE TABLE chunks (
    id TEXT PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    first_sentence INTEGER NOT NULL,
    last_sentence INTEGER NOT NULL,
    text TEXT NOT NULL,
    text_key BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX chunks_document ON chunks (document);
CREATE TABLE vectors (text_key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL);
CREATE TABLE terms (
    id INTEGER PRIMARY KEY,
    language TEXT NOT NULL,
    term TEXT NOT NULL,
    UNIQUE (language, term)
);
CREATE TABLE lengths (sentence INTEGER PRIMARY KEY, language TEXT NOT NULL, terms INTEGER NOT NULL);
CREATE TABLE postings (
    term INTEGER NOT NULL,
    sentence INTEGER NOT NULL,
    frequency INTEGER NOT NULL,
    PRIMARY KEY (term, sentence)
) WITHOUT ROWID;
CREATE INDEX postings_sentence ON postings (sentence);
"""


class Database:
    """One connection, shared by the threads of a process: reads and transactions wait for each
    other, so that no thread sees what another has not committed.

    Raises IndexMissing (`create=False` and no file), IndexMismatch (a newer version's file),
    IndexDamaged (not a database), RagError (no permission, no space).
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        if not create and not path.is_file():
            raise IndexMissing(f"no index in {path.parent}: make one with `rag index`")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RagError(
                f"{path.parent}: can't be made a data folder ({error.strerror})"
            ) from None
        with self._one_line():
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        with self._one_line():
            if self._version() > SCHEMA:
                raise IndexMismatch(
                    f"{self.path} was made by a newer version of this program (schema "
                    f"{self._version()}, this one reads {SCHEMA}): update it, or make the index "
                    "anew with `rag index --rebuild`"
                )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            if self._version() == 0:
                with self.transaction():
                    if self._version() == 0:
                        for statement in _TABLES.split(";\n"):
                            self._connection.execute(statement)
                        self._connection.execute(f"PRAGMA user_version = {SCHEMA}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement."""
        with self._lock, self._one_line():
            return self._connection.execute(sql, values).fetchall()

    def rows_in(self, sql: str, keys: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Rows of a statement whose `IN (?)` is filled with any number of keys."""
        for first in range(0, len(keys), 500):
            part = keys[first : first + 500]
            yield from self.rows(sql.replace("(?)", f"({','.join('?' * len(part))})"), part)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Runs one writing statement inside a transaction; how many rows it changed."""
        with self.transaction(), self._one_line():
            return self._connection.execute(sql, values).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self.transaction(), self._one_line():
            self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner transaction is part of the outer one."""
        with self._lock:
            if self._depth == 0:
                with self._one_line():
                    self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    with self._one_line():
                        self._connection.execute("COMMIT")
            except BaseException:
                if self._depth == 1 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Reads that belong together: they see one state, whatever other processes commit."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            with self._one_line():
                self._connection.execute("BEGIN")
            try:
                yield
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("COMMIT")

    def state(self) -> tuple[int, int] | None:
        """Changes with every write of this or another process; None inside a transaction, whose
        writes may yet be taken back."""
        with self._lock:
            if self._depth:
                return None
            return (
                int(self.rows("PRAGMA data_version")[0][0]),
                self._connection.total_changes,
            )

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            raise self._explained(error) from error

    def _explained(self, error: sqlite3.DatabaseError) -> RagError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        short_read = code == sqlite3.SQLITE_IOERR_SHORT_READ
        match code & 0xFF:
            case sqlite3.SQLITE_FULL:
                return RagError(
                    f"no space left for {self.path}: free some and run it again; "
                    "the index is as it was before"
                )
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return IndexBusy(f"another process is writing {self.path}: try again in a moment")
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                return RagError(
                    f"{self.path} can't be opened for writing ({error}): check its permissions, "
                    "or choose another place with --data"
                )
            case sqlite3.SQLITE_IOERR if not short_read:
                return RagError(
                    f"the disk failed on {self.path} ({error}): check its space and try again"
                )
        return IndexDamaged(
            f"{self.path} is damaged ({error}): make it anew with `rag index --rebuild`"
        )


def remove_index(path: Path) -> None:
    """Deletes the index file of a damaged or foreign index. Raises RagError when it can't."""
    for suffix in ("", "-wal", "-shm"):
        try:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            raise RagError(f"{path}{suffix}: can't be deleted ({error.strerror})") from None
