"""The models that run without torch: what they compute, what they read, what they refuse."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rag.errors import ModelUnavailable
from rag.models import reading
from rag.models.onnx import OnnxEmbedder, OnnxJudge
from rag.models.reading import Reader
from rag.types import Passage
from tests.small_models import (
    PLAIN,
    TEXTS,
    Make,
    maker,
    plain_tokenizer,
    state_of,
    torch_encoder,
    torch_judge,
)
from training.bilingual.graph import quantised, write_embedder, write_judge

PASSAGES = [
    Passage(TEXTS[1], "Before it.", "After it.", "A title"),
    Passage(TEXTS[1]),
    Passage(TEXTS[2], after=TEXTS[5]),
    Passage("", before=TEXTS[5]),
    Passage(TEXTS[5], TEXTS[5], TEXTS[5], TEXTS[5]),
]
TOKENIZER = plain_tokenizer()
READER = Reader(TOKENIZER)
END = TOKENIZER.token_to_id("[SEP]")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Make:
    return maker(tmp_path_factory.mktemp("onnx"))


# --- the same as on torch -----------------------------------------------------------------


def by_torch(model: Any, text: str, limit: int = 256) -> Any:
    """Mean of the last hidden states, of length 1."""
    import torch

    ids = TOKENIZER.encode(text).ids
    row = torch.tensor([ids if len(ids) <= limit else [*ids[: limit - 1], END]])
    mean = model(input_ids=row).last_hidden_state[0].mean(0).numpy()
    return mean / np.linalg.norm(mean)


def test_the_embedder_computes_what_its_weights_do_on_torch(made: Make) -> None:
    model = torch_encoder()
    theirs = np.stack([by_torch(model, text) for text in TEXTS])
    exact = OnnxEmbedder(made("onnx-embedder", "float", linear="float"))
    assert np.abs(exact.embed(TEXTS) - theirs).max() < 1e-4
    shipped = OnnxEmbedder(made("onnx-embedder", "dynamic"))
    cosines = shipped.embed(TEXTS) @ theirs.T
    assert cosines.diagonal().min() > 0.98
    assert (cosines - 2 * np.diag(cosines.diagonal())).max() < 0.97  # other texts lie apart
    assert shipped.dimension == exact.dimension == 48


def test_a_long_text_loses_its_end_and_keeps_the_last_piece(made: Make) -> None:
    model = torch_encoder()
    folder = made("onnx-embedder", "short", linear="float", max_tokens=8)
    short = OnnxEmbedder(folder)
    assert np.abs(short.embed([TEXTS[1]])[0] - by_torch(model, TEXTS[1], 8)).max() < 1e-4
    eight = "one two three four five six"
    assert len(TOKENIZER.encode(eight).ids) == 8
    same, other = short.embed([eight + " seven", "one two three four five seven"])
    assert np.array_equal(same, short.embed([eight])[0])
    assert not np.array_equal(same, other)


def logits(scores: Any) -> Any:
    return np.log(scores / (1 - scores))


def torch_logits(model: Any) -> tuple[Any, Any]:
    """Relevance of the passages and support of the texts, each in one padded batch."""
    relevance = [READER.relevance(TEXTS[0], passage) for passage in PASSAGES]
    support = [READER.support(TEXTS[1], text) for text in TEXTS]
    return (
        model.relevance(model.features(relevance)).numpy(),
        model.support(model.features(support)).numpy(),
    )


def test_the_judge_computes_what_its_weights_do_on_torch(made: Make) -> None:
    relevance, support = torch_logits(torch_judge())
    assert np.ptp(relevance) > 0.01
    assert np.ptp(support) > 0.01
    exact = OnnxJudge(made("onnx-judge", "judge-float", linear="float"))
    assert np.abs(logits(exact.relevance(TEXTS[0], PASSAGES)) - relevance).max() < 1e-3
    assert np.abs(logits(exact.support(TEXTS[1], TEXTS)) - support).max() < 1e-3
    shipped = OnnxJudge(made("onnx-judge", "judge-dynamic"))
    assert np.abs(logits(shipped.relevance(TEXTS[0], PASSAGES)) - relevance).max() < 0.1
    assert np.abs(logits(shipped.support(TEXTS[1], TEXTS)) - support).max() < 0.1


def test_each_head_has_its_own_calibration(made: Make) -> None:
    settings = {"relevance": [2.0, -1.0], "support": [-3.0, 0.5], "support_threshold": 0.7}
    plain = OnnxJudge(made("onnx-judge", "judge-float", linear="float"))
    judge = OnnxJudge(made("onnx-judge", "calibrated", linear="float", settings=settings))
    assert (plain.support_threshold, judge.support_threshold) == (0.8, 0.7)
    relevance, support = plain.relevance(TEXTS[0], PASSAGES), plain.support(TEXTS[1], TEXTS)
    found = judge.relevance(TEXTS[0], PASSAGES)
    assert logits(found) == pytest.approx(2 * logits(relevance) - 1, abs=1e-6)
    found = judge.support(TEXTS[1], TEXTS)
    assert logits(found) == pytest.approx(0.5 - 3 * logits(support), abs=1e-6)


def test_extreme_logits_stay_probabilities(made: Make) -> None:
    settings = {"relevance": [1e6, 0.0], "support": [-1e6, 0.0], "support_threshold": 0.7}
    judge = OnnxJudge(made("onnx-judge", "extreme", settings=settings))
    scores = [*judge.relevance(TEXTS[0], PASSAGES), *judge.support(TEXTS[1], TEXTS)]
    assert all(0.0 < score < 1.0 for score in scores)


def test_the_state_may_be_named_as_either_model_names_it(tmp_path: Path) -> None:
    state = state_of(torch_judge())
    bare = {name.removeprefix("encoder."): values for name, values in state.items()}
    assert bare.keys() >= state_of(torch_encoder()).keys()
    write_judge(state, tmp_path / "one", plain_tokenizer(), PLAIN)
    write_judge(bare, tmp_path / "other", plain_tokenizer(), PLAIN)
    for name in ("model.onnx", "tokenizer.json", "config.json"):
        one, other = ((tmp_path / f / name).read_bytes() for f in ("one", "other"))
        assert one == other
    assert len(list((tmp_path / "one").iterdir())) == 3


weights = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(2, 9)),
    elements=st.floats(-4, 4, width=32),
)


@given(weights)
def test_quantised_weights_are_close_and_never_overflow_sixteen_bits(weight: Any) -> None:
    packed, scale = quantised(weight)
    assert packed.shape == weight.shape
    assert np.abs(packed * scale[:, None] - weight).max() <= 0.501 * scale.max()
    for pair in range(weight.shape[1] - 1):
        both = packed[:, pair : pair + 2].astype(int)
        for part in (np.maximum(both, 0), np.minimum(both, 0)):
            assert (255 * part.sum(1) >= -32768).all()
            assert (255 * part.sum(1) <= 32767).all()


# --- what the judge reads -----------------------------------------------------------------


def pieces(text: str) -> list[int]:
    found: list[int] = TOKENIZER.encode(text, add_special_tokens=False).ids
    return found


def parts(ids: list[int]) -> list[list[int]]:
    """The pieces between the marks."""
    assert ids[0] == TOKENIZER.token_to_id("[CLS]")
    assert ids[-1] == END
    found: list[list[int]] = [[]]
    for piece in ids[1:-1]:
        if piece == END:
            found.append([])
        else:
            found[-1].append(piece)
    return found


def test_the_order_of_the_pieces_and_their_types() -> None:
    read = READER.relevance("Who won?", Passage("Oracle won.", "Before it.", "After.", "Title"))
    assert [TOKENIZER.id_to_token(number) for number in read.ids] == [
        "[CLS]", "who", "won", "?", "[SEP]", "oracle", "won", ".", "[SEP]",
        "title", "before", "it", ".", "[SEP]", "after", ".", "[SEP]",
    ]  # fmt: skip
    assert read.types == [0] * 5 + [1] * 4 + [0] * 8
    read = READER.support("Oracle won.", "It won.")
    assert [TOKENIZER.id_to_token(number) for number in read.ids] == [
        "[CLS]", "it", "won", ".", "[SEP]", "oracle", "won", ".", "[SEP]",
    ]  # fmt: skip
    assert read.types == [0] * 5 + [1] * 4


def test_empty_texts_keep_their_marks() -> None:
    read = READER.relevance("", Passage(""))
    assert [TOKENIZER.id_to_token(number) for number in read.ids] == ["[CLS]", *["[SEP]"] * 4]
    assert read.types == [0, 0, 1, 0, 0]


NAMES = "red green blue black white one two three four five cat dog sun moon".split()
written = st.lists(st.sampled_from(NAMES), max_size=300).map(" ".join)


@given(written, written, written, written, written)
def test_what_is_kept_of_each_text(
    question: str, sentence: str, before: str, after: str, title: str
) -> None:
    """The beginnings, but of what stands before the sentence the end, as far as the title leaves
    room."""
    read = READER.relevance(question, Passage(sentence, before, after, title))
    asked, said, ahead, behind = parts(read.ids)
    assert asked == pieces(question)[: reading.QUESTION]
    assert said == pieces(sentence)[: reading.SENTENCE]
    assert behind == pieces(after)[: reading.AFTER]
    head = pieces(title)[: reading.TITLE]
    assert ahead[: len(head)] == head
    rest = ahead[len(head) :]
    assert len(rest) == min(len(pieces(before)), reading.BEFORE - len(head))
    assert rest == pieces(before)[len(pieces(before)) - len(rest) :]
    assert read.types == (
        [0] * (len(asked) + 2) + [1] * (len(said) + 1) + [0] * (len(ahead) + len(behind) + 2)
    )


@given(written, written)
def test_what_is_kept_of_evidence_and_statement(evidence: str, statement: str) -> None:
    read = READER.support(evidence, statement)
    assert parts(read.ids) == [
        pieces(statement)[: reading.SENTENCE],
        pieces(evidence)[: reading.EVIDENCE],
    ]
    assert read.types == [0] * (len(pieces(statement)[: reading.SENTENCE]) + 2) + [1] * (
        len(pieces(evidence)[: reading.EVIDENCE]) + 1
    )


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_any_text_can_be_read(
    question: str, sentence: str, before: str, after: str, title: str
) -> None:
    """Within the 512 places that a BERT has, and with a sentence to look at."""
    most = reading.QUESTION + reading.SENTENCE + reading.BEFORE + reading.AFTER + 5
    assert max(most, reading.SENTENCE + reading.EVIDENCE + 3) <= 512
    for read in (
        READER.relevance(question, Passage(sentence, before, after, title)),
        READER.support(sentence, question),
    ):
        assert len(read.ids) == len(read.types) <= most
        ones = [place for place, kind in enumerate(read.types) if kind == 1]
        assert ones == list(range(ones[0], ones[-1] + 1))
        assert ones[0] >= 2


def test_a_tokenizer_of_another_kind_is_refused() -> None:
    from tokenizers import Tokenizer, models

    with pytest.raises(ModelUnavailable, match=r"\[CLS\]"):
        Reader(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")))


# --- no torch, no surprises ---------------------------------------------------------------


def test_neither_embedding_nor_judging_imports_torch(made: Make) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.types import Passage\n"
        "from rag.models.embedders import default_embedder\n"
        "from rag.models.judges import default_judge\n"
        "from rag.models.onnx import OnnxEmbedder, OnnxJudge\n"
        "one = OnnxEmbedder(Path(sys.argv[1])); two = OnnxJudge(Path(sys.argv[2]))\n"
        "assert not {'onnxruntime', 'tokenizers'} & set(sys.modules)\n"
        "one.embed(['Who won?'], query=True); one.embed(['a', 'b', 'c', 'd'])\n"
        "two.relevance('Who won?', [Passage('Oracle won.')] * 4); two.support('a', ['b'])\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'onnx', 'sklearn', 'scipy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    folders = [made("onnx-embedder", "dynamic"), made("onnx-judge", "judge-dynamic")]
    done = subprocess.run([sys.executable, "-c", code, *folders], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_another_model_is_another_name(made: Make, tmp_path: Path) -> None:
    """By which the index sees that its embedder is another one (tests/test_sync.py)."""
    folder = tmp_path / "embedder"
    shutil.copytree(made("onnx-embedder", "dynamic"), folder)
    names = [OnnxEmbedder(folder).name]
    assert names[0].startswith("embedder-")
    state = {name: values.copy() for name, values in state_of(torch_encoder()).items()}
    state["encoder.layer.1.output.dense.bias"][0] += 0.5
    write_embedder(state, folder, plain_tokenizer())
    names.append(OnnxEmbedder(folder).name)
    tokenizer = plain_tokenizer()
    tokenizer.add_tokens(["tiktok"])
    write_embedder(state, folder, tokenizer)
    names.append(OnnxEmbedder(folder).name)
    write_embedder(state, folder, tokenizer, max_tokens=128)
    names.append(OnnxEmbedder(folder).name)
    assert len(set(names)) == 4


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without(key: str) -> Callable[[bytes], bytes]:
    def changed(content: bytes) -> bytes:
        config = json.loads(content)
        del config[key]
        return json.dumps(config).encode()

    return changed


def with_(key: str, value: object) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps(json.loads(content) | {key: value}).encode()


DAMAGE: list[tuple[str, str, Callable[[bytes], bytes] | None]] = [
    *((kind, file, None) for kind in ("embedder", "judge")
      for file in ("model.onnx", "tokenizer.json", "config.json")),
    *((kind, file, half) for kind in ("embedder", "judge")
      for file in ("model.onnx", "tokenizer.json", "config.json")),
    ("embedder", "model.onnx", lambda _: b""),
    ("embedder", "model.onnx", lambda _: b"version https://git-lfs.github.com/spec/v1\n"),
    ("embedder", "config.json", lambda _: b"[]"),
    ("embedder", "config.json", lambda _: b"\xff\xfe"),
    ("embedder", "config.json", with_("format", 2)),
    ("embedder", "config.json", with_("dimension", "wide")),
    ("embedder", "config.json", without("format")),
    ("embedder", "config.json", without("kind")),
    ("embedder", "config.json", without("dimension")),
    ("embedder", "config.json", without("max_tokens")),
    ("judge", "config.json", with_("relevance", [1.0])),
    ("judge", "config.json", with_("support", None)),
    ("judge", "config.json", without("relevance")),
    ("judge", "config.json", without("support")),
    ("judge", "config.json", without("support_threshold")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "file", "damage"), DAMAGE)
def test_a_damaged_model_is_told_in_one_line(
    kind: str,
    file: str,
    damage: Callable[[bytes], bytes] | None,
    made: Make,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    name = "dynamic" if kind == "embedder" else "judge-dynamic"
    folder = tmp_path / kind
    shutil.copytree(made(f"onnx-{kind}", name), folder)
    if damage is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(damage((folder / file).read_bytes()))
    told(kind, folder)
    assert capfd.readouterr() == ("", "")


def test_a_model_of_the_other_kind_is_named_as_such(made: Make) -> None:
    with pytest.raises(ModelUnavailable, match="not judge but embedder; name another folder"):
        OnnxJudge(made("onnx-embedder", "dynamic"))


def told(kind: str, folder: Path) -> None:
    with pytest.raises(ModelUnavailable) as error:
        if kind == "embedder":
            OnnxEmbedder(folder).embed(["x"])
        else:
            OnnxJudge(folder).support("x", ["y"])
    text = str(error.value)
    assert text.startswith(f"{folder}: ")
    assert "restore it" in text
    assert "\n" not in text
    assert len(text) < 400 + len(str(folder)) * 3


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    told("embedder", tmp_path / "nowhere")
    told("judge", tmp_path / "nowhere")


def test_one_kind_s_graph_is_not_taken_for_the_other_s(made: Make, tmp_path: Path) -> None:
    folder = tmp_path / "embedder"
    shutil.copytree(made("onnx-embedder", "dynamic"), folder)
    shutil.copy(made("onnx-judge", "judge-dynamic") / "model.onnx", folder)
    told("embedder", folder)


@pytest.mark.parametrize("kind", ["embedder", "judge"])
def test_what_is_no_number_is_no_score(kind: str, tmp_path: Path) -> None:
    """A logit that is none would come out of the sigmoid as 1."""
    state = state_of(torch_encoder() if kind == "embedder" else torch_judge())
    for name in ("encoder.layer.1.output.LayerNorm.bias", "support.outer.bias"):
        if name in state:
            state[name] = np.full_like(state[name], np.nan)
    if kind == "embedder":
        write_embedder(state, tmp_path, plain_tokenizer())
    else:
        write_judge(state, tmp_path, plain_tokenizer(), PLAIN)
    told(kind, tmp_path)
