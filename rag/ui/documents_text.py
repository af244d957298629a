"""The words of the documents tab, in English and French."""

from __future__ import annotations

from dataclasses import dataclass

from rag.ui.text import NBSP, Strings


@dataclass(frozen=True, slots=True)
class DocumentStrings:
    """One language's words; braces are filled by `str.format`."""

    add: str
    drop: str
    limits: str
    where: str
    sending: str
    too_many: str
    lost: str
    renamed: str
    added_heading: tuple[str, str]
    nothing_added: str
    refused: str
    added: str
    uploaded: str
    uploaded_long: str
    remove: str
    remove_long: str
    remove_heading: str
    remove_note: str
    keep: str
    removed: str
    filter: str
    shown: str
    steps: tuple[tuple[str, str], ...]
    """Of a sync, by the name that it gives them."""

    def step(self, what: str) -> str:
        return dict(self.steps).get(what, what)


ENGLISH = DocumentStrings(
    add="Add documents",
    drop="or drop files here",
    limits="{formats}; at most {files} files a time, {size} MB each",
    where="What is added here is kept in the index’s own folder, on the machine where Attest runs. "
    "All other documents lie in {folder}: add and remove them there.",
    sending="Sending {n} of {of}",
    too_many="not taken: at most {n} files at a time; add it in another go",
    lost="it didn’t arrive: try again",
    renamed="{taken} is there already: added as {name}",
    added_heading=("{n} document added", "{n} documents added"),
    nothing_added="Nothing was added",
    refused="not added",
    added="added",
    uploaded="added here",
    uploaded_long="Added on this page",
    remove="Remove",
    remove_long="Remove {title}",
    remove_heading="Remove this document?",
    remove_note="The copy that was added here is deleted. The file that it was made from stays.",
    keep="Keep it",
    removed="{source} was removed.",
    filter="Filter the documents",
    shown="{n} of {of} shown",
    steps=(("Checking", "Checking"), ("Reading", "Reading the documents"),
           ("Indexing", "Indexing"), ("Restoring", "Restoring")),
)  # fmt: skip

FRENCH = DocumentStrings(
    add="Ajouter des documents",
    drop="ou déposez des fichiers ici",
    limits=f"{{formats}}{NBSP}; {{files}} fichiers à la fois au plus, {{size}} Mo chacun",
    where="Ce qui est ajouté ici est gardé dans le dossier de l’index, sur la machine où tourne "
    f"Attest. Tous les autres documents sont dans {{folder}}{NBSP}: ajoutez-les et retirez-les là-bas.",
    sending="Envoi {n} sur {of}",
    too_many=f"pas pris{NBSP}: {{n}} fichiers à la fois au plus{NBSP}; ajoutez-le une autre fois",
    lost=f"il n’est pas arrivé{NBSP}: réessayez",
    renamed=f"{{taken}} existe déjà{NBSP}: ajouté sous le nom {{name}}",
    added_heading=("{n} document ajouté", "{n} documents ajoutés"),
    nothing_added="Rien n’a été ajouté",
    refused="pas ajouté",
    added="ajouté",
    uploaded="ajouté ici",
    uploaded_long="Ajouté sur cette page",
    remove="Retirer",
    remove_long="Retirer {title}",
    remove_heading=f"Retirer ce document{NBSP}?",
    remove_note="La copie ajoutée ici est supprimée. Le fichier d’origine reste.",
    keep="Garder",
    removed="{source} a été retiré.",
    filter="Filtrer les documents",
    shown="{n} sur {of} affichés",
    steps=(("Checking", "Vérification"), ("Reading", "Lecture des documents"),
           ("Indexing", "Indexation"), ("Restoring", "Remise en état")),
)  # fmt: skip

DOCUMENTS: dict[str, DocumentStrings] = {"en": ENGLISH, "fr": FRENCH}


def document_words(strings: Strings) -> DocumentStrings:
    """The words in the language of the others."""
    return DOCUMENTS[strings.code]
