"""Replay: what a client would have a broker store of records, and at what work.

The records of a log are put into batches as a client would, at the boundaries that are
stored or at those that it would choose; compressed as it compresses; and walked through
a broker and a consumer. Bytes are foretold one by one; times are those of complab's own
C path with the codec libraries of this machine, and a client in another language takes
longer: they compare codecs, and bound what a client can reach.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.codecs.specs import Selection
from complab.codecs.writers import JAVA, Client, find_client
from complab.errors import CodecError, PlanError
from complab.kafka.batching import RULES, Arrival, Batching, too_large
from complab.kafka.broker import REFUSED
from complab.kafka.inputs import InputOptions, read_input
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES
from complab.kafka.payloads import DEFAULT_MAX_INPUT_BYTES, Payloads
from complab.kafka.recorded import Recorded, read_recorded, run_begins
from complab.kafka.topic_settings import TopicSettings, parse_topic_settings
from complab.render import Table
from complab.results.model import FAILED, OK, SKIPPED
from complab.results.shown import ShownWithChart
from complab.studies.delivery import (
    PRODUCER_STAGES,
    Compressor,
    Delivery,
    Packed,
    Parcel,
    deliver,
)
from complab.studies.library_columns import codec_name, several_libraries
from complab.studies.replay_table import ReplayRow, replay_table
from complab.studies.sampled import RUN_COUNT
from complab.studies.stations import PathTimes
from complab.units import format_count
from complab.whole_file import open_whole

KEEP: Final = "keep"
CLIENT: Final = "client"
BATCHINGS: Final = (KEEP, CLIENT)

_DEFAULT_BUDGET_AT_MOST_S: Final = 60.0
_BASELINE: Final = "none"


@dataclass(frozen=True, repr=False)
class ReplayResult(ShownWithChart):
    """What a replay found; shows itself in a terminal and in a notebook."""

    rows: tuple[ReplayRow, ...]
    notes: tuple[str, ...] = ()
    has_damage: bool = False
    deliveries: tuple[Delivery | None, ...] = field(default=(), compare=False)

    @property
    def has_failures(self) -> bool:
        """Whether something could not be read or measured."""
        return self.has_damage or any(row.status == FAILED for row in self.rows)

    def table(self) -> Table:
        """The rows in the order of the codec list."""
        return replay_table(self.rows, self.notes)

    def chart(self, name: str = "path", *, width: int = 600) -> Any:  # noqa: ANN401
        """A chart of the rows, as altair draws it.

        ``path`` is the work of producer, broker and consumer, ``latency`` the
        producer's time for a batch by percentile. ``None`` where there is nothing to
        draw; ``PlanError`` for another name; ``ChartLibraryError`` where altair is not
        installed.
        """
        from complab.charts import themed
        from complab.studies.study_charts import replay_chart

        chart = replay_chart(self.rows, name, width=width)
        return None if chart is None else themed(chart)

    def to_document(self) -> dict[str, Any]:
        """The rows as JSON's lists and mappings."""
        return {"rows": [asdict(row) for row in self.rows], "notes": list(self.notes)}

    def write_segment(self, path: str, *, force: bool = False) -> int:
        """Write what the broker stores as a segment file; the number of its bytes.

        There must be one row beside the baseline: ``PlanError`` otherwise, and
        ``OutputExistsError`` unless ``force``.
        """
        found = [
            (row, delivery)
            for row, delivery in zip(self.rows, self.deliveries, strict=True)
            if delivery is not None
        ]
        chosen = [each for each in found if each[0].codec != _BASELINE] or found
        if len(chosen) != 1:
            names_library = several_libraries(row for row, _ in chosen)
            names = ", ".join(
                codec_name(row, names_library=names_library) for row, _ in chosen
            )
            message = (
                f"a segment is written of one configuration: name one by --codecs, not "
                f"{names}"
            )
            raise PlanError(message)
        row, delivery = chosen[0]
        if row.status != OK:
            reason = f"nothing is stored: {row.message}"
            raise PlanError(reason)
        data = b"".join(delivery.stored.batches)
        with open_whole(path, may_overwrite=force, is_private=True) as file:
            file.write(data)
        return len(data)


@dataclass(frozen=True, slots=True)
class _Choice:
    """How batches are made: the stored ones (no batching), or a client's."""

    client: Client
    topic: TopicSettings
    batching: Batching | None


def replay(
    path: str,
    codecs: str | None = None,
    *,
    client: str = JAVA,
    libraries: Sequence[str] = (),
    batching: str = KEEP,
    batch_bytes: int | None = None,
    linger_ms: float | None = None,
    arrival: str = "asap",
    partition_count: int = 1,
    topic: Mapping[str, str] | None = None,
    records: str | None = None,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    budget_s: float | None = None,
    seed: int = 0,
) -> ReplayResult:
    """Foretell what a client would have stored, and the work along the path.

    ``path`` is a log, a folder of segments or ``"-"``; with ``records`` (``"lines"``,
    ``"length-prefixed"``) a file of records. ``codecs`` is a codec list in the client's
    levels, its default level alone where none is named; ``none`` stands beside it.

    ``batching`` ``"keep"`` takes the stored boundaries, ``"client"`` those that the
    client would choose with ``batch_bytes`` and ``linger_ms`` (its own defaults unless
    given), records arriving ``"asap"``, by their ``"timestamps"`` or at ``"20000/s"``,
    over ``partition_count`` partitions. ``topic`` are settings of the topic, as
    ``kafka-configs`` spells them: they decide what the broker does.

    ``budget_s`` is for reading, foretelling and timing together, a second a row and at
    most 60 unless given; every stage of every row is timed once in any case.

    Raises ``InputError`` and its kin for an input that cannot be read, ``PlanError``
    for wrong words or numbers, ``ProviderError`` for a library that cannot serve.

    >>> import complab
    >>> complab.replay("segment.log", "zstd:1-9", client="java")  # doctest: +SKIP
    """
    started_s = time.monotonic()
    chosen = _Choice(
        find_client(client),
        parse_topic_settings(topic or {}),
        _batching(
            batching,
            client,
            batch_bytes=batch_bytes,
            linger_ms=linger_ms,
            arrival=arrival,
            partition_count=partition_count,
            seed=seed,
        ),
    )
    catalogue = Catalogue.with_libraries(libraries)
    selections = _selections(codecs, catalogue, chosen.client)
    if budget_s is None:
        budget_s = min(float(len(selections)), _DEFAULT_BUDGET_AT_MOST_S)
    if not budget_s > 0:
        message = f"a budget of {budget_s:g} s: more than 0"
        raise PlanError(message)
    options = InputOptions(
        records=records,
        max_input_bytes=max_input_bytes,
        max_payload_bytes=max_payload_bytes,
        # Only neighbours go into a client's batch.
        run_count=RUN_COUNT if chosen.batching else None,
    )
    payloads = read_input(path, options, libraries=catalogue, seed=seed)
    parcels = _Parcels(payloads, chosen.batching)
    runs = [_Run(each, chosen, parcels, catalogue) for each in selections]
    deliveries = [run.delivery for run in runs if run.delivery is not None]
    times = PathTimes(deliveries, until_s=started_s + budget_s, seed=seed)
    baseline = next((run for run in runs if run.is_baseline), None)
    rows = tuple(run.row(times, baseline) for run in runs)
    return ReplayResult(
        rows,
        (
            *(w.message for w in payloads.warnings),
            *_notes(chosen, parcels.recorded, rows),
        ),
        any(warning.is_damage for warning in payloads.warnings),
        tuple(run.delivery for run in runs),
    )


def _batching(
    word: str,
    client: str,
    *,
    batch_bytes: int | None,
    linger_ms: float | None,
    arrival: str,
    partition_count: int,
    seed: int,
) -> Batching | None:
    if word not in BATCHINGS:
        message = f"batching {word!r}: it is {' or '.join(BATCHINGS)}"
        raise PlanError(message)
    coming = Arrival.parse(arrival)
    if word == KEEP:
        given = (batch_bytes, linger_ms)
        if given != (None, None) or coming != Arrival() or partition_count != 1:
            message = (
                "batch size, linger, arrival and partitions are for --batching client: "
                "the stored boundaries are kept"
            )
            raise PlanError(message)
        return None
    own = RULES[client]
    rules = replace(
        own,
        batch_bytes=own.batch_bytes if batch_bytes is None else batch_bytes,
        linger_ms=own.linger_ms if linger_ms is None else linger_ms,
    )
    return Batching(rules, coming, partition_count, seed=seed)


def _selections(
    codecs: str | None, catalogue: Catalogue, client: Client
) -> tuple[Selection, ...]:
    found = specs.select_for_client(codecs or "kafka", client, libraries=catalogue)
    if not any(each.codec.name == _BASELINE for each in found):
        baseline = specs.select_for_client(_BASELINE, client, libraries=catalogue)
        found = (*baseline, *found)
    return found


class _Parcels:
    """The batches of the records: one parcel for all codecs where they are kept."""

    def __init__(self, payloads: Payloads, batching: Batching | None) -> None:
        self.recorded = recorded = read_recorded(payloads)
        self._batching = batching
        self._run_begins = run_begins(recorded, payloads.runs) if batching else ()
        self._kept = Parcel.kept(recorded) if batching is None else None

    def of(self, compressor: Compressor) -> Iterator[Parcel]:
        """The parcel, and behind it those of other timing of the sender."""
        if self._kept is not None:
            yield self._kept
            return
        assert self._batching is not None  # noqa: S101 - one of the two is there
        batching = self._batching
        if not compressor.codec_id:
            batching = batching.of_uncompressed()
        for variant in batching.variants():
            yield Parcel.cut(self.recorded, variant, compressor, self._run_begins)


class _Run:
    """One configuration: its delivery, or why there is none."""

    def __init__(
        self,
        selection: Selection,
        chosen: _Choice,
        parcels: "_Parcels",
        catalogue: Catalogue,
    ) -> None:
        self._selection = selection
        self._client = chosen.client
        self.delivery: Delivery | None = None
        self._range: tuple[int, int] | None = None
        self._problem = (SKIPPED, "")
        if selection.problem:
            status = FAILED if selection.is_named else SKIPPED
            self._problem = (status, selection.problem)
            return
        try:
            compressor = Compressor(selection)
            variants = parcels.of(compressor)
            self.delivery = self._deliver(next(variants), chosen, catalogue, compressor)
            stored = [self.delivery.stored]
            stored += [
                self._deliver(each, chosen, catalogue, compressor).stored
                for each in variants
            ]
            if len(stored) > 1:
                self._range = _range(stored)
        except CodecError as error:
            self.delivery = None
            self._problem = (FAILED, str(error))

    def _deliver(
        self,
        parcel: Parcel,
        chosen: _Choice,
        catalogue: Catalogue,
        compressor: Compressor,
    ) -> Delivery:
        return deliver(parcel, chosen.topic, catalogue, compressor)

    @property
    def is_baseline(self) -> bool:
        return self._selection.codec.name == _BASELINE

    def row(self, times: PathTimes, baseline: "_Run | None") -> ReplayRow:
        provider = self._selection.provider
        name = (
            self._client.name,
            self._selection.codec.name,
            self._selection.level,
            provider.label if provider else None,
            provider.version if provider else None,
        )
        delivery = self.delivery
        if delivery is None:
            return ReplayRow(*name, status=self._problem[0], message=self._problem[1])
        message_count = len(delivery.parcel.records)
        disk_bytes = delivery.stored.batch_bytes
        stations = {
            station: times.station(delivery, stages)
            for station, stages in delivery.stages.items()
        }
        producer = stations["producer"]
        none = None
        if baseline is not None and baseline.delivery is not None:
            none = times.station(baseline.delivery, PRODUCER_STAGES)
        quantiles = times.batch_quantiles_ns(delivery, (0.5, 0.99, 0.999))
        by_stage = {
            stage: times.station(delivery, (stage,)).cpu_s for stage in PRODUCER_STAGES
        }
        low, high = self._range or (None, None)
        is_refused = delivery.decision.outcome == REFUSED
        return ReplayRow(
            *name,
            message_count=message_count,
            batch_count=len(delivery.stored.batches),
            uncompressed_bytes=delivery.parcel.payload_bytes,
            broker_bytes_in=delivery.sent.batch_bytes,
            disk_bytes=disk_bytes,
            disk_low_bytes=low,
            disk_high_bytes=high,
            average_message_bytes=disk_bytes / message_count,
            compression_ratio=(
                delivery.parcel.payload_bytes / delivery.stored.framed_bytes
            ),
            broker_outcome=delivery.decision.outcome,
            broker_reason=delivery.decision.reason,
            producer_cpu_s_per_million=producer.cpu_s,
            producer_error_pct=producer.error_pct,
            cpu_ratio=producer.cpu_s / none.cpu_s if none and none.cpu_s else None,
            broker_cpu_s_per_million=stations["broker"].cpu_s,
            broker_error_pct=stations["broker"].error_pct,
            consumer_cpu_s_per_million=stations["consumer"].cpu_s,
            consumer_error_pct=stations["consumer"].error_pct,
            encode_cpu_s_per_million=by_stage["encode"],
            compress_cpu_s_per_million=by_stage["compress"],
            seal_cpu_s_per_million=by_stage["seal"],
            batch_p50_ns=quantiles[0],
            batch_p99_ns=quantiles[1],
            batch_p999_ns=quantiles[2],
            pass_count=producer.pass_count,
            status=FAILED if is_refused else OK,
            message=f"refused: {delivery.decision.reason}" if is_refused else "",
        )


def _range(stored: Sequence[Packed]) -> tuple[int, int]:
    """The bytes between which a sender's timing may bring them.

    Timings between those that were played through may make a batch more or fewer: what
    that costs, by the two that differ most, is added at both ends.
    """
    found = sorted((len(each.batches), each.batch_bytes) for each in stored)
    (few, few_bytes), (many, many_bytes) = found[0], found[-1]
    one_bytes = round(abs(many_bytes - few_bytes) / (many - few)) if many > few else 0
    sizes = [size for _, size in found]
    return min(sizes) - one_bytes, max(sizes) + one_bytes


def _notes(chosen: _Choice, recorded: Recorded, rows: Sequence[ReplayRow]) -> list[str]:
    units = (
        "s/M: CPU seconds for a million messages of complab's C path and these "
        "libraries; disk: what a broker stores, and each follower and consumer group "
        "fetches"
    )
    notes = [units]
    batching = chosen.batching
    if batching is not None:
        refused = too_large(recorded, batching.rules)
        if refused:
            records = format_count(refused, "record is", "records are")
            notes.append(
                f"{records} larger than {chosen.client.name} sends "
                f"({batching.rules.record_bytes_at_most:,} bytes)"
            )
        ranged = {row.codec for row in rows if row.disk_low_bytes is not None}
        if batching.rules.is_estimating and ranged - {_BASELINE}:
            notes.append(
                "at least, at most: the client learns its compression ratio at once, "
                "or after as many batches as its buffer holds, and a batch more or less"
            )
        elif ranged:
            notes.append(
                "at least, at most: records are handed over at once, or slowly, so "
                "that lingers end"
            )
    foreign = sorted(
        {
            f"{row.codec} by {implementation}"
            for row in rows
            if (implementation := chosen.client.codecs[row.codec].implementation)
        }
    )
    if foreign:
        notes.append(
            f"{chosen.client.name} has codecs of its own ({', '.join(foreign)}): the "
            "nearest level of the C library stands for each"
        )
    if any(row.broker_outcome == "rebuilt" for row in rows):
        notes.append(
            "rebuilt: the broker decompresses, encodes and compresses such batches "
            "anew when they are produced"
        )
    if chosen.topic.cleanup_policies and "compact" in chosen.topic.cleanup_policies:
        notes.append(
            "the log cleaner rebuilds batches that lose records at their codec's "
            "default level, whatever the topic's"
        )
    return notes
