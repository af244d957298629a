"""Whether a sentence may be shown: proven by one piece of evidence, by rule and by a judge.

Every rule must hold against one and the same piece of evidence. A sure extract (`rag.excerpt`) needs
no judge; anything else needs the rules and a judge's reading. The rules see facts and qualifiers;
what they can't see (who does what to whom in another language, say) is the judge's to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.excerpt import extract_score, segments
from rag.facts import Facts, Number, attributions, facts, mentions, tokens
from rag.gazetteer import TITLES
from rag.marks import Mark
from rag.protocols import Judge, Lexicon
from rag.roles import same_roles, used_part
from rag.statement import UNENDED, malformed, strip_markers
from rag.terms import content_words, fold, in_order, stem
from rag.types import EVIDENCE_KINDS, Evidence

__all__ = [
    "Proof", "broken_rules", "malformed", "reasons", "strip_markers", "verify",
]  # fmt: skip

MIN_OVERLAP = 0.75
"""Share of a statement's stems that its evidence must have, in the same language."""

MIN_TRANSLATED = 0.6
"""Share of a statement's stems of which its evidence must have a translation, with a dictionary."""

MIN_SPELT, MIN_ALIKE = 5, 0.8
"""Letters of a name from which another spelling of it is recognised, and how alike the two must be."""

CLOSE = 0.9
"""Share of a statement's words that its evidence has translated, from which it counts as close to it;"""
CLOSE_BAR = 0.5
"""such a statement is proven from this share of the judge's threshold on: judges doubt what leaves
much of the evidence out (training/judge/proving.py measures what passes)."""

MIN_TRANSLATION = 0.02
"""p(evidence's stem | statement's stem) from which one translates the other."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The evidence that proves a statement best."""

    evidence: Evidence
    score: float
    """For an extract: the share of the evidence sentence's words that it keeps; else the judge's
    support. 0..1."""


def verify(
    statement: str,
    language: str,
    evidence: Sequence[Evidence],
    judge: Judge | None,
    hints: Sequence[int] = (),
    *,
    lexicon: Lexicon | None = None,
) -> Proof | None:
    """The best proof of a statement that claims to be in `language`, None when nothing proves it:
    then it must not be shown. `hints` (1-based places in `evidence`) only break ties; with a
    `lexicon` a statement in another language must translate most of its words."""
    wrong = malformed(statement, language)
    if wrong not in (None, UNENDED):
        return None
    proofs: list[tuple[tuple[float, ...], Proof]] = []
    for number, item in enumerate(evidence, 1):
        if broken_rules(statement, language, item, lexicon):
            continue
        score = _extracted(statement, language, item)
        sure = score is not None
        if score is None:
            if judge is None or wrong is not None or _patchwork(statement, language, item):
                continue
            support = judge.support(item.place.quote, [statement])
            score = float(support[0])
            bar = judge.support_threshold
            if _close(statement, language, item, lexicon):
                bar *= CLOSE_BAR
            if not score >= bar:  # also when it is no number
                continue
        order = (-float(sure), -round(score, 9), float(number not in hints), float(number))
        proofs.append((order, Proof(item, min(1.0, max(0.0, score)))))
    return min(proofs, key=lambda pair: pair[0])[1] if proofs else None


def reasons(
    statement: str,
    language: str,
    evidence: Sequence[Evidence],
    lexicon: Lexicon | None = None,
) -> list[tuple[Evidence, tuple[str, ...]]]:
    """For a trace: why each piece of evidence doesn't prove the statement by rule; an empty tuple
    where only the extract rule or a judge is left to ask."""
    wrong = malformed(statement, language)
    head = () if wrong is None else (wrong,)
    return [(item, head + broken_rules(statement, language, item, lexicon)) for item in evidence]


# --- the statement against one piece of evidence ------------------------------------------


def broken_rules(
    statement: str, language: str, item: Evidence, lexicon: Lexicon | None = None
) -> tuple[str, ...]:
    """What a statement says beyond, or leaves out of, one piece of evidence; empty when no rule is
    broken."""
    source = item.sentence.text
    if source.rstrip(" »”\"'").endswith("?"):
        return ("the evidence is a question",)
    if item.sentence.kind not in EVIDENCE_KINDS:
        return (f"the evidence is {item.sentence.kind}",)
    checks = (_figures, _dates, _qualifiers, _speaker)
    said = facts(statement, language)
    found = [check(statement, language, said, item) for check in checks]
    found.append(_names(statement, language, said, item, lexicon))
    found.append(_anchor(statement, language, said, item, lexicon))
    return tuple(reason for reason in found if reason is not None)


def _shown(item: Evidence) -> str:
    """The sentence, and the words of its quote that say who speaks."""
    if item.sentence.speech is None:
        return item.sentence.text
    quote = item.place.quote
    said = attributions(quote, item.sentence.language)
    return " ".join([item.sentence.text, *(quote[span.start : span.end] for span in said[-1:])])


_ONE = frozenset("un une one a an seul seule only single premier l".split())


def _figures(statement: str, language: str, said: Facts, item: Evidence) -> str | None:
    """Every number, and every word with a figure in it, stands in the evidence."""
    text = _shown(item)
    there = facts(text, item.sentence.language)
    words = {t.folded for t in tokens(text)}
    for number in said.numbers:
        one = number.value == 1 and statement[number.start : number.end].isalpha()
        a_year = number.unit is None and any(number.value == date.year for date in there.dates)
        if not (
            any(_same_number(number, other) for other in there.numbers)
            or (one and words & _ONE)
            or a_year  # "the 2001 elections" are "les élections de 2001"
        ):
            return f"number {statement[number.start : number.end]}"
    # Each number of the evidence proves one of the statement: "2 à 2" needs two of them.
    if len(said.numbers) > len(there.numbers) + 1:
        return "more numbers than the evidence"
    if language == item.sentence.language and not in_order(
        [n.value for n in said.numbers if n.value != 1], [n.value for n in there.numbers]
    ):
        return "numbers in another order"
    covered = [(n.start, n.end) for n in said.numbers] + [(d.start, d.end) for d in said.dates]
    for token in tokens(statement):
        dated = any(start <= token.start < end for start, end in covered)
        figure = any(c.isdigit() for c in token.text)
        if figure and not dated and token.folded not in words:
            return f"figure {token.text}"
    return None


def _same_number(a: Number, b: Number) -> bool:
    return (a.value, a.unit, a.bound) == (b.value, b.unit, b.bound)


def _dates(statement: str, language: str, said: Facts, item: Evidence) -> str | None:
    """Every date stands in the evidence, at least as precisely; so does every week day."""
    text = _shown(item)
    there = facts(text, item.sentence.language)
    for date in said.dates:
        stated = (date.year, date.month, date.day)
        bare_year = date.month is None and any(n.value == date.year for n in there.numbers)
        if not bare_year and not any(
            all(x is None or x == y for x, y in zip(stated, (d.year, d.month, d.day), strict=True))
            for d in there.dates
        ):
            return f"date {statement[date.start : date.end]}"
    if not said.weekdays <= there.weekdays:
        return "another day of the week"
    return None


def _names(
    statement: str, language: str, said: Facts, item: Evidence, lexicon: Lexicon | None
) -> str | None:
    """Every name stands in the evidence, in whatever spelling the table knows, or across languages
    translated or spelt alike; and where voice and order can be read, its names play the same
    parts."""
    text, tongue = _shown(item), item.sentence.language
    there = mentions(text)
    spelt = {t.folded for t in tokens(text)}
    proper = {
        part for n in facts(text, item.sentence.language).names for part in n.key.split()
    } | TITLES
    for name in said.names:
        # In one language "la Chine" isn't "chinois"; across languages "U.S." may be "américain".
        as_spelt = language == item.sentence.language and not (
            spelt & {t.folded for t in tokens(name.text)}
        )
        for part in name.key.split():
            if part not in (proper if as_spelt else there | TITLES) and not (
                language != tongue and _put_otherwise(part, language, text, tongue, lexicon)
            ):
                return f"name {name.text}"
    countries = {key for key in mentions(statement) if key.startswith("@")}
    missing = sorted(countries - there - {"@mr", "@ms"})
    if missing:
        return f"name {missing[0][1:]}"
    if not same_roles(statement, language, item.sentence.text, item.sentence.language):
        return "names in other parts"
    return None


def _put_otherwise(
    part: str, language: str, text: str, tongue: str, lexicon: Lexicon | None
) -> bool:
    """Whether a word of a name stands in the evidence's language: as its translation ("Jewish",
    "juif"), or spelt nearly alike ("Moucharraf", "Musharraf"). What the table has keys for is looked
    for by its key alone."""
    if part.startswith("@"):
        return False
    if lexicon is not None:
        theirs = {stem(word, tongue) for word in content_words(text, tongue)}
        if _translated(stem(part, language), language, tongue, theirs, lexicon):
            return True
    return len(part) >= MIN_SPELT and any(
        token.text[0].isupper()
        and token.folded[0] == part[0]
        and SequenceMatcher(None, part, token.folded, autojunk=False).ratio() >= MIN_ALIKE
        for token in tokens(text)
    )


_NEEDED = (
    # Kinds of the evidence, and the kinds of the statement of which one must answer each.
    ({"conditional", "possible", "uncertain"}, {"conditional", "possible", "uncertain"}),
    ({"future"}, {"future", "conditional", "obligation"}),
    ({"obligation"}, {"obligation", "future"}),
    ({"intention"}, {"intention"}),
    ({"belief"}, {"belief", "possible", "intention"}),
    ({"condition"}, {"condition"}),
    ({"only"}, {"only"}),
    ({"almost"}, {"almost"}),
)
_FORBIDDEN = ("condition", "only", "universal", "cause", "obligation", "intention", "almost")
"""What a statement must not add."""


def _qualifiers(statement: str, language: str, said: Facts, item: Evidence) -> str | None:
    """Negation agrees; what the evidence hedges stays hedged; nothing is made stronger."""
    text = used_part(statement, language, item.sentence.text, item.sentence.language)
    there = facts(text, item.sentence.language)
    # The words that say who says it may be put otherwise ("n'a pas précisé").
    if len(said.negations) != len(there.negations):
        return f"{len(said.negations)} negations, not {len(there.negations)}"
    mine = [m.kind for m in _beside_numbers(said)]
    theirs = [m.kind for m in _beside_numbers(there)]
    for kinds, answers in _NEEDED:
        needed = sum(kind in kinds for kind in theirs)
        given = sum(kind in answers for kind in mine)
        if given < needed:
            return f"drops: {_first(text, there.hedges, kinds)}"
    speaks = bool(there.attributions) or item.sentence.speech is not None
    doubts = {"conditional", "possible", "uncertain"}
    if doubts & set(mine) and not speaks and not (doubts | {"future", "obligation"}) & set(theirs):
        return f"adds: {_first(statement, said.hedges, doubts)}"
    if "future" in mine and not {"future", "conditional", "obligation", "intention"} & set(theirs):
        return f"adds: {_first(statement, said.hedges, {'future'})}"
    whole = {m.kind for m in facts(item.sentence.text, item.sentence.language).hedges}
    related = {"obligation": {"obligation", "future"}, "intention": {"intention", "belief"}}
    for kind in _FORBIDDEN:
        if kind in mine and not related.get(kind, {kind}) & whole:
            return f"adds: {_first(statement, said.hedges, {kind})}"
    return None


def _beside_numbers(found: Facts) -> list[Mark]:
    """Hedges, but not "nearly" before a number: that is the number's bound."""
    return [
        mark
        for mark in found.hedges
        if mark.kind != "almost" or not any(0 <= n.start - mark.end <= 4 for n in found.numbers)
    ]


def _first(text: str, marks: Sequence[Mark], kinds: set[str]) -> str:
    return next((text[m.start : m.end] for m in marks if m.kind in kinds), "")


def _speaker(statement: str, language: str, said: Facts, item: Evidence) -> str | None:
    """What somebody says stays said by them; nobody else says it."""
    source = item.sentence.text
    text, tongue = _shown(item), item.sentence.language
    there = facts(text, tongue)
    used = facts(used_part(statement, language, source, tongue), tongue)
    needed = bool(used.attributions) or item.sentence.speech is not None
    if needed and not said.attributions:
        return "the speaker is dropped"
    if said.attributions and not there.attributions:
        return "adds a speaker"
    mine = _speakers(statement, said)
    others = sorted(mine - _mentioned(text, there) - TITLES)
    if others:
        return f"another speaker: {others[0]}"
    outer = _outer_speaker(item)
    if item.sentence.speech is not None and (outer is None or (outer and not outer & mine)):
        return "the speaker is dropped"
    if len(said.attributions) < len(used.attributions) and len(used.attributions) > 1:
        return "a speaker is dropped"
    return None


def _speakers(text: str, found: Facts) -> set[str]:
    """Keys of the names in the words that say who says it."""
    return {
        part
        for name in found.names
        if any(span.start <= name.start < span.end for span in found.attributions)
        for part in name.key.split()
    }


def _mentioned(text: str, found: Facts) -> set[str]:
    """Every key that those words could be naming."""
    return {key for span in found.attributions for key in mentions(text[span.start : span.end])}


def _outer_speaker(item: Evidence) -> set[str] | None:
    """Keys of the names that say who speaks in a quotation; None when nobody does."""
    quote, language = item.place.quote, item.sentence.language
    found = facts(quote, language)
    if not found.attributions:
        return None
    last = found.attributions[-1]
    return {
        part
        for name in found.names
        if last.start <= name.start < last.end
        for part in name.key.split()
    }


def _anchor(
    statement: str, language: str, said: Facts, item: Evidence, lexicon: Lexicon | None
) -> str | None:
    """Something besides names that ties the statement to the evidence: in one language most of its
    words, across languages the translations of most, or without a dictionary a name, a number, a
    date or a cognate."""
    tongue = item.sentence.language
    words = content_words(statement, language)
    there = content_words(_shown(item), tongue)
    common = _common(statement, language, said)
    if language == tongue:
        mine = {stem(word, language) for word in words}
        theirs = {stem(word, tongue) for word in there}
        own = {stem(word, language) for word in common}
        if len(mine & theirs) >= MIN_OVERLAP * len(mine) and (own & theirs or not own):
            return None
        return "few of its words are in the evidence"
    if lexicon is not None:
        found = _share_translated(common, language, there, tongue, lexicon)
        return None if found >= MIN_TRANSLATED else "its words are not the evidence's"
    tied = _cognates(common, there) or said.names or said.numbers or said.dates
    return None if tied else "nothing in common with the evidence"


def _common(statement: str, language: str, said: Facts) -> list[str]:
    """A statement's words that are neither names nor figures."""
    named = {t.folded for n in said.names for t in tokens(n.text)}
    return [
        word
        for word in content_words(statement, language)
        if fold(word) not in named and not word.isdigit()
    ]


def _cognates(words: Sequence[str], there: Sequence[str]) -> list[str]:
    heads = {stem(word, "und")[:5] for word in there if len(word) >= 5}
    return [word for word in words if len(word) >= 5 and stem(word, "und")[:5] in heads]


def _share_translated(
    words: Sequence[str], language: str, there: Sequence[str], tongue: str, lexicon: Lexicon
) -> float:
    """Share of the words that stand in the evidence translated, or nearly as they are; 1 of none."""
    cognates = _cognates(words, there)
    theirs = {stem(word, tongue) for word in there}
    found = sum(
        word in cognates or _translated(stem(word, language), language, tongue, theirs, lexicon)
        for word in words
    )
    return found / len(words) if words else 1.0


def _translated(word: str, language: str, tongue: str, theirs: set[str], lexicon: Lexicon) -> bool:
    forms = lexicon.translate(word, language, tongue)
    return any(forms.get(other, 0.0) >= MIN_TRANSLATION for other in theirs)


def _extracted(statement: str, language: str, item: Evidence) -> float | None:
    """A heading has no clauses to leave out: whole or not at all."""
    if language != item.sentence.language:
        return None
    score = extract_score(statement, item.sentence.text, language)
    return None if item.sentence.kind == "heading" and score != 1.0 else score


def _close(statement: str, language: str, item: Evidence, lexicon: Lexicon | None) -> bool:
    """Whether a statement says nothing in words of its own: in one language all of them are the
    evidence's, in its order; across languages nearly all are translations of them."""
    tongue, text = item.sentence.language, _shown(item)
    if language == tongue:
        mine = [stem(word, language) for word in content_words(statement, language)]
        return in_order(mine, [stem(word, tongue) for word in content_words(text, tongue)])
    words = _common(statement, language, facts(statement, language))
    return lexicon is not None and (
        _share_translated(words, language, content_words(text, tongue), tongue, lexicon) >= CLOSE
    )


def _patchwork(statement: str, language: str, item: Evidence) -> bool:
    """Cut from the evidence's own words but not a sure extract, and not from where one of its parts
    begins: "Microsoft a été rejetée" from "L'offre de Microsoft a été rejetée". Judges are easily
    fooled by those."""
    if language != item.sentence.language:
        return False
    mine = [stem(word, language) for word in content_words(statement, language)]
    theirs = [stem(word, language) for word in content_words(item.sentence.text, language)]
    if not set(mine) <= set(theirs):
        return False
    heads = {theirs[0]} | {
        stem(words[0], language)
        for part in segments(item.sentence.text)
        if (words := content_words(item.sentence.text[part.start : part.end], language))
    }
    return not in_order(mine, theirs) or mine[0] not in heads
