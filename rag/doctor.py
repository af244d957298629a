"""`rag doctor`: is everything at hand that an answer needs, and what to do if not."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from rag.config import Settings, checkout, shipped
from rag.errors import RagError

NEEDED = (
    "chromadb",
    "sentence_transformers",
    "llama_cpp",
    "gradio",
    "onnxruntime",
    "tokenizers",
    "pypdf",
    "docx",
    "bs4",
)
FREE_BYTES = 500_000_000
FREE_MEMORY = 1_500_000_000
PORT = 7860


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    what: str
    found: str
    ok: bool = True
    advice: str = ""


def checkup(settings: Settings) -> list[Check]:
    """Every check, in the order in which to mend things. Loads no model and changes nothing."""
    return [
        _python(),
        _packages(),
        *_models(settings),
        _index(settings),
        _disk(settings),
        _memory(),
        _port(),
        Check("network", "not needed: nothing is fetched unless you name an address"),
    ]


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check(
        "Python",
        found,
        sys.version_info >= (3, 11),
        "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer",
    )


def _packages() -> Check:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if not missing:
        return Check("packages", f"all {len(NEEDED)} at hand")
    again = "make install" if checkout() else "pip install --force-reinstall attest-rag"
    return Check("packages", f"missing: {', '.join(missing)}", False, again)


def _models(settings: Settings) -> list[Check]:
    from rag.models.registry import models_at_hand

    try:
        models = [model for model in models_at_hand(settings) if model.in_use]
    except RagError as error:
        return [Check("models", str(error), False)]
    checks = []
    for role in ("embedder", "generator", "lexicon"):
        names = [model.name for model in models if model.role == role]
        checks.append(
            Check(role, ", ".join(names))
            if names
            else Check(role, "none", False, "see `rag models` and the README's part on models")
        )
    return [*checks, _judge(settings, [m.name for m in models if m.role == "judge"])]


def _judge(settings: Settings, names: list[str]) -> Check:
    """The fit over the judge counts only for the very files that it was made with."""
    from rag.relevance import Weights

    if not names:
        return Check(
            "judge", "none: abstention goes by words and vectors alone", False, "see `rag models`"
        )
    try:
        judged = Weights.read(shipped("models") / "relevance" / "weights.json").judged
    except RagError as error:
        return Check("judge", str(error), False)
    if settings.judge or (judged is not None and judged.judge == names[0]):
        return Check("judge", names[0])
    return Check(
        "judge",
        f"{names[0]}, but the relevance weights were fitted with another",
        False,
        "restore models/ from the project: its files belong together",
    )


def _index(settings: Settings) -> Check:
    from rag.assistant import open_assistant

    if not settings.data_folder.exists():
        return Check(
            "index", "none yet", True, "it is made with the first `rag ask` or `rag index DIR`"
        )
    try:
        assistant = open_assistant(settings)
        try:
            documents, added = len(assistant.sources()), len(assistant.uploads.sources())
            state = assistant.index.state()
        finally:
            assistant.close()
    except RagError as error:
        return Check("index", str(error), False)
    uploaded = f", {added} of them added on the page" if added else ""
    return Check("index", f"{documents} documents of {assistant.index.folder}{uploaded}, {state}")


def _disk(settings: Settings) -> Check:
    folder = settings.data_folder
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    if not writable:
        return Check("disk", f"{folder} can't be written", False, "choose another with --data DIR")
    enough = free >= FREE_BYTES
    return Check(
        "disk",
        f"{free / 1e9:.1f} GB free at {folder}",
        enough,
        "" if enough else "free some space, or choose another disk with --data DIR",
    )


def _memory() -> Check:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(
            int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")
        )
    except (OSError, StopIteration, ValueError):
        return Check("memory", "can't be told on this system")
    enough = free >= FREE_MEMORY
    return Check(
        "memory",
        f"{free / 1e9:.1f} GB available",
        enough,
        "" if enough else "close other programs: models take about 1.5 GB",
    )


def _port() -> Check:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        taken = probe.connect_ex(("127.0.0.1", PORT)) == 0
    return Check(
        "port",
        f"{PORT} is taken" if taken else f"{PORT} is free",
        True,
        f"rag serve --port {PORT + 1}" if taken else "",
    )
