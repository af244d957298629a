"""Writes the trained embedder to `models/embedder`.

python -m training.embedder.export DATA_FOLDER [--checkpoint training/embedder/work/trained.pt]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rag.config import shipped
from training.bilingual import encoder, graph
from training.embedder.train import WORK


def main() -> int:
    parser = argparse.ArgumentParser(description="Export the embedder.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--checkpoint", type=Path, default=WORK / "trained.pt")
    parser.add_argument("--target", type=Path, default=shipped("models") / "embedder")
    options = parser.parse_args()
    model, tokenizer = encoder.load_trained(WORK / "vocabulary", options.data, options.checkpoint)
    state = {name: value.float().numpy() for name, value in model.state_dict().items()}
    options.target.mkdir(parents=True, exist_ok=True)
    graph.write_embedder(state, options.target, tokenizer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
