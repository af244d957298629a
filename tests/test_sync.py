"""Sync: the index mirrors the folder, whatever happened to both, and however often it was killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rag import fresh
from rag.errors import Cancelled, FolderMismatch, IndexBusy, RagError, UsageError
from rag.fakes import HashEmbedder, MemoryStore
from rag.fresh import DIMENSION, DIRTY, FILES, FOLDER, STORE, VOID, is_writing, stale, writing
from rag.parse import chunk_id
from rag.protocols import Embedder, VectorStore
from rag.roots import Roots
from rag.sync import sync
from rag.types import FileOutcome, QueryTerm, SyncReport
from tests.sync_kill import Watched
from vectorstore.catalog import SqliteCatalog, text_key
from vectorstore.chroma import ChromaStore
from vectorstore.lexical import SqliteLexicalIndex

pytestmark = pytest.mark.filterwarnings("ignore:legacy embedding function config")  # Chroma's own

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
TEXTS = [
    "The bid was rejected. Microsoft said so on Sunday.\n\nOracle will be the partner.",
    "L'offre a été rejetée dimanche. Oracle sera le partenaire de confiance.\n",
    "One sentence.",
    "One sentence.\n\nAnother paragraph stands here. It has two sentences.",
    "Über uns: nothing — « rien ». 😀 Emoji count as one.\n\nOne sentence.",
    "The same footer stands in many files.\n\nThe bid was rejected.",
    "   \n",
    "",
]


class Place:
    """One folder, one index, and what it costs."""

    def __init__(
        self,
        root: Path,
        embedder: Embedder | None = None,
        open_store: Callable[[], VectorStore] | None = None,
    ) -> None:
        self.folder, self.data = root / "docs", root / "data"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.embedder = embedder or HashEmbedder(16)
        self.catalog = SqliteCatalog(self.data / "index.sqlite")
        self.lexical = SqliteLexicalIndex(self.catalog.database)
        self.store: VectorStore = open_store() if open_store else ChromaStore(self.data / "chroma")
        self.opened = 0

    def open_embedder(self) -> Embedder:
        self.opened += 1
        return self.embedder

    def sync(self, **options: Any) -> SyncReport:
        return sync(
            self.folder,
            options.pop("catalog", self.catalog),
            options.pop("open_store", lambda: self.store),
            options.pop("lexical", self.lexical),
            options.pop("open_embedder", self.open_embedder),
            data=self.data,
            embedder_name=self.embedder.name,
            **options,
        )

    def stale(self) -> bool:
        return stale(Roots.of(self.folder, self.data), self.catalog, self.embedder.name)

    def write(self, source: str, text: str | bytes) -> None:
        path = self.folder / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def close(self) -> None:
        self.store.close()
        self.catalog.close()


def actions(report: SyncReport) -> dict[str, str]:
    return {outcome.source: outcome.action for outcome in report.outcomes}


def content(place: Place) -> dict[str, Any]:
    """All that an index holds, without row numbers."""
    rows = place.catalog.database.rows
    sentences = {
        id_: (source, number)
        for id_, source, number in rows(
            "SELECT s.id, d.source, s.number FROM sentences s JOIN documents d ON d.id = s.document"
        )
    }
    return {
        "documents": [place.catalog.document(d.source) for d in place.catalog.documents()],
        "sentences": [
            (s.source, s.index, s.start, s.end, s.text, s.paragraph, s.kind, s.language, s.speech)
            for d in place.catalog.documents()
            for s in place.catalog.sentences_of(d.source)
        ],
        "chunks": place.catalog.chunks(),
        "vectors": sorted(rows("SELECT text_key, vector FROM vectors")),
        "postings": sorted(
            (language, term, *sentences[sentence], frequency)
            for language, term, sentence, frequency in rows(
                "SELECT t.language, t.term, p.sentence, p.frequency "
                "FROM postings p JOIN terms t ON t.id = p.term"
            )
        ),
        "terms": sorted(rows("SELECT language, term FROM terms")),
        "lengths": sorted(
            (*sentences[sentence], language, terms)
            for sentence, language, terms in rows("SELECT * FROM lengths")
        ),
        "store": place.store.ids(),
        "clean": place.catalog.meta(STORE) not in (None, DIRTY, VOID),
    }


def assert_like_fresh(place: Place) -> None:
    """Equal to an index made of the same folder in one go."""
    with tempfile.TemporaryDirectory() as root:
        other = Place(Path(root), HashEmbedder(16), MemoryStore)
        shutil.copytree(place.folder, other.folder, dirs_exist_ok=True)
        other.sync()
        assert content(place) == content(other)
        assert not place.stale()
        # Each chunk's record is the vector of its own text.
        for chunk in place.catalog.chunks():
            vector = place.catalog.vectors([chunk.text])[0]
            best = place.store.search(vector, 50)
            assert chunk.id in [hit.id for hit in best if hit.score > best[0].score - 0.01]
        other.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.close()


# --- what it does -----------------------------------------------------------------------------


def test_add_change_remove_and_skip_are_reported(place: Place) -> None:
    place.write("b/b.txt", TEXTS[1])
    place.write("a.txt", TEXTS[0])
    place.write("empty.txt", "")
    first = place.sync()
    assert actions(first) == {"a.txt": "added", "b/b.txt": "added", "empty.txt": "skipped"}
    assert [o.source for o in first.outcomes] == ["a.txt", "b/b.txt", "empty.txt"]
    (skipped,) = first.skipped
    assert skipped.reason
    assert first.rebuilt is None
    assert place.catalog.meta(FOLDER) == str(place.folder.resolve())
    assert place.catalog.meta(DIMENSION) == "16"
    assert_like_fresh(place)

    assert actions(place.sync()) == {
        "a.txt": "unchanged", "b/b.txt": "unchanged", "empty.txt": "skipped",
    }  # fmt: skip
    assert place.sync().skipped == (skipped,)

    place.write("a.txt", TEXTS[3])
    (place.folder / "b" / "b.txt").unlink()
    place.write("c.txt", TEXTS[2])
    assert place.stale()
    assert actions(place.sync()) == {
        "a.txt": "changed", "b/b.txt": "removed", "c.txt": "added", "empty.txt": "skipped",
    }  # fmt: skip
    assert_like_fresh(place)


def test_nothing_changed_touches_neither_embedder_nor_store(place: Place) -> None:
    for number, text in enumerate(TEXTS):
        place.write(f"{number}.txt", text)
    place.sync()
    state = place.catalog.generation()
    before = content(place)

    class Untouchable(MemoryStore):
        def __getattribute__(self, name: str) -> Any:
            if name != "marker":
                raise AssertionError(f"the store was asked for {name}")
            return lambda: marker

    marker = place.store.marker()

    def no_embedder() -> Embedder:
        raise AssertionError("the embedder was opened")

    os.utime(place.folder / "0.txt", (1, 1))  # another time proves nothing
    report = place.sync(open_store=Untouchable, open_embedder=no_embedder)
    assert set(actions(report).values()) == {"unchanged", "skipped"}
    assert place.catalog.generation() == state
    assert content(place) == before


def test_no_text_is_embedded_twice(place: Place) -> None:
    assert isinstance(place.embedder, HashEmbedder)
    place.write("a.txt", TEXTS[3])
    place.sync()
    # One chunk is one sentence, so its text counts once.
    first = place.embedder.embedded
    assert first == len({s.text for s in place.catalog.sentences_of("a.txt")}
                        | {c.text for c in place.catalog.chunks()})  # fmt: skip
    place.write("b.txt", TEXTS[3])
    (place.folder / "a.txt").rename(place.folder / "c.txt")
    place.sync()
    assert place.embedder.embedded == first
    assert len(place.catalog.chunks()) == len(place.store.ids()) == 4
    assert_like_fresh(place)


def test_a_document_that_becomes_unreadable_is_removed_and_keeps_its_reason(place: Place) -> None:
    place.write("a.txt", TEXTS[0])
    place.write("b.txt", TEXTS[2])
    place.sync()
    place.write("a.txt", "")
    report = place.sync()
    assert actions(report) == {"a.txt": "skipped", "b.txt": "unchanged"}
    assert [d.source for d in place.catalog.documents()] == ["b.txt"]
    assert place.sync().skipped == report.skipped
    assert_like_fresh(place)
    place.write("a.txt", TEXTS[0])
    assert place.stale()
    assert actions(place.sync())["a.txt"] == "added"
    assert_like_fresh(place)


def test_a_file_that_vanishes_meanwhile_is_skipped_and_gone_next_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write("a.txt", TEXTS[0])
    place.write("b.txt", TEXTS[1])
    place.sync()
    place.write("a.txt", TEXTS[3])
    real = fresh.load.read
    seen: list[str] = []

    def vanishing(folder: Path, source: str) -> bytes:
        seen.append(source)
        if source == "a.txt" and seen.count(source) == 2:
            (folder / source).unlink()
        return real(folder, source)

    monkeypatch.setattr(fresh.load, "read", vanishing)
    assert actions(place.sync()) == {"a.txt": "skipped", "b.txt": "unchanged"}
    monkeypatch.undo()
    assert actions(place.sync()) == {"b.txt": "unchanged"}
    assert_like_fresh(place)


def test_a_file_that_changes_meanwhile_is_in_as_it_was_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write("a.txt", TEXTS[0])
    real = fresh.load.read
    seen: list[str] = []

    def changing(folder: Path, source: str) -> bytes:
        seen.append(source)
        data = real(folder, source)
        place.write("a.txt", TEXTS[len(seen)])
        return data

    monkeypatch.setattr(fresh.load, "read", changing)
    place.sync()
    monkeypatch.undo()
    assert place.catalog.document("a.txt").text == TEXTS[1]
    assert place.stale()
    assert actions(place.sync()) == {"a.txt": "changed"}
    assert_like_fresh(place)


def test_a_missing_folder_never_empties_an_index_an_empty_one_does(place: Place) -> None:
    place.write("a.txt", TEXTS[0])
    place.sync()
    place.folder.rename(place.folder.with_name("away"))
    with pytest.raises(UsageError, match="no such folder"):
        place.sync()
    assert len(place.catalog.documents()) == 1
    place.folder.mkdir()
    assert actions(place.sync()) == {"a.txt": "removed"}
    assert place.store.ids() == set()
    assert_like_fresh(place)
    assert place.sync().outcomes == ()


def test_another_folder_is_refused(place: Place, tmp_path: Path) -> None:
    place.write("a.txt", TEXTS[0])
    place.sync()
    place.folder = tmp_path / "other"
    place.folder.mkdir()
    with pytest.raises(FolderMismatch, match="--data") as caught:
        place.sync()
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert len(place.catalog.documents()) == 1


def test_a_lone_surrogate_is_a_reason_to_skip(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write("a.txt", TEXTS[2])
    real = fresh.load.load

    def broken(source: str, data: bytes) -> Any:
        document = real(source, data)
        return type(document)(source, document.sha256, "pdf-1", "half \ud83d a pair.")

    monkeypatch.setattr(fresh.load, "load", broken)
    (skipped,) = place.sync().skipped
    assert "surrogates" in (skipped.reason or "")


def test_progress_reaches_its_end(place: Place) -> None:
    for number in range(40):
        place.write(f"{number}.txt", f"{TEXTS[3]}\n\nFile number {number}. " * 10)
    calls: list[tuple[str, int, int]] = []
    place.sync(progress=lambda *call: calls.append(call))
    for what in ("Reading", "Indexing"):
        done = [call[1] for call in calls if call[0] == what]
        totals = {call[2] for call in calls if call[0] == what}
        assert done == sorted(done)
        assert totals == {done[-1]}


def test_chunk_ids_tell_places_apart() -> None:
    assert len(chunk_id("a", 0, 1, "x")) == 32
    ids = {chunk_id(*key) for key in [("a", 1, 11, "x"), ("a", 11, 1, "x"), ("a1", 1, 1, "x"),
                                      ("a", 1, 1, "1x"), ("a", 1, 1, "x")]}  # fmt: skip
    assert len(ids) == 5
    assert chunk_id("a.txt", 0, 3, "abc") == sha256(b"a.txt\x000\x003\x00abc").hexdigest()[:32]


# --- what made it -----------------------------------------------------------------------------


def test_another_embedder_makes_it_anew(place: Place) -> None:
    place.write("a.txt", TEXTS[0])
    place.sync()
    old = place.catalog.vectors([TEXTS[2]])
    place.embedder = HashEmbedder(24)
    assert place.stale()
    report = place.sync()
    assert report.rebuilt == "embedder changed from hash-16 to hash-24"
    assert actions(report) == {"a.txt": "added"}
    assert place.catalog.meta(DIMENSION) == "24"
    assert place.catalog.vectors(["x"]).shape != old.shape
    assert not place.stale()
    assert place.sync().rebuilt is None


def test_the_same_name_with_another_dimension_makes_it_anew(place: Place) -> None:
    place.write("a.txt", TEXTS[0])
    place.write("b.txt", TEXTS[1])
    place.sync()
    place.embedder = HashEmbedder(24, name="hash-16")
    place.write("a.txt", TEXTS[3])
    assert place.sync().rebuilt == "dimension changed from 16 to 24"
    assert len(place.catalog.documents()) == 2
    assert place.store.ids() == {chunk.id for chunk in place.catalog.chunks()}
    assert place.catalog.vectors([TEXTS[2]]).shape == (1, 24)


@pytest.mark.parametrize(
    ("module", "constant", "key"),
    [("load", "VERSION", "loaders"), ("text", "SENTENCES_VERSION", "sentences"),
     ("text", "CHUNKS_VERSION", "chunking")],
)  # fmt: skip
def test_another_version_makes_it_anew_without_embedding(
    place: Place, monkeypatch: pytest.MonkeyPatch, module: str, constant: str, key: str
) -> None:
    place.write("a.txt", TEXTS[0])
    place.sync()
    old = getattr(getattr(fresh, module), constant)
    monkeypatch.setattr(getattr(fresh, module), constant, "other")
    assert place.stale()
    place.opened = 0
    assert place.sync().rebuilt == f"{key} changed from {old} to other"
    assert place.opened == 0
    assert place.sync().rebuilt is None


def test_a_rebuild_that_was_asked_for_embeds_again(place: Place) -> None:
    assert isinstance(place.embedder, HashEmbedder)
    place.write("a.txt", TEXTS[0])
    place.sync()
    before, embedded = content(place), place.embedder.embedded
    report = place.sync(rebuild=True)
    assert report.rebuilt == "asked for"
    assert place.embedder.embedded == 2 * embedded
    assert content(place) == before


# --- the store --------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["folder", "current", "another", "database"])
def test_a_store_that_is_lost_or_strange_is_refilled_without_embedding(
    place: Place, loss: str, tmp_path: Path
) -> None:
    for number, text in enumerate(TEXTS):
        place.write(f"{number}.txt", text)
    place.sync()
    place.store.close()
    chroma = place.data / "chroma"
    if loss == "folder":
        shutil.rmtree(chroma)
    elif loss == "current":
        (chroma / "CURRENT").write_text("000099")
    elif loss == "another":
        place.store = ChromaStore(tmp_path / "elsewhere")
        place.store.upsert(["foreign"], np.ones((1, 16), np.float32))
        place.store.flush()
    else:
        published = chroma / (chroma / "CURRENT").read_text().split()[0]
        (published / "chroma.sqlite3").write_bytes(b"not a database" * 1000)
        place.catalog.set_meta(STORE, DIRTY)
    place.opened = 0
    place.sync()
    assert place.opened == 0
    assert_like_fresh(place)


# --- the lock ---------------------------------------------------------------------------------


def test_one_writer_at_a_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "_LOCK_SECONDS", 0.05)
    place.write("a.txt", TEXTS[0])
    assert not is_writing(place.data)
    with writing(place.data):
        assert is_writing(place.data)
        with pytest.raises(IndexBusy, match="another process") as caught:
            place.sync()
        assert "\n" not in str(caught.value)
    assert not is_writing(place.data)
    assert not is_writing(place.data / "nowhere")
    place.sync()


def test_the_lock_of_a_killed_process_is_free(place: Place) -> None:
    code = (
        "import sys, time; from pathlib import Path; from rag.fresh import writing\n"
        f"with writing(Path({str(place.data)!r})): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert is_writing(place.data)
    process.kill()
    process.communicate()
    assert not is_writing(place.data)
    place.sync()


def test_readers_answer_while_another_thread_syncs(place: Place) -> None:
    for number in range(60):
        place.write(f"{number:02}.txt", f"{TEXTS[3]} File {number}.\n\n" * 20)
    reader = SqliteCatalog(place.catalog.path)
    thread = threading.Thread(target=place.sync)
    thread.start()
    counts, lexical = [0], SqliteLexicalIndex(reader.database)
    while thread.is_alive():
        counts.append(len(reader.documents()))
        for hit in lexical.search([QueryTerm("sentences", {"en": {"sentenc": 1.0}})], 5):
            reader.sentences([int(hit.id)])
    thread.join()
    assert counts == sorted(counts)
    assert len(reader.documents()) == 60
    reader.close()


# --- stale ------------------------------------------------------------------------------------


def test_stale_reads_only_what_looks_changed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, text in enumerate(TEXTS):
        place.write(f"{number}.txt", text)
        os.utime(place.folder / f"{number}.txt", (1000, 1000))
    assert place.stale()
    place.sync()
    reads: list[str] = []
    real = fresh.load.read

    def counting(folder: Path, source: str) -> bytes:
        reads.append(source)
        return real(folder, source)

    monkeypatch.setattr(fresh.load, "read", counting)
    assert not place.stale()
    assert reads == []
    os.utime(place.folder / "0.txt", (2000, 2000))
    assert not place.stale()
    assert reads == ["0.txt"]
    place.write("0.txt", TEXTS[0].replace("bid", "BID"))
    assert place.stale()
    place.write("0.txt", TEXTS[0])
    place.write("new.txt", "New.")
    assert place.stale()
    (place.folder / "new.txt").unlink()
    assert not place.stale()
    (place.folder / "6.txt").unlink()  # one that had been skipped
    assert place.stale()


def test_a_change_within_one_tick_of_the_clock_is_seen(place: Place) -> None:
    place.write("a.txt", "Old words.")
    now = (place.folder / "a.txt").stat()
    place.sync()
    place.write("a.txt", "New words.")
    os.utime(place.folder / "a.txt", ns=(now.st_atime_ns, now.st_mtime_ns))
    assert place.stale()


# --- crashes ----------------------------------------------------------------------------------


class Crash(BaseException):
    """Stands in for what ends a process anywhere, as Ctrl-C does."""


class Countdown:
    """Raises at the n-th watched call, and lets everything through afterwards."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self) -> None:
        self.limit -= 1
        if self.limit == 0:
            raise Crash


def crash_in(place: Place, limit: int, **options: Any) -> bool:
    """A sync that ends at the n-th call of a seam; whether it ended so."""
    count = Countdown(limit)
    try:
        place.sync(
            catalog=Watched(place.catalog, count),
            lexical=Watched(place.lexical, count),
            open_store=lambda: Watched(place.store, count),
            open_embedder=lambda: Watched(place.embedder, count),
            **options,
        )
    except Crash:
        return True
    return False


def test_a_crash_at_every_point_ends_in_the_same_index(tmp_path: Path) -> None:
    limit = crashed = 0
    while limit == crashed:
        limit += 1
        place = Place(tmp_path / str(limit), HashEmbedder(16), MemoryStore)
        for number, text in enumerate(TEXTS[:4]):
            place.write(f"{number}.txt", text)
        place.sync()
        place.write("0.txt", TEXTS[4])
        (place.folder / "1.txt").unlink()
        place.write("2.txt", "")
        place.write("9.txt", TEXTS[1])
        crashed += crash_in(place, limit)
        place.sync()
        assert_like_fresh(place)
        place.close()
    assert crashed > 20


def test_a_crash_at_every_point_of_a_rebuild(tmp_path: Path) -> None:
    limit = crashed = 0
    while limit == crashed:
        limit += 1
        place = Place(tmp_path / str(limit), HashEmbedder(24, name="other"), MemoryStore)
        for number, text in enumerate(TEXTS[:3]):
            place.write(f"{number}.txt", text)
        place.sync()
        place.embedder = HashEmbedder(16)
        crashed += crash_in(place, limit)
        place.sync()
        assert_like_fresh(place)
        place.close()
    assert crashed > 25


class Folder(RuleBasedStateMachine):
    """Any sequence of changes, syncs and crashes, over a real Chroma folder."""

    @initialize()
    def start(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.place = Place(self.root)

    @rule(
        name=st.sampled_from(["a.txt", "b.txt", "sub/c.txt", "d.txt"]), text=st.sampled_from(TEXTS)
    )
    def write(self, name: str, text: str) -> None:
        self.place.write(name, text)

    @rule(name=st.sampled_from(["a.txt", "b.txt", "sub/c.txt"]))
    def remove(self, name: str) -> None:
        (self.place.folder / name).unlink(missing_ok=True)

    @rule(limit=st.integers(1, 40))
    def crash(self, limit: int) -> None:
        crash_in(self.place, limit)

    @rule()
    def another_process(self) -> None:
        self.place.close()
        self.place = Place(self.root)

    @rule()
    def lose_the_store(self) -> None:
        self.place.store.close()
        shutil.rmtree(self.place.data / "chroma", ignore_errors=True)

    @rule()
    def sync(self) -> None:
        self.place.sync()
        assert_like_fresh(self.place)

    @invariant()
    def whole(self) -> None:
        """What stands is whole at any moment: every sentence is its document's own words, and
        every document has its postings."""
        if not hasattr(self, "place"):
            return
        catalog = self.place.catalog
        for info in catalog.documents():
            text = catalog.document(info.source).text
            sentences = catalog.sentences_of(info.source)
            assert sentences
            assert all(text[s.start : s.end] == s.text for s in sentences)
            assert all(catalog.vectors([s.text]).any() for s in sentences if s.kind == "prose")
        (lengths,) = catalog.database.rows("SELECT count(*) FROM lengths")[0]
        assert lengths == sum(info.sentences for info in catalog.documents())

    def teardown(self) -> None:
        if hasattr(self, "place"):
            self.place.sync()
            assert_like_fresh(self.place)
            self.place.close()
            shutil.rmtree(self.root)


TestFolder = Folder.TestCase
TestFolder.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)


@pytest.mark.parametrize("limit", [3, 7, 11, 13, 8, 24])
def test_a_killed_process_and_another_sync_end_in_the_same_index(
    tmp_path: Path, limit: int
) -> None:
    place = Place(tmp_path)
    for number, text in enumerate(TEXTS):
        place.write(f"{number}.txt", text)
    if limit % 2:
        place.sync()
        place.write("0.txt", TEXTS[3])
        (place.folder / "1.txt").unlink()
        place.write("9.txt", TEXTS[1])
    place.close()
    command = [sys.executable, Path(__file__).with_name("sync_kill.py"), place.folder, place.data]
    killed = subprocess.run(
        [*command, str(limit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=ENVIRONMENT,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    place = Place(tmp_path)
    # What a reader sees in between is whole.
    for info in place.catalog.documents():
        text = place.catalog.document(info.source).text
        assert all(text[s.start : s.end] == s.text for s in place.catalog.sentences_of(info.source))
    place.store.ids()
    place.sync()
    assert_like_fresh(place)
    place.close()


def test_stopping_keeps_what_was_done(place: Place) -> None:
    assert isinstance(place.embedder, HashEmbedder)
    for number in range(12):
        text = " ".join(f"Sentence {n} of file {number} is here." for n in range(150))
        place.write(f"{number:02}.txt", text)
    with pytest.raises(Cancelled) as caught:
        place.sync(cancelled=lambda: len(place.catalog.documents()) >= 6)
    assert "\n" not in str(caught.value)
    kept = len(place.catalog.documents())
    assert 6 <= kept < 12
    assert place.stale()
    embedded = place.embedder.embedded
    report = place.sync()
    assert report.count("unchanged") == kept
    assert place.embedder.embedded > embedded
    assert_like_fresh(place)


def test_an_embedder_that_fails_leaves_a_whole_index(place: Place) -> None:
    place.write("a.txt", TEXTS[0])
    place.sync()
    place.write("b.txt", TEXTS[1])

    class Failing(HashEmbedder):
        def embed(self, texts: Any, *, query: bool = False) -> Any:
            raise RagError("no model")

    with pytest.raises(RagError, match="no model"):
        place.sync(open_embedder=lambda: Failing(16))
    assert [info.source for info in place.catalog.documents()] == ["a.txt"]
    place.sync()
    assert_like_fresh(place)


def test_what_is_remembered_of_files_is_not_trusted_blindly(place: Place) -> None:
    place.write("a.txt", TEXTS[0])
    place.sync()
    place.catalog.set_meta(FILES, None)
    assert not place.stale()
    assert actions(place.sync()) == {"a.txt": "unchanged"}
    assert text_key("x") != text_key("y")


def test_two_thousand_files_are_passed_over_quickly(tmp_path: Path) -> None:
    place = Place(tmp_path, HashEmbedder(16), MemoryStore)
    for number in range(2000):
        place.write(f"{number % 20}/{number}.txt", f"File {number} holds little.")
        os.utime(place.folder / f"{number % 20}/{number}.txt", (1000, 1000))
    assert place.sync().count("added") == 2000
    started = time.perf_counter()
    report = place.sync()
    assert report.count("unchanged") == 2000
    assert time.perf_counter() - started < 2
    started = time.perf_counter()
    assert not place.stale()
    assert time.perf_counter() - started < 1
    assert report.outcomes[0] == FileOutcome("0/0.txt", "unchanged")
    place.close()
