"""A model's own chat template: messages to the text of a prompt.

Templates are Jinja, as Hugging Face's `tokenizer_config.json` and GGUF files carry them; they run in
llama-cpp-python's sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from rag.errors import ModelUnavailable
from rag.types import Message

_CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content']"
    " + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""For a model that brings none."""
_TODAY = datetime(2024, 7, 26, tzinfo=UTC)
"""Some templates tell the model the date; a fixed one, so that tomorrow's answer is today's."""


class ChatTemplate:
    """Renders chats; control tokens that a message spells out are broken up, or a document that
    writes `<|im_end|>` would end its turn and begin one of its own."""

    def __init__(
        self, name: str, source: str | None, *, bos: str, eos: str, control: Collection[str]
    ) -> None:
        """`name` is the model's, for errors. Raises ModelUnavailable for a broken template."""
        from jinja2 import TemplateError
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        self._name = name
        texts = sorted(
            (text for text in control if len(text) > 1), key=lambda text: (-len(text), text)
        )
        self._control = re.compile("|".join(map(re.escape, texts))) if texts else None
        self._formatters: dict[bool, Any] = {}
        for begin in (False, True):
            try:
                formatter: Any = Jinja2ChatFormatter(
                    source or _CHATML, eos_token=eos, bos_token=bos, add_generation_prompt=begin
                )
            except TemplateError as error:
                raise ModelUnavailable(
                    f"{name}: its chat template is broken ({error}); name another model"
                ) from None
            formatter.strftime_now = _TODAY.strftime
            self._formatters[begin] = formatter

    def prompt(self, messages: Sequence[Message]) -> tuple[Sequence[Message], str]:
        """(messages as the template takes them, prompt up to where the answer begins). The system's
        words go to the head of the user's for a template without a system role. Raises
        ModelUnavailable for a template that refuses both."""
        try:
            return messages, self._render(messages, True)
        except ModelUnavailable:
            merged = _without_system(messages)
            return merged, self._render(merged, True)

    def beginning(self, messages: Sequence[Message]) -> str | None:
        """The text of the first messages of a chat; None where the template refuses them alone."""
        try:
            return self._render(messages, False)
        except ModelUnavailable:
            return None

    def _render(self, messages: Sequence[Message], begin: bool) -> str:
        from jinja2 import TemplateError

        shape = [{"role": m.role, "content": self.defused(m.content)} for m in messages]
        try:
            # Answers that think aloud would spend their budget before they begin.
            return str(self._formatters[begin](messages=shape, enable_thinking=False).prompt)
        except (TemplateError, ValueError, TypeError, LookupError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ModelUnavailable(
                f"{self._name}: its chat template refuses the messages ({reason}); name another "
                "model in RAG_MODEL"
            ) from None

    def defused(self, text: str) -> str:
        """With a space in every control token."""
        if self._control is None:
            return text
        return self._control.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)


def _without_system(messages: Sequence[Message]) -> list[Message]:
    system = "\n\n".join(m.content for m in messages if m.role == "system")
    rest = [m for m in messages if m.role != "system"]
    if system and rest and rest[0].role == "user":
        rest[0] = Message("user", f"{system}\n\n{rest[0].content}")
    return rest
