"""Writes the trained adapter as a LoRA file in llama.cpp's form.

python -m training.generator.export [--work training/generator/work] [--to models/generator]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter

from rag.models.gguf import EMBEDDED_LICENCE, EMBEDDED_NAME, content_hash, embedded_gguf
from rag.models.quantised import ALPHA_KEY, BASE_KEY
from training.generator.model import RANK
from training.generator.train import WORK

TARGET = Path(__file__).resolve().parents[2] / "models" / "generator"
HEADS = {"q_proj": 9, "k_proj": 3}
"""Attention heads, for the maps whose rows llama.cpp keeps in another order."""
NAMES = {
    "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
    "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down",
}  # fmt: skip


def permuted(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a query or key map as llama.cpp has them: within a head the two halves, which rotary
    embedding turns against each other, interleaved (`permute` in convert_hf_to_gguf.py)."""
    halves = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return halves.swapaxes(1, 2).reshape(rows.shape)


def export(state: dict[str, torch.Tensor], target: Path) -> Path:
    """`adapter.gguf` in the target folder, from the adapters' weights: F16, about 20 MB at rank 32."""
    target.mkdir(parents=True, exist_ok=True)
    path = target / "adapter.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_name(f"Attest's adapter for {EMBEDDED_NAME}")
    writer.add_license(EMBEDDED_LICENCE.lower())
    writer.add_float32(ALPHA_KEY, float(RANK))
    writer.add_string(BASE_KEY, content_hash(embedded_gguf()))
    for key in sorted(name for name in state if name.endswith(".a")):
        number, name = key.split(".")[1].split("-")
        low = state[key].float().numpy()
        high = state[f"{key[:-1]}b"].float().numpy()
        if name in HEADS:
            high = permuted(high, HEADS[name])
        for side, half in (("a", low), ("b", high)):
            writer.add_tensor(
                f"blk.{number}.{NAMES[name]}.weight.lora_{side}",
                np.ascontiguousarray(half.astype(np.float16)),
                raw_dtype=GGMLQuantizationType.F16,
            )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def main() -> int:
    parser = argparse.ArgumentParser(description="Export the generator's adapter.")
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--to", type=Path, default=TARGET)
    options = parser.parse_args()
    trained = options.work / "trained.pt"
    kept = trained if trained.is_file() else options.work / "checkpoint.pt"
    path = export(torch.load(kept)["model"], options.to)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, from {kept.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
