"""Advice: which codec, level and batch size a topic should have, and what it costs.

Every candidate is replayed on the topic's own records and priced by `complab.costs`.
The best is the cheapest that keeps to the constraints. How sure that is follows from
the errors of what was measured: both were compressed from the same runs of the log, so
that their bytes are compared run by run, and not as if they had been drawn apart.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.codecs.specs import Selection
from complab.codecs.writers import JAVA, Client, find_client
from complab.costs import (
    Bill,
    Footprint,
    Machine,
    Measured,
    Prices,
    Traffic,
    bill,
    read_prices,
    use,
)
from complab.errors import CodecError, PlanError
from complab.kafka.batching import RULES, Batching, BatchingRules
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES
from complab.kafka.topic_settings import TopicSettings
from complab.render import ShownAsTable, Table
from complab.studies.advice_table import (
    EXCLUDED,
    FAILED,
    OK,
    AdviceRow,
    advice_table,
    money,
)
from complab.studies.client_settings import (
    Chosen,
    producer_settings,
    topic_settings,
)
from complab.studies.delivery import (
    BROKER_STAGES,
    CHECK,
    PRODUCER_STAGES,
    Compressor,
    Delivery,
    deliver,
)
from complab.studies.sampled import Sample, SampledRuns, Thinned, read_sample
from complab.studies.stations import PathTimes, Station

if TYPE_CHECKING:
    from numpy.typing import NDArray

# All candidates are in memory at once; each holds its batches two or three times.
DEFAULT_MAX_INPUT_BYTES: Final = 8 << 20
DEFAULT_SIZES: Final = (16_384, 65_536, 262_144)
DEFAULT_MAX_LINGER_MS: Final = 100.0

_ZSTD_LEVELS: Final = (1, 3, 6, 9, 12)
_DEFAULT_BUDGET_AT_MOST_S: Final = 60.0

# A client that has learnt already learns no more.
_NEVER: Final = 1 << 31

_HALF_WIDTHS: Final = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Ingress:
    """What comes in, uncompressed: bytes or messages a second, one of the two."""

    bytes_per_s: float | None = None
    messages_per_s: float | None = None

    def traffic(
        self,
        message_bytes: float,
        *,
        replication: int,
        consumer_groups: int,
        retention_s: float,
    ) -> Traffic:
        """The load, with the mean size of the topic's own messages."""
        bytes_per_s = self.bytes_per_s or (self.messages_per_s or 0.0) * message_bytes
        return Traffic(
            bytes_per_s,
            bytes_per_s / message_bytes,
            replication,
            consumer_groups,
            retention_s,
        )


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a configuration must keep to; ``None`` is no matter."""

    max_producer_cores: float | None = None
    max_p99_ms: float | None = None
    min_ratio: float | None = None

    def broken_by(self, row: AdviceRow) -> str:
        """What the row breaks, ``""`` if nothing."""
        checks = (
            (row.producer_cores, self.max_producer_cores, "producer cores", 1),
            (row.latency_p99_ms, self.max_p99_ms, "ms in 99 of 100 batches", 1),
            (row.stored_ratio, self.min_ratio, "of a ratio", -1),
        )
        for value, limit, words, sign in checks:
            if value is None or limit is None or sign * value <= sign * limit:
                continue
            than = "more" if sign > 0 else "less"
            return f"{value:.3g} {words}, {than} than {limit:g}"
        return ""


@dataclass(frozen=True, repr=False)
class Advice(ShownAsTable):
    """The answer in sentences, the settings to paste, and the rows behind both."""

    rows: tuple[AdviceRow, ...]
    sentences: tuple[str, ...]
    settings: tuple[tuple[str, tuple[str, ...]], ...]
    currency: str
    notes: tuple[str, ...] = ()
    has_damage: bool = False

    @property
    def has_failures(self) -> bool:
        """Whether something could not be read or measured, or nothing is advised."""
        is_failed = any(row.status == FAILED for row in self.rows)
        return self.has_damage or is_failed or not self.settings

    def table(self) -> Table:
        """The candidates, the cheapest first."""
        return advice_table(self.rows, self.currency, (*self.answer(), *self.notes))

    def answer(self) -> Iterator[str]:
        """The sentences, and the settings under their titles."""
        yield from self.sentences
        for title, lines in self.settings:
            yield f"{title}:"
            yield from (f"    {line}" for line in lines)

    def to_document(self) -> dict[str, Any]:
        """All of it as JSON's lists and mappings."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "currency": self.currency,
            "sentences": list(self.sentences),
            "settings": {title: list(lines) for title, lines in self.settings},
            "notes": list(self.notes),
        }


def advise(
    path: str,
    *,
    ingress: Ingress,
    replication: int = 3,
    consumer_groups: int = 1,
    retention_s: float = 7 * 86_400.0,
    prices: str | None = None,
    machine: Machine | None = None,
    constraints: Constraints | None = None,
    client: str = JAVA,
    codecs: str | None = None,
    libraries: Sequence[str] = (),
    sizes: Sequence[int] = DEFAULT_SIZES,
    producer_count: int = 1,
    max_linger_ms: float = DEFAULT_MAX_LINGER_MS,
    records: str | None = None,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    budget_s: float | None = None,
    seed: int = 0,
) -> Advice:
    """The cheapest way to write a topic, by its own records.

    ``path`` is what ``complab.replay`` takes. ``ingress`` is of uncompressed records;
    ``prices`` names a TOML file (`complab.costs.read_prices`), without which usage is
    told as shares of a ``machine``. ``sizes`` are the client's batch sizes to try; a
    batch is closed by ``max_linger_ms`` at the latest, while ``producer_count``
    producers share the messages.

    ``budget_s`` is for all of it, a second a candidate and at most 60 unless given.
    Raises as ``complab.replay``, and ``PlanError`` for prices that are none.
    """
    started_s = time.monotonic()
    _check(sizes, producer_count, max_linger_ms)
    writer = find_client(client)
    costs = read_prices(prices) if prices else (machine or Machine()).as_prices()
    catalogue = Catalogue.with_libraries(libraries)
    selections = _selections(codecs, catalogue, writer)
    sample = read_sample(
        path,
        records=records,
        max_input_bytes=max_input_bytes,
        max_payload_bytes=max_payload_bytes,
        libraries=catalogue,
    )
    traffic = ingress.traffic(
        sample.message_bytes,
        replication=replication,
        consumer_groups=consumer_groups,
        retention_s=retention_s,
    )
    filling = _Filling(traffic.messages_per_s / producer_count, max_linger_ms)
    candidates = [
        _Candidate(selection, size, sample.runs, filling, catalogue)
        for selection in selections
        for size in sorted(set(sizes))
    ]
    if budget_s is None:
        budget_s = min(float(len(candidates)), _DEFAULT_BUDGET_AT_MOST_S)
    times = PathTimes(
        [each.delivery for each in candidates if each.delivery],
        until_s=started_s + budget_s,
        seed=seed,
    )
    for each in candidates:
        each.price(times, traffic, costs, constraints or Constraints())
    return _answer(
        candidates,
        costs,
        writer,
        notes=(
            *sample.notes,
            *_notes(traffic, costs, sample, filling),
        ),
        has_damage=sample.has_damage,
    )


def _check(sizes: Sequence[int], producer_count: int, max_linger_ms: float) -> None:
    if not sizes or min(sizes) < 1:
        message = "batch sizes: one at least, of 1 byte or more"
        raise PlanError(message)
    if producer_count < 1 or max_linger_ms < 0:
        message = "producers: 1 or more; the longest linger: 0 ms or more"
        raise PlanError(message)


def _selections(
    codecs: str | None, catalogue: Catalogue, client: Client
) -> tuple[Selection, ...]:
    """What the list means; without one the defaults, and some of zstd's levels."""
    text = codecs or _default_list(client)
    found = specs.select_for_client(text, client, libraries=catalogue)
    if codecs is None:
        found = tuple(replace(each, is_named=False) for each in found)
    return found


def _default_list(client: Client) -> str:
    words = [name for name in client.codecs if name != "zstd"]
    writer = client.codecs.get("zstd")
    if writer is not None and writer.levels is not None:
        first, last = writer.levels
        levels = [level for level in _ZSTD_LEVELS if first <= level <= last]
        words.append("zstd:" + ",".join(map(str, levels)))
    elif writer is not None:
        words.append("zstd")
    return ",".join(words)


@dataclass(frozen=True, slots=True)
class _Filling:
    """How fast a producer's batches fill, and how long they may take."""

    messages_per_s: float
    max_linger_ms: float

    @property
    def messages_at_most(self) -> int:
        """What comes in while a batch lingers, and the message that opened it."""
        return 1 + int(self.messages_per_s * self.max_linger_ms / 1000)

    def linger_ms(self, messages_per_batch: float) -> int:
        """The linger in which such a batch fills, in whole milliseconds."""
        fill_ms = 1000 * max(0.0, messages_per_batch - 1) / self.messages_per_s
        return math.ceil(min(fill_ms, self.max_linger_ms))


class _Candidate:
    """A codec at a level and a batch size: what it makes of the sample, and its row."""

    def __init__(
        self,
        selection: Selection,
        batch_bytes: int,
        runs: SampledRuns,
        filling: _Filling,
        catalogue: Catalogue,
    ) -> None:
        client = selection.client
        assert client is not None  # noqa: S101 - every selection here has one
        self.selection = selection
        self._filling = filling
        self.delivery: Delivery | None = None
        self.batches: Thinned | None = None
        self.bill: Bill | None = None
        self.footprint: Footprint | None = None
        self.row = AdviceRow(
            client.name, selection.codec.name, selection.level, batch_bytes
        )
        if selection.problem:
            status = FAILED if selection.is_named else EXCLUDED
            self.row = replace(self.row, status=status, message=selection.problem)
            return
        try:
            self._deliver(client, batch_bytes, runs, catalogue)
        except CodecError as error:
            self.row = replace(self.row, status=FAILED, message=str(error))

    def _deliver(
        self,
        client: Client,
        batch_bytes: int,
        runs: SampledRuns,
        catalogue: Catalogue,
    ) -> None:
        own = RULES[client.name]
        most = min(own.records_at_most or 1 << 31, self._filling.messages_at_most)
        rules = replace(own, batch_bytes=batch_bytes, linger_ms=0, records_at_most=most)
        compressor = Compressor(self.selection)
        if not compressor.codec_id:
            rules = replace(rules, is_estimating=False)
        estimate = 1.0
        if rules.is_estimating:
            # What the client believes once it has learnt: the ratio of such batches.
            estimate = self._ratio(runs, rules, compressor)
        batching = Batching(rules, lag_batches=_NEVER, estimate=estimate)
        self.batches = runs.thinned(batching)
        self.delivery = deliver(
            self.batches.parcel, self.selection, TopicSettings(), catalogue, compressor
        )

    def _ratio(
        self, runs: SampledRuns, rules: BatchingRules, compressor: Compressor
    ) -> float:
        parcel = runs.thinned(Batching(rules, lag_batches=_NEVER)).parcel
        return compressor.pack(parcel).framed_bytes / parcel.payload_bytes

    def price(
        self,
        times: PathTimes,
        traffic: Traffic,
        prices: Prices,
        constraints: Constraints,
    ) -> None:
        """Fill the row in."""
        delivery, batches = self.delivery, self.batches
        if delivery is None or batches is None:
            return
        parcel, stored = delivery.parcel, delivery.stored
        ratio_error_pct = batches.ratio_error_pct(stored.framed)
        footprint = Footprint(
            parcel.payload_bytes / delivery.sent.batch_bytes,
            parcel.payload_bytes / stored.batch_bytes,
            ratio_error_pct,
            _measured(times.station(delivery, PRODUCER_STAGES)),
            _measured(times.station(delivery, BROKER_STAGES)),
            _measured(times.station(delivery, (CHECK,))),
            _measured(times.station(delivery, BROKER_STAGES)),
        )
        self.footprint = footprint
        self.bill = made = bill(traffic, footprint, prices)
        used = use(traffic, footprint)
        per_batch = len(parcel.records) / len(stored.batches)
        linger_ms = self._filling.linger_ms(per_batch)
        (p99_ns,) = times.batch_quantiles_ns(delivery, (0.99,))
        moved = (
            used.produced_bytes_per_s
            + used.replicated_bytes_per_s
            + used.consumed_bytes_per_s
        )
        row = replace(
            self.row,
            linger_ms=linger_ms,
            messages_per_batch=per_batch,
            stored_ratio=footprint.stored_ratio,
            ratio_error_pct=ratio_error_pct,
            network_mbps=moved / 1e6,
            disk_gb=used.disk_bytes / 1e9,
            producer_cores=used.producer_cores,
            broker_cores=used.broker_cores,
            consumer_cores=used.consumer_cores,
            latency_p99_ms=linger_ms + p99_ns / 1e6,
            network_cost=made.network,
            disk_cost=made.disk,
            cpu_cost=made.cpu,
            total_cost=made.total,
            total_error=made.error,
        )
        broken = constraints.broken_by(row)
        if broken:
            row = replace(row, status=EXCLUDED, message=broken)
        self.row = row


def _measured(station: Station) -> Measured:
    return Measured(station.cpu_s, station.error_pct)


# ---- The answer ---------------------------------------------------------------------


def _answer(
    candidates: Sequence[_Candidate],
    prices: Prices,
    client: Client,
    *,
    notes: tuple[str, ...],
    has_damage: bool,
) -> Advice:
    ranked = sorted(
        candidates,
        key=lambda each: (each.row.status != OK, each.row.total_cost or math.inf),
    )
    good = [each for each in ranked if each.row.status == OK]
    if not good:
        sentence = "no candidate keeps to the constraints: see each one's remark"
        rows = tuple(each.row for each in ranked)
        return Advice(rows, (sentence,), (), prices.currency, notes, has_damage)
    best = good[0]
    least = best.row.total_cost or 0.0
    rows = tuple(
        replace(
            each.row,
            is_best=each is best,
            dearer_pct=_dearer_pct(each.row.total_cost, least),
        )
        for each in ranked
    )
    sentences = [
        f"best: {best.row.name}, {_amount(best.row, prices.currency)} a month",
        *_against(best, good[1:], prices.currency),
        *_changes(best, good[1:]),
    ]
    chosen = Chosen(
        best.row.codec,
        best.row.level,
        best.row.batch_bytes,
        best.row.linger_ms or 0,
    )
    settings = (producer_settings(client, chosen), topic_settings())
    return Advice(rows, tuple(sentences), settings, prices.currency, notes, has_damage)


def _dearer_pct(cost: float | None, least: float) -> float | None:
    return None if cost is None or not least else 100 * (cost / least - 1)


def _amount(row: AdviceRow, currency: str) -> str:
    return (
        f"{money(row.total_cost or 0.0)} ± {money(row.total_error or 0.0)} {currency}"
    )


def _against(
    best: _Candidate, others: Sequence[_Candidate], currency: str
) -> Iterator[str]:
    """The runner-up, by how much it loses, and how sure that is."""
    if not others:
        return
    second = others[0]
    difference = (second.row.total_cost or 0.0) - (best.row.total_cost or 0.0)
    error = _error_of_difference(best, second)
    least = best.row.total_cost or 1.0
    text = (
        f"runner-up: {second.row.name}, {money(difference)} {currency} "
        f"({100 * difference / least:.2g} %) dearer"
    )
    if error:
        chance = NormalDist().cdf(difference / error)
        sure = "more than 99" if chance > 0.995 else f"{100 * chance:.0f}"  # noqa: PLR2004
        text += f"; that it is dearer is {sure} % sure"
    yield text


def _error_of_difference(best: _Candidate, other: _Candidate) -> float:
    """The standard deviation of the difference of two bills.

    Bytes are compared by the runs that both were measured on; CPU figures are
    independent. 0 where nothing is known.
    """
    assert best.bill is not None  # noqa: S101 - both are among the good ones
    assert other.bill is not None  # noqa: S101
    moved = best.bill.network + best.bill.disk
    squares = (moved * _spread_of_bytes(best, other)) ** 2
    for each in (best, other):
        assert each.bill is not None  # noqa: S101
        whole = each.bill.error / _HALF_WIDTHS
        bytes_part = (each.bill.network + each.bill.disk) * (
            (each.row.ratio_error_pct or 0.0) / 100 / _HALF_WIDTHS
        )
        squares += max(0.0, whole**2 - bytes_part**2)
    return math.sqrt(squares)


def _spread_of_bytes(best: _Candidate, other: _Candidate) -> float:
    """The relative standard error of the ratio of two candidates' stored bytes."""
    import numpy as np

    first, second = _bytes_per_run(best), _bytes_per_run(other)
    if first is None or second is None or len(first[0]) != len(second[0]):
        return 0.0
    weights = first[0]
    packed = weights * first[1] / first[0]
    others = weights * second[1] / second[0]
    count = len(weights)
    ratio = float(others.sum() / packed.sum())
    residuals = others - ratio * packed
    variance = float(np.square(residuals).sum()) * count / (count - 1)
    return math.sqrt(variance) / float(packed.sum())


def _bytes_per_run(
    candidate: _Candidate,
) -> "tuple[NDArray[Any], NDArray[Any]] | None":
    """Uncompressed and stored bytes of each run; ``None`` where nothing was drawn."""
    import numpy as np

    batches, delivery = candidate.batches, candidate.delivery
    if batches is None or delivery is None or batches.is_whole:
        return None
    count = int(batches.clusters[-1]) + 1
    if count < 2:  # noqa: PLR2004 - a variance takes two
        return None
    plain = [float(len(each)) for each in delivery.parcel.payloads]
    stored = [float(len(each)) for each in delivery.stored.batches]
    return (
        np.bincount(batches.clusters, plain, minlength=count),
        np.bincount(batches.clusters, stored, minlength=count),
    )


def _changes(best: _Candidate, others: Sequence[_Candidate]) -> Iterator[str]:
    """At which other prices another candidate would be the best."""
    parts: Mapping[str, str] = {"network": "network", "disk": "disk", "cpu": "CPU"}
    for part, words in parts.items():
        for sign, verb in ((1, "dearer"), (-1, "cheaper")):
            found = min(
                (
                    (factor**sign, each)
                    for each in others
                    if (factor := _crossing(best, each, part)) is not None
                    and sign * (factor - 1) > 0
                ),
                key=lambda pair: pair[0],
                default=None,
            )
            if found is not None and found[0] <= _FAR:
                yield (
                    f"were {words} {found[0]:.3g} times {verb}, {found[1].row.name} "
                    "would be best"
                )


# Beyond that nobody's prices change.
_FAR: Final = 10.0


def _crossing(best: _Candidate, other: _Candidate, part: str) -> float | None:
    """By what factor a part's price must change for the two to cost the same."""
    assert best.bill is not None  # noqa: S101 - both are among the good ones
    assert other.bill is not None  # noqa: S101
    own: float = getattr(best.bill, part)
    others: float = getattr(other.bill, part)
    rest = (other.bill.total - others) - (best.bill.total - own)
    if own == others:
        return None
    factor = rest / (own - others)
    return factor if factor > 0 else None


def _notes(
    traffic: Traffic, prices: Prices, sample: Sample, filling: _Filling
) -> Iterator[str]:
    message_bytes = traffic.bytes_per_s / traffic.messages_per_s
    yield (
        f"{traffic.bytes_per_s / 1e6:,.3g} MB/s of uncompressed records, "
        f"{traffic.messages_per_s:,.0f} messages a second of {message_bytes:,.0f} "
        f"bytes (by {sample.recorded.record_count:,} messages read)"
    )
    yield (
        "cores are of complab's C path and these libraries; clients in other languages "
        "take more"
    )
    yield (
        f"p99: the time to fill a batch at {filling.messages_per_s:,.0f} messages a "
        "second and producer, and to make the slowest of a hundred"
    )
    if prices.source:
        yield f"prices: {prices.source} ({prices.date})"
    else:
        yield (
            "no prices are given: costs are shares of a machine (--machine), network, "
            "disk and cores added up"
        )
