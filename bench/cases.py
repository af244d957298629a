"""The cases: what is measured, on which input, against which peer.

A case takes a `Workshop` and returns its figures. Both sides of a figure are measured in turns, in
the same run, on the same input. Inputs are only speed load: nothing is tuned on them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from bench import corpus
from bench.measure import DECODE_SECONDS, Figure, busy_core, in_turns, process_seconds
from bench.reading import models_case
from bench.worker import Worker, environment
from bench.workshop import Workshop
from rag.compose import ANSWER_TOKENS
from rag.models.gguf import embedded_gguf

CONTEXT = 2048
PROMPT_TOKENS = 300
DECODE_TOKENS = 96
STORY = "Write a long story about a lighthouse keeper and her brother."
ST_CHROMA = "sentence-transformers + chromadb"
LLAMA = "llama_cpp.Llama, defaults, Q4_1"


def help_case(bench: Workshop) -> list[Figure]:
    """`rag --help` from a process's start to its end, beside Python's own start."""
    taken = in_turns(
        {
            "ours": lambda _: process_seconds([*rag_command(), "--help"], environment()),
            "peer": lambda _: process_seconds([sys.executable, "-c", "pass"], environment()),
        },
        bench.sizes.help_rounds,
    )
    return [
        Figure("rag --help", "s", tuple(taken["ours"]), tuple(taken["peer"]), "python -c pass", 0.3)
    ]


def cold_case(bench: Workshop) -> list[Figure]:
    """Whole processes over the seeds, their index made before."""
    bench.seeds()
    english = "Why was Microsoft's bid rejected?"
    french = "Pourquoi l'offre de Microsoft a-t-elle été rejetée ?"

    def ours(command: str, question: str) -> Callable[[int], float]:
        whole = [*rag_command(), command, question, "--data", bench.path("seeds")]
        return lambda _: process_seconds(whole, environment(), (0, 3))

    script = [sys.executable, "-m", "bench.plain", bench.model, bench.path("seeds-peer"), english]
    sides = {
        "rag search, English question": ours("search", english),
        "peer": lambda _: process_seconds(script, environment()),
        "rag ask, English question": ours("ask", english),
        "rag ask, French question": ours("ask", french),
    }
    taken = in_turns(sides, bench.sizes.cold_rounds)
    return [
        Figure(
            name,
            "s",
            tuple(taken[name]),
            tuple(taken["peer"]),
            f"script: {ST_CHROMA}, one query",
            note="the peer only searches" if "ask" in name else "",
        )
        for name in sides
        if name != "peer"
    ]


def evidence_case(bench: Workshop) -> list[Figure]:
    """Seconds to evidence in a warm process, over the seeds and over the made-up files."""
    bench.seeds()
    bench.corpus()
    load = {
        "seeds": bench.questions(),
        "corpus": [corpus.question(number) for number in range(bench.sizes.corpus_questions)],
    }
    names = {"seeds": "evidence, 5 seeds", "corpus": f"evidence, {bench.sizes.files} files"}
    figures = []
    with bench.ours() as ours, bench.peer() as peer:
        for which, questions in load.items():
            ours.ask("open", data=bench.path(which))
            peer.ask("open", model=bench.model, folder=bench.path(f"{which}-peer"))
            for worker in (ours, peer):
                worker.ask("evidence", question=corpus.question(corpus.WARM_UP))

            def ask(worker: Worker, questions: list[str]) -> Callable[[int], float]:
                return lambda number: float(worker.ask("evidence", question=questions[number]))

            sides = {"ours": ask(ours, questions), "peer": ask(peer, questions)}
            taken = in_turns(sides, len(questions))
            figures.append(
                Figure(
                    names[which],
                    "s",
                    tuple(taken["ours"]),
                    tuple(taken["peer"]),
                    f"{ST_CHROMA}, 10 chunks",
                    0.5,
                    "the peer: dense search for chunks alone; ours: dense and lexical, every "
                    "sentence scored again",
                )
            )
    return figures


def answer_case(bench: Workshop) -> list[Figure]:
    """Whole answers over the seeds in a warm process."""
    bench.seeds()
    questions = bench.questions()
    with bench.ours() as ours, bench.peer() as peer:
        ours.ask("open", data=bench.path("seeds"))
        prompts = ours.ask("prompts", questions=questions)
        peer.ask("load", path=str(embedded_gguf()), context=CONTEXT)
        ours.ask("answer", question="Qui a rejeté l'offre de Microsoft ?")
        peer.ask("answer", messages=prompts[-1], tokens=8)
        taken = in_turns(
            {
                "ours": lambda i: ours.ask("answer", question=questions[i]),
                "peer": lambda i: peer.ask("answer", messages=prompts[i], tokens=ANSWER_TOKENS),
            },
            len(questions),
        )
    pairs = list(zip(taken["ours"], taken["peer"], strict=True))
    drafted = [(mine, theirs) for mine, theirs in pairs if mine["first_token"] is not None]
    shown = [(mine, theirs) for mine, theirs in pairs if mine["first_sentence"] is not None]
    counts = (
        f"of {len(pairs)} questions our generator was asked {len(drafted)} times, "
        f"{sum(mine['abstained'] for mine, _ in pairs)} were abstained on"
    )
    figures = [
        _answers("whole answer", "seconds", "seconds", pairs, target=5.0, note=counts),
        _answers(
            "first sentence on the screen",
            "first_sentence",
            "seconds",
            shown,
            note="the peer streams tokens that nothing checked: its whole answer stands here",
        ),
        _answers(
            "whole answer, generator asked",
            "seconds",
            "seconds",
            drafted,
            note="ours ends at the first sentence that isn't proven",
        ),
        _answers(
            "first token, generator asked",
            "first_token",
            "first_token",
            drafted,
            note="ours from the question on; the peer from the prompt on, its search not counted",
        ),
    ]
    return [figure for figure in figures if figure is not None]


def _answers(
    name: str,
    mine: str,
    theirs: str,
    pairs: list[tuple[dict[str, float], dict[str, float]]],
    *,
    target: float | None = None,
    note: str,
) -> Figure | None:
    if not pairs:
        return None
    return Figure(
        name,
        "s",
        tuple(ours[mine] for ours, _ in pairs),
        tuple(peer[theirs] for _, peer in pairs),
        LLAMA,
        target,
        note,
    )


def index_case(bench: Workshop) -> list[Figure]:
    """The made-up files from empty, in portions, and a sync with nothing changed over twice as many."""
    sizes = bench.sizes
    portions = bench.corpus()
    figures: list[Figure] = []
    if portions:
        mine, theirs, sentences = zip(*portions, strict=True)
        figures = [
            Figure(
                f"{sizes.portion_files} files more, of {sizes.files}",
                "s",
                mine,
                theirs,
                f"{ST_CHROMA}, batches of 32",
                note="the same chunks; ours embeds every sentence too, and each text by itself",
            ),
            Figure(
                f"{sizes.files} files from empty",
                "s",
                (sum(mine),),
                (sum(theirs),),
                f"{ST_CHROMA}, batches of 32",
                180.0 if sizes.full else None,
                f"the sum of {sizes.portions} syncs, {sum(sentences)} sentences",
            ),
            Figure(
                "sentences a second",
                "sentences/s",
                tuple(count / seconds for count, seconds in zip(sentences, mine, strict=True)),
                tuple(count / seconds for count, seconds in zip(sentences, theirs, strict=True)),
                f"{ST_CHROMA}, batches of 32",
            ),
        ]
    return [*figures, _unchanged(bench)]


def _unchanged(bench: Workshop) -> Figure:
    """As many files again, which repeat the first ones under other names: quick to add, and as much
    to look at as any."""
    sizes, docs = bench.sizes, Path(bench.path("corpus-docs"))
    for path in sorted(docs.iterdir()):
        path.with_name(f"copy-{path.name}").write_bytes(path.read_bytes())
    files = sum(1 for _ in docs.iterdir())
    with bench.ours() as ours, bench.peer() as peer:
        ours.ask("open", data=bench.path("corpus"))
        ours.ask("sync")
        remembered = bench.path("digests.json")
        peer.ask("hash_all", folder=str(docs), remembered=remembered)

        def again(_: int) -> float:
            done = ours.ask("sync")
            if done["unchanged"] != files:
                raise ValueError(f"{done['unchanged']} of {files} files were unchanged")
            return float(done["seconds"])

        taken = in_turns(
            {
                "ours": again,
                "peer": lambda _: peer.ask("hash_all", folder=str(docs), remembered=remembered),
            },
            sizes.unchanged_rounds,
        )
    return Figure(
        f"nothing changed, {files} files",
        "s",
        tuple(taken["ours"]),
        tuple(taken["peer"]),
        "script: hash every file",
        2.0 if sizes.full else None,
        "in a warm process",
    )


def generate_case(bench: Workshop) -> list[Figure]:
    """The generator by itself: reading a prompt of about 300 tokens and writing, on a machine that
    does nothing else, and while another process keeps a core busy."""
    with bench.ours() as ours, bench.peer() as peer:
        ours.ask("load", data=bench.path("seeds"))
        peer.ask("load", path=str(embedded_gguf()), context=CONTEXT)
        around = peer.ask("template_tokens")
        prompts, counts = [], []
        for number in range(bench.sizes.generate_rounds):
            prompt, tokens = _prompt_of(peer, number, PROMPT_TOKENS - around)
            prompts.append(prompt)
            counts.append(tokens + around)
        for worker in (ours, peer):
            worker.ask("prefill", prompt=STORY)

        def prefill(worker: Worker) -> Callable[[int], float]:
            return lambda i: counts[i] / float(worker.ask("prefill", prompt=prompts[i]))

        def decode(worker: Worker) -> Callable[[int], float]:
            return lambda _: float(worker.ask("decode", prompt=STORY, tokens=DECODE_TOKENS))

        notes = {
            prefill: f"prompts of {min(counts)} to {max(counts)} tokens, nothing kept, one token chosen",
            decode: f"{DECODE_TOKENS} tokens after a short prompt, or {DECODE_SECONDS:g} s",
        }
        figures = []
        for what, note in notes.items():
            sides = {"ours": what(ours), "peer": what(peer)}
            idle = in_turns(sides, len(prompts))
            with busy_core():
                busy = in_turns(sides, min(3, len(prompts)))
            for name, taken in ((what.__name__, idle), (f"{what.__name__}, a core taken", busy)):
                mine, theirs = tuple(taken["ours"]), tuple(taken["peer"])
                figures.append(Figure(name, "tokens/s", mine, theirs, LLAMA, None, note))
    return figures


def _prompt_of(peer: Worker, number: int, most: int) -> tuple[str, int]:
    """English sentences of at most so many tokens, another prompt a number; and how many they are."""
    text, tokens = "", 0
    for file in range(10):
        for sentence in " ".join(corpus.document(20 * number + 2 * file).split()).split(". "):
            longer = f"{text} {sentence.rstrip('.')}.".strip()
            count = peer.ask("tokens", text=longer)
            if count > most:
                return text, tokens
            text, tokens = longer, count
    return text, tokens


def rag_command() -> list[str]:
    """How a person starts it: the installed command, else the module."""
    installed = Path(sys.executable).with_name("rag")
    return [str(installed)] if installed.is_file() else [sys.executable, "-m", "rag.cli"]


CASES: dict[str, Callable[[Workshop], list[Figure]]] = {
    "help": help_case,
    "cold": cold_case,
    "models": models_case,
    "generate": generate_case,
    "answer": answer_case,
    "index": index_case,
    "evidence": evidence_case,
}
"""In the order in which they run: `evidence` searches what `index` made."""
