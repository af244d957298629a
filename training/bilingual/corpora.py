"""What the embedder and the judge are trained on, and what is kept from them.

Every set is split by what it is about (an article, a passage, a premise): `train` fits weights,
`calibrate` chooses temperatures and thresholds, `report` is only read by the evaluations. Where
texts stand on two sides all the same, docs/training.md says so. Files come from a folder that the
caller names (docs/training.md lists them); what we wrote ourselves lies in
`training/answerability/questions` and `training/judge/written`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from rag.errors import UsageError
from training.answerability import data as wikipedia

Split = Literal["train", "calibrate", "report"]

NEWS_LINES = 2_950
"""So many lines of News Commentary train,"""
NEWS_REPORT = 3_000
"""and those from here on are the report's, with a gap so that no article is on both sides."""
RUN = 8
"""Words in a row by which a text is known again,"""
SEEN = 0.2
"""and the share of its runs from which it counts as seen."""
WRITTEN = Path(__file__).resolve().parents[1] / "judge" / "written"


@dataclass(frozen=True, slots=True)
class Parallel:
    """Two texts that say the same."""

    english: str
    french: str


@dataclass(frozen=True, slots=True)
class Similar:
    """Two sentences of one language and how alike they are, 0..1."""

    one: str
    other: str
    similarity: float
    language: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A statement and whether the evidence says so."""

    evidence: str
    statement: str
    supported: bool
    kind: str
    """Where it comes from, as `rte3:contradiction`."""
    languages: str
    """The evidence's, then the statement's, as `fr->en`."""


def fraction(*parts: object) -> float:
    """0..1, even over texts and the same on every machine."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64


def part(key: str, calibrate: float = 0.15, report: float = 0.3) -> Split:
    """By a text's hash."""
    place = fraction("part", key)
    return "calibrate" if place < calibrate else "report" if place > 1.0 - report else "train"


# --- translations -------------------------------------------------------------------------


def parallel(folder: Path) -> list[Parallel]:
    """Sentence pairs for training: Tatoeba, STS-B's train, and those of the first lines of News
    Commentary that no statement of ours outside the training split is about."""
    found = [Parallel(pair[0], pair[1]) for pair in tatoeba(folder)]
    english, french = (news_lines(folder, code) for code in ("en", "fr"))
    found += [
        Parallel(one, other)
        for line, (one, other) in enumerate(
            zip(english[:NEWS_LINES], french[:NEWS_LINES], strict=True)
        )
        if one.strip() and other.strip() and statement_split(line) == "train"
    ]
    for rows in zip(stsb(folder, "en", "train"), stsb(folder, "fr", "train"), strict=True):
        found += [Parallel(rows[0][0], rows[1][0]), Parallel(rows[0][1], rows[1][1])]
    return found


def news_report(folder: Path) -> list[Parallel]:
    """2,000 news sentences and their translations, seen by no training of ours."""
    english, french = (news_lines(folder, code)[NEWS_REPORT:] for code in ("en", "fr"))
    return [
        Parallel(one, other)
        for one, other in zip(english, french, strict=True)
        if one.strip() and other.strip()
    ][:2000]


def similar(folder: Path, split: Literal["train", "dev"]) -> list[Similar]:
    """STS-B in English and in French; its dev set is the report's."""
    return [
        Similar(one, other, float(score) / 5.0, code)
        for code in ("en", "fr")
        for one, other, score in stsb(folder, code, split)
    ]


def read_lines(path: Path) -> list[str]:
    """Raises UsageError for a file that can't be read."""
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: can't be read ({type(error).__name__}); docs/training.md says what the data "
            "folder holds"
        ) from error


@cache
def news_lines(folder: Path, code: str) -> list[str]:
    """News Commentary's lines in one language, blank ones too."""
    return read_lines(folder / "news_commentary_5k" / f"nc-5k.{code}")


def tatoeba(folder: Path) -> Iterator[tuple[str, str]]:
    """(English, French)."""
    for line in read_lines(folder / "tatoeba" / "fra-eng.tsv"):
        english, tab, french = line.partition("\t")
        if tab:
            yield english, french.split("\t")[0]


def stsb(folder: Path, code: str, split: str) -> list[list[str]]:
    """Sentence, sentence, similarity 0..5."""
    rows = csv.reader(read_lines(folder / "stsb_fr_en" / f"stsb-{code}-{split}.csv"))
    return [row[:3] for row in rows if len(row) >= 3]


# --- questions ----------------------------------------------------------------------------


def wikipedia_split(title: str, language: str, held: frozenset[tuple[str, str]]) -> Split:
    """Articles whose questions we put into the other language by hand are kept from training, but
    for English ones, of which there are only 36: of these the `fit` half trains, less a quarter by
    hash (7 of 22) that calibrates."""
    if wikipedia.split(title) == "dev" and (language, title) in held:
        return "report"
    if (language, title) in held and language == "fr":
        return "calibrate"
    if language == "en" and hashlib.sha256(title.encode()).digest()[-2] % 4 == 0:
        return "calibrate"
    return "train"


def held_titles(folder: Path) -> frozenset[tuple[str, str]]:
    """(language, title) of the articles with questions in both languages."""
    return frozenset((item.document_language, item.title) for item in wikipedia.load(folder))


def questions(folder: Path, split: Split) -> list[wikipedia.Item]:
    """Questions over Wikipedia paragraphs with their answers, in their own language and, where we
    wrote it, in the other."""
    held = held_titles(folder)
    ours = {(item.id, item.language): item for item in wikipedia.load(folder)}
    written = {
        row["id"]: str(row["question"]) for name in ("piaf", "squad") for row in written_rows(name)
    }
    found: dict[tuple[str, str], wikipedia.Item] = {}
    for item in wikipedia.originals(folder):
        if wikipedia_split(item.title, item.document_language, held) != split:
            continue
        found[item.id, item.language] = item
        other = "en" if item.language == "fr" else "fr"
        if (item.id, other) in ours:
            found[item.id, other] = ours[item.id, other]
        elif item.id in written:
            found[item.id, other] = wikipedia.translated(item, written[item.id], other)
    return list(found.values())


def afriqa(folder: Path, split: Literal["train", "dev"]) -> list[tuple[str, str, str]]:
    """(question, passage, answer), French."""
    path = folder / "afriqa_fr" / f"gold_span_passages.fon.fr.{split}.json"
    rows = [json.loads(line) for line in read_lines(path) if line.strip()]
    return [
        (row["question_translated"], row["context"], row["answer_pivot"]["text"][0])
        for row in rows
        if row["context"] and row["answer_pivot"]["text"]
    ]


@dataclass(frozen=True, slots=True)
class Statement:
    """What we wrote about one line of News Commentary, each in English and in French."""

    line: int
    sentence: tuple[str, str]
    question: tuple[str, str]
    follows: tuple[str, str]
    contradicts: tuple[str, str]
    unsaid: tuple[str, str]


def statements(folder: Path) -> list[Statement]:
    english, french = (news_lines(folder, code) for code in ("en", "fr"))
    return [
        Statement(
            row["line"],
            (english[row["line"]], french[row["line"]]),
            *((row[key][0], row[key][1]) for key in ("q", "yes", "no", "other")),
        )
        for row in written_rows("news")
    ]


def statement_split(line: int) -> Split:
    """By blocks of thirty lines, about an article each."""
    return part(f"news {line // 30}", calibrate=0.08, report=0.1)


def written_digest() -> str:
    """Changes with what we wrote: part of the names of caches."""
    digest = hashlib.sha256()
    for path in sorted(WRITTEN.glob("*.jsonl")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:8]


def written_rows(name: str, folder: Path = WRITTEN) -> list[dict[str, Any]]:
    """Rows of what we wrote, in the order of the files' names."""
    rows = []
    for path in sorted(folder.glob(f"{name}_*.jsonl")):
        rows += [json.loads(line) for line in read_lines(path) if line.strip()]
    return rows


# --- entailment ---------------------------------------------------------------------------


def labelled(folder: Path) -> dict[Split, list[Labelled]]:
    """Public sets of statements against evidence, split by evidence (WiCE's by claim). BEGIN has the
    same passages with other spacing or another end: of `calibrate` and `report` those rows are left
    out whose evidence `train` has seen, of `report` also what `calibrate` has."""
    found: dict[Split, list[Labelled]] = {"train": [], "calibrate": [], "report": []}
    for key, item in _public(folder):
        found[part(key)].append(item)
    seen = _runs_of_all(found["train"])
    later: tuple[Split, ...] = ("calibrate", "report")
    for split in later:
        found[split] = [item for item in found[split] if not _is_seen(item, seen)]
        seen |= _runs_of_all(found[split])
    return found


def _public(folder: Path) -> Iterator[tuple[str, Labelled]]:
    """Each with the text that it is split by."""
    for row in _tsv(folder / "rte3_fr" / "RTE3-FR-dev-3class.tsv"):
        premise, said, label = row["premise"], row["hypothesis"], row["label_text"]
        yield premise, Labelled(premise, said, label == "entailment", f"rte3:{label}", "fr->fr")
    for row in _tsv(folder / "daccord" / "daccord_half.tsv"):
        premise, said, label = row["premise"], row["hypothesis"], row["label_text"]
        agrees = label != "contradiction"
        yield premise, Labelled(premise, said, agrees, f"daccord:{label}", "fr->fr")
    for name in ("cmu", "tc", "wow"):
        for row in _tsv(folder / "begin" / f"begin_dev_{name}.tsv"):
            known, said, label = row["knowledge"], row["response"], row["begin_label"].lower()
            supported = label == "fully attributable"
            yield known, Labelled(known, said, supported, f"begin:{label}", "en->en")
    for line in read_lines(folder / "wice" / "oracle_chunks_dev.jsonl"):
        if line.strip():
            claim = json.loads(line)
            text, said, label = " ".join(claim["evidence"]), claim["claim"], claim["label"]
            yield said, Labelled(text, said, label == "supported", f"wice:{label}", "en->en")


def _runs(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def _runs_of_all(items: Iterable[Labelled]) -> set[str]:
    return {run for text in {item.evidence for item in items} for run in _runs(text)}


def _is_seen(item: Labelled, seen: set[str]) -> bool:
    runs = _runs(item.evidence)
    return len(runs & seen) > SEEN * len(runs)


def _tsv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(read_lines(path), delimiter="\t", quoting=csv.QUOTE_NONE))
