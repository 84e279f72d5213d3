"""Batching: what a codec gains, and what a batch costs, as batches grow.

The records of some runs of neighbours are put into batches of each size, as a producer
does that counts uncompressed bytes, and encoded and compressed anew.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.codecs.specs import Selection
from complab.codecs.writers import JAVA, find_client
from complab.errors import CodecError, PlanError
from complab.kafka.batching import RULES, Arrival, Batching, BatchingRules
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES
from complab.kafka.payloads import DEFAULT_MAX_INPUT_BYTES
from complab.kafka.topic_settings import TopicSettings
from complab.render import Table
from complab.results.model import FAILED, OK, SKIPPED
from complab.results.shown import ShownWithChart
from complab.studies.batching_table import KNEE_MARK, BatchingRow, batching_table
from complab.studies.delivery import (
    PRODUCER_STAGES,
    Compressor,
    Delivery,
    deliver,
)
from complab.studies.sampled import Thinned, read_sample
from complab.studies.stations import PathTimes

DEFAULT_SIZES: Final = tuple(1 << power for power in range(10, 21))
DEFAULT_CODECS: Final = "zstd:3,lz4,snappy"

# A batch within this of the best ratio is as good as any: the knee.
KNEE_PCT: Final = 5.0

# With what comes before and after it, a minute.
_DEFAULT_BUDGET_AT_MOST_S: Final = 50.0


@dataclass(frozen=True, repr=False)
class BatchingResult(ShownWithChart):
    """What was found; shows itself in a terminal and in a notebook."""

    rows: tuple[BatchingRow, ...]
    notes: tuple[str, ...] = ()
    has_damage: bool = False

    @property
    def has_failures(self) -> bool:
        """Whether something could not be read or measured."""
        return self.has_damage or any(row.status == FAILED for row in self.rows)

    def table(self) -> Table:
        """The rows, codec by codec, from the smallest batch on; knees are marked."""
        return batching_table(self.rows, self.notes)

    def chart(self, quantity: str = "compression_ratio", *, width: int = 680) -> Any:  # noqa: ANN401 - altair is loaded late
        """A quantity over the size of batches, as altair draws it.

        ``quantity`` is ``compression_ratio``, ``stored_ratio``, ``producer_mbps`` or
        ``batch_p99_ns``. ``None`` where there is nothing to draw; ``PlanError`` for
        another; ``ChartLibraryError`` where altair is not installed.
        """
        from complab.charts import themed
        from complab.studies.study_charts import batching_chart

        chart = batching_chart(self.rows, quantity, width=width)
        return None if chart is None else themed(chart)

    def to_document(self) -> dict[str, Any]:
        """The rows as JSON's lists and mappings."""
        return {"rows": [asdict(row) for row in self.rows], "notes": list(self.notes)}


def batching(
    path: str,
    codecs: str = DEFAULT_CODECS,
    *,
    client: str = JAVA,
    libraries: Sequence[str] = (),
    sizes: Sequence[int] = DEFAULT_SIZES,
    lingers_ms: Sequence[float] = (),
    arrival: str = "timestamps",
    records: str | None = None,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    budget_s: float | None = None,
    seed: int = 0,
) -> BatchingResult:
    """Ratio, speed and time per batch against the size of batches, or the linger.

    ``path`` is what ``complab.replay`` takes. ``sizes`` are in uncompressed bytes with
    the header; beside them stands each message alone. With ``lingers_ms`` batches are
    closed by time instead, at the rate of ``arrival`` (the records' own timestamps, or
    ``"20000/s"``) and at the largest of the sizes. Ratios are those of a sample of
    ``max_input_bytes`` in runs of neighbours, and say how far they may be off; speeds
    are measured for the budget, a second a row and at most 50 unless given.

    Raises as ``complab.replay``.

    >>> import complab
    >>> complab.batching("segment.log", "zstd:3,lz4,snappy")  # doctest: +SKIP
    """
    started_s = time.monotonic()
    writer = find_client(client)
    coming = Arrival.parse(arrival)
    _check(sizes, lingers_ms, coming)
    catalogue = Catalogue.with_libraries(libraries)
    selections = specs.select_for_client(codecs, writer, libraries=catalogue)
    sample = read_sample(
        path,
        records=records,
        max_input_bytes=max_input_bytes,
        max_payload_bytes=max_payload_bytes,
        libraries=catalogue,
    )
    steps = _steps(client, sizes, lingers_ms, coming)
    batches = [sample.runs.thinned(step.batching) for step in steps]
    cells = [
        _Cell(selection, step, made, catalogue)
        for selection in selections
        for step, made in zip(steps, batches, strict=True)
    ]
    if budget_s is None:
        budget_s = min(float(len(cells)), _DEFAULT_BUDGET_AT_MOST_S)
    times = PathTimes(
        [cell.delivery for cell in cells if cell.delivery],
        until_s=started_s + budget_s,
        seed=seed,
    )
    per_s = coming.per_s or sample.runs.own_rate_per_s
    rows = [cell.row(times, per_s) for cell in cells]
    return BatchingResult(
        tuple(_with_knees(rows)),
        (*sample.notes, *_notes(per_s, coming)),
        sample.has_damage,
    )


def _check(sizes: Sequence[int], lingers_ms: Sequence[float], arrival: Arrival) -> None:
    if not sizes or min(sizes) < 1:
        message = "batch sizes: one at least, of 1 byte or more"
        raise PlanError(message)
    if lingers_ms and min(lingers_ms) < 0:
        message = "a linger is 0 ms or more"
        raise PlanError(message)
    if lingers_ms and arrival == Arrival():
        message = (
            "lingers need a rate: let records arrive by their timestamps, or 20000/s"
        )
        raise PlanError(message)


@dataclass(frozen=True, slots=True)
class _Step:
    """A point of the curve: a size (0: a message alone) or a linger."""

    batching: Batching
    batch_bytes: int | None = None
    linger_ms: float | None = None


def _steps(
    client: str,
    sizes: Sequence[int],
    lingers_ms: Sequence[float],
    arrival: Arrival,
) -> list[_Step]:
    own = RULES[client]
    largest = BatchingRules(max(sizes), 0, overhead_bytes=own.overhead_bytes)
    if lingers_ms:
        return [
            _Step(Batching(replace(largest, linger_ms=each), arrival), linger_ms=each)
            for each in sorted(set(lingers_ms))
        ]
    alone = _Step(Batching(replace(largest, records_at_most=1)), batch_bytes=0)
    return [alone] + [
        _Step(Batching(replace(largest, batch_bytes=size)), batch_bytes=size)
        for size in sorted(set(sizes))
    ]


class _Cell:
    """One codec at one step: its delivery, or why there is none."""

    def __init__(
        self,
        selection: Selection,
        step: _Step,
        batches: Thinned,
        catalogue: Catalogue,
    ) -> None:
        self._selection = selection
        self._step = step
        self._batches = batches
        self.delivery: Delivery | None = None
        self._problem = (
            FAILED if selection.is_named else SKIPPED,
            selection.problem,
        )
        if selection.problem:
            return
        try:
            self.delivery = deliver(
                batches.parcel,
                TopicSettings(),
                catalogue,
                Compressor(selection),
            )
        except CodecError as error:
            self._problem = (FAILED, str(error))

    def row(self, times: PathTimes, per_s: float | None) -> BatchingRow:
        selection, delivery = self._selection, self.delivery
        client = selection.client
        assert client is not None  # noqa: S101 - every selection here has one
        provider = selection.provider
        name = (
            client.name,
            selection.codec.name,
            selection.level,
            provider.label if provider else None,
            provider.version if provider else None,
        )
        place = (self._step.batch_bytes, self._step.linger_ms)
        if delivery is None:
            status, message = self._problem
            return BatchingRow(*name, *place, status=status, message=message)
        parcel, stored = delivery.parcel, delivery.stored
        message_count, batch_count = len(parcel.records), len(stored.batches)
        producer = times.station(delivery, PRODUCER_STAGES)
        p50, p99 = times.batch_quantiles_ns(
            delivery, (0.5, 0.99), self._batches.typical
        )
        per_batch = self._batches.messages_per_batch
        return BatchingRow(
            *name,
            *place,
            message_count=message_count,
            batch_count=batch_count,
            messages_per_batch=per_batch,
            stored_batch_bytes=stored.batch_bytes / batch_count,
            compression_ratio=parcel.payload_bytes / stored.framed_bytes,
            ratio_error_pct=self._batches.ratio_error_pct(stored.framed),
            stored_ratio=parcel.payload_bytes / stored.batch_bytes,
            producer_mbps=_mbps(parcel.payload_bytes, message_count, producer.cpu_s),
            producer_error_pct=producer.error_pct,
            batch_p50_ns=p50,
            batch_p99_ns=p99,
            fill_ms=1000 * per_batch / per_s if per_s else None,
            message=self._batches.remark,
        )


def _mbps(size_bytes: int, message_count: int, cpu_s: float) -> float | None:
    """MB a second, from the CPU seconds of a million messages."""
    total_s = cpu_s * message_count / 1e6
    return size_bytes / total_s / 1e6 if total_s else None


def _with_knees(rows: Sequence[BatchingRow]) -> list[BatchingRow]:
    """Mark each codec's smallest batch that is near its best ratio."""
    best: dict[tuple[str, int | None, str | None], float] = {}
    for row in rows:
        key = (row.codec, row.level, row.provider)
        best[key] = max(best.get(key, 0.0), row.stored_ratio or 0.0)
    found: set[tuple[str, int | None, str | None]] = set()
    marked = []
    for row in rows:
        key = (row.codec, row.level, row.provider)
        is_near = (row.stored_ratio or 0.0) >= best[key] * (1 - KNEE_PCT / 100)
        is_knee = row.status == OK and is_near and key not in found
        if is_knee:
            found.add(key)
        marked.append(replace(row, is_knee=is_knee))
    return marked


def _notes(per_s: float | None, arrival: Arrival) -> list[str]:
    knee = (
        f"{KNEE_MARK} the smallest batch whose ratio, headers included, is within "
        f"{KNEE_PCT:g} % of the best of these"
    )
    notes = [knee]
    if per_s:
        whose = "given" if arrival.per_s else "the records' own"
        notes.append(f"to fill: at {per_s:,.0f} messages a second ({whose})")
    return notes
