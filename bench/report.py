"""Figures as JSON for machines and Markdown for people."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.measure import Figure
from rag.models.hardware import physical_cores

SCHEMA = 1
PACKAGES = ("attest-rag", "llama-cpp-python", "torch", "sentence-transformers", "chromadb", "numpy")
NOISY = 0.25
"""Cores kept busy by others from which a case's seconds are called noisy."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a case gave: figures, or why it failed."""

    case: str
    figures: tuple[Figure, ...]
    seconds: float
    """How long the case took as a whole."""
    others: float | None
    """Cores that other processes kept busy meanwhile, on average."""
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "case": self.case,
            "seconds": round(self.seconds, 1),
            "others_cores": None if self.others is None else round(self.others, 2),
            "error": self.error,
            "figures": [figure.to_dict() for figure in self.figures],
        }


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "processor": _processor(),
        "cores": physical_cores(),
        "logical_cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def to_dict(
    results: Sequence[CaseResult], about: Mapping[str, Any], date: str, quick: bool
) -> dict[str, Any]:
    """The whole run as one JSON object."""
    return {
        "schema": SCHEMA,
        "date": date,
        "quick": quick,
        "machine": dict(about),
        "cases": [result.to_dict() for result in results],
    }


def to_markdown(
    results: Sequence[CaseResult], about: Mapping[str, Any], date: str, quick: bool
) -> str:
    """The run for people."""
    packages = ", ".join(f"{name} {found}" for name, found in about["packages"].items())
    lines = [
        f"# Benchmark of {date}" + (" (quick: too few rounds to quote)" if quick else ""),
        "",
        f"{about['processor']}, {about['cores']} cores; {about['system']}, Python {about['python']}; "
        f"{packages}.",
        "",
        "Medians; in brackets least to most. *Faster* is the median over pairs taken one after the "
        "other of how many times faster ours is: below 1 the peer is faster. n counts pairs.",
    ]
    for result in results:
        lines += ["", f"## {result.case}", "", _circumstances(result), ""]
        if result.error is not None:
            lines.append(f"Failed: {result.error}")
        if result.figures:
            lines += table(result.figures)
    return "\n".join(lines) + "\n"


def table(figures: Sequence[Figure]) -> list[str]:
    """Markdown lines: a row a figure, its notes beneath."""
    lines = ["| | unit | n | ours | peer | faster | target |", "|---|---|---|---|---|---|---|"]
    for figure in figures:
        cells = [
            figure.name,
            figure.unit,
            str(len(figure.ours)),
            spread(figure.ours),
            spread(figure.peer),
            spread(figure.ratios, times=True),
            _target(figure),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    for figure in figures:
        said = "; ".join(part for part in (figure.peer_name, figure.note) if part)
        if said:
            lines.append(f"- {figure.name}: peer = {said}")
    return lines


def spread(samples: Sequence[float], *, times: bool = False) -> str:
    """`median (min..max)` in three significant digits; the median alone where there is one sample,
    a dash where there is none."""
    if not samples:
        return "–"
    mark = "x" if times else ""
    middle = f"{number(statistics.median(samples))}{mark}"
    if len(samples) == 1:
        return middle
    return f"{middle} ({number(min(samples))}..{number(max(samples))})"


def number(value: float) -> str:
    """Three significant digits, without an exponent: 0.0123, 1.23, 12.3, 1230."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):.0f}"
    whole = f"{value:#.3g}"
    return (f"{float(whole):.6f}".rstrip("0") if "e" in whole else whole).rstrip(".")


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = "<=" if figure.unit == "s" else ">="
    return f"{sign} {figure.target:g}: {'reached' if figure.reached else 'MISSED'}"


def _circumstances(result: CaseResult) -> str:
    took = f"Took {result.seconds:.0f} s."
    if result.others is None:
        return took
    noisy = (
        "; noisy: neither seconds nor ratios are a quiet machine's"
        if result.others >= NOISY
        else ""
    )
    return f"{took} Other processes kept {result.others:.1f} cores busy meanwhile{noisy}."


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
