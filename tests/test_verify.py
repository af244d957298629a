"""No unproven sentence may be shown: lies by hand over the seeds, truths, and properties."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.facts import names, numbers
from rag.fakes import MemoryLexicon
from rag.models.lexicon import NumpyLexicon
from rag.protocols import Scores
from rag.types import Evidence, Passage
from rag.verify import (
    broken_rules,
    malformed,
    reasons,
    strip_markers,
    verify,
)
from tests.seed_evidence import Yes, bare, everything, holding, seeds
from tests.seed_statements import EXTRACTS, LIES, ONLY_A_JUDGE, TRUTHS

LEXICON = Path(__file__).parent.parent / "models" / "lexicon"
THRESHOLD = 0.9


class Fixed:
    """A judge with one opinion, which remembers what it was asked."""

    name = "fixed"

    def __init__(self, support: float, threshold: float = THRESHOLD) -> None:
        self.value, self.support_threshold = support, threshold
        self.asked: list[tuple[str, str]] = []

    def relevance(self, question: str, passages: Sequence[Passage]) -> Scores:
        return np.zeros(len(passages))

    def support(self, evidence: str, statements: Sequence[str]) -> Scores:
        self.asked += [(evidence, statement) for statement in statements]
        return np.full(len(statements), self.value)


def test_the_table_is_large_enough() -> None:
    assert len({text for _, _, text in LIES}) == len(LIES) >= 130
    assert len(EXTRACTS) + len(TRUTHS) >= 38
    assert {text for _, _, text in LIES} >= ONLY_A_JUDGE
    lies = {(language, text) for language, _, text in LIES}
    assert not lies & {*TRUTHS, *(("fr", text) for text in EXTRACTS)}


@pytest.mark.parametrize(("language", "kind", "lie"), LIES)
def test_no_lie_is_an_extract_of_any_seed(language: str, kind: str, lie: str) -> None:
    assert verify(lie, language, everything(), None) is None


def test_what_rules_alone_refuse_from_a_judge_that_believes_everything() -> None:
    shown = {text for tongue, _, text in LIES if verify(text, tongue, everything(), Yes())}
    assert shown == ONLY_A_JUDGE


def test_with_a_dictionary_no_lie_passes_even_a_judge_that_believes_everything() -> None:
    lexicon = NumpyLexicon(LEXICON)
    assert not [
        text
        for tongue, _, text in LIES
        if verify(text, tongue, everything(), Yes(), lexicon=lexicon)
    ]


@pytest.mark.parametrize("truth", EXTRACTS)
def test_extracts_need_no_judge(truth: str) -> None:
    proof = verify(truth, "fr", everything(), None)
    assert proof is not None and 0 < proof.score <= 1
    # and a judge that believes nothing doesn't take them away
    assert verify(truth, "fr", everything(), Fixed(0.0)) == proof


@pytest.mark.parametrize(("language", "truth"), TRUTHS)
def test_truths_pass_the_rules(language: str, truth: str) -> None:
    assert verify(truth, language, everything(), Yes()) is not None
    assert verify(truth, language, everything(), None) is None
    assert verify(truth, language, everything(), Fixed(THRESHOLD - 0.01)) is None


def test_the_threshold_is_inclusive_and_no_number_is_no_support() -> None:
    item = holding("004", "ByteDance refuse de céder")
    truth = "ByteDance refuses to give up TikTok to Microsoft."
    proof = verify(truth, "en", [item], Fixed(THRESHOLD))
    assert proof is not None and proof.score == THRESHOLD and proof.evidence is item
    assert verify(truth, "en", [item], Fixed(float("nan"))) is None


def test_each_judge_has_its_own_threshold() -> None:
    item = holding("004", "ByteDance refuse de céder")
    truth = "ByteDance refuses to give up TikTok to Microsoft."
    for threshold, shown in ((0.3, True), (0.6, True), (0.61, False), (0.95, False)):
        proof = verify(truth, "en", [item], Fixed(0.6, threshold))
        assert (proof is not None) is shown, threshold


def test_a_judge_reads_the_quote_and_is_asked_only_when_the_rules_hold() -> None:
    judge = Fixed(1.0)
    item = holding("004", "ByteDance refuse de céder")
    verify("ByteDance refuses to give up TikTok to Google.", "en", [item], judge)
    verify("ByteDance refuse de céder TikTok à Microsoft.", "fr", [item], judge)
    assert judge.asked == []
    verify("ByteDance refuses to give up TikTok to Microsoft.", "en", [item], judge)
    assert judge.asked == [(item.place.quote, "ByteDance refuses to give up TikTok to Microsoft.")]


def test_score_of_an_extract_is_the_share_kept() -> None:
    item = bare("Le musée, qui domine la ville, a fermé ses portes.", "fr")
    whole = verify("Le musée, qui domine la ville, a fermé ses portes.", "fr", [item], None)
    part = verify("Le musée a fermé ses portes.", "fr", [item], None)
    assert whole is not None and whole.score == 1.0
    assert part is not None and part.score == 6 / 10


def test_the_best_proof_wins_and_hints_only_break_ties() -> None:
    whole = bare("Le musée a fermé ses portes.", "fr", "b.txt")
    longer = bare("Le musée, qui domine la ville, a fermé ses portes.", "fr", "a.txt")
    twin = bare("Le musée a fermé ses portes.", "fr", "c.txt")

    def source(evidence: list[Evidence], *hints: int) -> str:
        proof = verify("Le musée a fermé ses portes.", "fr", evidence, None, hints)
        assert proof is not None
        return proof.evidence.sentence.source

    assert source([longer, whole, twin]) == "b.txt"
    assert source([longer, whole, twin], 3) == "c.txt"
    assert source([longer, whole, twin], 1, 99) == "b.txt"


def test_one_piece_of_evidence_must_prove_all_of_it() -> None:
    a = bare("Marie Curie est née à Varsovie.", "fr", "a.txt")
    b = bare("Marie Curie a étudié à Paris.", "fr", "b.txt")
    assert verify("Marie Curie, née à Varsovie, a étudié à Paris.", "fr", [a, b], Yes()) is None


def test_no_evidence_proves_nothing() -> None:
    assert verify("ByteDance refuse de céder TikTok à Microsoft.", "fr", [], Yes()) is None


@pytest.mark.parametrize(
    ("source", "part"),
    [
        # What is left out would have changed what is left.
        ("Le maire a démissionné, sauf erreur de notre part.", "Le maire a démissionné."),
        ("Le maire a démissionné, selon la presse locale.", "Le maire a démissionné."),
        ("Le maire a démissionné, ce qui est faux.", "Le maire a démissionné."),
        ("Le maire a démissionné, a affirmé son rival.", "Le maire a démissionné."),
        ("Le maire a démissionné, avant de revenir.", "Le maire a démissionné."),
        ("Si la loi passe, le maire démissionne.", "Le maire démissionne."),
        ("L'ancien maire, qui aurait menti, a démissionné.", "L'ancien maire a démissionné."),
        ("L'épouse du maire, Anne Durand, a démissionné.", "Anne Durand a démissionné."),
        ("Le maire, et son adjoint, ont démissionné hier.", "Le maire ont démissionné hier."),
        ("Au Canada, la vente est interdite.", "La vente est interdite."),
        ("En 1990, la ville comptait un port.", "La ville comptait un port."),
        ("Le port, la gare et le pont ont fermé.", "Le port ont fermé."),
        ("Le maire accuse Paul, le juge, de vol.", "Paul, le juge, de vol."),
        ("Le maire a menti, Paul a dit la vérité.", "Le maire a dit la vérité."),
        ("En vendant le port, la ville serait ruinée.", "La ville serait ruinée."),
        ("Paul, Anne, Jean et Marc sont arrivés.", "Paul, Jean et Marc sont arrivés."),
        # what comes next would lean on something else
        ("Il a rejoint le parti, qui combat la ligue, qui vole la loi.",
         "Il a rejoint le parti, qui vole la loi."),
        ("Le livre est d'Anne, une amie de Jean, née à Lyon.", "Le livre est d'Anne, née à Lyon."),
        ("Le maire, en lisant la lettre (de sa mère), a pleuré.", "Le maire (de sa mère) a pleuré."),
        ("Les villes (Lyon, Nice, Metz) ont voté.", "Les villes (Lyon, Metz) ont voté."),
        ("Il aime Anne, alors que Paul aime Marie, reine de France.",
         "Il aime Anne, reine de France."),
        ("Six villes, les ports de Brest, Lyon et Nice votant seules, ont voté.",
         "Six villes, Lyon et Nice votant seules, ont voté."),
        ("Toutefois le livre est cité par Anne, un livre apocryphe.", "Un livre apocryphe."),
        ("Financée par Lyon, la ville et la région, l'école (un lycée) est publique.",
         "Financée par Lyon, la ville et la région, est publique."),
        ("Malgré Paul, le maire de Lyon, Anne a gagné.", "Le maire de Lyon, Anne a gagné."),
        ("Le prix (hors taxes) est monté hier.", "Le prix est monté hier."),
        ("Il veut la paix, ou la guerre.", "Il veut la paix."),
        # the subject after an adverbial is no apposition
        ("Hier soir, Oracle, qui dort, a gagné.", "Hier soir, qui dort, a gagné."),
        ("Le mois dernier, le maire, qui dort, a gagné.", "Le mois dernier, a gagné."),
        ("Malgré la pluie, le maire, qui dort, a gagné.", "Malgré la pluie, qui dort, a gagné."),
    ],
)  # fmt: skip
def test_extracts_that_leave_out_too_much(source: str, part: str) -> None:
    assert verify(part, "fr", [bare(source, "fr")], None) is None


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("Le maire, qui vit au port, a démissionné.", "Le maire a démissionné."),
        ("Le maire a démissionné, car la ville est ruinée.", "Le maire a démissionné."),
        ("Le maire (au centre) a démissionné hier.", "Le maire a démissionné hier."),
        ("Toutefois, le maire a démissionné hier.", "Le maire a démissionné hier."),
        ("Malgré les cris, le maire a parlé.", "Le maire a parlé."),
        ("Paul Durand, le maire de la ville, a démissionné.", "Paul Durand a démissionné."),
        (
            "Le maire de la ville, Paul Durand, a démissionné.",
            "Le maire de la ville a démissionné.",
        ),
        ("Il a parlé, tout en marchant.", "Il a parlé."),
    ],
)
def test_extracts_that_leave_out_an_aside(source: str, part: str) -> None:
    proof = verify(part, "fr", [bare(source, "fr")], None)
    assert proof is not None and proof.score < 1


def test_english_extracts() -> None:
    item = bare("The mayor, who lives by the harbour, resigned because the city is broke.", "en")
    assert verify("The mayor resigned because the city is broke.", "en", [item], None) is None
    other = bare("The mayor, who lives by the harbour, has resigned.", "en")
    assert verify("The mayor has resigned.", "en", [other], None)
    third = bare("It paid for Apollo, which used Skylab, a space station for three.", "en")
    assert verify("It paid for Apollo, a space station for three.", "en", [third], None) is None
    cut = bare("Moreover, the Doctor of Pharmacy (Pharm.", "en")
    assert verify("Moreover, the Doctor of Pharmacy.", "en", [cut], None) is None
    assert verify("The mayor resigned.", "en", [item], None) is None
    assert verify("The mayor, who lives by the harbour.", "en", [item], None) is None


@pytest.mark.parametrize(
    ("statement", "language", "wrong"),
    [
        ("One line.\nAnother line of it.", "en", "more than one line"),
        ("It is said in [2] that it rains.", "en", "a marker is left in it"),
        ("Is it raining in the city?", "en", "a question"),
        ("It rains.", "en", "fewer than three words"),
        ("It is what it was.", "en", "fewer than three words"),
        ("Answer: it rains in the city.", "en", "speaks of the prompt"),
        ("- It rains in the city.", "en", "a list or markup"),
        ("1. It rains in the city.", "en", "a list or markup"),
        ("It rains in the ci", "en", "doesn't end as a sentence does"),
        ("It rains in the city. Snow falls too.", "en", "more than one sentence"),
        ("It rains rains rains in the city.", "en", "repeats itself"),
        ("It rains in the city.", "fr", "in en, not in fr"),
        ("Il pleut dans la ville.", "en", "in fr, not in en"),
        ("Il pleut dans la ville.", "fr", None),
        ("M. Trump a signé des décrets.", "fr", None),
        ("It rains in the U.S. capital.", "en", None),
        ("« Il pleut », a dit le maire.", "fr", None),
    ],
)
def test_malformed(statement: str, language: str, wrong: str | None) -> None:
    assert malformed(statement, language) == wrong


@pytest.mark.parametrize(
    ("text", "bare_text", "hints"),
    [
        ("Il pleut [2].", "Il pleut.", (2,)),
        ("Il pleut. [2][3]", "Il pleut.", (2, 3)),
        ("Il pleut [1, 4] à Paris [1].", "Il pleut à Paris.", (1, 4)),
        ("[1] [2] [99]", "", (1, 2, 99)),
        ("Il pleut.", "Il pleut.", ()),
        ("Il pleut [sic].", "Il pleut [sic].", ()),
    ],
)
def test_strip_markers(text: str, bare_text: str, hints: tuple[int, ...]) -> None:
    assert strip_markers(text) == (bare_text, hints)


def test_reasons_name_what_is_wrong() -> None:
    item = holding("004", "ByteDance refuse de céder")
    said = reasons("ByteDance refuse de céder TikTok à Google.", "fr", [item])
    assert said == [(item, ("name Google",))]
    assert reasons("ByteDance refuse de céder TikTok à Microsoft.", "fr", [item]) == [(item, ())]
    other = reasons("Is it so that TikTok rains?", "en", [item])
    assert other[0][1][0] == "a question"


def test_a_speech_sentence_is_not_shown_without_its_speaker() -> None:
    """Every sentence of the seeds that lies inside a longer quotation, verbatim."""
    inside = [item for item in everything() if item.sentence.speech is not None]
    ends = ("communiqué.", "ajouté Microsoft.", "déclaré Microsoft.", "déclaré la société.",
            "communique Microsoft.")  # fmt: skip
    silent = [item for item in inside if not item.sentence.text.endswith(ends)]
    assert len(inside) == 14 and len(silent) == 9
    for item in silent:
        assert verify(item.sentence.text, "fr", [item], Yes()) is None, item.sentence.text


def test_a_speech_sentence_with_its_speaker_can_be_shown() -> None:
    item = holding("003", "Nous sommes convaincus")
    truth = (
        "Microsoft said it was convinced that its proposal would have been good for the users of "
        "TikTok while protecting the interests of national security."
    )
    assert verify(truth, "en", [item], Yes()) is not None
    assert verify(truth.replace("Microsoft said", "Oracle said"), "en", [item], Yes()) is None


def test_a_dictionary_refuses_words_that_are_not_the_evidence_s() -> None:
    item = holding("002", "Microsoft vise à reprendre")
    lexicon = MemoryLexicon({("en", "fr"): {"aim": {"vis": 0.4}, "buy": {"reprendr": 0.6}}})
    for text, shown in (
        ("Microsoft aims to buy TikTok.", True),
        ("Microsoft aims to eat TikTok.", False),
    ):
        assert (verify(text, "en", [item], Yes(), lexicon=lexicon) is not None) is shown


# --- properties ---------------------------------------------------------------------------


def _is_statement(item: Evidence) -> bool:
    text = item.sentence.text
    return (
        item.sentence.kind == "prose"
        and item.sentence.speech is None
        and malformed(text, "fr") is None
        and not text.rstrip().endswith("?")
    )


STATEMENTS = [item for item in everything() if _is_statement(item)]


@pytest.mark.parametrize("item", STATEMENTS, ids=lambda item: item.sentence.text[:40])
def test_every_whole_statement_of_the_seeds_proves_itself(item: Evidence) -> None:
    proof = verify(item.sentence.text, "fr", [item], None)
    assert proof is not None and proof.score == 1.0


SUBJECTS = ["Oracle", "Le groupe Renault", "La ville de Lyon", "Anne Durand", "L'agence Reuters",
            "Une équipe de chercheurs"]  # fmt: skip
VERBS = ["a signé", "n'a pas signé", "aurait signé", "signera", "souhaite signer", "doit signer",
         "a déclaré qu'elle avait signé", "pourrait signer"]  # fmt: skip
OBJECTS = ["un accord avec Microsoft", "12 contrats", "trois traités", "un contrat de 14,2 %",
           "près d'un million de chèques"]  # fmt: skip
TAILS = ["", " le 14 septembre 2020", ", selon la presse", ", si la loi passe", ", sauf erreur",
         ", car le prix a baissé", " (au printemps)", ", qui vaut 3 millions d'euros",
         " avant dimanche"]  # fmt: skip

made_sentences = st.tuples(
    st.sampled_from(SUBJECTS),
    st.sampled_from(VERBS),
    st.sampled_from(OBJECTS),
    st.sampled_from(TAILS),
).map(lambda parts: f"{parts[0]} {parts[1]} {parts[2]}{parts[3]}.")


@given(made_sentences)
@settings(max_examples=150, deadline=None)
def test_a_whole_sentence_proves_itself(text: str) -> None:
    proof = verify(text, "fr", [bare(text, "fr")], None)
    assert proof is not None and proof.score == 1.0


@given(made_sentences, made_sentences)
@settings(max_examples=300, deadline=None)
def test_no_other_sentence_of_the_same_kind_is_proven(one: str, other: str) -> None:
    """Whatever passes keeps the subject, the verb and the object: only a tail that qualifies
    nothing may differ."""
    proof = verify(one, "fr", [bare(other, "fr")], None)
    if proof is not None and one != other:
        assert other.startswith(one[:-1])
        assert other[len(one) - 1 :] in {", car le prix a baissé.", " (au printemps)."}


POOL = ["Google", "Jean Dupont", "Oracle", "Microsoft", "TikTok", "Trump", "Walmart", "Berlin",
        "la Chine", "ByteDance", "Zhang"]  # fmt: skip


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_no_other_name_is_proven(data: st.DataObject) -> None:
    item = data.draw(st.sampled_from([i for i in STATEMENTS if names(i.sentence.text, "fr")]))
    text = item.sentence.text
    name = data.draw(st.sampled_from(names(text, "fr")))
    other = data.draw(st.sampled_from(POOL))
    key = names(f"x {other}", "fr")[0].key
    if set(key.split()) & set(name.key.split()):
        return
    lie = text[: name.start] + other + text[name.end :]
    assert verify(lie, "fr", [item], Yes()) is None, lie


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_no_other_number_is_proven(data: st.DataObject) -> None:
    with_numbers = [i for i in STATEMENTS if numbers(i.sentence.text, "fr")]
    item = data.draw(st.sampled_from([*with_numbers, *EXTRA]))
    text = item.sentence.text
    number = data.draw(st.sampled_from(numbers(text, "fr")))
    other = data.draw(st.one_of(st.integers(2, 10**9).map(str), st.sampled_from(["mille", "onze"])))
    if numbers(other, "fr")[0].value == number.value:
        return
    lie = text[: number.start] + other + text[number.end :]
    assert verify(lie, "fr", [item], Yes()) is None, lie


EXTRA = [
    bare("Le musée a accueilli 12 000 visiteurs, dont 300 enfants.", "fr"),
    bare("Le prix a baissé de 14,2 % en trois ans.", "fr"),
    bare("La ville a versé 3 millions d'euros à deux écoles.", "fr"),
]


@given(st.text(max_size=200), st.sampled_from(["fr", "en", "und", "de"]))
@settings(max_examples=200, deadline=None)
def test_any_text_is_refused_or_proven_without_an_error(text: str, language: str) -> None:
    proof = verify(text, language, seeds()["004"], None)
    assert proof is None or 0 <= proof.score <= 1


def test_evidence_that_is_no_prose_proves_nothing() -> None:
    item = holding("004", "ByteDance refuse de céder")
    for kind in ("meta", "repeat"):
        marked = dataclasses.replace(
            item,
            sentence=dataclasses.replace(item.sentence, kind=kind),
        )
        assert verify(item.sentence.text, "fr", [marked], None) is None
        assert broken_rules(item.sentence.text, "fr", marked) == (f"the evidence is {kind}",)


# --- what a judge is asked about, and how sure it must be --------------------------------


@pytest.mark.parametrize(
    ("statement", "source", "tongue"),
    [
        # A name put into the other language, or spelt in its way.
        ("Musharraf overthrew an elected government.", "Moucharraf a renversé un gouvernement élu.", "fr"),
        ("The Nazis erased the Jewish past.", "Les nazis ont effacé le passé juif.", "fr"),
        # A year that is a date in one language and an adjective in the other.
        ("The party lost the 2001 elections.", "Le parti a perdu les élections de 2001.", "fr"),
        # A century in Roman figures.
        ("The castle was built in the 14th century.", "Le château fut construit au XIVe siècle.", "fr"),
        # "le plus" denies nothing.
        (
            "The model has been considered the most satisfying since 1962.",
            "Le modèle est considéré comme étant le plus satisfaisant depuis 1962.",
            "fr",
        ),
    ],
)  # fmt: skip
def test_translations_that_the_rules_let_pass(statement: str, source: str, tongue: str) -> None:
    lexicon = NumpyLexicon(LEXICON)
    assert broken_rules(statement, "en", bare(source, tongue), lexicon) == ()


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("Kennedy overthrew an elected government.", "Moucharraf a renversé un gouvernement élu."),
        ("Australia joined the union.", "L'Autriche a rejoint l'union."),
        ("The Muslim past was erased.", "Le passé juif a été effacé."),
        ("The party lost the 2002 elections.", "Le parti a perdu les élections de 2001."),
        ("The castle was built in the 15th century.", "Le château fut construit au XIVe siècle."),
    ],
)
def test_and_what_they_still_refuse(statement: str, source: str) -> None:
    assert broken_rules(statement, "en", bare(source, "fr"), NumpyLexicon(LEXICON))


def test_what_keeps_to_the_evidence_s_words_needs_a_less_sure_judge() -> None:
    source = "En 1989, Brodeur a été sélectionné au 23e rang par le club de Québec."
    close = "Brodeur a été sélectionné au 23e rang."
    free = "Brodeur a été sélectionné au 23e rang cette année."
    for statement, bar in ((close, 0.5 * THRESHOLD), (free, THRESHOLD)):
        assert verify(statement, "fr", [bare(source, "fr")], Fixed(bar)) is not None
        assert verify(statement, "fr", [bare(source, "fr")], Fixed(bar - 0.01)) is None


def test_a_cut_that_begins_in_mid_part_is_not_even_asked_about() -> None:
    judge = Fixed(1.0)
    source = "L'offre de Microsoft a été rejetée par ByteDance dimanche."
    assert verify("Microsoft a été rejetée.", "fr", [bare(source, "fr")], judge) is None
    assert judge.asked == []
