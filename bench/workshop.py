"""What one benchmark run works with: its sizes, its folder, and the indexes that cases share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench import corpus
from bench.worker import Worker
from eval.questions import read_questions
from rag.config import shipped
from rag.models.embedders import default_model_folder


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    help_rounds: int = 15
    cold_rounds: int = 5
    seed_questions: int = 20
    corpus_questions: int = 20
    portions: int = 5
    portion_files: int = 200
    unchanged_rounds: int = 5
    generate_rounds: int = 7
    full: bool = True
    """Whether the targets of the index apply: they are stated for 1,000 and 2,000 files."""

    @property
    def files(self) -> int:
        return self.portions * self.portion_files


QUICK = Sizes(
    help_rounds=5,
    cold_rounds=1,
    seed_questions=4,
    corpus_questions=4,
    portions=2,
    portion_files=10,
    unchanged_rounds=3,
    generate_rounds=2,
    full=False,
)


class Workshop:
    """A folder for one run, with what several cases need in it, each made when first needed."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder, self.sizes = folder, sizes
        self.log = folder / "workers.log"
        self.model = str(default_model_folder())
        self._questions: list[str] = []
        self._ready: set[str] = set()

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def ours(self) -> Worker:
        return Worker("ours", self.log)

    def peer(self) -> Worker:
        return Worker("peer", self.log)

    def questions(self) -> list[str]:
        """The first questions of the seeds' set that need no history."""
        if not self._questions:
            found = read_questions(shipped("eval/sets") / "seeds.jsonl")
            alone = [question.question for question in found if not question.history]
            self._questions = alone[: self.sizes.seed_questions]
        return self._questions

    def seeds(self) -> None:
        """Both sides' indexes over the seeds: `seeds` and `seeds-peer`."""
        if "seeds" not in self._ready:
            with self.ours() as ours, self.peer() as peer:
                ours.ask("open", data=self.path("seeds"), docs=str(shipped("seeds")))
                ours.ask("sync")
                peer.ask("open", model=self.model, folder=self.path("seeds-peer"))
                peer.ask("add", texts=ours.ask("chunks"))
            self._ready.add("seeds")

    def corpus(self) -> list[tuple[float, float, int]]:
        """Both sides' indexes over the made-up files, `corpus` and `corpus-peer`, grown in portions,
        the sides in turns. For each portion: seconds of ours, of the peer, and sentences added."""
        if "corpus" in self._ready:
            return []
        sizes, docs = self.sizes, Path(self.path("corpus-docs"))
        portions: list[tuple[float, float, int]] = []
        corpus.write_documents(docs, corpus.WARM_UP, 2)
        with self.ours() as ours, self.peer() as peer:
            ours.ask("open", data=self.path("corpus"), docs=str(docs))
            peer.ask("open", model=self.model, folder=self.path("corpus-peer"))
            known = ours.ask("sync")["sentences"]  # two files: what loads once is loaded
            seen = ours.ask("chunks")
            peer.ask("add", texts=seen)
            for number in range(sizes.portions):
                corpus.write_documents(docs, number * sizes.portion_files, sizes.portion_files)
                done = ours.ask("sync")
                if done["added"] != sizes.portion_files:
                    raise ValueError(f"{done['added']} of {sizes.portion_files} files were added")
                texts = ours.ask("chunks")
                new = sorted(set(texts) - set(seen))
                theirs = peer.ask("add", texts=new)
                portions.append((done["seconds"], theirs, done["sentences"] - known))
                known, seen = done["sentences"], texts
        self._ready.add("corpus")
        return portions
