"""How many threads a model may use. Logical cores and cores of other containers only slow it down."""

from __future__ import annotations

import os
import platform
from functools import lru_cache
from pathlib import Path

_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
_CPUS = Path("/sys/devices/system/cpu")


@lru_cache(maxsize=1)
def physical_cores() -> int:
    """Physical cores that this process may run on, at least 1; a container's quota counts."""
    try:
        usable = sorted(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        logical = os.cpu_count() or 1
        return logical if platform.machine() == "arm64" else max(1, logical // 2)
    cores = {_core(cpu) for cpu in usable}
    return max(1, min(len(cores), _quota()))


def _core(cpu: int) -> tuple[str, str]:
    """What tells a core from others; the processor's own number where the kernel doesn't say."""
    topology = _CPUS / f"cpu{cpu}" / "topology"
    try:
        package = (topology / "physical_package_id").read_text()
        return package.strip(), (topology / "core_id").read_text().strip()
    except OSError:
        return "", str(cpu)


def _quota() -> int:
    """Whole processors that the container may use (control groups, version 2)."""
    try:
        quota, period = _CPU_MAX.read_text().split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):
        return 1 << 16
