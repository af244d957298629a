"""The words of the choice of documents, in English and French."""

from __future__ import annotations

from dataclasses import dataclass

from rag.ui.text import NBSP, Strings


@dataclass(frozen=True, slots=True)
class SelectionStrings:
    """One language's words; braces are filled by `str.format`."""

    all: str
    some: str
    change: str
    clear_long: str
    since: str
    until: str
    between: str
    heading: str
    tick: str
    dates: str
    from_label: str
    to_label: str
    date_shape: str
    undated: tuple[str, str]
    filter: str
    shown: str
    tick_shown: str
    none_shown: str
    everything: str
    cancel: str
    apply: str
    searched: str
    left_out: tuple[str, str]
    documents: str


ENGLISH = SelectionStrings(
    all="Documents: all",
    some="Documents: {n} of {of}",
    change="Choose the documents to search",
    clear_long="Search all documents again",
    since="from {since}",
    until="up to {until}",
    between="{since} to {until}",
    heading="Search only some documents",
    tick="Tick the documents to search. None ticked means all.",
    dates="Dated",
    from_label="from",
    to_label="to",
    date_shape="A year, a month or a day: 2020, 2020-09 or 2020-09-14",
    undated=(
        "{n} document has no date: a range leaves it out.",
        "{n} documents have no date: a range leaves them out.",
    ),
    filter="Filter the list",
    shown="{n} of {of} shown",
    tick_shown="Tick all shown",
    none_shown="Untick all",
    everything="Search all documents",
    cancel="Cancel",
    apply="Search these",
    searched="Searched in {n} of {of} documents",
    left_out=("{n} without a date left out", "{n} without a date left out"),
    documents="Documents",
)

FRENCH = SelectionStrings(
    all=f"Documents{NBSP}: tous",
    some=f"Documents{NBSP}: {{n}} sur {{of}}",
    change="Choisir les documents où chercher",
    clear_long="Chercher de nouveau dans tous les documents",
    since="depuis {since}",
    until="jusqu’à {until}",
    between="de {since} à {until}",
    heading="Chercher dans certains documents",
    tick=f"Cochez les documents où chercher. Aucun coché{NBSP}: tous.",
    dates="Datés",
    from_label="de",
    to_label="à",
    date_shape=f"Une année, un mois ou un jour{NBSP}: 2020, 2020-09 ou 2020-09-14",
    undated=(
        f"{{n}} document est sans date{NBSP}: un intervalle le laisse de côté.",
        f"{{n}} documents sont sans date{NBSP}: un intervalle les laisse de côté.",
    ),
    filter="Filtrer la liste",
    shown="{n} sur {of} affichés",
    tick_shown="Cocher la liste affichée",
    none_shown="Tout décocher",
    everything="Chercher dans tous les documents",
    cancel="Annuler",
    apply="Chercher dans ceux-ci",
    searched="Cherché dans {n} des {of} documents",
    left_out=("{n} sans date laissé de côté", "{n} sans date laissés de côté"),
    documents="Documents",
)

SELECTION: dict[str, SelectionStrings] = {"en": ENGLISH, "fr": FRENCH}


def selection_words(strings: Strings) -> SelectionStrings:
    """The words in the language of the others."""
    return SELECTION[strings.code]
