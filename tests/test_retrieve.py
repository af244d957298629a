"""Terms, figures, relevance and the search as a whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import shipped
from rag.errors import ModelUnavailable
from rag.fakes import MemoryLexicon
from rag.figures import Asked, answers_kind, around_values, matches, sentence_figures
from rag.followup import Query, standalone
from rag.question import FRAME_WEIGHT, query_terms
from rag.relevance import SENTENCE_FEATURES, Weights, logit, sigmoid
from rag.terms import content_words, fold, is_stop_word, misspelt, stem, terms, words
from rag.types import QueryTerm, Sentence
from tests.parts import build
from vectorstore.lexical import SqliteLexicalIndex
from vectorstore.schema import Database

# --- terms --------------------------------------------------------------------------------


def test_words_keep_figures_whole_and_open_apostrophes() -> None:
    assert words("L'offre de 14,2 % n’est pas l’affaire d'ABC-TV.") == [
        "L", "offre", "de", "14,2", "n", "est", "pas", "l", "affaire", "d", "ABC", "TV",
    ]  # fmt: skip


def test_accents_never_part_two_words() -> None:
    assert stem("États", "fr") == stem("Etats", "fr")
    assert fold("Œuvre Straße") == "oeuvre strasse"


def test_stop_words_by_language() -> None:
    assert is_stop_word("ÉTÉ", "fr")
    assert not is_stop_word("rejected", "en")
    assert content_words("why was Microsoft's bid rejected?", "en") == [
        "Microsoft",
        "bid",
        "rejected",
    ]
    assert terms("Les ventes, la vente", "fr") == {"vent": 2}


@pytest.mark.parametrize(
    ("one", "other", "close"),
    [
        ("bytedanc", "bytdanc", True),
        ("fibonacc", "fibonnac", True),
        ("tiktok", "titok", True),
        ("tiktok", "tkitok", True),
        ("oracl", "oracle", True),
        ("fast", "past", False),
        ("microsoft", "microscop", False),
        ("orange", "oracle", False),
        ("same", "same", False),
    ],
)
def test_which_words_may_be_misspellings(one: str, other: str, close: bool) -> None:
    assert misspelt(one, other) is close
    assert misspelt(other, one) is close


@given(st.text(alphabet="abcde", min_size=8, max_size=14), st.data())
def test_one_edit_of_a_long_word_is_close(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    edited = word[:at] + data.draw(st.sampled_from(["", "z", "z" + word[at]])) + word[at + 1 :]
    assert misspelt(word, edited)


def test_the_lexical_index_knows_spellings(tmp_path: Path) -> None:
    database = Database(tmp_path / "index.sqlite")
    index = SqliteLexicalIndex(database)
    index.add(1, "fr", {"bytedanc": 1, "microsoft": 2, "offr": 1})
    index.add(2, "en", {"bytedance": 1})
    assert index.spellings("bytdanc", "fr") == ["bytedanc"]
    assert index.spellings("bytdance", "en") == ["bytedance"]
    assert index.spellings("microsoft", "fr") == []
    assert index.spellings("offf", "fr") == []
    index.remove([1])
    assert index.spellings("bytdanc", "fr") == []
    database.close()


# --- the question's terms -----------------------------------------------------------------


def test_words_that_frame_a_question_weigh_less() -> None:
    query = standalone("In what year was the bridge opened?", "en", [])
    assert {t.word: t.weight for t in query_terms(query, ["en"], None)} == {
        "year": FRAME_WEIGHT,
        "bridge": 1.0,
        "opened": 1.0,
    }


def test_a_word_brings_its_paraphrases_by_way_of_the_other_language() -> None:
    lexicon = MemoryLexicon(
        {
            ("fr", "en"): {"rachat": {"buyout": 0.8}},
            ("en", "fr"): {"buyout": {"rachat": 0.5, "acquisit": 0.4, "rar": 0.01}},
        }
    )
    query = standalone("le rachat", "fr", [])
    (term,) = query_terms(query, ["fr"], lexicon)
    assert term.forms["fr"] == {"rachat": 1.0, "acquisit": 0.16}


# --- figures ------------------------------------------------------------------------------


def asked_of(question: str, language: str = "en", *names: str) -> Asked:
    query = Query(question, question, (), language, language)
    question_terms = [QueryTerm(name, {language: {stem(name, language): 1.0}}) for name in names]
    return Asked.of(query, question_terms, [1.0] * len(question_terms))


def sentence(text: str, language: str = "en") -> Sentence:
    return Sentence(1, "a.txt", 0, 0, len(text), text, 0, "prose", language)


def test_a_term_matches_by_its_best_form() -> None:
    asked = Asked.of(
        Query("bid", "bid", (), "en", "en"),
        [QueryTerm("bid", {"fr": {"offre": 0.64, "encher": 0.16}, "en": {"bid": 1.0}})],
        [2.0],
    )
    assert matches(asked, "Une offre rejetée.", "fr") == [1.0]
    assert matches(asked, "Une enchère.", "fr") == [0.5]
    assert matches(asked, "Rien.", "fr") == [0.0]
    assert matches(asked, "The bids.", "en") == [1.0]


def test_coverage_counts_by_weight() -> None:
    asked = Asked.of(
        Query("a b", "a b", (), "en", "en"),
        [QueryTerm("alpha", {"en": {"alpha": 1.0}}), QueryTerm("beta", {"en": {"beta": 1.0}})],
        [3.0, 1.0],
    )
    assert asked.coverage(matches(asked, "alpha", "en")) == 0.75
    assert asked_of("…").coverage([]) == 0.0


@pytest.mark.parametrize(
    ("question", "text", "holds"),
    [
        ("When was the bridge opened?", "It was opened on 14 May 1931.", True),
        ("When was the bridge opened?", "It was opened by the mayor.", False),
        ("How many arches are there?", "The bridge has 12 arches.", True),
        ("How many of the 12 arches fell?", "The bridge has 12 arches.", False),
        ("Who opened the bridge?", "It was opened by Ada Grey.", True),
        ("Why was it closed?", "It was closed because of rust.", True),
        ("Why was it closed?", "It was closed in spring.", False),
        ("What does it carry?", "It carries trains.", None),
    ],
)
def test_whether_a_sentence_holds_what_is_asked_for(
    question: str, text: str, holds: bool | None
) -> None:
    asked = Asked.of(standalone(question, "en", []), [], [])
    assert answers_kind(asked, sentence(text)) is holds


def test_figures_have_every_name_that_the_weights_have() -> None:
    asked = asked_of("Where is the Bridge?", "en", "Bridge")
    figures = sentence_figures(
        asked, sentence("The Bridge."), "The Bridge.", cosine=0.5, lexical_rank=0, dense_rank=None
    )
    assert set(figures) == set(SENTENCE_FEATURES)
    assert figures["coverage"] == figures["context"] == figures["names"] == 1.0
    assert (figures["lexical_rank"], figures["dense_rank"]) == (1.0, 0.0)


def test_the_words_around_values() -> None:
    assert around_values("avant la date limite du 15 septembre fixée", "fr").split() == [
        "septembre", "fixée",
    ]  # fmt: skip
    assert around_values("Rien ici.", "fr") == ""


# --- weights ------------------------------------------------------------------------------


def test_the_shipped_weights_fit_this_version() -> None:
    weights = Weights.read(shipped("models") / "relevance" / "weights.json")
    assert 0 < weights.threshold < 1


@pytest.mark.parametrize("content", ["", "{}", '{"sentence": {}, "question": {}, "threshold": 1}'])
def test_other_weights_are_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "weights.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelUnavailable) as refused:
        Weights.read(path)
    assert "\n" not in str(refused.value)


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(-5, 5), min_size=1))
def test_a_logit_does_not_depend_on_the_order(weights: dict[str, float]) -> None:
    figures = {name: 0.1 * number for number, name in enumerate("abcdef")}
    backwards = dict(reversed(json.loads(json.dumps(weights)).items()))
    assert logit(weights, figures) == logit(backwards, figures)
    assert 0 < sigmoid(logit(weights, figures)) < 1


# --- the search ---------------------------------------------------------------------------


def test_the_search_finds_across_languages_and_through_typos(seeds: Path, tmp_path: Path) -> None:
    made = build(seeds, tmp_path)
    evidence = made.search("How many markets and languages?").evidence
    assert "65 langues sur 175 marchés" in evidence[0].place.quote
    assert made.search("Qui est Zhang Yimnig ?").evidence[0].place.quote.startswith("Bien qu")
    made.close()


def test_evidence_comes_best_first_and_no_place_twice(seeds: Path, tmp_path: Path) -> None:
    made = build(seeds, tmp_path)
    evidence = made.search(
        "Pourquoi ByteDance ne vendra pas TikTok à Microsoft ?", limit=20
    ).evidence
    scores = [item.score for item in evidence]
    assert scores == sorted(scores, reverse=True)
    places = [(e.place.source, e.place.start, e.place.end) for e in evidence]
    assert len(set(places)) == len(places)
    for item in evidence:
        assert item.place.source not in {also.source for also in item.also}
        assert item.sentence.kind in ("prose", "heading")
    made.close()


def test_the_score_of_a_sentence_does_not_depend_on_how_many_are_asked_for(
    seeds: Path, tmp_path: Path
) -> None:
    made = build(seeds, tmp_path)
    few = made.search("Qui est le PDG de ByteDance ?", limit=2).evidence
    many = made.search("Qui est le PDG de ByteDance ?", limit=20).evidence
    assert [(e.place, e.score) for e in few] == [(e.place, e.score) for e in many[:2]]
    made.close()
