"""Installs llama-cpp-python, compiling only what Attest uses, and shows how far the compiler is.

    python packaging/build_llama.py llama-cpp-python==0.3.36 [more arguments for pip]

Left out: the multimodal library and llama.cpp's "common" library, which the binding neither loads nor
ships (see llama-minimal.cmake). A prebuilt wheel that pip finds or is told of is taken as it is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

STEP = re.compile(r"^\s*\[(\d+)/(\d+)\]")


def main() -> int:
    wanted = sys.argv[1]
    version = wanted.partition("==")[2]
    try:
        if metadata.version("llama-cpp-python") == version:
            return 0
    except metadata.PackageNotFoundError:
        pass
    minimal = Path(__file__).resolve().with_name("llama-minimal.cmake")
    cmake = f"-DLLAVA_BUILD=OFF -DCMAKE_PROJECT_INCLUDE={minimal.as_posix()}"
    environment = os.environ | {"CMAKE_ARGS": f"{cmake} {os.environ.get('CMAKE_ARGS', '')}".strip()}
    command = [sys.executable, "-m", "pip", "install", "-v", wanted, *sys.argv[2:]]
    print(f"{wanted}: fetching, then compiling if there is no prebuilt wheel", flush=True)
    started = time.monotonic()
    tail: list[str] = []
    shown = -1
    with subprocess.Popen(
        command,
        env=environment,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as build:
        assert build.stdout is not None
        for line in build.stdout:
            tail = [*tail[-39:], line]
            step = STEP.match(line)
            if step is None:
                continue
            percent = 100 * int(step[1]) // int(step[2])
            if percent // 5 != shown:
                shown = percent // 5
                seconds = time.monotonic() - started
                print(f"  llama.cpp: {step[1]} of {step[2]} compiled, {seconds:.0f} s", flush=True)
    if build.returncode:
        sys.stderr.writelines(tail)
        print(
            "llama-cpp-python could not be built: a C/C++ compiler is needed (Debian and Ubuntu: "
            "apt install build-essential), or a prebuilt wheel: see 'Installing' in README.md",
            file=sys.stderr,
        )
        return 1
    print(f"  llama-cpp-python at hand after {time.monotonic() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
