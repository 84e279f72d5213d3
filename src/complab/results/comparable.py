"""Whether two stored results may be compared, and what else differs between them.

What decides a speed and is not the library under comparison must be the same: the
machine, the method, the input. What an upgrade of a system changes with the library
(its kernel, libc, Python) is told beside the figures: it may be part of the answer.
"""

from collections.abc import Mapping
from typing import Any

from complab.results.model import RunRecord

_SAME_MACHINE = {
    "machine": "architecture",
    "system": "operating system",
    "cpu_model": "CPU",
    "cpu_count": "number of CPUs",
    "governor": "frequency governor",
    "is_turbo_on": "turbo",
    "is_virtual": "virtual machine",
    "clock_source": "clock source",
    "core_build": "build of complab's core",
}
_TOLD = {
    "kernel": "kernel",
    "libc": "libc",
    "python": "Python",
}


def differences(before: RunRecord, after: RunRecord) -> tuple[str, ...]:
    """What must be the same in both and is not; none if they may be compared."""
    found = []
    if before.method_version != after.method_version:
        found.append(
            _told("method_version", before.method_version, after.method_version)
        )
    if before.plan.get("method") != after.plan.get("method"):
        found.append(
            _told("method", before.plan.get("method"), after.plan.get("method"))
        )
    found += _inputs(before, after)
    found += _changed(_SAME_MACHINE, before.environment, after.environment)
    return tuple(found)


def remarks(before: RunRecord, after: RunRecord) -> tuple[str, ...]:
    """What differs and may be part of the answer: versions of what lies around."""
    found = []
    if before.complab_version != after.complab_version:
        found.append(_told("complab", before.complab_version, after.complab_version))
    return (*found, *_changed(_TOLD, before.environment, after.environment))


def _inputs(before: RunRecord, after: RunRecord) -> list[str]:
    if len(before.inputs) != len(after.inputs):
        return [_told("number of inputs", len(before.inputs), len(after.inputs))]
    found = []
    for one, other in zip(before.inputs, after.inputs, strict=True):
        if one.sha256 != other.sha256:
            first, second = (
                f"{item.path} (sha256 {item.sha256[:12]}…)" for item in (one, other)
            )
            found.append(_told("input", first, second))
            continue
        for name, words in (
            ("measured_batch_count", "batches measured"),
            ("uncompressed_bytes", "bytes measured"),
        ):
            values = getattr(one, name), getattr(other, name)
            if values[0] != values[1]:
                found.append(_told(words, *values))
    return found


def _changed(
    names: Mapping[str, str], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """The facts that both know and that differ; what a machine did not tell is none."""
    return [
        _told(words, before[name], after[name])
        for name, words in names.items()
        if before.get(name) is not None
        and after.get(name) is not None
        and before[name] != after[name]
    ]


def _told(what: str, before: object, after: object) -> str:
    return f"{what}: {before}, then {after}"
