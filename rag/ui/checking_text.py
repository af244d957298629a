"""Words for checking an answer: the document beside it, its time line, why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from rag.ui.text import NBSP, Strings


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words; `{n}` and other braces are filled by `str.format`."""

    original: str
    whose: str
    quote_marker: str

    quoted_places: str
    previous: str
    next: str
    place_of: str
    go_to: str
    elsewhere: str
    begins: str
    also_begins: str
    ends: str
    earlier: str
    later: str

    timeline: str
    timeline_note: str

    why_heading: str
    why_below: str
    why_nothing: str
    why_missing: tuple[str, str]
    why_scope: tuple[str, str]
    why_undated: tuple[str, str]
    try_words: str
    try_all: str
    try_search: str
    try_one: str
    try_there: str


ENGLISH = Words(
    original="Original, in {language}",
    whose="In whose words",
    quote_marker="Source {n}, {name}: open the document at the quote",
    quoted_places="Quoted in this answer",
    previous="Previous",
    next="Next",
    place_of="{n} of {of}",
    go_to="Go to quote {n}",
    elsewhere="Quote {n}, further off in this document: open it there",
    begins="[quote {n}] ",
    also_begins="[another quote of the answer, {n}] ",
    ends=" [end of quote]",
    earlier="Earlier part",
    later="Later part",
    timeline="The sources in time",
    timeline_note="The dates of the documents.",
    why_heading="Why there is no answer",
    why_below="The passages that come nearest fit the question less well than an answer needs.",
    why_nothing="The search found nothing that has to do with the question.",
    why_missing=(
        "No document that was searched has the word {words}, in any form that Attest knows.",
        "No document that was searched has the words {words}, in any form that Attest knows.",
    ),
    why_scope=(
        "Only {n} of {of} documents was searched.",
        "Only {n} of {of} documents were searched.",
    ),
    why_undated=(
        "{n} document was left out of the dates that you chose, since it has no date.",
        "{n} documents were left out of the dates that you chose, since they have no date.",
    ),
    try_words="Say it with other words: the names, dates or words that the documents themselves "
    "would use.",
    try_all="Ask all documents",
    try_search="Look at what the search finds for this question",
    try_one="Ask for one thing at a time.",
    try_there="Look under Documents whether the document that you have in mind is there.",
)

FRENCH = Words(
    original="Texte original, en {language}",
    whose="Qui le dit",
    quote_marker=f"Source {{n}}, {{name}}{NBSP}: ouvrir le document à la citation",
    quoted_places="Cité dans cette réponse",
    previous="Précédent",
    next="Suivant",
    place_of="{n} sur {of}",
    go_to="Aller à la citation {n}",
    elsewhere=f"Citation {{n}}, plus loin dans ce document{NBSP}: l’y ouvrir",
    begins="[citation {n}] ",
    also_begins="[autre citation de la réponse, {n}] ",
    ends=" [fin de citation]",
    earlier="Partie précédente",
    later="Suite",
    timeline="Les sources dans le temps",
    timeline_note="Les dates des documents.",
    why_heading="Pourquoi il n’y a pas de réponse",
    why_below="Les passages les plus proches correspondent moins bien à la question qu’il ne le faut "
    "pour une réponse.",
    why_nothing="La recherche n’a rien trouvé qui ait un rapport avec la question.",
    why_missing=(
        "Aucun document consulté ne contient le mot {words}, sous une forme qu’Attest connaisse.",
        "Aucun document consulté ne contient les mots {words}, sous une forme qu’Attest connaisse.",
    ),
    why_scope=(
        "Seul {n} document sur {of} a été consulté.",
        "Seuls {n} documents sur {of} ont été consultés.",
    ),
    why_undated=(
        "{n} document a été laissé hors des dates choisies, faute de date.",
        "{n} documents ont été laissés hors des dates choisies, faute de date.",
    ),
    try_words=f"Dites-le avec d’autres mots{NBSP}: les noms, les dates ou les mots que les documents "
    "emploieraient.",
    try_all="Interroger tous les documents",
    try_search="Voir ce que la recherche trouve pour cette question",
    try_one="Demandez une seule chose à la fois.",
    try_there="Vérifiez sous Documents que celui auquel vous pensez s’y trouve.",
)

_WORDS = {"en": ENGLISH, "fr": FRENCH}


def words(strings: Strings) -> Words:
    """The words of the page's language."""
    return _WORDS[strings.code]
