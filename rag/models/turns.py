"""A lock that is handed on in the order of asking, and whose waiting can be given up."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_LOOK_SECONDS = 0.05


class Turns:
    """One holder at a time, first come, first served. Any thread may release it: a generator that
    holds it can be closed by another thread than the one that started it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, cancelled: Callable[[], bool] = lambda: False) -> bool:
        """True when it is this caller's turn; False when `cancelled()` came true first."""
        with self._guard:
            if not self._held:
                self._held = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        try:
            while not mine.wait(_LOOK_SECONDS):
                if cancelled() and self._leave(mine):
                    return False
        except BaseException:  # Ctrl-C while waiting: nobody may wait for this caller
            if not self._leave(mine):
                self.release()
            raise
        return True

    def release(self) -> None:
        """The next in line has it."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False

    def _leave(self, mine: threading.Event) -> bool:
        """False when the turn came in the meantime."""
        with self._guard:
            if mine.is_set():
                return False
            self._waiting.remove(mine)
            return True
