"""Chats that the generator learns from: the prompts are the product's own (`rag/prompts.py`).

Answers were written by hand (`written/` here, and the statements about news in
`training/judge/written`) or are the shortest sure extract of the evidence that holds the answer's
words. Evidence is the sentence that answers among sentences that look like it, in random order.
"""

from __future__ import annotations

import html
import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rag.excerpt import extract_score, segments
from rag.prompts import answer_prompt, one_line, translation_prompt
from rag.types import Message
from training.answerability import data as wikipedia
from training.bilingual import corpora, passages
from training.bilingual.mining import Group
from training.judge.train import WORK as JUDGE_WORK

WRITTEN = Path(__file__).resolve().parent / "written"
REFUSED = 0.17
"""Share of the questions whose answer is taken out of the evidence."""
FIRST = 0.25
"""Share of the questions whose answering sentence stands first, as the search would have it; the others
have it anywhere."""
COUNTS = (1, 2, 2, 2, 3, 3, 3, 4, 5, 5)
"""How many sentences a question comes with, one of these."""
LONGEST = 30
"""Words that an answer may have."""
SHORT = 22
"""Words of a news sentence that is said whole."""
NO_ANSWER = "no answer"

PER_EPOCH = {"extract": 1_500, "news": 1_800, "disagree": 300, "translate": 3_600}
"""Examples of an epoch, beside every answer that was written for a Wikipedia question."""


@dataclass(frozen=True, slots=True)
class Example:
    """A chat and what is to be said to it."""

    messages: tuple[Message, ...]
    answer: str
    kind: str
    """As `written:en->fr`: where from, the question's language, the evidence's."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A question with its sentence, what to say, and sentences beside it."""

    question: str
    language: str
    evidence: str
    answer: str
    others: tuple[str, ...]
    kind: str


def epochs(folder: Path, groups: Sequence[Group], seed: int) -> Iterator[list[Example]]:
    """Without end; what is written comes again in each, the rest is drawn anew."""
    solved = solve(folder, groups)
    by_kind: dict[str, list[Solved]] = {"written": [], "extract": [], "news": []}
    for item in solved:
        by_kind[item.kind.partition(":")[0]].append(item)
    pairs = translations(folder)
    for epoch in itertools.count():
        chance = random.Random(seed + epoch)

        def drawn(kind: str, chance: random.Random = chance) -> list[Solved]:
            return chance.sample(by_kind[kind], min(PER_EPOCH[kind], len(by_kind[kind])))

        asked = [*by_kind["written"], *drawn("extract"), *drawn("news")]
        found = [asking(item, chance) for item in asked]
        found += disagreements(solved, chance)[: PER_EPOCH["disagree"]]
        found += chance.sample(pairs, min(PER_EPOCH["translate"], len(pairs)))
        yield found


# --- questions ----------------------------------------------------------------------------


def solve(folder: Path, groups: Sequence[Group]) -> list[Solved]:
    """Every question that an answer in its own language is known for."""
    written = _written(folder)
    news = {item.line: item for item in corpora.statements(folder)}
    found = []
    for group in groups:
        asked = group.asked
        evidence = _plain(asked.article.sentences[asked.index])
        same = asked.language == asked.article.language
        row = written.get((asked.question, asked.article.language))
        answer: str | None
        if row is not None:
            kind, answer = "written", row[asked.language]
        elif asked.article.title.startswith("news "):
            line = int(asked.article.title.split()[1]) * 30 + asked.index
            kind, answer = "news", _about_news(news, line, asked.question, asked.language, same)
        else:
            kind, answer = "extract", None
            if same and asked.answer:
                answer = shortest_extract(evidence, asked.answer, asked.language)
        if answer is not None:
            others = tuple(_plain(p.article.sentences[p.index]) for p in group.others[:14])
            kind = f"{kind}:{asked.direction}"
            found.append(Solved(asked.question, asked.language, evidence, answer, others, kind))
    return found


def _written(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """(question in either language, the document's language): the answers."""
    rows = {row["id"]: row for row in corpora.written_rows("answers", WRITTEN)}
    found = {}
    for item in corpora.questions(folder, "train"):
        if item.id in rows:
            row = rows[item.id]
            found[item.question, item.document_language] = {"en": row["en"], "fr": row["fr"]}
    return found


def sentences_of(folder: Path) -> dict[str, tuple[str, str]]:
    """By a Wikipedia question's id: the sentence that answers it, and its language."""
    by_question = {
        (asked.question, asked.article.language): asked.article.sentences[asked.index]
        for asked in passages.read(folder, "train", JUDGE_WORK)
    }
    found = {}
    for item in wikipedia.originals(folder):
        text = by_question.get((item.question, item.document_language))
        if text is not None:
            found[item.id] = (_plain(text), item.document_language)
    return found


def _about_news(
    news: dict[int, corpora.Statement], line: int, question: str, language: str, same: bool
) -> str | None:
    """Across languages the sentence's own translation where it is short, else our paraphrase; within
    one the sentence itself, since a small model's paraphrase is seldom proven there."""
    item = news[line]
    side = ("en", "fr").index(language)
    own = _plain(item.sentence[side])
    if same:
        return shortest_extract(own, "", language) if question == item.question[side] else None
    short = len(own.split()) <= SHORT and own.endswith(".")
    return own if short else item.follows[side]


def _plain(text: str) -> str:
    """On one line; News Commentary has some of its quotation marks as HTML writes them."""
    return one_line(html.unescape(text))


@cache
def shortest_extract(sentence: str, answer: str, language: str) -> str | None:
    """The sentence without what may be left out of it, the answer's words kept; None where even that
    is long, or no sentence."""
    parts = segments(sentence)
    if not parts or len(parts) > 7 or sentence[:1].islower() or sentence[-1:] not in ".!":
        return None
    best: str | None = None
    for kept in itertools.product((True, False), repeat=len(parts)):
        pieces = [
            # The comma before what is left out goes with it.
            _piece(sentence, parts[i].start, parts[i].end).rstrip(
                "" if (*kept, True)[i + 1] else ",;: "
            )
            for i, keep in enumerate(kept)
            if keep
        ]
        text = re.sub(r"\s*[,;:–—-]?\s*$", "", " ".join(pieces))
        text = text if text.endswith((".", "!")) else f"{text}."
        if answer not in text or (best is not None and len(text) >= len(best)):
            continue
        if extract_score(text, sentence, language) is not None:
            best = text[0].upper() + text[1:]
    return best if best is not None and len(best.split()) <= LONGEST else None


def _piece(sentence: str, start: int, end: int) -> str:
    """A segment with the mark that ends it, and the bracket that opens it."""
    rest = re.match(r"\s?[,;:)\].!]+", sentence[end:])
    head = "(" if start and sentence[start - 1] == "(" else ""
    return head + sentence[start : end + (len(rest[0]) if rest else 0)].strip()


def asking(item: Solved, chance: random.Random) -> Example:
    """With other sentences in random order; now and then without the one that answers."""
    count = chance.choice(COUNTS)
    refused = chance.random() < REFUSED and len(item.others) > 0
    others = [text for text in dict.fromkeys(item.others) if text != item.evidence]
    # Half from the hardest four, for these are what a search finds.
    hard = chance.sample(others[:4], min(len(others[:4]), (count + 1) // 2))
    rest = [text for text in others if text not in hard]
    beside = (hard + chance.sample(rest, min(len(rest), count)))[: count if refused else count - 1]
    chance.shuffle(beside)
    answer = NO_ANSWER
    if not refused:
        place = 0 if chance.random() < FIRST else chance.randint(0, len(beside))
        beside.insert(place, item.evidence)
        answer = f"{item.answer} [{place + 1}]"
    kind = f"refused:{item.kind.partition(':')[2]}" if refused else item.kind
    return Example(tuple(answer_prompt(item.question, item.language, beside)), answer, kind)


_NUMBER = re.compile(r"(?<![\d.,])\d{1,4}(?![\d]|[.,]\d)")


def disagreements(solved: Sequence[Solved], chance: random.Random) -> list[Example]:
    """Two sentences that say the same but for a number: both are given, each with its marker."""
    found = []
    order = [s for s in solved if s.kind in ("written:fr->fr", "written:en->en")]
    chance.shuffle(order)
    for item in order:
        said = _NUMBER.search(item.answer)
        number = 0 if said is None else int(said[0])
        # Up to 31 it may be a day, and the 33rd of July is no date.
        if said is None or number <= 31 or item.evidence.count(said[0]) != 1:
            continue
        other = str(number + chance.choice((-1, 1)) * chance.randint(1, 9))
        answers = [item.answer, _NUMBER.sub(other, item.answer, count=1)]
        texts = [item.evidence, item.evidence.replace(said[0], other)]
        beside = chance.sample(item.others[:6], min(1, len(item.others)))
        order_of = list(range(len(texts) + len(beside)))
        chance.shuffle(order_of)
        everything = texts + beside
        evidence = [everything[i] for i in order_of]
        first, second = sorted((order_of.index(0) + 1, order_of.index(1) + 1))
        by_number = {order_of.index(0) + 1: answers[0], order_of.index(1) + 1: answers[1]}
        answer = f"{by_number[first]} [{first}] {by_number[second]} [{second}]"
        prompt = answer_prompt(item.question, item.language, evidence)
        found.append(Example(tuple(prompt), answer, f"disagree:{item.kind.partition(':')[2]}"))
    return found


# --- translations -------------------------------------------------------------------------


def translations(folder: Path) -> list[Example]:
    """Sentence pairs both ways, French to English more often: news, and everyday sentences that are
    not too short."""
    found = []
    for pair in corpora.parallel(folder):
        words = len(pair.english.split())
        if not 6 <= words <= 45:
            continue
        # Of the 120,000 everyday pairs a few: news is what documents sound like.
        if words < 12 and corpora.fraction("everyday", pair.english) > 0.03:
            continue
        sides = [("fr", pair.english, pair.french), ("en", pair.french, pair.english)]
        spoken, text, said = sides[corpora.fraction("side", pair.english) < 0.7]
        messages = tuple(translation_prompt(_plain(text), spoken))
        found.append(Example(messages, _plain(said), f"translate:{spoken}"))
    return found
