"""A question as the search sees it: its words with their translations, and what kind of answer it
asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from rag.errors import UsageError
from rag.followup import Query
from rag.protocols import Lexicon
from rag.terms import content_words, fold, stem
from rag.types import QueryTerm

CONTEXT_WEIGHT = 0.5
"""Weight of words taken along from the conversation, beside 1.0 for the question's own."""
IDENTITY = 0.3
"""p of a word's own form in the other language, beside its translations: names and cognates
("application") are no dictionary's business. 0 to .5 measure the same (training/lexicon)."""

FRAME_WEIGHT = 0.3
"""Weight of words that say what kind of answer is wanted, which the answer itself rarely repeats:
"in what year", "comment s'appelle"."""
_FRAME = {
    "en": frozenset(
        """year years date day month time century period name names named called call kind kinds type
        types sort many much number amount reason reasons cause country city place person people
        happen happened mean means word thing things example according explain describe give list
        long far old often exactly""".split()
    ),
    "fr": frozenset(
        """annee annees an ans date jour mois temps siecle periode moment epoque nom noms nomme
        nommee appelle appelait appele appelee prenomme prenom type types sorte genre nombre quantite
        raison raisons cause pays ville lieu endroit personne personnes gens passe arrive signifie
        veut dire mot chose choses exemple selon explique decris donne cite liste longtemps
        exactement situe trouve""".split()
    ),
}

PARAPHRASE = 0.5
"""What a paraphrase's probability is worth beside the word itself."""
PARAPHRASES, LEAST_PARAPHRASE = 4, 0.04
_PIVOT = {"fr": "en", "en": "fr"}

MAX_QUESTION = 2000
"""Characters; a question is a sentence or a few."""

Wanted = Literal["who", "when", "where", "many", "why", "other"]

_WANTED: dict[str, tuple[tuple[Wanted, str], ...]] = {
    "en": (
        ("when", r"\bwhen\b|\bwhat (date|day|month|year|time)\b|\bdeadline\b|\bby (what|which) date\b"),
        ("many", r"\bhow (many|much|long|old|far|often|big|large|tall)\b|\bwhat (percentage|share|number|proportion)\b"),
        ("why", r"\bwhy\b|\bwhat (made|caused|reason)|\bfor what reason\b|\breasons?\b|\bhow come\b"),
        ("where", r"\bwhere\b|\b(what|which) (country|countries|city|place|region|state)\b"),
        ("who", r"\bwho(m|se)?\b|\b(what|which) (company|companies|person|people|president|group|firm|agency|newspaper|team)\b"),
    ),
    "fr": (
        ("when", r"\bquand\b|\bquelles? (date|annee|heure|periode)|\bquels? (jour|mois|siecle)|\bdate (limite|butoir)\b|\becheance\b|\bdelai\b"),
        ("many", r"\bcombien\b|\bquel (nombre|pourcentage|montant|prix|age)|\bquelle (part|proportion|somme|taille|duree|superficie)"),
        ("why", r"\bpourquoi\b|\bpour quelles? raisons?\b|\braisons?\b|\bcauses?\b|\ba cause de quoi\b"),
        ("where", r"\bou\b(?! (bien|non)\b)|\bd'ou\b|\bquels? (pays|endroit|lieu)|\bquelle (ville|region)|\bdans quels? "),
        ("who", r"\bqui\b|\bquelles? (entreprise|societe|personne|compagnie|firme|agence|equipe)|\bquels? (groupe|journal|president)"),
    ),
}  # fmt: skip


def wanted(question: str, language: str) -> Wanted:
    """What kind of answer is asked for, by the question's words."""
    folded = fold(question).replace("’", "'")
    for kind, pattern in _WANTED.get(language, _WANTED["en"]):
        if re.search(pattern, folded):
            return kind
    return "other"


def query_terms(
    query: Query, languages: Iterable[str], lexicon: Lexicon | None
) -> tuple[QueryTerm, ...]:
    """One term a word (stem) of the question, with its forms in each language of the index."""
    targets = sorted(set(languages) | {query.language})
    found: dict[str, QueryTerm] = {}
    frame = _FRAME.get(query.language, frozenset())
    spoken = [
        (word, query.language, FRAME_WEIGHT if fold(word) in frame else 1.0)
        for word in content_words(query.own, query.language)
    ]
    taken = [(word, query.context_language, CONTEXT_WEIGHT) for word in query.context]
    for word, language, weight in spoken + taken:
        key = stem(word, language)
        if key not in found:
            forms = {target: dict(_forms(word, language, target, lexicon)) for target in targets}
            found[key] = QueryTerm(word, forms, weight)
    return tuple(found.values())


def _forms(word: str, source: str, target: str, lexicon: Lexicon | None) -> Mapping[str, float]:
    own = stem(word, target)
    if source == target:
        return _paraphrases(own, target, lexicon) | {own: 1.0}
    translations = lexicon.translate(stem(word, source), source, target) if lexicon else {}
    # A capital may be a name ("Oracle") or not ("United States"), and a figure is the same in every
    # language or is not ("19th"): both readings count.
    stands_for_itself = not translations or any(c.isupper() or c.isdigit() for c in word)
    identity = 1.0 if stands_for_itself else IDENTITY
    return {**translations, own: max(identity, translations.get(own, 0.0))}


def _paraphrases(own: str, language: str, lexicon: Lexicon | None) -> dict[str, float]:
    """Words that share translations with a word ("rachat": "acquisition"), by way of the other
    language: p(other | own) = sum over pivots of p(pivot | own) p(other | pivot)
    (Bannard & Callison-Burch, ACL 2005)."""
    pivot = _PIVOT.get(language)
    if lexicon is None or pivot is None:
        return {}
    found: dict[str, float] = {}
    for between, p in sorted(lexicon.translate(own, language, pivot).items()):
        for other, q in sorted(lexicon.translate(between, pivot, language).items()):
            found[other] = found.get(other, 0.0) + p * q
    found.pop(own, None)
    likely = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:PARAPHRASES]
    return {other: round(PARAPHRASE * p, 6) for other, p in likely if p >= LEAST_PARAPHRASE}


def readable(question: str) -> str:
    """The question on one line, without control characters. Raises UsageError when nothing is left
    of it, and when it is longer than a question can be."""
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in question).split())
    if not cleaned:
        raise UsageError("the question is empty; ask something, as: why was the bid rejected?")
    if len(cleaned) > MAX_QUESTION:
        raise UsageError(
            f"the question has {len(cleaned):,} characters and at most {MAX_QUESTION:,} are read; "
            "ask in a sentence or two, and put long texts into the documents' folder"
        )
    return cleaned
