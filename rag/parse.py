"""A file's bytes made into what an index stores of it: document, sentences and chunks."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from rag import load, text
from rag.errors import DocumentSkipped
from rag.types import EVIDENCE_KINDS, Chunk, ChunkSpan, Document, Sentence, SentenceSpan


def chunk_id(source: str, start: int, end: int, chunk: str) -> str:
    """32 hex digits made of place and text, so that equal text in two files keeps two places. No
    path holds a NUL and the text comes last, so no two places are spelled the same."""
    return sha256(f"{source}\0{start}\0{end}\0{chunk}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Parsed:
    document: Document
    sentences: list[Sentence]
    chunks: list[Chunk]

    @property
    def evidence(self) -> list[Sentence]:
        return [sentence for sentence in self.sentences if sentence.kind in EVIDENCE_KINDS]


def parse(source: str, data: bytes) -> Parsed:
    """Raises DocumentSkipped."""
    document = load.load(source, data)
    try:
        document.text.encode()
    except UnicodeEncodeError:
        raise DocumentSkipped("its text holds characters that are none (lone surrogates)") from None
    spans = text.split_sentences(document.text, document.language)
    if not spans:
        raise DocumentSkipped("no sentence was found in it")
    return Parsed(
        document,
        [_sentence(document, number, span) for number, span in enumerate(spans)],
        [_chunk(document, span) for span in text.split_chunks(document.text, spans)],
    )


def _sentence(document: Document, number: int, span: SentenceSpan) -> Sentence:
    return Sentence(
        id=0,
        source=document.source,
        index=number,
        start=span.start,
        end=span.end,
        text=document.text[span.start : span.end],
        paragraph=span.paragraph,
        kind=span.kind,
        language=document.language,
        speech=span.speech,
    )


def _chunk(document: Document, span: ChunkSpan) -> Chunk:
    chunk = document.text[span.start : span.end]
    return Chunk(
        id=chunk_id(document.source, span.start, span.end, chunk),
        source=document.source,
        start=span.start,
        end=span.end,
        first=span.first,
        last=span.last,
        text=chunk,
    )
