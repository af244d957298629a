"""`python -m bench [CASE ...]`: runs benchmarks and writes what they say."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import report
from bench.cases import CASES
from bench.measure import Figure, OthersLoad
from bench.workshop import QUICK, Sizes, Workshop
from eval.run import next_folder
from rag.errors import RagError

Case = Callable[[Workshop], list[Figure]]


def run(
    names: Sequence[str],
    folder: Path,
    out: Path,
    write: Callable[[str], object],
    *,
    sizes: Sizes | None = None,
    cases: Mapping[str, Case] = CASES,
    date: str,
) -> bool:
    """Runs cases in `folder` and writes results.json and report.md into `out` after each of them.
    A case that fails says why, and the rest goes on; returns whether none failed."""
    sizes = sizes if sizes is not None else Sizes()
    workshop, about = Workshop(folder, sizes), report.machine()
    results: list[report.CaseResult] = []
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        write(f"{name} …\n")
        results.append(_one(name, cases[name], workshop))
        text = report.to_markdown(results, about, date, not sizes.full)
        (out / "report.md").write_text(text, encoding="utf-8")
        data = report.to_dict(results, about, date, not sizes.full)
        (out / "results.json").write_text(
            json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
    write("\n" + report.to_markdown(results, about, date, not sizes.full))
    write(f"\nWritten to {out}\n")
    return all(result.error is None for result in results)


def _one(name: str, case: Case, workshop: Workshop) -> report.CaseResult:
    others, started = OthersLoad(), time.perf_counter()
    figures: tuple[Figure, ...] = ()
    error = None
    try:
        figures = tuple(case(workshop))
    except (RagError, ValueError, OSError) as problem:
        error = " ".join(str(problem).split()) or type(problem).__name__
    return report.CaseResult(name, figures, time.perf_counter() - started, others.cores(), error)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Speed of ours beside a peer's, measured in turns; see bench/README.md.",
    )
    parser.add_argument("cases", metavar="CASE", nargs="*", help=f"of: {', '.join(CASES)}")
    parser.add_argument("--quick", action="store_true", help="few rounds, in under two minutes")
    parser.add_argument("--out", metavar="DIR", help="where the report goes (default: runs/)")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.cases) - CASES.keys())
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)}; there are: {', '.join(CASES)}")
    names = [name for name in CASES if name in options.cases or not options.cases]
    out = Path(options.out) if options.out else next_folder(Path("runs"), "bench")
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    sizes = QUICK if options.quick else Sizes()
    try:
        with tempfile.TemporaryDirectory(prefix="attest-bench-") as folder:
            good = run(names, Path(folder), out, sys.stdout.write, sizes=sizes, date=date)
    except KeyboardInterrupt:
        sys.stderr.write("bench: stopped\n")
        return 130
    except (RagError, OSError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
