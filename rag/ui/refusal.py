"""A refusal that can be understood: what came nearest, why it doesn't answer, what to try.

It says what is known and no more: nothing here reads a passage to guess why it doesn't answer.
"""

from __future__ import annotations

from rag.types import Answer, Scope, Searched
from rag.ui.checking_text import Words, words
from rag.ui.pieces import esc
from rag.ui.quote_html import place_html
from rag.ui.text import NBSP, Strings

NEAREST = 3
"""Passages that a refusal shows unfolded."""


def refusal(answer: Answer, searched: Searched | None, strings: Strings) -> str:
    """Beneath the abstaining sentence."""
    said = words(strings)
    nearest = [item.place for item in answer.consulted[:NEAREST]]
    passages = "".join(
        f'<li class="att-card"><div>{place_html(place, strings)}</div></li>' for place in nearest
    )
    shown = f"<h3>{esc(strings.nearest)}</h3><ul>{passages}</ul>" if nearest else ""
    why = "".join(f"<li>{esc(reason)}</li>" for reason in reasons(answer, searched, strings))
    return (
        f'<section class="att-why"><h3>{esc(said.why_heading)}</h3><ul>{why}</ul></section>'
        f'<section class="att-sources att-refusal">{shown}</section>'
        f'<section class="att-try"><h3>{esc(strings.try_heading)}</h3>'
        f"<ul>{_steps(answer, said)}</ul></section>"
    )


def reasons(answer: Answer, searched: Searched | None, strings: Strings) -> list[str]:
    """Why there is no answer, as far as it is known."""
    said = words(strings)
    found = [_limits(answer.scope, strings)] if answer.scope else []
    missing = searched.missing if searched else ()
    if missing:
        listed = ", ".join(_named(word, strings) for word in missing)
        found.append([strings.count(said.why_missing, len(missing), words=listed)])
    found.append([said.why_below if answer.consulted else said.why_nothing])
    return [reason for group in found for reason in group]


def _limits(scope: Scope, strings: Strings) -> list[str]:
    said = words(strings)
    limits = [strings.count(said.why_scope, scope.searched, of=str(scope.of))]
    if scope.undated:
        limits.append(strings.count(said.why_undated, scope.undated))
    return limits


def _named(word: str, strings: Strings) -> str:
    return f"«{NBSP}{word}{NBSP}»" if strings.code == "fr" else f"“{word}”"


def _steps(answer: Answer, said: Words) -> str:
    question = esc(answer.standalone_question)
    steps = [
        f'<button type="button" class="att-do" data-event="apply" data-question="{question}">'
        f"{esc(said.try_search)}</button>",
        esc(said.try_words),
        esc(said.try_one),
        esc(said.try_there),
    ]
    if answer.scope:
        steps.insert(
            0,
            f'<button type="button" class="att-do" data-event="expand" '
            f'data-question="{esc(answer.question)}">{esc(said.try_all)}</button>',
        )
    return "".join(f"<li>{step}</li>" for step in steps)
