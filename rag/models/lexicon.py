"""A probabilistic dictionary over stems, kept as one `.npz` file (recipe: `training/lexicon/`).

The file holds, for each language `x`, `words_x` (its stems, sorted, UTF-8, one a line) and, for each
direction `x_y`, compressed rows: the translations of stem `i` are entries `x_y_offsets[i]` to
`x_y_offsets[i + 1]` of `x_y_targets` (numbers of y's stems, best first) and `x_y_probabilities`
(16 bits: p = value / 65535, rounded down, so that a row never sums to more than 1).
"""

from __future__ import annotations

import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.errors import ModelUnavailable

FORMAT = 1
FILE = "fr-en.npz"
"""What a folder is expected to hold."""
SCALE = 65535


@dataclass(frozen=True, slots=True)
class _Direction:
    offsets: npt.NDArray[np.uint32]
    """Shape (source words + 1,)."""
    targets: npt.NDArray[np.uint32]
    """Shape (entries,)."""
    probabilities: npt.NDArray[np.uint16]
    """Shape (entries,), in units of 1 / SCALE."""


@dataclass(frozen=True, slots=True)
class _Tables:
    words: Mapping[str, list[str]]
    directions: Mapping[tuple[str, str], _Direction]


class NumpyLexicon:
    """Translations of single stems, read from a file on first use (about 20 ms)."""

    def __init__(self, path: Path) -> None:
        """`path` is the file, or the folder that holds `FILE`. Reads nothing yet. Raises
        ModelUnavailable when there is no such file."""
        if path.is_dir():
            path = path / FILE
        if not path.is_file():
            raise ModelUnavailable(
                f"{path}: no lexicon lies there; restore it from the project, or make it with "
                "training/lexicon/train.py"
            )
        self._path = path
        self._tables: _Tables | None = None

    @property
    def name(self) -> str:
        """The file's name without its ending, as `fr-en`."""
        return self._path.stem

    def translate(self, stem: str, source: str, target: str) -> Mapping[str, float]:
        """p(target stem | source stem), best first, summing to at most 1: what is missing went to
        words that were pruned, or to none. Empty for a stem or a pair of languages that the table
        doesn't know. Nothing is added to what was learned: the stem itself is among the
        translations only where translators kept it ("restaurant"), so whoever asks adds it for
        names, numbers and unknown words. Raises ModelUnavailable for a file that can't be read."""
        tables = self._tables
        if tables is None:
            tables = self._tables = _read(self._path)
        direction = tables.directions.get((source, target))
        if direction is None:
            return {}
        words = tables.words[source]
        row = bisect_left(words, stem)
        if row == len(words) or words[row] != stem:
            return {}
        entries = slice(int(direction.offsets[row]), int(direction.offsets[row + 1]))
        others = tables.words[target]
        return {
            others[number]: value / SCALE
            for number, value in zip(
                direction.targets[entries].tolist(),
                direction.probabilities[entries].tolist(),
                strict=True,
            )
        }


def _read(path: Path) -> _Tables:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            raise ValueError("a single array")
        with loaded as file:
            version = int(file["format"][0])
            if version != FORMAT:
                raise ModelUnavailable(
                    f"{path}: lexicon format {version}, expected {FORMAT}; use the file that came "
                    "with this version, or make it anew with training/lexicon/train.py"
                )
            arrays = {name: file[name] for name in sorted(file.files)}
        words = {
            name.removeprefix("words_"): array.tobytes().decode("utf-8").split("\n")
            for name, array in arrays.items()
            if name.startswith("words_")
        }
        return _Tables(
            words,
            {
                (source, target): _direction(arrays, source, target, words)
                for source in words
                for target in words
                if f"{source}_{target}_offsets" in arrays
            },
        )
    except (OSError, EOFError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise _damaged(path, error) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise _damaged(path, error) from error


def _direction(
    arrays: Mapping[str, npt.NDArray[np.generic]],
    source: str,
    target: str,
    words: Mapping[str, list[str]],
) -> _Direction:
    """Raises ValueError where the rows don't fit the vocabularies."""
    offsets, targets, probabilities = (
        arrays[f"{source}_{target}_{part}"] for part in ("offsets", "targets", "probabilities")
    )
    result = _Direction(
        offsets.astype(np.uint32), targets.astype(np.uint32), probabilities.astype(np.uint16)
    )
    entries = len(result.targets)
    fits = (
        len(result.offsets) == len(words[source]) + 1
        and len(result.probabilities) == entries
        and result.offsets[0] == 0
        and result.offsets[-1] == entries
        and bool((result.offsets[1:] >= result.offsets[:-1]).all())
        and (entries == 0 or int(result.targets.max()) < len(words[target]))
    )
    if not fits:
        raise ValueError(f"rows of {source} to {target} don't fit the words")
    return result


def _damaged(path: Path, error: Exception) -> ModelUnavailable:
    reason = " ".join(str(error).split()) or type(error).__name__
    return ModelUnavailable(
        f"{path}: not a lexicon that can be read ({reason}); restore it from the project, or make "
        "it anew with training/lexicon/train.py"
    )
