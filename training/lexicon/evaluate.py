"""Measure the lexicon on what trained nothing.

    python training/lexicon/evaluate.py DATA_FOLDER [--split fit|dev]

Sentence retrieval and the dictionary are measured with a table learned without the held-out pairs;
the questions (training/answerability/questions) with the file that ships, learned from all pairs,
since the question sets' texts are in none of them. Search is BM25 over probabilistic structured queries (Darwish & Oard,
SIGIR 2003): a query word's term and document frequencies are expectations over its translations.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs from a checkout as it is

from rag.errors import RagError
from rag.followup import standalone
from rag.models.lexicon import NumpyLexicon
from rag.protocols import Lexicon
from rag.question import query_terms
from rag.terms import terms
from training.answerability.data import Item, load, paragraphs
from training.lexicon.train import OUTPUT, Direction, Pair, Recipe, learn, read_pairs

Forms = Mapping[str, float]
"""Index terms with their weights."""

HELD_OUT = {"news_commentary_5k": 1000, "stsb_fr_en": 500, "tatoeba": 500}
HELD_OUT_WORDS = 1500
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
        return int((scores >= best).sum()) - int((scores[list(gold)] >= best).sum()) + 1


class Learned:
    """A lexicon just learned, as `rag.protocols.Lexicon` has it."""

    name = "learned"

    def __init__(
        self, english: Sequence[str], french: Sequence[str], forward: Direction, back: Direction
    ) -> None:
        self._tables = {
            ("en", "fr"): ({word: i for i, word in enumerate(english)}, french, forward),
            ("fr", "en"): ({word: i for i, word in enumerate(french)}, english, back),
        }

    def translate(self, stem: str, source: str, target: str) -> dict[str, float]:
        numbers, others, direction = self._tables[source, target]
        if stem not in numbers:
            return {}
        i = numbers[stem]
        row = slice(int(direction.offsets[i]), int(direction.offsets[i + 1]))
        return {
            others[int(t)]: float(p)
            for t, p in zip(direction.targets[row], direction.probabilities[row], strict=True)
        }


def query_forms(text: str, source: str, target: str, lexicon: Lexicon | None) -> list[Forms]:
    """The text's words in the target language, by the rule that the product searches with."""
    query = standalone(text, source, ())
    return [term.forms[target] for term in query_terms(query, [target], lexicon)]


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
        for pair in sorted(
            (p for p in pairs if p.corpus == corpus), key=lambda p: order(p.english)
        ):
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
    return [(a, b) for a, b in pairwise(cuts) if text[a:b].strip()]


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

    def ranks(self, direction: str, lexicon: Lexicon | None) -> list[int]:
        """Place of the sentence that holds the answer, from 1, for each question."""
        return [
            self._pools[item.document_language].rank(
                query_forms(item.question, item.language, item.document_language, lexicon),
                self.gold(item),
            )
            for item in self.items
            if item.direction == direction
        ]


# --- reporting ----------------------------------------------------------------------------


def interval(ranks: Sequence[int], place: int) -> tuple[float, float]:
    """95% bootstrap interval of the share within `place`, 1,000 draws, seed 0."""
    found = np.array([rank <= place for rank in ranks], dtype=float)
    draws = np.random.default_rng(0).integers(0, len(found), (1000, len(found)))
    low, high = np.quantile(found[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def report_sentences(held: Sequence[Pair], lexicon: Lexicon) -> None:
    sides = {"en": [pair.english for pair in held], "fr": [pair.french for pair in held]}
    print(f"\nA sentence finds its translation first among {len(held):,}\n")
    print("| | n | en->fr | fr->en | en->fr, words as they are | fr->en, words as they are |")
    print("|---|---|---|---|---|---|")
    ranks: dict[tuple[bool, str], list[int]] = {}
    for with_lexicon in (True, False):
        for source, target in (("en", "fr"), ("fr", "en")):
            pool = Pool(sides[target], target)
            ranks[with_lexicon, source] = [
                pool.rank(query_forms(text, source, target, lexicon if with_lexicon else None), [i])
                for i, text in enumerate(sides[source])
            ]
    for corpus in (*HELD_OUT, "all"):
        rows = [i for i, pair in enumerate(held) if corpus in ("all", pair.corpus)]
        shares = " | ".join(f"{at([r[i] for i in rows], 1):.3f}" for r in ranks.values())
        print(f"| {corpus} | {len(rows):,} | {shares} |")


def report_words(words: Mapping[str, set[str]], lexicon: Lexicon) -> None:
    first = mass = 0.0
    for word, meanings in words.items():
        found = lexicon.translate(word, "fr", "en")
        first += next(iter(found), "") in meanings
        mass += sum(p for other, p in found.items() if other in meanings)
    print(
        f"\nDictionary, {len(words):,} French stems whose entries trained nothing: the best ",
        end="",
    )
    print(f"translation is among the dictionary's for {first / len(words):.3f}; ", end="")
    print(f"mass on the dictionary's translations {mass / len(words):.3f}")


def report_questions(questions: Questions, split: str, lexicon: Lexicon) -> None:
    sizes = questions.sizes
    print(
        f"\nQuestions, {split} half; {sizes['fr']:,} French and {sizes['en']:,} English sentences\n"
    )
    print("| direction | n | words | @1 | @3 | @10 | interval of @3 |")
    print("|---|---|---|---|---|---|---|")
    for direction in ("fr->fr", "en->fr", "en->en", "fr->en"):
        source, target = direction.split("->")
        for label, table in (("as they are", None), ("translated", lexicon)):
            if source == target and table is not None:
                continue
            ranks = questions.ranks(direction, table)
            shares = " | ".join(f"{at(ranks, place):.2f}" for place in (1, 3, 10))
            low, high = interval(ranks, 3)
            print(f"| {direction} | {len(ranks)} | {label} | {shares} | {low:.2f}-{high:.2f} |")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure the translating lexicon.")
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument("--split", choices=("fit", "dev"), default="dev")
    parser.add_argument("--lexicon", type=Path, default=OUTPUT, help="measured on the questions")
    options = parser.parse_args(arguments)
    try:
        train, held = hold_out(read_pairs(options.data))
        train, words = hold_out_words(train, HELD_OUT_WORDS)
        learned = Learned(*learn(train, Recipe()))
        report_sentences(held, learned)
        report_words(words, learned)
        questions = Questions(options.data, options.split)
        report_questions(questions, options.split, NumpyLexicon(options.lexicon))
    except RagError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
