"""The arithmetic of a comparison: samples of two sides, taken in turns, and what they say."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

T = TypeVar("T")
Unit = Literal["s", "tokens/s", "sentences/s"]
_STAT = Path("/proc/stat")
DECODE_SECONDS = 6.0
FEWEST = 4
"""Pieces that a rate needs."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured on both sides. `ours[i]` and `peer[i]` were taken one after the other."""

    name: str
    unit: Unit
    ours: tuple[float, ...]
    peer: tuple[float, ...] = ()
    """As many as `ours`, or none where no peer does this."""
    peer_name: str = ""
    target: float | None = None
    """What the median of `ours` must not exceed (seconds) or fall below (rates)."""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.ours or len(self.peer) not in (0, len(self.ours)):
            raise ValueError(f"{self.name}: {len(self.ours)} of ours, {len(self.peer)} of the peer")

    @property
    def ratios(self) -> tuple[float, ...]:
        """How many times faster ours is, pair by pair; below 1 the peer is faster."""
        pairs = zip(self.ours, self.peer, strict=False)
        return tuple(peer / ours if self.unit == "s" else ours / peer for ours, peer in pairs)

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches the target; None without one."""
        if self.target is None:
            return None
        median = statistics.median(self.ours)
        return median <= self.target if self.unit == "s" else median >= self.target

    def to_dict(self) -> dict[str, Any]:
        """Medians and ranges first, then every sample in the order in which it was taken."""
        return {
            "name": self.name,
            "unit": self.unit,
            "n": len(self.ours),
            "ours": summary(self.ours),
            "peer": summary(self.peer),
            "peer_name": self.peer_name,
            "ratio": summary(self.ratios),
            "target": self.target,
            "reached": self.reached,
            "note": self.note,
            "samples": {"ours": rounded(self.ours), "peer": rounded(self.peer)},
        }


def summary(samples: Sequence[float]) -> dict[str, float] | None:
    """Median, least and most; None for no samples."""
    if not samples:
        return None
    figures = (statistics.median(samples), min(samples), max(samples))
    return dict(zip(("median", "min", "max"), rounded(figures), strict=True))


def rounded(samples: Iterable[float]) -> list[float]:
    """Five significant digits: what is beyond is noise."""
    return [float(f"{sample:.5g}") for sample in samples]


def in_turns(sides: Mapping[str, Callable[[int], T]], rounds: int) -> dict[str, list[T]]:
    """Calls every side once a round with the round's number; the order turns about every round, so
    that no side always comes second. Results of each side, in the order of the rounds."""
    results: dict[str, list[T]] = {name: [] for name in sides}
    for number in range(rounds):
        names = list(sides)
        for name in names if number % 2 == 0 else names[::-1]:
            results[name].append(sides[name](number))
    return results


def rate(pieces: Iterable[object], limit: float = DECODE_SECONDS) -> float:
    """Pieces a second after the first; no more are taken once `limit` seconds have gone. Raises
    ValueError when there are too few to tell."""
    times: list[float] = []
    for _ in pieces:
        times.append(time.perf_counter())
        if times[-1] - times[0] > limit and len(times) >= FEWEST:
            break
    if len(times) < FEWEST:
        raise ValueError(f"the model stopped after {len(times)} tokens: too few to tell a speed")
    return (len(times) - 1) / (times[-1] - times[0])


@contextmanager
def busy_core() -> Iterator[None]:
    """Another process that keeps one core busy, as a browser or a compiler would."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def process_seconds(
    command: Sequence[str], environment: Mapping[str, str], accepted: Sequence[int] = (0,)
) -> float:
    """Seconds from a process's start to its end. Raises ValueError for another exit code than the
    accepted ones: a failure is quick, and no measurement."""
    started = time.perf_counter()
    done = subprocess.run(
        list(command), env=dict(environment), capture_output=True, check=False, text=True
    )
    seconds = time.perf_counter() - started
    if done.returncode not in accepted:
        last = (done.stderr.strip().splitlines() or ["it wrote nothing"])[-1]
        raise ValueError(f"{command[0]} ended with {done.returncode}: {last[:200]}")
    return seconds


class OthersLoad:
    """How many cores other processes kept busy meanwhile: what this machine did, less what this
    process and its children did. Children count once they have ended and been waited for."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._busy, self._own = busy_seconds(), _own_seconds()

    def cores(self) -> float | None:
        """On average since this object was made; None where the system doesn't tell."""
        busy, wall = busy_seconds(), time.perf_counter() - self._started
        if busy is None or self._busy is None or wall <= 0:
            return None
        return max(0.0, (busy - self._busy - (_own_seconds() - self._own)) / wall)


def busy_seconds(stat: Path = _STAT) -> float | None:
    """Processor time spent since the machine started, by all processes and by the hypervisor's
    other guests, summed over cores; None where there is no /proc/stat."""
    try:
        fields = stat.read_text(encoding="ascii").splitlines()[0].split()
    except (OSError, IndexError):
        return None
    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, fields[1:9])
    return (user + nice + system + irq + softirq + steal) / 100  # in jiffies of 10 ms


def _own_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
