"""French words for an English model: whole words that begin where their translations are.

all-MiniLM-L6-v2 reads French in scraps ("licenciement" is six of its pieces) whose vectors mean
nothing. Frequent French words become tokens of their own, and each begins as the mean of its English
translations' vectors, weighted by p(English word | French word) from IBM model 1 over words. The
idea of starting a language's words at their translations' is WECHSEL's (Minixhofer et al. 2022).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from rag.terms import stem
from training.bilingual import corpora
from training.lexicon import train as lexicon

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Chosen by the size of the files: both models together stay under 60 MB."""

    words: int = 16_000
    """French words that are added,"""
    least: int = 3
    """each of at least so many occurrences in the French texts."""
    mostly: float = 30.0
    """A piece that stood so many times more often in French than in English begins anew too."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A tokenizer and the first vectors of its pieces, shape (pieces, width), float32."""

    tokenizer: Tokenizer
    vectors: Floats
    added: int
    renewed: int


def extend(model_folder: Path, vectors: Floats, data: Path, recipe: Recipe) -> Vocabulary:
    """The vocabulary of the model in a folder, `vectors` being its word vectors, less its unused
    pieces and those of scripts that neither language is written in, with French words added."""
    spec = json.loads((model_folder / "tokenizer.json").read_text(encoding="utf-8"))
    pieces: dict[str, int] = spec["model"]["vocab"]
    tokenizer = plain_tokenizer(spec)
    pairs = [pair for pair in corpora.parallel(data) if pair.english and pair.french]
    french_texts = [pair.french for pair in pairs]
    french_texts += sorted({item.paragraph for item in _french(data)}) * 2
    english_texts = [pair.english for pair in pairs]
    english_texts += (
        sorted(
            {i.paragraph for i in corpora.questions(data, "train") if i.document_language == "en"}
        )
        * 2
    )
    words = _Words(tokenizer)
    french = Counter(word for text in french_texts for word in words(text))
    english = Counter(word for text in english_texts for word in words(text))
    translations = _translations(pairs, data, words)
    meanings = _Meanings(tokenizer, pieces, vectors, translations)

    kept = [piece for piece in sorted(pieces, key=pieces.__getitem__) if _keep(piece)]
    rows = [vectors[pieces[piece]] for piece in kept]
    renewed = 0
    for number, piece in enumerate(kept):
        mostly_french = french[piece] >= 20 and french[piece] > recipe.mostly * (english[piece] + 1)
        if mostly_french and piece.isalpha() and (meaning := meanings(piece)) is not None:
            rows[number] = meaning
            renewed += 1
    added: list[str] = []
    for word, count in sorted(french.items(), key=lambda item: (-item[1], item[0])):
        if len(added) == recipe.words or count < recipe.least:
            break
        if word in pieces or len(word) < 3 or not word.isalpha():
            continue
        meaning = meanings(word)
        if meaning is not None:
            added.append(word)
            rows.append(meaning)
    spec["model"]["vocab"] = {piece: number for number, piece in enumerate(kept + added)}
    numbers = spec["model"]["vocab"]
    for token in spec["added_tokens"]:
        token["id"] = numbers[token["content"]]
    for token in spec["post_processor"].get("special_tokens", {}).values():
        token["ids"] = [numbers[name] for name in token["tokens"]]
    for key in ("sep", "cls"):
        if key in spec["post_processor"]:
            name = spec["post_processor"][key][0]
            spec["post_processor"][key] = [name, numbers[name]]
    return Vocabulary(plain_tokenizer(spec), np.stack(rows), len(added), renewed)


def plain_tokenizer(spec: dict[str, Any]) -> Tokenizer:
    """Without the fixed padding and the cut at 128 tokens that the original's file asks for."""
    tokenizer = Tokenizer.from_str(json.dumps({**spec, "truncation": None, "padding": None}))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _french(data: Path) -> Iterable[Any]:
    return (i for i in corpora.questions(data, "train") if i.document_language == "fr")


def _keep(piece: str) -> bool:
    bare = piece.removeprefix("##")
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
        return not piece.startswith("[unused")
    return all(ord(sign) < 0x530 or 0x2000 <= ord(sign) < 0x2300 for sign in bare)


class _Words:
    """A text's words as the tokenizer sees them before it cuts them into pieces."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._normalizer, self._splitter = tokenizer.normalizer, tokenizer.pre_tokenizer

    def __call__(self, text: str) -> list[str]:
        normal = self._normalizer.normalize_str(text)
        return [word for word, _ in self._splitter.pre_tokenize_str(normal)]


def _translations(
    pairs: Sequence[corpora.Parallel], data: Path, words: _Words
) -> dict[str, list[tuple[str, float]]]:
    """French word to its English ones with their probabilities, best first."""
    recipe = lexicon.Recipe()
    dictionary = [
        corpora.Parallel(pair.english, pair.french)
        for pair in lexicon.read_pairs(data)
        if pair.corpus == "wiktionary_fr_en"
    ]

    def different(text: str) -> list[str]:
        return [word for word in dict.fromkeys(words(text)) if any(map(str.isalnum, word))]

    both = [(different(pair.english), different(pair.french)) for pair in [*pairs, *dictionary]]
    both = [(one, other) for one, other in both if one and other and len(one) + len(other) < 120]
    english, en_texts = lexicon.numbered([one for one, _ in both])
    french, fr_texts = lexicon.numbered([other for _, other in both])
    kinship = lexicon.kinship_counts(english, french, recipe)
    forward = lexicon.ibm_model_1(en_texts, fr_texts, kinship, recipe.rounds)
    back = lexicon.ibm_model_1(
        fr_texts, en_texts, {(t, s): n for (s, t), n in kinship.items()}, recipe.rounds
    )
    table = lexicon.pruned(
        lexicon.symmetrised(back, forward, recipe.agreement), len(french), recipe
    )
    found: dict[str, list[tuple[str, float]]] = {}
    for number, word in enumerate(french):
        entries = slice(int(table.offsets[number]), int(table.offsets[number + 1]))
        found[word] = [
            (english[target], float(share))
            for target, share in zip(
                table.targets[entries].tolist(), table.probabilities[entries].tolist(), strict=True
            )
        ]
    return found


class _Meanings:
    """Where a French word begins."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        pieces: dict[str, int],
        vectors: Floats,
        translations: dict[str, list[tuple[str, float]]],
    ) -> None:
        self._tokenizer, self._pieces, self._vectors = tokenizer, pieces, vectors
        self._translations = translations
        self._kin: dict[str, list[str]] = defaultdict(list)
        for word in translations:
            self._kin[stem(word, "fr")].append(word)

    def __call__(self, word: str) -> Floats | None:
        """None where nothing is known. A word that no sentence pair holds begins where others of
        its stem do."""
        if self._translations.get(word):
            return self._mean(self._translations[word])
        kin = [self._mean(self._translations[other]) for other in self._kin[stem(word, "fr")][:5]]
        known = [vector for vector in kin if vector is not None]
        return np.asarray(np.mean(known, axis=0), np.float32) if known else None

    def _mean(self, translations: list[tuple[str, float]]) -> Floats | None:
        total, weight, length = np.zeros(self._vectors.shape[1], np.float32), 0.0, 0.0
        for word, share in translations:
            ids = self._tokenizer.encode(word, add_special_tokens=False).ids
            if not ids:
                continue
            vector = self._vectors[ids].mean(0)
            total += share * vector
            length += share * float(np.linalg.norm(vector))
            weight += share
        size = float(np.linalg.norm(total))
        # The mean of several directions is short; words are not.
        return np.asarray(total * (length / weight / size), np.float32) if weight > 0 else None
