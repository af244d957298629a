"""Sentences and chunks of a document's text, as spans that never move.

Nothing is cut out: a header, a photo credit or a block that repeats itself is a sentence of another
kind. Rules, not a model: they are the same for every text, linear in its length, and right for
French and English; other languages are split by the same marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rag.dates import date_header, front_matter
from rag.speech import Marks, quotation_marks, with_speech
from rag.types import EVIDENCE_KINDS, ChunkSpan, SentenceKind, SentenceSpan, Span

SENTENCES_VERSION = "1"
CHUNKS_VERSION = "1"
"""Of how texts are cut; an index made by another is made anew."""
MAX_SENTENCE = 2_000
"""Characters; what runs on longer is cut at a white space."""
_CUT = (600, 1_000)
_MAX_HEADING = 150
_MAX_META = 160
_LONG_SENTENCE = 60
"""Characters from which one sentence that stands in the file twice is a repeat by itself."""

# --- paragraphs ---------------------------------------------------------------------------

_LINE = re.compile(r"[^\n\r\v\f\x85\u2028\u2029]+")
_BREAK = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_BULLET = re.compile(r"(?:[-*+•·▪◦‣●○■□–—]|>)[^\S\n]+(?=\S)")
_NUMBERED = re.compile(r"(?:\d{1,3}|[a-zA-Z])[.)][^\S\n]+(?=\S)")
_HASH = re.compile(r"#{1,6}[^\S\n]+(?=\S)")
_RULE = re.compile(r"[^\w]*$|\|?[\s:|-]+\|?$")
_UNDERLINE = re.compile(r"(?:=+|-+)$")
_CREDIT = re.compile(
    r"[(\[]?\s*(?:sources?|crédits?(?:\s+photos?)?|credits?|photos?(?:\s+(?:credits?|by))?|image|"
    r"illustration|copyright|bild|foto|picture|lire\s+aussi|à\s+lire(?:\s+aussi)?|voir\s+aussi|"
    r"read\s+(?:also|more)|see\s+also|webcode)\s*(?:[:©]|$)"
    r"|[(\[]?\s*(?:©|\(c\)\s)|.{0,60}/\s*(?:pixabay|afp|reuters|getty\simages|unsplash)[)\]]?$",
    re.IGNORECASE,
)
_WEBCODE = re.compile(r"webcode\b[\s:]*(?P<code>[\w-]*)$", re.IGNORECASE)
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*$")
_URL = re.compile(r"<?(?:https?://|www\.)\S+>?$|<?[\w.+-]+@[\w-]+\.[\w.-]+>?$", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)$|\[!\[.*\)$")
_FENCE = re.compile(r"(?:```|~~~)")
_END_MARK = re.compile(r"[.!?…。！？:;,][)\]»”\"’'\s*_]*$")
_STOP_MARK = re.compile(r"[.!?…。！？][)\]»”\"’'\s*_]*$")


@dataclass(slots=True)
class _Paragraph:
    """A run of lines that belong together; `start` is behind a bullet or `#`."""

    start: int
    end: int
    kind: SentenceKind = "prose"
    item: bool = False
    """A list's item: it stands in the same paragraph as the item before it."""
    lines: int = 1


def _lines(text: str, start: int) -> Iterator[tuple[int, int, bool]]:
    """Start, end and whether a blank line stands before it, of each line that isn't blank."""
    previous = start
    for match in _LINE.finditer(text, start):
        stripped = match.group().strip()
        if not stripped:
            continue
        first = match.start() + match.group().index(stripped[0])
        last = first + len(stripped)
        breaks = len(_BREAK.findall(text, previous, first))
        previous = last
        yield first, last, breaks > 1


def _paragraphs(text: str, start: int) -> Iterator[_Paragraph]:
    """Blocks between blank lines, with their line breaks read as wrapping or as new paragraphs."""
    block: list[tuple[int, int]] = []
    for first, last, blank in _lines(text, start):
        if blank and block:
            yield from _block(text, block)
            block = []
        block.append((first, last))
    if block:
        yield from _block(text, block)


def _block(text: str, lines: list[tuple[int, int]]) -> Iterator[_Paragraph]:
    width = max(end - start for start, end in lines)
    current: _Paragraph | None = None
    webcode = False
    for i, (start, end) in enumerate(lines):
        line = text[start:end]
        if webcode and _CODE.match(line):
            found = _Paragraph(start, end, "meta")
        else:
            found = _read_line(line, start, end)
        webcode = found.kind == "meta" and line.lower().rstrip(" :") == "webcode"
        if i + 1 < len(lines) and found.kind == "prose" and not found.item:
            after = text[slice(*lines[i + 1])]
            if _UNDERLINE.match(after) and len(after) >= 3 and (current is None):
                found.kind = "heading"
        if current is not None and found.kind == "prose" and current.kind == "prose":
            previous = lines[i - 1]
            if not found.item and not _breaks(text, previous, (start, end), width):
                current.end = end
                current.lines += 1
                continue
        if current is not None:
            yield current
        current = found
    if current is not None:
        yield current


def _read_line(line: str, start: int, end: int) -> _Paragraph:
    if _is_meta(line):
        return _Paragraph(start, end, "meta")
    mark = _HASH.match(line)
    if mark:
        return _Paragraph(start + mark.end(), end, "heading")
    mark = _BULLET.match(line)
    if mark:
        return _Paragraph(start + mark.end(), end, item=True)
    return _Paragraph(start, end, item=bool(_NUMBERED.match(line)) or line.startswith("|"))


def _is_meta(line: str) -> bool:
    """Whether a line is about the document and not of it."""
    if _RULE.match(line) or _FENCE.match(line):
        return True
    if len(line) > 300:
        return False
    if _URL.match(line) or _IMAGE.match(line):
        return True
    if len(line) > _MAX_META:
        return False
    if _CREDIT.match(line):
        return True
    webcode = _WEBCODE.match(line)
    if webcode:
        return not webcode["code"] or bool(_CODE.match(webcode["code"]))
    header = date_header(line)
    return header is not None and len(line) - header.end <= 20


def _breaks(text: str, before: tuple[int, int], line: tuple[int, int], width: int) -> bool:
    """Whether a single line break ends a paragraph: not where wrapped text goes on."""
    first = text[line[0]]
    length = before[1] - before[0]
    if first.islower():
        return False
    if width > 150:  # one paragraph a line
        return True
    if width < 40:  # short lines: an address, a poem, a list without bullets
        return True
    return length < 0.6 * width


# --- sentences ----------------------------------------------------------------------------

_TERMINATOR = re.compile(r"[.!?…]+|[。！？।؟۔]+")
_CLOSER = re.compile(r"[)\]}»”’'*_]|[^\S\n]»|\[\d{1,3}\]")
_NO_START = frozenset(",;:.!?…)]}»”%/\\&+=_|~^")
_LAST_WORD = re.compile(r"[^\W_]+(?:[.\-][^\W_]+)*$")
_GLUED_RIGHT = re.compile(r"[^\W\d_](?:[^\W\d_]|['’]|\s)")
_DOMAINS = frozenset("com org net fr js io eu uk de ch be ca ai co gov edu".split())

# Before a name or a word that goes on: never the end of a sentence.
_NEVER = frozenset(
    """M MM Mme Mmes Mlle Mlles Mgr Dr Drs Pr Prof Me Mr Mrs Ms Messrs Gen Sen Rep Gov Lt Col Sgt
    Capt Cpt Cdr Adm Rev Hon St Ste Sts Mt Ft cf Cf vs Vs ex e.g E.g i.e I.e p.ex c.-à-d c-à-d env
    approx ca viz resp av Ph.D Bros""".split()
)
# Before a figure only: "no. 5", "art. 3", "Sept. 15".
_BEFORE_FIGURE = frozenset(
    """no nos n art fig figs p pp vol chap ch sec tél tel réf ref eq éd ed al num janv févr fév avr
    juil sept oct nov déc jan feb mar apr jun jul aug sep dec col v""".split()
)
# May end a sentence: only before a word that likes to begin one.
_MAYBE = frozenset("Inc Ltd Co Corp Jr Sr LLC Bd Ave Blvd Rd Esq SA Cie Est Dept Univ Assn".split())
_STARTERS = frozenset(
    """the a an in it he she they we i you this that these those but and or however on at for from
    by with as if when while after before there his her its their our my so yet not no what who why
    how where according meanwhile since then also both most many some all under during despite
    le la les l un une des du de d il elle ils elles nous vous je j ce cet cette ces c cela ceci
    mais et ou où en au aux à dans sur pour par avec sans selon si quand lorsque lorsqu comme son
    sa ses leur leurs qui que qu quel quelle quels quelles tout tous toute toutes toutefois
    cependant pourtant ainsi or donc s n depuis après avant alors aussi ensuite enfin entre
    chaque plusieurs certains aucun aucune notre nos votre vos mon ma mes der die das ein eine er
    sie es wir ich und aber el los las una pero y""".split()
)
_FIGURE = re.compile(r"[A-Z]{1,2}[.-]?\s?\d")
_WORD_AT = re.compile(r"[^\W\d_]+")
_ASKED_AFTER = re.compile(
    r"(?:the\s|[Mm]rs?\.?\s|[Mm]s\.?\s)?(?:[^\W\d_][\w.’'-]*\s){1,3}"
    r"(?:said|says|asked|asks|wrote|writes|added|adds|tweeted|replied|told\s\w+|shouted)"
    r"(?=[.,;]|\s(?:in|on|at|to|during|yesterday|today|last|after|when)\b|\s*$)"
)


def split_sentences(text: str, language: str) -> list[SentenceSpan]:
    """Sentences of `text` in order, trimmed and never overlapping; blank text has none.

    `language` is an ISO 639-1 code or `und`. A heading is a sentence, headers and credits are
    `meta`, what stands in the text before is `repeat`. Linear in the length of the text.
    """
    sentences: list[SentenceSpan] = []
    quotations: list[Span] = []
    position, number = 0, -1
    for span in _headers(text):
        number += 1
        sentences.append(SentenceSpan(span.start, span.end, number, "meta"))
        position = span.end
    item = False
    kind: SentenceKind
    for paragraph in _paragraphs(text, position):
        if not (item and paragraph.item):
            number += 1
        item = paragraph.item
        if paragraph.kind != "prose":
            kind, spans = paragraph.kind, [Span(paragraph.start, paragraph.end)]
        else:
            marks = quotation_marks(text, paragraph.start, paragraph.end)
            spans = list(_sentences(text, paragraph, marks, language))
            quotations.extend(marks.quotations)
            kind = "heading" if len(spans) == 1 and _is_heading(text, paragraph) else "prose"
        sentences.extend(
            SentenceSpan(piece.start, piece.end, number, kind)
            for span in spans
            for piece in _pieces(text, span)
        )
    return _with_repeats(text, with_speech(text, sentences, quotations))


def _headers(text: str) -> list[Span]:
    """Front matter and a date header at the very beginning: at most one span each."""
    block = front_matter(text)
    if block is not None:
        start, end = block[0], block[1]
        return [_trimmed(text, Span(start, end))]
    header = date_header(text)
    if header is None:
        return []
    rest = _LINE.match(text, header.end)
    line_end = rest.end() if rest else header.end
    end = line_end if line_end - header.end <= 20 else header.end
    return [_trimmed(text, Span(header.start, end))]


def _trimmed(text: str, span: Span) -> Span:
    inner = text[span.start : span.end]
    start = span.start + len(inner) - len(inner.lstrip())
    return Span(start, start + len(inner.strip()))


def _is_heading(text: str, paragraph: _Paragraph) -> bool:
    """A short line alone that doesn't end as a sentence does."""
    if paragraph.lines > 1 or paragraph.item:
        return False
    line = text[paragraph.start : paragraph.end]
    if len(line) > _MAX_HEADING or _END_MARK.search(line):
        return False
    letter = next((c for c in line if c.isalnum()), "")
    return bool(letter) and not letter.islower()


@dataclass(frozen=True, slots=True)
class _Scan:
    """What every decision about a terminator reads."""

    text: str
    end: int
    marks: Marks
    lower_case: bool
    """The paragraph has no capital at all, so that none can be waited for."""
    language: str


def _sentences(text: str, paragraph: _Paragraph, marks: Marks, language: str) -> Iterator[Span]:
    start, end = paragraph.start, paragraph.end
    scan = _Scan(text, end, marks, text[start:end].islower(), language)
    for match in _TERMINATOR.finditer(text, start, end):
        if match.start() < start:
            continue
        position = _behind_closers(scan, match.end())
        following = position
        while following < end and text[following].isspace():
            following += 1
        if following >= end:
            break
        if _ends(scan, start, match, position, following):
            yield Span(start, position)
            start = following
    if start < end:
        yield Span(start, end)


def _behind_closers(scan: _Scan, position: int) -> int:
    """Closing marks and footnote numbers behind a terminator belong to its sentence."""
    text, end, marks = scan.text, scan.end, scan.marks
    while position < end:
        if text[position] == '"':
            loose = (
                position not in marks.opening and not text[position + 1 : position + 2].isalnum()
            )
            if position not in marks.closing and not loose:
                break
            position += 1
            continue
        match = _CLOSER.match(text, position, end)
        if match is None:
            break
        if match.group() in "'’*_" and text[match.end() : match.end() + 1].isalnum():
            break
        position = match.end()
    return position


def _ends(scan: _Scan, start: int, match: re.Match[str], position: int, following: int) -> bool:
    """Whether the terminator `match`, with its closing marks up to `position`, ends the sentence
    that began at `start`; the next character that is no space stands at `following`."""
    text, mark, at = scan.text, match.group(), match.start()
    if mark[0] in "。！？।":
        return True
    if text[at - 1 : at] in ("(", "[") and text[match.end() : match.end() + 1] in (")", "]"):
        return False  # […]
    if following == position:
        return _glued(scan, start, at, position)
    after = text[following]
    if after in _NO_START or (after.islower() and not scan.lower_case):
        return False
    if after in "([-–—" and text[following + 1 : following + 3].strip()[:1].islower():
        return False
    if position > match.end() and _ASKED_AFTER.match(text, following, following + 80):
        return False  # "Why?" Trump asked.
    if mark != ".":
        return True
    return _period_ends(scan, start, at, following)


def _period_ends(scan: _Scan, start: int, at: int, following: int) -> bool:
    """A single period with a white space and a possible beginning behind it."""
    text = scan.text
    last = _LAST_WORD.search(text, max(start, at - 24), at)
    if last is None:
        return True
    word, after = last.group(), text[following]
    if word.isdigit():
        if last.start() == start and len(word) <= 3:
            return False  # "1. Introduction"
        return not (scan.language == "de" and len(word) <= 2 and after.isalpha())
    if word in _NEVER:
        return False
    figure = after.isdigit() or _FIGURE.match(text, following)  # "art. 5", "art. L121-1"
    if figure and (word.lower() in _BEFORE_FIGURE or len(word) == 1):
        return False
    acronym = "." in word and all(len(part) == 1 for part in word.split("."))
    if word in _MAYBE or acronym or (len(word) == 1 and word.isupper()):
        if last.start() == start and len(word) == 1:
            return False  # "A. Introduction", "J. Smith"
        before = text[max(start, last.start() - 20) : last.start()].split()
        named = len(word) == 1 and bool(before) and before[-1][0].isupper()
        return following in scan.marks.opening or (_starts(text, following) and not named)
    return True


def _starts(text: str, following: int) -> bool:
    word = _WORD_AT.match(text, following)
    return word is not None and word.group().lower() in _STARTERS


def _glued(scan: _Scan, start: int, at: int, position: int) -> bool:
    """ "TikTok.Oracle": no space, but a sentence ends; not so in "Node.js", "U.S.A", a URL."""
    text = scan.text
    if not text[at - 2 : at].islower():
        return False
    if position in scan.marks.opening:
        return True
    if not text[position].isupper():
        return False
    before = text[max(start, at - 60) : at].split()
    left = before[-1] if before and not text[at - 1].isspace() else ""
    if len(left) < 3 or any(c in left for c in "./@_:\\#"):
        return False
    after = text[position : position + 60].split(maxsplit=1)
    right = after[0] if after else ""
    if not _GLUED_RIGHT.match(text, position):
        return False
    if right.rstrip(".,;:!?").lower() in _DOMAINS:
        return False
    return not any(c in right for c in "/@_(\\") and "." not in right.rstrip('.…!?»”"')


def _pieces(text: str, span: Span) -> Iterator[Span]:
    """What runs on for more than `MAX_SENTENCE` characters, cut behind a comma or at a space."""
    start, end = span.start, span.end
    while end - start > MAX_SENTENCE:
        low, high = start + _CUT[0], start + _CUT[1]
        window = text[low:high]
        cut = max(window.rfind(mark) for mark in ("; ", ", ", ": ")) + 1
        if not cut:
            cut = next((i for i in range(len(window) - 1, -1, -1) if window[i].isspace()), -1)
        at = high if cut < 0 or (not cut and not window[:1].isspace()) else low + cut
        piece = _trimmed(text, Span(start, at))
        if piece.start < piece.end:
            yield piece
        start = at
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield Span(start, end)


# --- repeats ------------------------------------------------------------------------------

_SPACES = re.compile(r"\s+")


def _with_repeats(text: str, sentences: list[SentenceSpan]) -> list[SentenceSpan]:
    """Marks what stands in the text before: a long sentence, or two in the same order."""
    keys = [
        _SPACES.sub(" ", text[s.start : s.end]).casefold().strip(" \"'«»“”().") for s in sentences
    ]
    places: dict[str, list[int]] = {}
    repeated = [False] * len(sentences)
    for i, (key, sentence) in enumerate(zip(keys, sentences, strict=True)):
        if sentence.kind != "prose":
            continue
        earlier = places.get(key)
        if earlier is not None and (len(key) >= _LONG_SENTENCE or _in_block(keys, places, i)):
            repeated[i] = True
        else:
            places.setdefault(key, []).append(i)
    return [
        replace(sentence, kind="repeat") if repeat else sentence
        for sentence, repeat in zip(sentences, repeated, strict=True)
    ]


def _in_block(keys: list[str], places: dict[str, list[int]], i: int) -> bool:
    """Whether a sentence beside `i` stands beside the earlier `i` too."""
    for j in places[keys[i]][:8]:
        if i + 1 < len(keys) and j + 1 < i and keys[j + 1] == keys[i + 1]:
            return True
        if j > 0 and keys[j - 1] == keys[i - 1]:
            return True
    return False


# --- chunks -------------------------------------------------------------------------------

_TOKEN_PIECE = re.compile(r"[^\W\d_]{1,4}|\d{1,3}|[^\w\s]|_")


def estimate_tokens(text: str) -> int:
    """About how many word pieces a MiniLM tokenizer makes of `text`: one for every four letters of
    a word begun, three digits, or punctuation mark."""
    return len(_TOKEN_PIECE.findall(text))


def split_chunks(
    text: str, sentences: Sequence[SentenceSpan], max_tokens: int = 120
) -> list[ChunkSpan]:
    """Runs of prose and heading sentences of one paragraph, each of at most about `max_tokens`
    tokens (see `estimate_tokens`) and about as long as its neighbours. A heading goes with the
    paragraph behind it where it fits; a longer sentence is a chunk by itself."""
    sizes = [estimate_tokens(text[s.start : s.end]) for s in sentences]
    chunks: list[ChunkSpan] = []
    for begin, last in _runs(sentences):
        first = lead = begin
        while lead <= last and sentences[lead].kind == "heading":
            lead += 1
        # Headings that don't fit before the paragraph's first sentence stand by themselves.
        if lead <= last and sum(sizes[first : lead + 1]) > max_tokens and lead > first:
            chunks.extend(_chunks(sentences, sizes, first, lead - 1, max_tokens))
            first = lead
        chunks.extend(_chunks(sentences, sizes, first, last, max_tokens))
    return chunks


def _runs(sentences: Sequence[SentenceSpan]) -> Iterator[tuple[int, int]]:
    """First and last sentence of each paragraph's evidence, its headings before it."""
    first: int | None = None
    for i, sentence in enumerate(sentences):
        if sentence.kind not in EVIDENCE_KINDS:
            if first is not None:
                yield first, i - 1
            first = None
        elif first is None:
            first = i
        else:
            before = sentences[i - 1]
            if before.kind != "heading" and before.paragraph != sentence.paragraph:
                yield first, i - 1
                first = i
    if first is not None:
        yield first, len(sentences) - 1


def _chunks(
    sentences: Sequence[SentenceSpan], sizes: list[int], first: int, last: int, max_tokens: int
) -> Iterable[ChunkSpan]:
    total = sum(sizes[first : last + 1])
    target = total / max(1, -(-total // max_tokens))
    begin, size = first, 0
    for i in range(first, last + 1):
        if size and (size + sizes[i] > max_tokens or size >= target):
            yield ChunkSpan(sentences[begin].start, sentences[i - 1].end, begin, i - 1)
            begin, size = i, 0
        size += sizes[i]
    yield ChunkSpan(sentences[begin].start, sentences[last].end, begin, last)
