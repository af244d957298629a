"""The judge on torch: the embedder's encoder with two heads."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional
from transformers import BertModel

from rag.models.reading import Tokens

HIDDEN = 192


class Head(nn.Module):
    """From the two texts' mean states, their product and the first token's state to one logit."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(4 * width, HIDDEN)
        self.outer = nn.Linear(HIDDEN, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.outer(functional.gelu(self.inner(features)))
        return found.squeeze(-1)


class JudgeModel(nn.Module):
    def __init__(self, encoder: BertModel) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.config.hidden_size
        self.relevance, self.support = Head(width), Head(width)

    def features(self, tokens: Sequence[Tokens]) -> torch.Tensor:
        """Shape (pairs, 4 * width): the first token, the mean of the tokens before the first [SEP]
        (its own included), the mean of those of type 1, and the product of the two means."""
        longest = max(len(t.ids) for t in tokens)
        shape = (len(tokens), longest)
        ids, types, mask, first = (torch.zeros(shape, dtype=torch.long) for _ in range(4))
        for row, t in enumerate(tokens):
            length, end = len(t.ids), t.types.index(1)
            ids[row, :length] = torch.tensor(t.ids)
            types[row, :length] = torch.tensor(t.types)
            mask[row, :length] = 1
            first[row, :end] = 1
        hidden = self.encoder(
            input_ids=ids, token_type_ids=types, attention_mask=mask
        ).last_hidden_state.float()
        one, two = (_mean(hidden, which) for which in (first, types))
        return torch.cat((hidden[:, 0], one, two, one * two), dim=-1)


def _mean(hidden: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    weights = which.unsqueeze(-1).float()
    return (hidden * weights).sum(1) / weights.sum(1)
