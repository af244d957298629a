"""What qualifies a statement, in French and English, by rule: negation, doubt, condition, intention,
belief.

Pattern tables, no grammar: where a pattern can't decide, it marks, because a mark that is missed
lets a lie through and a mark too many only costs a sentence that could have been shown.
Offsets count code points of the text as given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Mark:
    """A word or phrase that qualifies what is said, at `text[start:end]`."""

    start: int
    end: int
    kind: str


def plain(text: str) -> str:
    """Lower case with one apostrophe and one space, at the same offsets."""
    lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return lowered.translate(_PLAIN)


_PLAIN = str.maketrans({"’": "'", "ʼ": "'", "`": "'", "\u00a0": " ", "\u202f": " ", "\n": " ",
                        "\r": " ", "\t": " ", "‑": "-"})  # fmt: skip


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(alternatives)})(?:(?<=')|(?!\w))")


# --- negation -----------------------------------------------------------------------------

_NE = re.compile(r"(?<![\w'])(?:ne(?!\w)|n')")
_SECOND = _words(
    "pas", "point", "jamais", r"(?<!le )(?<!la )(?<!les )plus", "aucun", "aucune", "rien", "personne", "ni", "guère",
    "nul", "nulle", "nullement",
)  # fmt: skip
_ALONE_FR = _words(
    r"pas(?! seulement)", "jamais", "aucune?s?", "aucunement", "sans(?! doute)", "ni", "nullement",
    "nulle part", r"non(?! seulement| plus(?!\w))", "rien", "personne ne", r"incapables? de",
    r"échou\w+ (?:à|dans)", r"faute d(?:e|')", "ni l'un",
)  # fmt: skip
_REPEATED = frozenset({"ni", "jamais", "plus", "rien", "aucun", "aucune", "personne"})
_STRONG = re.compile(r"[;:.!?»\"]")
_EXPLETIVE = re.compile(
    r"(?<!\w)(?:crai(?:n|gn)\w*|redout\w*|avant qu|(?:à|a) moins qu|de (?:peur|crainte) qu|"
    r"évit\w+ qu|empêch\w+ qu|(?:plus|moins|mieux|autre\w*)\s[^,;:]{0,60}?qu)"
)
_NEGATION_EN = _words(
    r"not(?! only)", r"\w+n't", "cannot", "never", r"no(?! later than)", "none", "nobody",
    "nothing", "nowhere", "neither", "nor", "without", "hardly", "barely", "scarcely",
    r"fail(?:s|ed|ing)? to", "unable to", "no one",
)  # fmt: skip


@lru_cache(maxsize=4096)
def negations(text: str, language: str) -> tuple[Mark, ...]:
    """Negations in order, one for each "ne … pas", "jamais", "sans", "not", "never", "without".

    "ne" with "que" and no "pas" restricts and doesn't deny (`hedges` has it as `only`). A "ne" alone
    after a verb of fear, "avant que", "à moins que" or a comparison denies nothing (ne explétif);
    any other lone "ne" is counted. "refuser", "rejeter", "refuse" deny nothing about themselves;
    "failed to" and "échouer à" count, for they translate "n'a pas réussi à".
    """
    lowered = plain(text)
    marks: list[Mark] = []
    if language != "en":
        marks += _french_negations(lowered)
    if language != "fr":
        marks += [Mark(m.start(), m.end(), "negation") for m in _NEGATION_EN.finditer(lowered)]
    return tuple(sorted(marks, key=lambda mark: mark.start))


def _french_negations(lowered: str) -> list[Mark]:
    marks: list[Mark] = []
    taken = bytearray(len(lowered))

    def take(start: int, end: int) -> None:
        taken[start:end] = b"\1" * (end - start)

    for ne in _NE.finditer(lowered):
        clause = _clause_after(lowered, ne.end())
        second = _SECOND.search(lowered, ne.end(), clause)
        before = _SECOND.search(lowered, max(0, ne.start() - 40), ne.start())
        only = re.search(r"(?<!\w)qu(?:e(?!\w)|')", lowered[ne.end() : clause])
        if second is not None:
            end = second.end()
            for other in _SECOND.finditer(lowered, second.end(), clause):
                if other[0] in _REPEATED:
                    take(*other.span())
            marks.append(Mark(ne.start(), end, "negation"))
            take(ne.start(), end)
        elif before is not None and before[0] in {"rien", "personne", "aucun", "aucune", "jamais",
                                                  "nul", "nulle", "ni"}:  # fmt: skip
            marks.append(Mark(before.start(), ne.end(), "negation"))
            take(before.start(), ne.end())
        elif only is None and not _EXPLETIVE.search(
            lowered, _clause_before(lowered, ne.start()), ne.start()
        ):
            marks.append(Mark(ne.start(), ne.end(), "negation"))
    marks += [
        Mark(match.start(), match.end(), "negation")
        for match in _ALONE_FR.finditer(lowered)
        if not taken[match.start()]
    ]
    return marks


def _clause_after(lowered: str, start: int) -> int:
    """Where the clause that holds `start` ends: the next strong mark, or 90 characters on."""
    match = _STRONG.search(lowered, start)
    return min(match.start() if match else len(lowered), start + 90)


def _clause_before(lowered: str, end: int) -> int:
    """Where the clause that holds `end` begins: after the last strong mark, 200 characters back at
    most."""
    window = max(0, end - 200)
    return max(window, *(lowered.rfind(mark, window, end) + 1 for mark in ";:.!?»"))


# --- hedges -------------------------------------------------------------------------------

# Imperfects of verbs in -rer and -rir and nouns that look like a conditional or a future.
_NO_CONDITIONAL = re.compile(
    r"(?:t|ex|por|re|at|dis|abs|sous|con)?traits?$|frais$|vrais?$|marais$|(?:^|re)parait$|"
    r"(?:entr|montr|rencontr|concentr|livr|délivr|ouvr|offr|souffr|couvr|découvr|tir|retir|attir|"
    r"admir|respir|inspir|aspir|déclar|prépar|compar|sépar|répar|espér|considér|opér|génér|gér|"
    r"libér|accélér|tolér|récupér|préfér|suggér|référ|dur|assur|mesur|figur|procur|jur|ignor|"
    r"ador|amélior|explor|élabor|honor|pleur|demeur|célébr|vibr|administr|illustr|enregistr|"
    r"filtr|vir|transfér|différ|conspir|expir|consacr|susp)(?:ait|aient|ais|a)$"
)
_CONDITIONAL = re.compile(r"(?<![\w-])\w+(?:rais|rait|rions|riez|raient)(?!\w)")
_FUTURE_FR = re.compile(
    r"(?<![\w-])(?:\w+(?:ra|ront|rai|ras)|(?:nous|vous)\s(?:\w+\s)?\w{3,}r(?:ons|ez))(?!\w)"
)
_NO_FUTURE = frozenset(
    """opéra opera caméra camera extra ultra infra supra para era pra bras gras embarras fatras
    haras ras front affront vrai vrai minerai délai quai essai carrai terra sierra guérilla mantra
    aura-t flora cobra zebra agora diaspora algebra tiara aloevera rai""".split()
)

_KINDS_FR: dict[str, re.Pattern[str]] = {
    "possible": _words(
        r"peut-être", r"peu(?:t|vent) (?:être|avoir)", "probablement", "vraisemblablement",
        "éventuelle?s?(?:ment)?", "potentielle?s?(?:ment)?", r"possibles?", "possiblement",
        "apparemment", r"sembl(?:e|ent|ait|aient)", r"paraî?(?:t|ssent)", r"sans doute",
        "soi-disant", r"présumée?s?", r"supposée?s?", "prétendument", r"probables?", r"risqu\w+ de",
        r"peu(?:t|vent|x)", r"pouva(?:it|ient)",
    ),
    "uncertain": _words(
        r"certains? que", r"certaine? d'", "certitude", "incertaine?s?", "on ne sa(?:it|vait)",
        r"doute(?:nt)? que", "hypothèse", "rumeurs?",
    ),
    "reported": _words(r"selon(?! que)", r"d'après", "à en croire"),
    "condition": _words(
        r"(?<!même )si", r"(?<!même )s'ils?", r"sauf", r"à condition (?:que|qu'|de|d')", r"à moins (?:que|qu'|de|d')",
        r"sous réserve", r"pourvu qu(?:e|')", r"en cas d(?:e|')", "au cas où", r"dans le cas où",
        r"à défaut", r"(?<!en )tant que", "hormis", "excepté", r"dans la mesure où", "jusqu'à ce que",
    ),
    "intention": _words(
        r"menac\w+", r"envisag\w+", r"souhait\w*", r"vis(?:e|ent|ait|aient|ant) à", r"prévo\w+",
        r"prévu\w*", r"veu(?:t|lent|x)", r"voul(?:ait|aient|u|ant|oir)",
        r"compt(?:e|ent|ait|aient) (?!de|sur|parmi|des|un|\d)\w+(?:er|ir|re)",
        r"esp[éè]r\w+", r"cherch\w+ à", r"tent\w+ d(?:e|')", r"essa(?:ie|ye|y|i)\w* d(?:e|')",
        r"propos(?:e|ent|é|ait|aient) d(?:e|')", r"promet\w*", r"promis\w*", r"intention\w*",
        r"projet\w* d(?:e|')", r"projett?e\w*", r"s'apprêt\w+ à", r"sur le point d(?:e|')",
        r"désir\w+", r"intérêt pour", r"en vue d(?:e|')", r"objectif\w*", r"ambition\w*",
        r"en pourparlers", r"impatients? d(?:e|')", r"pour", "afin de", r"afin d'",
    ),
    "belief": _words(
        r"accus\w+", r"soupçonn\w+", r"crai(?:n|gn)\w*", r"redout\w+", r"cro(?:it|ient|yons|is)",
        r"pens(?:e|ent|ait|ons)", r"convain(?:cue?s?|cre)", r"estim(?:e|ent|ait|aient|é|ons)",
        r"considér\w+ comme", r"considérée?s?", r"jug(?:e|ent|é|ait|eait)", r"suppos(?:e|ent|ons)",
        r"prétend\w*", r"allég\w+", r"comme une?", r"présent\w+ comme", r"imagin\w+",
    ),
    "obligation": _words(
        r"do(?:it|ivent)", r"deva(?:it|ient)", r"faut", r"fallait", r"forc(?:er|és?|e|ent) (?:\w+ )?à",
        r"oblig\w+", r"exig\w+", r"contrain\w+", r"sommée?s? de", r"appel\w+ à",
    ),
    "only": _words(r"seule?s?", r"(?<!non )seulement", "uniquement", "exclusivement"),
    "almost": _words("presque", "quasi", "quasiment", r"failli", "à peine", "pratiquement"),
    "early": _words(r"en cours", r"stade", r"pas encore", "bientôt", "prochainement", "désormais"),
    "universal": _words(r"tou(?:t|te|tes|s)(?! (?:en|cas|état)(?!\w))", "toujours", "chaque", "entièrement"),
    "cause": _words(
        "car", "parce que", "parce qu'", r"puisqu(?:e|')", r"en raison d(?:e|u|es|')",
        r"à cause d(?:e|u|es|')", r"grâce (?:à|au|aux)", r"d'autant", "à la suite", "faute de",
        r"notamment parce", "en conséquence", "c'est pourquoi", r"du fait", "raisons?",
        r"sous (?:la pression|prétexte)", "face à", "suite à",
    ),
}  # fmt: skip
_KINDS_EN: dict[str, re.Pattern[str]] = {
    "conditional": _words("would", r"\w+'d (?:have|be)"),
    "possible": _words(
        "may", "might", "could", "can", "perhaps", "maybe", "probably", "possibly", "possible",
        "likely", "unlikely", "reportedly", "allegedly", "supposedly", "apparently", "presumably",
        "alleged", "potential(?:ly)?", r"seem(?:s|ed)?", r"appear(?:s|ed)? to", "should",
        r"expected to", "due to (?:be|take|make|open|close)", r"rumou?r(?:s|ed)?", "purported(?:ly)?",
        r"is said to", r"are said to", r"said to (?:be|have)", r"is thought to", r"believed to",
    ),
    "uncertain": _words(
        "certain that", "certain", "uncertain", "certainty", "unclear", r"doubts?", "doubtful",
    ),
    "reported": _words("according to"),
    "condition": _words(
        "if", "unless", "provided", "providing", "except", "in case", "as long as", "subject to",
        "on condition", "in the event", "otherwise", "assuming", "barring", "once", "until",
    ),
    "intention": _words(
        r"threat\w*", r"envisag\w+", r"wish\w*", r"aim(?:s|ed|ing)?", r"plan(?:s|ned|ning)?",
        r"want(?:s|ed|ing)?", r"hop(?:e|es|ed|ing)", r"seek(?:s|ing)?", "sought",
        r"intend(?:s|ed|ing)?", r"intention\w*", r"tr(?:y|ies|ied|ying) to", r"attempt\w*",
        r"offer(?:s|ed)? to", r"propos(?:e|es|ed) to", r"promis(?:e|es|ed)", r"consider(?:s|ed|ing)?",
        r"goals?", r"interest(?:ed)? in", r"in talks", "about to", r"look(?:s|ing)? to", r"bid to",
        r"prepar(?:es|ed|ing) to", "to",
    ),
    "belief": _words(
        r"accus\w+", r"suspect\w*", r"fear\w*", r"believ(?:e|es|ed|ing)", r"think(?:s|ing)?",
        "thought", r"convinced", r"claim(?:s|ed|ing)?", r"alleg(?:e|es|ing|ation\w*)",
        r"estimat\w+", r"suppos(?:e|es|ed)", r"worr(?:y|ies|ied)", r"consider(?:s|ed)?", "deemed",
        r"described? as", "as a", "as an", "seen as", "viewed as",
    ),
    "obligation": _words(
        "must", r"ha(?:s|ve|d) to", r"having to", r"requir\w+",
        r"forc(?:e|es|ed|ing)(?: \w+){0,4} (?:to|into|out)",
        r"oblig\w+", "need to", "needs to", "needed to", r"order(?:s|ed)? \w+ to", "supposed to",
    ),
    "future": _words("will", "shall", r"\w+'ll", "won't", "going to", r"(?:is|are) to"),
    "only": _words(r"(?<!not )only", "solely", "exclusively", "sole"),
    "almost": _words("almost", "nearly", "virtually", "practically"),
    "early": _words(r"under way", "ongoing", r"stage", "soon", "not yet", "shortly"),
    "universal": _words("all", "every", "always", "everyone", "everything", "entire(?:ly)?", "each",
                        "whole", "completely", "totally", "fully"),
    "cause": _words(
        "because", "due to", "owing to", "as a result", "thanks to", "therefore", "thus",
        r"since(?! (?:\d|then|last|january|february|march|april|may|june|july|august|september|october|"
        r"november|december))",
        "on account of", r"reasons?", "caused", "in response to", r"led to", "the cause",
        "in view of", "out of",
    ),
}  # fmt: skip

_PURPOSE = frozenset({"pour", "to", "afin de", "afin d'"})
_ONLY_NE = re.compile(r"(?<![\w'])(?:ne(?!\w)|n')[^;:.!?]{1,50}?(?<!\w)(?P<que>qu(?:e(?!\w)|'))")


@lru_cache(maxsize=4096)
def hedge_marks(text: str, language: str) -> tuple[Mark, ...]:
    """Everything that makes a sentence less than a plain present or past fact, in order. Kinds are
    those of `hedges`; a bare "pour" or "to" is `purpose`."""
    lowered = plain(text)
    found: dict[tuple[int, int], str] = {}
    taken = bytearray(len(text))

    def add(start: int, end: int, kind: str) -> None:
        if not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            found[start, end] = kind

    if language != "en":
        for match in _CONDITIONAL.finditer(lowered):
            if not _NO_CONDITIONAL.search(match[0]) and _verb_like(text, match):
                add(match.start(), match.end(), "conditional")
        for match in _FUTURE_FR.finditer(lowered):
            word = match[0].split()[-1]
            verb = word not in _NO_FUTURE and not _NO_CONDITIONAL.search(word) and len(word) > 2
            if verb and _verb_like(text, match):
                add(match.start(), match.end(), "future")
        for match in _ONLY_NE.finditer(lowered):
            if "," not in match[0] and not _SECOND.search(match[0]):
                add(match.end() - len(match["que"]), match.end(), "only")
        _add_kinds(lowered, _KINDS_FR, add)
    if language != "fr":
        _add_kinds(_no_months(text, lowered), _KINDS_EN, add)
    return tuple(Mark(start, end, kind) for (start, end), kind in sorted(found.items()))


def _verb_like(text: str, match: re.Match[str]) -> bool:
    """A capital in mid-sentence is a name ("Ankara")."""
    return match.start() == 0 or not text[match.start()].isupper()


def _no_months(text: str, lowered: str) -> str:
    return "".join(
        "_" if low == "m" and text[i] == "M" and text[i : i + 3] == "May" else low
        for i, low in enumerate(lowered)
    )


def _add_kinds(
    lowered: str, kinds: dict[str, re.Pattern[str]], add: Callable[[int, int, str], None]
) -> None:
    for kind, pattern in kinds.items():
        for match in pattern.finditer(lowered):
            add(match.start(), match.end(), "purpose" if match[0] in _PURPOSE else kind)


def hedges(text: str, language: str) -> frozenset[str]:
    """Kinds of hedges: `conditional` (French -rait, "would"), `possible` ("pourrait" is conditional,
    "peut-être", "may", "reportedly"), `uncertain`, `reported` ("selon", "according to"),
    `condition` ("si", "unless"), `intention` ("souhaite", "menace", "plans"), `belief` ("accuse",
    "craint", "claims"), `obligation`, `future`, `only`, `almost`, `early` (not finished)."""
    plain_kinds = {"universal", "cause", "purpose"}
    return frozenset(mark.kind for mark in hedge_marks(text, language)) - plain_kinds
