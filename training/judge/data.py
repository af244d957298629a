"""Examples for the judge's two heads."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.types import Passage
from training.bilingual import corpora
from training.bilingual.corpora import Labelled, Split
from training.bilingual.mining import Group, Place

NEGATIVES = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """A question, the passage that answers it, and passages that don't."""

    question: str
    answer: Passage
    others: tuple[Passage, ...]


def passage(place: Place, chance: random.Random | None = None) -> Passage:
    """In training half of the titles are left out: many documents have none."""
    before, after = place.article.window(place.index)
    title = place.article.title.replace("_", " ")
    if title.startswith("news ") or (chance is not None and chance.random() < 0.5):
        title = ""
    return Passage(place.article.sentences[place.index], before, after, title)


def choices(groups: Sequence[Group], chance: random.Random) -> list[Choice]:
    """Every question once, with other sentences: mostly hard ones, and neighbours."""
    found = []
    for group in groups:
        asked = group.asked
        hard = list(group.others[:16])
        chance.shuffle(hard)
        near = [
            Place(asked.article, i)
            for i in (asked.index - 1, asked.index + 1)
            if 0 <= i < len(asked.article.sentences)
            and (len(asked.answer) < 2 or asked.answer not in asked.article.sentences[i])
        ]
        others = hard[: NEGATIVES - 1] + chance.sample(near, min(1, len(near)))
        if len(others) < NEGATIVES:
            others += hard[NEGATIVES - 1 : NEGATIVES]
        if others:
            found.append(
                Choice(
                    asked.question,
                    passage(Place(asked.article, asked.index), chance),
                    tuple(passage(place, chance) for place in others),
                )
            )
    return found


# --- statements ---------------------------------------------------------------------------


def written(folder: Path, split: Split) -> list[Labelled]:
    """Our statements about news sentences: each in both languages against both."""
    found = []
    for item in corpora.statements(folder):
        if corpora.statement_split(item.line) != split:
            continue
        kinds = (
            ("follows", item.follows),
            ("contradicts", item.contradicts),
            ("unsaid", item.unsaid),
        )
        for kind, said in kinds:
            for one, source in enumerate(("en", "fr")):
                for other, spoken in enumerate(("en", "fr")):
                    found.append(
                        Labelled(
                            item.sentence[one],
                            said[other],
                            kind == "follows",
                            f"written:{kind}",
                            f"{source}->{spoken}",
                        )
                    )
    return found


def translations(folder: Path, split: Split, chance: random.Random, most: int) -> list[Labelled]:
    """A sentence proves its translation, but not one with a figure or a name changed, nor the one
    of the next line."""
    pairs = [p for p in corpora.parallel(folder) if len(p.english) > 40]
    pairs = [p for p in pairs if corpora.part(p.english, 0.02, 0.02) == split]
    pairs = chance.sample(pairs, min(most, len(pairs)))
    found = []
    for number, pair in enumerate(pairs):
        other = pairs[(number + 1) % len(pairs)]
        sides = [
            ("en", "fr", pair.english, pair.french, other.french),
            ("fr", "en", pair.french, pair.english, other.english),
        ]
        source, spoken, evidence, said, foreign = chance.choice(sides)
        direction = f"{source}->{spoken}"
        found.append(Labelled(evidence, said, True, "translation:same", direction))
        spoiled = corrupted(said, foreign, chance)
        if spoiled is not None:
            found.append(Labelled(evidence, spoiled, False, "translation:spoiled", direction))
    return found


_NUMBER = re.compile(r"\d+")
_NAME = re.compile(r"(?<=[\w,] )[A-ZÉÈÀ][\w'’-]{2,}(?: [A-ZÉÈÀ][\w'’-]{2,})*")
_NEGATED = {
    "en": re.compile(r"\b(is|are|was|were|will|can|could|should|has|have|had|did|does) not\b"),
    "fr": re.compile(r"\b(?:ne |n['’])(\w+) pas\b"),
}
_VERB = {
    "en": re.compile(r"\b(is|are|was|were|will|can|could|should)\b(?! not)"),
    "fr": re.compile(
        r"\b(est|sont|était|étaient|sera|seront|peut|peuvent|doit|doivent|va|vont)\b"
        r"(?!-| pas| jamais| plus)"
    ),
}
_AND = re.compile(r"^,? (?:and|or|et|ou) $")


def corrupted(text: str, other: str, chance: random.Random) -> str | None:
    """Another number, another name, two names swapped, a negation more or less; None where the text
    has nothing to spoil."""
    language = "fr" if re.search(r"\b(le|la|les|des|une|est|et)\b", text) else "en"
    ways = [_other_number, _other_name, _swapped, _negated]
    chance.shuffle(ways)
    for way in ways:
        spoiled = way(text, other, language, chance)
        if spoiled is not None and spoiled != text:
            return spoiled
    return None


def _other_number(text: str, other: str, language: str, chance: random.Random) -> str | None:
    found = list(_NUMBER.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    number = int(match.group())
    changed = number + chance.choice((-1, 1)) * chance.randint(1, max(1, number // 3))
    return f"{text[: match.start()]}{max(0, changed)}{text[match.end() :]}"


def _other_name(text: str, other: str, language: str, chance: random.Random) -> str | None:
    mine, theirs = list(_NAME.finditer(text)), list(_NAME.finditer(other))
    if not mine or not theirs:
        return None
    match = chance.choice(mine)
    return text[: match.start()] + chance.choice(theirs).group() + text[match.end() :]


def _swapped(text: str, other: str, language: str, chance: random.Random) -> str | None:
    names = list(_NAME.finditer(text))
    if len(names) < 2 or names[0].group() == names[-1].group():
        return None
    one, two = names[0], names[-1]
    if _AND.match(text[one.end() : two.start()]):
        return None  # "A and B" is "B and A"
    return (
        text[: one.start()]
        + two.group()
        + text[one.end() : two.start()]
        + one.group()
        + text[two.end() :]
    )


def _negated(text: str, other: str, language: str, chance: random.Random) -> str | None:
    if _NEGATED[language].search(text):
        return _NEGATED[language].sub(r"\1", text, count=1)
    if not _VERB[language].search(text):
        return None
    return _VERB[language].sub(
        lambda match: (
            f"{match[1]} not"
            if language == "en"
            else f"{'n’' if match[1][0] in 'eé' else 'ne '}{match[1]} pas"
        ),
        text,
        count=1,
    )


def alike(folder: Path) -> Iterator[Labelled]:
    """STS-B: sentences that say the same prove each other, those that hardly do don't; the other
    language's side stands in for half of the statements."""
    pairs = corpora.similar(folder, "train")
    half = len(pairs) // 2  # English first, then the same in French
    for number, pair in enumerate(pairs):
        twin = pairs[(number + half) % len(pairs)]
        if 0.5 < pair.similarity < 0.9:
            continue
        across = corpora.fraction("across", pair.one) < 0.5
        said, spoken = (twin.other, twin.language) if across else (pair.other, pair.language)
        yield Labelled(pair.one, said, pair.similarity >= 0.9, "stsb", f"{pair.language}->{spoken}")


def statements(folder: Path, chance: random.Random) -> list[Labelled]:
    """Statements of one epoch: what people wrote as it is, what rules made a share of."""
    public = corpora.labelled(folder)["train"]
    entailment = [item for item in public if not item.kind.startswith(("wice", "begin"))]
    long = [item for item in public if item.kind.startswith(("wice", "begin"))]
    ruled = translations(folder, "train", chance, 3_000)
    sts = list(alike(folder))
    return (
        written(folder, "train")
        + entailment * 3
        + long * 2
        + ruled
        + chance.sample(sts, min(2_500, len(sts)))
    )
