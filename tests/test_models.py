"""Embedders, judges, the small fakes and the registry: one contract over every implementation."""

from __future__ import annotations

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

from rag.config import Settings
from rag.errors import ModelUnavailable
from rag.fakes import HashEmbedder, MemoryLexicon, MemoryStore, OverlapJudge
from rag.models import embedders, hardware, judges, registry
from rag.models.embedders import (
    SentenceTransformerEmbedder,
    default_embedder,
    default_model_folder,
    plain_embedder,
)
from rag.models.gguf import package_folder
from rag.models.judges import CrossEncoderJudge, default_judge
from rag.models.onnx import OnnxEmbedder, OnnxJudge
from rag.models.quantised import adapted_name, adapter_file
from rag.models.registry import models_at_hand
from rag.models.weights import folder_name
from rag.protocols import Embedder, Judge, Scores
from rag.types import Passage
from tests.small_models import TEXTS, Make, maker

PASSAGES = [Passage(text) for text in TEXTS]


def one_line(error: pytest.ExceptionInfo[BaseException]) -> str:
    text = str(error.value)
    assert text
    assert "\n" not in text
    return text


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """`made(kind, name, ...)`: a model's folder, each made once."""
    return maker(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def minilm() -> SentenceTransformerEmbedder:
    return plain_embedder()


# --- embedders ----------------------------------------------------------------------------


@pytest.fixture(params=["hash", "minilm", "plain", "onnx", "onnx-float"])
def embedder(request: pytest.FixtureRequest, made: Make) -> Embedder:
    if request.param == "hash":
        return HashEmbedder()
    if request.param == "minilm":
        return request.getfixturevalue("minilm")  # type: ignore[no-any-return]
    if request.param == "plain":
        return SentenceTransformerEmbedder(made("embedder", "plain"))
    if request.param == "onnx":
        return OnnxEmbedder(made("onnx-embedder", "onnx-embedder"))
    return OnnxEmbedder(made("onnx-embedder", "onnx-embedder-float", linear="float"))


def test_vectors_have_length_one_and_their_shape(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    nothing = embedder.embed([])
    assert nothing.shape == (0, embedder.dimension)
    assert nothing.dtype == np.float32
    assert embedder.name


def test_a_text_s_vector_does_not_depend_on_its_company(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS)
    backwards = embedder.embed(TEXTS[::-1])[::-1]
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert np.array_equal(together, backwards)
    assert np.array_equal(together, alone)
    assert len(np.unique(together.round(4), axis=0)) == len(TEXTS)


def test_vectors_are_the_same_in_another_process() -> None:
    code = "from rag.fakes import HashEmbedder; print(HashEmbedder().embed(['été 2020']).tobytes().hex())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == HashEmbedder().embed(["été 2020"]).tobytes().hex()


@given(st.text(max_size=60), st.text(max_size=60))
def test_hashed_vectors_keep_their_promises_on_any_text(first: str, second: str) -> None:
    embedder = HashEmbedder()
    pair = embedder.embed([first, second])
    assert np.allclose(np.linalg.norm(pair, axis=1), 1.0, atol=1e-6)
    assert np.array_equal(pair[1], embedder.embed([second])[0])


def test_texts_that_share_words_lie_closer() -> None:
    question, near, far = HashEmbedder().embed(
        ["who rejected the Microsoft offer", "ByteDance rejected Microsoft's offer", "rain in Lyon"]
    )
    assert question @ near > 0.5 > question @ far


def test_the_default_is_what_sentence_transformers_computes(
    minilm: SentenceTransformerEmbedder,
) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(default_model_folder()), device="cpu", local_files_only=True)
    theirs = model.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    assert np.abs(minilm.embed(TEXTS) - theirs).max() < 1e-6
    assert (minilm.name, minilm.dimension) == ("all-MiniLM-L6-v2", 384)


def test_the_meaning_counts(minilm: SentenceTransformerEmbedder) -> None:
    question = minilm.embed(["Who turned the offer down?"], query=True)[0]
    near, far = minilm.embed(["ByteDance rejected the bid.", "The cat sleeps on the sofa."])
    assert question @ near > question @ far + 0.2


def test_texts_are_read_up_to_256_tokens(minilm: SentenceTransformerEmbedder) -> None:
    held, longer = "word " * 254, "word " * 254 + "Microsoft " * 20
    first, second = minilm.embed([held, longer])
    assert np.array_equal(first, second)
    late = "word " * 200 + "Microsoft " * 20  # beyond the 128 of the package's tokenizer file
    plain, other = minilm.embed(["word " * 220, late])
    assert not np.allclose(plain, other, atol=1e-3)


def test_prefixes_as_the_configuration_says(made: Make) -> None:
    folder = made("embedder", "prompts", prompts={"query": "query: ", "passage": "passage: "})
    plain = SentenceTransformerEmbedder(made("embedder", "plain"))
    prefixed = SentenceTransformerEmbedder(folder)
    query, text = prefixed.embed(["Oracle"], query=True), prefixed.embed(["Oracle"])
    assert np.array_equal(query, plain.embed(["query: Oracle"]))
    assert np.array_equal(text, plain.embed(["passage: Oracle"]))


@pytest.mark.parametrize(
    ("config", "name", "expected"),
    [
        ({}, "all-MiniLM-L6-v2", ("", "")),
        ({}, "intfloat/multilingual-e5-small", ("query: ", "passage: ")),
        ({}, "e5-base-1234abcd", ("query: ", "passage: ")),
        ({}, "some5-base", ("", "")),
        ({"prompts": {"query": "Q: "}}, "x", ("Q: ", "")),
        ({"prompts": {"query": "", "document": ""}}, "x", ("", "")),
        ({"prompts": {"a": "A "}, "default_prompt_name": "a"}, "x", ("A ", "A ")),
        ({"prompts": {"query": "Q ", "document": "D "}, "default_prompt_name": None}, "e5",
         ("Q ", "D ")),
    ],
)  # fmt: skip
def test_which_prefixes(config: dict[str, Any], name: str, expected: tuple[str, str]) -> None:
    assert embedders._prefixes(config, name) == expected


def test_another_model_is_another_name(made: Make, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(made("embedder", "plain"), folder)
    before = folder_name(folder)
    assert before.startswith("model-")
    assert SentenceTransformerEmbedder(folder).name == before
    (folder / "README.md").write_text("about it")
    assert folder_name(folder) == before
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-3] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    assert folder_name(folder) != before


def test_the_dimension_is_known_without_loading() -> None:
    code = (
        "import sys; from rag.models.embedders import plain_embedder\n"
        "e = plain_embedder(); print(e.name, e.dimension, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["all-MiniLM-L6-v2", "384", "False"]


def test_loading_says_nothing() -> None:
    code = "from rag.models.embedders import plain_embedder; plain_embedder().embed(['Oui'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_the_trained_embedder_goes_before_the_plain_one_and_a_named_one_before_both(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedders, "shipped", lambda name: tmp_path / name)
    assert default_embedder(Settings()).name == "all-MiniLM-L6-v2"
    trained = shutil.copytree(
        made("onnx-embedder", "onnx-embedder"), tmp_path / "models" / "embedder"
    )
    chosen = default_embedder(Settings())
    assert isinstance(chosen, OnnxEmbedder)
    assert chosen.name == folder_name(trained)
    own = made("embedder", "plain")
    assert default_embedder(Settings(embedder=str(own))).name == folder_name(own)


# --- models that aren't there -------------------------------------------------------------

KINDS = [(SentenceTransformerEmbedder, "RAG_EMBEDDER"), (CrossEncoderJudge, "RAG_JUDGE")]


@pytest.mark.parametrize(("kind", "setting"), KINDS)
def test_places_without_a_model(
    kind: Callable[[str | Path], object], setting: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for place, expected in (
        (tmp_path / "nowhere", "no such folder"),
        (str(tmp_path / "nowhere"), "no such folder"),
        ("./nowhere", "no such folder"),
        ("a b", "no such folder"),
        (tmp_path / "file", "a file"),
        (tmp_path / "empty", "no model lies there"),
    ):
        with pytest.raises(ModelUnavailable) as error:
            kind(place)
        assert expected in one_line(error)
        assert setting in str(error.value)


def test_a_damaged_model_is_told_when_it_is_needed(made: Make, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    shutil.copytree(made("embedder", "plain"), folder)
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ModelUnavailable) as error:
        SentenceTransformerEmbedder(folder).embed(["x"])
    assert "plain-" in one_line(error)


def test_a_model_of_the_hub_is_not_fetched_where_that_is_forbidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    embedder = SentenceTransformerEmbedder("owner/no-such-model")
    assert embedder.name == "owner/no-such-model"
    with pytest.raises(ModelUnavailable) as error:
        embedder.embed(["x"])
    assert "owner/no-such-model" in one_line(error)
    with pytest.raises(ModelUnavailable) as error:
        CrossEncoderJudge("owner/no-such-judge").relevance("x", [Passage("y")])
    assert "RAG_JUDGE" in one_line(error)


# --- judges -------------------------------------------------------------------------------

NLI = {0: "contradiction", 1: "entailment", 2: "neutral"}


@pytest.fixture(params=["overlap", "plain", "nli", "onnx", "onnx-float"])
def judge(request: pytest.FixtureRequest, made: Make) -> Judge:
    if request.param == "overlap":
        return OverlapJudge()
    if request.param == "plain":
        return CrossEncoderJudge(made("judge", "judge-plain", labels=1))
    if request.param == "nli":
        return CrossEncoderJudge(made("judge", "judge-nli", labels=3, id2label=NLI, general=True))
    if request.param == "onnx":
        return OnnxJudge(made("onnx-judge", "onnx-judge"))
    return OnnxJudge(made("onnx-judge", "onnx-judge-float", linear="float"))


def test_scores_lie_between_0_and_1_and_each_stands_alone(judge: Judge) -> None:
    ways: list[tuple[Callable[[str, list[Any]], Scores], list[Any]]] = [
        (judge.relevance, PASSAGES),
        (judge.support, TEXTS),
    ]
    for method, items in ways:
        scores = method(TEXTS[0], items)
        assert scores.shape == (len(items),)
        assert scores.dtype == np.float64
        assert scores.min() >= 0.0
        assert scores.max() <= 1.0
        assert len(set(scores)) > 1
        alone = [float(method(TEXTS[0], [item])[0]) for item in items]
        assert list(scores) == alone
        assert list(method(TEXTS[0], items[::-1])) == alone[::-1]
        assert method(TEXTS[0], []).shape == (0,)
        assert method(TEXTS[0], []).dtype == np.float64
    assert judge.name
    assert 0.5 <= judge.support_threshold < 1.0


def test_what_stands_around_a_sentence_is_read(judge: Judge) -> None:
    around = Passage("It was rejected.", "Microsoft made a bid.", "Nobody knew why.")
    bare, before, after = judge.relevance(
        TEXTS[0],
        [Passage(around.sentence), Passage(around.sentence, around.before), around],
    )
    assert len({bare, before}) == 2
    assert judge.name == "overlap" or len({bare, before, after}) == 3


def test_a_judge_scores_as_its_cross_encoder_does(made: Make) -> None:
    from sentence_transformers import CrossEncoder

    folder = made("judge", "judge-plain", labels=1)
    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    judge = CrossEncoderJudge(folder)
    theirs = model.predict([(TEXTS[0], text) for text in TEXTS], show_progress_bar=False)
    assert np.abs(judge.relevance(TEXTS[0], PASSAGES) - np.asarray(theirs)).max() < 1e-5
    assert list(judge.support(TEXTS[0], TEXTS)) == list(judge.relevance(TEXTS[0], PASSAGES))


def test_of_several_labels_entailment_is_the_score(made: Make) -> None:
    from sentence_transformers import CrossEncoder

    folder = made("judge", "judge-nli", labels=3, id2label=NLI, general=True)
    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    pairs = [(TEXTS[1], text) for text in TEXTS]
    theirs = model.predict(pairs, apply_softmax=True, show_progress_bar=False)[:, 1]
    judge = CrossEncoderJudge(folder)
    assert np.abs(judge.support(TEXTS[1], TEXTS) - theirs).max() < 1e-5
    # The passage is the evidence, so it is read first.
    assert judge.relevance(TEXTS[0], PASSAGES[1:2])[0] == judge.support(TEXTS[1], TEXTS[:1])[0]


def test_labels_that_name_no_entailment_are_refused(made: Make) -> None:
    folder = made("judge", "judge-unnamed", labels=3)
    with pytest.raises(ModelUnavailable) as error:
        CrossEncoderJudge(folder).support("x", ["y"])
    assert "label_0" in one_line(error)


def test_the_overlap_judge_counts_words() -> None:
    judge = OverlapJudge()
    passages = [Passage("It was rejected.", before="An offer was made."), Passage("No.")]
    assert list(judge.relevance("Who rejected the offers?", passages)) == [1, 0]
    support = judge.support("Oracle a gagné en 2020.", ["Oracle gagne", "Oracle buys in 2021", ""])
    assert list(support) == pytest.approx([1.0, 1 / 3, 0.0])


def test_which_judge_is_chosen(made: Make) -> None:
    folder = made("judge", "judge-plain", labels=1)
    chosen = default_judge(Settings(judge=str(folder)))
    assert chosen is not None
    assert chosen.name == folder_name(folder)


def test_the_trained_judge_is_chosen_where_it_lies(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judges, "shipped", lambda name: tmp_path / name)
    assert default_judge(Settings()) is None
    trained = shutil.copytree(made("onnx-judge", "onnx-judge"), tmp_path / "models" / "judge")
    chosen = default_judge(Settings())
    assert isinstance(chosen, OnnxJudge)
    assert chosen.name == folder_name(trained)


# --- the other fakes ----------------------------------------------------------------------


def test_the_memory_store_is_exact() -> None:
    store, embedder = MemoryStore(), HashEmbedder()
    store.upsert(["b", "a", "c"], embedder.embed(["Oracle", "Oracle", "rain"]))
    hits = store.search(embedder.embed(["Oracle"])[0], 2)
    assert [hit.id for hit in hits] == ["a", "b"]
    assert hits[0].score == pytest.approx(1.0)
    store.delete(["a", "nobody"])
    store.upsert(["b"], embedder.embed(["snow"]))
    assert store.ids() == {"b", "c"}
    assert store.search(embedder.embed(["snow"])[0], 5)[0].id == "b"
    with pytest.raises(ValueError, match="shorter"):
        store.upsert(["x", "y"], embedder.embed(["z"]))
    store.clear()
    assert store.search(embedder.embed(["snow"])[0], 5) == []


def test_the_memory_lexicon_looks_up() -> None:
    lexicon = MemoryLexicon({("en", "fr"): {"bid": {"offr": 0.8}}})
    assert lexicon.translate("bid", "en", "fr") == {"offr": 0.8}
    assert lexicon.translate("bid", "fr", "en") == {}
    assert lexicon.translate("nil", "en", "fr") == {}


# --- what is at hand ----------------------------------------------------------------------


def test_the_models_that_come_with_it() -> None:
    models = {(model.role, model.name): model for model in models_at_hand(Settings())}
    embedder = models["embedder", "all-MiniLM-L6-v2"]
    assert embedder.licence == "Apache-2.0"
    assert 90_000_000 < embedder.bytes < 95_000_000
    adapter = adapter_file()
    assert adapter is not None
    generator = models["generator", adapted_name(adapter)]
    size = 98_362_432 + adapter.stat().st_size
    assert (generator.licence, generator.bytes) == ("Apache-2.0", size)
    assert str(adapter) in generator.note
    assert models["lexicon", "fr-en"].licence.startswith("CC BY-SA")
    used = [model.role for model in models.values() if model.in_use]
    assert sorted(set(used)) == sorted(used)
    assert {"embedder", "generator", "lexicon"} <= set(used)


def test_models_of_the_person_s_own_come_first(made: Make, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_text("no model")
    settings = Settings(
        embedder=str(made("embedder", "plain")), judge="owner/judge", model=broken,
        llm_url="http://127.0.0.1:1", llm_model="big",
    )  # fmt: skip
    models = models_at_hand(settings)
    used = {(model.role, model.name) for model in models if model.in_use}
    assert used == {
        ("embedder", folder_name(made("embedder", "plain"))),
        ("judge", "owner/judge"),
        ("generator", "big"),
        ("lexicon", "fr-en"),
    }
    wrong = next(model for model in models if model.name == "broken")
    assert "not a GGUF file" in wrong.note
    assert not wrong.in_use


def test_trained_models_are_listed_and_serve(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "shipped", lambda name: tmp_path / name)
    for role in ("embedder", "judge"):
        folder = tmp_path / "models" / role
        shutil.copytree(made(f"onnx-{role}", f"onnx-{role}"), folder)
        (folder / "README.md").write_text("# A model\n\n**Licence.** Apache-2.0, as its parts.\n")
    models = [m for m in models_at_hand(Settings()) if m.role in ("embedder", "judge")]
    assert [(m.role, m.name, m.licence, m.in_use) for m in models] == [
        ("embedder", folder_name(tmp_path / "models" / "embedder"), "Apache-2.0", True),
        ("embedder", "all-MiniLM-L6-v2", "Apache-2.0", False),
        ("judge", folder_name(tmp_path / "models" / "judge"), "Apache-2.0", True),
    ]
    assert all(m.bytes > 1_000_000 for m in models)


def test_a_named_model_that_is_not_there_is_listed_with_its_problem() -> None:
    models = models_at_hand(Settings(embedder="/nowhere/at/all"))
    assert (models[0].name, models[0].in_use) == ("/nowhere/at/all", False)
    assert "no such folder" in models[0].note
    assert not [model for model in models if model.role == "embedder" and model.in_use]


def test_listing_models_loads_none() -> None:
    code = (
        "import sys; from rag.models.registry import models_at_hand; from rag.config import Settings\n"
        "models_at_hand(Settings())\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'llama_cpp', 'llm', 'httpx'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_package_that_is_not_installed() -> None:
    assert package_folder("no_such_package_at_all") is None
    assert package_folder("no_such.package") is None


def test_cores_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert hardware.physical_cores() >= 1
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(hardware, "_CPU_MAX", quota)
    for text, expected in (("max 100000", 1 << 16), ("250000 100000", 2), ("50000 100000", 1)):
        quota.write_text(text)
        assert hardware._quota() == expected
