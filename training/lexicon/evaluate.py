"""Measure the lexicon on what trained nothing.

    python training/lexicon/evaluate.py DATA_FOLDER [--split fit|dev]

Sentence retrieval and the dictionary are measured with a table learned without the held-out pairs;
the questions (training/answerability/questions) with one learned from all pairs, since the question
sets' texts are in none of them. Search is BM25 over probabilistic structured queries (Darwish & Oard,
SIGIR 2003): a query word's term and document frequencies are expectations over its translations.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs from a checkout as it is

from rag.terms import content_words, fold, stem, terms  # noqa: E402
from training.answerability.data import Item, load, paragraphs  # noqa: E402
from training.lexicon.train import Direction, Pair, Recipe, learn, read_pairs  # noqa: E402

Translate = Callable[[str], Mapping[str, float]]
"""Source stem to p(target stem | source stem)."""
Forms = Mapping[str, float]
"""Index terms with their weights."""

HELD_OUT = {"news_commentary_5k": 1000, "stsb_fr_en": 500, "tatoeba": 500}
K1, B = 1.2, 0.75


class Pool:
    """Texts in one language, searched with words that have weighted forms."""

    def __init__(self, texts: Sequence[str], language: str) -> None:
        counts = [terms(text, language) for text in texts]
        postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, count in enumerate(counts):
            for term, frequency in count.items():
                postings[term].append((number, frequency))
        self._postings = {
            term: (np.array([n for n, _ in rows]), np.array([f for _, f in rows], dtype=float))
            for term, rows in postings.items()
        }
        lengths = np.array([sum(count.values()) for count in counts], dtype=float)
        self._size = len(texts)
        self._norm = K1 * (1 - B + B * lengths / lengths.mean())

    def scores(self, query: Iterable[Forms]) -> npt.NDArray[np.float64]:
        """BM25 of every text, shape (texts,)."""
        total = np.zeros(self._size)
        for forms in query:
            frequency = np.zeros(self._size)
            documents = 0.0
            for term, weight in forms.items():
                if term in self._postings:
                    rows, counts = self._postings[term]
                    frequency[rows] += weight * counts
                    documents += weight * len(rows)
            idf = np.log1p((self._size - documents + 0.5) / (documents + 0.5))
            total += idf * frequency * (K1 + 1) / (frequency + self._norm)
        return total

    def rank(self, query: Iterable[Forms], gold: Sequence[int]) -> int:
        """Place of the best gold text, from 1; ties count against it."""
        scores = self.scores(query)
        best = max(scores[number] for number in gold)
        if best <= 0.0:
            return self._size
        return int((scores >= best).sum()) - sum(scores[number] >= best for number in gold) + 1


@dataclass(frozen=True, slots=True)
class Identity:
    """How much of a word also stands for itself in the other language."""

    unknown: float = 1.0
    """A word that the table doesn't know."""
    name: float = 0.5
    """A number, or a word with a capital that doesn't open the text."""
    known: float = 0.0
    """Any other word."""


def query_forms(
    text: str, source: str, target: str, translate: Translate, identity: Identity
) -> list[dict[str, float]]:
    """One entry a different content stem of the text; its translations, and itself."""
    found: dict[str, dict[str, float]] = {}
    first = re.search(r"\w+", text)
    for word in content_words(text, source):
        term = stem(word, source)
        if term in found:
            continue
        if source == target:
            found[term] = {term: 1.0}
            continue
        translations = dict(translate(term))
        named = word[0].isdigit() or (
            word[0].isupper() and not (first and first.group() == word)
        )
        share = (
            identity.unknown if not translations else identity.name if named else identity.known
        )
        if share == -1:
            own = stem(word, target)
            share = max(0.0, 1.0 - sum(translations.values()))
            forms = {**translations}
        elif share < 0:
            own = stem(word, target)
            forms = {**translations, own: max(-share/10, translations.get(own, 0.0))}
            share = 0
        else:
            forms = {other: (1.0 - share) * p for other, p in translations.items()}
        if share > 0.0:
            itself = stem(word, target)
            forms[itself] = forms.get(itself, 0.0) + share
        found[term] = forms
    return list(found.values())


def lookup(words: Sequence[str], targets: Sequence[str], direction: Direction) -> Translate:
    number = {word: i for i, word in enumerate(words)}

    def translate(term: str) -> Mapping[str, float]:
        if term not in number:
            return {}
        i = number[term]
        row = slice(int(direction.offsets[i]), int(direction.offsets[i + 1]))
        return {
            targets[int(t)]: float(p)
            for t, p in zip(direction.targets[row], direction.probabilities[row], strict=True)
        }

    return translate


def order(text: str) -> str:
    """A fixed shuffle: sort by this."""
    return hashlib.sha256(f"lexicon:{text}".encode()).hexdigest()


def hold_out(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """(what may train, what is held out); a pair that shares a side with a held-out one does
    neither."""
    held: list[Pair] = []
    english: set[str] = set()
    french: set[str] = set()
    for corpus, size in HELD_OUT.items():
        unlike = 0
        for pair in sorted((p for p in pairs if p.corpus == corpus), key=lambda p: order(p.english)):
            if unlike == size:
                break
            fresh = pair.english not in english and pair.french not in french
            if fresh and len(set(terms(pair.english, "en"))) >= 3:
                held.append(pair)
                english.add(pair.english)
                french.add(pair.french)
                unlike += 1
    train = [p for p in pairs if p.english not in english and p.french not in french]
    return train, held


def hold_out_words(pairs: Sequence[Pair], size: int) -> tuple[list[Pair], dict[str, set[str]]]:
    """(pairs without these words' dictionary lines, French stem -> its English stems there). One
    word on each side; the word stands in at least five sentence pairs."""
    seen: Counter[str] = Counter()
    meanings: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        if pair.corpus != "wiktionary_fr_en":
            seen.update(terms(pair.french, "fr").keys())
            continue
        left, right = terms(pair.french, "fr"), terms(pair.english, "en")
        if len(left) == len(right) == 1:
            meanings[next(iter(left))].add(next(iter(right)))
    words = sorted((word for word in meanings if seen[word] >= 5), key=order)[:size]
    chosen = {word: meanings[word] for word in words}
    train = [
        pair
        for pair in pairs
        if pair.corpus != "wiktionary_fr_en" or not chosen.keys() & terms(pair.french, "fr").keys()
    ]
    return train, chosen


def at(ranks: Sequence[int], place: int) -> float:
    return sum(rank <= place for rank in ranks) / len(ranks)


SENTENCE = re.compile(r"(?<=[.!?…])[\"»)\]]*\s+(?=[\"«(]?\s?[A-ZÀ-Ý0-9])")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Good enough to measure with: every sentence is cut alike for every variant."""
    cuts = [0, *(match.end() for match in SENTENCE.finditer(text)), len(text)]
    return [(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if text[a:b].strip()]


class Questions:
    """One split's questions, with the sentences of all paragraphs of its articles."""

    def __init__(self, data_folder: Path, split: str) -> None:
        self.items = [item for item in load(data_folder) if item.split == split]
        titles = {(item.document_language, item.title) for item in self.items}
        sentences: dict[str, list[str]] = {"en": [], "fr": []}
        place: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
        for paragraph in paragraphs(data_folder):
            language = paragraph.language
            if (language, paragraph.title) not in titles:
                continue
            spans = sentence_spans(paragraph.text)
            base = len(sentences[language])
            sentences[language] += [paragraph.text[a:b] for a, b in spans]
            place[language, paragraph.text] = [(a, b, base + i) for i, (a, b) in enumerate(spans)]
        self.sizes = {language: len(texts) for language, texts in sentences.items()}
        self._pools = {language: Pool(texts, language) for language, texts in sentences.items()}
        self._place = place

    def gold(self, item: Item) -> list[int]:
        return [
            number
            for a, b, number in self._place[item.document_language, item.paragraph]
            if a <= item.answer_start < b
        ]

    def ranks(
        self, direction: str, translate: Translate, identity: Identity
    ) -> list[int]:
        chosen = [item for item in self.items if item.direction == direction]
        return [
            self._pools[item.document_language].rank(
                query_forms(
                    item.question, item.language, item.document_language, translate, identity
                ),
                self.gold(item),
            )
            for item in chosen
        ]
