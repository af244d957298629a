"""Asking and searching only some documents, or a range of dates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import selection
from rag.assistant import Assistant
from rag.errors import UsageError
from rag.fakes import HashEmbedder, MemoryStore
from rag.types import Answer, DocumentInfo, Scope, Selection
from tests.contract import breaches
from tests.parts import build
from vectorstore.chroma import ChromaStore

pytestmark = pytest.mark.filterwarnings("ignore:legacy embedding function config")  # Chroma's own

INFOS = [
    DocumentInfo("a.txt", None, "2020-09", "en", 1),
    DocumentInfo("b/c.txt", None, "2020-09-14", "en", 1),
    DocumentInfo("d [1].txt", None, None, "fr", 1),
    DocumentInfo("e.txt", None, "2021", "en", 1),
]
CHOSEN = ("000_72200733cb3f970f.txt", "003_2f0f35355889fd64.txt")
QUESTIONS = ("Why was Microsoft's bid rejected?", "By which date must TikTok be sold?",
             "Qui sera le partenaire ?", "Oracel partner")  # fmt: skip


@pytest.mark.parametrize(
    ("patterns", "since", "until", "made"),
    [
        ((), None, None, None),
        ((), " ", "", None),
        (("*.txt",), None, None, Selection(frozenset(info.source for info in INFOS))),
        (("a*", "b/*"), None, None, Selection(frozenset({"a.txt", "b/c.txt"}))),
        (("d [1].txt",), None, None, Selection(frozenset({"d [1].txt"}))),
        ((), "2020", "2020", Selection(None, "2020", "2020")),
        (("e*",), "2020-02-29", None, Selection(frozenset({"e.txt"}), "2020-02-29")),
    ],
)
def test_what_a_person_writes_becomes_a_selection(
    patterns: tuple[str, ...], since: str | None, until: str | None, made: Selection | None
) -> None:
    assert selection.make(INFOS, patterns, since, until) == made


@pytest.mark.parametrize(
    ("patterns", "since", "until", "said"),
    [
        (("a*", "z*"), None, None, "no document's path matches 'z\\*'"),
        ((), "2020-13", None, "'2020-13' is no date: write 2020, 2020-09 or 2020-09-14"),
        ((), None, "2021-02-29", "is no date"),
        ((), "20-09", None, "is no date"),
        ((), "0000", None, "is no date"),
        ((), "2020-00", None, "is no date"),
        ((), "٢٠٢٠", None, "is no date"),
        ((), "2021", "2020-12-31", "ends \\(2020-12-31\\) before it begins \\(2021\\)"),
    ],
)
def test_what_selects_nothing_is_refused_in_one_line(
    patterns: tuple[str, ...], since: str | None, until: str | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        selection.make(INFOS, patterns, since, until)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("date", "since", "until", "inside"),
    [
        ("2020-09", "2020-09-30", None, True),
        ("2020-09", "2020-10", None, False),
        ("2020-09", None, "2020-09-01", True),
        ("2020-09", None, "2020-08", False),
        ("2020", "2020-12-31", "2020-12-31", True),
        ("2020-02-29", None, "2020-02", True),
        ("2020-09-14", "2020-09-14", "2020-09-14", True),
        ("2020-09-14", "2020-09-15", None, False),
        (None, None, None, True),
        (None, "1000", None, False),
    ],
)
def test_a_date_is_in_a_range_that_may_hold_it(
    date: str | None, since: str | None, until: str | None, inside: bool
) -> None:
    assert selection.in_range(Selection(None, since, until), date) is inside


def test_a_scope_counts_what_is_searched_and_what_has_no_date() -> None:
    year = Selection(None, "2020", "2020")
    assert selection.scope(year, INFOS) == Scope(year, 2, 4, 1)
    two = Selection(frozenset({"a.txt", "gone.txt"}), "2020")
    assert selection.scope(two, INFOS) == Scope(two, 1, 4, 0)
    undated = Selection(frozenset({"d [1].txt"}))
    assert selection.scope(undated, INFOS) == Scope(undated, 1, 4, 0)


# --- as if the index held nothing else ----------------------------------------------------


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Assistant, Assistant]]:
    """Over all five seeds, and over the chosen two alone."""
    root = tmp_path_factory.mktemp("selection")
    seeds = Path(__file__).parents[1] / "seeds"
    (root / "two").mkdir()
    for name in CHOSEN:
        (root / "two" / name).write_bytes((seeds / name).read_bytes())
    everything, alone = build(seeds, root / "all-data"), build(root / "two", root / "two-data")
    yield everything, alone
    everything.close()
    alone.close()


def plain(shape: dict[str, Any]) -> str:
    return json.dumps(
        {k: v for k, v in shape.items() if k not in ("seconds", "timings", "selection")}
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_selection_answers_as_an_index_of_these_documents(
    both: tuple[Assistant, Assistant], question: str
) -> None:
    """Frequencies, spellings, ranks, places of the same statement, disagreements: all of it."""
    everything, alone = both
    chosen = Selection(frozenset(CHOSEN))
    before = plain(everything.ask(question).to_dict())
    answer = everything.ask(question, selection=chosen)
    assert plain(answer.to_dict()) == plain(alone.ask(question).to_dict())
    found = everything.search(question, 50, selection=chosen)
    assert plain(found.to_dict(question)) == plain(alone.search(question, 50).to_dict(question))
    assert answer.scope == found.scope == Scope(chosen, 2, 5, 0)
    assert answer.to_dict()["selection"] == {
        "sources": sorted(CHOSEN), "since": None, "until": None,
        "searched": 2, "of": 5, "undated": 0,
    }  # fmt: skip
    assert breaches(answer.to_dict(), everything.text) == []
    assert plain(everything.ask(question).to_dict()) == before
    assert "selection" not in everything.ask(question).to_dict()


def test_no_place_outside_the_selection_is_ever_named(both: tuple[Assistant, Assistant]) -> None:
    everything, _ = both
    asked = "By which date must TikTok be sold?"
    assert named(everything.ask(asked)) - set(CHOSEN), "the question is too easy"
    for sources in ({CHOSEN[0]}, set(CHOSEN)):
        answer = everything.ask(asked, selection=Selection(frozenset(sources)))
        assert named(answer) and named(answer) <= sources
    elsewhere = replace(answer, scope=Scope(Selection(frozenset({"other.txt"})), 1, 5, 0))
    assert breaches(elsewhere.to_dict(), everything.text) == ["a place outside the selection"]


def named(answer: Answer) -> set[str]:
    places = [c.place for c in answer.citations] + [c.place for c in answer.consulted]
    places += [place for c in answer.citations for place in c.also]
    return {place.source for place in places}


def test_a_range_of_dates_leaves_undated_documents_out(both: tuple[Assistant, Assistant]) -> None:
    everything, _ = both
    dates = {info.source: info.date for info in everything.sources()}
    dated = {source for source, date in dates.items() if date and date >= "2020-09"}
    undated = sum(date is None for date in dates.values())
    assert dated and undated and len(dated) + undated < 5
    found = everything.search(QUESTIONS[0], 50, selection=Selection(None, "2020-09", None))
    assert {item.place.source for item in found.evidence} <= dated and found.evidence
    assert found.scope == Scope(Selection(None, "2020-09"), len(dated), 5, undated)
    nothing = everything.ask(QUESTIONS[0], selection=Selection(None, "2031", None))
    assert nothing.abstained and not nothing.consulted
    assert nothing.scope and nothing.scope.searched == 0


def test_the_few_selected_are_found_among_many(tmp_path: Path) -> None:
    """300 documents say it in nearly the same words: more than either search would look at."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for n in range(300):
        (docs / f"{n:03}.txt").write_text(
            f"The harbour bridge of town {n} was opened with a feast.\n\nThe harbour bridge is long.\n"
        )
    (docs / "last.txt").write_text("Of that bridge we know its engineer: Anna Holm made it.\n")
    assistant = build(docs, tmp_path / "data")
    for source in ("last.txt", "299.txt"):
        found = assistant.search("harbour bridge", selection=Selection(frozenset({source})))
        assert [item.place.source for item in found.evidence][:1] == [source]
        assert {item.place.source for item in found.evidence} == {source}
    assistant.close()


# --- the stores ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["chroma", "memory"])
def test_a_store_searches_some_documents(tmp_path: Path, kind: str) -> None:
    store = ChromaStore(tmp_path / "chroma") if kind == "chroma" else MemoryStore()
    words = [f"word{n}" for n in range(60)]
    vectors = HashEmbedder(16).embed(words)
    store.upsert(words, vectors, [f"{n % 6}'\".txt" for n in range(60)])
    store.flush()
    query = vectors[3]
    for sources in ({"1'\".txt"}, {"0'\".txt", "5'\".txt"}, {f"{n}'\".txt" for n in range(9)}):
        rows = [n for n in range(60) if f"{n % 6}'\".txt" in sources]
        best = sorted(rows, key=lambda n: (-float(vectors[n] @ query), words[n]))
        scores = [round(float(vectors[n] @ query), 2) for n in best]
        hits = store.search(query, 1000, sources)
        assert {hit.id for hit in hits} == {words[n] for n in rows}
        assert np.allclose([hit.score for hit in hits], scores, atol=0.02)
        assert len(store.search(query, 4, sources)) == 4
    assert store.search(query, 10, set()) == []
    assert store.search(query, 10, {"none"}) == []
    store.upsert(["word3"], vectors[3:4], ["moved.txt"])
    assert [hit.id for hit in store.search(query, 10, {"moved.txt"})] == ["word3"]
    with pytest.raises(ValueError, match=r"1 .* 2|shorter|longer"):
        store.upsert(["x"], vectors[:1], ["a", "b"])
    store.close()


def test_more_documents_than_one_query_can_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vectorstore.chroma._SOURCES", 3)
    store = ChromaStore(tmp_path / "chroma")
    words = [f"word{n}" for n in range(20)]
    vectors = HashEmbedder(16).embed(words)
    store.upsert(words, vectors, words)
    store.flush()
    hits = store.search(vectors[7], 5, set(words) - {"word7"})
    exact = sorted(
        (n for n in range(20) if n != 7), key=lambda n: (-float(vectors[n] @ vectors[7]), words[n])
    )
    assert len(hits) == 5 and hits[0].score >= hits[4].score
    assert {hit.id for hit in hits[:2]} <= {words[n] for n in exact[:4]}
    store.close()


# --- statements alike, looked up late -----------------------------------------------------


def test_statements_alike_are_of_the_state_that_was_searched(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("The harbour bridge was opened on 14 May 1931.\n")
    (docs / "b.txt").write_text("It is said that the bridge was opened on 3 June 1932.\n")
    assistant = build(docs, tmp_path / "data")
    retriever, catalog = assistant._retriever, assistant.index.catalog
    query = assistant._retrieve("harbour", ()).query
    retrieved = retriever.search(query, 1)
    assert [item.place.source for item in retrieved.evidence] == ["a.txt"]
    assert [item.place.source for item in retrieved.nearby] == ["a.txt", "b.txt"]
    alone = retriever.search(query, 1, Selection(frozenset({"a.txt"})))
    assert [item.place.source for item in alone.nearby] == ["a.txt"]
    retrieved = retriever.search(query, 1)
    (docs / "b.txt").write_text("Now it says quite something else about rain.\n")
    assistant.sync()
    assert [item.place.source for item in retrieved.nearby] == ["a.txt"]
    # The index changes in the middle of looking: what was found then isn't given out.
    retrieved = retriever.search(query, 1)
    searching = retriever.lexical.search

    def change(*args: Any) -> Any:
        hits = searching(*args)
        catalog.remove_document("a.txt")
        return hits

    retriever.lexical.search = change  # type: ignore[method-assign]
    assert retrieved.nearby == retrieved.evidence
    assistant.close()


@given(st.dates(), st.dates(), st.dates())
def test_ranges_of_whole_days_are_plain_comparisons(a: Any, b: Any, c: Any) -> None:
    since, until = min(a, b).isoformat(), max(a, b).isoformat()
    made = selection.make(INFOS, (), since, until)
    assert made is not None
    assert selection.in_range(made, c.isoformat()) is (since <= c.isoformat() <= until)
