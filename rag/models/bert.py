"""A plain BERT encoder (Devlin et al. 2019) straight on torch.

The embedder and the judge that come with Attest are BERTs of six layers. Loading them through
sentence-transformers imports for four seconds more than torch alone, and each forward pass spends
several milliseconds in Python, more than in arithmetic for a sentence. `load_bert` knows exactly one
architecture and says None to every other, which then goes through sentence-transformers; the tests
hold both against each other.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.models.weights import read_json

if TYPE_CHECKING:
    import torch

_EXPECTED = {"model_type": "bert", "hidden_act": "gelu"}


class Bert:
    """Weights and tokenizer of one encoder, with a classification head if there is one. Each call
    reads one text or pair: no padding, and no result depends on any other text."""

    def __init__(self, folder: Path, config: dict[str, Any], max_tokens: int) -> None:
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        state = {
            name.removeprefix("bert."): tensor.float()
            for name, tensor in load_file(folder / "model.safetensors").items()
        }
        self.config = config
        self.max_tokens = min(max_tokens, int(config["max_position_embeddings"]))
        self._heads = int(config["num_attention_heads"])
        self._epsilon = float(config["layer_norm_eps"])
        self._state = state
        self._layers = [
            self._layer(f"encoder.layer.{number}.") for number in range(config["num_hidden_layers"])
        ]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()  # files may fix both, as all-MiniLM-L6-v2's does
        self._tokenizer.enable_truncation(self.max_tokens)
        self._types = _reads_types(read_json(folder / "tokenizer_config.json"))

    def _layer(self, prefix: str) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        import torch

        def pair(name: str) -> tuple[torch.Tensor, torch.Tensor]:
            name = prefix + name
            return self._state.pop(f"{name}.weight"), self._state.pop(f"{name}.bias")

        queries, keys, values = (pair(f"attention.self.{n}") for n in ("query", "key", "value"))
        return {
            "attention": (
                torch.cat((queries[0], keys[0], values[0])),
                torch.cat((queries[1], keys[1], values[1])),
            ),
            "attention_out": pair("attention.output.dense"),
            "attention_norm": pair("attention.output.LayerNorm"),
            "inner": pair("intermediate.dense"),
            "outer": pair("output.dense"),
            "outer_norm": pair("output.LayerNorm"),
        }

    @property
    def labels(self) -> int:
        """Outputs of the classification head, 0 when there is none."""
        head = self._state.get("classifier.weight")
        return 0 if head is None else int(head.shape[0])

    def hidden(self, text: str, other: str | None = None) -> torch.Tensor:
        """Last hidden states, shape (tokens, width), of a text or a pair. Too long a text is cut;
        of a pair, the longer of the two."""
        import torch
        from torch.nn import functional

        encoding = self._tokenizer.encode(text, other)
        ids = torch.tensor(encoding.ids)
        types = torch.tensor(encoding.type_ids) if self._types else torch.zeros_like(ids)
        state, width = self._state, int(self.config["hidden_size"])
        hidden = (
            state["embeddings.word_embeddings.weight"][ids]
            + state["embeddings.token_type_embeddings.weight"][types]
            + state["embeddings.position_embeddings.weight"][: len(ids)]
        )
        hidden = functional.layer_norm(
            hidden,
            (width,),
            state["embeddings.LayerNorm.weight"],
            state["embeddings.LayerNorm.bias"],
            self._epsilon,
        )
        for layer in self._layers:
            mixed = functional.linear(hidden, *layer["attention"])
            # (tokens, 3 * width) to three of (1, heads, tokens, width of a head)
            queries, keys, values = mixed.view(len(ids), 3, self._heads, -1).permute(1, 2, 0, 3)
            seen = functional.scaled_dot_product_attention(queries[None], keys[None], values[None])
            seen = seen[0].transpose(0, 1).reshape(len(ids), width)
            seen = functional.linear(seen, *layer["attention_out"])
            hidden = functional.layer_norm(
                hidden + seen, (width,), *layer["attention_norm"], self._epsilon
            )
            inner = functional.gelu(functional.linear(hidden, *layer["inner"]))
            outer = functional.linear(inner, *layer["outer"])
            hidden = functional.layer_norm(
                hidden + outer, (width,), *layer["outer_norm"], self._epsilon
            )
        return hidden

    def logits(self, text: str, other: str) -> torch.Tensor:
        """The head's outputs for a pair, shape (labels,)."""
        import torch
        from torch.nn import functional

        state = self._state
        pooled = torch.tanh(
            functional.linear(
                self.hidden(text, other)[0],
                state["pooler.dense.weight"],
                state["pooler.dense.bias"],
            )
        )
        return functional.linear(pooled, state["classifier.weight"], state["classifier.bias"])


def _reads_types(config: dict[str, Any]) -> bool:
    """Whether transformers would tell the model which of the two texts a token belongs to: BERT's
    own tokenizer class does, the general one only when asked to."""
    names = config.get("model_input_names")
    if names is not None:
        return "token_type_ids" in names
    return str(config.get("tokenizer_class") or "Bert").startswith("Bert")


def load_bert(folder: Path, max_tokens: int) -> Bert | None:
    """The encoder in a folder, or None when it isn't a plain BERT with its weights in one
    safetensors file and its tokenizer in one JSON file."""
    config = read_json(folder / "config.json")
    plain = (
        all(config.get(key) == value for key, value in _EXPECTED.items())
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
        and not config.get("quantization_config")
    )
    files = all((folder / name).is_file() for name in ("model.safetensors", "tokenizer.json"))
    return Bert(folder, config, max_tokens) if plain and files else None
