from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.dates import DateMention, date_header, document_date, find_dates, format_date

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("au plus tard le 15 septembre 2020.", [("15 septembre 2020", 2020, 9, 15)]),
        ("le 1er août", [("1er août", None, 8, 1)]),
        ("le 1er aou\u0302t 2021", [("1er aou\u0302t 2021", 2021, 8, 1)]),
        ("lundi 14 septembre.", [("14 septembre", None, 9, 14)]),
        ("on September 15, 2020, it", [("September 15, 2020", 2020, 9, 15)]),
        ("by Sept. 15 at noon", [("Sept. 15", None, 9, 15)]),
        ("the 15 September deadline", [("15 September", None, 9, 15)]),
        ("the 15th of September 2020", [("15th of September 2020", 2020, 9, 15)]),
        ("September 15th", [("September 15th", None, 9, 15)]),
        ("en septembre 2020", [("septembre 2020", 2020, 9, None)]),
        ("September 2020", [("September 2020", 2020, 9, None)]),
        ("le 15\nseptembre 2020", [("15\nseptembre 2020", 2020, 9, 15)]),
        ("le 15\u00a0septembre\u00a02020", [("15\u00a0septembre\u00a02020", 2020, 9, 15)]),
        ("2020-09-14", [("2020-09-14", 2020, 9, 14)]),
        ("2020-09-14T10:00:00Z", [("2020-09-14", 2020, 9, 14)]),
        ("14/09/2020", [("14/09/2020", 2020, 9, 14)]),
        ("09/14/2020", [("09/14/2020", 2020, 9, 14)]),
        ("05/09/2020", [("05/09/2020", 2020, None, None)]),
        ("05/05/2020", [("05/05/2020", 2020, 5, 5)]),
        ("14.09.2020", [("14.09.2020", 2020, 9, 14)]),
        ("début août, puis fin juin", [("août", None, 8, None), ("juin", None, 6, None)]),
        ("en 2019 et in 2021", [("2019", 2019, None, None), ("2021", 2021, None, None)]),
        ("l'élection de 2020 approche", [("2020", 2020, None, None)]),
        ("In May, and since September", [("May", None, 5, None), ("September", None, 9, None)]),
        ("in mid-March", [("March", None, 3, None)]),
        ("le 14 mai et en mars", [("14 mai", None, 5, 14), ("mars", None, 3, None)]),
        ("du mois d’août", [("août", None, 8, None)]),
        ("du 14 au 15 septembre", [("15 septembre", None, 9, 15)]),
        ("29 février 2020", [("29 février 2020", 2020, 2, 29)]),
        ("29 February", [("29 February", None, 2, 29)]),
        ("15 déc. 2020", [("15 déc. 2020", 2020, 12, 15)]),
        ("Mon, 14 Sep 2020 10:00", [("14 Sep 2020", 2020, 9, 14)]),
        # no dates
        ("31 février", []),
        ("31 février 2020", []),
        ("29 February 2021", []),
        ("le 32 mars 2020", []),
        ("2020-13-01", []),
        ("14/13/2020", []),
        ("00/09/2020", []),
        ("it may 15 times", []),
        ("Theresa May said so. May it be.", []),
        ("They march on; a march of 15 people", []),
        ("The scratch mars it. La planète Mars.", []),
        ("sept jours, sept 15", []),
        ("mais maintenant", []),
        ("2020 offers, 2019", []),
        ("1500 stores in 1500 towns", []),
        ("en 2000 exemplaires", []),
        ("de 2000 euros", []),
        ("entre 2000 et 3000 personnes", []),
        ("September 15,000 people", []),
        ("version 1.2.2020.4", []),
        ("10.09.2020.1", []),
        ("la Sept. et Jan", []),
        ("", []),
    ],
)
def test_find_dates(text: str, expected: list[tuple[str, int | None, int, int | None]]) -> None:
    found = [(text[d.start : d.end], d.year, d.month, d.day) for d in find_dates(text)]
    assert found == expected


def test_iso_goes_as_far_as_the_date_is_stated() -> None:
    assert DateMention(0, 1, 2020, 9, 14).iso == "2020-09-14"
    assert DateMention(0, 1, 2020, 9, None).iso == "2020-09"
    assert DateMention(0, 1, 2020, None, None).iso == "2020"
    assert DateMention(0, 1, None, 9, 14).iso is None


@given(st.text() | st.text(alphabet="0123456789/-. ,maiMayseptoût\n"))
def test_find_dates_is_ordered_and_real(text: str) -> None:
    end = 0
    for mention in find_dates(text):
        assert end <= mention.start < mention.end <= len(text)
        end = mention.end
        assert mention.year is not None or mention.month is not None
        assert mention.month is not None or mention.day is None


@given(st.dates(date(1000, 1, 1), date(2999, 12, 31)))
def test_every_day_comes_back_from_its_own_words(day: date) -> None:
    for language in ("en", "fr"):
        text = "x " + format_date(day.isoformat(), language)
        assert [mention.iso for mention in find_dates(text)] == [day.isoformat()]


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        (" date 2020-09 L'offre de", "a.txt", "2020-09"),
        ("Date: 14 September 2020\n\nText", "a.txt", "2020-09-14"),
        ("Date: Mon, 14 Sep 2020 10:00:00 +0200\nFrom: x", "a.txt", "2020-09-14"),
        ("Publié le 3 mars 2021\nTexte", "a.txt", "2021-03-03"),
        ("Un titre\n\nPublié le lundi 1er mars 2021 à 10h\nTexte", "a.txt", "2021-03-01"),
        ("---\ntitle: x\ndate: 2020-09-14\n---\nText", "a.md", "2020-09-14"),
        ('---\ndate: "2020-09-14T10:00:00Z"\n---\nText', "a.md", "2020-09-14"),
        ("Title\n\n14 September 2020\n\nProse", "a.txt", "2020-09-14"),
        ("PARIS (AFP), 14 septembre 2020 – Microsoft a", "a.txt", "2020-09-14"),
        ("Par Jean Dupont, le 14 septembre 2020\nProse", "a.txt", "2020-09-14"),
        ("header wins\n", "2020-09-14.txt", "2020-09-14"),
        ("Date: 2019-01-02\n", "2020-09-14.txt", "2019-01-02"),
        ("x", "notes_20200914.txt", "2020-09-14"),
        ("x", "2020_09 report.txt", "2020-09"),
        ("x", "2020/09/14/story.html", "2020-09-14"),
        ("x", "2019/2020-09-14.txt", "2020-09-14"),
        ("x", "note 14 septembre 2020.txt", "2020-09-14"),
        # never guessed
        ("x", "000_72200733cb3f970f.txt", None),
        ("x", "20201345.txt", None),
        ("x", "120200914.txt", None),
        ("x", "report 2020.txt", None),
        ("lundi 14 septembre.\n", "a.txt", None),
        ("Le 3 mars 2021, Microsoft a dit non.", "a.txt", None),
        ("Microsoft a dit non le 3 mars 2021 à Paris.", "a.txt", None),
        ("En 2019, Microsoft a dit non.", "a.txt", None),
        ("Date: 31 février 2020\n", "a.txt", None),
        ("Prose. " * 60 + "\n14 September 2020\n", "a.txt", None),
        ("", "", None),
    ],
)
def test_document_date(text: str, source: str, expected: str | None) -> None:
    assert document_date(text, source) == expected


def test_document_date_of_the_seeds() -> None:
    dates = {
        path.name[:3]: document_date(path.read_text("utf-8"), path.name)
        for path in sorted(SEEDS.glob("*.txt"))
    }
    assert dates == {
        "000": "2020-09", "001": None, "002": "2020-08", "003": "2020-09", "004": None,
    }  # fmt: skip


def test_date_header_ends_where_the_prose_begins() -> None:
    text = " date 2020-09 L'offre"
    header = date_header(text)
    assert header is not None
    assert text[header.start : header.end] == "date 2020-09"
    assert date_header("A date 2020-09") is None
    assert date_header("Date limite : 15 septembre 2020") is None


@given(st.text(), st.text())
def test_document_date_is_none_or_iso(text: str, source: str) -> None:
    found = document_date(text, source)
    assert found is None or format_date(found, "en")


@pytest.mark.parametrize(
    ("stated", "language", "expected"),
    [
        ("2020-09-15", "en", "15 September 2020"),
        ("2020-09-15", "fr", "15 septembre 2020"),
        ("2020-08-01", "fr", "1er août 2020"),
        ("2020-08-01", "en", "1 August 2020"),
        ("2020-09", "en", "September 2020"),
        ("2020-09", "fr", "septembre 2020"),
        ("2020", "fr", "2020"),
        ("2020-09", "de", "September 2020"),
        (DateMention(0, 1, None, 9, 15), "en", "15 September"),
        (DateMention(0, 1, None, 9, 15), "fr", "15 septembre"),
        (DateMention(0, 1, None, 8, None), "fr", "août"),
    ],
)
def test_format_date(stated: DateMention | str, language: str, expected: str) -> None:
    assert format_date(stated, language) == expected


@pytest.mark.parametrize("stated", ["", "2020-13", "soon", "2020-9", "2020-09-14T10:00"])
def test_format_date_refuses_what_is_none(stated: str) -> None:
    with pytest.raises(ValueError, match="YYYY"):
        format_date(stated, "en")
