"""The words of what people say about answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rag.ui.text import NBSP, Strings


@dataclass(frozen=True, slots=True)
class FeedbackStrings:
    """One language's words; the browser's script gets them all (`for_browser`), and fills braces."""

    good: str
    bad: str
    heading: str
    which: str
    reasons: tuple[tuple[str, str], ...]
    """By `eval.feedback.REASONS`, in the order shown."""
    note: str
    quote: str
    quote_refutes: str
    quote_hint: str
    search: str
    search_button: str
    nothing: str
    use: str
    document: str
    choose: str
    text: str
    text_hint: str
    earlier: str
    later: str
    part: str
    chosen: str
    remove: str
    too_long: str
    here_only: str
    cancel: str
    keep: str
    keeping: str
    choose_reason: str
    kept_up: str
    kept_down: str
    kept_unsettled: str
    undo: str
    undone: str
    failed: str

    heading_list: str
    list_hint: str
    none_yet: str
    entries: tuple[str, str]
    said_good: str
    unsettled: str
    delete: str
    delete_long: str
    gone: str

    def for_browser(self) -> dict[str, object]:
        return asdict(self)

    def reason(self, name: str) -> str:
        return dict(self.reasons).get(name, name)


ENGLISH = FeedbackStrings(
    good="Good answer (answer {n})",
    bad="Something is wrong (answer {n})",
    heading="What was wrong?",
    which="Choose one",
    reasons=(
        ("wrong", "It is wrong"),
        ("incomplete", "Something is missing"),
        ("not_in_sources", "The documents don't say so"),
        ("should_have_answered", "It should have answered"),
        ("should_not_have_answered", "It should not have answered"),
        ("language", "It is in the wrong language"),
        ("other", "Something else"),
    ),
    note="A line about it, if you like",
    quote="The right quote, if you know it",
    quote_refutes="The quote that shows why not, if there is one",
    quote_hint="Search for it, or choose a document and select it in the text, with the mouse or with "
    "Shift and the arrow keys.",
    search="Words of the quote",
    search_button="Find",
    nothing="Nothing found: choose the document below.",
    use="This one",
    document="Document",
    choose="Choose a document…",
    text="Text of {title}",
    text_hint="Select the quote here.",
    earlier="Earlier part",
    later="Later part",
    part="Characters {start} to {end} of {length}",
    chosen="Chosen",
    remove="Remove",
    too_long="That is a long quote: select at most {n} characters.",
    here_only="Kept on this machine, nowhere else; rag eval --set feedback runs it.",
    cancel="Cancel",
    keep="Keep",
    keeping="Keeping…",
    choose_reason="Choose what was wrong first.",
    kept_up="Kept as a good answer.",
    kept_down="Kept. The eval will ask this again.",
    kept_unsettled="Kept. Without the right quote the eval can't run it.",
    undo="Undo",
    undone="Deleted.",
    failed="That could not be kept: is Attest still running?",
    heading_list="What you said",
    list_hint="Said under answers, kept in the index's folder on this machine, and run by rag eval "
    "--set feedback.",
    none_yet="Nothing yet: the thumbs under an answer say whether it was good.",
    entries=("{n} entry", "{n} entries"),
    said_good="Good answer",
    unsettled="not run by the eval: no right quote",
    delete="Delete",
    delete_long="Delete what was said of: {question}",
    gone="It is deleted already.",
)

FRENCH = FeedbackStrings(
    good="Bonne réponse (réponse {n})",
    bad="Quelque chose ne va pas (réponse {n})",
    heading=f"Qu’est-ce qui n’allait pas{NBSP}?",
    which="Choisissez",
    reasons=(
        ("wrong", "C’est faux"),
        ("incomplete", "Il manque quelque chose"),
        ("not_in_sources", "Les documents ne le disent pas"),
        ("should_have_answered", "Il fallait répondre"),
        ("should_not_have_answered", "Il ne fallait pas répondre"),
        ("language", "La langue n’est pas la bonne"),
        ("other", "Autre chose"),
    ),
    note="Une ligne à ce sujet, si vous voulez",
    quote="La bonne citation, si vous la connaissez",
    quote_refutes="La citation qui montre pourquoi, s’il y en a une",
    quote_hint="Cherchez-la, ou choisissez un document et sélectionnez-la dans le texte, à la souris ou "
    "avec Maj et les flèches.",
    search="Des mots de la citation",
    search_button="Trouver",
    nothing=f"Rien trouvé{NBSP}: choisissez le document ci-dessous.",
    use="Celle-ci",
    document="Document",
    choose="Choisir un document…",
    text="Texte de {title}",
    text_hint="Sélectionnez la citation ici.",
    earlier="Partie précédente",
    later="Partie suivante",
    part="Caractères {start} à {end} sur {length}",
    chosen="Choisie",
    remove="Enlever",
    too_long=f"C’est une longue citation{NBSP}: sélectionnez au plus {{n}} caractères.",
    here_only=f"Gardé sur cette machine et nulle part ailleurs{NBSP}; rag eval --set feedback s’en sert.",
    cancel="Annuler",
    keep="Garder",
    keeping="En cours…",
    choose_reason="Choisissez d’abord ce qui n’allait pas.",
    kept_up="Gardé comme bonne réponse.",
    kept_down="Gardé. L’évaluation reposera la question.",
    kept_unsettled="Gardé. Sans la bonne citation, l’évaluation ne peut pas s’en servir.",
    undo="Annuler",
    undone="Supprimé.",
    failed=f"Cela n’a pas pu être gardé{NBSP}: Attest tourne-t-il encore{NBSP}?",
    heading_list="Ce que vous avez dit",
    list_hint="Dit sous les réponses, gardé dans le dossier de l’index sur cette machine, et utilisé par "
    "rag eval --set feedback.",
    none_yet=f"Rien pour l’instant{NBSP}: les pouces sous une réponse disent si elle était bonne.",
    entries=("{n} entrée", "{n} entrées"),
    said_good="Bonne réponse",
    unsettled=f"pas utilisé par l’évaluation{NBSP}: pas de bonne citation",
    delete="Supprimer",
    delete_long=f"Supprimer ce qui a été dit de{NBSP}: {{question}}",
    gone="C’est déjà supprimé.",
)

FEEDBACK = {"en": ENGLISH, "fr": FRENCH}


def feedback_words(strings: Strings) -> FeedbackStrings:
    return FEEDBACK.get(strings.code, ENGLISH)
