"""Quotes are spans of a document, with who speaks; numbers run by first appearance."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.cite import LONGEST_SPEECH, Numbering, join_answer, place
from rag.text import split_sentences
from rag.types import AnswerSentence, Document, Place, Sentence, Span
from tests.seed_evidence import bare, everything, holding, of_document


def document(text: str) -> Document:
    return Document("d/a.txt", "", "txt-1", text, "Titre", "2020-09", "fr")


def sentence(start: int, end: int, text: str, speech: Span | None = None) -> Sentence:
    return Sentence(0, "d/a.txt", 0, start, end, text[start:end], 0, "prose", "fr", speech)


def test_a_sentence_alone_is_its_own_quote() -> None:
    text = "Avant. Il pleut. Après."
    assert place(document(text), sentence(7, 16, text)) == Place(
        "d/a.txt", 7, 16, "Il pleut.", "Titre", "2020-09", "fr"
    )


def test_white_space_around_a_quote_is_left_out() -> None:
    text = "A.  Il pleut. \n B."
    assert place(document(text), sentence(2, 16, text)).quote == "Il pleut."


def test_every_seed_sentence_is_quoted_exactly_and_in_speech_with_its_speaker() -> None:
    for item in everything():
        assert item.sentence.text in item.place.quote
        if item.sentence.speech is not None:
            assert "Microsoft" in item.place.quote or "la société" in item.place.quote
            assert len(item.place.quote) <= LONGEST_SPEECH


def test_the_microsoft_quotation_is_quoted_with_who_says_it() -> None:
    item = holding("000", "ne vendraient pas")
    assert item.place.quote.startswith('"ByteDance nous a fait savoir')
    assert item.place.quote.endswith('", a indiqué Microsoft dans un communiqué.')
    assert holding("000", "Nous sommes convaincus").place == item.place


FILLER = "Nous avons fait ce que nous devions faire pour la ville et pour ses habitants. "


def long_speech() -> tuple[str, list[Sentence]]:
    said = "".join(f"{n} : {FILLER}" for n in range(12))
    text = f"« {said}Nous partons », a déclaré le maire. Fin de l'histoire."
    found = of_document(Document("d/a.txt", "", "txt-1", text, None, None, "fr"))
    return text, [item.sentence for item in found]


def test_a_long_quotation_is_quoted_from_the_sentence_to_the_speaker() -> None:
    text, sentences = long_speech()
    middle = sentences[8]
    assert middle.speech is not None and middle.speech.end - middle.speech.start > LONGEST_SPEECH
    found = place(document(text), middle)
    assert (found.start, found.quote.endswith("», a déclaré le maire.")) == (middle.start, True)
    first = place(document(text), sentences[0])
    assert first.quote.endswith("», a déclaré le maire.") and first.start == 0


def test_a_long_quotation_with_its_speaker_before_is_quoted_from_the_speaker_on() -> None:
    head = FILLER * 9 + "« Il pleut », a déclaré Paul. "
    text = head + "« Il vente. Il neige. »"
    start = text.index("Il neige")
    found = place(document(text), sentence(start, start + 9, text, Span(0, len(text))))
    assert found.quote == ", a déclaré Paul. « Il vente. Il neige."


@pytest.mark.parametrize("speech", [Span(5, 5), Span(-1, 4), Span(3, 999)])
def test_a_speech_that_is_no_span_is_passed_over(speech: Span) -> None:
    text = "Il pleut."
    assert place(document(text), sentence(0, 9, text, speech)).quote == "Il pleut."


@given(st.text(alphabet="ab .«»\",\n'é", max_size=200))
def test_quotes_are_exact_for_any_text(text: str) -> None:
    for span in split_sentences(text, "fr"):
        if text[span.start : span.end].strip():
            made = sentence(span.start, span.end, text, span.speech)
            found = place(document(text), made)
            assert text[found.start : found.end] == found.quote
            assert found.quote == found.quote.strip() != ""


def test_numbers_run_by_first_appearance_and_once_a_place() -> None:
    a, b = bare("Il pleut.", "fr", "a.txt"), bare("Il vente.", "fr", "b.txt")
    again = dataclasses.replace(a, score=0.1)
    numbering = Numbering()
    assert numbering.number(a) is None
    assert [numbering.cite(item).n for item in (b, a, again, b)] == [1, 2, 2, 1]
    assert [(c.n, c.place.source, c.score) for c in numbering.citations] == [
        (1, "b.txt", 0.9),
        (2, "a.txt", 0.9),
    ]
    assert numbering.number(a) == 2


def test_two_sentences_of_one_quotation_are_one_citation() -> None:
    numbering = Numbering()
    first = numbering.cite(holding("000", "ne vendraient pas"))
    second = numbering.cite(holding("000", "Nous sommes convaincus"))
    assert first is second and len(numbering.citations) == 1


def test_also_names_each_other_file_once() -> None:
    item = bare("Il pleut.", "fr", "a.txt")
    others = [bare("Il pleut.", "fr", name).place for name in ("b.txt", "a.txt", "c.txt")]
    twice = dataclasses.replace(others[0], start=1)
    cited = Numbering().cite(dataclasses.replace(item, also=(*others, twice)))
    assert [p.source for p in cited.also] == ["b.txt", "c.txt"]
    assert cited.also[0] is others[0]


def test_join_answer_is_the_contract() -> None:
    sentences = [
        AnswerSentence("Il pleut.", (1, 2), "supported", 1.0),
        AnswerSentence("Il vente.", (1,), "supported", 1.0),
    ]
    assert join_answer(sentences) == "Il pleut. [1] [2] Il vente. [1]"
    assert join_answer([]) == ""
