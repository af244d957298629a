"""The page is seen at once, though Gradio's scripts take a while.

Gradio adds what it is given for the head only once its own scripts run, and reads and compresses each of
some fifty small files of its build anew for every visitor. Here the looks and the header stand in the
page itself, and the files come from memory. The files' names hold a hash of what they hold, so a browser
may keep them for good.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import MutableMapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from rag.ui.guard import App, Receive, Scope, Send

_FOLDER = files("rag.ui").joinpath("assets")
_HASHED = re.compile(r"/assets/([A-Za-z0-9_.-]+-[A-Za-z0-9_-]{8,}\.(?:js|css|woff2|svg))")
_KEPT = b"public, max-age=31536000, immutable"

_ELSEWHERE = ("forward.js", "first_paint.js")
"""Scripts that don't stand among all the others: each component's, and the one that runs before them."""

Message = MutableMapping[str, Any]


def styles() -> str:
    """Every style sheet of the page."""
    return _assets(".css")


def scripts() -> str:
    """Every script of the page that Gradio runs once its own are there."""
    return _assets(".js")


def script(name: str) -> str:
    """One of the page's scripts."""
    return _FOLDER.joinpath(f"{name}.js").read_text(encoding="utf-8")


def _assets(ending: str) -> str:
    """The one for the whole page first."""
    found = [
        item
        for item in _FOLDER.iterdir()
        if item.name.endswith(ending) and item.name not in _ELSEWHERE
    ]
    found.sort(key=lambda item: (not item.name.startswith("attest"), item.name))
    return "\n".join(item.read_text(encoding="utf-8") for item in found)


class FirstPaint:
    """ASGI layer: `head` and `body` (HTML) go into the page, files of Gradio's build come from memory,
    everything else is passed on."""

    def __init__(self, app: App, head: str, body: str) -> None:
        self.app = app
        self.head, self.body = head.encode(), body.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
        elif scope["path"] == "/":
            await self.app(scope, receive, _Page(send, self.head, self.body))
        else:
            named = _HASHED.fullmatch(scope["path"])
            found = _file(named[1], _takes_brotli(scope)) if named else None
            if found is None:
                await self.app(scope, receive, send)
                return
            body, headers = found
            await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
            await send({"type": "http.response.body", "body": body})


class _Page:
    """Sends a page on, once it is whole, with more in its head and at the top of its body."""

    def __init__(self, send: Send, head: bytes, body: bytes) -> None:
        self.send, self.head, self.body = send, head, body
        self.start: Message = {}
        self.read = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        self.read += message.get("body", b"")
        if message.get("more_body"):
            return
        page = self.read.replace(b"</head>", self.head + b"</head>", 1)
        page = page.replace(b"<gradio-app", self.body + b"<gradio-app", 1)
        kept = [item for item in self.start.get("headers", []) if item[0] != b"content-length"]
        length = (b"content-length", str(len(page)).encode())
        await self.send({**self.start, "headers": [*kept, length]})
        await self.send({"type": "http.response.body", "body": page})


def _takes_brotli(scope: Scope) -> bool:
    return any(
        name == b"accept-encoding" and b"br" in re.split(rb"[,;\s]+", value)
        for name, value in scope.get("headers", [])
    )


@lru_cache(maxsize=4_000)
def _file(name: str, brotli: bool) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]] | None:
    """Body and headers; None for a file that isn't there."""
    import gradio

    path = Path(gradio.__file__).parent / "templates" / "frontend" / "assets" / name
    try:
        body = path.read_bytes()
    except OSError:
        return None
    # The system's own table of types may say otherwise, and the browser would not run it.
    known = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
    headers = [
        (b"content-type", (known or "application/octet-stream").encode()),
        (b"cache-control", _KEPT),
        (b"vary", b"accept-encoding"),
    ]
    if brotli and not name.endswith(".woff2"):
        from brotli import compress  # comes with Gradio

        body = compress(body, quality=5)
        headers.append((b"content-encoding", b"br"))
    headers.append((b"content-length", str(len(body)).encode()))
    return body, tuple(headers)
