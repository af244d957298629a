"""Documents that were added on the page: taken in whole, indexed like the folder's, removable."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import load
from rag.assistant import Assistant
from rag.errors import DocumentSkipped, RagError, UsageError
from rag.roots import Roots
from rag.uploads import Added, Uploads, safe_name
from tests.parts import build

BRIDGE = b"The harbour bridge was opened on 14 May 1931.\n"
RAIN = b"It rains in the harbour. The engineer stays at home.\n"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Assistant, Path, Path]]:
    """An assistant over a folder of one document, that folder, and its data folder."""
    docs, data = tmp_path / "docs", tmp_path / "data"
    docs.mkdir()
    (docs / "own.txt").write_bytes(RAIN)
    assistant = build(docs, data)
    yield assistant, docs, data
    assistant.close()


def actions(assistant: Assistant) -> dict[str, str]:
    return {outcome.source: outcome.action for outcome in assistant.sync().outcomes}


def test_an_upload_is_a_document_like_any_other(place: tuple[Assistant, Path, Path]) -> None:
    assistant, docs, data = place
    assert assistant.uploads.add("bridge.txt", BRIDGE) == Added("uploads/bridge.txt")
    assert assistant.index.state() == "to be brought up to date"
    assert actions(assistant) == {"own.txt": "unchanged", "uploads/bridge.txt": "added"}
    assert assistant.index.state() == "up to date"
    assert [info.source for info in assistant.sources()] == ["own.txt", "uploads/bridge.txt"]
    assert assistant.text("uploads/bridge.txt") == BRIDGE.decode()
    found = assistant.search("When was the bridge opened?")
    assert found.evidence[0].place.source == "uploads/bridge.txt"
    assert sorted(path.name for path in docs.iterdir()) == ["own.txt"]
    # What is changed or removed there by hand is seen before the next question.
    (data / "uploads" / "bridge.txt").write_bytes(b"The bridge was opened on 15 June 1932.\n")
    assert "June" in assistant.search("When was the bridge opened?").evidence[0].place.quote
    assert assistant.sync(rebuild=True).count("added") == 2
    (data / "uploads" / "bridge.txt").unlink()
    assistant.search("bridge")
    assert [info.source for info in assistant.sources()] == ["own.txt"]
    assert not assistant.index.catalog.vectors([BRIDGE.decode().strip()]).any()


def test_what_was_added_can_be_removed_and_nothing_else(
    place: tuple[Assistant, Path, Path],
) -> None:
    assistant, docs, data = place
    assistant.uploads.add("bridge.txt", BRIDGE)
    assistant.sync()
    for source in ("own.txt", "uploads/../../docs/own.txt", "uploads/none.txt", "", "uploads"):
        with pytest.raises(UsageError, match="was not added on the page"):
            assistant.uploads.remove(source)
    assert assistant.uploads.sources() == {"uploads/bridge.txt"}
    assistant.uploads.remove("uploads/bridge.txt")
    assert actions(assistant) == {"own.txt": "unchanged", "uploads/bridge.txt": "removed"}
    assert (docs / "own.txt").read_bytes() == RAIN
    assert not list((data / "uploads").iterdir())


def test_a_name_that_is_taken_gets_a_number(place: tuple[Assistant, Path, Path]) -> None:
    assistant, docs, _ = place
    add = assistant.uploads.add
    assert add("report.txt", BRIDGE) == Added("uploads/report.txt")
    assert add("REPORT.txt", RAIN) == Added("uploads/REPORT (2).txt", "REPORT.txt")
    assert add("report.txt", BRIDGE + RAIN) == Added("uploads/report (3).txt", "report.txt")
    for same in (BRIDGE, RAIN):
        with pytest.raises(DocumentSkipped, match="the same file is there already: uploads/"):
            add("report.txt", same)
    (docs / "uploads").mkdir()
    (docs / "uploads" / "mine.txt").write_bytes(BRIDGE)
    assert add("mine.txt", RAIN) == Added("uploads/mine (2).txt", "mine.txt")
    assert len(assistant.uploads.sources()) == 4


def test_a_file_of_the_folder_with_the_same_path_wins(place: tuple[Assistant, Path, Path]) -> None:
    assistant, docs, data = place
    assistant.uploads.add("bridge.txt", BRIDGE)
    assistant.sync()
    (docs / "uploads").mkdir()
    (docs / "uploads" / "bridge.txt").write_bytes(RAIN)
    report = assistant.sync()
    assert [(o.source, o.action) for o in report.outcomes] == [
        ("own.txt", "unchanged"),
        ("uploads/bridge.txt", "changed"),
        ("uploads/bridge.txt", "skipped"),
    ]
    assert "same path" in (report.skipped[0].reason or "")
    assert assistant.text("uploads/bridge.txt") == RAIN.decode()
    with pytest.raises(UsageError, match="was not added on the page"):
        assistant.uploads.remove("uploads/bridge.txt")
    assert assistant.index.state() == "up to date"
    (docs / "uploads" / "bridge.txt").unlink()
    assert actions(assistant)["uploads/bridge.txt"] == "changed"
    assert assistant.text("uploads/bridge.txt") == BRIDGE.decode()
    # One that can't be read wins too.
    (docs / "uploads" / "bridge.txt").symlink_to("/nowhere")
    assert ("uploads/bridge.txt", "skipped") in [
        (o.source, o.action) for o in assistant.sync().outcomes
    ]
    assert [info.source for info in assistant.sources()] == ["own.txt"]
    assert (data / "uploads" / "bridge.txt").exists()


def test_a_data_folder_inside_the_documents_folder_is_not_read_twice(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    for data in (docs / "index", docs):
        docs.mkdir(exist_ok=True)
        taken = Uploads(data, Roots.of(docs, data))
        assert taken.add("é.txt", BRIDGE) == Added("uploads/é.txt")
        scanned = taken.roots.scan()
        assert scanned.sources == ["uploads/é.txt"] and not scanned.shadowed
        assert taken.roots.read("uploads/é.txt") == BRIDGE
        assert taken.sources() == {"uploads/é.txt"}
        taken.remove("uploads/é.txt")
        assert taken.roots.scan().sources == []
    inner = Roots.of(docs / "uploads", docs)
    assert inner.uploads is None
    with pytest.raises(UsageError, match="lies among the uploads"):
        Uploads(docs, inner).add("a.txt", BRIDGE)


def test_a_skipped_file_among_the_uploads_is_named_with_its_reason(
    place: tuple[Assistant, Path, Path],
) -> None:
    assistant, _, data = place
    assistant.uploads.add("bridge.txt", BRIDGE)
    (data / "uploads" / "left.zip").write_bytes(b"x")
    (data / "uploads" / "blank.txt").write_bytes(b"  \n")
    skipped = {o.source: o.reason or "" for o in assistant.sync().skipped}
    assert "unknown format" in skipped["uploads/left.zip"]
    assert "white space" in skipped["uploads/blank.txt"]
    assert assistant.index.state() == "up to date"


# --- what is refused ----------------------------------------------------------------------


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "text")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("renamed.txt", zipped(), "zip"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "binary"),
        ("report.pdf", BRIDGE, "PDF"),
        ("report.docx", BRIDGE, "docx|Word"),
        ("tool.exe", BRIDGE, "unknown format .exe"),
        ("nothing", BRIDGE, "unknown format \\(no suffix\\)"),
        ("empty.txt", b"", "empty"),
        ("blank.md", b" \n\t\n", "white space"),
        ("long.txt", b"x " * (25 << 20) + b"x", "too large: 50.0 MB, at most 50 MB"),
    ],
)
def test_what_cannot_be_indexed_is_not_taken_in(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    taken = Uploads(tmp_path / "data", Roots.of(docs, tmp_path / "data"))
    with pytest.raises(DocumentSkipped, match=reason) as caught:
        taken.add(name, data)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "data").exists()


def test_a_file_has_its_name_only_when_it_is_whole(
    place: tuple[Assistant, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant, _, data = place

    def full(descriptor: int) -> None:
        assert not list((data / "uploads").iterdir())
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(RagError, match="No space left") as caught:
            assistant.uploads.add("bridge.txt", BRIDGE)
    assert "\n" not in str(caught.value)
    assert assistant.index.state() == "up to date"
    assert len(list((data / "uploads.part").iterdir())) == 1  # as a killed process leaves it
    assistant.uploads.add("bridge.txt", BRIDGE)
    assert not list((data / "uploads.part").iterdir())
    assert [path.name for path in (data / "uploads").iterdir()] == ["bridge.txt"]


def test_a_killed_sync_of_uploads_ends_in_the_same_index(
    place: tuple[Assistant, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant, _, _ = place
    assistant.uploads.add("bridge.txt", BRIDGE)
    for seam in ("put_vectors", "put_document"):
        with monkeypatch.context() as patched:
            patched.setattr(assistant.index.catalog, seam, lambda *rest: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                assistant.sync()
        assert assistant.index.state() == "to be brought up to date"
    assert actions(assistant)["uploads/bridge.txt"] == "added"
    assert assistant.index.store.ids() == {c.id for c in assistant.index.catalog.chunks()}


# --- names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.txt", "report.txt"),
        ("Rapport d'activité (final), n° 2.pdf", "Rapport d'activité (final), n° 2.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\a.txt", "a.txt"),
        ("/etc/cron.d/x.md", "x.md"),
        ("a\x00b\nc\x1b[31m.txt", "a_b_c_[31m.txt"),
        ("<img src=x>.txt", "_img src=x_.txt"),
        ("evil\u202etxt.exe", "evil_txt.exe"),
        (".hidden.txt", "hidden.txt"),
        ("~$lock.docx", "lock.docx"),
        (".txt", "document.txt"),
        ("...", "document"),
        ("", "document"),
        ("..", "document"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("e\u0301t\u00e9.txt", "\u00e9t\u00e9.txt"),
        ("lone\ud800.txt", "lone_.txt"),
        ("x" * 400 + ".txt", "x" * 180 + ".txt"),
        ("a. .txt", "a.txt"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300))
def test_any_name_can_be_stored_and_read_again(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe.encode()) < 240
    assert safe == safe_name(safe)
    assert not set(safe) & set('/\\\x00\n<>:"|?*')
    assert not safe.startswith((".", "~$"))
    assert safe == safe.strip(" .")


def test_a_stored_name_is_one_that_the_folder_scan_reads(tmp_path: Path) -> None:
    for name in ("../.a.txt", "~$b.txt", "\x01.md", "é" * 300 + ".html"):
        (tmp_path / safe_name(name)).write_bytes(BRIDGE)
    sources, skipped = load.scan(tmp_path)
    assert len(sources) == 4 and skipped == []
