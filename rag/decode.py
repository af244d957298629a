"""Bytes of a text file to text, without losing a letter.

UTF-8 is taken where the bytes are valid UTF-8, for nothing else looks like it by chance. Western
single-byte text is told from other legacy encodings by whether its letters stand where letters do;
only what is left is handed to charset-normalizer.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator

from rag.errors import DocumentSkipped

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"%PDF-", "a PDF"), (b"PK\x03\x04", "a zip archive"), (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"), (b"GIF8", "a GIF image"), (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file"),
    (b"SQLite format 3\x00", "a SQLite database"), (b"7z\xbc\xaf", "a 7z archive"),
)  # fmt: skip
_MAX_CONTROL = 0.02
"""Share of control characters above which bytes are no text."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def kind_of(data: bytes) -> str | None:
    """What binary format the bytes begin as, in words; None for what may be text."""
    return next((name for magic, name in _MAGIC if data.startswith(magic)), None)


def decode(data: bytes, declared: str | None = None) -> str:
    """The text, a byte order mark removed and newlines untouched; never with lone surrogates.

    `declared` is an encoding that the document itself names, tried after UTF-8. NUL characters in
    otherwise readable text stay, so that offsets are those of the decoded bytes. Raises
    DocumentSkipped for bytes that are no text.
    """
    name = kind_of(data)
    if name is not None:
        raise DocumentSkipped(f"binary: by its content this is {name}")
    text = _decoded(data, declared)
    sample = text[:200_000]
    if len(_CONTROL.findall(sample)) > _MAX_CONTROL * len(sample) + 1:
        raise DocumentSkipped("binary: control characters where text was expected")
    return text


def _decoded(data: bytes, declared: str | None) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _mended(data[len(mark) :], encoding)
    wide = _wide(data)
    if wide is not None:
        return wide
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if declared is not None:
        text = _as_declared(data, declared)
        if text is not None:
            return text
    if _nearly_utf8(data):
        return data.decode("utf-8", errors="replace")
    if _western(data):
        return _windows(data)
    return _legacy(data)


def _mended(data: bytes, encoding: str) -> str:
    """Strictly, else with U+FFFD for a little damage; a file that is cut short ends in one."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, errors="replace")
        if text.count("\ufffd") > 1 + len(text) // 100:
            raise DocumentSkipped(f"damaged: it begins as {encoding} and goes on as none") from None
        return text


def _wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: every other byte of Western text is NUL."""
    sample = data[:4096]
    if b"\x00" not in sample or len(data) % 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if even > 0.4 * half and odd > 0.4 * half:
        candidates = ("utf-32-le", "utf-32-be")
    elif odd > 0.4 * half and even < 0.05 * half:
        candidates = ("utf-16-le", "")
    elif even > 0.4 * half and odd < 0.05 * half:
        candidates = ("utf-16-be", "")
    else:
        return None
    for encoding in filter(None, candidates):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    return None


def _as_declared(data: bytes, declared: str) -> str | None:
    try:
        name = codecs.lookup(declared).name
        # What calls itself latin-1 on the web is read as Windows-1252 (WHATWG Encoding Standard).
        if name in ("iso8859-1", "ascii", "cp1252"):
            return _windows(data)
        return _encodable(data.decode(name))
    except (LookupError, UnicodeError, ValueError):
        return None


def _encodable(text: str) -> str | None:
    """None for text that UTF-8 can't hold (UTF-7 and the like may yield lone surrogates)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return None
    return text


_MULTI = re.compile(rb"[\xc3-\xf4][\x80-\xbf]{1,3}")
_SAMPLE = 1_000_000
_HIGH = re.compile(rb"[\x80-\xff]")


def _nearly_utf8(data: bytes) -> bool:
    """UTF-8 with a little damage: a cut file, a line of another encoding."""
    sample = data if len(data) < _SAMPLE else data[:_SAMPLE] + data[-_SAMPLE:]
    whole = len(_MULTI.findall(sample))
    text = sample.decode("utf-8", errors="replace")
    return whole >= 10 * text.count("\ufffd") or (
        whole > 0 and text.count("\ufffd") == 1 and text.endswith("\ufffd")
    )


_WINDOWS = "".join(bytes([i]).decode("cp1252", errors="ignore") or chr(i) for i in range(256))
_LATIN_9 = re.compile(rb"[A-Za-z]\xbd[a-z]|\d[\xa0 ]?\xa4")
_SIGNS = frozenset("«»“”‘’–—…°€£©®§·•\u00a0 ´¨ºª²³½¼¾×±µ¿¡„™†‰")


def _windows(data: bytes) -> str:
    """Windows-1252 as browsers read it; ISO 8859-15 where its € or œ stands."""
    if _LATIN_9.search(data) and not re.search(rb"[\x80-\x9f]", data):
        return data.decode("iso8859-15")
    return codecs.charmap_decode(data, "strict", _WINDOWS)[0]


def _western(data: bytes) -> bool:
    """Whether what Windows-1252 makes of the high bytes stands where it belongs: lower-case letters
    beside letters, capitals at the beginning of words or among capitals, signs anywhere."""
    text = _windows(data[:100_000])
    high = likely = letters = 0
    for before, character, after in _neighbours(text):
        if character < "\x80":
            continue
        high += 1
        if character.isalpha() and character not in "ªº":
            letters += 1
            if unicodedata.category(character) == "Ll":
                likely += before < "\x80" or after < "\x80"
            else:
                likely += not before.isalpha() or before.isupper()
        elif character in _SIGNS:
            likely += character in "’\u00ad" or not (before.isalpha() and after.isalpha())
    rare = letters <= 0.35 * sum(character.isalpha() for character in text)
    return likely == high or (rare and likely >= 0.9 * high)


def _neighbours(text: str) -> Iterator[tuple[str, str, str]]:
    padded = f" {text} "
    return zip(padded, text, padded[2:], strict=False)


def _legacy(data: bytes) -> str:
    """Another encoding, as charset-normalizer judges it; Windows-1252 where it can't."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000]).best()
    if best is None:
        if data.count(0) or len(_HIGH.findall(data)) > 0.5 * len(data):
            raise DocumentSkipped("binary: no encoding of text fits it")
        return _windows(data)
    text = _as_declared(data, best.encoding)
    return text if text is not None else _windows(data)
