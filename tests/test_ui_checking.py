"""What the page shows to check an answer by, without a browser."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Citation, DocumentInfo, Place, Scope, Selection
from rag.ui import checking_text, render
from rag.ui.answer_html import disagreement
from rag.ui.document_html import SHOWN_DOCUMENT, document, opened
from rag.ui.quote_html import Cited, Marked, marks_from_json, marks_to_json, open_data
from rag.ui.refusal import reasons
from rag.ui.text import ENGLISH, FRENCH
from rag.ui.timeline import bars, dated, timeline
from tests.page_fake import ABSTENTION, FakeAssistant
from tests.page_html import Seen, finished

INFO = DocumentInfo("a.txt", "Titre", "2020-09", "fr", 3)


def place(source: str, quote: str = "un mot", start: int = 0, date: str | None = None) -> Place:
    return Place(source, start, start + len(quote), quote, None, date, "fr")


def cite(n: int, where: Place, *also: Place) -> Citation:
    return Citation(n, where, 0.9, also)


# --- the document panel -------------------------------------------------------------------


@given(st.text("a\U0001f600é\n<&", min_size=1, max_size=60), st.data())
def test_the_mark_is_the_span_in_code_points(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    piece = document(INFO, text, ENGLISH, start=start, end=end, quote=text[start:end])
    seen = Seen(piece)
    assert seen.text("mark") == text[start:end]
    assert seen.text().endswith(text)
    assert ENGLISH.out_of_date not in piece


@given(st.text("abc é<", min_size=8, max_size=40), st.data())
def test_marks_that_overlap_change_no_letter(text: str, data: st.DataObject) -> None:
    spans = []
    for n in range(1, data.draw(st.integers(2, 5))):
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        spans.append(Marked(n, start, end, text[start:end]))
    here = spans[0]
    piece = document(
        INFO, text, ENGLISH, start=here.start, end=here.end, quote=here.quote, n=1, marks=spans
    )
    body = piece.partition('<div class="att-text"')[2]
    assert html.unescape(re.sub(r"<[^>]*>", "", body.partition(">")[2])) == text
    pieces = re.findall(r'<mark class="att-quote-now"[^>]*>([^<]*)', piece)
    assert html.unescape("".join(pieces)) == here.quote
    marked = {i for span in spans for i in range(span.start, span.end)}
    assert len(html.unescape("".join(re.findall(r"<mark [^>]*>([^<]*)", piece)))) == len(marked)
    for target in re.findall(r'href="#(att-p\d+)"', piece):
        assert f'id="{target}"' in piece


def test_the_other_quotes_are_marked_lighter_and_each_can_be_reached() -> None:
    text = "Le premier mot. Le second mot. Le dernier."
    marks = [Marked(2, 16, 30, "Le second mot."), Marked(1, 0, 15, "Le premier mot.")]
    stale = Marked(3, 31, 42, "Le damier !")
    piece = document(
        INFO, text, ENGLISH, start=16, end=30, quote="Le second mot.", n=2, marks=[*marks, stale]
    )
    assert re.findall(r'<mark class="(att-[\w-]+)"[^>]* data-n="(\d)"', piece) == [
        ("att-quote-other", "1"),
        ("att-quote-now", "2"),
    ]
    links = re.findall(r'<a class="att-place" href="#(.*?)" data-k="(\d)"( aria-current)?', piece)
    assert links == [("att-p0", "0", ""), ("att-p16", "1", " aria-current")]
    assert ">2 of 2<" in piece and 'aria-label="Previous"' in piece
    assert "2 sur 2" in document(INFO, text, FRENCH, start=16, end=30, n=2, marks=marks)


def test_one_quote_needs_no_previous_and_none_needs_no_list() -> None:
    assert "att-step" not in document(INFO, "un mot", ENGLISH, start=0, end=2, quote="un", n=1)
    assert "att-places" not in document(INFO, "un mot", ENGLISH, start=0, end=2, quote="un")


@pytest.mark.parametrize(("start", "end"), [(0, 99), (-1, 2), (2, 2), (3, 1), (0, 3), (None, None)])
def test_a_span_that_is_not_the_quote_marks_nothing(start: int | None, end: int | None) -> None:
    piece = document(INFO, "un deux", ENGLISH, start=start, end=end, quote="deux")
    assert "<mark" not in piece
    assert ENGLISH.out_of_date in piece
    assert "un deux" in Seen(piece).text()


@pytest.mark.parametrize("start", [0, 300_000, 2_000_000, 4_999_990])
def test_of_a_long_document_the_part_around_the_quote_is_shown(start: int) -> None:
    text = "0123456789" * 500_000
    far = Marked(2, 1_000_000, 1_000_010, text[:10])
    piece = document(
        INFO, text, ENGLISH, start=start, end=start + 10, quote=text[:10], n=1, marks=[far]
    )
    assert Seen(piece).text("mark") == "0123456789"
    assert ENGLISH.cut in piece
    assert SHOWN_DOCUMENT <= len(piece) < SHOWN_DOCUMENT + 5_000
    # What isn't shown is a click away: the answer's other quote, the parts before and after.
    assert 'data-start="1000000"' in piece
    assert (checking_text.ENGLISH.earlier in piece) == (start > 100_000)
    assert (checking_text.ENGLISH.later in piece) == (start < 4_900_000)


def test_a_document_opens_at_a_place_without_a_quote() -> None:
    fake = FakeAssistant({"a.txt": "0123456789" * 50_000}, {"a.txt": INFO})
    piece = opened(fake, {"source": "a.txt", "at": "200000", "marks": "nonsense"}, ENGLISH)
    assert "<mark" not in piece and ENGLISH.out_of_date not in piece
    before, _, after = piece.partition('<span id="att-at"></span>')
    assert before.endswith("789") and after.startswith("012")


def test_marks_come_back_from_the_browser_and_nonsense_does_not() -> None:
    marks = (Marked(1, 0, 4, 'é"<\U0001f600'), Marked(2, 9, 12, "abc"))
    assert marks_from_json(marks_to_json(marks)) == marks
    for text in (None, "", "{}", "[1]", '[["x", 0, 1, ""]]', "[[1, 2]]", '{"a": 1}', "[[[]]]"):
        assert marks_from_json(text) == ()


def test_a_button_carries_what_else_the_answer_quotes_in_its_document() -> None:
    here, also = place("a.txt", "un mot", 5), place("b.txt", "un mot", 0)
    other = place("b.txt", "deux", 20)
    cited = Cited("t1", (cite(1, here, also), cite(2, other)))
    carried = html.unescape(open_data(other, cited, 2).partition('data-marks="')[2])
    assert marks_from_json(carried.rpartition('"')[0]) == (
        Marked(1, 0, 6, "un mot"),
        Marked(2, 20, 24, "deux"),
    )
    assert "data-marks" not in open_data(here, cited, 1)


# --- the answer ---------------------------------------------------------------------------


def test_an_answer_with_its_sources() -> None:
    piece = render.turn(finished("Why?"), ENGLISH)
    assert 'id="t1-c1"' in piece
    assert '<p class="att-sentence att-supported">' in piece
    assert '<p class="att-sentence att-quoted">' in piece
    assert '<span class="att-lead">Your documents say:</span>' in piece
    assert '<span class="att-quote" lang="fr">«\u00a0la date limite du 15 septembre' in piece
    quote = "la société chinoise est devenue insensible"
    assert f'<blockquote id="t1-q1" lang="fr">{quote}</blockquote>' in piece
    assert "and in 1 more file" in piece
    assert '<time datetime="2020-09">September 2020</time>' in piece
    assert "003_2f0f35355889fd64.txt" in piece
    assert "in French" in piece
    assert html.escape(ENGLISH.supported_means) in piece
    assert html.escape(ENGLISH.quoted_means) in piece


def test_a_marker_opens_its_quote_and_is_described_by_it() -> None:
    piece = render.turn(finished("Why?"), ENGLISH)
    marker = re.findall(r'<button type="button" class="att-marker".*?</button>', piece)[0]
    assert 'aria-describedby="t1-q1"' in marker and marker.endswith(">[1]</button>")
    assert 'data-source="003_2f0f35355889fd64.txt"' in marker and 'data-lang="fr"' in marker
    ids = re.findall(r' id="([^"]*)"', piece)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-describedby="([^"]*)"', piece)) <= set(ids)


def test_the_original_stands_beneath_a_sentence_in_another_language_alone() -> None:
    view = finished("Why?")
    piece = render.turn(view, ENGLISH)
    assert piece.count("att-original-name") == 1
    assert "Original, in French</span>" in piece
    assert '<q lang="fr">la société chinoise est devenue insensible</q>' in piece
    assert view.answer
    french = replace(view, answer=replace(view.answer, language="fr"))
    assert "att-original" not in render.turn(french, FRENCH)


def test_a_document_without_a_date_says_so() -> None:
    view = finished("disagree")
    assert render.turn(view, ENGLISH).count(">no date<") >= 1
    assert render.turn(view, FRENCH).count(">sans date<") >= 1


# --- disagreement -------------------------------------------------------------------------


def test_a_disagreement_shows_both_values_with_quote_file_and_date() -> None:
    piece = render.turn(finished("disagree"), ENGLISH)
    section = piece[piece.index('<section class="att-disagree">') :]
    section = section[: section.index("</section>")]
    columns = section.split("<li>")[1:]
    assert len(columns) == 2
    assert "20 septembre" in columns[0] and "000_72200733cb3f970f.txt" in columns[0]
    assert "avant le 20 septembre, la plateforme" in columns[0] and "September 2020" in columns[0]
    assert "15 septembre" in columns[1] and "001_b41c7b1a6920393c.txt" in columns[1]
    assert "la date limite du 15 septembre" in columns[1] and "no date" in columns[1]


def test_whose_words_a_value_stands_in() -> None:
    view = finished("disagree")
    assert view.answer
    item = view.answer.disagreements[0]
    said = place("a.txt", "L'offre a été rejetée, a fait savoir dimanche soir le géant américain.")
    plain = place("b.txt", "L'offre a été rejetée dimanche.")
    piece = disagreement(item, Cited("t1", (cite(1, said), cite(2, plain))), ENGLISH)
    assert piece.count("att-whose") == 1
    assert '<q lang="fr">a fait savoir dimanche soir le géant américain</q>' in piece


# --- the sources in time ------------------------------------------------------------------


def test_the_time_line_is_in_the_order_of_time_and_says_what_has_no_date() -> None:
    citations = (
        cite(1, place("new.txt", date="2024-03-02")),
        cite(2, place("none.txt"), place("old.txt", date="2020-09")),
        cite(3, place("year.txt", date="2024")),
        cite(4, place("new.txt", date="2024-03-02", start=50)),
        cite(5, place("odd.txt", date="<b>2020</b>")),
    )
    assert [(item.place.source, item.numbers) for item in dated(citations)] == [
        ("old.txt", (2,)),
        ("year.txt", (3,)),
        ("new.txt", (1, 4)),
        ("none.txt", (2,)),
        ("odd.txt", (5,)),
    ]
    piece = timeline(Cited("t1", citations), ENGLISH, disagree=False)
    rows = re.findall(r"<li>(.*?)</li>", piece)
    assert [Seen(row).text() for row in rows] == [
        "September 2020 old.txt[2]",
        "2024 year.txt[3]",
        "2 March 2024 new.txt[1][4]",
        "no date none.txt[2]",
        "<b>2020</b> odd.txt[5]",
    ]
    assert 'aria-hidden="true" style="--rows' in piece


def test_a_bar_is_as_long_as_its_date_is_vague_and_as_far_as_it_is_late() -> None:
    drawn = bars(
        dated(
            (
                cite(1, place("a", date="2020")),
                cite(2, place("b", date="2021-12-31")),
                cite(3, place("c", date="2020")),
            )
        )
    )
    assert [(bar.left, bar.width, bar.label) for bar in drawn] == [
        (0.0, 50.07, "1, 3"),  # 366 of 731 days
        (98.8, 1.2, "2"),
    ]


@given(st.lists(st.dates(), min_size=2, max_size=30, unique=True))
def test_numbers_on_the_line_never_lie_over_each_other(days: list[object]) -> None:
    citations = tuple(cite(n, place(f"{n}", date=str(day))) for n, day in enumerate(days, 1))
    drawn = bars(dated(citations))
    assert len(drawn) == len(days)
    assert all(bar.left >= 0 and bar.left + bar.width <= 100.01 for bar in drawn)
    ends: dict[int, float] = {}
    for bar in drawn:
        assert bar.label_left >= ends.get(bar.row, 0) and bar.label_left + bar.label_width <= 100
        ends[bar.row] = bar.label_left + bar.label_width


def test_the_time_line_shows_where_it_tells_something() -> None:
    one, two = cite(1, place("a", date="2020-09")), cite(2, place("b", date="2021"))
    same, none = cite(2, place("b", date="2020-09")), cite(2, place("b"))
    cases = (((one, two), True, True), ((one, same), False, True), ((one, none), False, True),
             ((none,), False, False))  # fmt: skip
    for citations, alone, disagreeing in cases:
        cited = Cited("t1", citations)
        assert bool(timeline(cited, ENGLISH, disagree=False)) == alone
        assert bool(timeline(cited, ENGLISH, disagree=True)) == disagreeing
    assert "att-axis" not in timeline(Cited("t1", (one, none)), ENGLISH, disagree=True)


# --- refusal ------------------------------------------------------------------------------


def test_an_abstention_shows_the_nearest_passages_and_what_to_try() -> None:
    said = checking_text.FRENCH
    piece = render.turn(finished("unicorn"), FRENCH)
    assert html.escape(ABSTENTION, quote=True) in piece
    assert "att-sentence" not in piece
    assert html.escape(FRENCH.nearest) in piece and html.escape(said.try_words) in piece
    assert html.escape(said.why_below) in piece
    assert piece.count('class="att-card"') == 3
    assert 'data-event="apply" data-question="unicorn"' in piece
    assert 'data-event="expand"' not in piece  # all documents were asked


def test_the_reasons_of_a_refusal_are_what_is_known() -> None:
    view = finished("unicorn")
    assert view.answer and view.searched
    searched = replace(view.searched, missing=("Peru", "capital"))
    scope = Scope(Selection(since="2020"), 1, 5, 2)
    answer = replace(view.answer, scope=scope)
    assert reasons(answer, searched, ENGLISH) == [
        "Only 1 of 5 documents was searched.",
        "2 documents were left out of the dates that you chose, since they have no date.",
        "No document that was searched has the words “Peru”, “capital”, in any form that Attest "
        "knows.",
        checking_text.ENGLISH.why_below,
    ]
    empty = replace(view.answer, consulted=())
    assert reasons(empty, None, FRENCH) == [checking_text.FRENCH.why_nothing]
    piece = render.turn(replace(view, answer=answer), ENGLISH)
    assert 'data-event="expand" data-question="unicorn"' in piece


def test_both_languages_take_the_same_blanks() -> None:
    for name in checking_text.ENGLISH.__dataclass_fields__:
        english, french = (
            re.findall(r"{\w+}", str(getattr(words, name)))
            for words in (checking_text.ENGLISH, checking_text.FRENCH)
        )
        assert sorted(english) == sorted(french), name
