"""Text of HTML, PDF and Word files: paragraphs apart by a blank line, a list's items behind "- ".

Every function raises DocumentSkipped with a reason for what it can't read, and bounds its work, so
that a file made to hang a reader is left out instead.
"""

from __future__ import annotations

import io
import logging
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.dates import read_date
from rag.decode import decode
from rag.errors import DocumentSkipped

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

MAX_HTML = 20 * 1024 * 1024
"""Bytes; a page is a tree in memory, some twenty times its size."""
MAX_TAGS = 500_000
MAX_PAGES = 5_000
MAX_TEXT = 30_000_000
"""Characters that a PDF may hold."""
MAX_PAGE_STREAM = 10 * 1024 * 1024
"""Bytes of one PDF page's drawing commands, unpacked; pypdf reads about 2 MB a second."""
MAX_SECONDS = 600.0
"""For one PDF: a page may draw what draws itself again, at no cost in bytes."""
MAX_UNZIPPED = 200 * 1024 * 1024
"""Bytes of a Word file, unpacked; what its own directory says is what is read at most."""
MAX_XML = 40 * 1024 * 1024
"""Of these, bytes of XML; the rest is pictures."""
MAX_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Extract:
    """What a file holds, as far as it says so itself."""

    text: str
    title: str | None = None
    date: str | None = None
    language: str | None = None


# --- HTML ---------------------------------------------------------------------------------

_DROPPED = frozenset(
    """script style noscript template nav footer head svg math iframe object canvas button select
    textarea option audio video form dialog""".split()
)
_BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details div dl dt fieldset figcaption
    figure h1 h2 h3 h4 h5 h6 header hgroup hr html main ol p pre section summary table tbody thead
    tfoot ul""".split()
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_META_DATES = (
    "article:published_time", "datepublished", "date", "dc.date", "dc.date.issued",
    "dcterms.created", "dcterms.date", "pubdate", "publish_date", "publication_date",
    "parsely-pub-date", "sailthru.date", "article.published", "citation_publication_date",
)  # fmt: skip


def html(data: bytes) -> Extract:
    """Visible text of a page, with what its head says of title, date and language."""
    from bs4 import BeautifulSoup

    if len(data) > MAX_HTML:
        raise DocumentSkipped(f"too large for HTML: at most {MAX_HTML >> 20} MB are read")
    declared = _CHARSET.search(data[:4096])
    markup = decode(data, declared[1].decode("ascii") if declared else None)
    if markup.count("<") > MAX_TAGS:
        raise DocumentSkipped(f"too large for HTML: at most {MAX_TAGS} tags are read")
    # A declaration that goes wrong mustn't be trusted by the parser again: it gets text.
    try:
        soup = BeautifulSoup(_defused(markup), "html.parser")
        title = _html_title(soup)
        date = _html_date(soup)
        root = soup.find("html")
        language = str(root.get("lang") or "") if root is not None else ""
        text = _tidy("".join(_html_parts(soup)))
    except (RecursionError, AssertionError, ValueError) as error:
        raise DocumentSkipped(f"damaged HTML: {_one_line(error)}") from None
    return Extract(_whole(text), title, date, language or None)


_OPEN = re.compile(r"<(?![a-zA-Z/!?][^<]{0,20000}>)")


def _defused(markup: str) -> str:
    """Without what html.parser takes quadratic time over: comments, and a "<" that no ">" follows
    before the next one, which is text."""
    markup = markup.replace("\x00", "")
    parts: list[str] = []
    position = 0
    while (start := markup.find("<!--", position)) >= 0:
        parts.append(markup[position:start])
        end = markup.find("-->", start + 2)
        position = end + 3 if end >= 0 else len(markup)
    parts.append(markup[position:])
    return _OPEN.sub("&lt;", "".join(parts))


def _html_parts(soup: BeautifulSoup) -> Iterator[str]:
    """Text in order, by an explicit stack: pages nest deeper than Python may recurse."""
    from bs4.element import NavigableString, PreformattedString, Tag

    stack: list[Any] = [soup]
    preformatted = 0
    while stack:
        node = stack.pop()
        if node is _PRE_END:
            preformatted -= 1
        elif isinstance(node, str) and not isinstance(node, NavigableString):
            yield node  # a separator that was put here
        elif isinstance(node, PreformattedString):  # a comment, a doctype
            continue
        elif isinstance(node, NavigableString):
            yield str(node) if preformatted else re.sub(r"[ \t\n\r\f]+", " ", node)
        elif isinstance(node, Tag) and not _hidden(node):
            before, after = _around(node.name)
            yield before
            stack.append(after)
            if node.name == "pre":
                preformatted += 1
                stack.append(_PRE_END)
            stack.extend(reversed(node.contents))


_PRE_END = object()


def _around(name: str) -> tuple[str, str]:
    if name == "br":
        return "\n", ""
    if name == "li":
        return "\n- ", "\n"
    if name == "tr":
        return "\n", ""
    if name in ("td", "th"):
        return "", " \t"
    return ("\n\n", "\n\n") if name in _BLOCKS else ("", "")


def _hidden(tag: Tag) -> bool:
    if tag.name in _DROPPED or tag.has_attr("hidden") or tag.get("aria-hidden") == "true":
        return True
    style = str(tag.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or "visibility:hidden" in style


def _html_title(soup: BeautifulSoup) -> str | None:
    """The page's title, without the site's name where the first heading says it so."""
    head, heading = soup.find("title"), soup.find("h1")
    title = re.sub(r"\s+", " ", head.get_text()).strip() if head is not None else ""
    first = re.sub(r"\s+", " ", heading.get_text()).strip() if heading is not None else ""
    return (first if first and (not title or first in title) else title)[:300] or None


def _html_date(soup: BeautifulSoup) -> str | None:
    stated: dict[str, str] = {}
    for meta in soup.find_all("meta"):
        name = str(meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        stated.setdefault(name, str(meta.get("content") or ""))
    values = [stated[name] for name in _META_DATES if name in stated]
    values += re.findall(r'"datePublished"\s*:\s*"([^"]{4,40})"', _json_ld(soup))
    stamp = soup.find("time", attrs={"datetime": True})
    if stamp is not None:
        values.append(str(stamp.get("datetime")))
    return next((date for date in map(read_date, values) if date is not None), None)


def _json_ld(soup: BeautifulSoup) -> str:
    scripts = soup.find_all("script", attrs={"type": "application/ld+json"})
    return "\n".join(script.get_text()[:100_000] for script in scripts[:20])


def _tidy(text: str) -> str:
    """Spaces collapsed around line breaks, paragraphs apart by exactly one blank line."""
    lines = [re.sub(r"[ \t\u00a0]*\t[ \t]*", " | ", line.strip()) for line in text.split("\n")]
    kept: list[str] = []
    bullet = False  # an item's mark whose text begins a paragraph of its own
    for raw in lines:
        line = raw
        if line in ("-", "|"):
            bullet = line == "-"
            continue
        if line and bullet:
            line = line if line.startswith("- ") else f"- {line}"
            bullet = False
        if line.startswith("- ") and len(kept) > 1 and not kept[-1] and kept[-2].startswith("- "):
            kept.pop()  # the items of one list stand together
        if line or (kept and kept[-1]):
            kept.append(re.sub(r"  +", " ", line))
    return "\n".join(kept).strip()


# --- PDF ----------------------------------------------------------------------------------


def pdf(data: bytes) -> Extract:
    """Text of the pages, blank lines between them. The dates of a PDF's own metadata are when it
    was made, not when the document is from: they aren't read."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    if b"%PDF-" not in data[:1024]:
        raise DocumentSkipped("damaged PDF: it doesn't begin as one")
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentSkipped("encrypted: it needs a password")
        pages = len(reader.pages)
        if pages > MAX_PAGES:
            raise DocumentSkipped(f"too long: {pages} pages, at most {MAX_PAGES} are read")
        texts: list[str] = []
        characters = 0
        begun = time.monotonic()
        for page in reader.pages:
            if time.monotonic() - begun > MAX_SECONDS:
                raise DocumentSkipped(f"too slow: not read after {MAX_SECONDS:.0f} seconds")
            contents = page.get_contents()
            if contents is not None and len(contents.get_data()) > MAX_PAGE_STREAM:
                raise DocumentSkipped("too large: a page of more than 10 MB of drawing commands")
            texts.append(page.extract_text() or "")
            characters += len(texts[-1])
            if characters > MAX_TEXT:
                raise DocumentSkipped(f"too long: more than {MAX_TEXT} characters")
        metadata = reader.metadata
        title = _sensible_title(str(metadata.title or "") if metadata is not None else "")
        language = str(reader.root_object.get("/Lang") or "")
    except DocumentSkipped:
        raise
    except (FileNotDecryptedError, DependencyError):
        raise DocumentSkipped("encrypted: it needs a password") from None
    except Exception as error:  # pypdf raises whatever a broken file makes it raise
        raise DocumentSkipped(f"damaged PDF: {_one_line(error)}") from None
    text = _whole("\n\n".join(_pdf_text(page) for page in texts))
    if sum(character.isalnum() for character in text) < 2 * max(1, min(pages, 50)):
        raise DocumentSkipped("no text in it: scanned pages need text recognition (OCR) first")
    return Extract(_unhyphenated(text), title, None, language or None)


_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st"})
_HYPHENATED = re.compile(r"([^\W\d_]{2,})(-[^\S\n]*\n|\u00ad\s*)([^\W\d_]{2,})")


def _pdf_text(page: str) -> str:
    text = page.translate(_LIGATURES).replace("\x00", "").replace("\r\n", "\n")
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def _unhyphenated(text: str) -> str:
    """Words broken at a line's end made whole where that is safe: where the document has the whole
    word elsewhere and not the hyphenated one ("peut-\\nêtre" stays)."""
    known = set(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.lower()))

    def join(match: re.Match[str]) -> str:
        left, break_, right = match.groups()
        whole, hyphenated = (left + right).lower(), f"{left}-{right}".lower()
        if "\u00ad" in break_ or (whole in known and hyphenated not in known):
            return left + right
        return match.group()

    return _HYPHENATED.sub(join, text)


# --- Word ---------------------------------------------------------------------------------

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def docx(data: bytes) -> Extract:
    """Paragraphs, headings, lists and tables in the order of the document; a row is a line."""
    import docx as python_docx

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentSkipped("encrypted, or an old .doc: save it as .docx without a password")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise DocumentSkipped(f"damaged Word file: {_one_line(error)}") from None
    size = sum(part.file_size for part in parts)
    if size > MAX_UNZIPPED or len(parts) > MAX_PARTS:
        raise DocumentSkipped(
            f"too large: {size >> 20} MB in {len(parts)} parts when unpacked, "
            f"at most {MAX_UNZIPPED >> 20} MB in {MAX_PARTS} are read"
        )
    if sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels"))) > MAX_XML:
        raise DocumentSkipped(f"too large: more than {MAX_XML >> 20} MB of XML when unpacked")
    if any(part.flag_bits & 1 for part in parts):
        raise DocumentSkipped("encrypted: it needs a password")
    try:
        document = python_docx.Document(io.BytesIO(data))
        properties = document.core_properties
        title = _sensible_title(str(properties.title or ""))
        language = str(properties.language or "") or None
        text = "\n".join(_docx_lines(document.element.body)).strip()
    except DocumentSkipped:
        raise
    except Exception as error:  # a zip may hold anything
        raise DocumentSkipped(f"damaged Word file: {_one_line(error)}") from None
    return Extract(_whole(re.sub(r"\n{3,}", "\n\n", text)), title, None, language)


def _docx_lines(body: Any) -> Iterator[str]:
    """Lines with blank ones between paragraphs; tables may stand in tables, so by a stack."""
    stack = list(reversed(body))
    in_list = False
    while stack:
        element = stack.pop()
        if element.tag == f"{_W}p":
            text = _docx_paragraph(element).strip()
            style = element.find(f"{_W}pPr/{_W}pStyle")
            name = str(style.get(f"{_W}val") or "") if style is not None else ""
            item = element.find(f"{_W}pPr/{_W}numPr") is not None or name.startswith("List")
            if text and item and not name.startswith(("Heading", "Title")):
                yield f"- {text}"
            elif text:
                if in_list:
                    yield ""
                yield f"{text}\n"
            in_list = item if text else in_list
        elif element.tag == f"{_W}tbl":
            if in_list:
                yield ""
            in_list = False
            for row in element.iter(f"{_W}tr"):
                cells = [_docx_paragraph(cell).strip() for cell in row.iterchildren(f"{_W}tc")]
                line = " | ".join(" ".join(cell.split()) for cell in cells if cell)
                if line:
                    yield line
            yield ""
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            stack.extend(reversed(element))


def _docx_paragraph(element: Any) -> str:
    """Text as it reads: insertions in, deletions out, a text box once."""
    parts: list[str] = []
    for node in element.iter(
        f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}noBreakHyphen", f"{_W}p"
    ):
        if node is element or any(up.tag == _FALLBACK for up in node.iterancestors()):
            continue
        if node.tag == f"{_W}t":
            parts.append(node.text or "")
        elif node.tag == f"{_W}tab":
            # Tab stops of a paragraph's properties are tabs too, but not text.
            parts.append("\t" if node.getparent().tag == f"{_W}r" else "")
        else:
            parts.append("-" if node.tag.endswith("Hyphen") else "\n")
    return "".join(parts)


# --- all ----------------------------------------------------------------------------------

_JUNK_TITLE = re.compile(
    r"(?:untitled|sans titre|document\s*\d*|microsoft\s(?:word|powerpoint|excel)\b.*|word document|"
    r"presentation\s*\d*|présentation\s*\d*|title|titre|slide\s?\d*|.*\.(?:docx?|pdf|indd|tex|dvi|"
    r"txt|html?|odt|pptx?|xlsx?|qxd)|[\W\d_]*)$",
    re.IGNORECASE,
)


def _sensible_title(title: str) -> str | None:
    title = re.sub(r"\s+", " ", _whole(title)).strip()
    return None if _JUNK_TITLE.match(title) or len(title) > 300 else title


def _whole(text: str) -> str:
    """Without lone surrogates, which a broken font or entity may yield."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _one_line(error: BaseException) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 120 else words[:119] + "…"
