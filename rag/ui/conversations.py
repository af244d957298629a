"""What the browser keeps of a conversation, and sends along with each question.

The server keeps none. What comes from the browser is data: read field by field, and a turn that can't
be read stays in its place as one that says so, so that turns keep their numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from rag.ui.contract import MOST, an_object, answer_of, number_of, text_of, text_or_none
from rag.ui.views import State, TurnView

LONGEST = 6_000_000
"""Characters of a conversation; the browser keeps at most 4 million of all of them."""

_ID = re.compile(r"[a-z0-9-]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[0-9:.]{0,14}Z?")
_ENDS: tuple[State, ...] = ("done", "stopped", "failed")


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with a request."""

    id: str = ""
    """The conversation's, of the browser's making."""
    views: tuple[TurnView, ...] = ()
    """The turns that stay, oldest first."""
    started: str = ""
    asked: str = ""
    """When the new question was asked; both as the browser says it (ISO 8601)."""
    told: str | None = None
    """What to search for, where the person said it."""
    export: str = ""
    """`markdown` or `json`, where the conversation is to be exported."""
    when: str = ""
    """When the conversation began, in words."""
    damaged: bool = False
    """Something came that is no conversation."""


def read_sent(raw: object) -> Sent:
    """Never raises: what can't be read is marked as such."""
    if not raw:
        return Sent()
    try:
        if not isinstance(raw, str) or len(raw) > LONGEST:
            raise ValueError(f"expected a text of at most {LONGEST} characters")
        fields = an_object(json.loads(raw), "a conversation")
        turns = fields.get("turns")
        if not isinstance(turns, list) or len(turns) > MOST:
            raise ValueError(f"turns: expected a list of at most {MOST}")
        return Sent(
            id=_matching(fields, "id", _ID),
            views=tuple(_view(number, turn) for number, turn in enumerate(turns, 1)),
            started=_matching(fields, "started", _TIME),
            asked=_matching(fields, "asked", _TIME),
            told=text_or_none(fields, "told"),
            export=text_or_none(fields, "export") or "",
            when=text_or_none(fields, "when") or "",
        )
    except (ValueError, RecursionError):
        return Sent(damaged=True)


def _matching(fields: dict[str, Any], name: str, shape: re.Pattern[str]) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) and shape.fullmatch(value) else ""


def _view(number: int, value: object) -> TurnView:
    try:
        return _turn(number, an_object(value, "a turn"))
    except (ValueError, RecursionError):
        return TurnView(number, "", "unreadable")


def _turn(number: int, fields: dict[str, Any]) -> TurnView:
    question = text_of(fields, "question")
    asked, told = _matching(fields, "asked", _TIME), text_or_none(fields, "told")
    state = fields.get("state")
    if state not in _ENDS:  # `pending`: the page was left before the answer came
        return TurnView(number, question, "interrupted", asked=asked, told=told)
    answer = answer_of(fields["answer"]) if state == "done" else None
    partial = None if fields.get("partial") is None else answer_of(fields["partial"])
    shown = answer or partial
    return TurnView(
        number,
        question,
        cast(State, state),
        sentences=shown.sentences if shown else (),
        citations=shown.citations if shown else (),
        answer=answer,
        partial=partial,
        error=text_or_none(fields, "error"),
        seconds=number_of(fields, "seconds"),
        told=told,
        asked=asked,
    )


def kept(view: TurnView) -> dict[str, Any]:
    """The turn as the browser keeps it; `answer` is the contract's object, `partial` has its shape
    but is no whole answer."""
    return {
        "question": view.question,
        "asked": view.asked,
        "state": view.state,
        "told": view.told,
        "error": view.error,
        "seconds": view.seconds,
        "answer": view.answer.to_dict() if view.answer else None,
        "partial": view.partial.to_dict() if view.partial else None,
    }


def exported(sent: Sent) -> str:
    """The conversation as one JSON object, for programs."""
    turns: Sequence[TurnView] = [view for view in sent.views if view.state != "unreadable"]
    whole = {
        "format": "attest-conversation",
        "version": 1,
        "started": sent.started or None,
        "turns": [kept(view) for view in turns],
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
