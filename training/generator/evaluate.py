"""What the generator says to numbered sentences of articles that trained nothing, before and after.

    python -m training.generator.evaluate DATA_FOLDER [--adapter FILE] [--questions 60] [--answers FILE]

Greedy, through llama.cpp, with the product's own prompts. Without `--adapter` the embedded model speaks
as it comes. Five sentences a question: the one that answers among the four hardest; then the four alone.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sacrebleu.metrics import CHRF

from rag.config import shipped
from rag.language import detect
from rag.models.gguf import embedded_gguf
from rag.models.lexicon import NumpyLexicon
from rag.models.llama import LlamaGenerator
from rag.models.quantised import requantised
from rag.prompts import NO_ANSWER, answer_prompt, one_line, translation_prompt
from rag.statement import strip_markers
from rag.terms import fold, stem, words
from training.answerability import data as wikipedia
from training.bilingual import corpora, mining, passages
from training.bilingual.mining import Group
from training.generator.data import WRITTEN
from training.judge.train import EMBEDDER, trained_embedder
from training.judge.train import WORK as JUDGE_WORK

BESIDE = 4
LONGEST = 96
TRANSLATED = 100


@dataclass(frozen=True, slots=True)
class Said:
    """What was said to one question."""

    direction: str
    question: str
    evidence: tuple[str, ...]
    right: int | None
    """The number of the sentence that answers; None where it was taken out."""
    accepted: tuple[str, ...]
    text: str

    @property
    def refused(self) -> bool:
        return NO_ANSWER.match(self.text) is not None

    @property
    def marked(self) -> bool:
        """Whether the first marker is the right one."""
        return strip_markers(self.text)[1][:1] == (self.right,)

    @property
    def answered(self) -> bool:
        """Whether an accepted form stands in it, case and accents aside."""
        said = fold(strip_markers(self.text)[0])
        return any(fold(form) in said for form in self.accepted)

    @property
    def in_language(self) -> bool:
        return detect(strip_markers(self.text)[0], quotations=False) in (self.direction[:2], None)


def groups(folder: Path, questions: int) -> list[tuple[Group, tuple[str, ...]]]:
    """Held-out questions with hard sentences and what counts as their answer, so many a direction."""
    accepted = {row["id"]: tuple(row["accept"]) for row in corpora.written_rows("spans", WRITTEN)}
    forms = {}
    for item in wikipedia.load(folder):
        own = item.language == item.document_language
        forms[item.question, item.document_language] = (
            (item.answer,) if own else accepted.get(item.id, ())
        )
    asked = [
        item
        for item in passages.read(folder, "report", JUDGE_WORK)
        if forms.get((item.question, item.article.language))
    ]
    found = mining.mine(*trained_embedder(folder, EMBEDDER), asked)
    by_direction = defaultdict(list)
    for group in found:
        by_direction[group.asked.direction].append(group)
    chosen = []
    for _, some in sorted(by_direction.items()):
        random.Random(5).shuffle(some)
        chosen += some[:questions]
    return [(g, forms[g.asked.question, g.asked.article.language]) for g in chosen]


def ask(generator: LlamaGenerator, group: Group, accepted: tuple[str, ...], given: bool) -> Said:
    """One question, with or without the sentence that answers it."""
    asked = group.asked
    evidence = [
        one_line(p.article.sentences[p.index]) for p in group.others if p.article.sentences[p.index]
    ][:BESIDE]
    right = None
    if given:
        right = random.Random(asked.question).randint(0, len(evidence))
        evidence.insert(right, one_line(asked.article.sentences[asked.index]))
    prompt = answer_prompt(asked.question, asked.language, evidence)
    text = "".join(generator.generate(prompt, max_tokens=LONGEST))
    return Said(
        asked.direction,
        asked.question,
        tuple(evidence),
        None if right is None else right + 1,
        accepted,
        text,
    )


def report(said: Sequence[Said]) -> None:
    """A line a direction."""
    print(
        f"{'direction':10} {'n':>3} {'marker':>7} {'answer':>7} {'language':>8} {'refused':>8} {'refused without':>15}"
    )
    for direction in sorted({item.direction for item in said}):
        given = [s for s in said if s.direction == direction and s.right is not None]
        without = [s for s in said if s.direction == direction and s.right is None]
        spoken = [s for s in given if not s.refused]
        figures = (
            np.mean([s.marked for s in given]),
            np.mean([s.answered for s in given]),
            np.mean([s.in_language for s in spoken]) if spoken else float("nan"),
            np.mean([s.refused for s in given]),
            np.mean([s.refused for s in without]),
        )
        marks = "{:>7.2f} {:>7.2f} {:>8.2f} {:>8.2f} {:>15.2f}".format(*figures)
        print(f"{direction:10} {len(given):>3} {marks}")


def translate(generator: LlamaGenerator, folder: Path) -> list[dict[str, str]]:
    """French news sentences in English, with the dictionary's word for word beside."""
    lexicon = NumpyLexicon(shipped("models") / "lexicon")
    rows = []
    for pair in corpora.news_report(folder)[:TRANSLATED]:
        prompt = translation_prompt(pair.french, "en")
        text = "".join(generator.generate(prompt, max_tokens=LONGEST))
        rows.append({"french": pair.french, "english": pair.english, "said": text,
                     "dictionary": word_for_word(pair.french, lexicon)})  # fmt: skip
    for name in ("said", "dictionary"):
        score = CHRF().corpus_score([row[name] for row in rows], [[row["english"] for row in rows]])
        print(f"French to English, {name}: chrF {score.score:.1f}, n={len(rows)}")
    return rows


def word_for_word(text: str, lexicon: NumpyLexicon) -> str:
    """Each word's likeliest translation, a stem; what has none stays."""
    found = []
    for word in words(text):
        forms = lexicon.translate(stem(word, "fr"), "fr", "en")
        found.append(max(sorted(forms), key=lambda form: forms[form]) if forms else word)
    return " ".join(found)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the generator.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--questions", type=int, default=60, help="a direction")
    parser.add_argument("--answers", type=Path, help="where to write what was said")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        path = requantised(embedded_gguf(), Path(place), print, options.adapter)
        generator = LlamaGenerator(path)
        said = [
            ask(generator, group, accepted, given)
            for group, accepted in groups(options.data, options.questions)
            for given in (True, False)
        ]
        report(said)
        rows = translate(generator, options.data)
        generator.close()
    if options.answers:
        lines = [
            {"direction": s.direction, "question": s.question, "evidence": s.evidence,
             "right": s.right, "accepted": s.accepted, "said": s.text} for s in said
        ]  # fmt: skip
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [*lines, *rows])
        options.answers.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
