"""A BERT encoder as an ONNX graph with 8-bit weights, for one text at a time.

The graph is written operator by operator: the exporters' graphs need a pass of fusion and one of
quantisation, and quantise what should stay. Weights of the encoder's linear layers are 8 bits with
one scale an output; activations are quantised inside the operator with one scale for all that is
read at once, so each text is read by itself (DESIGN 1.8). Word vectors are 8 bits with one scale a
row. The judge's heads stay as they are: they are small, and their inputs differ much in size.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

from rag.models.onnx import FILE, FORMAT

Floats = npt.NDArray[np.float32]
State = Mapping[str, Floats]
Linear = Literal["dynamic", "float"]

HEADS = 12
EPSILON = 1e-12
MICROSOFT = "com.microsoft"
MAX_TOKENS = 256


class Graph:
    """Nodes and weights as they are added; names of values are strings."""

    def __init__(self, linear: Linear = "dynamic") -> None:
        """`float` keeps every weight as it is: for tests."""
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.linear_kind, self._count = linear, 0

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        return self.add_many(operator, 1, *inputs, domain=domain, **attributes)[0]

    def add_many(
        self, operator: str, outputs: int, *inputs: str, domain: str = "", **attributes: Any
    ) -> list[str]:
        self._count += 1
        name = f"{operator}_{self._count}"
        names = [name] if outputs == 1 else [f"{name}_{number}" for number in range(outputs)]
        self.nodes.append(
            helper.make_node(operator, list(inputs), names, name=name, domain=domain, **attributes)
        )
        return names

    def constant(self, values: npt.ArrayLike, name: str = "constant") -> str:
        self._count += 1
        name = f"{name}_{self._count}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def linear(self, hidden: str, weight: Floats, bias: Floats) -> str:
        """`hidden @ weight.T + bias`, weight of shape (outputs, inputs)."""
        if self.linear_kind == "float":
            return self.exact(hidden, weight, bias)
        packed, scale = quantised(weight)
        return self.add(
            "DynamicQuantizeMatMul",
            hidden,
            self.constant(packed.T),
            self.constant(scale),
            "",
            self.constant(bias),
            domain=MICROSOFT,
        )

    def exact(self, hidden: str, weight: Floats, bias: Floats) -> str:
        """The same with weights as they are."""
        product = self.add("MatMul", hidden, self.constant(weight.T))
        return self.add("Add", product, self.constant(bias))

    def norm(self, hidden: str, weight: Floats, bias: Floats) -> str:
        return self.add(
            "LayerNormalization",
            hidden,
            self.constant(weight),
            self.constant(bias),
            axis=-1,
            epsilon=EPSILON,
        )

    def rows(self, table: Floats, numbers: str) -> str:
        """Rows of a table of word vectors."""
        if self.linear_kind == "float":
            return self.add("Gather", self.constant(table, "words"), numbers, axis=0)
        scale = np.maximum(np.abs(table).max(1, keepdims=True), 1e-8) / 127.0
        packed = np.clip(np.round(table / scale), -127, 127).astype(np.int8)
        found = self.add("Gather", self.constant(packed, "words"), numbers, axis=0)
        scales = self.add("Gather", self.constant(scale.astype(np.float32)), numbers, axis=0)
        return self.add("Mul", self.add("Cast", found, to=TensorProto.FLOAT), scales)

    def mean(self, hidden: str, which: str) -> str:
        """Mean of the states whose token has a 1 in `which`, (batch, tokens)."""
        chosen = self.add(
            "Unsqueeze",
            self.add("Cast", which, to=TensorProto.FLOAT),
            self.constant(np.array([-1])),
        )
        tokens = self.constant(np.array([1]))
        total = self.add("ReduceSum", self.add("Mul", hidden, chosen), tokens, keepdims=0)
        return self.add("Div", total, self.add("ReduceSum", chosen, tokens, keepdims=0))


def quantised(weight: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Whole numbers of the weight's shape, and the size of a step for each output.

    No two neighbours of one sign exceed 128 together: processors with AVX2 but without VNNI add two
    products with an unsigned byte in 16 bits, and would cut off what goes beyond."""
    pairs = [
        np.maximum(sign * weight[:, :-1], 0) + np.maximum(sign * weight[:, 1:], 0)
        for sign in (1, -1)
    ]
    scale = np.maximum(np.maximum(*pairs).max(1), 1e-8) / 127.0
    packed = np.round(weight / scale[:, None]).astype(np.int8)
    return packed, scale.astype(np.float32)


def encoder(graph: Graph, state: State) -> str:
    """Last hidden states, shape (batch, tokens, width), of inputs `ids` and `types`, (batch,
    tokens), which are read whole: all texts of a batch are of one length."""
    words = graph.rows(state["embeddings.word_embeddings.weight"], "ids")
    kinds = graph.add(
        "Gather", graph.constant(state["embeddings.token_type_embeddings.weight"]), "types", axis=0
    )
    length = graph.add(
        "Slice",
        graph.add("Shape", "ids"),
        graph.constant(np.array([1])),
        graph.constant(np.array([2])),
    )
    places = graph.add(
        "Slice",
        graph.constant(state["embeddings.position_embeddings.weight"]),
        graph.constant(np.array([0])),
        length,
    )
    hidden = graph.add("Add", graph.add("Add", words, kinds), places)
    hidden = graph.norm(hidden, *_pair(state, "embeddings.LayerNorm"))
    number = 0
    while f"encoder.layer.{number}.output.dense.weight" in state:
        hidden = _layer(graph, state, f"encoder.layer.{number}.", hidden)
        number += 1
    return hidden


def _layer(graph: Graph, state: State, at: str, hidden: str) -> str:
    parts = [_pair(state, f"{at}attention.self.{name}") for name in ("query", "key", "value")]
    mixed = graph.linear(
        hidden, np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    )
    width = parts[0][0].shape[0]
    split = graph.add_many("Split", 3, mixed, graph.constant(np.array([width] * 3)), axis=-1)
    seen = graph.add("MultiHeadAttention", *split, domain=MICROSOFT, num_heads=HEADS)
    seen = graph.linear(seen, *_pair(state, f"{at}attention.output.dense"))
    hidden = graph.norm(
        graph.add("Add", hidden, seen), *_pair(state, f"{at}attention.output.LayerNorm")
    )
    inner = graph.linear(hidden, *_pair(state, f"{at}intermediate.dense"))
    inner = graph.add("Gelu", inner, domain=MICROSOFT)
    outer = graph.linear(inner, *_pair(state, f"{at}output.dense"))
    return graph.norm(graph.add("Add", hidden, outer), *_pair(state, f"{at}output.LayerNorm"))


def head(graph: Graph, state: State, name: str, features: str) -> str:
    """One logit a text, shape (batch,)."""
    inner = graph.exact(features, *_pair(state, f"{name}.inner"))
    inner = graph.add("Gelu", inner, domain=MICROSOFT)
    outer = graph.exact(inner, *_pair(state, f"{name}.outer"))
    return graph.add("Squeeze", outer, graph.constant(np.array([1])))


def _pair(state: State, name: str) -> tuple[Floats, Floats]:
    return state[f"{name}.weight"], state[f"{name}.bias"]


# --- files --------------------------------------------------------------------------------


def write_embedder(
    state: State,
    folder: Path,
    tokenizer: Tokenizer,
    *,
    max_tokens: int = MAX_TOKENS,
    linear: Linear = "dynamic",
) -> None:
    """What `rag.models.onnx.OnnxEmbedder` reads, into a folder that is made if it isn't there;
    `state` as `BertModel.state_dict()` names it."""
    graph = Graph(linear)
    hidden = encoder(graph, state)
    mean = graph.add("ReduceMean", hidden, axes=[1], keepdims=0)
    width = int(state["embeddings.word_embeddings.weight"].shape[1])
    folder.mkdir(parents=True, exist_ok=True)
    save(graph, ("ids", "types"), [("vector", mean, ["batch", width])], folder / FILE)
    _write_rest(
        folder, tokenizer, {"kind": "embedder", "dimension": width, "max_tokens": max_tokens}
    )


def write_judge(
    state: State,
    folder: Path,
    tokenizer: Tokenizer,
    settings: Mapping[str, object],
    *,
    linear: Linear = "dynamic",
) -> None:
    """What `rag.models.onnx.OnnxJudge` reads, into a folder that is made if it isn't there.

    `state` is that of `training.judge.model.JudgeModel`, or with the encoder's names as those of
    `BertModel.state_dict()`; `settings` are `relevance` and `support`, each factor and shift of the
    logit, and `support_threshold`."""
    if "encoder.embeddings.word_embeddings.weight" in state:
        state = {name.removeprefix("encoder."): values for name, values in state.items()}
    graph = Graph(linear)
    hidden = encoder(graph, state)
    start = graph.add("Gather", hidden, graph.constant(np.array(0)), axis=1)
    one, two = graph.mean(hidden, "first"), graph.mean(hidden, "types")
    features = graph.add("Concat", start, one, two, graph.add("Mul", one, two), axis=-1)
    outputs: list[tuple[str, str, list[int | str]]] = [
        (name, head(graph, state, name, features), ["batch"]) for name in ("relevance", "support")
    ]
    folder.mkdir(parents=True, exist_ok=True)
    save(graph, ("ids", "types", "first"), outputs, folder / FILE)
    _write_rest(folder, tokenizer, {"kind": "judge", **settings})


def save(
    graph: Graph,
    inputs: Sequence[str],
    outputs: Sequence[tuple[str, str, list[int | str]]],
    path: Path,
) -> None:
    """`outputs`: name outside, value inside, shape. Checked, and written whole or not at all."""
    for name, value, _ in outputs:
        graph.nodes.append(helper.make_node("Identity", [value], [name]))
    tokens = ["batch", "tokens"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "bert",
            [helper.make_tensor_value_info(name, TensorProto.INT64, tokens) for name in inputs],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, _, s in outputs],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)],
        ir_version=9,
    )
    onnx.checker.check_model(model)
    _write(path, model.SerializeToString())


def _write_rest(folder: Path, tokenizer: Tokenizer, settings: Mapping[str, object]) -> None:
    _write(folder / "tokenizer.json", tokenizer.to_str().encode())
    text = json.dumps({"format": FORMAT, **settings}, indent=2)
    _write(folder / "config.json", f"{text}\n".encode())


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
