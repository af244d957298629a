"""Questions from standard input, answers to standard output, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from rag.errors import RagError, UsageError
from rag.followup import question_language, standalone
from rag.types import Selection, Turn

if TYPE_CHECKING:
    from rag.assistant import Assistant


def line(value: object) -> str:
    """One line of JSON."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def run(
    assistant: Assistant,
    questions: Iterable[bytes],
    out: TextIO,
    selection: Selection | None = None,
) -> int:
    """Answers each line as it comes, from the selected documents. 0 if every line gave an answer,
    abstained or not, else 1."""
    failed = 0
    for raw in questions:
        text = raw.decode("utf-8-sig", errors="replace").rstrip("\r\n")
        question = text
        try:
            question, history = read_line(text)
            result = assistant.ask(question, history, selection=selection).to_dict()
        except RagError as error:
            failed += 1
            result = {"question": question, "error": str(error)}
        out.write(line(result))
        out.flush()
    return 1 if failed else 0


def read_line(text: str) -> tuple[str, list[Turn]]:
    """A question, or `{"question": str, "history": [...]}` where a turn of the history is a question
    (str), `{"question", "answer"}` or a chat message `{"role", "content"}`. Raises UsageError."""
    if not text.lstrip().startswith("{"):
        return text, []
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f'this line starts with {{ and is no JSON object: {error}; expected {{"question": "…"}}'
        ) from error
    question = data.get("question")
    if not isinstance(question, str):
        raise UsageError('a line that is a JSON object needs "question", a string')
    history = data.get("history") or []
    if not isinstance(history, list):
        raise UsageError('"history" is a list of earlier turns')
    return question, read_history(history)


def read_history(turns: Iterable[Any]) -> list[Turn]:
    """Earlier turns, oldest first; each question leans on the ones before it."""
    history: list[Turn] = []
    for turn in turns:
        question, answer = _turn(turn)
        if question is None:
            if history and answer:
                last = history[-1]
                history[-1] = Turn(last.question, last.standalone_question, last.language, answer)
            continue
        language = question_language(question, history)
        query = standalone(question, language, history)
        history.append(Turn(question, query.text, language, answer))
    return history


def _turn(turn: Any) -> tuple[str | None, str]:
    if isinstance(turn, str):
        return turn, ""
    if isinstance(turn, Mapping):
        if isinstance(turn.get("question"), str):
            answer = turn.get("answer")
            return turn["question"], answer if isinstance(answer, str) else ""
        content = turn.get("content")
        if isinstance(content, str) and turn.get("role") in ("user", "assistant"):
            return (content, "") if turn["role"] == "user" else (None, content)
    raise UsageError(
        'a turn of "history" is a question, {"question", "answer"} or {"role", "content"}'
    )
