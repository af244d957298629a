"""JSON lines that survive a crash: a line is there whole or not at all.

A line is confirmed once it is on the disk. What stands after the last newline was never confirmed
(the machine stopped while it was written): it is passed over, and cut off by the next line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 10.0
"""Seconds that one writer waits for another."""


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Adds one line. Raises RagError where it can't be kept."""
    line = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    with _alone(path), path.open("ab+") as file:
        _cut_torn_end(file)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[dict[str, Any]]:
    """The lines that are JSON objects, oldest first; none where there is no file."""
    return [record for _, record in _lines(path) if record is not None]


def remove(path: Path, key: str, value: str) -> bool:
    """Takes out the lines whose `key` is `value`; whether there was one."""
    with _alone(path):
        kept, found = [], False
        for raw, record in _lines(path):
            if record is not None and record.get(key) == value:
                found = True
            else:
                kept.append(raw)
        if found:
            _replace(path, kept)
        return found


def _lines(path: Path) -> list[tuple[bytes, dict[str, Any] | None]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RagError(f"{path} can't be read ({error.strerror})") from error
    found: list[tuple[bytes, dict[str, Any] | None]] = []
    for raw in content.split(b"\n")[:-1]:
        try:
            record = json.loads(raw)
        except ValueError:
            record = None
        found.append((raw, record if isinstance(record, dict) else None))
    return found


def _cut_torn_end(file: IO[bytes]) -> None:
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return
    file.seek(0)
    file.truncate(file.read().rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)


def _replace(path: Path, lines: Sequence[bytes]) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One writer at a time, over processes too."""
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(path.name + ".lock"), timeout=_PATIENCE):
            yield
    except Timeout:
        raise RagError(f"{path} is being written by another process: try again") from None
    except OSError as error:
        raise RagError(f"{path} can't be written ({error.strerror}): is the disk full?") from error
