"""Models of two layers over all-MiniLM-L6-v2's vocabulary, made here with fixed weights."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.models.embedders import default_model_folder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Make = Callable[..., Path]
PLAIN: Mapping[str, object] = {
    "relevance": [1.0, 0.0], "support": [1.0, 0.0], "support_threshold": 0.8,
}  # fmt: skip
"""Settings of a judge whose scores are its logits' sigmoids."""

TEXTS = [
    "why was Microsoft's bid rejected?",
    "L'offre de Microsoft a été rejetée par ByteDance, selon un rapport du Daily Mail.",
    "Oracle",
    "",
    "14,2 % 🙂 été",
    "TikTok compte 100 millions d'utilisateurs aux États-Unis. " * 30,
]
"""What the contract suites embed and judge."""


def maker(root: Path) -> Make:
    """`made(kind, name, ...)`: a model's folder below `root`, each made once."""
    writers: dict[str, Callable[..., None]] = {
        "embedder": save_embedder,
        "judge": save_bert,
        "onnx-embedder": save_onnx_embedder,
        "onnx-judge": save_onnx_judge,
    }

    def make(kind: str, name: str, **options: Any) -> Path:
        folder = root / name
        if not folder.exists():
            folder.mkdir(parents=True)
            writers[kind](folder, **options)
        return folder

    return make


# --- for sentence-transformers ------------------------------------------------------------


def save_bert(
    folder: Path, *, labels: int | None = None, general: bool = False, **changes: Any
) -> None:
    """With BERT's tokenizer class or the `general` one, which doesn't tell first texts from second
    ones."""
    import torch

    hf: Any = importlib.import_module("transformers")
    torch.manual_seed(7)
    if general:
        tokenizer = hf.PreTrainedTokenizerFast(
            tokenizer_file=str(default_model_folder() / "tokenizer.json"),
            cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]",
            model_max_length=64,
        )  # fmt: skip
    else:
        tokenizer = hf.AutoTokenizer.from_pretrained(default_model_folder(), model_max_length=64)
    config = hf.BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=64, initializer_range=0.5,
        **({} if labels is None else {"num_labels": labels}), **changes,
    )  # fmt: skip
    model = hf.BertModel(config) if labels is None else hf.BertForSequenceClassification(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def save_embedder(folder: Path, prompts: dict[str, str] | None = None, **changes: Any) -> None:
    save_bert(folder, **changes)
    kinds = {"": "Transformer", "1_Pooling": "Pooling"}
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (path, kind) in enumerate(kinds.items())
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 64}))
    if prompts:
        config = {"prompts": prompts, "default_prompt_name": None}
        (folder / "config_sentence_transformers.json").write_text(json.dumps(config))


# --- for onnxruntime ----------------------------------------------------------------------


def plain_tokenizer() -> Tokenizer:
    """Without the padding and the truncation that its file turns on."""
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(default_model_folder() / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    return found


def torch_encoder() -> Any:
    """The encoder on torch; the same weights in every process. Its heads are twelve, as in the
    graph."""
    import torch

    hf: Any = importlib.import_module("transformers")
    torch.manual_seed(7)
    config = hf.BertConfig(
        vocab_size=plain_tokenizer().get_vocab_size(), hidden_size=48, num_hidden_layers=2,
        num_attention_heads=12, intermediate_size=96, max_position_embeddings=512,
        initializer_range=0.2,
    )  # fmt: skip
    return _shaken(hf.BertModel(config, add_pooling_layer=False))


def torch_judge() -> Any:
    """`training.judge.model.JudgeModel` over that encoder."""
    from training.judge.model import JudgeModel

    return _shaken(JudgeModel(torch_encoder()))


def state_of(model: Any) -> dict[str, Any]:
    return {name: value.numpy() for name, value in model.state_dict().items()}


def save_onnx_embedder(folder: Path, **options: Any) -> None:
    from training.bilingual.graph import write_embedder

    write_embedder(state_of(torch_encoder()), folder, plain_tokenizer(), **options)


def save_onnx_judge(folder: Path, settings: Mapping[str, object] = PLAIN, **options: Any) -> None:
    from training.bilingual.graph import write_judge

    write_judge(state_of(torch_judge()), folder, plain_tokenizer(), settings, **options)


def _shaken(model: Any) -> Any:
    """Biases and norms begin at 0 and 1, where mistaking one for another would not be seen."""
    import torch

    torch.manual_seed(11)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.endswith("bias") or "LayerNorm" in name:
                value.add_(0.2 * torch.randn(value.shape))
    return model.eval().requires_grad_(False)
