"""An assistant over real documents and a real catalog, with small fakes for the models."""

from __future__ import annotations

from pathlib import Path

from rag.assistant import Assistant
from rag.fakes import HashEmbedder, MemoryLexicon, MemoryStore
from rag.index import Index
from rag.protocols import Generator, Judge, Lexicon
from rag.relevance import QUESTION_FEATURES, SENTENCE_FEATURES, Weights
from vectorstore.catalog import SqliteCatalog
from vectorstore.lexical import SqliteLexicalIndex

ENGLISH_TO_FRENCH = MemoryLexicon(
    {
        ("en", "fr"): {
            "bid": {"offre": 0.8},
            "reject": {"rejet": 0.8},
            "deadlin": {"limit": 0.3, "dat": 0.4},
            "sale": {"vent": 0.6, "vendr": 0.3},
            "languag": {"langu": 0.9},
            "market": {"march": 0.9},
        }
    }
)
"""A handful of words, keyed and valued by stems as `rag.terms.stem` makes them."""


def weights(threshold: float = 0.5) -> Weights:
    """Plain figures that a person can follow: coverage counts, and half of it is enough."""
    sentence = dict.fromkeys(SENTENCE_FEATURES, 0.0) | {
        "bias": -3.0,
        "coverage": 5.0,
        "context": 1.0,
    }
    question = dict.fromkeys(QUESTION_FEATURES, 0.0) | {"bias": -3.0, "context": 8.0}
    return Weights(sentence, question, threshold)


def build(
    docs: Path,
    data: Path,
    *,
    generator: Generator | None = None,
    judge: Judge | None = None,
    lexicon: Lexicon | None = ENGLISH_TO_FRENCH,
    threshold: float = 0.5,
    one_by_one: bool = False,
) -> Assistant:
    """An assistant over `docs`, indexed."""
    data.mkdir(parents=True, exist_ok=True)
    catalog = SqliteCatalog(data / "index.sqlite")
    index = Index(
        data,
        catalog,
        SqliteLexicalIndex(catalog.database),
        MemoryStore(),
        HashEmbedder(),
        docs=docs,
        default_docs=docs,
    )
    assistant = Assistant(
        index,
        weights(threshold),
        lexicon=lexicon,
        judge=judge,
        generator_name=generator.name if generator is not None else None,
        open_generator=(lambda: generator) if generator is not None else None,
        one_by_one=one_by_one,
    )

    assistant.sync()
    return assistant
