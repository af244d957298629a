"""The words of the conversation: states, what can be done with a turn, what the browser keeps."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rag.ui.text import NBSP, Strings


@dataclass(frozen=True, slots=True)
class TalkStrings:
    """One language's words; `{n}` and other braces are filled by `str.format` here, and by the
    script in the browser, which gets them all (`for_browser`)."""

    reading: tuple[str, str]
    checking: tuple[str, str]
    interrupted: str
    unreadable: str
    damaged: str
    at_stop: str

    edit: str
    edit_long: str
    again: str
    again_long: str
    copy_long: str
    change: str
    change_long: str

    edit_heading: str
    told_heading: str
    again_heading: str
    edit_hint: str
    told_hint: str
    drops: tuple[str, str]
    ask: str
    cancel: str
    close: str

    past: str
    past_heading: str
    none_kept: str
    untitled: str
    turns: tuple[str, str]
    here: str
    delete: str
    delete_long: str
    delete_sure: str
    delete_all: str
    delete_all_sure: str
    keep: str
    private: str
    off: str
    unreadable_kept: tuple[str, str]

    export: str
    export_heading: str
    markdown: str
    markdown_hint: str
    json: str
    json_hint: str
    conversation_of: str

    dropped: tuple[str, str]
    too_long: str
    forked: str
    deleted_elsewhere: str
    lost: str
    refused: str

    def for_browser(self) -> dict[str, object]:
        """What the script of the page says; plain JSON."""
        return asdict(self)


ENGLISH = TalkStrings(
    reading=("{n} passage found. Reading it", "{n} passages found. Reading them"),
    checking=(
        "{n} sentence passed its check. Checking the next",
        "{n} sentences passed their check. Checking the next",
    ),
    interrupted="No answer yet: the page was left while it was being written",
    unreadable="This turn was kept in a form that can’t be read: it is left out",
    damaged="This conversation was kept in a form that can’t be read; ask again to start anew.",
    at_stop="Stopped: what had passed its check by then.",
    edit="Edit",
    edit_long="Edit question {n}",
    again="Ask again",
    again_long="Ask question {n} again",
    copy_long="Copy answer {n} with its sources, as Markdown",
    change="Change",
    change_long="Change what was searched for",
    edit_heading="Edit the question",
    told_heading="What to search for",
    again_heading="Ask again",
    edit_hint="The new question takes the place of this turn.",
    told_hint="Exactly this is searched for, whatever was said before. The answer takes the place of "
    "this turn.",
    drops=(
        "The turn after it goes: it may rest on this one.",
        "The {n} turns after it go: they may rest on this one.",
    ),
    ask="Ask",
    cancel="Cancel",
    close="Close",
    past="Conversations",
    past_heading="Past conversations",
    none_kept="None yet. Each one is kept here from its first question on.",
    untitled="Without a question",
    turns=("{n} question", "{n} questions"),
    here="open now",
    delete="Delete",
    delete_long="Delete “{title}”",
    delete_sure="Delete it for good?",
    delete_all="Delete all",
    delete_all_sure="Delete all of them for good?",
    keep="Keep",
    private="Kept in this browser only (its local storage for this address), not on the server and "
    "nowhere else. Whoever uses this browser can read them. The oldest go when 4 million characters "
    "are full.",
    off="This browser lets no page keep anything: conversations last until the page is closed.",
    unreadable_kept=(
        "{n} conversation can’t be read and is left out.",
        "{n} conversations can’t be read and are left out.",
    ),
    export="Export",
    export_heading="Export this conversation",
    markdown="Markdown",
    markdown_hint="To read or to paste: questions, answers, sources with their quotes.",
    json="JSON",
    json_hint="For programs: each answer with its citations, offsets and scores.",
    conversation_of="Conversation of {when}",
    dropped=(
        "The oldest conversation was dropped to make room.",
        "The {n} oldest conversations were dropped to make room.",
    ),
    too_long="This conversation is too long to be kept: export it, or start a new one.",
    forked="This conversation went on in another tab. Here it goes on as a copy of its own.",
    deleted_elsewhere="This conversation was deleted in another tab.",
    lost="The connection to Attest was lost: see whether it still runs. This page comes back by "
    "itself when it does, with your question.",
    refused="The question wasn’t taken: too many are waiting. Ask again in a minute.",
)

FRENCH = TalkStrings(
    reading=("{n} passage trouvé. Lecture", "{n} passages trouvés. Lecture"),
    checking=(
        "{n} phrase a passé sa vérification. Vérification de la suivante",
        "{n} phrases ont passé leur vérification. Vérification de la suivante",
    ),
    interrupted=f"Pas encore de réponse{NBSP}: la page a été quittée pendant qu’elle s’écrivait",
    unreadable=f"Ce qui a été gardé de cet échange est illisible{NBSP}: il est laissé de côté",
    damaged="Ce qui a été gardé de cette conversation est illisible"
    f"{NBSP}; posez une question pour en commencer une autre.",
    at_stop=f"Arrêté{NBSP}: ce qui avait passé sa vérification jusque-là.",
    edit="Modifier",
    edit_long="Modifier la question {n}",
    again="Redemander",
    again_long="Poser de nouveau la question {n}",
    copy_long="Copier la réponse {n} avec ses sources, en Markdown",
    change="Changer",
    change_long="Changer ce qui a été cherché",
    edit_heading="Modifier la question",
    told_heading="Ce qu’il faut chercher",
    again_heading="Poser de nouveau la question",
    edit_hint="La nouvelle question prend la place de cet échange.",
    told_hint="C’est exactement cela qui est cherché, quoi qu’il ait été dit avant. La réponse prend "
    "la place de cet échange.",
    drops=(
        f"L’échange qui le suit disparaît{NBSP}: il peut reposer sur celui-ci.",
        f"Les {{n}} échanges qui le suivent disparaissent{NBSP}: ils peuvent reposer sur celui-ci.",
    ),
    ask="Demander",
    cancel="Annuler",
    close="Fermer",
    past="Conversations",
    past_heading="Conversations passées",
    none_kept="Aucune pour l’instant. Chacune est gardée ici dès sa première question.",
    untitled="Sans question",
    turns=("{n} question", "{n} questions"),
    here="ouverte",
    delete="Supprimer",
    delete_long=f"Supprimer «{NBSP}{{title}}{NBSP}»",
    delete_sure=f"La supprimer pour de bon{NBSP}?",
    delete_all="Tout supprimer",
    delete_all_sure=f"Les supprimer toutes pour de bon{NBSP}?",
    keep="Garder",
    private="Gardées dans ce navigateur seulement (son stockage local pour cette adresse), ni sur le "
    "serveur ni ailleurs. Qui se sert de ce navigateur peut les lire. Les plus anciennes s’en vont "
    "quand 4 millions de caractères sont pleins.",
    off="Ce navigateur ne laisse rien garder aux pages"
    f"{NBSP}: les conversations durent jusqu’à la fermeture de la page.",
    unreadable_kept=(
        "{n} conversation est illisible et laissée de côté.",
        "{n} conversations sont illisibles et laissées de côté.",
    ),
    export="Exporter",
    export_heading="Exporter cette conversation",
    markdown="Markdown",
    markdown_hint=f"À lire ou à coller{NBSP}: questions, réponses, sources avec leurs citations.",
    json="JSON",
    json_hint=f"Pour des programmes{NBSP}: chaque réponse avec ses citations, positions et scores.",
    conversation_of="Conversation du {when}",
    dropped=(
        "La conversation la plus ancienne a été supprimée pour faire de la place.",
        "Les {n} conversations les plus anciennes ont été supprimées pour faire de la place.",
    ),
    too_long="Cette conversation est trop longue pour être gardée"
    f"{NBSP}: exportez-la, ou commencez-en une autre.",
    forked="Cette conversation a continué dans un autre onglet. Ici, elle continue dans une copie.",
    deleted_elsewhere="Cette conversation a été supprimée dans un autre onglet.",
    lost=f"La connexion avec Attest est perdue{NBSP}: voyez s’il tourne encore. Dès qu’il répond, cette "
    "page revient d’elle-même, avec votre question.",
    refused=f"La question n’a pas été prise{NBSP}: trop d’autres attendent. Redemandez dans une minute.",
)

TALK = {"en": ENGLISH, "fr": FRENCH}


def talk(strings: Strings) -> TalkStrings:
    """The conversation's words in the language of the page's."""
    return TALK.get(strings.code, ENGLISH)
