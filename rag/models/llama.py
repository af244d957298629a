"""A GGUF model in this process, through llama.cpp's C API.

The API is driven directly, not through `llama_cpp.Llama`: that class redirects the whole process's
standard output while it loads, looks at no one's wish to stop before the prompt is read, and reuses
whatever prefix the previous call happened to share, which changes the last bits of the logits and
now and then a word.

Here a prompt is read message by message, each in batches of its own, and the leading messages that
the previous call had too are kept. What is computed for a prompt, and in which batches, so depends
on the prompt alone: the same messages give the same text whatever was asked before.
"""

from __future__ import annotations

import codecs
import ctypes
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from rag.config import Settings
from rag.errors import ModelUnavailable, RagError
from rag.models.chat import ChatTemplate
from rag.models.gguf import EMBEDDED_NAME, embedded_gguf, read_gguf
from rag.models.hardware import physical_cores
from rag.models.llama_api import first_log_line, forget_log, llama_api
from rag.models.quantised import adapted_name, adapter_file, requantised
from rag.models.turns import Turns
from rag.types import Message

_BATCH = 512
_ABORTED, _NO_ROOM = 2, 1


class LlamaGenerator:
    """A chat model in GGUF format, decoding greedily with its own chat template."""

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        context_tokens: int = 2048,
        threads: int | None = None,
        adapter: Path | None = None,
    ) -> None:
        """Loads the model (a third of a second for the embedded one). `name` defaults to what the
        file calls itself, `threads` to the physical cores: all read the prompt, half decode. The
        context is at most what the model was trained with. `adapter`: a LoRA file in GGUF form to run
        beside the model.

        Raises ModelUnavailable for a file that is missing, cut short or no GGUF, for an
        architecture that llama.cpp doesn't know, and when memory doesn't suffice."""
        info = read_gguf(path)
        self.name = name or info.name
        self._path = path
        self._turns = Turns()
        self._native = threading.Lock()
        self._closing = False
        self._kept: list[tuple[int, ...]] = []
        self._api = api = llama_api()
        _check_memory(path)
        forget_log()
        self._model = api.llama_model_load_from_file(
            os.fsencode(path), api.llama_model_default_params()
        )
        if not self._model:
            raise ModelUnavailable(
                f"{path}: llama.cpp can't load it ({first_log_line() or 'no reason given'}); "
                "name another GGUF file in RAG_MODEL"
            )
        self._context = self._new_context(context_tokens, threads or physical_cores())
        if adapter is not None:
            self._adapt(adapter)
        self._sampler = api.llama_sampler_init_greedy()
        self._free = weakref.finalize(self, _free, api, self._sampler, self._context, self._model)
        self._free.atexit = False  # another thread may still be decoding then
        self._memory = api.llama_get_memory(self._context)
        self._vocab = api.llama_model_get_vocab(self._model)
        self.context_tokens = int(api.llama_n_ctx(self._context))
        """Tokens that prompt and answer may take together."""
        self._chat = self._own_chat()

    def _new_context(self, tokens: int, threads: int) -> Any:
        api = self._api
        params = api.llama_context_default_params()
        trained = int(api.llama_model_n_ctx_train(self._model))
        params.n_ctx = min(tokens, trained) if trained > 0 else tokens
        params.n_batch = params.n_ubatch = min(_BATCH, params.n_ctx)
        # Decoding meets at a barrier for every layer of every token: with threads that sleep there
        # (see llama_api), one thread on two cores gives 92 tokens/s and two give 37 to 50. Reading a
        # prompt is long stretches of arithmetic, and takes all.
        params.n_threads = max(1, threads // 2)
        params.n_threads_batch = threads
        params.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_ENABLED
        context = api.llama_init_from_model(self._model, params)
        if not context:  # some architectures have no flash attention
            params.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_AUTO
            context = api.llama_init_from_model(self._model, params)
        if not context:
            api.llama_model_free(self._model)
            raise ModelUnavailable(
                f"{self._path}: no memory for it and {params.n_ctx} tokens "
                f"({first_log_line() or 'no reason given'}); name a smaller model in RAG_MODEL"
            )
        return context

    def _adapt(self, adapter: Path) -> None:
        api = self._api
        read_gguf(adapter)
        loaded = api.llama_adapter_lora_init(self._model, os.fsencode(adapter))
        if loaded:  # freed with the model
            adapters = (api.llama_adapter_lora_p_ctypes * 1)(loaded)
            if not api.llama_set_adapters_lora(
                self._context, adapters, 1, (ctypes.c_float * 1)(1.0)
            ):
                return
        raise ModelUnavailable(
            f"{adapter}: llama.cpp can't use it ({first_log_line() or 'no reason given'}); restore it "
            "from the project"
        )

    # --- tokens -------------------------------------------------------------------------

    def count_tokens(self, text: str) -> int:
        """Tokens of a text by itself. Raises ModelUnavailable once closed."""
        return len(self._tokens(text, special=False))

    def _tokens(self, text: str, *, special: bool) -> list[int]:
        """`special` reads control tokens written out in the text as such. Nothing is added."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        with self._native:
            self._check_open()
            tokens = (self._api.llama_token * room)()
            count = self._api.llama_tokenize(
                self._vocab, data, len(data), tokens, room, False, special
            )
        if count < 0:
            raise RagError(f"{self.name}: a text of {len(text)} characters can't be tokenized")
        return list(tokens[:count])

    def _token_text(self, token: int) -> str:
        text = self._api.llama_vocab_get_text(self._vocab, token) if token >= 0 else None
        return str(text.decode("utf-8", "replace")) if text else ""

    def _piece(self, token: int) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = self._api.llama_token_to_piece(self._vocab, token, buffer, size, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            size = -count

    def _own_chat(self) -> ChatTemplate:
        """The template that the file brings, with the control tokens that no message may hold."""
        api, attribute = self._api, self._api.llama_vocab_get_attr
        template = api.llama_model_chat_template(self._model, None)
        control = {
            self._token_text(token)
            for token in range(api.llama_vocab_n_tokens(self._vocab))
            if attribute(self._vocab, token) & api.LLAMA_TOKEN_ATTR_CONTROL
        }
        return ChatTemplate(
            self.name,
            template.decode("utf-8", "replace") if template else None,
            bos=self._token_text(api.llama_vocab_bos(self._vocab)),
            eos=self._token_text(api.llama_vocab_eos(self._vocab)),
            control=control,
        )

    # --- the prompt ---------------------------------------------------------------------

    def _segments(self, messages: Sequence[Message]) -> list[tuple[int, ...]]:
        """The prompt's tokens, cut where a message ends; the last segment is never empty."""
        messages, whole = self._chat.prompt(messages)
        tokens = self._prompt_tokens(whole)
        cuts = [0]
        for count in range(1, len(messages)):
            head = self._chat.beginning(messages[:count])
            if head is not None and whole.startswith(head):
                part = self._prompt_tokens(head)
                if cuts[-1] < len(part) < len(tokens) and tokens[: len(part)] == part:
                    cuts.append(len(part))
        cuts.append(len(tokens))
        return [tuple(tokens[start:end]) for start, end in pairwise(cuts)]

    def _prompt_tokens(self, prompt: str) -> list[int]:
        tokens = self._tokens(prompt, special=True)
        bos = self._api.llama_vocab_bos(self._vocab)
        if self._api.llama_vocab_get_add_bos(self._vocab) and tokens[:1] != [bos]:
            tokens.insert(0, bos)
        return tokens

    # --- decoding -----------------------------------------------------------------------

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        """See `Generator`. The lock is held from the first piece asked for until the iterator ends
        or is closed. Raises RagError for a prompt that leaves no room in the context."""
        segments = self._segments(messages)
        length = sum(map(len, segments))
        room = self.context_tokens - length
        if room <= 0:
            raise RagError(
                f"the prompt takes {length} tokens and {self.name} holds {self.context_tokens}: "
                "ask a shorter question, or name a model with a longer context in RAG_MODEL"
            )
        if max_tokens <= 0 or not self._turns.acquire(cancelled):
            return
        try:
            self._check_open()
            if self._read(segments, cancelled):
                yield from self._decode(min(max_tokens, room), cancelled)
        finally:
            self._release()

    def _read(self, segments: Sequence[tuple[int, ...]], cancelled: Callable[[], bool]) -> bool:
        """Evaluate a prompt as far as it isn't kept; False when cancelled meanwhile."""
        same = 0
        while same < min(len(self._kept), len(segments) - 1) and self._kept[same] == segments[same]:
            same += 1
        del self._kept[same:]
        length = sum(map(len, self._kept))
        if not self._api.llama_memory_seq_rm(self._memory, 0, length, -1):
            self._api.llama_memory_clear(self._memory, True)  # recurrent models keep no part
            self._kept.clear()
        watch = _Watch(lambda: self._closing or cancelled())
        callback = self._api.ggml_abort_callback(watch)
        self._api.llama_set_abort_callback(self._context, callback, None)
        try:
            for segment in segments[len(self._kept) :]:
                for start in range(0, len(segment), _BATCH):
                    if watch() or not self._evaluate(segment[start : start + _BATCH]):
                        watch.reraise()
                        return False
                if len(self._kept) < len(segments) - 1:
                    self._kept.append(segment)
        finally:
            # Not while decoding: it is called at every node of the graph.
            self._api.llama_set_abort_callback(self._context, self._api.ggml_abort_callback(), None)
        return True

    def _decode(self, limit: int, cancelled: Callable[[], bool]) -> Iterator[str]:
        api = self._api
        characters = codecs.getincrementaldecoder("utf-8")("replace")
        for count in range(limit):
            token = api.llama_sampler_sample(self._sampler, self._context, -1)
            if api.llama_vocab_is_eog(self._vocab, token):
                return
            text = characters.decode(self._piece(token))
            if text:
                yield text
            if self._closing or count == limit - 1 or cancelled():
                return  # bytes of a half character are dropped
            self._evaluate((token,))

    def _evaluate(self, tokens: Sequence[int]) -> bool:
        """False when aborted."""
        array = (self._api.llama_token * len(tokens))(*tokens)
        forget_log()
        code = self._api.llama_decode(
            self._context, self._api.llama_batch_get_one(array, len(tokens))
        )
        if code in (0, _ABORTED):
            return bool(code == 0)
        self._kept.clear()
        reason = (
            "no room in its context" if code == _NO_ROOM else first_log_line() or f"code {code}"
        )
        raise ModelUnavailable(f"{self.name}: llama.cpp failed ({reason}); ask again, or restart")

    # --- the end ------------------------------------------------------------------------

    def close(self) -> None:
        """Free the model: at once, or when the answer that is being decoded has stopped, which it
        does at its next token. Again is nothing."""
        self._closing = True
        if self._turns.acquire(lambda: True):
            self._release()

    def _release(self) -> None:
        if self._closing:
            with self._native:
                self._free()
        self._turns.release()

    def _check_open(self) -> None:
        if self._closing:
            raise ModelUnavailable(f"{self.name} has been closed; open it again")


def chosen_gguf(settings: Settings) -> tuple[Path, str]:
    """(file, name) of the GGUF that the person named; else of the embedded one, whose name says when
    our adapter is part of it. Loads nothing. Raises ModelUnavailable."""
    if settings.model:
        return settings.model, read_gguf(settings.model, whole=False).name
    adapter = adapter_file()
    return embedded_gguf(), adapted_name(adapter) if adapter else EMBEDDED_NAME


def open_llama(
    settings: Settings, note: Callable[[str], None] = lambda line: None
) -> LlamaGenerator:
    """The chosen model, loaded; the embedded one from a copy that is faster and has our adapter merged
    in, made once in the data folder. `note` gets a line when that copy can't be made. Raises
    ModelUnavailable."""
    path, name = chosen_gguf(settings)
    if settings.model:
        return LlamaGenerator(path, name=name)
    adapter = adapter_file()
    copy = requantised(path, settings.data_folder, note, adapter)
    return LlamaGenerator(copy, name=name, adapter=adapter if copy == path else None)


class _Watch:
    """Asks whether to stop, from within llama.cpp, where nothing may be raised."""

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        self._cancelled = cancelled
        self._error: BaseException | None = None

    def __call__(self, _: Any = None) -> bool:
        try:
            return bool(self._cancelled())
        except BaseException as error:
            self._error = error
            return True

    def reraise(self) -> None:
        if self._error is not None:
            raise self._error


def _free(api: Any, sampler: Any, context: Any, model: Any) -> None:
    api.llama_sampler_free(sampler)
    api.llama_free(context)
    api.llama_model_free(model)


def _check_memory(path: Path) -> None:
    """A model that is larger than the machine would be mapped all the same, and crawl."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return
    size = path.stat().st_size
    if 0 < memory < size:
        raise ModelUnavailable(
            f"{path}: {size >> 20} MB, and this machine has {memory >> 20} MB of memory; name a "
            "smaller model in RAG_MODEL"
        )
