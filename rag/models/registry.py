"""Which models are at hand and which of them serve, without loading any: what `rag models` shows."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from typing import Literal

from rag.config import Settings, shipped
from rag.errors import ModelUnavailable
from rag.models.embedders import DEFAULT_NAME, default_model_folder, named_embedder
from rag.models.gguf import (
    EMBEDDED_LICENCE,
    EMBEDDED_NAME,
    EMBEDDED_PACKAGE,
    embedded_gguf,
    read_gguf,
)
from rag.models.judges import named_judge
from rag.models.lexicon import FILE as LEXICON_FILE
from rag.models.onnx import OnnxEmbedder, OnnxJudge, is_ours
from rag.models.quantised import adapted_name, adapter_file
from rag.models.weights import folder_bytes
from rag.types import ModelInfo

Role = Literal["embedder", "judge", "generator", "lexicon"]
_UNKNOWN = "unknown"
_LICENCE = re.compile(
    r"^(?:licen[cs]e:\s*[\"']?([\w.+-]+)|\*\*licen[cs]e[.:]?\*\*[.:]?\s*([^,;\n]+?)\.?(?=[,;\n]|$))",
    re.IGNORECASE | re.MULTILINE,
)
"""In a model card: `license: apache-2.0` in its head, or a line `**Licence.** CC BY-SA 4.0, ...`."""
_DEFAULT_EMBEDDER_LICENCE = "Apache-2.0"
"""The weights' own, as their model card says; the package around them says MIT of its code."""


def models_at_hand(settings: Settings) -> list[ModelInfo]:
    """Every model that this installation could use, by role, those in use first. A model that was
    named and isn't there is listed with what is wrong in its note."""
    roles = (_embedders, _judges, _generators, _lexicons)
    return [model for role in roles for model in role(settings)]


def _embedders(settings: Settings) -> list[ModelInfo]:
    found = []
    if settings.embedder:
        found.append(_named("embedder", settings.embedder))
    trained = shipped("models") / "embedder"
    if is_ours(trained):
        found.append(_trained("embedder", trained, in_use=not found))
    try:
        folder = default_model_folder()
    except ModelUnavailable as error:
        if not found:
            found.append(_missing("embedder", DEFAULT_NAME, str(error)))
        return found
    found.append(
        ModelInfo("embedder", DEFAULT_NAME, str(folder), folder_bytes(folder),
                  _DEFAULT_EMBEDDER_LICENCE, not found, "English first, 256 tokens")
    )  # fmt: skip
    return found


def _judges(settings: Settings) -> list[ModelInfo]:
    found = [_named("judge", settings.judge)] if settings.judge else []
    trained = shipped("models") / "judge"
    if is_ours(trained):
        found.append(_trained("judge", trained, in_use=not found))
    return found


def _generators(settings: Settings) -> list[ModelInfo]:
    found = []
    if settings.llm_url:
        note = "a server; what it runs is its own affair"
        name = settings.llm_model or "the server's first model"
        found.append(ModelInfo("generator", name, settings.llm_url, 0, _UNKNOWN, True, note))
    if settings.model:
        found.append(_gguf(settings.model, in_use=not found))
    try:
        path = embedded_gguf()
    except ModelUnavailable as error:
        if not found:
            found.append(_missing("generator", EMBEDDED_NAME, str(error)))
        return found
    note = f"from {EMBEDDED_PACKAGE.replace('_', '-')} {_version(EMBEDDED_PACKAGE)}"
    size = path.stat().st_size
    name = EMBEDDED_NAME
    adapter = adapter_file()
    if adapter is not None:
        name = adapted_name(adapter)
        size += adapter.stat().st_size
        note += f", with the adapter {adapter}"
    found.append(ModelInfo("generator", name, str(path), size, EMBEDDED_LICENCE, not found, note))
    return found


def _lexicons(settings: Settings) -> list[ModelInfo]:
    folder = shipped("models") / "lexicon"
    path = folder / LEXICON_FILE
    if not path.is_file():
        return [_missing("lexicon", "lexicon", f"{path}: not there; restore it from the project")]
    return [
        ModelInfo("lexicon", path.stem, str(path), path.stat().st_size, _card_licence(folder), True)
    ]


# --- one model ----------------------------------------------------------------------------


def _named(role: Role, name_or_path: str) -> ModelInfo:
    """An embedder or judge that the person chose: a folder, or a model of the hub."""
    try:
        model = (named_embedder if role == "embedder" else named_judge)(name_or_path)
    except ModelUnavailable as error:
        return _missing(role, name_or_path, str(error))
    folder = Path(name_or_path).expanduser()
    if folder.is_dir():
        return _folder(role, folder, in_use=True, name=model.name)
    note = "of the Hugging Face hub; downloaded on first use unless HF_HUB_OFFLINE is set"
    return ModelInfo(role, model.name, name_or_path, 0, _UNKNOWN, True, note)


def _trained(role: Role, folder: Path, *, in_use: bool) -> ModelInfo:
    """One that comes with the project."""
    try:
        model = (OnnxEmbedder if role == "embedder" else OnnxJudge)(folder)
    except ModelUnavailable as error:
        return _missing(role, role, str(error), str(folder))
    return _folder(role, folder, in_use=in_use, name=model.name)


def _folder(role: Role, folder: Path, *, in_use: bool, name: str) -> ModelInfo:
    return ModelInfo(
        role, name, str(folder), folder_bytes(folder), _card_licence(folder), in_use, ""
    )


def _gguf(path: Path, *, in_use: bool) -> ModelInfo:
    try:
        head = read_gguf(path)
    except ModelUnavailable as error:
        return _missing("generator", path.stem, str(error), str(path))
    size = path.stat().st_size
    return ModelInfo(
        "generator", head.name, str(path), size, head.licence, in_use, head.architecture
    )


def _missing(role: Role, name: str, problem: str, path: str = "") -> ModelInfo:
    return ModelInfo(role, name, path, 0, _UNKNOWN, False, problem)


def _card_licence(folder: Path) -> str:
    """What a model card's head says (`license: apache-2.0`)."""
    for name in ("README.md", "CARD.md", "card.md"):
        try:
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found = _LICENCE.search(text)
        if found:
            return found[1] or found[2]
    return _UNKNOWN


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return _UNKNOWN
