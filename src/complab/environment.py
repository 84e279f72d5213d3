"""Facts of the machine that a result carries: what may explain another's numbers.

Read from ``/proc`` and ``/sys`` (Linux); what a machine does not tell is ``None``.
"""

import os
import platform
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


def _cpu_model() -> str | None:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return None
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in {"model name", "Model", "cpu model"}:
            return value.strip()
    return None


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
        "cpu_model": _cpu_model(),
        "cpu_count": os.cpu_count(),
        "affinity": sorted(os.sched_getaffinity(0)),
        "governor": _line(_CPU / "cpu0/cpufreq/scaling_governor"),
        "is_turbo_on": _is_turbo_on(),
        "is_virtual": (
            Path("/sys/hypervisor").is_dir()
            and bool(list(Path("/sys/hypervisor").iterdir()))
        )
        or "hypervisor" in _cpu_flags(),
        "clock_source": _line(
            Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
        ),
        "clock_resolution_ns": clock.resolution_ns,
        "clock_cost_ns": round(clock.cost_ns, 2),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "steal_ticks": steal_ticks(),
        "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
        "core_build": core.build_flags(),
    }


def _cpu_flags() -> list[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return []
    for line in text.splitlines():
        if line.startswith("flags"):
            return line.partition(":")[2].split()
    return []
