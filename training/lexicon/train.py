"""Learn p(target stem | source stem), English to French and back, from sentence pairs.

    python training/lexicon/train.py DATA_FOLDER [--output models/lexicon/fr-en.npz]

DATA_FOLDER holds `tatoeba`, `news_commentary_5k`, `stsb_fr_en` and `wiktionary_fr_en`, as their
authors publish them. The model is IBM model 1 (Brown et al., Computational Linguistics 19(2), 1993,
section 4.1) over content stems, learned by expectation maximisation; what was tried beside it is in
README.md. Nothing is random: the same data gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs from a checkout as it is

from rag.errors import RagError, UsageError  # noqa: E402
from rag.terms import content_words, stem  # noqa: E402

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

OUTPUT = Path(__file__).resolve().parents[2] / "models" / "lexicon" / "fr-en.npz"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that was chosen; README.md has the measurements."""

    rounds: int = 6
    dictionary_weight: float = 1.0
    """What a dictionary line counts beside a sentence pair; 0 leaves the dictionary out."""
    prior: float = 0.0
    """Dirichlet prior for variational Bayes (Riley & Gildea, NAACL 2012); 0 is plain EM."""
    symmetric: bool = False
    """Multiply by the other direction's p(source | target) and renormalise."""
    null_weight: float = 1.0
    """How many NULL words stand in every source sentence."""
    least: float = 0.02
    """Translations below this probability are dropped,"""
    most: int = 8
    """and all but this many,"""
    renormalise: bool = False
    """and what is left may be made to sum to 1."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that say the same."""

    corpus: str
    english: str
    french: str


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction of the lexicon in compressed rows, sources in the vocabulary's order: the
    translations of source i are `targets[offsets[i]:offsets[i + 1]]`, best first."""

    offsets: Ints
    targets: Ints
    probabilities: Floats


# --- reading ------------------------------------------------------------------------------


def read_pairs(folder: Path) -> list[Pair]:
    """Sentence pairs and dictionary lines of the data folder, in the files' order."""
    return [*_tatoeba(folder), *_news(folder), *_stsb(folder), *_wiktionary(folder)]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: can't be read ({type(error).__name__}); name the folder that holds tatoeba, "
            "news_commentary_5k, stsb_fr_en and wiktionary_fr_en"
        ) from error


def _tatoeba(folder: Path) -> Iterator[Pair]:
    for line in _lines(folder / "tatoeba" / "fra-eng.tsv"):
        english, tab, french = line.partition("\t")
        if tab:
            yield Pair("tatoeba", english, french.split("\t")[0])


def _news(folder: Path) -> Iterator[Pair]:
    sides = [_lines(folder / "news_commentary_5k" / f"nc-5k.{code}") for code in ("en", "fr")]
    for english, french in zip(*sides, strict=True):
        if english.strip() and french.strip():
            yield Pair("news_commentary_5k", english, french)


def _stsb(folder: Path) -> Iterator[Pair]:
    for part in ("train", "dev"):
        sides = [
            list(csv.reader(_lines(folder / "stsb_fr_en" / f"stsb-{code}-{part}.csv")))
            for code in ("en", "fr")
        ]
        for english, french in zip(*sides, strict=True):
            for one, other in zip(english[:2], french[:2], strict=True):
                yield Pair("stsb_fr_en", one, other)


_REMARK = re.compile(r"\{[^}]*\}|\[[^]]*\]|\([^)]*\)")


def _wiktionary(folder: Path) -> Iterator[Pair]:
    """`équipe {f} :: team, crew` gives (team, équipe) and (crew, équipe); what reads like a
    definition rather than a translation (more than three words) is left out."""
    for line in _lines(folder / "wiktionary_fr_en" / "fr-en-enwiktionary.txt"):
        if line.startswith("#"):
            continue
        head, separator, gloss = line.partition(" :: ")
        french = _REMARK.sub(" ", head).strip()
        if not separator or not french:
            continue
        for part in re.split(r"[,;]", _REMARK.sub(" ", gloss)):
            english = re.sub(r"^(to|a|an|the) ", "", part.strip())
            if english and len(english.split()) <= 3:
                yield Pair("wiktionary_fr_en", english, french)


# --- learning -----------------------------------------------------------------------------


def stems(text: str, language: str) -> list[str]:
    """Different content stems of a text, in order: a word's second occurrence says nothing new
    about what it means."""
    return list(dict.fromkeys(stem(word, language) for word in content_words(text, language)))


def learn(pairs: Sequence[Pair], recipe: Recipe) -> tuple[list[str], list[str], Direction, Direction]:
    """English vocabulary, French vocabulary, English to French, French to English."""
    english = [stems(pair.english, "en") for pair in pairs]
    french = [stems(pair.french, "fr") for pair in pairs]
    weights = np.array(
        [recipe.dictionary_weight if p.corpus == "wiktionary_fr_en" else 1.0 for p in pairs]
    )
    kept = [
        i for i in range(len(pairs)) if english[i] and french[i] and weights[i] > 0.0
    ]
    english, french, weights = [english[i] for i in kept], [french[i] for i in kept], weights[kept]
    en_words, en_ids = _number(english)
    fr_words, fr_ids = _number(french)
    forward = _ibm1(en_ids, fr_ids, weights, recipe)
    backward = _ibm1(fr_ids, en_ids, weights, recipe)
    if recipe.symmetric:
        forward, backward = _agree(forward, backward), _agree(backward, forward)
    return (
        en_words,
        fr_words,
        _prune(*forward, len(en_words), recipe),
        _prune(*backward, len(fr_words), recipe),
    )


def _number(texts: Iterable[Sequence[str]]) -> tuple[list[str], list[Ints]]:
    vocabulary = sorted({word for text in texts for word in text})
    number = {word: i for i, word in enumerate(vocabulary)}
    return vocabulary, [np.array([number[word] for word in text], dtype=np.int64) for text in texts]


def _ibm1(
    source: Sequence[Ints], target: Sequence[Ints], weights: Floats, recipe: Recipe
) -> tuple[Ints, Ints, Floats]:
    """(source, target, p(target | source)) of every pair of words that stood together, sorted by
    source, then target; the NULL word is left out of the result."""
    lengths_s = np.array([len(text) for text in source])
    lengths_t = np.array([len(text) for text in target])
    # Every target word of every sentence is a token: it was made by one word of the source
    # sentence or by NULL. A link is one such possibility.
    token_weight = np.repeat(weights, lengths_t)
    tokens = int(lengths_t.sum())
    words_t = np.concatenate(target)
    choices = np.repeat(lengths_s, lengths_t)
    link_token = np.repeat(np.arange(tokens), choices)
    flat_s = np.concatenate(source)
    start = np.repeat(np.cumsum(lengths_s) - lengths_s, lengths_t)
    within = np.arange(len(link_token)) - np.repeat(np.cumsum(choices) - choices, choices)
    link_s = flat_s[np.repeat(start, choices) + within] + 1  # 0 is NULL
    size_t = int(words_t.max()) + 1
    link_token = np.concatenate([link_token, np.arange(tokens)])
    link_s = np.concatenate([link_s, np.zeros(tokens, dtype=np.int64)])
    cells, link_cell = np.unique(link_s * size_t + words_t[link_token], return_inverse=True)
    cell_s, cell_t = cells // size_t, cells % size_t
    link_weight = token_weight[link_token]
    scale = np.where(cell_s == 0, recipe.null_weight, 1.0)
    table: Floats = np.ones(len(cells)) / size_t
    for _ in range(recipe.rounds):
        likelihood = (table * scale)[link_cell]
        posterior = likelihood / np.bincount(link_token, likelihood, tokens)[link_token]
        counts = np.bincount(link_cell, posterior * link_weight, len(cells))
        totals = np.bincount(cell_s, counts)
        if recipe.prior > 0.0:
            table = np.exp(
                _digamma(counts + recipe.prior) - _digamma(totals + recipe.prior * size_t)[cell_s]
            )
        else:
            table = counts / totals[cell_s]
    real = cell_s > 0
    return cell_s[real] - 1, cell_t[real], table[real]


def _digamma(x: Floats) -> Floats:
    """Derivative of log gamma for x > 0: recurrence up to 6, then the asymptotic series."""
    result = np.zeros_like(x)
    x = x.copy()
    for _ in range(6):
        small = x < 6.0
        result[small] -= 1.0 / x[small]
        x[small] += 1.0
    inverse = 1.0 / (x * x)
    series = inverse * (1 / 12 - inverse * (1 / 120 - inverse / 252))
    return result + np.log(x) - 0.5 / x - series


def _agree(
    one: tuple[Ints, Ints, Floats], other: tuple[Ints, Ints, Floats]
) -> tuple[Ints, Ints, Floats]:
    """p(t|s) p(s|t), made to sum to the mass that p(t|s) had."""
    sources, targets, table = one
    order = np.lexsort((other[0], other[1]))  # the other direction's cells, transposed
    product = table * other[2][order]
    mass = np.bincount(sources, table)
    total = np.bincount(sources, product)
    return sources, targets, product * (mass / np.maximum(total, 1e-300))[sources]


def _prune(sources: Ints, targets: Ints, table: Floats, size: int, recipe: Recipe) -> Direction:
    order = np.lexsort((targets, -table, sources))
    sources, targets, table = sources[order], targets[order], table[order]
    first = np.searchsorted(sources, np.arange(size))
    rank = np.arange(len(sources)) - first[sources]
    keep = (rank < recipe.most) & (table >= recipe.least)
    sources, targets, table = sources[keep], targets[keep], table[keep]
    if recipe.renormalise:
        table = table / np.bincount(sources, table, size)[sources]
    return Direction(np.searchsorted(sources, np.arange(size + 1)), targets, table)
