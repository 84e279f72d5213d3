"""Records of runs that never were: the times in them are the test's own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from complab.results.model import (
    COMPRESS,
    DECOMPRESS,
    FAILED,
    OK,
    ConfigurationFacts,
    InputFacts,
    Measurement,
    ProviderFacts,
    RunRecord,
)

MakeRecord = Callable[..., RunRecord]

_ENVIRONMENT = {"cpu_model": "a CPU", "machine": "x86_64", "kernel": "6.1"}


def _facts(number: int, row: Mapping[str, Any]) -> ConfigurationFacts:
    provider = row.get("provider", "system")
    version = row.get("version", "1.5.4")
    return ConfigurationFacts(
        id=number,
        codec=row.get("codec", "zstd"),
        level=row.get("level", 3),
        parameters={},
        framing="kafka",
        client="java",
        context=row.get("context", "fresh"),
        size_known=False,
        buffers="warm",
        threads=row.get("threads", 1),
        provider=(
            ProviderFacts(provider, f"/lib/{provider}.so", version, "0" * 64)
            if provider
            else None
        ),
    )


def _measurement(number: int, row: Mapping[str, Any], direction: str) -> Measurement:
    groups: Sequence[Sequence[int]] = row.get(direction, [])
    status = row.get("status", OK)
    return Measurement(
        configuration=number,
        direction=direction,
        compressed_bytes=row.get("compressed_bytes", 1000),
        memory_bytes=None,
        status=status,
        message="it broke" if status == FAILED else "",
        epoch_times_ns=tuple(time_ns for group in groups for time_ns in group),
        iteration_count=tuple(1 for group in groups for _ in group),
        canary_times_ns=tuple((1, 1) for group in groups for _ in group),
        canary_in_flight_ns=tuple(0.0 for group in groups for _ in group),
        stalled_times_ns=tuple(0 for group in groups for _ in group),
        is_clean=tuple(None for group in groups for _ in group),
        round=tuple(
            sum(map(len, groups[:process])) + place
            for process, group in enumerate(groups)
            for place in range(len(group))
        ),
        process=tuple(
            process for process, group in enumerate(groups) for _ in group
        ),
    )  # fmt: skip


def _record(
    *rows: Mapping[str, Any],
    environment: Mapping[str, Any] | None = None,
    **fields: Any,
) -> RunRecord:
    inputs = InputFacts(
        path="batch.bin",
        sha256=fields.pop("sha256", "a" * 64),
        batch_count=1,
        measured_batch_count=1,
        record_count=10,
        uncompressed_bytes=5000,
        opaque=False,
    )
    values: dict[str, Any] = {
        "complab_version": "0.1.0",
        "method_version": 1,
        "created_at": "2026-01-01T00:00:00+00:00",
        "command": "complab sweep batch.bin",
        "plan": {"method": "plain"},
        **fields,
    }
    return RunRecord(
        **values,
        environment={**_ENVIRONMENT, **(environment or {})},
        inputs=(inputs,),
        configurations=tuple(_facts(i, row) for i, row in enumerate(rows)),
        measurements=tuple(
            _measurement(number, row, direction)
            for number, row in enumerate(rows)
            for direction in (COMPRESS, DECOMPRESS)
        ),
    )


@pytest.fixture(scope="session")
def make_record() -> MakeRecord:
    """The maker of records: rows are mappings with ``compress`` and ``decompress``.

    Each holds the epoch times in ns of each process.
    """
    return _record
