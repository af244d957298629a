"""Serving the page: address, password, safety headers, looks. Gradio is imported only in here and
only once a page is really served, since that takes seconds.
"""

from __future__ import annotations

import io
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.config import Settings, shipped
from rag.errors import Cancelled, RagError, UsageError
from rag.ui.first_paint import FirstPaint, script, scripts, styles
from rag.ui.guard import MCP_PATH, Guard, is_loopback
from rag.uploads import MAX_BYTES

if TYPE_CHECKING:
    import gradio as gr

    from rag.assistant import Assistant
    from rag.protocols import Progress
    from rag.ui.desk import Desk
    from rag.ui.text import Example

log = logging.getLogger(__name__)

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 7860


def serve(
    settings: Settings,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    open_browser: bool = False,
    *,
    auth: str | None = None,
    mcp: bool = False,
    write: Callable[[str], Any] | None = None,
) -> None:
    """Serve the page until Ctrl-C. The page is up before the models are: they load behind it.

    `auth` is `user:password`; `mcp` offers an MCP server too; `write` gets each line for the person
    (default: standard output). Raises UsageError for an address off this machine without `auth` and
    for `mcp` without its package, RagError for a taken port.
    """
    from rag.assistant import open_assistant
    from rag.ui.desk import Desk

    say = write if write is not None else _to_stdout

    def opener(progress: Progress) -> Assistant:
        assistant = open_assistant(settings)
        try:
            notice = assistant.index.refresh(progress)
        except BaseException:
            assistant.close()
            raise
        if notice:
            say(f"{notice}\n")
        return assistant

    serve_desk(
        Desk(opener),
        host,
        port,
        open_browser,
        auth=auth,
        mcp=mcp,
        write=say,
        examples=examples_for(settings),
        data=settings.data_folder,
    )


def serve_desk(
    desk: Desk,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    open_browser: bool = False,
    *,
    auth: str | None = None,
    mcp: bool = False,
    write: Callable[[str], Any] | None = None,
    examples: Sequence[Example] = (),
    data: Path | None = None,
) -> None:
    """`serve`, over a desk that is there already. For the main thread, which gets the Ctrl-C."""
    say = write if write is not None else _to_stdout
    credentials = check_access(host, auth)
    if mcp:
        check_mcp()
    port = check_port(host, port)
    page = None
    interrupted = threading.Event()

    def interrupt(number: int, frame: object) -> None:
        interrupted.set()  # Python drops a KeyboardInterrupt that hits in the middle of an import
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        say("Attest is starting…\n")
        from rag.ui.page import build_page

        page = build_page(desk, examples=examples, data=data)
        if interrupted.is_set():
            raise KeyboardInterrupt
        address = launch(page, host, port, credentials, mcp=mcp)
        say(f"Attest is ready: {address}  (Ctrl-C stops it)\n")
        if mcp:
            how = ", with the user and password of --auth as HTTP Basic" if credentials else ""
            say(f"MCP server for assistants: {address.rstrip('/')}{MCP_PATH}/{how}\n")
        if not is_loopback(host):
            say(
                "Whoever on the network has the password can question these documents, read them "
                f"and manage them here{', by the API and MCP too' if mcp else ', by the API too'}; "
                "the connection is not encrypted.\n"
            )
        threading.Thread(target=_warm, args=(desk, say), name="attest-warm", daemon=True).start()
        if open_browser:
            import webbrowser

            webbrowser.open(address)
        while not interrupted.wait(3600):
            pass
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what follows takes two seconds at most
        say("\nStopped.\n")
    finally:
        desk.close()
        if page is not None:
            page.close(verbose=False)
        signal.signal(signal.SIGINT, before)


def launch(
    page: gr.Blocks,
    host: str,
    port: int,
    credentials: tuple[str, str] | None = None,
    *,
    mcp: bool = False,
) -> str:
    """Start serving in the background; the address to open. `page.close()` ends it."""
    # Gradio asks itself whether it is up; a proxy of the environment must not be in between.
    for name in ("NO_PROXY", "no_proxy"):
        known = [part for part in os.environ.get(name, "").split(",") if part]
        os.environ[name] = ",".join([*known, "localhost", "127.0.0.1", "::1", host])
    try:
        page.queue(max_size=200)
        with redirect_stdout(io.StringIO()):  # Gradio announces MCP by itself, quiet or not
            page.launch(
                server_name=host,
                server_port=port,
                auth=credentials,
                prevent_thread_lock=True,
                **launch_options(host, credentials, mcp=mcp),
            )
    except OSError as error:  # Gradio's word for a port that is taken and for a slow start alike
        check_port(host, port)
        raise RagError("the page's server did not start within five seconds: try again") from error
    if mcp:
        from rag.ui.programs import speak_json

        speak_json(page)
    return f"http://{'localhost' if host in ('0.0.0.0', '::') else host}:{port}/"


def launch_options(
    host: str = DEFAULT_HOST, credentials: tuple[str, str] | None = None, *, mcp: bool = False
) -> dict[str, Any]:
    """What `launch()` needs for the looks, for privacy and for a calm terminal."""
    import gradio as gr

    from rag.ui.page import component_words
    from rag.ui.style import theme

    return {
        "quiet": True,
        "share": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": mcp,
        "enable_monitoring": False,
        "run_history": False,
        "footer_links": [],
        "show_error": False,
        "inbrowser": False,
        "max_file_size": MAX_BYTES,
        "i18n": gr.I18n(**component_words()),
        "theme": theme(),
        # Not as `css` and `js`: these come late, and with every selector prefixed.
        "head": f"<script>{scripts()}</script>",
        "favicon_path": str(Path(__file__).parent / "assets" / "favicon.svg"),
        "app_kwargs": {
            "middleware": _middleware(is_loopback(host), credentials),
            "docs_url": None,
            "redoc_url": None,
        },
    }


def examples_for(settings: Settings) -> Sequence[Example]:
    """Questions that the welcome offers: about the seeds when they are what is read."""
    from rag.ui.text import SEED_EXAMPLES

    seeds = shipped("seeds")
    reads_seeds = settings.docs is None or settings.docs.resolve() == seeds.resolve()
    return SEED_EXAMPLES if reads_seeds else ()


def check_access(host: str, auth: str | None) -> tuple[str, str] | None:
    """User and password, if any. Raises UsageError where a password is missing or malformed."""
    if auth is not None:
        user, colon, password = auth.partition(":")
        if not (user and colon and password):
            raise UsageError("--auth expects user:password, both not empty")
        return user, password
    if not is_loopback(host):
        raise UsageError(
            f"--host {host} is reachable from other machines: give --auth user:password too, "
            "or leave --host out to serve this machine alone"
        )
    return None


def check_mcp() -> None:
    """Raises UsageError where the package that Gradio's MCP server stands on is missing."""
    if find_spec("mcp") is None:
        raise UsageError(
            "--mcp needs the Python package mcp: install it with pip install 'mcp>=1.21,<2', "
            "or leave --mcp out"
        )


def check_port(host: str, port: int) -> int:
    """The port, or a free one for 0. Raises RagError where something listens on it already."""
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port}: a port lies between 1 and 65535")
    bare = host.strip("[]")
    try:
        family = socket.getaddrinfo(bare, None)[0][0]
    except OSError as error:
        raise UsageError(f"--host {host}: no such address on this machine") from error
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bare, port))
        except PermissionError as error:
            raise RagError(
                f"port {port} needs administrator's rights: choose one above 1023 with "
                "rag serve --port N"
            ) from error
        except OSError as error:
            raise _taken(port) from error
        return int(probe.getsockname()[1])


def _taken(port: int) -> RagError:
    return RagError(
        f"port {port} is taken by another program: stop that one, or choose another port, as in "
        f"rag serve --port {port + 1 if port < 65535 else 7860}"
    )


def _to_stdout(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def _warm(desk: Desk, say: Callable[[str], Any]) -> None:
    """Open the index and load what searches it while the visitor reads the page."""
    try:
        desk.call(lambda assistant: assistant.search("attest", 1))
    except Cancelled:
        pass
    except RagError as error:
        say(f"{error}\n")
    except Exception:
        log.exception("the assistant could not be opened")


def _middleware(loopback_only: bool, credentials: tuple[str, str] | None) -> list[Any]:
    from starlette.middleware import Middleware

    from rag.ui.render import header

    return [
        Middleware(Guard, loopback_only=loopback_only, credentials=credentials),
        Middleware(
            FirstPaint,
            head=f"<style>{styles()}</style><script>{script('first_paint')}</script>",
            body=f'<div class="att-first" aria-hidden="true">{header()}</div>',
        ),
    ]
