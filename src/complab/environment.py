"""Facts of the machine that a result carries: what may explain another's numbers.

Read from ``/proc`` and ``/sys`` (Linux); what a machine does not tell is ``None``.
"""

import os
import platform
import re
from pathlib import Path
from typing import Any

from complab import core

_CPU = Path("/sys/devices/system/cpu")


def _line(path: Path) -> str | None:
    """The first line of a file, ``None`` if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except OSError:
        return None


def _cpu_field(*names: str) -> str | None:
    """What ``/proc/cpuinfo`` says of the first CPU under one of these names."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return None
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in names:
            return value.strip()
    return None


def _caches() -> dict[str, int]:
    """Sizes of the first CPU's data caches by level, ``{"L1": 32768, ...}``."""
    sizes = {}
    for index in sorted((_CPU / "cpu0/cache").glob("index*")):
        level, kind = _line(index / "level"), _line(index / "type")
        size = re.fullmatch(r"(\d+)([KM])", _line(index / "size") or "")
        if level and size and kind in {"Data", "Unified"}:
            sizes[f"L{level}"] = int(size[1]) << {"K": 10, "M": 20}[size[2]]
    return sizes


def _is_turbo_on() -> bool | None:
    off = _line(_CPU / "intel_pstate/no_turbo")
    if off is not None:
        return off == "0"
    boost = _line(_CPU / "cpufreq/boost")
    return None if boost is None else boost == "1"


def steal_ticks() -> int | None:
    """Clock ticks that the hypervisor took from this machine since it started."""
    fields = (_line(Path("/proc/stat")) or "").split()
    return int(fields[8]) if len(fields) > 8 else None  # noqa: PLR2004 - proc(5)


def describe(clock: core.ClockFacts) -> dict[str, Any]:
    """The facts by name, in a form that JSON takes."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "kernel": platform.release(),
        "cpu_model": _cpu_field("model name", "Model", "cpu model"),
        "cpu_count": os.cpu_count(),
        "affinity": sorted(os.sched_getaffinity(0)),
        "governor": _line(_CPU / "cpu0/cpufreq/scaling_governor"),
        "is_turbo_on": _is_turbo_on(),
        "is_virtual": "hypervisor" in (_cpu_field("flags") or "").split(),
        "clock_source": _line(
            Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
        ),
        "clock_resolution_ns": clock.resolution_ns,
        "clock_cost_ns": round(clock.cost_ns, 2),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "steal_ticks": steal_ticks(),
        "cache_bytes": _caches(),
        "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
        "core_build": core.build_flags(),
    }
