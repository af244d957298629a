"""The eval: the shipped set is valid, figures are exact on cases small enough to do by hand, and a
second run writes the same bytes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import report
from eval.measure import run
from eval.metrics import figure, figures, lists, seconds
from eval.questions import (
    GoldQuote,
    Question,
    fingerprint,
    locate,
    read_questions,
    sample,
)
from eval.score import Scored, holds, is_exact, own_words, score
from eval.squad import file_name, questions_text, read_squad, write_documents
from rag.config import Settings, shipped
from rag.errors import UsageError
from rag.terms import fold, words
from rag.types import (
    Answer,
    AnswerSentence,
    Citation,
    Consulted,
    Disagreement,
    DisagreementValue,
    Evidence,
    ModelNames,
    Place,
    Searched,
    Sentence,
    SentenceSpan,
    Timings,
    Turn,
)

SEEDS = shipped("seeds")
SET = shipped("eval/sets") / "seeds.jsonl"

TEXTS = {
    "a.txt": "The bridge opened in 1932. It cost six million pounds. The bridge opened in 1932.",
    "b.txt": "Le pont fut ouvert en 1933. Il est gris.",
}


def split(text: str, language: str = "en") -> list[SentenceSpan]:
    """Sentences end at a full stop."""
    return [SentenceSpan(m.start(), m.end(), 0) for m in re.finditer(r"\S[^.]*\.", text)]


def text_of(source: str) -> str:
    if source not in TEXTS:
        raise UsageError(f"no document {source}")
    return TEXTS[source]


def place(source: str, quote: str, *, nth: int = 0) -> Place:
    start = -1
    for _ in range(nth + 1):
        start = TEXTS[source].index(quote, start + 1)
    return Place(source, start, start + len(quote), quote, None, None, "en")


def evidence(*places: Place) -> Evidence:
    first, *also = places
    sentence = Sentence(
        0, first.source, 0, first.start, first.end, first.quote, 0, "prose", first.language
    )
    return Evidence(sentence, first, first.quote, 0.5, tuple(also))


def detect(text: str) -> str | None:
    """Told by one word, which is all that the texts here need."""
    tokens = {fold(word) for word in words(text)}
    return "fr" if "dit" in tokens else "en" if "says" in tokens else None


LEAD = {"en": "It says:", "fr": "Le texte dit :"}


def quoting(language: str, *places: Place, **changes: Any) -> Answer:
    """An answer that quotes each place in a sentence of its own."""
    sentences = tuple(
        AnswerSentence(f"{LEAD[language]} « {p.quote} »", (n,), "quoted", 0.5, len(LEAD[language]))
        for n, p in enumerate(places, 1)
    )
    answer = Answer(
        question="q",
        language=language,
        answer=" ".join(s.text + f" [{s.citations[0]}]" for s in sentences),
        abstained=False,
        sentences=sentences,
        citations=tuple(Citation(n, p, 0.5) for n, p in enumerate(places, 1)),
        consulted=(),
        disagreements=(),
        standalone_question="q",
        models=ModelNames("e", None, None),
        seconds=0.0,
        timings=Timings(retrieve=0.25),
    )
    return replace(answer, **changes)


def abstaining(language: str) -> Answer:
    said = {"en": "The text says nothing.", "fr": "Le texte ne le dit pas."}[language]
    return quoting(language, answer=said, abstained=True)


YEAR = place("a.txt", "The bridge opened in 1932.")
YEAR_AGAIN = place("a.txt", "The bridge opened in 1932.", nth=1)
COST = place("a.txt", "It cost six million pounds.")
YEAR_FR = place("b.txt", "Le pont fut ouvert en 1933.")
GREY = place("b.txt", "Il est gris.")

WHEN = Question(
    id="when",
    question="When did it open?",
    language="en",
    kind="date",
    answerable=True,
    gold=((GoldQuote("a.txt", YEAR.quote),),),
    answers=(("1932",),),
)
BOTH = Question(
    id="both",
    question="When did it open, say all?",
    language="en",
    kind="disagreement",
    answerable=True,
    gold=((GoldQuote("a.txt", YEAR.quote),), (GoldQuote("b.txt", YEAR_FR.quote),)),
    answers=(("1932",), ("1933",)),
)
PREMISE = Question(
    id="premise",
    question="Why is it red?",
    language="en",
    kind="false_premise",
    answerable=False,
    gold=((GoldQuote("b.txt", GREY.quote),),),
    answers=(("gris", "grey"),),
)
FAR = Question(id="far", question="Who is she?", language="en", kind="far_off", answerable=False)


def scored(question: Question, answer: Answer | None, found: Sequence[Evidence] = ()) -> Scored:
    gold = locate(question, text_of, name="set")
    return score(question, gold, answer, found, text=text_of, detect=detect)


# --- the shipped set ----------------------------------------------------------------------


def seed_text(source: str) -> str:
    return (SEEDS / source).open(encoding="utf-8-sig", newline="").read()


def test_seed_set_quotes_exactly_what_the_seeds_say() -> None:
    for question in read_questions(SET):
        needs = locate(question, seed_text, name="seeds.jsonl")
        assert len(needs) == len(question.gold)
        for need in needs:
            for span in need:
                assert seed_text(span.source)[span.start : span.end] == span.quote
                assert span.quote == span.quote.strip()
                assert "\n" not in span.quote


def test_seed_set_counts() -> None:
    questions = read_questions(SET)
    kinds = Counter(question.kind for question in questions)
    least = {
        "fact": 10,
        "why": 10,
        "number": 8,
        "date": 8,
        "several": 6,
        "disagreement": 6,
        "false_premise": 8,
        "near_miss": 14,
        "far_off": 14,
        "follow_up": 6,
    }
    assert {kind: n for kind, n in least.items() if kinds[kind] < n} == {}
    assert set(kinds) == set(least)
    assert len(questions) >= 90
    assert Counter(question.language for question in questions) == {
        "en": len(questions) // 2,
        "fr": len(questions) // 2,
    }
    assert len({question.question for question in questions}) == len(questions)
    assert "why was Microsoft's bid rejected?" in {question.question for question in questions}


def test_seed_pairs_are_one_question_in_two_languages() -> None:
    pairs: dict[str, list[Question]] = {}
    for question in read_questions(SET):
        pairs.setdefault(question.pair, []).append(question)
    for pair, members in pairs.items():
        assert [member.language for member in members] == ["en", "fr"], pair
        one, other = members
        assert (one.kind, one.gold, one.answers, one.answerable) == (
            other.kind,
            other.gold,
            other.answers,
            other.answerable,
        ), pair
        assert len(one.history) == len(other.history), pair


def test_seed_gold_holds_an_accepted_string_for_every_need() -> None:
    """Whoever quotes one gold sentence of every need is judged correct, whichever ones: a set in
    which quoting the gold is 'wrong' would measure its author."""
    for question in read_questions(SET):
        for need in question.gold:
            for gold in need:
                others = [n[0] for n in question.gold if n is not need]
                answer = quoting(
                    "fr",
                    *(Place(g.source, 0, 1, g.quote, None, None, "fr") for g in [gold, *others]),
                )
                assert holds(answer, question.answers), (question.id, gold.quote)


def test_every_place_of_a_repeated_quote_counts() -> None:
    """The first seed holds its body twice."""
    question = next(q for q in read_questions(SET) if q.id == "date-03-en")
    (need,) = locate(question, seed_text, name="seeds.jsonl")
    assert len(need) == 2
    assert need[0].start < need[1].start


# --- reading sets -------------------------------------------------------------------------

GOOD = {
    "id": "x",
    "question": "When?",
    "language": "en",
    "kind": "date",
    "answerable": True,
    "gold": [{"any": [{"source": "a.txt", "quote": "opened in 1932"}]}],
    "answers": [{"any": ["1932"]}],
}


def write_set(folder: Path, *lines: str) -> Path:
    path = folder / "set.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", "not JSON"),
        ("[1]", "a list, expected a JSON object"),
        (json.dumps({k: v for k, v in GOOD.items() if k != "kind"}), "field 'kind' is missing"),
        (json.dumps(GOOD | {"kind": "riddle"}), "kind 'riddle' is none of fact, why"),
        (json.dumps(GOOD | {"answerable": "yes"}), "'answerable' is a str, expected a bool"),
        (json.dumps(GOOD | {"answer": "1932"}), "unknown field 'answer'"),
        (json.dumps(GOOD | {"question": " "}), "question is ' ', expected a text"),
        (json.dumps(GOOD | {"gold": []}), "an answerable question needs gold and answers"),
        (json.dumps(GOOD | {"gold": [{"any": []}]}), "at least one alternative"),
        (json.dumps(GOOD | {"gold": [{"any": [{"source": "a.txt"}]}]}), "a gold place is"),
        (json.dumps(GOOD | {"answers": ["1932"]}), "each of 'answers' is"),
        (json.dumps(GOOD | {"answerable": False}), "has neither gold nor answers"),
        (json.dumps(GOOD | {"kind": "false_premise"}), "a false premise is not answerable"),
        (json.dumps(GOOD), "id 'x' stands on line 1 already"),
    ],
)
def test_bad_line_is_one_clear_line(tmp_path: Path, line: str, reason: str) -> None:
    path = write_set(tmp_path, json.dumps(GOOD), "", line)
    with pytest.raises(UsageError) as raised:
        read_questions(path)
    message = str(raised.value)
    assert message.startswith(f"{path}, line 3: ")
    assert reason in message
    assert "\n" not in message


def test_gold_that_no_file_holds(tmp_path: Path) -> None:
    missing = GOOD | {"gold": [{"any": [{"source": "a.txt", "quote": "opened in 1934"}]}]}
    (question,) = read_questions(write_set(tmp_path, "", json.dumps(missing)))
    with pytest.raises(UsageError, match=r"^s, line 2: a\.txt doesn't hold 'opened in 1934'$"):
        locate(question, text_of, name="s")
    nowhere = GOOD | {"gold": [{"any": [{"source": "c.txt", "quote": "x"}]}]}
    (question,) = read_questions(write_set(tmp_path, json.dumps(nowhere)))
    with pytest.raises(UsageError, match=r"^s, line 1: no document 'c\.txt' in the index; run"):
        locate(question, text_of, name="s")


def test_no_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        read_questions(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes("é".encode("latin-1"))
    with pytest.raises(UsageError, match="not UTF-8"):
        read_questions(tmp_path / "latin.jsonl")
    with pytest.raises(UsageError, match="no question in it"):
        read_questions(write_set(tmp_path, "", " "))


@given(st.integers(1, 12), st.integers(1, 12))
def test_samples_grow_and_keep_the_order(few: int, more: int) -> None:
    questions = [replace(WHEN, id=f"q{n}", pair=f"p{n // 2}") for n in range(10)]
    few, more = sorted((few, more))
    small, large = sample(questions, few), sample(questions, more)
    assert len(small) == min(few, 10)
    assert [q for q in questions if q in small] == small
    assert all(q in large for q in small)
    if few % 2 == 0:
        assert all(n % 2 == 0 for n in Counter(q.pair for q in small).values())


def test_sample_limits() -> None:
    assert sample([WHEN, FAR], None) == [WHEN, FAR]
    with pytest.raises(UsageError, match="limit 0"):
        sample([WHEN], 0)


def test_fingerprint_is_of_what_is_asked_and_what_is_right() -> None:
    assert fingerprint([WHEN]) == fingerprint([replace(WHEN, line=7)])
    assert fingerprint([WHEN]) != fingerprint([replace(WHEN, answers=(("1933",),))])
    assert fingerprint([WHEN]) != fingerprint([replace(WHEN, history=("And?",))])


# --- one answer ---------------------------------------------------------------------------


def test_right_quote() -> None:
    item = scored(WHEN, quoting("en", COST, YEAR), [evidence(COST), evidence(YEAR)])
    assert item.verdict == "correct"
    assert item.right
    assert item.counts == {
        "failures": (0, 1),
        "evidence_recall_1": (0, 1),
        "evidence_recall_3": (1, 1),
        "evidence_recall_10": (1, 1),
        "answer_rate": (1, 1),
        "crag": (1, 1),
        "abstention_precision": (0, 0),
        "citation_precision": (1, 2),
        "citation_recall": (1, 1),
        "correct": (1, 1),
        "false_abstention": (0, 1),
        "correct_and_proven": (1, 1),
        "correct_or_proven": (1, 1),
        "citation_recall_answered": (1, 1),
        "undecided": (0, 1),
        "quotes_exact": (2, 2),
        "sentences_cited": (2, 2),
        "sentences_supported": (0, 2),
        "language_match": (1, 1),
        "language_undetermined": (0, 1),
        "few_quotes": (1, 1),
        "quote_characters": (len(COST.quote) + len(YEAR.quote), 2),
    }


def test_gold_counts_wherever_it_stands() -> None:
    for found in (YEAR_AGAIN, replace(YEAR, source="copy.txt", start=0, end=26)):
        assert scored(WHEN, None, [evidence(found)]).counts["evidence_recall_1"] == (1, 1)
        assert scored(WHEN, None, [evidence(COST, found)]).counts["evidence_recall_1"] == (1, 1)


@pytest.mark.parametrize(("kept", "met"), [(26, 1), (13, 1), (12, 0), (0, 0)])
def test_half_of_the_gold_is_gold(kept: int, met: int) -> None:
    assert len(YEAR.quote) == 26
    part = replace(YEAR, start=0, end=kept, quote=YEAR.quote[:kept])
    assert scored(WHEN, None, [evidence(part)]).counts["evidence_recall_1"] == (met, 1)


def test_wrong_and_unproven_and_undecided() -> None:
    wrong = scored(WHEN, quoting("en", COST))
    assert (wrong.verdict, wrong.right) == ("wrong", False)
    assert wrong.counts["crag"] == (-1, 1)
    assert wrong.counts["citation_precision"] == (0, 1)
    # The right year from a sentence that isn't gold: correct by the string, not by the citation.
    lucky = quoting("en", COST)
    lucky = replace(lucky, sentences=(AnswerSentence("In 1932, it says.", (1,), "supported", 1),))
    item = scored(WHEN, lucky)
    assert item.verdict == "correct"
    assert item.counts["undecided"] == (1, 1)
    assert item.counts["correct_and_proven"] == (0, 1)
    assert item.counts["correct_or_proven"] == (1, 1)
    assert item.counts["sentences_supported"] == (1, 1)


def test_both_sides() -> None:
    one = scored(BOTH, quoting("en", YEAR), [evidence(YEAR), evidence(YEAR_FR)])
    assert one.counts["evidence_recall_1"] == (0.5, 1)
    assert one.counts["evidence_recall_3"] == (1, 1)
    assert one.counts["citation_recall"] == (0.5, 1)
    assert one.counts["both_sides"] == (0, 1)
    assert one.counts["disagreement_named"] == (0, 1)
    assert one.verdict == "wrong"
    named = (Disagreement("1932/1933", (DisagreementValue("1932", (1,)),)),)
    two = scored(BOTH, quoting("en", YEAR, YEAR_FR, COST, GREY, disagreements=named))
    assert two.counts["both_sides"] == (1, 1)
    assert two.counts["disagreement_named"] == (1, 1)
    assert two.counts["few_quotes"] == (1, 1)
    assert two.verdict == "correct"


def test_four_quotes_are_too_many() -> None:
    item = scored(WHEN, quoting("en", YEAR, YEAR_FR, COST, GREY))
    assert item.counts["few_quotes"] == (0, 1)


def test_abstaining() -> None:
    wrongly = scored(WHEN, abstaining("en"))
    assert (wrongly.verdict, wrongly.right) == ("abstained", False)
    assert wrongly.counts["crag"] == (0, 1)
    assert wrongly.counts["false_abstention"] == (1, 1)
    assert wrongly.counts["abstention_precision"] == (0, 1)
    assert wrongly.counts["citation_recall"] == (0, 1)
    assert "citation_recall_answered" not in wrongly.counts
    rightly = scored(FAR, abstaining("en"))
    assert (rightly.verdict, rightly.right) == ("abstained", True)
    assert rightly.counts["abstention_precision"] == (1, 1)
    assert rightly.counts["abstention_recall"] == (1, 1)
    assert rightly.counts["abstained_far_off"] == (1, 1)
    assert rightly.counts["crag"] == (0, 1)
    assert rightly.counts["language_match"] == (1, 1)
    answered = scored(FAR, quoting("en", YEAR))
    assert (answered.verdict, answered.right) == ("wrong", False)
    assert answered.counts["abstention_recall"] == (0, 1)


@pytest.mark.parametrize(
    ("answer", "verdict", "handled", "right"),
    [
        (abstaining("en"), "abstained", 1, True),
        (quoting("en", GREY), "correct", 1, True),
        (quoting("en", YEAR), "wrong", 0, False),
        (None, "failed", 0, False),
    ],
)
def test_false_premise(answer: Answer | None, verdict: str, handled: int, right: bool) -> None:
    item = scored(PREMISE, answer)
    assert (item.verdict, item.right) == (verdict, right)
    assert item.counts["false_premise_handled"] == (handled, 1)
    assert "abstention_recall" not in item.counts


def test_failure_is_a_wrong_answer() -> None:
    item = scored(WHEN, None)
    assert item.verdict == "failed"
    assert item.counts["failures"] == (1, 1)
    assert item.counts["crag"] == (-1, 1)
    assert item.counts["correct"] == (0, 1)
    assert item.counts["citation_recall"] == (0, 1)
    assert scored(FAR, None).counts["abstention_recall"] == (0, 1)


def test_quotes_are_held_against_the_text() -> None:
    shifted = replace(COST, start=COST.start + 1, end=COST.end + 1)
    lost = replace(COST, source="lost.txt")
    empty = replace(COST, end=COST.start, quote="")
    beyond = replace(COST, end=10_000)
    for bad in (shifted, lost, empty, beyond):
        assert not is_exact(bad, text_of)
    answer = quoting("en", COST, consulted=(Consulted(shifted, 0.1),))
    answer = replace(answer, citations=(Citation(1, COST, 0.5, also=(lost,)),))
    assert scored(WHEN, answer).counts["quotes_exact"] == (1, 3)


def test_a_citation_that_is_not_there_cites_nothing() -> None:
    answer = quoting("en", COST)
    bare = AnswerSentence("It says so.", (), "supported", 1.0)
    dangling = AnswerSentence("It says so.", (7,), "supported", 1.0)
    answer = replace(answer, sentences=(*answer.sentences, bare, dangling))
    assert scored(WHEN, answer).counts["sentences_cited"] == (1, 3)


@pytest.mark.parametrize(
    ("question", "answer", "match", "undetermined"),
    [
        ("fr", quoting("fr", YEAR), 1, 0),
        ("fr", quoting("en", YEAR), 0, 0),
        # The field says French, the words are English.
        ("fr", replace(quoting("en", YEAR), language="fr"), 0, 0),
        # A language without lead-ins gets English ones.
        ("de", quoting("en", YEAR), 1, 0),
        ("fr", abstaining("en"), 0, 0),
    ],
)
def test_language(question: str, answer: Answer, match: int, undetermined: int) -> None:
    counts = scored(replace(WHEN, language=question), answer).counts
    assert counts["language_match"] == (match, 1)
    assert counts["language_undetermined"] == (undetermined, 1)


def test_language_is_judged_outside_quotations() -> None:
    answer = quoting("en", YEAR)
    said = AnswerSentence("The mayor says “il le dit” twice.", (1,), "supported", 1.0)
    answer = replace(answer, sentences=(said,))
    assert own_words(answer) == "The mayor says twice."
    bare = replace(answer, sentences=(AnswerSentence("1932.", (1,), "supported", 1.0),))
    assert scored(WHEN, bare).counts["language_undetermined"] == (1, 1)
    assert scored(WHEN, bare).counts["language_match"] == (1, 1)


@pytest.mark.parametrize(
    ("accepted", "held"),
    [
        ([["six million"]], True),
        ([["SIX  Million pounds"]], True),
        ([["ix million"]], False),
        ([["seven"], ["six"]], False),
        ([["seven", "six"]], True),
        ([["pounds it says"]], False),
        ([], False),
    ],
)
def test_accepted_strings_are_whole_words(accepted: list[list[str]], held: bool) -> None:
    assert holds(quoting("en", COST), accepted) is held


def test_accents_and_apostrophes_don_t_matter() -> None:
    quote = Place("c.txt", 0, 1, "Il n’a pas apprécié l’approche", None, None, "fr")
    assert holds(quoting("fr", quote), [["n'a pas apprecie"]])


def test_the_number_of_a_citation_is_no_answer() -> None:
    assert not holds(quoting("en", COST), [["1"]])


# --- figures ------------------------------------------------------------------------------


def item(name: str, cluster: str, **counts: tuple[float, float]) -> Scored:
    return Scored(name, "en", "fact", cluster, "wrong", False, counts)


def test_figure_is_a_ratio_of_sums() -> None:
    items = [
        item("a", "a", citation_precision=(1, 3)),
        item("b", "b", citation_precision=(1, 1)),
        item("c", "c"),
        item("d", "d", citation_precision=(0, 0)),
    ]
    found = figure(items, "citation_precision")
    assert found is not None
    assert (found.value, found.n, found.of) == (0.5, 2, 4)
    assert (found.low, found.high) == (1 / 3, 1.0)
    assert figure(items, "correct") is None


def test_interval_draws_pairs() -> None:
    """50 pairs that agree are 50 draws, not 100: the interval is wider by about √2."""
    alone = [item(str(n), str(n), correct=(n // 2 % 2, 1)) for n in range(100)]
    paired = [item(str(n), str(n // 2), correct=(n // 2 % 2, 1)) for n in range(100)]
    narrow, wide = figure(alone, "correct"), figure(paired, "correct")
    assert narrow is not None
    assert wide is not None
    assert narrow.value == wide.value == 0.5
    # 2 x 1.96 standard errors, of 100 draws and of 50.
    assert narrow.high - narrow.low == pytest.approx(0.196, abs=0.02)
    assert wide.high - wide.low == pytest.approx(0.277, abs=0.02)


def test_interval_doesn_t_depend_on_order() -> None:
    items = [item(str(n), str(n % 7), correct=(n % 3 == 0, 1)) for n in range(20)]
    assert figure(items, "correct") == figure(items[::-1], "correct")


def test_groups_and_lists() -> None:
    items = [
        scored(WHEN, quoting("en", YEAR)),
        scored(replace(WHEN, id="late", language="fr"), quoting("en", COST)),
        scored(FAR, quoting("en", COST)),
        scored(PREMISE, None),
        scored(replace(WHEN, id="no"), abstaining("en")),
    ]
    made = figures(items)
    assert list(made) == [
        "all",
        "language:en",
        "language:fr",
        "kind:date",
        "kind:false_premise",
        "kind:far_off",
    ]
    assert made["all"]["correct"]["value"] == 0.3333
    assert made["all"]["correct"]["n"] == 3
    assert made["language:en"]["correct"]["value"] == 0.5
    assert made["all"]["abstention_precision"] == {
        "value": 0.0,
        "low": 0.0,
        "high": 0.0,
        "n": 1,
        "of": 1.0,
    }
    assert made["all"]["crag"]["value"] == -0.4
    assert "both_sides" not in made["all"]
    assert lists(items) == {
        "failed": ["premise"],
        "abstained_though_answerable": ["no"],
        "answered_though_unanswerable": ["far"],
        "premise_affirmed": [],
        "wrong": ["late"],
        "undecided": [],
        "quote_not_exact": [],
        "other_language": ["late"],
    }


def test_seconds() -> None:
    assert seconds({"answer": [1.0, 2.0, 3.0], "evidence": []}) == {
        "answer": {"p50": 2.0, "p95": 2.9, "n": 3}
    }


# --- a whole run --------------------------------------------------------------------------


class Quoter:
    """A real, small assistant: quotes the sentence that shares most words with the question, and
    abstains when it shares fewer than two."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def text(self, source: str) -> str:
        if source not in self.texts:
            raise UsageError(f"no document {source}")
        return self.texts[source]

    def search(self, question: str, limit: int = 10, history: Sequence[Turn] = ()) -> Searched:
        standalone = " ".join([*(turn.question for turn in history), question])
        wanted = {fold(word) for word in words(standalone)}
        ranked: list[tuple[int, str, int, Evidence]] = []
        for source, text in sorted(self.texts.items()):
            for span in split(text):
                quote = text[span.start : span.end]
                shared = len(wanted & {fold(word) for word in words(quote)})
                where = Place(source, span.start, span.end, quote, None, None, "en")
                ranked.append((-shared, source, span.start, evidence(where)))
        ranked.sort(key=lambda row: row[:3])
        found = tuple(replace(e, score=min(1.0, -s / 10)) for s, _, _, e in ranked[:limit])
        return Searched(standalone, "en", found, 0.0)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        self.asked.append((question, tuple(turn.question for turn in history)))
        if "crash" in question:
            raise RuntimeError("broken\nbadly")
        found = self.search(question, 10, history)
        best = found.evidence[0]
        if best.score < 0.2:
            return replace(abstaining("en"), standalone_question=found.standalone_question)
        return quoting("en", best.place, standalone_question=found.standalone_question)


QUESTIONS = [
    replace(WHEN, question="When was the bridge opened?", pair="when"),
    replace(WHEN, id="wann", question="Quand le bridge opened ?", language="fr", pair="when"),
    FAR,
    replace(
        WHEN, id="then", question="And opened when?", kind="follow_up", history=("The bridge?",)
    ),
    replace(WHEN, id="crash", question="crash"),
]


def test_run(tmp_path: Path) -> None:
    assistant = Quoter(TEXTS)
    seen: list[tuple[str, int, int]] = []
    made = run(
        assistant,
        QUESTIONS,
        tmp_path / "one",
        name="bridges",
        progress=lambda what, done, total: seen.append((what, done, total)),
        detect=detect,
    )
    assert seen == [("questions", n, 5) for n in range(6)]
    # The first question once more to warm up; a follow-up after the answer it follows.
    assert [asked for asked, _ in assistant.asked] == [
        QUESTIONS[0].question,
        QUESTIONS[0].question,
        QUESTIONS[1].question,
        "Who is she?",
        "The bridge?",
        "And opened when?",
        "crash",
    ]
    assert assistant.asked[5] == ("And opened when?", ("The bridge?",))
    records = [
        json.loads(line)
        for line in (tmp_path / "one" / "results.jsonl").read_text("utf-8").splitlines()
    ]
    assert [record["verdict"] for record in records] == [
        "correct",
        "correct",
        "abstained",
        "correct",
        "failed",
    ]
    assert records[3]["answer"]["standalone_question"] == "The bridge? And opened when?"
    assert records[4]["error"] == "unexpected RuntimeError: broken\nbadly"
    assert records[0]["gold"][0] == [
        {"source": "a.txt", "start": 0, "end": 26, "quote": YEAR.quote},
        {"source": "a.txt", "start": 55, "end": 81, "quote": YEAR.quote},
    ]
    assert "seconds" not in records[0]["answer"]
    assert "timings" not in records[0]["answer"]
    overall = made.figures["groups"]["all"]
    assert overall["correct"]["value"] == 0.75
    assert overall["failures"]["value"] == 0.2
    assert overall["language_match"] == overall["language_match"] | {"value": 0.75, "n": 4}
    assert made.figures["pairs"] == 4
    assert json.loads((tmp_path / "one" / "figures.json").read_text("utf-8")) == made.figures
    timings = (tmp_path / "one" / "timings.jsonl").read_text("utf-8").splitlines()
    assert len(timings) == 5
    spent = json.loads((tmp_path / "one" / "timings.json").read_text("utf-8"))
    assert spent["evidence"] == {"p50": 0.25, "p95": 0.25, "n": 4}
    assert "| correct answers (answerable; abstained = not) | 0.75 [" in made.summary
    assert "- Failed (1): crash" in made.summary


def test_second_run_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run(Quoter(TEXTS), QUESTIONS, tmp_path / name, detect=detect)
    for name in ("results.jsonl", "figures.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_run_refuses_gold_of_other_documents(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no document 'a\.txt' in the index"):
        run(Quoter({"z.txt": "Nothing."}), QUESTIONS, tmp_path / "one", detect=detect)
    assert not (tmp_path / "one").exists()


def test_a_run_that_is_stopped_keeps_its_records_and_has_no_figures(tmp_path: Path) -> None:
    class Stopping(Quoter):
        def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
            if question == FAR.question:
                raise KeyboardInterrupt
            return super().ask(question, history)

    run(Quoter(TEXTS), QUESTIONS, tmp_path, detect=detect)
    with pytest.raises(KeyboardInterrupt):
        run(Stopping(TEXTS), QUESTIONS, tmp_path, detect=detect)
    assert len((tmp_path / "results.jsonl").read_text("utf-8").splitlines()) == 2
    assert not (tmp_path / "figures.json").exists()


def test_plots_and_history(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    other = tmp_path / "run-0000"
    run(Quoter(TEXTS), QUESTIONS[:2], other, detect=detect)
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "figures.json").write_text("{", encoding="utf-8")
    first = run(Quoter(TEXTS), QUESTIONS, tmp_path / "run-0001", detect=detect)
    assert "history.png" not in first.summary
    assert (tmp_path / "run-0001" / "figures.png").stat().st_size > 5_000
    second = run(Quoter(TEXTS), QUESTIONS, tmp_path / "run-0002", detect=detect)
    assert "![History over runs](history.png)" in second.summary
    assert (tmp_path / "run-0002" / "history.png").stat().st_size > 5_000
    before = report.earlier(second.figures, tmp_path / "run-0002")
    assert [name for name, _ in before] == ["run-0001"]


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "find_spec", lambda name: None)
    made = run(Quoter(TEXTS), QUESTIONS, tmp_path, detect=detect)
    assert "No plots: matplotlib is not installed" in made.summary
    assert not (tmp_path / "figures.png").exists()


# --- SQuAD --------------------------------------------------------------------------------

FIRST = "The Nile is long. It flows north, and it floods."
SECOND = "Its delta is wide."


def squad(folder: Path, **changes: Any) -> Path:
    article = {
        "title": "Le Nil & more",
        "paragraphs": [
            {
                "context": FIRST,
                "qas": [
                    {
                        "id": "n1",
                        "question": " It flows\nwhich way? ",
                        "answers": [
                            {"text": "north", "answer_start": FIRST.index("north")},
                            {"text": "flows north", "answer_start": FIRST.index("flows")},
                        ],
                    },
                    {
                        "id": "n2",
                        "question": "How is it?",
                        "answers": [{"text": "long. It flows", "answer_start": 999}],
                    },
                    {"id": "n3", "question": "Lost?", "answers": [{"text": "south"}]},
                    {"id": "n4", "question": "Depth?", "is_impossible": True, "answers": []},
                ],
            },
            {
                "context": SECOND,
                "qas": [
                    {
                        "id": "n1",
                        "question": "How wide?",
                        "answers": [{"text": "wide", "answer_start": SECOND.index("wide")}],
                    }
                ],
            },
        ],
    }
    path = folder / "set.json"
    path.write_text(json.dumps({"data": [article | changes]}), encoding="utf-8")
    return path


def test_squad(tmp_path: Path) -> None:
    found = read_squad(squad(tmp_path), split, language="en", left_out=0.0)
    name = file_name("Le Nil & more")
    assert re.fullmatch(r"le-nil-more-[0-9a-f]{8}\.txt", name)
    assert found.documents == {name: f"{FIRST}\n\n{SECOND}\n"}
    assert found.left_out == ()
    assert found.unplaced == 1
    way, how, depth, wide = found.questions
    assert way == Question(
        id="n1",
        question="It flows which way?",
        language="en",
        kind="fact",
        answerable=True,
        gold=((GoldQuote(name, "It flows north, and it floods."),),),
        answers=(("north", "flows north"),),
    )
    assert how.gold == ((GoldQuote(name, FIRST),),)
    assert (depth.kind, depth.must_abstain) == ("near_miss", True)
    assert (wide.id, wide.gold) == ("n1-2", ((GoldQuote(name, SECOND),),))
    assert questions_text(squad(tmp_path)) == " It flows\nwhich way? "


def test_squad_article_left_out(tmp_path: Path) -> None:
    found = read_squad(squad(tmp_path), split, language="en", left_out=1.0)
    assert found.documents == {}
    assert found.left_out == ("Le Nil & more",)
    assert {question.kind for question in found.questions} == {"left_out"}
    assert len(found.questions) == 5
    assert all(question.must_abstain for question in found.questions)


def test_squad_leaves_out_about_its_share(tmp_path: Path) -> None:
    qas = [{"question": "q?", "answers": [{"text": "wide", "answer_start": 13}]}]
    data = [{"title": f"t{n}", "paragraphs": [{"context": SECOND, "qas": qas}]} for n in range(400)]
    path = tmp_path / "many.json"
    path.write_text(json.dumps({"data": data}), encoding="utf-8")
    some = read_squad(path, split, language="en")
    more = read_squad(path, split, language="en", left_out=0.5)
    assert len(some.documents) + len(some.left_out) == 400
    assert 60 <= len(some.left_out) <= 100
    assert set(some.left_out) < set(more.left_out)
    assert len({question.id for question in some.questions}) == 400


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"paragraphs": None}, "data[0]"),
        ({"paragraphs": [{"context": 3, "qas": []}]}, "data[0].paragraphs[0]"),
        ({"paragraphs": [{"context": "x", "qas": [{"id": "1"}]}]}, "data[0].paragraphs[0]"),
    ],
)
def test_bad_squad(tmp_path: Path, changes: dict[str, Any], where: str) -> None:
    path = squad(tmp_path, **changes)
    with pytest.raises(UsageError) as raised:
        read_squad(path, split, language="en")
    assert str(raised.value) == f"{path}: {where} is not SQuAD's JSON form"


def test_bad_squad_files(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for content, reason in (("{", "not JSON"), ("[]", "data is not"), ('{"data": []}', "no quest")):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match=reason):
            read_squad(path, split, language="en")
    with pytest.raises(UsageError, match="can't be read"):
        read_squad(tmp_path / "none.json", split, language="en")


def test_documents_are_written_once_and_only_into_their_own_folder(tmp_path: Path) -> None:
    documents = {"a.txt": "Été.\r\n", "b.txt": "B"}
    folder = tmp_path / "docs"
    write_documents(documents, folder)
    assert (folder / "a.txt").read_bytes() == "Été.\r\n".encode()
    before = (folder / "a.txt").stat().st_mtime_ns
    (folder / "b.txt").write_text("changed", encoding="utf-8")
    write_documents(documents, folder)
    assert (folder / "a.txt").stat().st_mtime_ns == before
    assert (folder / "b.txt").read_text("utf-8") == "B"
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"holds 'mine\.txt', which is not of this set"):
        write_documents(documents, folder)
    assert (folder / "mine.txt").read_text("utf-8") == "mine"


def test_squad_set_runs(tmp_path: Path) -> None:
    found = read_squad(squad(tmp_path), split, language="en", left_out=0.0)
    made = run(Quoter(found.documents), found.questions, tmp_path / "out", detect=detect)
    assert made.figures["groups"]["all"]["quotes_exact"]["value"] == 1.0
    assert made.figures["groups"]["all"]["evidence_recall_3"]["value"] == 1.0


# --- the face -----------------------------------------------------------------------------


class Opened(Quoter):
    """A Quoter that reads its folder when it is synced, as the assistant does."""

    def __init__(self, settings: Settings) -> None:
        super().__init__({})
        self.settings = settings
        self.index = SimpleNamespace(folder=settings.docs)
        self.closed = False

    def sync(self, progress: object = None) -> None:
        assert self.settings.docs is not None
        for path in sorted(self.settings.docs.iterdir()):
            self.texts[path.name] = path.read_text("utf-8")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Opened]:
    """The assistants that were opened; the current folder is an empty one."""
    made: list[Opened] = []

    def open_assistant(settings: Settings) -> Opened:
        made.append(Opened(settings))
        return made[-1]

    monkeypatch.setattr("eval.run.open_assistant", open_assistant)
    monkeypatch.setattr("rag.config.default_data_folder", lambda: tmp_path / "data")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return made


def main_eval(*arguments: Any) -> int:
    from eval import run as face

    return face.main_eval(*arguments)


def test_shipped_set_over_the_shipped_documents(opened: list[Opened], tmp_path: Path) -> None:
    said: list[str] = []
    code = main_eval(Settings(), None, None, 6, said.append)
    assert code == 0
    (assistant,) = opened
    assert assistant.closed
    assert assistant.settings.docs == SEEDS
    # Not the index that a person uses.
    assert assistant.settings.data == Settings().data_folder / "eval" / "seeds"
    folder = tmp_path / "here" / "runs" / "seeds-0001"
    assert len((folder / "results.jsonl").read_text("utf-8").splitlines()) == 6
    assert said[0] == (folder / "summary.md").read_text("utf-8")
    assert said[-1] == f"\nWritten to {Path('runs') / 'seeds-0001'}\n"
    main_eval(Settings(data=tmp_path / "mine"), None, None, 6, said.append)
    assert (tmp_path / "here" / "runs" / "seeds-0002" / "figures.json").is_file()
    assert opened[1].settings.data == tmp_path / "mine"


def test_squad_file_as_it_is(opened: list[Opened], tmp_path: Path) -> None:
    path = squad(tmp_path, title="kept")
    settings = Settings(data=tmp_path / "data", docs=tmp_path / "docs")
    assert main_eval(settings, path, tmp_path / "out", None, lambda text: None) == 0
    assert [p.name for p in (tmp_path / "docs").iterdir()] == [file_name("kept")]
    assert opened[0].settings == settings
    records = (tmp_path / "out" / "results.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["language"] for line in records] == ["en"] * 4


def test_report_folder_that_can_t_be(opened: list[Opened], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="no folder for the report can be made there"):
        main_eval(Settings(), None, tmp_path / "file", 1, lambda text: None)
    assert opened == []
