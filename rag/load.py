"""Files of a folder to documents: the only room that reads the person's files.

`scan` says what is there, `read` reads one file's bytes, `load` makes a document of them. Names
of files are data: a source that leads out of the folder is refused, whoever made it up.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import unicodedata
from pathlib import Path, PurePosixPath

from rag import formats
from rag.dates import document_date, front_matter
from rag.decode import decode
from rag.errors import DocumentSkipped, UsageError
from rag.formats import Extract
from rag.language import detect
from rag.text import split_sentences
from rag.types import UNKNOWN_LANGUAGE, Document, FileOutcome

READABLE = frozenset({".txt", ".text", ".md", ".markdown", ".html", ".htm", ".pdf", ".docx"})
MAX_BYTES = 100 * 1024 * 1024
VERSION = "1"
"""Of how bytes become text, title, date and language; an index made by another is made anew."""

# --- the folder ---------------------------------------------------------------------------


def scan(folder: Path) -> tuple[list[str], list[FileOutcome]]:
    """Sources of the folder's readable files, and what is passed over with why, both sorted.

    A source is the path relative to `folder`, POSIX style, NFC. Links to files inside the folder
    are read; links that leave it, and links to folders, aren't followed. Raises UsageError when
    the folder isn't there.
    """
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "doesn't exist"
        raise UsageError(f"{folder} {what}: name a folder of documents with --docs")
    root = folder.resolve()
    readable: dict[str, list[str]] = {}
    skipped: list[FileOutcome] = []
    pending = [root]
    while pending:
        here = pending.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            skipped.append(_skip(_relative(root, here), f"folder {_why(error)}"))
            continue
        for entry in entries:
            path = here / entry.name
            source = _relative(root, path)
            reason = _refusal(root, path, entry)
            if reason is not None:
                skipped.append(_skip(source, reason))
            elif entry.is_dir(follow_symlinks=False):
                pending.append(path)
            else:
                readable.setdefault(unicodedata.normalize("NFC", source), []).append(source)
    # Names that differ only in how their accents are spelt keep their spelling.
    sources = [
        source
        for composed, spelt in readable.items()
        for source in (spelt if len(spelt) > 1 else [composed])
    ]
    return sorted(sources), sorted(skipped, key=lambda outcome: outcome.source)


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _skip(source: str, reason: str) -> FileOutcome:
    shown = os.fsencode(source).decode("utf-8", errors="backslashreplace")
    return FileOutcome(unicodedata.normalize("NFC", shown), "skipped", reason)


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "not permitted: this user may not read it"
    if isinstance(error, FileNotFoundError):
        return "vanished while the folder was read"
    return f"can't be read: {error.strerror or error}"


def _refusal(root: Path, path: Path, entry: os.DirEntry[str]) -> str | None:
    """Why an entry isn't read; None for a file to read and for a folder to walk."""
    folder = entry.is_dir(follow_symlinks=False)
    try:
        entry.name.encode("utf-8")
    except UnicodeEncodeError:
        return "its name isn't valid UTF-8: rename it"
    if entry.name.startswith((".", "~$")):
        return "hidden folder" if folder else "hidden file"
    if folder:
        return None
    try:
        if entry.is_symlink():
            reason = _link_refusal(root, path)
            if reason is not None:
                return reason
        status = path.stat()
    except OSError as error:
        return _why(error)
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    suffix = path.suffix.lower()
    if suffix not in READABLE:
        known = ", ".join(sorted(READABLE))
        return f"unknown format {suffix or '(no suffix)'}: read are {known}"
    if status.st_size > MAX_BYTES:
        return _too_large(status.st_size)
    return None if os.access(path, os.R_OK) else "not permitted: this user may not read it"


def _link_refusal(root: Path, path: Path) -> str | None:
    try:
        target = path.resolve(strict=True)
    except (RuntimeError, OSError) as error:
        looped = isinstance(error, RuntimeError) or getattr(error, "errno", None) == errno.ELOOP
        return "symbolic link that goes in a circle" if looped else "symbolic link to nothing"
    if not target.is_relative_to(root):
        return "symbolic link that leaves the folder"
    if not target.is_dir():
        return None
    if path.parent.resolve().is_relative_to(target):
        return "symbolic link that goes in a circle"
    return "symbolic link to a folder: it is read where it stands"


def _too_large(size: int) -> str:
    return f"too large: {size / 2**20:.1f} MB, at most {MAX_BYTES >> 20} MB are read"


def read(folder: Path, source: str) -> bytes:
    """The bytes of one source. Raises DocumentSkipped: vanished, unreadable, empty, too large, or
    leading out of the folder."""
    root = folder.resolve()
    parts = PurePosixPath(source).parts
    outside = PurePosixPath(source).is_absolute() or ".." in parts or not parts or "\0" in source
    if outside or (os.sep != "/" and os.sep in source):
        raise DocumentSkipped("its path leaves the documents' folder")
    try:
        path = existing(root, parts).resolve(strict=True)
        if not path.is_relative_to(root):
            raise DocumentSkipped("its path leaves the documents' folder")
        # Not to hang on a pipe that took the file's place.
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise DocumentSkipped("not a regular file")
            if status.st_size > MAX_BYTES:
                raise DocumentSkipped(_too_large(status.st_size))
            data = file.read(MAX_BYTES + 1)
    except UnicodeError:
        raise DocumentSkipped("its name isn't valid UTF-8: rename it") from None
    except RuntimeError:
        raise DocumentSkipped("symbolic link that goes in a circle") from None
    except OSError as error:
        raise DocumentSkipped(_why(error)) from None
    if len(data) > MAX_BYTES:
        raise DocumentSkipped(_too_large(len(data)))
    if not data:
        raise DocumentSkipped("empty file")
    return data


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def is_there(folder: Path, source: str) -> bool:
    """Whether anything has that path, readable or not."""
    path = existing(folder, PurePosixPath(source).parts)
    return path.exists() or path.is_symlink()


def existing(root: Path, parts: tuple[str, ...]) -> Path:
    """The path as the disk spells it: a name may be stored decomposed (NFD)."""
    path = root.joinpath(*parts)
    if path.exists() or path.is_symlink() or all(part.isascii() for part in parts):
        return path
    path = root
    for part in parts:
        exact = path / part
        if not exact.exists():
            wanted = unicodedata.normalize("NFC", part)
            for entry in sorted(path.iterdir()) if path.is_dir() else ():
                if unicodedata.normalize("NFC", entry.name) == wanted:
                    exact = entry
                    break
        path = exact
    return path


# --- one document -------------------------------------------------------------------------


def load(source: str, data: bytes) -> Document:
    """The document that a file's bytes hold. Raises DocumentSkipped with one short line."""
    if not data:
        raise DocumentSkipped("empty file")
    suffix = PurePosixPath(source).suffix.lower()
    found, loader = _extracted(suffix, data)
    if not found.text.strip():
        raise DocumentSkipped("no text in it, only white space")
    return Document(
        source=source,
        sha256=hashlib.sha256(data).hexdigest(),
        loader=loader,
        text=found.text,
        title=found.title or text_title(found.text),
        date=found.date or document_date(found.text, source),
        language=detect(found.text) or _primary(found.language) or UNKNOWN_LANGUAGE,
    )


def _extracted(suffix: str, data: bytes) -> tuple[Extract, str]:
    if suffix in (".html", ".htm"):
        return formats.html(data), "html-1+beautifulsoup4"
    if suffix == ".pdf":
        return formats.pdf(data), "pdf-1+pypdf"
    if suffix == ".docx":
        return formats.docx(data), "docx-1+python-docx"
    if suffix not in READABLE:
        known = ", ".join(sorted(READABLE))
        raise DocumentSkipped(f"unknown format {suffix or '(no suffix)'}: read are {known}")
    text = decode(data)
    if suffix in (".md", ".markdown"):
        return Extract(text, _markdown_title(text)), "md-1"
    return Extract(text), "txt-1"


def _primary(language: str | None) -> str | None:
    """`fr` of `fr-CH`; None for what is no two-letter code."""
    code = re.match(r"([a-z]{2})(?:[-_]|$)", (language or "").strip().lower())
    return code[1] if code else None


_TITLE_FIELD = re.compile(r"^title\s*:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)
_HEADING = re.compile(r"^#{1,2}[^\S\n]+(\S.*?)[^\S\n]*#*[^\S\n]*$", re.MULTILINE)


def _markdown_title(text: str) -> str | None:
    """From the front matter, else the first heading."""
    block = front_matter(text)
    field = _TITLE_FIELD.search(block[2]) if block else None
    if field:
        return field[1].strip("\"'").strip()[:300] or None
    heading = _HEADING.search(text[:20_000])
    return re.sub(r"[*_`]", "", heading[1])[:300] or None if heading else None


def text_title(text: str) -> str | None:
    """The heading that a text begins with; where a few words stand above a longer one ("Chine vs.
    USA", then what happened), the longer one. None for a text that begins with a sentence."""
    top = text[:5_000]
    headings: list[str] = []
    for sentence in split_sentences(top, UNKNOWN_LANGUAGE):
        if sentence.kind == "meta":
            continue
        if sentence.kind != "heading" or sentence.end == len(top) < len(text):
            break
        headings.append(" ".join(top[sentence.start : sentence.end].split()))
    if not headings:
        return None
    kicker = len(headings) > 1 and len(headings[0].split()) <= 4
    return headings[1] if kicker and len(headings[1]) > len(headings[0]) else headings[0]
