"""llama.cpp's C API by way of llama-cpp-python, its log kept from standard error."""

from __future__ import annotations

import ctypes
import os
import threading
from collections import deque
from typing import Any

from rag.errors import ModelUnavailable

_ERROR = 4
_log: deque[str] = deque(maxlen=8)
_guard = threading.Lock()
_callback: Any = None


def llama_api() -> Any:
    """The module `llama_cpp.llama_cpp`, ready for use. Raises ModelUnavailable where
    llama-cpp-python is missing or was built for another machine."""
    global _callback  # noqa: PLW0603
    with _guard:
        # Threads that wait for each other by spinning starve when another program wants a core:
        # decoding with two threads fell from 124 to 1.3 tokens/s beside one busy process, and stays
        # at 50 when they sleep. OpenMP reads this when it is loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        try:
            import llama_cpp.llama_cpp as api
        except (ImportError, OSError, RuntimeError, AttributeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ModelUnavailable(
                f"llama-cpp-python can't be used ({reason}); reinstall it, or name a server in "
                "RAG_LLM_URL"
            ) from None
        if _callback is None:
            _callback = api.llama_log_callback(_keep)  # kept here: ctypes doesn't
            api.llama_log_set(_callback, ctypes.c_void_p(0))
            api.llama_backend_init()
        return api


def _keep(level: int, text: bytes | None, _: Any) -> None:
    line = " ".join((text or b"").decode("utf-8", "replace").split())
    if level == _ERROR and line:
        _log.append(line)


def forget_log() -> None:
    """Before a call whose errors are to be told."""
    _log.clear()


def first_log_line() -> str:
    """What llama.cpp complained about first since `forget_log`, or nothing."""
    return _log[0].partition(": ")[2] or _log[0] if _log else ""
