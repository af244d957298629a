"""The translating lexicon: the file's reader, the recipe that makes it, the table that ships."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import ModelUnavailable
from rag.models.lexicon import FILE, NumpyLexicon
from rag.terms import stem

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "models" / "lexicon"
RECIPE = ROOT / "training" / "lexicon" / "train.py"


def _recipe() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lexicon_recipe", RECIPE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


train = _recipe()


def _direction(rows: list[list[tuple[int, float]]]) -> object:
    flat = [entry for row in rows for entry in row]
    return train.Direction(
        np.cumsum([0, *map(len, rows)]),
        np.array([target for target, _ in flat], dtype=np.int64),
        np.array([p for _, p in flat]),
    )


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """bank -> banqu .6, rive .4; hous -> maison .5; école's stem back to school."""
    path = tmp_path / FILE
    train.save(
        path,
        ["bank", "hous", "school"],
        ["banqu", "ecol", "maison", "rive"],
        _direction([[(0, 0.6), (3, 0.4)], [(2, 0.5)], []]),
        _direction([[(0, 1.0)], [(2, 0.75)], [(1, 0.9)], []]),
    )
    return path


# --- reading ------------------------------------------------------------------------------


def test_translations_come_best_first_and_as_stored(small: Path) -> None:
    lexicon = NumpyLexicon(small)
    assert list(lexicon.translate("bank", "en", "fr")) == ["banqu", "rive"]
    assert lexicon.translate("bank", "en", "fr") == pytest.approx(
        {"banqu": 0.6, "rive": 0.4}, abs=2 / 65535
    )
    assert lexicon.translate("hous", "en", "fr") == pytest.approx({"maison": 0.5}, abs=1 / 65535)
    assert lexicon.translate("ecol", "fr", "en") == pytest.approx({"school": 0.75}, abs=1 / 65535)
    assert lexicon.translate("banqu", "fr", "en") == {"bank": 1.0}


@pytest.mark.parametrize(
    ("word", "source", "target"),
    [
        ("school", "en", "fr"),  # known, without a translation that was kept
        ("maison", "en", "fr"),  # a word of the other language
        ("", "en", "fr"),
        ("aaa", "en", "fr"),  # before the first word
        ("zzz", "en", "fr"),  # after the last
        ("ban", "en", "fr"),  # the beginning of a word
        ("bank", "en", "en"),
        ("bank", "en", "de"),
        ("bank", "de", "fr"),
    ],
)
def test_what_it_does_not_know_is_empty(small: Path, word: str, source: str, target: str) -> None:
    assert NumpyLexicon(small).translate(word, source, target) == {}


def test_a_folder_stands_for_its_file_and_the_name_is_the_file_s(small: Path) -> None:
    lexicon = NumpyLexicon(small.parent)
    assert lexicon.name == "fr-en"
    assert lexicon.translate("banqu", "fr", "en") == {"bank": 1.0}


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_a_row_that_sums_to_one_never_sums_to_more_once_stored(
    tmp_path_factory: pytest.TempPathFactory, raw: list[float]
) -> None:
    path = tmp_path_factory.mktemp("row") / FILE
    row = sorted((value / sum(raw) for value in raw), reverse=True)
    others = [f"mot{i}" for i in range(len(row))]
    empty = _direction([[] for _ in others])
    train.save(path, ["word"], others, _direction([list(enumerate(row))]), empty)
    stored = list(NumpyLexicon(path).translate("word", "en", "fr").values())
    assert sum(stored) <= 1.0 + 1e-12
    assert stored == pytest.approx(row, abs=1 / 65535)


# --- refusing -----------------------------------------------------------------------------


def _refusal(path: Path) -> str:
    with pytest.raises(ModelUnavailable) as caught:
        NumpyLexicon(path).translate("bank", "en", "fr")
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert "training/lexicon/train.py" in message
    return message


def test_a_missing_file_is_refused_at_once(tmp_path: Path) -> None:
    for path in (tmp_path / FILE, tmp_path):
        with pytest.raises(ModelUnavailable, match="no lexicon lies there"):
            NumpyLexicon(path)


def test_every_truncation_is_refused(small: Path) -> None:
    whole = small.read_bytes()
    for size in range(0, len(whole), 97):
        small.write_bytes(whole[:size])
        _refusal(small)


def test_a_flipped_bit_never_changes_a_translation(small: Path) -> None:
    """Either the archive's checksum refuses it, or the bit stands where nothing is read."""
    whole = small.read_bytes()
    expected = NumpyLexicon(small).translate("bank", "en", "fr")
    refused = 0
    for place in range(0, len(whole), 41):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        small.write_bytes(damaged)
        try:
            assert NumpyLexicon(small).translate("bank", "en", "fr") == expected
        except ModelUnavailable:
            refused += 1
    assert refused > 10


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    _refusal(path)


def test_a_single_array_is_refused(tmp_path: Path) -> None:
    path = tmp_path / FILE
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    _refusal(path)


def _rewrite(path: Path, **changed: np.ndarray | None) -> None:
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files} | changed
    with path.open("wb") as out:
        np.savez(out, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    "changed",
    [
        {"en_fr_offsets": np.array([0, 2, 3])},  # a row is missing
        {"en_fr_offsets": np.array([0, 3, 2, 3])},  # backwards
        {"en_fr_offsets": np.array([1, 2, 3, 3])},
        {"en_fr_targets": np.array([0, 4, 2])},  # there are four words, 0 to 3
        {"en_fr_probabilities": np.array([1, 2])},
        {"en_fr_probabilities": None},
        {"words_fr": None, "en_fr_targets": None},
        {"format": None},
        {"words_en": np.frombuffer(b"\xff\xfe\xfd", dtype=np.uint8)},
    ],
)
def test_rows_that_do_not_fit_are_refused(
    small: Path,
    changed: dict[str, np.ndarray | None],
) -> None:
    _rewrite(small, **changed)
    if "words_fr" in changed:  # then the directions aren't there either
        assert NumpyLexicon(small).translate("bank", "en", "fr") == {}
    else:
        _refusal(small)


def test_a_newer_format_says_so(small: Path) -> None:
    _rewrite(small, format=np.array([2]))
    assert "lexicon format 2, expected 1" in _refusal(small)


# --- the recipe ---------------------------------------------------------------------------


PLAIN = {"same": 0.0, "alike": 0.0, "agreement": 0.0, "least": 0.0, "most": 1000}


def _naive(pairs: list[tuple[list[str], list[str]]], rounds: int) -> dict[str, dict[str, float]]:
    """IBM model 1 as the paper has it, one word at a time; "" is NULL."""
    size = len({word for _, target in pairs for word in target})
    table = {(s, t): 1.0 / size for source, target in pairs for s in ["", *source] for t in target}
    for _ in range(rounds):
        counts: dict[tuple[str, str], float] = defaultdict(float)
        totals: dict[str, float] = defaultdict(float)
        for source, target in pairs:
            for t in target:
                whole = sum(table[s, t] for s in ["", *source])
                for s in ["", *source]:
                    counts[s, t] += table[s, t] / whole
                    totals[s] += table[s, t] / whole
        table = {(s, t): count / totals[s] for (s, t), count in counts.items()}
    rows: dict[str, dict[str, float]] = defaultdict(dict)
    for (s, t), p in table.items():
        rows[s][t] = p
    return rows


WORDS = ["alpha", "bravo", "delta", "gamma", "kilo"]
MOTS = ["rouge", "bleu", "jaune", "noir"]
CORPUS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True),
        st.lists(st.sampled_from(MOTS), min_size=1, max_size=4, unique=True),
    ),
    min_size=1,
    max_size=6,
)


@given(CORPUS, st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_learning_is_ibm_model_1(corpus: list[tuple[list[str], list[str]]], rounds: int) -> None:
    pairs = [train.Pair("any", " ".join(en), " ".join(fr)) for en, fr in corpus]
    recipe = train.Recipe(**PLAIN | {"rounds": rounds})
    english, french, forward, back = train.learn(pairs, recipe)
    stems = [([stem(w, "en") for w in en], [stem(w, "fr") for w in fr]) for en, fr in corpus]
    assert english == sorted({word for one, _ in stems for word in one})
    for words, others, direction, expected in (
        (english, french, forward, _naive(stems, rounds)),
        (french, english, back, _naive([(fr, en) for en, fr in stems], rounds)),
    ):
        for i, word in enumerate(words):
            row = slice(direction.offsets[i], direction.offsets[i + 1])
            found = dict(
                zip(
                    [others[t] for t in direction.targets[row]],
                    direction.probabilities[row],
                    strict=True,
                )
            )
            assert found == pytest.approx(expected[word])
            assert list(found.values()) == sorted(found.values(), reverse=True)


def _best(words: list[str], others: list[str], direction: object, word: str) -> str:
    start = direction.offsets[words.index(word)]  # type: ignore[attr-defined]
    return others[direction.targets[start]]  # type: ignore[attr-defined]


def test_a_word_seen_once_is_its_cognate_s_translation() -> None:
    pairs = [train.Pair("any", "the microscope burns", "le microscope brûle")]
    even = train.learn(pairs, train.Recipe(**PLAIN))
    start, end = even[2].offsets[even[0].index("microscop")], even[2].offsets[-1]
    assert list(even[2].probabilities[start:end]) == pytest.approx([0.5, 0.5])
    english, french, forward, back = train.learn(pairs, train.Recipe())
    assert _best(english, french, forward, "microscop") == "microscop"
    assert _best(french, english, back, "microscop") == "microscop"
    # What is left for the other word: the cognate's prior counts take it off the odd one out.
    assert _best(english, french, forward, "burn") == "brul"


def test_agreement_keeps_each_word_s_mass() -> None:
    pairs = [
        train.Pair("any", "red car", "voiture rouge"),
        train.Pair("any", "red house", "maison rouge"),
        train.Pair("any", "car", "auto"),
    ]
    alone = train.learn(pairs, train.Recipe(**PLAIN))
    agreed = train.learn(pairs, train.Recipe(**PLAIN | {"agreement": 0.3}))
    for one, other in zip(alone[2:], agreed[2:], strict=True):
        sums = [np.add.reduceat(d.probabilities, d.offsets[:-1]) for d in (one, other)]
        assert sums[0] == pytest.approx(sums[1])
    assert max(abs(alone[2].probabilities - agreed[2].probabilities)) > 0.01


def test_dictionary_lines_give_translations_not_definitions() -> None:
    assert list(train.dictionary_line("équipe {f} :: team, work crew (of a ship)")) == [
        train.Pair("wiktionary_fr_en", "team", "équipe"),
        train.Pair("wiktionary_fr_en", "work crew", "équipe"),
    ]
    assert list(train.dictionary_line("annexer {v} [law] :: to annex; {x} to join")) == [
        train.Pair("wiktionary_fr_en", "annex", "annexer"),
        train.Pair("wiktionary_fr_en", "join", "annexer"),
    ]
    assert list(train.dictionary_line("annexionniste {adj} :: of or pertaining to it")) == []
    assert list(train.dictionary_line("# Version :: 20150102")) == []
    assert list(train.dictionary_line("équipe {f}")) == []


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder a recipe reads, in small."""
    folder = tmp_path_factory.mktemp("data")
    files = {
        "tatoeba/fra-eng.tsv": "The house is red.\tLa maison est rouge.\nA red car.\tUne voiture rouge.\n",
        "news_commentary_5k/nc-5k.en": "The red car burns.\n",
        "news_commentary_5k/nc-5k.fr": "La voiture rouge brûle.\n",
        "stsb_fr_en/stsb-en-train.csv": 'A house.,"A car, red.",2.0\n',
        "stsb_fr_en/stsb-fr-train.csv": 'Une maison.,"Une voiture, rouge.",2.0\n',
        "stsb_fr_en/stsb-en-dev.csv": "The house.,A fire.,0.0\n",
        "stsb_fr_en/stsb-fr-dev.csv": "La maison.,Un feu.,0.0\n",
        "wiktionary_fr_en/fr-en-enwiktionary.txt": "# Version :: 1\nfeu {m} :: fire\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_recipe_gives_the_same_bytes_twice(data: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "one.npz", tmp_path / "deeper" / "two.npz"]
    for output, seed in zip(outputs, ("1", "2"), strict=True):
        done = subprocess.run(
            [sys.executable, str(RECIPE), str(data), "--output", str(output)],
            cwd=tmp_path,  # it finds the project by itself
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "8 pairs, 5 English and 5 French stems" in done.stdout
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    lexicon = NumpyLexicon(outputs[0])
    for english, french in (
        ("car", "voitur"),
        ("hous", "maison"),
        ("red", "roug"),
        ("fire", "feu"),
    ):
        assert next(iter(lexicon.translate(english, "en", "fr"))) == french
        assert next(iter(lexicon.translate(french, "fr", "en"))) == english
    assert [path.name for path in tmp_path.iterdir()] == ["one.npz", "deeper"] or [
        path.name for path in tmp_path.iterdir()
    ] == ["deeper", "one.npz"]


def test_the_recipe_names_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main([str(tmp_path), "--output", str(tmp_path / FILE)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert str(tmp_path / "tatoeba" / "fra-eng.tsv") in captured.err
    assert list(tmp_path.iterdir()) == []


# --- what ships ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "word", "expected"),
    [
        ("en", "fr", "rejected", "rejetée"),
        ("en", "fr", "bid", "offre"),
        ("en", "fr", "owner", "propriétaire"),
        ("en", "fr", "company", "entreprise"),
        ("en", "fr", "border", "frontière"),
        ("fr", "en", "chinois", "Chinese"),
        ("fr", "en", "croissance", "growth"),
        ("fr", "en", "septembre", "September"),
        ("fr", "en", "menacé", "threatened"),
        ("fr", "en", "propriétaire", "owner"),
    ],
)
def test_the_shipped_table_knows_everyday_words(
    source: str, target: str, word: str, expected: str
) -> None:
    lexicon = NumpyLexicon(SHIPPED)
    found = lexicon.translate(stem(word, source), source, target)
    assert next(iter(found)) == stem(expected, target)


def test_the_shipped_table_is_small_and_keeps_its_promises() -> None:
    assert (SHIPPED / FILE).stat().st_size < 4_000_000
    lexicon = NumpyLexicon(SHIPPED)
    with np.load(SHIPPED / FILE) as file:
        words = {
            code: file[f"words_{code}"].tobytes().decode().split("\n") for code in ("en", "fr")
        }
    for source, target in (("en", "fr"), ("fr", "en")):
        assert words[source] == sorted(set(words[source]))
        assert len(words[source]) > 30_000
        for word in words[source][::7]:
            row = list(lexicon.translate(word, source, target).values())
            assert len(row) <= 8
            assert row == sorted(row, reverse=True)
            assert sum(row) <= 1.0 + 1e-12
            assert min(row, default=1.0) >= 0.0199
