"""Every word that the page itself says, in English and French.

What a document or the assistant says is never here. `strings_for` chooses by the browser's
language; a browser in another language gets English.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NBSP = "\u00a0"


@dataclass(frozen=True, slots=True)
class Strings:
    """One language's words; `{n}` and other braces are filled by `str.format`."""

    code: str
    tagline: str
    welcome: str
    examples: str
    no_examples: str
    tab_chat: str
    tab_search: str
    tab_documents: str
    tab_quality: str
    question_label: str
    placeholder: str
    send: str
    stop: str
    new_conversation: str

    you_asked: str
    next_in_line: str
    in_line: tuple[str, str]
    opening: str
    searching: str
    checking: tuple[str, str]
    nothing_found: str
    answered: str
    abstained: str
    stopped: str
    failed: str
    unexpected: str
    empty_question: str
    searched_for: str

    sources: str
    passages: tuple[str, str]
    nearest: str
    no_passage: str
    try_heading: str
    disagree: str
    disagree_note: str
    supported: str
    supported_means: str
    quoted: str
    quoted_means: str
    no_date: str
    in_language: str
    also_in: tuple[str, str]
    copy: str
    copied: str
    sources_word: str

    search_label: str
    search_placeholder: str
    search: str
    search_hint: str
    results: tuple[str, str]

    documents_hint: str
    documents: tuple[str, str]
    no_documents: str
    column_title: str
    column_date: str
    column_language: str
    column_sentences: str
    reindex: str
    reindexing: str
    sync_done: str
    sync_rebuilt: str
    actions: tuple[tuple[str, tuple[str, str]], ...]
    """What a sync did with one file, and with several."""
    changed_heading: str

    panel: str
    close: str
    cut: str
    out_of_date: str

    months: tuple[str, ...]
    languages: tuple[tuple[str, str], ...]
    decimal: str

    def count(self, forms: tuple[str, str], n: int, **blanks: str) -> str:
        """Singular or plural; French counts nothing in the singular."""
        one = n == 1 or (n == 0 and self.code == "fr")
        return forms[0 if one else 1].format(n=n, **blanks)

    def seconds(self, value: float) -> str:
        """To a tenth of a second."""
        figure = f"{value:.1f}" if value >= 0.05 else "<\u20090.1"
        return figure.replace(".", self.decimal) + NBSP + "s"

    def date(self, date: str | None) -> str:
        """`2020-09-14` as a person writes it; anything unexpected stays as it is."""
        if not date:
            return self.no_date
        parts = date.split("-")
        if not all(part.isascii() and part.isdigit() for part in parts) or len(parts) > 3:
            return date
        numbers = [int(part) for part in parts]
        if len(numbers) == 1:
            return date
        if not 1 <= numbers[1] <= 12:
            return date
        month = f"{self.months[numbers[1] - 1]} {parts[0]}"
        if len(numbers) == 2:
            return month
        day = "1er" if self.code == "fr" and numbers[2] == 1 else str(numbers[2])
        return f"{day} {month}"

    def language(self, code: str) -> str:
        return dict(self.languages).get(code, code.upper())

    def action(self, action: str, n: int = 1) -> str:
        return self.count(dict(self.actions).get(action, (action, action)), n)


ENGLISH = Strings(
    code="en",
    tagline="Ask your own documents. Every sentence comes with the quote that proves it, and nothing "
    "leaves this machine.",
    welcome="What would you like to know?",
    examples="For instance",
    no_examples="Name the person, place, date or thing that you are after: the answer is looked for "
    "in your documents alone.",
    tab_chat="Chat",
    tab_search="Search",
    tab_documents="Documents",
    tab_quality="Quality",
    question_label="Your question",
    placeholder="Ask your documents…",
    send="Send",
    stop="Stop",
    new_conversation="New conversation",
    you_asked="You asked",
    next_in_line="You are next: one answer is written at a time",
    in_line=(
        "{n} question before yours: one answer is written at a time",
        "{n} questions before yours: one answer is written at a time",
    ),
    opening="Opening your documents",
    searching="Searching your documents",
    checking=(
        "{n} passage found. Checking each sentence against it",
        "{n} passages found. Checking each sentence against them",
    ),
    nothing_found="No passage found",
    answered="Answered in {seconds}",
    abstained="Not answered, {seconds}",
    stopped="Stopped after {seconds}",
    failed="No answer",
    unexpected="Something unexpected went wrong; the terminal where Attest runs has the details.",
    empty_question="Write a question first.",
    searched_for="Searched for",
    sources="Sources",
    passages=("{n} passage read", "{n} passages read"),
    nearest="The nearest passages, which don't answer it",
    no_passage="Nothing in the index comes near.",
    try_heading="What you can try",
    disagree="The sources disagree",
    disagree_note="Each is quoted; Attest doesn't choose.",
    supported="Checked",
    supported_means="in Attest's words, proven by the quote",
    quoted="Quoted",
    quoted_means="the document's own words",
    no_date="no date",
    in_language="in {language}",
    also_in=("and in {n} more file", "and in {n} more files"),
    copy="Copy",
    copied="Copied",
    sources_word="Sources",
    search_label="Search your documents",
    search_placeholder="What are you looking for?",
    search="Search",
    search_hint="The passages alone, best first; no answer is written.",
    results=("{n} passage, {seconds}", "{n} passages, {seconds}"),
    documents_hint="What Attest answers from. The folder is looked at before every question; "
    "Re-index does it now and says what changed.",
    documents=("{n} document", "{n} documents"),
    no_documents="No document in the index yet.",
    column_title="Document",
    column_date="Date",
    column_language="Language",
    column_sentences="Sentences",
    reindex="Re-index",
    reindexing="Reading the folder",
    sync_done="Done in {seconds}:",
    sync_rebuilt="The index was made anew: {why}",
    actions=(
        ("added", ("added", "added")),
        ("changed", ("changed", "changed")),
        ("removed", ("removed", "removed")),
        ("unchanged", ("unchanged", "unchanged")),
        ("skipped", ("skipped", "skipped")),
    ),
    changed_heading="File by file",
    panel="Document",
    close="Close",
    cut="The document is long: only the part around the quote is shown.",
    out_of_date="The document has changed since this answer: ask again to see the quote in place.",
    months=("January", "February", "March", "April", "May", "June", "July", "August", "September",
            "October", "November", "December"),
    languages=(("en", "English"), ("fr", "French"), ("de", "German"), ("es", "Spanish"),
               ("it", "Italian"), ("pt", "Portuguese"), ("nl", "Dutch"),
               ("und", "unknown language")),
    decimal=".",
)  # fmt: skip

FRENCH = Strings(
    code="fr",
    tagline="Interrogez vos propres documents. Chaque phrase est accompagnée de la citation qui la "
    "prouve, et rien ne quitte cette machine.",
    welcome=f"Que voulez-vous savoir{NBSP}?",
    examples="Par exemple",
    no_examples="Nommez la personne, le lieu, la date ou la chose que vous cherchez"
    f"{NBSP}: la réponse est cherchée dans vos documents et nulle part ailleurs.",
    tab_chat="Conversation",
    tab_search="Recherche",
    tab_documents="Documents",
    tab_quality="Qualité",
    question_label="Votre question",
    placeholder="Interrogez vos documents…",
    send="Envoyer",
    stop="Arrêter",
    new_conversation="Nouvelle conversation",
    you_asked="Votre question",
    next_in_line=f"Vous êtes le suivant{NBSP}: une seule réponse s’écrit à la fois",
    in_line=(
        f"{{n}} question avant la vôtre{NBSP}: une seule réponse s’écrit à la fois",
        f"{{n}} questions avant la vôtre{NBSP}: une seule réponse s’écrit à la fois",
    ),
    opening="Ouverture de vos documents",
    searching="Recherche dans vos documents",
    checking=(
        "{n} passage trouvé. Vérification de chaque phrase",
        "{n} passages trouvés. Vérification de chaque phrase",
    ),
    nothing_found="Aucun passage trouvé",
    answered="Réponse en {seconds}",
    abstained="Sans réponse, {seconds}",
    stopped="Arrêté après {seconds}",
    failed="Pas de réponse",
    unexpected="Une erreur inattendue s’est produite"
    f"{NBSP}; le terminal où tourne Attest en donne le détail.",
    empty_question="Écrivez d’abord une question.",
    searched_for="Question cherchée",
    sources="Sources",
    passages=("{n} passage lu", "{n} passages lus"),
    nearest="Les passages les plus proches, qui n’y répondent pas",
    no_passage="Rien dans l’index ne s’en approche.",
    try_heading="Ce que vous pouvez essayer",
    disagree="Les sources se contredisent",
    disagree_note=f"Chacune est citée{NBSP}; Attest ne tranche pas.",
    supported="Vérifié",
    supported_means="dans les mots d’Attest, prouvé par la citation",
    quoted="Cité",
    quoted_means="les mots mêmes du document",
    no_date="sans date",
    in_language="en {language}",
    also_in=("et dans {n} autre fichier", "et dans {n} autres fichiers"),
    copy="Copier",
    copied="Copié",
    sources_word="Sources",
    search_label="Chercher dans vos documents",
    search_placeholder=f"Que cherchez-vous{NBSP}?",
    search="Chercher",
    search_hint=f"Les passages seuls, le meilleur d’abord{NBSP}; aucune réponse n’est écrite.",
    results=("{n} passage, {seconds}", "{n} passages, {seconds}"),
    documents_hint=f"Ce d’où viennent les réponses d’Attest. Le dossier est relu avant chaque question{NBSP}; "
    "Réindexer le fait tout de suite et dit ce qui a changé.",
    documents=("{n} document", "{n} documents"),
    no_documents="Aucun document dans l’index pour l’instant.",
    column_title="Document",
    column_date="Date",
    column_language="Langue",
    column_sentences="Phrases",
    reindex="Réindexer",
    reindexing="Lecture du dossier",
    sync_done=f"Terminé en {{seconds}}{NBSP}:",
    sync_rebuilt=f"L’index a été refait{NBSP}: {{why}}",
    actions=(
        ("added", ("ajouté", "ajoutés")),
        ("changed", ("modifié", "modifiés")),
        ("removed", ("retiré", "retirés")),
        ("unchanged", ("inchangé", "inchangés")),
        ("skipped", ("laissé de côté", "laissés de côté")),
    ),
    changed_heading="Fichier par fichier",
    panel="Document",
    close="Fermer",
    cut=f"Le document est long{NBSP}: seule la partie autour de la citation est montrée.",
    out_of_date="Le document a changé depuis cette réponse"
    f"{NBSP}: posez de nouveau la question pour voir la citation à sa place.",
    months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
            "octobre", "novembre", "décembre"),
    languages=(("en", "anglais"), ("fr", "français"), ("de", "allemand"), ("es", "espagnol"),
               ("it", "italien"), ("pt", "portugais"), ("nl", "néerlandais"),
               ("und", "langue inconnue")),
    decimal=",",
)  # fmt: skip

LANGUAGES: dict[str, Strings] = {"en": ENGLISH, "fr": FRENCH}


def strings_for(accept_language: str | None) -> Strings:
    """The first language of an Accept-Language header (RFC 9110, 12.5.4) that the page speaks."""
    for _, code in sorted(_preferences(accept_language or ""), key=lambda item: item[0]):
        if code in LANGUAGES:
            return LANGUAGES[code]
    return ENGLISH


def _preferences(header: str) -> Sequence[tuple[tuple[float, int], str]]:
    found: list[tuple[tuple[float, int], str]] = []
    for position, item in enumerate(header.split(",")):
        tag, _, parameter = item.strip().partition(";")
        _, _, value = parameter.partition("q=")
        try:
            weight = float(value) if value else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            found.append(((-weight, position), tag.split("-")[0].strip().lower()))
    return found


@dataclass(frozen=True, slots=True)
class Example:
    """A question that the welcome offers."""

    language: str
    question: str


SEED_EXAMPLES: tuple[Example, ...] = (
    Example("en", "Why was Microsoft's bid rejected?"),
    Example("en", "What is the deadline for the sale of TikTok?"),
    Example("fr", f"Qui a été choisi comme partenaire technologique{NBSP}?"),
    Example("fr", f"Avec qui Walmart s’était-il allié{NBSP}?"),
)
"""About the five articles in `seeds/`; another folder gets a hint instead."""
