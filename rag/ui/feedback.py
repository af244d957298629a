"""What happens when a person says what was wrong: documents to pick a quote in, and keeping it.

The browser's script calls these by itself (Gradio's server functions). What it sends is data: the
conversation is read as strictly as with a question, and a quote must stand in the index.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from eval import feedback
from eval.feedback import Quote, Reason, Said
from rag.errors import RagError, UsageError
from rag.types import Place
from rag.ui.conversations import read_sent
from rag.ui.desk import Desk
from rag.ui.feedback_html import words_for_browser
from rag.ui.programs import read_part, text_given
from rag.ui.text import ENGLISH
from rag.ui.views import TurnView

log = logging.getLogger(__name__)

PART = 50_000
"""Code points of a document that are picked in at once."""
FOUND = 8

Call = Callable[[Any], dict[str, Any]]


def calls(desk: Desk, data: Path) -> list[Call]:
    """What the browser's script may call; each gets and gives one JSON object, `{"error"}` where it
    can't."""

    def say_documents(given: Any) -> dict[str, Any]:
        infos = desk.assistant().sources()
        return {"documents": [[info.source, info.title or info.source] for info in infos]}

    def say_read(given: Any) -> dict[str, Any]:
        return {**read_part(desk.assistant(), given.get("source"), given.get("start"), PART)}

    def say_find(given: Any) -> dict[str, Any]:
        question = _text(given, "query")
        found = desk.call(lambda assistant: assistant.search(question, FOUND))
        return {"found": [_place(item.place) for item in found.evidence]}

    def say_keep(given: Any) -> dict[str, Any]:
        said = _said(given)
        name = feedback.keep(data, said, desk.assistant().text)
        settled = said.good or said.right is not None or said.reason == "should_not_have_answered"
        return {"id": name, "settled": settled}

    def say_forget(given: Any) -> dict[str, Any]:
        return {"gone": feedback.forget(data, _text(given, "id"))}

    return [_safe(call) for call in (say_documents, say_read, say_find, say_keep, say_forget)]


def wires(html: Callable[..., Any], desk: Desk, data: Path) -> None:
    """The component that nobody sees: words for the script, and what it may call."""
    html(
        words_for_browser(),
        elem_id="att-say-wires",
        apply_default_css=False,
        padding=False,
        js_on_load="window.attest.said(server);",
        server_functions=calls(desk, data),
    )


def _safe(call: Call) -> Call:
    def safe(given: Any) -> dict[str, Any]:
        try:
            if not isinstance(given, dict):
                raise UsageError("a JSON object is expected")
            return call(given)
        except RagError as error:
            return {"error": str(error)}
        except Exception:
            log.exception("a request of the page failed")
            return {"error": ENGLISH.unexpected}

    safe.__name__ = call.__name__  # Gradio calls it by this
    return safe


def _said(given: Mapping[str, Any]) -> Said:
    """Raises UsageError for what no page sends."""
    sent, n = read_sent(given.get("conversation")), given.get("n")
    if not isinstance(n, int) or not 1 <= n <= len(sent.views) or not sent.views[n - 1].answer:
        raise UsageError("there is no such answer in this conversation: ask again, then say it")
    view = sent.views[n - 1]
    assert view.answer is not None
    if view.answer.scope is not None:
        raise UsageError("this answer was asked of some documents: ask all of them, then say it")
    good, reason = given.get("good") is True, given.get("reason")
    if not good and reason not in feedback.REASONS:
        raise UsageError("choose what was wrong first")
    return Said(
        question=view.told or view.question.strip(),
        language=view.answer.language,
        good=good,
        abstained=view.answer.abstained,
        answer=view.answer.answer,
        cited=tuple(_quote(citation.place) for citation in view.answer.citations),
        reason=None if good else cast(Reason, reason),
        note=_text(given, "note") if given.get("note") else "",
        right=None if good else _right(given.get("right")),
        history=() if view.told else _history(sent.views[: n - 1])[-feedback.MOST_HISTORY :],
        models=view.answer.models.to_dict(),
    )


def _history(views: tuple[TurnView, ...]) -> tuple[str, ...]:
    return tuple(view.told or view.question.strip() for view in views if view.answer)


def _right(value: object) -> Quote | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise UsageError("the quote can't be read: choose it again")
    source, quote = value.get("source"), value.get("quote")
    start, end = value.get("start"), value.get("end")
    if not (
        isinstance(source, str)
        and isinstance(quote, str)
        and type(start) is int
        and type(end) is int
    ):
        raise UsageError("the quote can't be read: choose it again")
    return Quote(source, start, end, quote)


def _quote(place: Place) -> Quote:
    return Quote(place.source, place.start, place.end, place.quote)


def _place(place: Place) -> dict[str, Any]:
    return {
        "source": place.source,
        "title": place.title or place.source,
        "start": place.start,
        "end": place.end,
        "quote": place.quote,
        "language": place.language,
    }


def _text(given: Mapping[str, Any], name: str) -> str:
    return text_given(name, given.get(name))
