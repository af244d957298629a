"""all-MiniLM-L6-v2's encoder with the bilingual vocabulary, for training on torch."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import BertModel

from rag.models.embedders import default_model_folder
from training.bilingual import vocabulary

T = TypeVar("T")
EMBEDDINGS = "word_embeddings.npy"


def load_plain() -> tuple[BertModel, Tokenizer]:
    """The model as it comes in its package, without fixed padding or truncation."""
    import json

    folder = default_model_folder()
    model = BertModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="sdpa")
    spec = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    return model.eval(), vocabulary.plain_tokenizer(spec)


def load_bilingual(folder: Path, data: Path) -> tuple[BertModel, Tokenizer]:
    """The model with French words added, untrained; the vocabulary is made once and kept in the
    folder."""
    model, _ = load_plain()
    if not (folder / "tokenizer.json").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        made = vocabulary.extend(
            default_model_folder(),
            model.embeddings.word_embeddings.weight.detach().numpy(),
            data,
            vocabulary.Recipe(),
        )
        np.save(folder / EMBEDDINGS, made.vectors)
        made.tokenizer.save(str(folder / "tokenizer.json"))
    vectors = torch.from_numpy(np.load(folder / EMBEDDINGS))
    model.resize_token_embeddings(len(vectors), mean_resizing=False)
    model.embeddings.word_embeddings.weight.data.copy_(vectors)
    return model, Tokenizer.from_file(str(folder / "tokenizer.json"))


def load_trained(folder: Path, data: Path, checkpoint: Path) -> tuple[BertModel, Tokenizer]:
    """The bilingual model with the weights of a training's checkpoint."""
    model, tokenizer = load_bilingual(folder, data)
    model.load_state_dict(torch.load(checkpoint)["model"])
    return model, tokenizer


def tensors(tokenizer: Tokenizer, texts: Sequence[str], limit: int) -> dict[str, torch.Tensor]:
    """Padded ids, mask and types; a text over the limit is cut."""
    tokenizer.enable_truncation(limit)
    encodings = tokenizer.encode_batch(list(texts))
    longest = max(len(encoding.ids) for encoding in encodings)
    ids = torch.zeros(len(encodings), longest, dtype=torch.long)
    mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, encoding in enumerate(encodings):
        length = len(encoding.ids)
        ids[row, :length] = torch.tensor(encoding.ids)
        types[row, :length] = torch.tensor(encoding.type_ids)
        mask[row, :length] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def pooled(model: BertModel, features: dict[str, torch.Tensor]) -> torch.Tensor:
    """Mean over the tokens, of length 1, shape (texts, width), float32."""
    hidden = model(**features).last_hidden_state.float()
    mask = features["attention_mask"].unsqueeze(-1).float()
    return functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)


@torch.inference_mode()
def embed(
    model: BertModel, tokenizer: Tokenizer, texts: Sequence[str], limit: int = 256
) -> np.ndarray:
    """Shape (texts, width); for evaluations, so batches are padded."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    found = np.zeros((len(texts), model.config.hidden_size), np.float32)
    model.eval()
    for start in range(0, len(order), 64):
        some = order[start : start + 64]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found[some] = pooled(model, tensors(tokenizer, [texts[i] for i in some], limit)).numpy()
    return found


def batches_by_length(
    items: Sequence[T], length: Callable[[T], int], tokens: int, seed: int
) -> Iterator[list[T]]:
    """Each item once, in batches of alike lengths and at most about `tokens` tokens with padding,
    in an order that the seed gives."""
    chance = random.Random(seed)
    order = list(range(len(items)))
    chance.shuffle(order)
    found: list[list[T]] = []
    for start in range(0, len(order), 4096):
        some = sorted(order[start : start + 4096], key=lambda i: length(items[i]))
        batch: list[T] = []
        for i in some:
            if batch and length(items[i]) * (len(batch) + 1) > tokens:
                found.append(batch)
                batch = []
            batch.append(items[i])
        if batch:
            found.append(batch)
    chance.shuffle(found)
    yield from found


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
