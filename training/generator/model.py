"""The embedded language model as torch reads it, and what is learned beside it.

Training goes on from the very weights that run: those of the quantised GGUF, unpacked. They stay as
they are; beside each linear map W an adapter B A of low rank is learned (LoRA, Hu et al. 2021,
https://arxiv.org/abs/2106.09685), so that the map becomes W + B A.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from rag.models.gguf import embedded_gguf
from rag.types import Message

RANK = 32
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
IGNORED = -100
"""The label of a token that is read and not learned."""


class Adapted(torch.nn.Module):
    """A linear map that stays, and a low-rank one that is learned beside it.

    The adapter is kept in float32 and used in the type of what comes in: peft's own layers convert
    the input instead, which takes half as long again on a CPU."""

    def __init__(self, linear: torch.nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.a = torch.nn.Parameter(torch.empty(rank, linear.in_features))
        self.b = torch.nn.Parameter(torch.zeros(linear.out_features, rank))
        torch.nn.init.normal_(self.a, std=linear.in_features**-0.5)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        low = functional.linear(features, self.a.to(features.dtype))
        found: torch.Tensor = self.linear(features)
        return found + functional.linear(low, self.b.to(features.dtype))


class Adapters(torch.nn.Module):
    """The model with an adapter beside every linear map of its layers; the module's own parameters
    are the adapters', under llama.cpp's names of the layers."""

    def __init__(self, rank: int = RANK, dtype: torch.dtype = torch.bfloat16) -> None:
        super().__init__()
        self._model = [_plain_model(dtype)]  # in a list: it is not the module's to keep
        self.layers = torch.nn.ModuleDict()
        for number, layer in enumerate(self._model[0].model.layers):
            for block in (layer.self_attn, layer.mlp):
                for name in LINEAR:
                    if hasattr(block, name):
                        adapted = Adapted(getattr(block, name), rank)
                        setattr(block, name, adapted)
                        parts = torch.nn.ParameterDict({"a": adapted.a, "b": adapted.b})
                        self.layers[f"{number}-{name}"] = parts

    def loss(self, examples: Sequence[tuple[list[int], list[int]]]) -> torch.Tensor:
        """Mean cross-entropy of the answers' tokens, every example counting by its length; each is
        (tokens of the prompt, tokens of the answer)."""
        length = max(len(prompt) + len(answer) for prompt, answer in examples)
        tokens = torch.zeros(len(examples), length, dtype=torch.long)
        labels = torch.full((len(examples), length), IGNORED)
        mask = torch.zeros(len(examples), length, dtype=torch.long)
        for row, (prompt, answer) in enumerate(examples):
            whole = torch.tensor(prompt + answer)
            tokens[row, : len(whole)] = whole
            mask[row, : len(whole)] = 1
            labels[row, len(prompt) : len(whole)] = whole[len(prompt) :]
        states = self._model[0].model(tokens, attention_mask=mask, use_cache=False)
        learned = labels[:, 1:] != IGNORED
        # Only the answers' tokens are looked up among the 49,152 words: a fifth of the time.
        logits = self._model[0].lm_head(states.last_hidden_state[:, :-1][learned])
        return functional.cross_entropy(logits.float(), labels[:, 1:][learned])


def _plain_model(dtype: torch.dtype) -> Any:
    path = embedded_gguf()
    model = AutoModelForCausalLM.from_pretrained(
        str(path.parent),
        gguf_file=path.name,
        quantization_config=GgufConfig(gguf_file=path.name, dequantize=True),
        dtype=dtype,
    )
    return model.requires_grad_(False)


class Prompts:
    """The tokens of a chat, as llama.cpp makes them from the model's own template."""

    def __init__(self) -> None:
        path = embedded_gguf()
        self._tokenizer = cast(
            Any, AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
        )

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Up to where the answer begins."""
        chat = [{"role": message.role, "content": message.content} for message in messages]
        found = self._tokenizer.apply_chat_template(
            chat, add_generation_prompt=True, return_dict=False
        )
        return [int(token) for token in found]

    def answer(self, text: str) -> list[int]:
        """With the token that ends it."""
        return [*self.tokens(text), self._tokenizer.convert_tokens_to_ids("<|im_end|>")]

    def tokens(self, text: str) -> list[int]:
        return [int(token) for token in self._tokenizer(text)["input_ids"]]
