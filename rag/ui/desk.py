"""One assistant, many visitors: questions are answered one at a time, in the order they came.

A model serves one request at a time, so the page keeps a line of its own. It is visible (each
waiting visitor sees how many are before them), and a stop takes effect at once even while the
assistant is in the middle of a computation: the visitor's side stops listening, the assistant's
side ends at the next event.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from rag.errors import Cancelled
from rag.protocols import Progress
from rag.types import Answer, DocumentInfo, Event, Searched, Selection, SyncReport, Turn
from rag.uploads import Uploads

T = TypeVar("T")

POLL_SECONDS = 0.2
"""How soon a stop is seen, and how often the clock on the page moves."""


class AssistantLike(Protocol):
    """What the page needs of `rag.assistant.Assistant`."""

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        selection: Selection | None = ...,
        searched_for: str | None = ...,
        cancelled: Callable[[], bool] = ...,
    ) -> Iterator[Event]: ...

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer: ...

    def search(
        self, question: str, limit: int = 10, *, selection: Selection | None = ...
    ) -> Searched: ...

    def sources(self) -> list[DocumentInfo]: ...

    def text(self, source: str) -> str: ...

    def sync(self, progress: Progress) -> SyncReport: ...

    @property
    def uploads(self) -> Uploads: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Progressed:
    """A step of a sync."""

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing new yet; `ahead` questions of others come first."""

    ahead: int
    opening: bool
    """The assistant is still being opened."""
    step: Progressed | None = None
    """How far the opening has come, when it has to index first."""


Put = Callable[[Any], None]
Work = Callable[[AssistantLike, Put], None]
"""Does one job and hands over what it finds; `put` raises Cancelled once the visitor has left."""


class Desk:
    """Opens the assistant when it is first needed and lets one job run at a time.

    `opener` is told where to report its progress. It may raise RagError; it is then tried again
    with the next job.
    """

    def __init__(self, opener: Callable[[Progress], AssistantLike]) -> None:
        self._opener = opener
        self._assistant: AssistantLike | None = None
        self._opening = threading.Lock()
        self._step: Progressed | None = None
        self._line: list[threading.Event] = []
        """The stops of all jobs, first come first: the first one's job is running."""
        self._moved = threading.Condition()
        self._closing = False

    def assistant(self) -> AssistantLike:
        """The assistant, opened by whoever comes first. Raises RagError."""
        with self._opening:
            if self._assistant is None:
                try:
                    self._assistant = self._opener(self._progress)
                finally:
                    self._step = None
            return self._assistant

    def _progress(self, what: str, done: int, total: int) -> None:
        if self._closing:
            raise Cancelled("stopped while opening")
        self._step = Progressed(what, done, total)

    @property
    def is_open(self) -> bool:
        return self._assistant is not None

    def run(self, work: Work, stop: threading.Event) -> Iterator[Any]:
        """What `work` puts, as it comes, with a `Tick` about every fifth of a second between.

        Ends early, without an error, within `POLL_SECONDS` of `stop` being set; closing the
        iterator sets `stop`, which belongs to this job alone. Raises what `work` raises.
        """
        pipe: queue.Queue[tuple[str, Any]] = queue.Queue()
        with self._moved:
            self._line.append(stop)
        threading.Thread(
            target=self._serve, args=(work, stop, pipe), name="attest-job", daemon=True
        ).start()
        try:
            while not stop.is_set():
                try:
                    kind, item = pipe.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    yield Tick(self._ahead(stop), not self.is_open, self._step)
                    continue
                if kind == "end":
                    return
                if kind == "error":
                    raise item
                yield item
        finally:
            stop.set()

    def call(self, function: Callable[[AssistantLike], T]) -> T:
        """One job's result, waited for in the line."""
        for item in self.run(lambda assistant, put: put(function(assistant)), threading.Event()):
            if not isinstance(item, Tick):
                return cast(T, item)
        raise Cancelled("the page was closed before the answer came")

    def close(self) -> None:
        """Stop every job, and free the assistant's models and files once the running one has ended.
        After two seconds the process is left to end as it is: an index survives that."""
        self._closing = True
        deadline = time.monotonic() + 2
        with self._moved:
            for stop in self._line:
                stop.set()
            while self._line and time.monotonic() < deadline:
                self._moved.wait(timeout=0.1)
            idle = not self._line
        if idle and self._opening.acquire(timeout=max(0.0, deadline - time.monotonic())):
            try:
                if self._assistant is not None:
                    self._assistant.close()
                    self._assistant = None
            finally:
                self._opening.release()

    def _ahead(self, stop: threading.Event) -> int:
        with self._moved:
            return self._line.index(stop) if stop in self._line else 0

    def _serve(
        self,
        work: Work,
        stop: threading.Event,
        pipe: queue.Queue[tuple[str, Any]],
    ) -> None:
        def put(item: Any) -> None:
            if stop.is_set():
                raise Cancelled("stopped")
            pipe.put(("item", item))

        try:
            with self._moved:
                while self._line[0] is not stop and not stop.is_set():
                    self._moved.wait(timeout=POLL_SECONDS)
            if not stop.is_set():
                work(self.assistant(), put)
            pipe.put(("end", None))
        except BaseException as error:  # handed to the visitor's side, which knows what to say
            pipe.put(("error", error))
        finally:
            with self._moved:
                self._line.remove(stop)
                self._moved.notify_all()


def stream_work(
    question: str,
    history: Sequence[Turn],
    stop: threading.Event,
    searched_for: str | None = None,
    selection: Selection | None = None,
) -> Work:
    """A job that answers a question, event by event."""

    def work(assistant: AssistantLike, put: Put) -> None:
        events = assistant.stream(
            question,
            history,
            selection=selection,
            searched_for=searched_for,
            cancelled=stop.is_set,
        )
        try:
            for event in events:
                put(event)
        finally:
            close = getattr(events, "close", None)
            if close is not None:
                close()

    return work


def sync_work(assistant: AssistantLike, put: Put) -> None:
    """A job that re-indexes, with its progress at most five times a second. It is carried through
    even if the visitor who asked for it leaves."""
    last = 0.0

    def progress(what: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= POLL_SECONDS or done == total:
            last = now
            with suppress(Cancelled):
                put(Progressed(what, done, total))

    put(assistant.sync(progress))
