"""Questions with the sentence that answers, cut as the product cuts documents."""

from __future__ import annotations

import pickle
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from rag.parse import parse
from rag.types import EVIDENCE_KINDS
from training.answerability.data import Item
from training.bilingual import corpora
from training.bilingual.corpora import Split


@dataclass(frozen=True, slots=True)
class Article:
    """Sentences that can be evidence, in order, and the chunk that each belongs to."""

    title: str
    language: str
    sentences: tuple[str, ...]
    paragraphs: tuple[int, ...]
    chunks: tuple[str, ...]

    def window(self, index: int) -> tuple[str, str]:
        """The sentences beside one, "" at an end: what the judge reads with it."""
        before = self.sentences[index - 1] if index else ""
        after = self.sentences[index + 1] if index + 1 < len(self.sentences) else ""
        return before, after


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the sentence of an article that answers it."""

    question: str
    language: str
    article: Article
    index: int
    answer: str = ""
    """Its words in the sentence, where they are known."""

    @property
    def direction(self) -> str:
        return f"{self.language}->{self.article.language}"


def read(folder: Path, split: Split, cache: Path) -> list[Asked]:
    """Questions over Wikipedia, AfriQA's (train only) and ours over news, of one split. Parsing
    takes a minute, so the result is kept in the cache's folder; delete it when the data, or what we
    wrote, changes."""
    path = cache / f"asked-{split}-{corpora.written_digest()}.pickle"
    if path.is_file():
        with path.open("rb") as file:
            found: list[Asked] = pickle.load(file)
            return found
    found = [*_wikipedia(folder, split), *_news(folder, split)]
    if split == "train":
        found += _afriqa(folder)
    cache.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        pickle.dump(found, file)
    return found


def _wikipedia(folder: Path, split: Split) -> list[Asked]:
    by_article: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in corpora.questions(folder, split):
        by_article[item.document_language, item.title].append(item)
    found = []
    for (language, title), items in by_article.items():
        text = "\n\n".join(dict.fromkeys(item.paragraph for item in items))
        article, spans = _article(title, language, text)
        for item in items:
            start = text.index(item.paragraph) + item.answer_start
            for index, (first, last) in enumerate(spans):
                if first <= start < last:
                    found.append(Asked(item.question, item.language, article, index, item.answer))
    return found


def _article(title: str, language: str, text: str) -> tuple[Article, list[tuple[int, int]]]:
    parsed = parse("article.txt", text.encode())
    sentences = [s for s in parsed.sentences if s.kind in EVIDENCE_KINDS]
    chunk_of = {
        number: chunk.text
        for chunk in parsed.chunks
        for number in range(chunk.first, chunk.last + 1)
    }
    return (
        Article(
            title,
            language,
            tuple(s.text for s in sentences),
            tuple(s.paragraph for s in sentences),
            tuple(chunk_of.get(s.index, s.text) for s in sentences),
        ),
        [(s.start, s.end) for s in sentences],
    )


def _afriqa(folder: Path) -> list[Asked]:
    found = []
    for question, passage, answer in corpora.afriqa(folder, "train"):
        start = passage.find(answer)
        if start < 0:
            continue
        article, spans = _article("", "fr", passage)
        found += [
            Asked(question, "fr", article, index, answer)
            for index, (first, last) in enumerate(spans)
            if first <= start < last
        ]
    return found


def _news(folder: Path, split: Split) -> list[Asked]:
    """Our questions over news commentary: both languages over both."""
    found = []
    written = [s for s in corpora.statements(folder) if corpora.statement_split(s.line) == split]
    for side, language in enumerate(("en", "fr")):
        blocks: dict[int, Article] = {}
        for statement in written:
            block = statement.line // 30
            if block not in blocks:
                lines = corpora.news_lines(folder, language)[block * 30 : block * 30 + 30]
                blocks[block] = Article(
                    f"news {block}", language, tuple(lines), tuple(range(len(lines))), tuple(lines)
                )
            found += [
                Asked(statement.question[asked], code, blocks[block], statement.line % 30)
                for asked, code in enumerate(("en", "fr"))
            ]
            assert blocks[block].sentences[statement.line % 30] == statement.sentence[side]
    return found
