"""How many true statements the whole check lets pass, and how many false ones.

    python -m training.judge.proving DATA_FOLDER [--part tune|report] [--each 150] [--show]

True: the answers written for the generator, and the statements about news that follow. False: the same
answers spoiled by rule, and the statements about news that contradict or that nothing says. The judge
has learned from none of them. Rules were changed by looking at the `tune` half alone.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.cite import place
from rag.config import Settings, shipped
from rag.models.judges import default_judge
from rag.models.lexicon import NumpyLexicon
from rag.prompts import one_line
from rag.protocols import Judge, Scores
from rag.types import Document, Evidence, Passage, Sentence
from rag.verify import broken_rules, malformed, verify
from training.bilingual import corpora
from training.generator.data import WRITTEN, sentences_of
from training.judge.data import corrupted


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement in a language against a sentence in a language."""

    evidence: str
    tongue: str
    statement: str
    language: str
    kind: str

    @property
    def direction(self) -> str:
        return f"{self.tongue}->{self.language}"


def claims(folder: Path, part: str) -> dict[str, list[Claim]]:
    """By kind: `answer`, `answer spoiled`, `news follows`, `news contradicts`, `news unsaid`."""
    found: dict[str, list[Claim]] = defaultdict(list)
    chance = random.Random(3)
    evidence = sentences_of(folder)
    rows = [row for row in corpora.written_rows("answers", WRITTEN) if row["id"] in evidence]
    rows = [row for row in rows if _half(row["id"]) == part]
    for row, other in zip(rows, rows[1:] + rows[:1], strict=True):
        text, tongue = evidence[row["id"]]
        for language in ("en", "fr"):
            said = row[language]
            found["answer"].append(Claim(text, tongue, said, language, "answer"))
            spoiled = corrupted(said, other[language], chance)
            if spoiled is not None:
                found["answer spoiled"].append(Claim(text, tongue, spoiled, language, "spoiled"))
    for item in corpora.statements(folder):
        if corpora.statement_split(item.line) == "train" or _half(str(item.line // 30)) != part:
            continue
        for kind, sides in (
            ("news follows", item.follows),
            ("news contradicts", item.contradicts),
            ("news unsaid", item.unsaid),
        ):
            for one, tongue in enumerate(("en", "fr")):
                for other_side, language in enumerate(("en", "fr")):
                    text = one_line(item.sentence[one])
                    found[kind].append(Claim(text, tongue, sides[other_side], language, kind))
    return found


def _half(key: str) -> str:
    return "tune" if corpora.fraction("proving", key) < 0.5 else "report"


def as_evidence(text: str, language: str) -> Evidence:
    """A sentence that is a whole document."""
    document = Document("a.txt", "", "txt-1", text, None, None, language)
    sentence = Sentence(0, "a.txt", 0, 0, len(text), text, 0, "prose", language)
    return Evidence(sentence, place(document, sentence), text, 0.9)


class OtherThreshold:
    """A judge that takes less, or more, for proven."""

    def __init__(self, judge: Judge, threshold: float) -> None:
        self._judge = judge
        self.name, self.support_threshold = judge.name, threshold

    def relevance(self, question: str, passages: Sequence[Passage]) -> Scores:
        return self._judge.relevance(question, passages)

    def support(self, evidence: str, statements: Sequence[str]) -> Scores:
        return self._judge.support(evidence, statements)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the check of statements.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--part", choices=("tune", "report"), default="report")
    parser.add_argument("--each", type=int, default=150, help="claims a kind and direction")
    parser.add_argument("--threshold", type=float, help="of the judge, instead of its own")
    parser.add_argument("--show", type=int, default=0, help="examples of each reason (tune only)")
    options = parser.parse_args()
    judge = default_judge(Settings())
    lexicon = NumpyLexicon(shipped("models") / "lexicon")
    assert judge is not None
    if options.threshold:
        judge = OtherThreshold(judge, options.threshold)
    for kind, some in claims(options.data, options.part).items():
        by_direction = defaultdict(list)
        for claim in some:
            by_direction[claim.direction].append(claim)
        for direction, them in sorted(by_direction.items()):
            chosen = random.Random(1).sample(them, min(options.each, len(them)))
            shown: list[Claim] = []
            why: Counter[str] = Counter()
            refused: dict[str, list[tuple[Claim, str]]] = defaultdict(list)
            for claim in chosen:
                evidence = as_evidence(claim.evidence, claim.tongue)
                proof = verify(
                    claim.statement, claim.language, [evidence], judge, (1,), lexicon=lexicon
                )
                if proof is not None:
                    shown.append(claim)
                    continue
                broken = broken_rules(claim.statement, claim.language, evidence, lexicon)
                wrong = malformed(claim.statement, claim.language)
                reason = wrong or (broken[0] if broken else "judge")
                if reason == "judge":
                    detail = f"{float(judge.support(claim.evidence, [claim.statement])[0]):.2f}"
                else:
                    detail = "; ".join(broken)
                short = "negations" if "negation" in reason else reason.split(" ")[0]
                if broken and all(x.startswith("its words") for x in broken):
                    short = "only anchor"
                why[short] += 1
                refused[short].append((claim, detail))
            print(
                f"{kind:17} {direction} {len(shown) / len(chosen):.2f} n={len(chosen)} {dict(why.most_common(9))}"
            )
            if options.part == "tune" and options.show:
                if "follows" in kind or kind == "answer":
                    for short, _ in why.most_common(7):
                        for claim, detail in refused[short][: options.show]:
                            print(
                                f"    {short} | {claim.evidence[:240]} => {claim.statement} | {detail}"
                            )
                else:
                    for claim in shown[: 3 * options.show]:
                        print(f"    SHOWN | {claim.evidence[:240]} => {claim.statement}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
