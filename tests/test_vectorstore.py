"""Contracts of VectorStore, LexicalIndex and Catalog, held by every implementation; and what each
does when its files are damaged, foreign, shared or full."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import (
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    RagError,
    ServerUnavailable,
    UsageError,
)
from rag.fakes import MemoryStore
from rag.protocols import Vectors, VectorStore
from rag.types import Chunk, Document, Hit, QueryTerm, Sentence, Span
from vectorstore.catalog import SqliteCatalog
from vectorstore.chroma import ChromaStore
from vectorstore.lexical import SqliteLexicalIndex
from vectorstore.schema import SCHEMA, Database, remove_index

pytestmark = pytest.mark.filterwarnings("ignore:legacy embedding function config")  # Chroma's own

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
JITTER = 2e-3
"""How far a Chroma score may lie from the cosine."""


def unit(seed: int, count: int, dimension: int = 32) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def names(count: int, first: int = 0) -> list[str]:
    return [f"{number:032x}" for number in range(first, first + count)]


# --- vector stores ----------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Chroma server on loopback."""
    command = Path(sys.executable).with_name("chroma")
    if not command.exists():
        pytest.skip("the chroma command line isn't installed beside this Python")
    port = free_port()
    folder = tmp_path_factory.mktemp("server")
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [command, "run", "--path", folder / "data", "--host", "127.0.0.1", "--port", str(port)],
            stdout=output,
            stderr=output,
        )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None:
                pytest.skip(f"`chroma run` ended: {log.read_text()[-200:]}")
            time.sleep(0.05)
        else:
            pytest.skip("`chroma run` didn't listen within 10 seconds")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["chroma", "server", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    made: VectorStore
    match request.param:
        case "chroma":
            made = ChromaStore(tmp_path / "chroma")
        case "server":
            made = ChromaStore(None, request.getfixturevalue("server"), f"t{tmp_path.name[-40:]}")
        case _:
            made = MemoryStore()
    yield made
    made.close()


def test_an_empty_store_answers_with_nothing(store: VectorStore) -> None:
    assert store.ids() == set()
    assert store.search(unit(0, 1)[0], 5) == []
    store.delete(["nobody"])
    store.upsert([], np.zeros((0, 32), np.float32))
    assert store.ids() == set()


def test_nearest_first_by_cosine_and_never_more_than_asked(store: VectorStore) -> None:
    vectors, query = unit(1, 60), unit(2, 1)[0]
    store.upsert(names(60), vectors)
    cosines = vectors @ query
    best = np.argsort(-cosines)
    hits = store.search(query, 10)
    assert [hit.id for hit in hits] == [names(60)[row] for row in best[:10]]
    assert [hit.score for hit in hits] == pytest.approx(cosines[best[:10]], abs=JITTER)
    assert hits == sorted(hits, key=lambda hit: -hit.score)
    assert len(store.search(query, 1000)) == 60
    assert store.search(query, 0) == []
    assert store.search(query, 10) == hits


def test_upsert_replaces_and_delete_removes(store: VectorStore) -> None:
    vectors = unit(3, 4)
    store.upsert(names(3), vectors[:3])
    store.upsert(names(1), vectors[3:])
    assert store.ids() == set(names(3))
    (hit,) = store.search(vectors[3], 1)
    assert hit.id == names(1)[0]
    assert hit.score == pytest.approx(1.0, abs=JITTER)
    store.delete([*names(2), "nobody"])
    assert store.ids() == {names(3)[2]}
    assert [hit.id for hit in store.search(vectors[3], 5)] == [names(3)[2]]
    store.delete(names(3))
    assert store.ids() == set()
    assert store.search(vectors[0], 5) == []


def test_clear_makes_room_for_another_dimension(store: VectorStore) -> None:
    store.upsert(names(3), unit(4, 3))
    store.clear()
    assert store.ids() == set()
    store.upsert(names(2), unit(4, 2, 8))
    assert store.search(unit(4, 2, 8)[1], 1)[0].id == names(2)[1]


def test_ids_and_vectors_must_be_as_many(store: VectorStore) -> None:
    with pytest.raises(ValueError):
        store.upsert(names(3), unit(5, 2))


def test_more_than_a_batch_goes_in(store: VectorStore) -> None:
    vectors = unit(6, 6000, 8)
    store.upsert(names(6000), vectors)
    assert len(store.ids()) == 6000
    store.delete(names(5900))
    assert store.ids() == set(names(100, 5900))
    assert store.search(vectors[5950], 1)[0].id == names(1, 5950)[0]


def test_a_marker_names_what_was_flushed(store: VectorStore) -> None:
    empty = store.marker()
    store.upsert(names(3), unit(7, 3))
    store.flush()
    first = store.marker()
    assert first
    assert first != empty
    assert store.marker() == first


# --- Chroma's own -----------------------------------------------------------------------------


def test_chroma_wants_a_folder_or_an_address() -> None:
    with pytest.raises(UsageError):
        ChromaStore(None)


def test_chroma_is_not_imported_for_a_marker(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path)
    store.upsert(names(2), unit(9, 2))
    store.flush()
    store.close()
    code = (
        "import sys; from pathlib import Path; from vectorstore.chroma import ChromaStore\n"
        f"s = ChromaStore(Path({str(tmp_path)!r})); assert s.marker(); s.flush(); s.close()\n"
        "assert ChromaStore(Path('nowhere')).ids() == set()\n"
        "assert 'chromadb' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT)


def test_equal_vectors_hide_nobody(tmp_path: Path) -> None:
    """One footer in many files: without care a search never leaves, or never enters, its island. The
    graph's build runs on several threads, so that a few of 400 may be missed, now these, now those."""
    store = ChromaStore(tmp_path)
    others = unit(10, 400, 64)
    footer = np.repeat(unit(11, 1, 64), 800, axis=0)
    store.upsert(names(1200), np.concatenate([footer, others]))
    found = [store.search(vector, 1)[0].id for vector in others]
    assert sum(a == b for a, b in zip(found, names(400, 800), strict=True)) >= 380
    store.close()


def test_readers_see_what_was_flushed_and_nothing_else(tmp_path: Path) -> None:
    vectors = unit(12, 10)
    writer, reader = ChromaStore(tmp_path), ChromaStore(tmp_path)
    assert reader.search(vectors[0], 3) == []
    writer.upsert(names(4), vectors[:4])
    assert writer.ids() == set(names(4))
    assert reader.ids() == set()
    assert reader.marker() == ""
    writer.flush()
    assert reader.ids() == set(names(4))
    assert reader.marker() == writer.marker() != ""
    writer.delete(names(2))
    writer.upsert(names(6, 4), vectors[4:])
    assert reader.search(vectors[0], 1)[0].id == names(1)[0]
    writer.flush()
    assert reader.ids() == set(names(8, 2))
    assert reader.search(vectors[9], 1)[0].id == names(1, 9)[0]
    # Not flushed, so never written, as far as anyone can tell.
    writer.clear()
    assert writer.ids() == set()
    writer.close()
    assert reader.ids() == writer.ids() == set(names(8, 2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000002", "CURRENT"]
    for store in (reader, writer):
        store.close()


@pytest.mark.parametrize("kept", [0, 1, 40, 1400])
def test_readers_write_nothing_that_chroma_could_trip_over(tmp_path: Path, kept: int) -> None:
    store = ChromaStore(tmp_path)
    store.upsert(names(1500), unit(22, 1500))
    store.delete(names(1500 - kept))
    store.flush()

    def files() -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for path in tmp_path.rglob("*")
            if path.is_file() and path.name != "chroma.sqlite3"
        }

    before = files()
    assert len(store.search(unit(23, 1)[0], 2000)) == kept
    assert len(store.ids()) == kept
    store.close()
    assert files() == before


def test_what_a_killed_writer_left_is_passed_over_and_removed(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path)
    store.upsert(names(2), unit(13, 2))
    store.flush()
    store.close()
    left = tmp_path / "000002"
    left.mkdir()
    (left / "chroma.sqlite3").write_bytes(b"half a file")
    assert store.ids() == set(names(2))
    store.upsert(names(1, 2), unit(14, 1))
    store.flush()
    assert store.ids() == set(names(3))
    store.close()


def test_a_lost_snapshot_is_an_empty_store(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path / "chroma")
    store.upsert(names(2), unit(15, 2))
    store.flush()
    store.close()
    shutil.rmtree(tmp_path / "chroma" / "000001")
    assert store.marker() == ""
    assert store.ids() == set()
    (tmp_path / "chroma" / "CURRENT").write_bytes(b"\xff../../etc")
    assert store.marker() == ""
    store.upsert(names(1), unit(15, 1))
    store.flush()
    assert store.ids() == set(names(1))
    store.close()


def test_a_damaged_folder_is_said_to_be_damaged_and_can_be_cleared(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path)
    store.upsert(names(2), unit(16, 2))
    store.flush()
    store.close()
    (tmp_path / "000001" / "chroma.sqlite3").write_bytes(b"no database" * 500)
    with pytest.raises(IndexDamaged, match="rag index --rebuild") as caught:
        store.search(unit(16, 1)[0], 1)
    assert "\n" not in str(caught.value)
    store.clear()
    store.upsert(names(1), unit(16, 1))
    store.flush()
    assert store.ids() == set(names(1))
    store.close()


@pytest.mark.parametrize("how", ["cut", "noise", "gone"])
@pytest.mark.parametrize("name", ["data_level0.bin", "index_metadata.pickle"])
def test_damaged_graph_files_are_never_given_to_chroma(tmp_path: Path, name: str, how: str) -> None:
    """Chroma 1.5.9 crashes on some and answers wrongly from others."""
    store = ChromaStore(tmp_path)
    store.upsert(names(1500), unit(21, 1500))
    store.flush()
    store.close()
    marker = store.marker()
    (path,) = tmp_path.rglob(name)
    data = path.read_bytes()
    match how:
        case "cut":
            path.write_bytes(data[:-1])
        case "noise":
            path.write_bytes(np.random.default_rng(0).bytes(len(data)))
        case _:
            path.unlink()
    if how == "noise":
        assert store.marker() == marker
        with pytest.raises(IndexDamaged, match="rag index --rebuild"):
            store.search(unit(21, 1)[0], 5)
        with pytest.raises(IndexDamaged, match="rag index --rebuild"):
            store.delete(names(1))
    else:
        assert store.marker() == ""
        assert store.ids() == set()
    store.clear()
    store.upsert(names(3), unit(21, 3))
    store.flush()
    assert ChromaStore(tmp_path).ids() == set(names(3))
    store.close()


READER = """
import sys, time
from pathlib import Path
import numpy as np
from vectorstore.chroma import ChromaStore
store, until, seen = ChromaStore(Path(sys.argv[1])), time.time() + float(sys.argv[2]), set()
query = np.zeros(32, np.float32); query[0] = 1
seen.add(len(store.search(query, 10_000)))
print("ready", flush=True)
while 1500 not in seen and time.time() < until:
    seen.add(len(store.search(query, 10_000)))
    if len(seen) % 3 == 2: store.reopen()
print(*sorted(seen))
"""


def test_processes_read_while_one_writes(tmp_path: Path) -> None:
    vectors = unit(17, 1500)
    store = ChromaStore(tmp_path)
    store.upsert(names(300), vectors[:300])
    store.flush()
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(tmp_path), "60"],
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout is not None and reader.stdout.readline() == "ready\n"
    states = {300}
    for first in range(300, 1500, 100):
        store.upsert(names(100, first), vectors[first : first + 100])
        store.flush()
        states.add(first + 100)
        time.sleep(0.1)
    seen: set[int] = set()
    for reader in readers:
        output, _ = reader.communicate(timeout=90)
        assert reader.returncode == 0
        seen |= set(map(int, output.split()))
    # Whole states only, and more than one of them.
    assert seen <= states
    assert len(seen) > 1
    store.close()


def test_a_server_that_does_not_answer_is_one_line() -> None:
    store = ChromaStore(None, f"http://127.0.0.1:{free_port()}")
    for call in (store.ids, store.marker, lambda: store.upsert(names(1), unit(18, 1))):
        with pytest.raises(ServerUnavailable, match="RAG_CHROMA_URL") as caught:
            call()
        assert "\n" not in str(caught.value)
    store.close()


def test_a_server_keeps_what_was_written(server: str) -> None:
    one, other = ChromaStore(None, server, "kept"), ChromaStore(None, server, "kept")
    one.upsert(names(3), unit(19, 3))
    one.flush()
    assert other.ids() == set(names(3))
    assert one.marker() == other.marker() != ""
    other.clear()
    assert one.marker() != ""
    assert other.ids() == set()
    for store in (one, other):
        store.close()


def test_full_disk_is_one_line_and_leaves_what_stood(tmp_path: Path) -> None:
    """A file size limit stands in for a full disk; it needs a process of its own."""
    store = ChromaStore(tmp_path)
    store.upsert(names(50), unit(20, 50))
    store.flush()
    store.close()
    code = f"""
import resource, signal, sys
from pathlib import Path
import numpy as np
from rag.errors import RagError
from vectorstore.chroma import ChromaStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = ChromaStore(Path({str(tmp_path)!r}))
store.ids()
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    store.upsert([f"x{{i}}" for i in range(4000)], np.ones((4000, 32), np.float32))
    store.flush()
except RagError as error:
    assert "\\n" not in str(error), error
    store.close()
    sys.exit(7)
"""
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, env=ENVIRONMENT).returncode == 7
    )
    assert store.ids() == set(names(50))
    store.close()


# --- the catalog ------------------------------------------------------------------------------


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[SqliteCatalog]:
    made = SqliteCatalog(tmp_path / "data" / "index.sqlite")
    yield made
    made.close()


def a_document(source: str = "a.txt", text: str = "One two. Three four.") -> Document:
    return Document(source, "0" * 64, "txt-1", text, "Title", "2020-09", "en")


def sentences_of(document: Document, *spans: tuple[int, int]) -> list[Sentence]:
    return [
        Sentence(
            0, document.source, number, start, end, document.text[start:end], 0,
            "prose" if number else "meta", document.language, Span(0, end) if number == 1 else None,
        )
        for number, (start, end) in enumerate(spans)
    ]  # fmt: skip


def chunk_of(document: Document, id_: str = "c1", first: int = 0, last: int = 1) -> Chunk:
    return Chunk(id_, document.source, 0, len(document.text), first, last, document.text)


def put(catalog: SqliteCatalog, source: str = "a.txt", chunk: str = "c1") -> list[Sentence]:
    document = a_document(source)
    sentences = sentences_of(document, (0, 8), (9, 20))
    return catalog.put_document(document, sentences, [chunk_of(document, chunk)])


def test_a_document_comes_back_as_it_went_in(catalog: SqliteCatalog) -> None:
    stored = put(catalog)
    document = a_document()
    assert catalog.document("a.txt") == document
    assert catalog.sentences_of("a.txt") == stored
    assert [s.id for s in stored] == [1, 2]
    assert [s.text for s in stored] == ["One two.", "Three four."]
    assert stored[1].speech == Span(0, 20)
    assert catalog.sentences([stored[1].id, 99, stored[0].id]) == [stored[1], stored[0]]
    assert catalog.chunks() == [chunk_of(document)]
    assert catalog.sentences_of_chunks(["nobody", "c1"]) == {"c1": stored}
    (info,) = catalog.documents()
    assert info.to_dict() == {
        "source": "a.txt", "title": "Title", "date": "2020-09", "language": "en", "sentences": 1,
    }  # fmt: skip
    assert catalog.hashes() == {"a.txt": "0" * 64}
    with pytest.raises(UsageError, match=r"b\.txt"):
        catalog.document("b.txt")


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60))
def test_any_text_comes_back(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()  # a str of Python may hold lone surrogates
    catalog = SqliteCatalog(Path(":memory:"))
    document = a_document(text=text)
    catalog.put_document(document, [], [])
    assert catalog.document("a.txt").text == text
    catalog.put_vectors([text], unit(0, 1))
    assert (catalog.vectors([text]) == unit(0, 1)).all()
    catalog.close()


def test_a_new_version_replaces_the_old_and_ids_are_never_given_twice(
    catalog: SqliteCatalog,
) -> None:
    put(catalog, "b.txt", "cb")
    old = put(catalog)
    generation = catalog.generation()
    document = a_document(text="New words.")
    new = catalog.put_document(
        document, sentences_of(document, (0, 10)), [chunk_of(document, "c2", 0, 0)]
    )
    assert catalog.generation() > generation
    assert catalog.sentences_of("a.txt") == new
    assert catalog.sentences([s.id for s in old]) == []
    assert new[0].id > max(s.id for s in old)
    assert [chunk.id for chunk in catalog.chunks()] == ["c2", "cb"]
    catalog.remove_document("a.txt")
    assert [info.source for info in catalog.documents()] == ["b.txt"]
    assert put(catalog)[0].id > new[0].id
    generation = catalog.generation()
    catalog.remove_document("nobody.txt")
    assert catalog.generation() == generation


def test_vectors_are_kept_by_text_and_dropped_when_nobody_says_it(catalog: SqliteCatalog) -> None:
    assert catalog.vectors(["x"]).shape == (1, 0)
    vectors = unit(1, 3)
    document = a_document()
    catalog.put_vectors(["Three four.", document.text, "gone"], vectors)
    put(catalog)
    got = catalog.vectors(["gone", "unknown", "Three four.", "gone"])
    assert (got[[0, 2, 3]] == vectors[[2, 0, 2]]).all()
    assert not got[1].any()
    assert catalog.drop_unused_vectors() == 1
    assert catalog.vectors(["gone", "Three four.", document.text]).any(axis=1).tolist() == [
        False, True, True,
    ]  # fmt: skip
    catalog.clear(keep_vectors=True)
    assert catalog.documents() == []
    assert catalog.chunks() == []
    assert catalog.vectors(["Three four."]).any()
    catalog.clear(keep_vectors=False)
    assert not catalog.vectors(["Three four."]).any()


def test_many_ids_are_asked_in_parts(catalog: SqliteCatalog) -> None:
    document = a_document(text="x" * 3000)
    sentences = sentences_of(document, *((n, n + 1) for n in range(2500)))
    stored = catalog.put_document(document, sentences, [])
    assert catalog.sentences([s.id for s in reversed(stored)]) == stored[::-1]


def test_a_transaction_is_all_or_nothing(catalog: SqliteCatalog) -> None:
    lexical = SqliteLexicalIndex(catalog.database)
    with pytest.raises(KeyboardInterrupt), catalog.transaction():
        stored = put(catalog)
        lexical.add(stored[1].id, "en", {"three": 1})
        catalog.set_meta("folder", "/x")
        raise KeyboardInterrupt
    assert catalog.documents() == []
    assert catalog.meta("folder") is None
    assert lexical.search([QueryTerm("three", {"en": {"three": 1.0}})], 5) == []


def test_threads_never_see_half_a_transaction(catalog: SqliteCatalog) -> None:
    seen: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append(len(catalog.documents()))

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(30):
        with catalog.transaction():
            put(catalog, "a.txt", "ca")
            put(catalog, "b.txt", "cb")
        with catalog.transaction():
            catalog.remove_document("a.txt")
            catalog.remove_document("b.txt")
    stop.set()
    thread.join()
    assert set(seen) <= {0, 2}


def test_another_connection_reads_what_was_committed(catalog: SqliteCatalog) -> None:
    lexical = SqliteLexicalIndex(catalog.database)
    reader = SqliteCatalog(catalog.path, create=False)
    other = SqliteLexicalIndex(reader.database)
    three = [QueryTerm("three", {"en": {"three": 1.0}})]
    assert other.search(three, 5) == []
    with catalog.transaction():
        stored = put(catalog)
        lexical.add(stored[1].id, "en", {"three": 1})
        assert reader.documents() == []
        assert other.search(three, 5) == []
    assert reader.sentences_of("a.txt") == stored
    assert [hit.id for hit in other.search(three, 5)] == [str(stored[1].id)]
    with catalog.transaction():
        lexical.remove([stored[1].id])
    assert other.search(three, 5) == []
    reader.close()


def test_a_missing_index_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="rag index"):
        SqliteCatalog(tmp_path / "index.sqlite", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_newer_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    SqliteCatalog(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    with pytest.raises(IndexMismatch, match=r"newer version.*--rebuild"):
        SqliteCatalog(path)
    remove_index(path)
    assert not path.exists()
    SqliteCatalog(path).close()


@pytest.mark.parametrize("damage", ["garbage", "cut", "holes", "no tables"])
def test_a_damaged_index_says_how_to_make_it_anew(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "index.sqlite"
    catalog = SqliteCatalog(path)
    for number in range(300):
        put(catalog, f"{number}.txt", f"c{number}")
    catalog.close()
    data = path.read_bytes()
    match damage:
        case "garbage":
            path.write_bytes(b"this is no database " * 1000)
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "holes":
            path.write_bytes(data[:4096] + b"\xaa" * (len(data) - 4096))
        case _:
            with contextlib.closing(sqlite3.connect(path)) as connection:
                connection.execute("DROP TABLE sentences")
    with pytest.raises(IndexDamaged, match="rag index --rebuild") as caught:
        damaged = SqliteCatalog(path)
        for info in damaged.documents():
            damaged.document(info.source)
            damaged.sentences_of(info.source)
    assert "\n" not in str(caught.value)


def test_a_full_disk_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    catalog = SqliteCatalog(tmp_path / "index.sqlite")
    put(catalog)
    pages = catalog.database.rows("PRAGMA page_count")[0][0]
    catalog.database.rows(f"PRAGMA max_page_count = {pages + 2}")
    big = a_document("big.txt", "x" * 200_000)
    with pytest.raises(RagError, match="no space left") as caught:
        catalog.put_document(big, sentences_of(big, (0, 1)), [])
    assert "\n" not in str(caught.value)
    assert [info.source for info in catalog.documents()] == ["a.txt"]
    assert len(catalog.sentences_of("a.txt")) == 2
    put(catalog)


def test_a_locked_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vectorstore.schema._BUSY_SECONDS", 0.05)
    one, other = SqliteCatalog(tmp_path / "i.sqlite"), SqliteCatalog(tmp_path / "i.sqlite")
    with one.transaction(), pytest.raises(IndexBusy, match="another process"):
        other.set_meta("x", "y")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RagError, match=r"permissions|data folder"):
        SqliteCatalog(tmp_path / "data" / "index.sqlite")


def test_a_file_where_the_folder_should_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(RagError, match="data folder"):
        SqliteCatalog(tmp_path / "data" / "index.sqlite")
    with pytest.raises(RagError, match="can't be opened"):
        SqliteCatalog(tmp_path)


# --- the lexical index ------------------------------------------------------------------------


@pytest.fixture
def lexical(tmp_path: Path) -> Iterator[SqliteLexicalIndex]:
    database = Database(tmp_path / "index.sqlite")
    yield SqliteLexicalIndex(database)
    database.close()


def word(form: str, language: str = "en", weight: float = 1.0) -> QueryTerm:
    return QueryTerm(form, {language: {form: 1.0}}, weight)


def bm25(tf: float, df: float, total: int, length: float, mean: float) -> float:
    idf = math.log(1 + (total - df + 0.5) / (df + 0.5))
    return idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / mean))


def test_bm25_by_hand(lexical: SqliteLexicalIndex) -> None:
    lexical.add(1, "en", {"bid": 1, "reject": 1})
    lexical.add(2, "en", {"bid": 2, "offer": 1, "sale": 1})
    lexical.add(3, "en", {"sale": 3})
    # lengths 2, 4, 3: the mean is 3
    hits = lexical.search([word("bid"), word("reject", weight=0.5)], 10)
    first = bm25(1, 2, 3, 2, 3) + 0.5 * bm25(1, 1, 3, 2, 3)
    second = bm25(2, 2, 3, 4, 3)
    assert hits == [Hit("1", pytest.approx(first, abs=1e-9)), Hit("2", pytest.approx(second))]
    # idf(bid) = ln(1 + 1.5/2.5) = ln 1.6; 2.2 / (1 + 1.2 (0.25 + 0.75 2/3)) = 2.2 / 1.9
    assert bm25(1, 2, 3, 2, 3) == pytest.approx(math.log(1.6) * 2.2 / 1.9)
    assert lexical.document_frequency(word("bid")) == 2
    assert lexical.document_frequency(word("unknown")) == 0
    assert lexical.search([word("unknown")], 10) == []
    assert lexical.search([], 10) == []
    assert lexical.search([word("bid")], 0) == []


def test_a_structured_query_by_hand(lexical: SqliteLexicalIndex) -> None:
    lexical.add(1, "fr", {"offr": 2, "rejet": 1})
    lexical.add(2, "fr", {"proposit": 1})
    lexical.add(3, "en", {"bid": 1})
    lexical.add(4, "de", {"bid": 5})
    bid = QueryTerm("bid", {"en": {"bid": 1.0}, "fr": {"offr": 0.5, "proposit": 0.25}})
    # Expected frequencies: 1 in sentence 3, 0.5 * 2 in 1, 0.25 in 2; German has no forms.
    # df = 1 + 0.5 + 0.25; French lengths 3 and 1 have mean 2, English 1.
    assert lexical.document_frequency(bid) == 1.75
    assert lexical.search([bid], 10) == [
        Hit("3", pytest.approx(bm25(1.0, 1.75, 4, 1, 1))),
        Hit("1", pytest.approx(bm25(1.0, 1.75, 4, 3, 2))),
        Hit("2", pytest.approx(bm25(0.25, 1.75, 4, 1, 2))),
    ]
    everywhere = QueryTerm("x", {"fr": {"offr": 3.0, "rejet": 2.0}})
    assert lexical.document_frequency(everywhere) == 4


def test_ties_are_in_the_order_of_ids_and_the_limit_cuts_the_end(
    lexical: SqliteLexicalIndex,
) -> None:
    for number in (30, 4, 100, 21):
        lexical.add(number, "en", {"same": 1})
    lexical.add(7, "en", {"same": 2})
    assert [hit.id for hit in lexical.search([word("same")], 10)] == ["7", "4", "21", "30", "100"]
    assert [hit.id for hit in lexical.search([word("same")], 3)] == ["7", "4", "21"]


def test_a_sentence_without_terms_counts_and_is_never_found(lexical: SqliteLexicalIndex) -> None:
    lexical.add(1, "en", {})
    assert lexical.search([word("x")], 5) == []
    lexical.add(2, "en", {"x": 1})
    assert [hit.id for hit in lexical.search([word("x")], 5)] == ["2"]
    assert lexical.search([word("x")], 5)[0].score == pytest.approx(bm25(1, 1, 2, 1, 0.5))


TERMS = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 3), max_size=4)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["en", "fr"]), TERMS), max_size=12),
    st.sets(st.integers(0, 11)),
    st.lists(
        st.builds(
            QueryTerm,
            st.just("w"),
            st.dictionaries(
                st.sampled_from(["en", "fr"]),
                st.dictionaries(st.sampled_from("abcde"), st.floats(0.1, 1.0), max_size=3),
                max_size=2,
            ),
            st.floats(0.1, 2.0),
        ),
        max_size=3,
    ),
)
def test_any_index_scores_like_the_formula_and_forgets_what_was_removed(
    sentences: list[tuple[str, dict[str, int]]], removed: set[int], query: list[QueryTerm]
) -> None:
    database = Database(Path(":memory:"))
    lexical = SqliteLexicalIndex(database)
    for number, (language, terms) in enumerate(sentences):
        lexical.add(number, language, terms)
    lexical.search(query, 5)
    lexical.remove(sorted(removed))
    kept = {n: pair for n, pair in enumerate(sentences) if n not in removed}
    lengths: dict[str, list[int]] = {}
    for language, terms in kept.values():
        lengths.setdefault(language, []).append(sum(terms.values()))
    expected = {}
    for number, (language, terms) in kept.items():
        score = 0.0
        for term in query:
            tf = sum(p * terms.get(f, 0) for f, p in term.forms.get(language, {}).items())
            df = sum(
                p * (f in other)
                for spoken, other in kept.values()
                for f, p in term.forms.get(spoken, {}).items()
            )
            mean = sum(lengths[language]) / len(lengths[language])
            if tf:
                df = min(df, len(kept))
                score += term.weight * bm25(tf, df, len(kept), sum(terms.values()), mean)
        if score:
            expected[str(number)] = score
    found = {hit.id: hit.score for hit in lexical.search(query, 100)}
    assert found == pytest.approx(expected, abs=1e-8)
    assert database.rows("SELECT count(*) FROM terms")[0][0] == len(
        {(language, term) for language, terms in kept.values() for term in terms}
    )
    database.close()


def test_clear_forgets_everything(lexical: SqliteLexicalIndex) -> None:
    lexical.add(1, "en", {"x": 1})
    lexical.clear()
    assert lexical.search([word("x")], 5) == []
    lexical.add(1, "en", {"x": 1})
    assert len(lexical.search([word("x")], 5)) == 1


def test_twenty_thousand_sentences_are_searched_at_once(tmp_path: Path) -> None:
    database = Database(tmp_path / "index.sqlite")
    lexical = SqliteLexicalIndex(database)
    random = np.random.default_rng(0)
    with database.transaction():
        for number in range(20_000):
            drawn = random.zipf(1.3, 14) % 20_000
            terms, counts = np.unique(drawn, return_counts=True)
            lexical.add(number, "fr", {f"t{t}": int(c) for t, c in zip(terms, counts, strict=True)})
    query = [
        QueryTerm(f"w{n}", {"fr": {f"t{n * 5 + k}": 0.2 for k in range(5)}}) for n in range(10)
    ]
    assert len(lexical.search(query, 200)) == 200
    seconds = best_of(5, lambda: lexical.search(query, 200))
    assert seconds < 0.1  # 0.007 on the two cores it was made on
    removal = best_of(1, lambda: lexical.remove(range(10_000, 10_010)))
    assert removal < 0.2
    database.close()


def best_of(times: int, call: Callable[[], object]) -> float:
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return min(seconds)
