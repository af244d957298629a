"""The documents tab: its components, and what happens when documents are added, removed, re-indexed.

Files come in by Gradio's own upload, which keeps them in a folder of its own until they were taken in
or refused. What the browser says of a file (its name, where Gradio put it) is data, and checked.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from rag.errors import Cancelled, DocumentSkipped, RagError
from rag.types import SyncReport
from rag.ui import documents_html, pieces
from rag.ui.contract import sendable
from rag.ui.desk import AssistantLike, Desk, Progressed, Put, Tick, Work, sync_work
from rag.ui.documents_html import Taken
from rag.ui.documents_text import document_words
from rag.ui.events import data_of, piece_or_error
from rag.ui.text import Strings, strings_for
from rag.uploads import MAX_BYTES, MAX_FILES, too_large

log = logging.getLogger(__name__)

MOST_NAMED = 1000
"""Files of one go whose outcome is shown."""


# --- files on their way -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file as the browser names it, and where Gradio put it; None when it didn't come through."""

    name: str
    size: int
    path: Path | None


def arrived(data: object) -> list[Arrived]:
    """From an event's `{"files": [{"name", "size", "path"}]}`; what is malformed is left out. A path
    counts only when it is a file that was uploaded."""
    files = data.get("files") if isinstance(data, dict) else None
    found = []
    for item in files[:MOST_NAMED] if isinstance(files, list) else []:
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            size = item.get("size")
            name = sendable(item["name"])[:300]
            found.append(
                Arrived(name, size if isinstance(size, int) else 0, _uploaded(item.get("path")))
            )
    return found


def _uploaded(path: object) -> Path | None:
    """Gradio keeps an upload as folder/hash/name."""
    if not isinstance(path, str) or "\0" in path:
        return None
    try:
        root, resolved = Path(get_upload_folder()).resolve(), Path(path).resolve()
        inside = resolved.is_relative_to(root) and len(resolved.relative_to(root).parts) == 2
        return resolved if inside and resolved.is_file() else None
    except (OSError, ValueError):
        return None


def discard(file: Arrived) -> None:
    """Gradio's copy goes, and the folder that it made for it."""
    if file.path is not None:
        with suppress(OSError):
            file.path.unlink(missing_ok=True)
            file.path.parent.rmdir()


def _take(assistant: AssistantLike, file: Arrived, strings: Strings) -> Taken:
    """One file, into the index's folder of uploads."""
    words = document_words(strings)
    try:
        if file.path is None:
            note = too_large(file.size) if file.size > MAX_BYTES else words.lost
            return Taken(file.name, note=note)
        added = assistant.uploads.add(file.name, file.path.read_bytes())
    except DocumentSkipped as reason:
        return Taken(file.name, note=str(reason))
    except RagError as problem:
        return Taken(file.name, note=str(problem))
    except OSError:
        return Taken(file.name, note=words.lost)
    finally:
        discard(file)
    name = added.source.partition("/")[2]
    note = words.renamed.format(taken=added.taken, name=name) if added.taken else ""
    return Taken(file.name, added.source, note)


def adding(files: Sequence[Arrived], begun: threading.Event, strings: Strings) -> Work:
    """A job that takes files in and indexes them; it is carried through even if the visitor leaves."""

    def work(assistant: AssistantLike, put: Put) -> None:
        begun.set()
        taken = []
        for done, file in enumerate(files):
            with suppress(Cancelled):
                put(Progressed("Checking", done, len(files)))
            if done < MAX_FILES:
                taken.append(_take(assistant, file, strings))
            else:
                discard(file)
                note = document_words(strings).too_many.format(n=MAX_FILES)
                taken.append(Taken(file.name, note=note))
        with suppress(Cancelled):
            put(tuple(taken))
        if any(item.source for item in taken):
            sync_work(assistant, put)

    return work


def removing(source: str) -> Work:
    def work(assistant: AssistantLike, put: Put) -> None:
        assistant.uploads.remove(source)
        sync_work(assistant, put)

    return work


# --- what happens -------------------------------------------------------------------------


class Documents:
    """The tab's events. Each streams the report and, at the end, the list."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self, request: gr.Request) -> str:
        strings = strings_for(request.headers.get("accept-language"))
        return piece_or_error(lambda: self._listing(strings), strings)

    def add(self, request: gr.Request, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        strings = strings_for(request.headers.get("accept-language"))
        files, begun = arrived(event._data), threading.Event()
        taken: tuple[Taken, ...] = ()

        def said(item: object) -> str:
            nonlocal taken
            if isinstance(item, SyncReport):
                taken = tuple(_as_indexed(one, item) for one in taken)
            elif isinstance(item, tuple):
                taken = item
            return documents_html.outcomes(taken, strings)

        def failed(problem: str) -> str:
            return documents_html.outcomes(taken, strings, problem)

        try:
            yield from self._streamed(adding(files, begun, strings), said, failed, strings)
        finally:
            if not begun.is_set():
                for file in files:
                    discard(file)

    def remove(self, request: gr.Request, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        strings = strings_for(request.headers.get("accept-language"))
        source = str(data_of(event).get("source", ""))
        yield from self._streamed(
            removing(source),
            lambda item: documents_html.removed(source, strings),
            pieces.error,
            strings,
        )

    def reindex(self, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        strings = strings_for(request.headers.get("accept-language"))
        yield from self._streamed(
            sync_work,
            lambda item: documents_html.sync_report(item, strings),
            pieces.error,
            strings,
        )

    def _listing(self, strings: Strings) -> str:
        assistant = self.desk.assistant()
        uploads = assistant.uploads
        folder = str(uploads.roots.folder)
        return documents_html.listing(assistant.sources(), uploads.sources(), folder, strings)

    def _streamed(
        self,
        work: Work,
        said: Callable[[Any], str],
        failed: Callable[[str], str],
        strings: Strings,
    ) -> Iterator[tuple[Any, ...]]:
        """Report, list and the button that re-indexes, which rests meanwhile. `said` makes the report
        of what the job hands over besides its progress."""
        keep = gr.skip()
        yield documents_html.progress(None, strings), keep, gr.update(interactive=False)
        shown, problem, table = "", "", keep
        ahead = 0
        try:
            for item in self.desk.run(work, threading.Event()):
                if isinstance(item, Tick):
                    if item.ahead not in (0, ahead):
                        yield documents_html.waiting(item.ahead, strings), keep, keep
                    ahead = item.ahead
                elif isinstance(item, Progressed):
                    yield documents_html.progress(item, strings), keep, keep
                elif isinstance(item, tuple | SyncReport):
                    shown = said(item)
        except RagError as error:
            problem = str(error)
        except Exception:
            log.exception("a change of the documents failed")
            problem = strings.unexpected
        try:
            table = self._listing(strings)
        except RagError as error:
            problem = problem or str(error)
        yield failed(problem) if problem else shown, table, gr.update(interactive=True)


def _as_indexed(taken: Taken, report: SyncReport) -> Taken:
    """What the sync made of it: between the two a file may have changed."""
    for outcome in report.skipped:
        if outcome.source == taken.source:
            return replace(taken, source=None, note=outcome.reason or "")
    return taken


# --- components ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tab:
    """The components of the tab."""

    drop: gr.HTML
    reindex: gr.Button
    report: gr.HTML
    table: gr.HTML


def tab(html: Callable[[str, str], gr.HTML], reindex: Any) -> Tab:
    """Into the tab that is being built; `reindex` is the button's words."""
    gr.HTML(pieces.hint("documents_hint"), apply_default_css=False, padding=False)
    return Tab(
        gr.HTML(
            documents_html.drop_zone(),
            elem_id="att-add",
            apply_default_css=False,
            padding=False,
            js_on_load="window.attestDrop(element, (files) => trigger('upload', files), upload);",
        ),
        gr.Button(reindex, size="sm", elem_id="att-reindex"),
        html("", "att-report"),
        html(pieces.hint("opening"), "att-documents"),
    )


def wire(desk: Desk, tab_: Tab, shown: Any) -> None:
    """What each event of the tab does; `shown` is the event of its being opened."""
    documents = Documents(desk)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    changing: dict[str, Any] = {
        "outputs": [tab_.report, tab_.table, tab_.reindex],
        "concurrency_limit": 4,
        "concurrency_id": "documents",
        **quiet,
    }
    shown(documents.show, outputs=[tab_.table], concurrency_limit=8, **quiet)
    tab_.drop.upload(documents.add, **changing)
    tab_.table.delete(documents.remove, **changing)
    tab_.reindex.click(documents.reindex, **changing)
