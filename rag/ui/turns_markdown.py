"""A turn, or a whole conversation, as Markdown to paste elsewhere.

What comes from documents and people is escaped: pasted where Markdown is read, it stays text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.types import Citation, Place
from rag.ui.talk_text import talk
from rag.ui.text import Strings
from rag.ui.views import TurnView

_SPECIAL = re.compile(r"[\\`*\[\]<~|]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)")


def escaped(text: str) -> str:
    """Text on one line that Markdown (CommonMark, and GitHub's) shows as it is."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], " ".join(text.split()))


def turn_markdown(view: TurnView, strings: Strings) -> str:
    """Question, answer and sources; what there is of them."""
    lines = [f"**{escaped(view.question)}**"]
    shown = view.answer or view.partial
    if view.answer is None:
        lines += ["", f"*{_outcome(view, strings)}*"]
    if shown and shown.abstained:
        lines += ["", escaped(shown.answer)]
    elif shown and shown.sentences:
        lines += [
            "",
            " ".join(
                escaped(sentence.text) + "".join(f" [{n}]" for n in sentence.citations)
                for sentence in shown.sentences
            ),
        ]
    for item in shown.disagreements if shown else ():
        lines += ["", f"{strings.disagree}: {escaped(item.about)}", ""]
        lines += [
            f"- {escaped(value.value)}" + "".join(f" [{n}]" for n in value.citations)
            for value in item.values
        ]
    if view.citations:
        lines += ["", f"{strings.sources_word}:", ""]
        lines += [_source(citation, strings) for citation in view.citations]
    return "\n".join(lines)


def conversation_markdown(views: Sequence[TurnView], when: str, strings: Strings) -> str:
    """All turns under a heading; `when` is a date in words."""
    heading = f"# {talk(strings).conversation_of.format(when=escaped(when))}"
    turns = [turn_markdown(view, strings) for view in views if view.state != "unreadable"]
    return "\n\n---\n\n".join([heading, *turns]) + "\n"


def _outcome(view: TurnView, strings: Strings) -> str:
    if view.state == "stopped":
        return talk(strings).at_stop
    if view.state == "interrupted":
        return talk(strings).interrupted
    return f"{strings.failed}: {escaped(view.error)}" if view.error else strings.failed


def _source(citation: Citation, strings: Strings) -> str:
    also = "; ".join(_where(place, strings) for place in citation.also)
    more = f" ({strings.count(strings.also_in, len(citation.also))}: {also})" if also else ""
    return f"- [{citation.n}] {_where(citation.place, strings)}: «{escaped(citation.place.quote)}»{more}"


def _where(place: Place, strings: Strings) -> str:
    name = f"{place.title} ({place.source})" if place.title else place.source
    return f"{escaped(name)}, {strings.date(place.date)}"
