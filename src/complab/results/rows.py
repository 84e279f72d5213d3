"""Rows of figures, derived from raw epoch times: what tables and scripts read.

Measured with the method ``corrected``, the headline of a direction is what
``complab.estimation`` makes of its epochs, with an error bar that speaks of other runs;
with ``plain`` it is the speed of the median epoch, and its error the 95 % interval of
that median inside this run. The median is that of the epochs as they were, stalls and
all, the fastest the speed of the shortest epoch. MB is 10^6 bytes of uncompressed data.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from complab.estimation import estimate_corrected
from complab.plan import CORRECTED
from complab.results.contention import (
    canary_reference_ns,
    contention_of,
    epochs_of,
)
from complab.results.model import (
    COMPRESS,
    DECOMPRESS,
    FAILED,
    OK,
    SKIPPED,
    ConfigurationFacts,
    Measurement,
    RunRecord,
)
from complab.stats import estimate_median, median

# The bytes of a v2 batch before its records.
_HEADER_BYTES = 61


@dataclass(frozen=True, slots=True)
class Row:
    """One configuration's figures; the fields are the columns, in their order."""

    codec: str
    level: int | None
    framing: str
    client: str | None
    provider: str | None
    library_version: str | None
    context: str
    buffers: str
    size_known: bool
    threads: int
    batch_count: int
    uncompressed_bytes: int
    compressed_bytes: int | None
    stored_bytes: int | None
    compression_ratio: float | None
    compress_mbps: float | None
    compress_error_pct: float | None
    compress_median_mbps: float | None
    compress_fastest_mbps: float | None
    compress_epoch_count: int
    decompress_mbps: float | None
    decompress_error_pct: float | None
    decompress_median_mbps: float | None
    decompress_fastest_mbps: float | None
    decompress_epoch_count: int
    compress_memory_bytes: int | None
    decompress_memory_bytes: int | None
    is_pareto: bool
    status: str
    message: str


COLUMN_NAMES = tuple(field.name for field in fields(Row))


@dataclass(frozen=True, slots=True)
class _Speed:
    mbps: float | None = None
    error_pct: float | None = None
    median_mbps: float | None = None
    fastest_mbps: float | None = None
    epoch_count: int = 0


@dataclass(frozen=True, slots=True)
class _Scale:
    """What turns the epochs of a record into speeds: bytes, and the method."""

    uncompressed_bytes: int
    is_corrected: bool
    reference_ns: float | None
    stalled_share: float

    def speed(self, measurement: Measurement | None) -> _Speed:
        epochs = [] if measurement is None else list(epochs_of(measurement))
        if not epochs:
            return _Speed()
        times = [epoch.elapsed_ns / epoch.iteration_count for epoch in epochs]
        if self.is_corrected:
            estimate = estimate_corrected(epochs, self.reference_ns, self.stalled_share)
        else:
            estimate = estimate_median(times)
        return _Speed(
            self._mbps(estimate.value if estimate else median(times)),
            estimate.error_pct if estimate else None,
            self._mbps(median(times)),
            self._mbps(min(times)),
            len(times),
        )

    def _mbps(self, time_ns: float) -> float:
        return self.uncompressed_bytes * 1e3 / time_ns


def derive_rows(record: RunRecord) -> tuple[Row, ...]:
    """One row per configuration, in the order of the plan, the Pareto front marked."""
    found = {(m.configuration, m.direction): m for m in record.measurements}
    blocks = sum(item.measured_batch_count for item in record.inputs)
    contended = contention_of(record)
    scale = _Scale(
        sum(item.uncompressed_bytes for item in record.inputs),
        record.plan.get("method") == CORRECTED,
        canary_reference_ns(record.measurements),
        contended.stalled if contended else 0.0,
    )
    rows = [
        _row(
            configuration,
            found.get((configuration.id, COMPRESS)),
            found.get((configuration.id, DECOMPRESS)),
            blocks,
            scale,
        )
        for configuration in record.configurations
    ]
    return tuple(
        replace(row, is_pareto=is_on_front(row, rows, COMPRESS)) for row in rows
    )


def _row(
    configuration: ConfigurationFacts,
    compress: Measurement | None,
    decompress: Measurement | None,
    block_count: int,
    scale: _Scale,
) -> Row:
    payload_bytes = scale.uncompressed_bytes
    compressed_bytes = compress.compressed_bytes if compress else None
    speeds = [scale.speed(m) for m in (compress, decompress)]
    told = [m for m in (compress, decompress) if m is not None]
    statuses = {m.status for m in told}
    status = next((s for s in (FAILED, SKIPPED) if s in statuses), OK)
    messages = dict.fromkeys(m.message for m in told if m.message)
    provider = configuration.provider
    return Row(
        codec=configuration.codec,
        level=configuration.level,
        framing=configuration.framing,
        client=configuration.client,
        provider=provider.name if provider else None,
        library_version=provider.version if provider else None,
        context=configuration.context,
        buffers=configuration.buffers,
        size_known=configuration.size_known,
        threads=configuration.threads,
        batch_count=block_count,
        uncompressed_bytes=payload_bytes,
        compressed_bytes=compressed_bytes,
        stored_bytes=(
            None
            if compressed_bytes is None
            else compressed_bytes + _HEADER_BYTES * block_count
        ),
        compression_ratio=payload_bytes / compressed_bytes
        if compressed_bytes
        else None,
        compress_mbps=speeds[0].mbps,
        compress_error_pct=speeds[0].error_pct,
        compress_median_mbps=speeds[0].median_mbps,
        compress_fastest_mbps=speeds[0].fastest_mbps,
        compress_epoch_count=speeds[0].epoch_count,
        decompress_mbps=speeds[1].mbps,
        decompress_error_pct=speeds[1].error_pct,
        decompress_median_mbps=speeds[1].median_mbps,
        decompress_fastest_mbps=speeds[1].fastest_mbps,
        decompress_epoch_count=speeds[1].epoch_count,
        compress_memory_bytes=compress.memory_bytes if compress else None,
        decompress_memory_bytes=decompress.memory_bytes if decompress else None,
        is_pareto=False,
        status=status,
        message="; ".join(messages),
    )


def is_on_front(row: Row, rows: Sequence[Row], direction: str) -> bool:
    """No other row of the same framing is better in both ratio and a direction's speed.

    Error bars that overlap do not dominate. A failed row is on no front and beats none.
    """
    mbps, error_pct = _speed_of(row, direction)
    if row.compression_ratio is None or mbps is None or row.status == FAILED:
        return False
    own_high = mbps * (1 + error_pct / 100)
    for other in rows:
        if other is row or other.framing != row.framing or other.status == FAILED:
            continue
        other_mbps, other_error_pct = _speed_of(other, direction)
        if other.compression_ratio is None or other_mbps is None:
            continue
        other_low = other_mbps * (1 - other_error_pct / 100)
        if other.compression_ratio > row.compression_ratio and other_low > own_high:
            return False
    return True


def _speed_of(row: Row, direction: str) -> tuple[float | None, float]:
    """A row's speed and the half-width of its error bar in percent, 0 if unknown."""
    if direction == COMPRESS:
        return row.compress_mbps, row.compress_error_pct or 0.0
    return row.decompress_mbps, row.decompress_error_pct or 0.0
