"""A chat model behind an OpenAI-compatible address: llama.cpp's server, vLLM, Ollama and others.

What is used of the protocol: `GET /v1/models`, and `POST /v1/chat/completions` with `stream`, whose
answer is server-sent events (https://platform.openai.com/docs/api-reference/chat/streaming).

Each request runs in an event loop and a thread of its own, because there it can be broken off at
any moment: while the server is silent, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from rag.errors import ServerUnavailable
from rag.models.turns import Turns
from rag.types import Message

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0
READ_SECONDS = 120.0
"""Between two events: a large model on a slow machine reads a prompt for long."""
_CHARACTERS_A_TOKEN = 3
"""Few: French takes more tokens than English, and a budget is better kept than broken."""
_BUFFER_LIMIT = 1 << 20
_LOOK_SECONDS = 0.05

Work = Callable[["httpx.AsyncClient", Callable[[str], None]], Awaitable[None]]
"""`work(client, emit)`: what to ask the server, and whom to tell."""


class OpenAIGenerator:
    """Greedy decoding by a server; one request at a time from here."""

    def __init__(
        self,
        url: str,
        model: str | None = None,
        key: str | None = None,
        *,
        context_tokens: int = 2048,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """`url` with or without `/v1`; `model` defaults to the first that the server lists, asked
        for when a name or an answer is first needed. Nothing is sent yet. Raises ServerUnavailable
        for an address that is none."""
        self._base, self._shown, self._direct = _address(url)
        self._model = model
        self._key = key
        self._connect_seconds, self._read_seconds = connect_seconds, read_seconds
        self._turns = Turns()
        self._closed = False
        self.context_tokens = context_tokens
        """What the evidence is cut to; servers don't tell theirs."""

    @property
    def name(self) -> str:
        """The model's name at the server (a file's name without its folder). Raises
        ServerUnavailable when the server must be asked and doesn't answer."""
        if self._model is None:
            for _ in self._run(self._choose_model, lambda: False):
                pass
        model = self._model or ""
        return PurePath(model).stem if model.endswith(".gguf") else model

    def count_tokens(self, text: str) -> int:
        """An estimate, rather too high: the server's tokenizer isn't at hand."""
        return -(-len(text) // _CHARACTERS_A_TOKEN)

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        """See `Generator`. Raises ServerUnavailable for a server that refuses, is silent, answers
        with an error or with something else than a stream of events."""
        if self._closed:
            raise self._problem("is no longer asked: its generator was closed")
        if max_tokens <= 0 or not self._turns.acquire(cancelled):
            return
        body = {
            "messages": [{"role": m.role, "content": _clean(m.content)} for m in messages],
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": 0,
            "stream": True,
        }

        async def work(client: httpx.AsyncClient, emit: Callable[[str], None]) -> None:
            if self._model is None:
                await self._choose_model(client, emit)
            await self._complete(client, {"model": self._model} | body, 4 * max_tokens, emit)

        try:
            yield from self._run(work, cancelled)
        finally:
            self._turns.release()

    def close(self) -> None:
        """End the answer under way, if any. Again is nothing."""
        self._closed = True

    # --- requests -----------------------------------------------------------------------

    async def _choose_model(self, client: httpx.AsyncClient, _: Callable[[str], None]) -> None:
        async with client.stream("GET", f"{self._base}/models") as response:
            content = await _content(response)
            if response.status_code != 200:
                raise self._refusal(response, content)
        try:
            self._model = str(json.loads(content)["data"][0]["id"])
        except (ValueError, LookupError, TypeError):
            raise self._problem("lists no models; name one in RAG_LLM_MODEL") from None

    async def _complete(
        self,
        client: httpx.AsyncClient,
        body: dict[str, Any],
        limit: int,
        emit: Callable[[str], None],
    ) -> None:
        """At most `limit` pieces: a server that knows no `max_tokens` must not talk for ever."""
        import httpx

        finished, pieces = False, 0
        url = f"{self._base}/chat/completions"
        async with client.stream("POST", url, json=body) as response:
            kind = response.headers.get("content-type", "")
            if response.status_code != 200 or "text/event-stream" not in kind:
                content = await _content(response)
                if response.status_code != 200:
                    raise self._refusal(response, content)
                raise self._problem(
                    f"answers with {kind or 'something'!r} where a stream of events was expected; "
                    "is it an OpenAI-compatible server?"
                )
            try:
                async for data in _events(response):
                    if data == b"[DONE]":
                        return
                    piece, ended = self._piece(data)
                    finished = finished or ended
                    if piece:
                        pieces += 1
                        emit(piece)
                    if pieces >= limit:
                        return
            except httpx.RemoteProtocolError:
                finished = False
        if not finished:
            raise self._problem("broke off in the middle of its answer; ask again")

    def _piece(self, data: bytes) -> tuple[str, bool]:
        """(text, whether the answer ends here) of one event."""
        try:
            event = json.loads(data)
            if "error" in event:
                raise self._problem(f"gave up: {_message(event)}")
            if not event["choices"]:  # a last event may only count tokens
                return "", False
            choice = event["choices"][0]
            return choice.get("delta", {}).get("content") or "", bool(choice.get("finish_reason"))
        except (ValueError, LookupError, TypeError, AttributeError):
            raise self._problem("sends events that can't be read; ask again") from None

    def _refusal(self, response: httpx.Response, content: bytes) -> ServerUnavailable:
        try:
            reason = _message(json.loads(content))
        except (ValueError, LookupError, TypeError, AttributeError):
            reason = response.reason_phrase
        advice = {
            401: "; set RAG_LLM_KEY",
            403: "; check RAG_LLM_KEY",
            404: "; check RAG_LLM_URL and RAG_LLM_MODEL",
        }.get(response.status_code, "")
        return self._problem(f"answers {response.status_code} {reason}".rstrip() + advice)

    def _problem(self, what: str) -> ServerUnavailable:
        return ServerUnavailable(f"the server at {self._shown} {what}")

    # --- the thread ---------------------------------------------------------------------

    def _run(self, work: Work, cancelled: Callable[[], bool]) -> Iterator[str]:
        """What `work` emits, until it ends, fails, or is broken off."""
        told: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        loop = asyncio.new_event_loop()
        task = loop.create_task(self._session(work, told.put))

        def run() -> None:
            with contextlib.closing(loop), contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)

        thread = threading.Thread(target=run, name="llm-request", daemon=True)
        thread.start()
        try:
            while not (self._closed or cancelled()):
                try:
                    item = told.get(timeout=_LOOK_SECONDS)
                except queue.Empty:
                    continue
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            with contextlib.suppress(RuntimeError):  # the loop may be closed already
                loop.call_soon_threadsafe(task.cancel)
            thread.join(self._connect_seconds)

    async def _session(self, work: Work, tell: Callable[[str | Exception | None], None]) -> None:
        import httpx

        timeout = httpx.Timeout(
            self._connect_seconds, read=self._read_seconds, write=self._read_seconds
        )
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            async with httpx.AsyncClient(
                timeout=timeout, headers=headers, trust_env=not self._direct
            ) as client:
                await work(client, tell)
            tell(None)
        except ServerUnavailable as error:
            tell(error)
        except httpx.ConnectTimeout:
            tell(self._silent(self._connect_seconds))
        except httpx.TimeoutException:
            tell(self._silent(self._read_seconds))
        except httpx.ConnectError:
            tell(self._problem("can't be reached; start it, or check RAG_LLM_URL"))
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError, OSError) as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            tell(self._problem(f"can't be talked to ({reason}); check RAG_LLM_URL"))
        except Exception as error:  # a mistake here must not leave the caller waiting
            tell(error)

    def _silent(self, seconds: float) -> ServerUnavailable:
        return self._problem(f"said nothing for {seconds:g} seconds; see whether it is busy")


def _address(url: str) -> tuple[str, str, bool]:
    """(base with `/v1`, the same without a password, whether it is this machine)."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise ServerUnavailable(
            f"RAG_LLM_URL={url}: not an address; expected something like http://127.0.0.1:8080/v1"
        )
    path = parts.path.rstrip("/")
    path = path if path.endswith("/v1") else f"{path}/v1"
    named = f"[{host}]" if ":" in host else host
    place = named if port is None else f"{named}:{port}"
    try:
        direct = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        direct = False
    base = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    return base, urlunsplit((parts.scheme, place, path, "", "")), direct


def _clean(text: str) -> str:
    """Without halves of surrogate pairs, which no JSON in UTF-8 holds."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _message(answer: dict[str, Any]) -> str:
    """What a server says about an error, in one line."""
    error = answer.get("error", answer.get("detail", ""))
    text = error.get("message", "") if isinstance(error, dict) else str(error)
    return " ".join(str(text).split())[:200]


async def _content(response: httpx.Response) -> bytes:
    """The beginning of a body; no server fills the memory."""
    content = b""
    async for part in response.aiter_bytes():
        content += part
        if len(content) > _BUFFER_LIMIT:
            break
    return content


async def _events(response: httpx.Response) -> AsyncIterator[bytes]:
    """The data of each server-sent event. Lines end at line feeds alone: text may hold U+2028."""
    buffer, data = b"", list[bytes]()
    async for part in response.aiter_bytes():
        *lines, buffer = (buffer + part).split(b"\n")
        for line in lines:
            stripped = line.rstrip(b"\r")
            if stripped.startswith(b"data:"):
                data.append(stripped[5:].strip())
            elif not stripped and data:
                yield b"\n".join(data)
                data = []
        if len(buffer) > _BUFFER_LIMIT:
            raise ValueError("an endless line")
    if data:
        yield b"\n".join(data)
