"""The case `models`: how long the embedder and the judge take to read."""

from __future__ import annotations

from collections.abc import Callable

from bench import corpus
from bench.measure import Figure, in_turns
from bench.worker import Worker
from bench.workshop import Workshop

PAIRS = 20
"""Sentences with their neighbours that the judge reads for one question."""


def models_case(bench: Workshop) -> list[Figure]:
    """A question embedded, and twenty passages judged, in a warm process."""
    bench.seeds()
    questions = bench.questions()
    with bench.ours() as ours, bench.peer() as peer:
        ours.ask("open", data=bench.path("seeds"))
        peer.ask("open", model=bench.model, folder=bench.path("seeds-peer"))
        figures = []
        for name, verb, target, note in (
            ("a question embedded", "embed", 0.005, "one text"),
            (
                f"{PAIRS} passages judged", "judge", 0.3,
                "ours: question and passage together, each pair by itself; the peer embeds the same "
                "texts in one batch, as nobody's plain pipeline judges",
            ),
        ):  # fmt: skip
            for worker in (ours, peer):
                worker.ask(verb, question=corpus.question(corpus.WARM_UP), pairs=PAIRS)
            taken = in_turns(
                {"ours": _ask(ours, verb, questions), "peer": _ask(peer, verb, questions)},
                len(questions),
            )
            figures.append(
                Figure(
                    name,
                    "s",
                    tuple(taken["ours"]),
                    tuple(taken["peer"]),
                    "sentence-transformers, all-MiniLM-L6-v2",
                    target,
                    note,
                )
            )
    return figures


def _ask(worker: Worker, verb: str, questions: list[str]) -> Callable[[int], float]:
    return lambda number: float(worker.ask(verb, question=questions[number], pairs=PAIRS))
