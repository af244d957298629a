"""What the handlers of the page's events share: what an event brought, and an answer that is a piece of
the page whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.ui.pieces import error
from rag.ui.text import Strings

log = logging.getLogger(__name__)


def data_of(event: gr.EventData) -> dict[str, Any]:
    """What the browser's script sent along; empty for what is no object."""
    data = event._data
    return data if isinstance(data, dict) else {}


def piece_or_error(
    piece: Callable[[], str], strings: Strings, failed: Callable[[str], str] = error
) -> str:
    """A piece of the page, or one line that says why there is none."""
    try:
        return piece()
    except RagError as problem:
        return failed(str(problem))
    except Exception:
        log.exception("a request of the page failed")
        return failed(strings.unexpected)
