"""The words of the Quality tab."""

from __future__ import annotations

from dataclasses import dataclass

from rag.ui.text import NBSP, Strings


@dataclass(frozen=True, slots=True)
class EvalStrings:
    """One language's words."""

    no_run: str
    latest: str
    of_set: tuple[str, str]
    models: str
    no_model: str
    seconds: str
    compare: str
    key: str
    all_figures: str
    column_figure: str
    column_value: str
    column_n: str
    interval: str
    lower_is_better: str
    over_runs: str
    one_run: str
    runs_aria: str
    runs: tuple[str, str]
    column_date: str
    column_set: str
    column_correct: str
    column_questions: str
    shown: str
    show: str
    worst: str
    worst_none: str
    worst_hint: str
    other_folder: str
    again: str
    again_long: str
    feedback_set: str
    why: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str], ...]

    def figure(self, name: str) -> str:
        return dict(self.figures).get(name, name)

    def reason(self, name: str) -> str:
        return dict(self.why).get(name, name)


ENGLISH = EvalStrings(
    no_run="No run yet: type rag eval in a terminal, and its figures stand here.",
    latest="How good the answers are",
    of_set=("{n} question of {name}, {date}", "{n} questions of {name}, {date}"),
    models="Models: {models}",
    no_model="none",
    seconds="An answer took {p50}, the slowest ones {p95} (p50 and p95).",
    compare="In brackets the 95% interval: two runs whose intervals overlap may be equally good.",
    key="Figures",
    all_figures="All figures",
    column_figure="What is measured",
    column_value="Result",
    column_n="Questions",
    interval="{value} [{low} to {high}]",
    lower_is_better="lower is better",
    over_runs="Over the runs of these questions",
    one_run="One run of these questions so far: the next one makes a line.",
    runs_aria="{figure} over {n} runs, the last {value}",
    runs=("{n} run", "{n} runs"),
    column_date="Date",
    column_set="Questions of",
    column_correct="Correct",
    column_questions="Asked",
    shown="shown",
    show="Show the run of {date}",
    worst="Questions that went wrong",
    worst_none="Nothing went wrong in this run.",
    worst_hint="Worst first. Ask again opens one as a new conversation.",
    other_folder="This run asked the documents in {docs}; this page answers from others.",
    again="Ask again",
    again_long="Ask again: {question}",
    feedback_set="what you said",
    why=(
        ("failed", "it failed"),
        ("premise_affirmed", "a false premise was taken for true"),
        ("answered_though_unanswerable", "answered though nothing answers it"),
        ("quote_not_exact", "a quote was not exact"),
        ("wrong", "no accepted answer in it"),
        ("other_language", "in another language"),
        ("abstained_though_answerable", "not answered though the documents do"),
        ("undecided", "accepted words and cited quote disagree"),
    ),
    figures=(
        ("evidence_recall_1", "The right quote is found first"),
        ("evidence_recall_3", "The right quote is among the first 3 found"),
        ("evidence_recall_10", "The right quote is among the first 10 found"),
        ("citation_recall", "The right quote is cited (not answered counts as not)"),
        ("citation_recall_answered", "The right quote is cited, where it answered"),
        ("citation_precision", "Cited quotes that are right ones"),
        ("correct", "Correct answers (not answered counts as not)"),
        ("crag", "Score: 1 correct, 0 not answered, −1 wrong"),
        ("answer_rate", "Answered, of all questions"),
        ("abstention_precision", "Refusals that are right"),
        ("abstention_recall", "Refused where nothing answers"),
        ("abstained_near_miss", "Refused, on the topic but not in the documents"),
        ("abstained_far_off", "Refused, about something else"),
        ("abstained_left_out", "Refused, its document left out"),
        ("false_abstention", "Refused although the documents answer"),
        ("false_premise_handled", "False premises refused or refuted"),
        ("both_sides", "Disagreements with both sides cited"),
        ("disagreement_named", "Disagreements named as such"),
        ("quotes_exact", "Quotes that are exact"),
        ("sentences_cited", "Sentences with a citation"),
        ("sentences_supported", "Sentences in own words, proven"),
        ("few_quotes", "Answers of at most 3 quotes"),
        ("quote_characters", "Characters a quote"),
        ("language_match", "In the question's language"),
    ),
)

FRENCH = EvalStrings(
    no_run=f"Aucune évaluation pour l’instant{NBSP}: tapez rag eval dans un terminal, et ses chiffres "
    "seront ici.",
    latest="Ce que valent les réponses",
    of_set=("{n} question de {name}, {date}", "{n} questions de {name}, {date}"),
    models=f"Modèles{NBSP}: {{models}}",
    no_model="aucun",
    seconds="Une réponse a pris {p50}, les plus lentes {p95} (p50 et p95).",
    compare=f"Entre crochets, l’intervalle à 95{NBSP}%{NBSP}: deux évaluations dont les intervalles se "
    "recouvrent peuvent se valoir.",
    key="Chiffres",
    all_figures="Tous les chiffres",
    column_figure="Ce qui est mesuré",
    column_value="Résultat",
    column_n="Questions",
    interval="{value} [{low} à {high}]",
    lower_is_better="le moins est le mieux",
    over_runs="D’une évaluation à l’autre, sur ces questions",
    one_run=f"Une seule évaluation de ces questions{NBSP}: la prochaine fera une ligne.",
    runs_aria=f"{{figure}}, sur {{n}} évaluations{NBSP}; la dernière{NBSP}: {{value}}",
    runs=("{n} évaluation", "{n} évaluations"),
    column_date="Date",
    column_set="Questions de",
    column_correct="Correctes",
    column_questions="Posées",
    shown="montrée",
    show="Montrer l’évaluation du {date}",
    worst="Questions qui ont mal tourné",
    worst_none="Rien n’a mal tourné dans cette évaluation.",
    worst_hint="Les pires d’abord. Redemander en ouvre une dans une nouvelle conversation.",
    other_folder=f"Cette évaluation a interrogé les documents de {{docs}}{NBSP}; cette page répond "
    "d’après d’autres.",
    again="Redemander",
    again_long=f"Redemander{NBSP}: {{question}}",
    feedback_set="ce que vous avez dit",
    why=(
        ("failed", "échec"),
        ("premise_affirmed", "une fausse prémisse a été prise pour vraie"),
        ("answered_though_unanswerable", "une réponse, alors que rien n’y répond"),
        ("quote_not_exact", "une citation n’était pas exacte"),
        ("wrong", "pas de réponse acceptée"),
        ("other_language", "dans une autre langue"),
        ("abstained_though_answerable", "pas de réponse, alors que les documents répondent"),
        ("undecided", "mots acceptés et citation en désaccord"),
    ),
    figures=(
        ("evidence_recall_1", "La bonne citation est trouvée en premier"),
        ("evidence_recall_3", "La bonne citation est parmi les 3 premières trouvées"),
        ("evidence_recall_10", "La bonne citation est parmi les 10 premières trouvées"),
        ("citation_recall", "La bonne citation est donnée (sans réponse compte comme non)"),
        ("citation_recall_answered", "La bonne citation est donnée, quand il y a réponse"),
        ("citation_precision", "Citations données qui sont bonnes"),
        ("correct", "Réponses correctes (sans réponse compte comme non)"),
        ("crag", f"Note{NBSP}: 1 correcte, 0 sans réponse, −1 fausse"),
        ("answer_rate", "Répondu, sur toutes les questions"),
        ("abstention_precision", "Refus justifiés"),
        ("abstention_recall", "Refusé quand rien ne répond"),
        ("abstained_near_miss", "Refusé, sur le sujet mais absent des documents"),
        ("abstained_far_off", "Refusé, sur autre chose"),
        ("abstained_left_out", "Refusé, document absent"),
        ("false_abstention", "Refusé alors que les documents répondent"),
        ("false_premise_handled", "Fausses prémisses refusées ou réfutées"),
        ("both_sides", "Désaccords dont les deux côtés sont cités"),
        ("disagreement_named", "Désaccords nommés comme tels"),
        ("quotes_exact", "Citations exactes"),
        ("sentences_cited", "Phrases avec une citation"),
        ("sentences_supported", "Phrases dans ses propres mots, prouvées"),
        ("few_quotes", "Réponses de 3 citations au plus"),
        ("quote_characters", "Caractères par citation"),
        ("language_match", "Dans la langue de la question"),
    ),
)

EVALS = {"en": ENGLISH, "fr": FRENCH}


def eval_words(strings: Strings) -> EvalStrings:
    return EVALS.get(strings.code, ENGLISH)
