"""What stands around an answer: its state, what was searched for, what can be done with the turn."""

from __future__ import annotations

from rag.ui import selection_html
from rag.ui.feedback_html import thumbs
from rag.ui.pieces import esc
from rag.ui.talk_text import talk
from rag.ui.text import Strings
from rag.ui.turns_markdown import turn_markdown
from rag.ui.views import TurnView


def status(view: TurnView, strings: Strings) -> str:
    """The state in words; the clock is moved by the page's script, and no screen reader reads it."""
    seconds = strings.seconds(view.seconds)
    clock = f'<span class="att-clock" aria-hidden="true">{seconds}</span>' if view.busy else ""
    return (
        f'<p class="att-status"><span class="att-dot" aria-hidden="true"></span>'
        f'<span class="att-state">{esc(_words(view, strings).format(seconds=seconds))}</span>'
        f"{clock}</p>"
    )


def _words(view: TurnView, strings: Strings) -> str:
    said = talk(strings)
    found = len(view.searched.evidence) if view.searched else 0
    if view.state == "waiting":
        return (
            strings.next_in_line if view.ahead <= 1 else strings.count(strings.in_line, view.ahead)
        )
    if view.state == "opening":
        step = view.step
        return strings.opening + (f" {step.done}/{step.total}" if step and step.total else "")
    if view.state == "reading":
        return strings.count(said.reading, found) if found else strings.nothing_found
    if view.state == "checking":
        return strings.count(said.checking, len(view.sentences))
    if view.state == "done":
        return strings.abstained if view.answer and view.answer.abstained else strings.answered
    return {
        "searching": strings.searching,
        "stopped": strings.stopped,
        "failed": strings.failed,
        "interrupted": said.interrupted,
        "unreadable": said.unreadable,
    }[view.state]


def searched_in(view: TurnView, strings: Strings) -> str:
    """Which documents, where not all of them were searched."""
    known = view.answer or view.partial or view.searched
    return selection_html.searched_in(known.scope if known else None, strings)


def searched_for(view: TurnView, strings: Strings) -> str:
    """The question that was really searched for, where it isn't the one that was asked; a button
    changes it."""
    known = view.answer or view.partial or view.searched
    text = known.standalone_question if known else view.told or ""
    if not text.strip() or text.strip() == " ".join(view.question.split()):
        return ""
    said = talk(strings)
    return (
        f'<p class="att-searched">{esc(strings.searched_for)}: <q>{esc(text)}</q> '
        f'<button type="button" class="att-quiet" data-act="told" data-turn="{view.number}" '
        f'data-text="{esc(text)}" aria-label="{esc(said.change_long)}">{esc(said.change)}</button></p>'
    )


def actions(view: TurnView, strings: Strings) -> str:
    """Buttons of a turn that has come to its end."""
    if view.busy:
        return ""
    said, n = talk(strings), view.number
    buttons = []
    if view.state != "unreadable":
        for act, name, label in (
            ("edit", said.edit, said.edit_long),
            ("again", said.again, said.again_long),
        ):
            loud = " att-loud" if act == "again" and view.state == "interrupted" else ""
            buttons.append(
                f'<button type="button" class="att-quiet{loud}" data-act="{act}" data-turn="{n}" '
                f'aria-label="{esc(label.format(n=n))}">{esc(name)}</button>'
            )
    if view.answer or view.sentences:
        buttons.append(
            f'<button type="button" class="att-copy att-quiet" '
            f'data-copy="{esc(turn_markdown(view, strings))}" data-done="{esc(strings.copied)}" '
            f'aria-label="{esc(said.copy_long.format(n=n))}">{esc(strings.copy)}</button>'
        )
    # A question of a set is asked of all documents: what was said of some of them is no measure.
    if view.answer and view.answer.scope is None:
        buttons.append(thumbs(n, strings))
    return f'<div class="att-actions">{"".join(buttons)}</div>' if buttons else ""
