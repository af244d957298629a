"""Uploads and choices of documents as the server sees them, without a browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from gradio.utils import get_upload_folder
from gradio_client import Client
from gradio_client.exceptions import AppError

from rag.errors import UsageError
from rag.types import DocumentInfo, Scope, Selection
from rag.ui import documents, documents_html, selection_html, serve
from rag.ui.desk import Desk
from rag.ui.documents import Arrived, Documents, arrived
from rag.ui.documents_html import Taken
from rag.ui.documents_text import DOCUMENTS
from rag.ui.selection import Choosing, read_chosen, written
from rag.ui.selection_text import SELECTION
from rag.ui.text import ENGLISH, FRENCH
from tests.page_fake import FakeAssistant
from tests.page_html import Seen
from tests.parts import build

REQUEST: Any = SimpleNamespace(headers={"accept-language": "en"}, session_hash="s")


def event(data: object) -> Any:
    return SimpleNamespace(_data=data)


def uploaded(name: str, data: bytes, folder: str = "hash") -> Path:
    """As Gradio's upload leaves it."""
    path = Path(get_upload_folder()) / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Documents, Any]]:
    """The tab's events over a real assistant with one document."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "own.txt").write_text("It rains in the harbour.\n")
    assistant = build(docs, tmp_path / "data")
    desk = Desk(lambda progress: assistant)
    yield Documents(desk), assistant
    desk.close()


def add(tab: Documents, *files: dict[str, Any]) -> str:
    """The last report."""
    *_, (report, _, button) = tab.add(REQUEST, event({"files": list(files)}))
    assert button["interactive"] is True
    return Seen(report).text()


# --- files on their way -------------------------------------------------------------------


def test_only_what_was_uploaded_is_read(tmp_path: Path) -> None:
    good = uploaded("a.txt", b"x")
    outside = tmp_path / "secret.txt"
    outside.write_text("secret")
    link = good.with_name("link.txt")
    link.symlink_to(outside)
    loose = Path(get_upload_folder()) / "loose.txt"
    loose.write_text("x")
    paths = [str(good), "/etc/passwd", str(outside), f"{good.parent}/../../{outside.name}",
             str(link), str(loose), str(good.parent), "a\0b", 7, None, ""]  # fmt: skip
    found = arrived({"files": [{"name": "n", "size": 1, "path": path} for path in paths]})
    assert [file.path for file in found] == [good, *[None] * 10]
    for path in (good, link, loose):
        path.unlink()
    for wrong in (None, [], {}, {"files": 3}, {"files": [3, {"name": 4}, {"path": str(good)}]}):
        assert arrived(wrong) == []
    assert arrived({"files": [{"name": "x\ud800" * 400, "size": "7"}]}) == [
        Arrived(("x?" * 150), 0, None)
    ]


def test_each_file_has_its_outcome_and_gradios_copy_goes(
    place: tuple[Documents, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tab, assistant = place
    monkeypatch.setattr(documents, "MAX_FILES", 3)
    texts = [b"The bridge was opened in 1931.\n", b"PK\x03\x04zip", b"", b"The fourth one.\n"]
    paths = [uploaded(f"{n}.txt", text, f"hash{n}") for n, text in enumerate(texts)]
    report = add(tab, *({"name": p.name, "size": 9, "path": str(p)} for p in paths))
    assert report.startswith("1 document addedadded 0.txt")
    assert "not added 1.txt: binary: by its content this is a zip archive" in report
    assert "not added 2.txt: empty file" in report
    assert "not added 3.txt: not taken: at most 3 files at a time" in report
    assert not any(path.parent.exists() for path in paths)
    assert assistant.uploads.sources() == {"uploads/0.txt"}
    assert [info.source for info in assistant.sources()] == ["own.txt", "uploads/0.txt"]


def test_a_file_that_did_not_arrive_says_why(place: tuple[Documents, Any]) -> None:
    tab, _ = place
    report = add(
        tab,
        {"name": "lost.txt", "size": 10, "path": None},
        {"name": "huge.txt", "size": 60 << 20, "path": None},
        {"name": "elsewhere.txt", "size": 10, "path": "/etc/passwd"},
    )
    assert report.startswith("Nothing was added")
    assert "lost.txt: it didn’t arrive: try again" in report
    assert "huge.txt: too large: 60.0 MB, at most 50 MB" in report
    assert "elsewhere.txt: it didn’t arrive" in report


def test_who_leaves_before_their_turn_leaves_no_file(place: tuple[Documents, Any]) -> None:
    tab, assistant = place
    running, go = threading.Event(), threading.Event()

    def slow(assistant: Any, put: Any) -> None:
        running.set()
        go.wait(5)

    job = tab.desk.run(slow, threading.Event())
    next(job)
    assert running.wait(5)
    path = uploaded("a.txt", b"The bridge.\n", "left")
    adding = tab.add(REQUEST, event({"files": [{"name": "a.txt", "size": 1, "path": str(path)}]}))
    next(adding)
    assert "You are next" in next(adding)[0]
    adding.close()
    assert not path.exists()
    go.set()
    assert list(job) == []
    assert assistant.uploads.sources() == frozenset()


def test_a_failing_index_keeps_what_was_taken_in(
    place: tuple[Documents, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tab, assistant = place
    monkeypatch.setattr(
        type(assistant), "sync", lambda *rest: (_ for _ in ()).throw(UsageError("no such folder"))
    )
    path = uploaded("a.txt", b"The bridge.\n")
    report = add(tab, {"name": "a.txt", "size": 1, "path": str(path)})
    assert report == "1 document addedadded a.txtno such folder"
    assert assistant.uploads.sources() == {"uploads/a.txt"}


def test_only_what_was_added_can_be_removed(place: tuple[Documents, Any]) -> None:
    tab, assistant = place
    add(tab, {"name": "a.txt", "size": 1, "path": str(uploaded("a.txt", b"The bridge.\n"))})
    for source in ("own.txt", "uploads/../own.txt", None, 7):
        *_, (report, _, _) = tab.remove(REQUEST, event({"source": source}))
        assert "was not added on the page" in report and str(assistant.index.folder) in report
    *_, (report, table, _) = tab.remove(REQUEST, event({"source": "uploads/a.txt"}))
    assert Seen(report).text() == "uploads/a.txt was removed."
    assert "own.txt" in table and "att-remove" not in table


def test_the_upload_is_limited_private_and_apart() -> None:
    assert serve.launch_options()["max_file_size"] == 50 * 2**20
    folder = Path(get_upload_folder())
    assert folder.name.startswith("attest-") and folder.stat().st_mode & 0o777 == 0o700


# --- the choice ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chosen",
    [
        None,
        Selection(frozenset({"a.txt", "b/ç.txt"})),
        Selection(None, "2020", None),
        Selection(frozenset({"a.txt"}), "2020-09", "2020-09-14"),
    ],
)
def test_a_choice_comes_back_from_the_browser_as_it_went(chosen: Selection | None) -> None:
    assert read_chosen(written(chosen)) == chosen


@pytest.mark.parametrize(
    "raw",
    ["{", "3", "[]", '{"sources": "a"}', '{"sources": [3]}', '{"since": 2020}', "[" * 100_000,
     '{"sources": null, "since": "2020-13"}', 7, {"sources": []}, "x" * 5_000_000],
)  # fmt: skip
def test_a_choice_that_cannot_be_read_never_means_everything(raw: object) -> None:
    with pytest.raises(UsageError) as caught:
        read_chosen(raw)
    assert "\n" not in str(caught.value)


def test_choosing_says_of_how_many_and_in_which_range() -> None:
    fake = FakeAssistant.over_seeds()
    choosing = Choosing(Desk(lambda progress: fake))
    sources = sorted(fake.infos)[:2]
    sent = json.dumps({"sources": sources, "since": "2020-09", "until": ""})
    kept, shown, other, said = choosing.apply(REQUEST, event({"chosen": sent}))
    assert read_chosen(kept) == Selection(frozenset(sources), "2020-09")
    assert shown == other and said == ""
    assert "Documents: 1 of 5, from September 2020" in Seen(shown).text()
    assert choosing.apply(REQUEST, event({"chosen": '{"since": "x"}'}))[3].startswith("'x' is no")
    dialog, said = choosing.open(kept, REQUEST)
    assert dialog.count(" checked") == 2 and 'value="2020-09"' in dialog and said == ""
    assert choosing.open("{", REQUEST)[0].count(" checked") == 0
    assert choosing.clear(REQUEST)[0] == ""


def test_an_answer_says_what_was_searched() -> None:
    scope = Scope(Selection(frozenset({"a"}), None, "2020-09"), 1, 5, 2)
    assert Seen(selection_html.searched_in(scope, FRENCH)).text() == (
        "Cherché dans 1 des 5 documents, jusqu’à septembre 2020; 2 sans date laissés de côtéa"
    )
    assert selection_html.searched_in(None, ENGLISH) == ""


def test_programs_may_ask_and_search_some_documents() -> None:
    from rag.ui.page import build_page

    fake = FakeAssistant.over_seeds()
    page = build_page(fake)
    address = serve.launch(page, "127.0.0.1", serve.check_port("127.0.0.1", 0))
    try:
        client = Client(address, verbose=False, analytics_enabled=False)
        answer = client.predict("Why?", sources=["000*"], since="2020", api_name="/ask")
        names = frozenset(source for source in fake.infos if source.startswith("000"))
        assert fake.selection == Selection(names, "2020")
        assert answer["selection"]["searched"] == 1 and answer["selection"]["of"] == 5
        found = client.predict("Why?", until="2020-08", api_name="/search")
        assert fake.selection == Selection(None, None, "2020-08")
        assert found["selection"]["until"] == "2020-08"
        assert "selection" not in client.predict("Why?", api_name="/search")
        for wrong in ({"sources": ["nope*"]}, {"since": "2020-13"}, {"sources": "000*"}):
            with pytest.raises(AppError, match=r"nope\*|is no date|a list of texts"):
                client.predict("Why?", **wrong, api_name="/ask")
        # What is uploaded is a file to be taken in, and nothing that is shown in a page.
        files = {"files": ("a.html", b"<script>1</script>")}
        path = httpx.post(f"{address}gradio_api/upload", files=files).json()[0]
        served = httpx.get(f"{address}gradio_api/file={path}")
        assert (
            "attachment" in served.headers.get("content-disposition", "") or not served.is_success
        )
        Path(path).unlink()
    finally:
        page.close(verbose=False)


# --- words --------------------------------------------------------------------------------


def test_both_languages_take_the_same_blanks() -> None:
    import re

    for words in (DOCUMENTS, SELECTION):
        english, french = words["en"], words["fr"]
        for name in english.__dataclass_fields__:
            blanks = [
                sorted(set(re.findall(r"{(\w+)}", str(getattr(one, name)))))
                for one in (english, french)
            ]
            assert blanks[0] == blanks[1], name


def test_a_list_of_eight_or_more_can_be_filtered() -> None:
    infos = [DocumentInfo(f"{n}.txt", None, None, "en", 1) for n in range(8)]
    for count, filters in ((7, False), (8, True)):
        listing = documents_html.listing(infos[:count], (), "/docs", ENGLISH)
        dialog = selection_html.dialog(infos[:count], None, ENGLISH)
        assert ('type="search"' in listing) is ('type="search"' in dialog) is filters
    assert "No document" in documents_html.listing([], (), "/docs", ENGLISH)
    one = documents_html.outcomes([Taken("a.txt", "uploads/a.txt")], ENGLISH)
    assert Seen(one).text() == "1 document addedadded a.txt"
