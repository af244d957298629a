"""A side of a comparison in a process of its own: `python -m bench.worker ours|peer`.

Both sides stay warm beside each other without sharing a library's settings (our embedder gives
torch one thread; the peer keeps torch's default). A request is one JSON object a line on standard
input, `{"op": NAME, ...}`; the reply is one line, `{"value": ...}` or `{"error": str}`. Seconds are
measured inside, so that no pipe is in them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from rag.errors import RagError

Kind = Literal["ours", "peer"]
ROOT = Path(__file__).resolve().parents[1]


class BenchError(RagError):
    """A side of a comparison failed, so that there is nothing to compare."""


def environment() -> dict[str, str]:
    """For every process that is measured: no RAG_* settings, nothing fetched, nothing reported."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
    path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")]))
    return kept | {
        "PYTHONPATH": path,
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "ANONYMIZED_TELEMETRY": "False",
        "TOKENIZERS_PARALLELISM": "false",
    }


class Worker:
    """The process of one side. Use as a context manager."""

    def __init__(self, kind: Kind, log: Path) -> None:
        """Its standard error goes into `log`."""
        self.kind, self._log = kind, log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.worker", kind],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(),
                text=True,
                encoding="utf-8",
            )

    def ask(self, op: str, **arguments: Any) -> Any:
        """Raises BenchError when the operation failed or the process ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"op": op} | arguments) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            self.close()
            last = self._log.read_text("utf-8", "replace").strip().splitlines()[-1:] or ["no word"]
            raise BenchError(f"{self.kind} {op}: its process ended ({last[0][:200]})")
        reply = json.loads(line)
        if "error" in reply:
            raise BenchError(f"{self.kind} {op}: {reply['error']}")
        return reply["value"]

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(kind: str) -> int:
    """Answers requests until standard input ends. Standard output is kept for replies: whatever
    else writes there goes to standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        os.dup2(2, 1)
        operations = _operations(kind)
        for line in sys.stdin:
            request = json.loads(line)
            try:
                value = getattr(operations, request.pop("op"))(**request)
                reply = json.dumps({"value": value})
            except Exception as error:
                reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
                reply = json.dumps({"error": reason})
            replies.write(reply + "\n")
            replies.flush()
    return 0


def _operations(kind: str) -> Any:
    if kind == "ours":
        from bench.ours import Ours

        return Ours()
    from bench.peer import Peer

    return Peer()


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1]))
