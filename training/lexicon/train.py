"""Learn p(target stem | source stem), English to French and back, from sentence pairs.

    python training/lexicon/train.py DATA_FOLDER [--output models/lexicon/fr-en.npz]

DATA_FOLDER holds `tatoeba`, `news_commentary_5k`, `stsb_fr_en` and `wiktionary_fr_en`, as their
authors publish them. The model is IBM model 1 (Brown et al., Computational Linguistics 19(2), 1993,
section 4.1) over content stems, learned by expectation maximisation; what was tried beside it is in
README.md. Nothing is random: the same data gives the same bytes.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs from a checkout as it is

from rag.errors import RagError, UsageError
from rag.models.lexicon import FILE, FORMAT, SCALE
from rag.terms import content_words, stem
from training.bilingual import corpora

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

OUTPUT = Path(__file__).resolve().parents[2] / "models" / "lexicon" / FILE
LETTERS = 5
"""Words that begin with the same so many are taken for kin."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that was chosen; README.md has the measurements."""

    rounds: int = 6
    same: float = 3.0
    """Counts that two words of the same spelling are given in every round,"""
    alike: float = 1.0
    """and two words that share their first five letters (a Dirichlet prior for cognates)."""
    agreement: float = 0.3
    """p(t|s) is multiplied by p(s|t) to this power; 0 leaves the two directions alone."""
    least: float = 0.02
    """Translations below this probability are dropped,"""
    most: int = 8
    """and all but this many."""


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


@dataclass(frozen=True, slots=True)
class Table:
    """p(target | source) of every two words that stood together, sorted by source, then target;
    what NULL made is missing. Three arrays of one length."""

    sources: Ints
    targets: Ints
    probabilities: Floats


# --- reading ------------------------------------------------------------------------------


def read_pairs(folder: Path) -> list[Pair]:
    """Sentence pairs and dictionary lines of the data folder, in the files' order."""
    return [*_tatoeba(folder), *_news(folder), *_stsb(folder), *_wiktionary(folder)]


def _tatoeba(folder: Path) -> Iterator[Pair]:
    for english, french in corpora.tatoeba(folder):
        yield Pair("tatoeba", english, french)


def _news(folder: Path) -> Iterator[Pair]:
    sides = [corpora.news_lines(folder, code) for code in ("en", "fr")]
    for english, french in zip(*sides, strict=True):
        if english.strip() and french.strip():
            yield Pair("news_commentary_5k", english, french)


def _stsb(folder: Path) -> Iterator[Pair]:
    for part in ("train", "dev"):
        sides = [corpora.stsb(folder, code, part) for code in ("en", "fr")]
        for english, french in zip(*sides, strict=True):
            for one, other in zip(english[:2], french[:2], strict=True):
                yield Pair("stsb_fr_en", one, other)


_REMARK = re.compile(r"\{[^}]*\}|\[[^]]*\]|\([^)]*\)")


def _wiktionary(folder: Path) -> Iterator[Pair]:
    for line in corpora.read_lines(folder / "wiktionary_fr_en" / "fr-en-enwiktionary.txt"):
        yield from dictionary_line(line)


def dictionary_line(line: str) -> Iterator[Pair]:
    """`équipe {f} :: team, crew` gives (team, équipe) and (crew, équipe); what reads like a
    definition rather than a translation (more than three words) is left out."""
    head, separator, gloss = line.partition(" :: ")
    french = _REMARK.sub(" ", head).strip()
    if line.startswith("#") or not separator or not french:
        return
    for part in re.split(r"[,;]", _REMARK.sub(" ", gloss)):
        words = re.sub(r"^(to|a|an|the) ", "", part.strip()).split()
        if 0 < len(words) <= 3:
            yield Pair("wiktionary_fr_en", " ".join(words), french)


# --- learning -----------------------------------------------------------------------------


def stems(text: str, language: str) -> list[str]:
    """Different content stems of a text, in order: a word's second occurrence says nothing new
    about what it means."""
    return list(dict.fromkeys(stem(word, language) for word in content_words(text, language)))


def learn(
    pairs: Sequence[Pair], recipe: Recipe
) -> tuple[list[str], list[str], Direction, Direction]:
    """English vocabulary, French vocabulary, English to French, French to English."""
    both = [(stems(pair.english, "en"), stems(pair.french, "fr")) for pair in pairs]
    both = [(english, french) for english, french in both if english and french]
    if not both:
        raise UsageError("no sentence pair has a content word on both sides; nothing to learn from")
    english, en_texts = numbered([one for one, _ in both])
    french, fr_texts = numbered([other for _, other in both])
    kinship = kinship_counts(english, french, recipe)
    forward = ibm_model_1(en_texts, fr_texts, kinship, recipe.rounds)
    back = ibm_model_1(
        fr_texts, en_texts, {(t, s): n for (s, t), n in kinship.items()}, recipe.rounds
    )
    return (
        english,
        french,
        pruned(symmetrised(forward, back, recipe.agreement), len(english), recipe),
        pruned(symmetrised(back, forward, recipe.agreement), len(french), recipe),
    )


def numbered(texts: Sequence[Sequence[str]]) -> tuple[list[str], list[Ints]]:
    """The sorted vocabulary, and the texts as numbers of its words."""
    vocabulary = sorted({word for text in texts for word in text})
    number = {word: i for i, word in enumerate(vocabulary)}
    return vocabulary, [np.array([number[word] for word in text], dtype=np.int64) for text in texts]


def kinship_counts(
    english: Sequence[str], french: Sequence[str], recipe: Recipe
) -> dict[tuple[int, int], float]:
    """Prior counts by (English, French) number, where there are any: a rare word that stood in one
    sentence is otherwise as good a translation of its neighbours as of its cognate."""
    beginnings: dict[str, list[int]] = defaultdict(list)
    for number, word in enumerate(french):
        beginnings[word[:LETTERS]].append(number)
    counts: dict[tuple[int, int], float] = {}
    for one, word in enumerate(english):
        long_enough = len(word) >= LETTERS and not word[0].isdigit()
        for other in beginnings.get(word[:LETTERS], ()):
            counts[one, other] = recipe.alike * long_enough + recipe.same * (word == french[other])
    return {pair: count for pair, count in counts.items() if count > 0.0}


def ibm_model_1(
    source: Sequence[Ints],
    target: Sequence[Ints],
    kinship: Mapping[tuple[int, int], float],
    rounds: int,
) -> Table:
    """Expectation maximisation from an even start, with a NULL word in every source text."""
    lengths_s = np.array([len(text) for text in source])
    lengths_t = np.array([len(text) for text in target])
    words_s, words_t = np.concatenate(source), np.concatenate(target)
    size_t = int(words_t.max()) + 1
    tokens = len(words_t)
    # A target word of a text is a token: a word of the source text made it, or NULL did. Each such
    # possibility is a link; links of the same two words share a cell of the table.
    choices = np.repeat(lengths_s, lengths_t)  # (tokens,)
    link_token = np.repeat(np.arange(tokens), choices)  # (links,), NULL's follow below
    first = np.repeat(np.cumsum(lengths_s) - lengths_s, lengths_t)  # of the token's source text
    within = np.arange(len(link_token)) - np.repeat(np.cumsum(choices) - choices, choices)
    link_s = words_s[np.repeat(first, choices) + within] + 1  # 0 is NULL
    link_token = np.concatenate([link_token, np.arange(tokens)])
    link_s = np.concatenate([link_s, np.zeros(tokens, dtype=np.int64)])
    cells, link_cell = np.unique(link_s * size_t + words_t[link_token], return_inverse=True)
    cell_s, cell_t = cells // size_t, cells % size_t
    prior = np.zeros(len(cells))
    for (one, other), count in kinship.items():
        key = (one + 1) * size_t + other
        place = int(np.searchsorted(cells, key)) if other < size_t else len(cells)
        if place < len(cells) and cells[place] == key:
            prior[place] = count
    table: Floats = np.full(len(cells), 1.0 / size_t)
    for _ in range(rounds):
        likelihood = table[link_cell]
        posterior = likelihood / np.bincount(link_token, likelihood, tokens)[link_token]
        counts = np.bincount(link_cell, posterior, len(cells)) + prior
        table = counts / np.bincount(cell_s, counts)[cell_s]
    real = cell_s > 0
    return Table(cell_s[real] - 1, cell_t[real], table[real])


def symmetrised(one: Table, other: Table, power: float) -> Table:
    """p(t|s) p(s|t)^power, each source keeping the mass it had: a word that stands beside everything
    ("take") is then no translation of a word that is seldom beside it."""
    order = np.lexsort((other.sources, other.targets))  # the other's cells in this one's order
    product = one.probabilities * other.probabilities[order] ** power
    mass = np.bincount(one.sources, one.probabilities)
    total = np.maximum(np.bincount(one.sources, product), np.finfo(float).tiny)
    return Table(one.sources, one.targets, product * (mass / total)[one.sources])


def pruned(table: Table, size: int, recipe: Recipe) -> Direction:
    order = np.lexsort((table.targets, -table.probabilities, table.sources))
    sources, targets = table.sources[order], table.targets[order]
    probabilities = table.probabilities[order]
    rank = np.arange(len(sources)) - np.searchsorted(sources, np.arange(size))[sources]
    keep = (rank < recipe.most) & (probabilities >= recipe.least)
    offsets = np.searchsorted(sources[keep], np.arange(size + 1))
    return Direction(offsets, targets[keep], probabilities[keep])


# --- writing ------------------------------------------------------------------------------


def save(
    path: Path, english: Sequence[str], french: Sequence[str], forward: Direction, back: Direction
) -> None:
    """The file that `rag.models.lexicon` reads (it says what is in it), whole or not at all."""
    arrays: dict[str, npt.NDArray[np.generic]] = {"format": np.array([FORMAT], dtype=np.uint32)}
    for code, words in (("en", english), ("fr", french)):
        arrays[f"words_{code}"] = np.frombuffer("\n".join(words).encode(), dtype=np.uint8)
    for name, direction in (("en_fr", forward), ("fr_en", back)):
        narrow = np.uint16 if direction.targets.max(initial=0) < 2**16 else np.uint32
        # Rounded down, so that no row sums to more than 1.
        rounded = np.floor(direction.probabilities * SCALE)
        arrays[f"{name}_offsets"] = direction.offsets.astype(np.uint32)
        arrays[f"{name}_targets"] = direction.targets.astype(narrow)
        arrays[f"{name}_probabilities"] = rounded.astype(np.uint16)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    part.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Learn the translating lexicon.")
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    try:
        pairs = read_pairs(options.data)
        english, french, forward, back = learn(pairs, Recipe())
        save(options.output, english, french, forward, back)
    except RagError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(
        f"{options.output}: {len(pairs):,} pairs, {len(english):,} English and {len(french):,} "
        f"French stems, {len(forward.targets):,} + {len(back.targets):,} entries, "
        f"{options.output.stat().st_size:,} bytes, {time.perf_counter() - started:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
