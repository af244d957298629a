"""Words of a text as index terms: folded, without stop words, stemmed in their language.

Snowball stemmers (https://snowballstem.org) by way of PyStemmer, which has 30 languages; a
language without a stemmer keeps its words as they are. Accents are folded after stemming, so that
"Etats" and "États" meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import Stemmer

_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*", re.UNICODE)
_ALGORITHMS = {"en": "english", "fr": "french", "de": "german", "es": "spanish", "it": "italian",
               "pt": "portuguese", "nl": "dutch"}  # fmt: skip

STOP_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        """a about above after again all also am an and any are aren as at be because been before
        being between both but by can cannot could couldn d did didn do does doesn doing don
        down during each few for from further had hadn has hasn have haven having he her
        here hers herself him himself his how i if in into is isn it its itself just ll m me
        more most my myself no nor not now of off on once only or other our ours ourselves
        out over own re s same she should shouldn so some such t than that the their
        theirs them themselves then there these they this those through to too under until
        up ve very was wasn we were weren what when where which while who whom whose why
        will with would wouldn you your yours yourself yourselves tell please say says
        said""".split()
    ),
    "fr": frozenset(
        """a ai aie aient ait alors as au aucun aura aurait auras aurez auriez auront aussi
        autre aux avaient avais avait avant avec avez avoir avons ayant c ca car ce ceci cela
        celle celles celui ces cet cette ceux chaque chez comme comment d dans de depuis des dit
        donc dont du elle elles en encore entre es est et etaient etait etant ete etes etre
        eu eux fait faut
        fut furent ici il ils j je jusqu l la laquelle le lequel les lesquelles lesquels
        leur leurs lors lui m ma mais me meme memes mes moi mon n ne ni nos notre nous on
        ont ou par parce pas peu peut plus pour pourquoi pourrait qu quand que quel quelle
        quelles quels qui quoi s sa sans se sera serait seras serez seriez seront ses
        si soient soit son sont sous suis sur t ta te tes toi ton tous tout toute toutes tres
        tu un une va vers vos votre vous y""".split()
    ),
}
"""Folded forms: without accents, lower case."""


def fold(text: str) -> str:
    """Lower case without accents, ligatures opened; one word stays one word."""
    text = text.lower().replace("œ", "oe").replace("æ", "ae").replace("ß", "ss")
    if text.isascii():
        return text
    return "".join(
        character
        for character in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(character)
    )


def words(text: str) -> list[str]:
    """Words and numbers in the order of the text, as written; apostrophes and hyphens separate,
    so that "l'offre" gives "l" and "offre"."""
    return _WORD.findall(text)


def is_stop_word(word: str, language: str) -> bool:
    """Whether a word carries no content in that language (any known one if it has no list)."""
    folded = fold(word)
    if language in STOP_WORDS:
        return folded in STOP_WORDS[language]
    return any(folded in stops for stops in STOP_WORDS.values())


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    return Stemmer.Stemmer(_ALGORITHMS[language]) if language in _ALGORITHMS else None


@lru_cache(maxsize=200_000)
def stem(word: str, language: str) -> str:
    """The index term of one word."""
    stemmer = _stemmer(language)
    lowered = word.lower()
    return fold(stemmer.stemWord(lowered) if stemmer else lowered)


def content_words(text: str, language: str) -> list[str]:
    """Words that aren't stop words, as written, in order."""
    return [word for word in words(text) if not is_stop_word(word, language)]


def terms(text: str, language: str) -> Counter[str]:
    """Index terms with their frequencies."""
    return Counter(stem(word, language) for word in content_words(text, language))


def misspelt(one: str, other: str) -> bool:
    """Whether two terms are one edit apart (two from eight letters on; none below five): a letter
    more, less, or other, or two neighbours swapped (optimal string alignment distance)."""
    shorter = min(len(one), len(other))
    allowed = 0 if shorter < 5 else 1 if shorter < 8 else 2
    if one == other or abs(len(one) - len(other)) > allowed:
        return False
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if before and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > allowed:
            return False
        before, last = last, row
    return last[-1] <= allowed


def in_order(part: Iterable[object], whole: Iterable[object]) -> bool:
    """Whether the items of one stand in the other in their order, others between them or not."""
    rest = iter(whole)
    return all(any(item == other for other in rest) for item in part)
