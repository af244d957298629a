"""The `rag` command: a thin face over `Assistant`. See `rag --help` and docs/cli.md.

Exit codes: 0 answered, 3 abstained, 2 wrong usage, 1 failure with one line that says what to do.
Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rag.config import Settings, read_settings
from rag.errors import RagError

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.types import Selection

ABSTAINED = 3
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. No traceback reaches a user (RAG_DEBUG=1 shows it)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(docs=options.docs, data=options.data)
        command: Callable[[argparse.Namespace, Settings], int] = options.run
        return command(options, settings)
    except RagError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail("stopped; nothing was lost", INTERRUPTED)
    except BrokenPipeError:
        # The reader went away (`rag sources | head`); keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("RAG_DEBUG"):
            raise
        message = " ".join(str(error).split()) or type(error).__name__
        return _fail(
            f"unexpected: {type(error).__name__}: {message[:300]} "
            "(run again with RAG_DEBUG=1 for the details, `rag doctor` checks the installation)",
            1,
        )


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"rag: {message}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rag",
        description="Ask your own documents, offline: every sentence of an answer is proven by a quote.",
    )
    parser.set_defaults(docs=None, data=None)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(
        name: str, run: Callable[[argparse.Namespace, Settings], int], text: str
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    def reads(command: argparse.ArgumentParser, *, json: bool = False) -> None:
        command.add_argument(
            "--docs", metavar="DIR", help="the documents' folder (default: the index's own)"
        )
        command.add_argument("--data", metavar="DIR", help="where the index lies")
        if json:
            command.add_argument("--json", action="store_true", help="print JSON")

    index = add("index", _index, "make the index mirror a folder: add, change, remove")
    index.add_argument("folder", metavar="DIR", nargs="?", help="the documents' folder")
    index.add_argument("--rebuild", action="store_true", help="make it anew from the documents")
    reads(index)

    ask = add("ask", _ask, "answer a question, with its sources")
    ask.add_argument("question", metavar="QUESTION", help="the question; - reads one a line")
    _selects(ask)
    reads(ask, json=True)

    search = add("search", _search, "show the evidence for a question, without an answer")
    search.add_argument("question", metavar="QUESTION")
    search.add_argument("--limit", type=_positive, default=10, metavar="N", help="at most N")
    _selects(search)
    reads(search, json=True)

    reads(add("sources", _sources, "list the documents in the index"), json=True)

    text = add("text", _text, "print a document's text as the index knows it")
    text.add_argument("source", metavar="SOURCE", help="a path as `rag sources` shows it")
    reads(text)

    serve = add("serve", _serve, "open the web page")
    serve.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    serve.add_argument("--port", type=_port, default=7860, help="default: 7860")
    serve.add_argument("--auth", metavar="USER:PASSWORD", help="needed beyond this machine")
    serve.add_argument("--mcp", action="store_true", help="offer an MCP server to assistants too")
    serve.add_argument("--open", action="store_true", help="open the browser")
    reads(serve)

    evaluate = add("eval", _eval, "run a question set and report figures")
    evaluate.add_argument(
        "--set", metavar="FILE", help="JSON lines, SQuAD's JSON form, or feedback (from the page)"
    )
    evaluate.add_argument("--out", metavar="DIR", help="where the report goes (default: runs/)")
    evaluate.add_argument("--limit", type=_positive, metavar="N", help="at most N questions")
    reads(evaluate)

    models = add("models", _models, "list the models at hand")
    models.add_argument("--json", action="store_true", help="print JSON")
    reads(add("doctor", _doctor, "check the installation and say what to do"))
    return parser


def _selects(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only documents whose path matches, as 'reports/*' (may be given several times)",
    )
    for name, text in (("since", "from"), ("until", "up to")):
        command.add_argument(
            f"--{name}", metavar="DATE", help=f"only documents {text} YYYY[-MM[-DD]]"
        )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: a number from 1 is expected")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{text}: a port is a number from 1 to 65535")
    return number


# --- commands -----------------------------------------------------------------------------


def _open(settings: Settings, *, fresh: bool = True) -> Assistant:
    """The assistant over an index that mirrors its folder, unless another process is writing it."""
    from rag.assistant import open_assistant
    from rag.terminal import progress

    assistant = open_assistant(settings)
    if fresh:
        with progress() as bar:
            notice = assistant.index.refresh(bar)
        if notice:
            sys.stderr.write(f"rag: {notice}\n")
    return assistant


def _index(options: argparse.Namespace, settings: Settings) -> int:
    from rag.assistant import open_assistant
    from rag.terminal import progress, show_report

    if options.folder and options.docs and options.folder != options.docs:
        return _fail(f"two folders: {options.folder} and --docs {options.docs}; name one", 2)
    if options.folder:
        settings = read_settings(docs=options.folder, data=options.data)
    assistant = open_assistant(settings, rebuild=options.rebuild)
    try:
        with progress() as bar:
            report = assistant.sync(bar, rebuild=options.rebuild)
        sys.stdout.write(show_report(report, assistant.index.folder))
    finally:
        assistant.close()
    return 0


def _selection(options: argparse.Namespace, assistant: Assistant) -> Selection | None:
    from rag import selection

    return selection.make(assistant.sources(), options.source, options.since, options.until)


def _ask(options: argparse.Namespace, settings: Settings) -> int:
    from rag import batch
    from rag.terminal import ask_here

    if options.question == "-" and not options.json:
        return _fail("`rag ask -` prints JSON lines; say `rag ask --json -`", 2)
    assistant = _open(settings)
    try:
        selection = _selection(options, assistant)
        if options.question == "-":
            return batch.run(assistant, sys.stdin.buffer, sys.stdout, selection)
        if options.json:
            answer = assistant.ask(options.question, selection=selection)
            sys.stdout.write(batch.line(answer.to_dict()))
        else:
            answer = ask_here(assistant, options.question, selection)
        return ABSTAINED if answer.abstained else 0
    finally:
        assistant.close()


def _search(options: argparse.Namespace, settings: Settings) -> int:
    from rag import batch
    from rag.terminal import show_evidence

    assistant = _open(settings)
    try:
        selection = _selection(options, assistant)
        found = assistant.search(options.question, options.limit, selection=selection)
        if options.json:
            sys.stdout.write(batch.line(found.to_dict(options.question)))
        else:
            sys.stdout.write(show_evidence(found))
        return 0 if found.evidence else ABSTAINED
    finally:
        assistant.close()


def _sources(options: argparse.Namespace, settings: Settings) -> int:
    from rag import batch
    from rag.terminal import show_sources

    assistant = _open(settings)
    try:
        documents = assistant.sources()
        if options.json:
            sys.stdout.write(batch.line([document.to_dict() for document in documents]))
        else:
            sys.stdout.write(show_sources(documents))
    finally:
        assistant.close()
    return 0


def _text(options: argparse.Namespace, settings: Settings) -> int:
    assistant = _open(settings)
    try:
        # Bytes, so that no newline is translated: offsets count what is printed.
        sys.stdout.buffer.write(assistant.text(options.source).encode("utf-8"))
        sys.stdout.buffer.flush()
    finally:
        assistant.close()
    return 0


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    from rag.ui.serve import serve

    serve(
        settings,
        host=options.host,
        port=options.port,
        auth=options.auth,
        mcp=options.mcp,
        open_browser=options.open,
    )
    return 0


def _eval(options: argparse.Namespace, settings: Settings) -> int:
    from pathlib import Path

    from eval.run import main_eval

    return main_eval(
        settings,
        Path(options.set) if options.set else None,
        Path(options.out) if options.out else None,
        options.limit,
        sys.stdout.write,
    )


def _models(options: argparse.Namespace, settings: Settings) -> int:
    from rag import batch
    from rag.models.registry import models_at_hand
    from rag.terminal import show_models

    models = models_at_hand(settings)
    if options.json:
        sys.stdout.write(batch.line([model.to_dict() for model in models]))
    else:
        sys.stdout.write(show_models(models))
    return 0


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    from rag.doctor import checkup
    from rag.terminal import show_checks

    checks = checkup(settings)
    sys.stdout.write(show_checks(checks))
    return 0 if all(check.ok for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
