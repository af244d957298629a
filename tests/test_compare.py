"""What is the same statement, what contradicts another, and above all what does neither."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.compare import find_disagreements, group, same_statement, signature
from rag.types import Evidence
from tests.seed_evidence import bare, everything, holding, seeds

QUOTATIONS = [
    holding("000", "ne vendraient pas"),
    holding("001", "il ne vendra pas"),
    holding("003", "elle ne vendrait pas"),
    holding("004", "il ne vendrait pas"),
]


def test_the_microsoft_quotation_of_four_files_is_one_statement() -> None:
    for a in QUOTATIONS:
        for b in QUOTATIONS:
            assert same_statement(a.sentence.text, b.sentence.text, "fr", "fr")


def test_the_seeds_hold_two_statements_that_stand_in_several_files() -> None:
    items = everything()
    groups = group([signature(item.sentence.text, "fr") for item in items])
    assert [
        [items[i].sentence.source[:3] for i in members] for members in groups if len(members) > 1
    ] == [["000", "001", "003", "004"], ["000", "003", "004"]]
    assert sorted(i for members in groups for i in members) == list(range(len(items)))


SAME = [
    ("TiTok a fermé ses bureaux de Londres.", "TikTok a fermé ses bureaux de Londres."),
    ("La société a vendu l'usine de Lyon.", "L'entreprise a vendu l'usine de Lyon."),
    ("Le maire de Lyon a vendu l’usine.", "Le maire de Lyon a vendu l'usine"),
    ("Le taux de Lyon atteint 8 %.", "Le taux de Lyon atteint huit pour cent."),
    ("Il a déclaré à Lyon qu'il ne vendra pas l'usine.",
     "Elle a déclaré à Lyon qu'elle ne vendrait pas l'usine."),
    ("« Nous ne vendrons pas Lyon », a dit Paul.", "« Nous ne vendrons pas Lyon », a affirmé Paul."),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), SAME)
def test_same(a: str, b: str) -> None:
    assert same_statement(a, b, "fr", "fr") and same_statement(b, a, "fr", "fr")


DIFFERENT = [
    # numbers, dates, names, negation, hedges
    ("Le musée de Lyon a reçu 12 000 personnes.", "Le musée de Lyon a reçu 13 000 personnes."),
    ("Le musée de Lyon ouvre le 3 mai.", "Le musée de Lyon ouvre le 4 mai."),
    ("Le musée de Lyon ouvre lundi matin.", "Le musée de Lyon ouvre mardi matin."),
    ("Le musée de Lyon a fermé hier.", "Le musée de Nice a fermé hier."),
    ("Le musée de Lyon a fermé hier.", "Le musée de Lyon n'a pas fermé hier."),
    ("Le musée de Lyon a fermé hier.", "Le musée de Lyon aurait fermé hier."),
    ("Le musée de Lyon fermera demain.", "Le musée de Lyon pourrait fermer demain."),
    ("Le musée de Lyon ferme.", "Le musée de Lyon doit fermer."),
    ("Microsoft a racheté Oracle hier soir.", "Oracle a racheté Microsoft hier soir."),
    ("Microsoft a acheté TikTok en Chine.", "Microsoft a vendu TikTok en Chine."),
    ("Oracle a été racheté par Microsoft.", "Oracle a racheté Microsoft."),
    ("Plus de 3 millions d'euros ont été versés.", "Moins de 3 millions d'euros ont été versés."),
    # names one letter apart
    ("Le juge Dupont a signé l'accord hier.", "Le juge Dupond a signé l'accord hier."),
    ("Le juge Martin a signé l'accord hier.", "Le juge Marin a signé l'accord hier."),
    ("Le Niger a signé l'accord de paix.", "Le Nigeria a signé l'accord de paix."),
    ("L'Iran a signé l'accord de paix.", "L'Irak a signé l'accord de paix."),
    # asserted and quoted; another speaker
    ("Le port de Lyon ferme ce soir.", "« Le port de Lyon ferme ce soir », a dit Paul."),
    ("« Le port de Lyon ferme ce soir », a dit Anne.",
     "« Le port de Lyon ferme ce soir », a dit Paul."),
    # too short, or about who knows whom
    ("Il a démissionné.", "Elle a démissionné."),
    ("Il a quitté la ville avec sa femme.", "Elle a quitté la ville avec sa femme."),
    # an added word
    ("L'ancien maire de Lyon a signé l'accord.", "Le maire de Lyon a signé l'accord."),
    ("Le maire de Lyon a signé l'accord.", "Le maire de Lyon a presque signé l'accord."),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different(a: str, b: str) -> None:
    assert not same_statement(a, b, "fr", "fr") and not same_statement(b, a, "fr", "fr")


def test_the_other_language_is_another_statement() -> None:
    assert not same_statement("Microsoft Oracle TikTok Xbox", "Microsoft Oracle TikTok Xbox",
                              "fr", "en")  # fmt: skip


@given(st.text(max_size=120), st.text(max_size=120), st.sampled_from(["fr", "en", "und"]))
@settings(max_examples=200, deadline=None)
def test_reflexive_and_symmetric(a: str, b: str, language: str) -> None:
    assert same_statement(a, a, language, language)
    assert same_statement(a, b, language, language) == same_statement(b, a, language, language)


WORDS = ["Oracle", "Microsoft", "a", "n'a pas", "racheté", "vendu", "12", "13", "à", "le port",
         "de Lyon", "aurait", "par", "le 3 mai", "le 4 mai"]  # fmt: skip
made = st.lists(st.sampled_from(WORDS), min_size=4, max_size=9).map(" ".join)


@given(made, made)
@settings(max_examples=400, deadline=None)
def test_same_statements_have_the_same_facts(a: str, b: str) -> None:
    if same_statement(a, b, "fr", "fr"):
        one, two = signature(a, "fr"), signature(b, "fr")
        assert [(s.kind, s.key) for s in one.slots] == [(s.kind, s.key) for s in two.slots]
        assert (one.negations, one.hedges) == (two.negations, two.hedges)


@given(st.lists(made, max_size=8))
@settings(max_examples=100, deadline=None)
def test_groups_hold_each_index_once_in_order(texts: list[str]) -> None:
    groups = group([signature(text, "fr") for text in texts])
    assert sorted(i for members in groups for i in members) == list(range(len(texts)))
    assert all(members == sorted(members) for members in groups)
    assert [members[0] for members in groups] == sorted(members[0] for members in groups)
    for members in groups:
        assert all(same_statement(texts[members[0]], texts[i], "fr", "fr") for i in members)


def test_comparing_is_cheap() -> None:
    signatures = [signature(f"Le musée numéro {n} de Lyon a reçu {n} personnes.", "fr")
                  for n in range(400)]  # fmt: skip
    started = time.process_time()
    assert len(group(signatures)) == 400
    assert time.process_time() - started < 2  # 80,000 comparisons


# --- disagreements ------------------------------------------------------------------------

Read = list[tuple[str, list[tuple[str, list[str]]]]]


def conflicts(evidence: list[Evidence], language: str = "en") -> Read:
    return [
        (conflict.about, [(v, [e.sentence.source[:3] for e in items]) for v, items in conflict.values])
        for conflict in find_disagreements(evidence, language)
    ]  # fmt: skip


def pair(
    a: str, b: str, languages: str = "fr fr", answer: str = "en", dates: tuple[str | None, ...] = (None, None)
) -> Read:  # fmt: skip
    one, two = languages.split()
    return conflicts([bare(a, one, "a.txt", dates[0]), bare(b, two, "b.txt", dates[1])], answer)


def test_the_seeds_disagree_about_the_deadline_and_nothing_else() -> None:
    assert conflicts(everything()) == [
        (
            "the deadline",
            [
                ("20 September", ["000"]),
                ("15 September (set by President Trump)", ["001"]),
                ("15 September 2020 (Microsoft's own aim)", ["002", "003"]),
            ],
        )
    ]
    assert conflicts(everything(), "fr") == [
        (
            "la date limite",
            [
                ("20 septembre", ["000"]),
                ("15 septembre (fixée par le président Trump)", ["001"]),
                ("15 septembre 2020 (objectif de Microsoft)", ["002", "003"]),
            ],
        )
    ]


def test_the_deadline_sentences_alone_disagree_too() -> None:
    """Their neighbours say that it is the same sale."""
    four = [
        holding("000", "avant le 20 septembre"),
        holding("001", "date limite du 15 septembre"),
        holding("002", "d’ici le 15 septembre"),
        holding("003", "au plus tard le 15 septembre"),
    ]
    assert [len(values) for _, values in conflicts(four)] == [3]
    assert [v for v, _ in conflicts(four[:2])[0][1]] == [
        "20 September",
        "15 September (set by President Trump)",
    ]


def test_one_file_alone_has_no_disagreement_about_its_deadline() -> None:
    for number in ("000", "001", "002", "003", "004"):
        assert conflicts(seeds()[number]) == []


ALARMS = [
    ("Le musée a accueilli 12 000 visiteurs en 2019.", "Le musée a accueilli 15 000 visiteurs en 2019.",
     "fr fr", "the number", ["12,000", "15,000"]),
    ("The museum had 12,000 visitors in 2019.", "The museum had 15,000 visitors in 2019.",
     "en en", "the number of visitors", ["12,000", "15,000"]),
    ("Le taux de chômage a atteint 8,1 % en 2019.", "Le taux de chômage a atteint 9,4 % en 2019.",
     "fr fr", "the percentage", ["8.1%", "9.4%"]),
    ("La tour a été inaugurée le 3 mai 1990.", "La tour a été inaugurée le 4 mai 1990.",
     "fr fr", "the date", ["3 May 1990", "4 May 1990"]),
    ("Gustave Eiffel est né en 1832.", "Gustave Eiffel est né en 1834.",
     "fr fr", "the date", ["1832", "1834"]),
    ("L'offre a été rejetée par ByteDance.", "L'offre a été rejetée par Oracle.",
     "fr fr", "the name", ["ByteDance", "Oracle"]),
    ("Le directeur de l'usine est Paul Durand.", "Le directeur de l'usine est Marc Petit.",
     "fr fr", "the name", ["Paul Durand", "Marc Petit"]),
    ("La mairie de Lyon a signé l'accord.", "La mairie de Lyon n'a pas signé l'accord.",
     "fr fr", "this statement", ["affirmed", "denied"]),
    ("Le Louvre a accueilli 12 000 visiteurs à Paris en 2019.",
     "The Louvre welcomed 15,000 visitors in Paris in 2019.",
     "fr en", "the number", ["12,000", "15,000"]),
    ("Apple a payé 3 millions d'euros à Beats en 2014.",
     "Apple paid 4 million euros to Beats in 2014.",
     "fr en", "the amount", ["3,000,000 EUR", "4,000,000 EUR"]),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "languages", "about", "values"), ALARMS)
def test_disagreements(a: str, b: str, languages: str, about: str, values: list[str]) -> None:
    found = pair(a, b, languages)
    assert found == [(about, [(values[0], ["a.t"]), (values[1], ["b.t"])])]


def test_disagreements_are_written_in_the_answer_s_language() -> None:
    found = pair(*ALARMS[0][:2], answer="fr")
    assert found == [
        ("le nombre de visiteurs", [("12\u202f000", ["a.t"]), ("15\u202f000", ["b.t"])])
    ]


NO_ALARM = [
    # another year, subject, unit, place: another thing
    ("Le musée a accueilli 12 000 visiteurs en 2019.", "Le musée a accueilli 15 000 visiteurs en 2020."),
    ("Le musée a accueilli 12 000 visiteurs en 2019.", "Le port a accueilli 15 000 visiteurs en 2019."),
    ("Le Louvre a reçu 12 000 personnes en 2019.", "Orsay a reçu 15 000 personnes en 2019."),
    ("Le musée a reçu 12 000 visiteurs en 2019.", "Le musée a reçu 15 000 euros en 2019."),
    ("Le taux a atteint 8 % en 2019.", "Le taux a atteint 9 points en 2019."),
    ("Le musée de Lyon a reçu 12 000 visiteurs.", "Le musée de Nice a reçu 15 000 visiteurs."),
    # the same value, rounded, or bounded
    ("Le musée a reçu 12 000 visiteurs en 2019.", "Le musée a reçu 12.000 visiteurs en 2019."),
    ("Le musée a reçu 12 000 visiteurs en 2019.", "Le musée a reçu 12 123 visiteurs en 2019."),
    ("Le musée a reçu près de 12 000 visiteurs en 2019.", "Le musée a reçu 11 800 visiteurs en 2019."),
    ("Le musée a reçu plus de 12 000 visiteurs en 2019.", "Le musée a reçu 15 000 visiteurs en 2019."),
    ("Le musée a reçu moins de 20 000 visiteurs en 2019.", "Le musée a reçu 15 000 visiteurs en 2019."),
    ("Le prix a atteint deux euros en 2019.", "Le prix a atteint 2 euros en 2019."),
    # a part of the whole
    ("Le musée a reçu 900 visiteurs, dont 300 enfants.", "Le musée a reçu 900 visiteurs, dont 200 hommes."),
    ("Le musée a reçu 900 visiteurs, dont 300 enfants.", "Le musée a reçu 900 visiteurs, dont 250 enfants."),
    # what may happen again, or have several
    ("Le festival a lieu en 2019.", "Le festival a lieu en 2020."),
    ("Paul Durand a gagné le tournoi en 2019.", "Paul Durand a gagné le tournoi en 2020."),
    ("Oracle a signé un accord avec Microsoft.", "Oracle a signé un accord avec Walmart."),
    ("L'offre vient de Microsoft et du maire.", "L'offre vient de Walmart et du maire."),
    ("Microsoft a quitté la salle hier.", "Oracle a quitté la salle hier."),
    ("L'un des acheteurs, notamment, est Oracle.", "L'un des acheteurs, notamment, est Walmart."),
    ("Le directeur de l'usine est Durand.", "Le directeur de l'usine est Paul Durand."),
    # labels and ordinals
    ("L'article 12 de la loi interdit la vente.", "L'article 15 de la loi interdit la vente."),
    ("La page 3 du rapport parle de Lyon.", "La page 4 du rapport parle de Lyon."),
    ("Le troisième accord de Lyon est signé.", "Le deuxième accord de Lyon est signé."),
    # dates of other precision
    ("La tour a été inaugurée en mai 1990.", "La tour a été inaugurée le 4 mai 1990."),
    ("La tour a été inaugurée le 4 mai.", "La tour a été inaugurée le 4 mai 1990."),
    # said of "it" and "them": of whom?
    ("Il a reçu 12 000 euros en 2019.", "Il a reçu 15 000 euros en 2019."),
    ("Elle est née en 1990.", "Elle est née en 1991."),
    # one hedged, one quoted
    ("La tour a été inaugurée le 3 mai 1990.", "La tour aurait été inaugurée le 4 mai 1990."),
    ("La tour mesure 300 mètres au total.", "« La tour mesure 320 mètres au total », a dit Paul."),
    # deadlines of other matters, and dates that are no deadline
    ("Le rapport doit être rendu avant le 3 mai.", "La facture doit être payée avant le 4 juin."),
    ("Paul Durand doit signer le bail avant le 3 mai.", "Anne Petit doit rendre la clé avant le 4 juin."),
    ("Rien ne s'est passé avant le 3 mai.", "La date limite du 4 juin est passée."),
    ("La vente a eu lieu avant le 3 mai.", "La vente a eu lieu avant le 4 juin."),
    # negation of something else
    ("La mairie de Lyon a signé l'accord.", "La mairie de Nice n'a pas signé l'accord."),
    ("La mairie de Lyon a signé l'accord.", "La mairie de Lyon n'a pas lu l'accord."),
    ("Ferme-t-il le port de Lyon en 2019 ?", "Ferme-t-il le port de Lyon en 2020 ?"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), NO_ALARM)
def test_no_false_alarm(a: str, b: str) -> None:
    assert pair(a, b) == [] == pair(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Le Louvre a reçu 12 000 visiteurs à Paris.", "The Prado had 15,000 visitors in Madrid."),
        ("Le Louvre a reçu 12 000 visiteurs à Paris.", "The Louvre in Paris has 15,000 paintings."),
        ("Le Louvre a reçu 12 000 visiteurs à Paris en 2019.",
         "The Louvre had 15,000 visitors in Paris in 2020."),
        ("Le Louvre a reçu 12 000 visiteurs à Paris.", "The Louvre in Paris had 12,000 visitors."),
        ("Le Louvre a reçu 12 000 visiteurs.", "The Louvre had 15,000 visitors."),
        ("Apple a payé 3 millions d'euros à Beats.", "Apple paid 3 million dollars to Beats."),
        ("Apple a payé 3 millions d'euros à Beats.", "Apple did not pay 4 million euros to Beats."),
        ("Apple a payé 3 millions d'euros à Beats.", "Apple would pay 4 million euros to Beats."),
    ],
)  # fmt: skip
def test_no_false_alarm_across_languages(a: str, b: str) -> None:
    assert pair(a, b, "fr en") == [] == pair(b, a, "en fr")


def test_counts_of_other_years_are_no_disagreement_and_dated_ones_are() -> None:
    then, now = "TikTok a 800 millions de clients.", "TikTok a 900 millions de clients."
    assert pair(then, now, dates=("2019-05", "2020-09")) == []
    assert len(pair(then, now, dates=("2020-05", "2020-09"))) == 1
    assert len(pair(then, now, dates=("2020-05", None))) == 1
    a, b = ALARMS[0][:2]
    assert len(pair(a, b, dates=("2019-05", "2020-09"))) == 1


def test_a_statement_and_its_denial_later_on_are_no_disagreement() -> None:
    a, b = "La mairie de Lyon a signé l'accord.", "La mairie de Lyon n'a pas signé l'accord."
    assert pair(a, b, dates=("2020-10", "2020-09")) == []
    assert len(pair(a, b, dates=("2020-09", "2020-09"))) == 1


def test_three_values_and_two_files_of_one_value() -> None:
    texts = {"a.txt": "12 000", "b.txt": "15 000", "c.txt": "12 000", "d.txt": "19 500"}
    found = conflicts(
        [bare(f"Le musée a accueilli {n} visiteurs en 2019.", "fr", s) for s, n in texts.items()]
    )
    assert found == [
        ("the number", [("12,000", ["a.t", "c.t"]), ("15,000", ["b.t"]), ("19,500", ["d.t"])])
    ]


@given(st.lists(made, max_size=6), st.sampled_from(["en", "fr", "de"]))
@settings(max_examples=200, deadline=None)
def test_conflicts_have_two_values_each_with_evidence_in_any_order(
    texts: list[str], language: str
) -> None:
    evidence = [bare(text, "fr", f"{n}.txt") for n, text in enumerate(texts)]
    forward = find_disagreements(evidence, language)
    assert forward == find_disagreements(evidence, language)
    for conflict in forward:
        assert len(conflict.values) >= 2 and conflict.about
        assert all(value and items for value, items in conflict.values)
        assert len({value for value, _ in conflict.values}) == len(conflict.values)
    backward = find_disagreements(evidence[::-1], language)
    assert {c.about for c in forward} == {c.about for c in backward}
