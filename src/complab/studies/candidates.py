"""A candidate of the advice: a codec, a level and a batch size, tried on a sample.

It knows what it makes of the sample, what of it breaks a constraint, and its bill.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

from complab.codecs.catalogue import Catalogue
from complab.codecs.specs import Selection
from complab.codecs.writers import Client
from complab.costs import Bill, Footprint, Measured, Prices, Traffic, bill, use
from complab.errors import CodecError
from complab.kafka.batching import RULES, Batching, BatchingRules
from complab.kafka.topic_settings import TopicSettings
from complab.studies.advice_table import EXCLUDED, FAILED, AdviceRow
from complab.studies.delivery import (
    BROKER_STAGES,
    CHECK,
    PRODUCER_STAGES,
    Compressor,
    Delivery,
    deliver,
)
from complab.studies.sampled import SampledRuns, Thinned
from complab.studies.stations import PathTimes, Station

# A client that has learnt already learns no more.
_NEVER: Final = 1 << 31


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


@dataclass(frozen=True, slots=True)
class Filling:
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


class Candidate:
    """A codec at a level and a batch size: what it makes of the sample, and its row."""

    def __init__(
        self,
        selection: Selection,
        batch_bytes: int,
        runs: SampledRuns,
        filling: Filling,
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
        provider = selection.provider
        self.row = AdviceRow(
            client.name,
            selection.codec.name,
            selection.level,
            provider.label if provider else None,
            provider.version if provider else None,
            batch_bytes,
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
            self.batches.parcel, TopicSettings(), catalogue, compressor
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
        linger_ms = self._filling.linger_ms(batches.messages_per_batch)
        (p99_ns,) = times.batch_quantiles_ns(delivery, (0.99,), batches.typical)
        moved = (
            used.produced_bytes_per_s
            + used.replicated_bytes_per_s
            + used.consumed_bytes_per_s
        )
        row = replace(
            self.row,
            linger_ms=linger_ms,
            messages_per_batch=batches.messages_per_batch,
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
            total_error=made.error if made.is_error_whole else None,
            message=batches.remark,
        )
        broken = constraints.broken_by(row)
        if broken:
            row = replace(row, status=EXCLUDED, message=broken)
        self.row = row


def _measured(station: Station) -> Measured:
    return Measured(station.cpu_s, station.error_pct)
