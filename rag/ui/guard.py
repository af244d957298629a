"""What stands before every request of the server: safety headers, whom it answers, and the password
of the MCP server, which Gradio's own login doesn't cover.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio compiles templates
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""The browser itself refuses whatever would leave the machine."""

MCP_PATH = "/gradio_api/mcp"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI layer: safety headers on every response, and no answer to

    - a foreign `Host`, which stops a web site whose name was made to point at 127.0.0.1 (DNS
      rebinding) from reading the documents through the visitor's own browser;
    - a request that another site's page makes (`Origin`), which could otherwise change things with
      the visitor's cookie, unseen;
    - an MCP client without the password, where there is one (HTTP Basic, RFC 7617).
    """

    def __init__(
        self, app: App, loopback_only: bool, credentials: tuple[str, str] | None = None
    ) -> None:
        self.app = app
        self.loopback_only = loopback_only
        self.credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.loopback_only and not _own_host(scope):
            await _refuse(send, 421, "Attest answers this machine only.")
        elif not _own_origin(scope):
            await _refuse(send, 403, "Attest answers its own pages only.")
        elif MCP_PATH in scope["path"]:
            await self._mcp(scope, receive, send)
        else:
            await self._pass(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        await self.app(scope, receive, guarded)

    async def _mcp(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The one transport that clients speak today; not Gradio's older one, its schema or its
        landing page, which points elsewhere."""
        if self.credentials is not None and not _knows(scope, self.credentials):
            await _refuse(
                send,
                401,
                "The MCP server wants the user and password of --auth as HTTP Basic.",
                (b"www-authenticate", b'Basic realm="Attest", charset="UTF-8"'),
            )
        elif scope["path"].rstrip("/") != MCP_PATH:
            await _refuse(send, 404, f"The MCP server is at {MCP_PATH}/")
        elif scope["method"] == "GET" and b"text/event-stream" not in _first(scope, b"accept"):
            await _refuse(
                send,
                405,
                "This is Attest's MCP server: give its address to an assistant.",
                (b"allow", b"POST"),
            )
        else:
            await self._pass(scope, receive, send)


def _all(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope.get("headers", []) if key == name]


def _first(scope: Scope, name: bytes) -> bytes:
    found = _all(scope, name)
    return found[0] if found else b""


def _own_host(scope: Scope) -> bool:
    hosts = _all(scope, b"host")
    if len(hosts) != 1:
        return False
    host = hosts[0].decode("latin-1")
    name = host.partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return is_loopback(name)


def _own_origin(scope: Scope) -> bool:
    """No `Origin` (a program, a plain navigation), or the page's own. The scheme may differ: a proxy
    before this server may speak TLS."""
    origins = _all(scope, b"origin")
    if not origins:
        return True
    try:
        origin = urlsplit(origins[0].decode("latin-1")).netloc
    except ValueError:
        return False
    return len(origins) == 1 and bool(origin) and origin == _first(scope, b"host").decode("latin-1")


def _knows(scope: Scope, credentials: tuple[str, str]) -> bool:
    kind, _, coded = _first(scope, b"authorization").partition(b" ")
    if kind.lower() != b"basic":
        return False
    try:
        given = base64.b64decode(coded.strip(), validate=True)
    except binascii.Error:
        return False
    return hmac.compare_digest(given, ":".join(credentials).encode())


async def _refuse(send: Send, status: int, why: str, *headers: tuple[bytes, bytes]) -> None:
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send(
        {"type": "http.response.start", "status": status, "headers": [kind, *_HEADERS, *headers]}
    )
    await send({"type": "http.response.body", "body": f"{why}\n".encode()})
