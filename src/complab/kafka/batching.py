"""When a client closes a batch: the boundaries that it would make of given records.

A batch ends when it is full, when its linger is over, or when it holds as many records
as the client allows. What "full" means differs. Most clients count uncompressed bytes;
the Java client multiplies them by an estimate of the compression ratio that it learns
from the batches it has closed, so that its batches grow while it learns (1 at first,
down by half a percent a batch, up by five percent or to what was seen at once). When it
learns depends on its sender thread, which closes batches as it comes to them: at once,
or only when all that its buffer holds has been sent. So boundaries are foretold in
several cases (``Batching.variants``), and the truth lies between them, or as near as a
batch more or less changes the sum.

Not foretold: what a client does under errors and throttling, and the first milliseconds
of its metadata. Records of one partition keep their order.

Sources: RecordAccumulator, MemoryRecordsBuilder, CompressionRatioEstimator and
BuiltInPartitioner of apache/kafka d79bd502ec; rdkafka_msgset_writer.c of librdkafka
4c3b017c3d; the producers and the partitioners of the other clients.
"""

import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from complab import core
from complab.codecs.writers import JAVA
from complab.errors import PlanError
from complab.kafka.recorded import Recorded, varint_bytes

if TYPE_CHECKING:
    from complab.kafka.recorded import Integers

ASAP: Final = "asap"
TIMESTAMPS: Final = "timestamps"

# CompressionRatioEstimator.
_IMPROVING_STEP: Final = 0.005
_DETERIORATING_STEP: Final = 0.05
# MemoryRecordsBuilder: the estimate is taken for a little worse than it is.
_ESTIMATION_FACTOR: Final = 1.05

# max.in.flight.requests.per.connection: so many closed batches may be on their way.
_IN_FLIGHT: Final = 5

# What a Java producer was seen to lag behind by, and some more and less.
_LAGS: Final = (1, 5, 10, 20, 40, 80)

# Messages a second that a slow program hands over: confluent-kafka was seen to take
# 34,000 from Python.
_SLOW_PER_S: Final = 30_000.0


# ---- Hashes of keys -----------------------------------------------------------------


def murmur2_hash(data: bytes) -> int:
    """MurmurHash2 of 32 bits with Kafka's seed, less its sign (Utils.murmur2)."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


def fnv1a_hash(data: bytes) -> int:
    """FNV-1a of 32 bits as Sarama takes it: a signed number, less its sign."""
    h = 0x811C9DC5
    for byte in data:
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    return h if h < 1 << 31 else (1 << 32) - h


# ---- Rules --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BatchingRules:
    """When a client closes a batch.

    ``batch_bytes`` counts uncompressed bytes with the header, or with ``is_estimating``
    what the client believes they will be; ``overhead_bytes`` is what it takes a record
    to need beside key, value and headers, ``None`` for what it really needs.
    ``buffer_bytes`` is what may wait to be sent, ``record_bytes_at_most`` the largest
    record that it sends. ``key_hash`` decides the partition of a key, ``None`` where
    keys count for nothing; without ``is_sticky`` every record without one goes its way.
    """

    batch_bytes: int
    linger_ms: float
    records_at_most: int | None = None
    is_estimating: bool = False
    overhead_bytes: int | None = None
    buffer_bytes: int = 33_554_432
    record_bytes_at_most: int | None = None
    key_hash: Callable[[bytes], int] | None = murmur2_hash
    is_sticky: bool = True


_JAVA_RULES: Final = BatchingRules(
    16_384, 5, is_estimating=True, record_bytes_at_most=1_048_576
)

RULES: Final = {
    JAVA: _JAVA_RULES,
    "java-3": replace(_JAVA_RULES, linger_ms=0),
    # Its upper bound of a record: varints of 5 bytes, of 10 for the timestamp, and the
    # attributes' one.
    "librdkafka": BatchingRules(
        1_000_000,
        5,
        10_000,
        overhead_bytes=36,
        record_bytes_at_most=1_000_000,
        key_hash=zlib.crc32,
    ),
    "sarama": BatchingRules(
        1_048_576,
        0,
        record_bytes_at_most=1_048_576,
        key_hash=fnv1a_hash,
        is_sticky=False,
    ),
    "franz-go": BatchingRules(1_000_012, 10, record_bytes_at_most=1_000_012),
    "kafka-go": BatchingRules(1_048_576, 1000, 100, key_hash=None, is_sticky=False),
    "kafka-python": BatchingRules(
        16_384, 0, record_bytes_at_most=1_048_576, is_sticky=False
    ),
    "aiokafka": BatchingRules(
        16_384, 0, record_bytes_at_most=1_048_576, is_sticky=False
    ),
    # It sends what one call hands over; a megabyte is what a broker takes.
    "kafkajs": BatchingRules(1_048_576, 0, is_sticky=False),
}
"""The rules of each client at its defaults, by its name."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How records come to the producer: all at once, by their own times, or at a rate.

    ``kind`` is ``asap``, ``timestamps`` or ``rate``, the last with ``per_s``.
    """

    kind: str = ASAP
    per_s: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "Arrival":
        """Read ``asap``, ``timestamps`` or ``20000/s``; ``PlanError`` for others."""
        if text in {ASAP, TIMESTAMPS}:
            return cls(text)
        number, _, unit = text.partition("/")
        try:
            per_s = float(number)
        except ValueError:
            per_s = 0.0
        if unit != "s" or not 0 < per_s < float("inf"):
            message = (
                f"arrival {text!r}: it is asap, timestamps, or a rate such as 20000/s"
            )
            raise PlanError(message)
        return cls("rate", per_s)

    def times_us(self, recorded: Recorded) -> "Integers":
        """When each record comes, in microseconds, and never before the one before."""
        import numpy as np

        count = recorded.record_count
        if self.kind == ASAP:
            return np.zeros(count, np.int64)
        if self.kind == TIMESTAMPS:
            times = recorded.rows["timestamp"].astype(np.int64) * 1000
            return np.maximum.accumulate(times)
        return (np.arange(count) * 1e6 / self.per_s).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Batching:
    """A client's rules for a topic of so many partitions.

    So many batches are closed before the client learns from one: ``lag_batches``, 0 for
    at once. ``estimate`` is what it begins with: 1, unless it has learnt before.
    """

    rules: BatchingRules
    arrival: Arrival = Arrival()
    partition_count: int = 1
    lag_batches: int = 0
    seed: int = 0
    estimate: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what no client takes."""
        if self.rules.batch_bytes < 1:
            message = f"a batch size of {self.rules.batch_bytes}: at least 1 byte"
            raise PlanError(message)
        if self.rules.linger_ms < 0:
            message = f"a linger of {self.rules.linger_ms} ms: 0 or more"
            raise PlanError(message)
        if self.partition_count < 1:
            message = f"{self.partition_count} partitions: at least 1"
            raise PlanError(message)

    def variants(self) -> Iterator["Batching"]:
        """How the sender's timing may turn out, beginning with this one.

        A client that learns does so after none, some, or all of the batches that may
        wait. One that does not is handed records slowly, so that lingers end.
        """
        yield self
        if self.rules.is_estimating:
            most = _IN_FLIGHT
            if self.arrival.kind == ASAP:
                most = self.rules.buffer_bytes // max(1, self.rules.batch_bytes)
            lags = [lag for lag in _LAGS if lag < most]
            for lag in (*lags, most):
                yield replace(self, lag_batches=lag)
        elif self.arrival.kind == ASAP:
            yield replace(self, arrival=Arrival("rate", _SLOW_PER_S))

    def of_uncompressed(self) -> "Batching":
        """The same for a codec that does not compress: there is nothing to learn."""
        return replace(self, rules=replace(self.rules, is_estimating=False))


# What the payload of the records from one number to another would be compressed to.
Compressed = Callable[["Integers"], int]


@dataclass
class _Open:
    """A batch that is being filled; sizes are of its records, uncompressed."""

    numbers: list[int]
    payload_bytes: int
    estimate: float
    limit_bytes: int
    first_timestamp: int
    deadline_us: int


def cut(
    recorded: Recorded,
    batching: Batching,
    compressed: Compressed,
    run_begins: "Sequence[int] | Integers" = (),
) -> list["Integers"]:
    """The numbers of the records in each batch, in the order in which they are closed.

    ``compressed`` is asked for the framed size of a batch when it is closed, where the
    client learns from it. Batches of different partitions are mixed. No batch goes over
    a record of ``run_begins``: what stands before it was no neighbour of its.
    """
    import numpy as np

    queues = _Queues(recorded, batching, compressed)
    partition_of = _partitions(recorded, batching)
    batches: list[list[int]] = []
    times_us = batching.arrival.times_us(recorded)
    begins = {int(number) for number in run_begins}
    for number, time_us in enumerate(times_us.tolist()):
        if number in begins:
            batches.extend(queues.close_all())
        batches.extend(queues.add(partition_of(number), number, time_us))
    batches.extend(queues.close_all())
    return [np.array(batch, np.int64) for batch in batches]


class _Queues:
    """The batch that is open in each partition, and what the client has learnt."""

    def __init__(
        self, recorded: Recorded, batching: Batching, compressed: Compressed
    ) -> None:
        self._rules = batching.rules
        self._compressed = compressed
        is_exact = self._rules.overhead_bytes is None
        sizes = recorded.bare_bytes() if is_exact else recorded.content_bytes()
        self._sizes: list[int] = sizes.tolist()
        self._timestamps: list[int] = recorded.rows["timestamp"].tolist()
        self._linger_us = round(1000 * self._rules.linger_ms)
        self._is_asap = batching.arrival.kind == ASAP
        self._open: dict[int, _Open] = {}
        self._estimate = batching.estimate
        # What was closed and has not been learnt from yet: observed ratios.
        self._unlearnt: list[float] = []
        self._lag = batching.lag_batches

    def add(self, partition: int, number: int, time_us: int) -> Iterator[list[int]]:
        """Put a record into its partition; the batches that are closed by that."""
        batch = self._open.get(partition)
        if batch and not self._is_asap and time_us > batch.deadline_us:
            yield self._close(partition)
            batch = None
        if batch:
            size = self._record_bytes(batch, number)
            if self._has_room(batch, size):
                batch.numbers.append(number)
                batch.payload_bytes += size
                return
            yield self._close(partition)
        self._open[partition] = self._begin(number, time_us)

    def close_all(self) -> Iterator[list[int]]:
        """Close what is open, as a flush does."""
        for partition in list(self._open):
            yield self._close(partition)

    def _begin(self, number: int, time_us: int) -> _Open:
        batch = _Open(
            [number],
            0,
            self._estimate,
            self._rules.batch_bytes,
            self._timestamps[number],
            time_us + self._linger_us,
        )
        batch.payload_bytes = self._record_bytes(batch, number, count=0)
        # The first record is always taken, and the batch is as large as that needs.
        batch.limit_bytes = max(
            batch.limit_bytes, core.BATCH_HEADER_BYTES + batch.payload_bytes
        )
        return batch

    def _record_bytes(self, batch: _Open, number: int, count: int | None = None) -> int:
        """What the record takes in the batch, as far as the client counts."""
        size = self._sizes[number]
        if self._rules.overhead_bytes is not None:
            return self._rules.overhead_bytes + size
        place = len(batch.numbers) if count is None else count
        delta = self._timestamps[number] - batch.first_timestamp
        body = size + _varint_bytes(delta) + _varint_bytes(place)
        return body + _varint_bytes(body)

    def _has_room(self, batch: _Open, record_bytes: int) -> bool:
        """Whether the client puts one more record into the batch."""
        most = self._rules.records_at_most
        if most is not None and len(batch.numbers) >= most:
            return False
        written = batch.payload_bytes
        if self._rules.is_estimating:
            written = int(written * batch.estimate * _ESTIMATION_FACTOR)
        written += core.BATCH_HEADER_BYTES
        if self._rules.is_estimating and written >= batch.limit_bytes:
            return False
        # Nothing is assumed of how the new record will compress.
        return written + record_bytes <= batch.limit_bytes

    def _close(self, partition: int) -> list[int]:
        import numpy as np

        batch = self._open.pop(partition)
        if self._rules.is_estimating:
            framed = self._compressed(np.array(batch.numbers, np.int64))
            self._unlearnt.append(framed / batch.payload_bytes)
            if len(self._unlearnt) > self._lag:
                self._learn(self._unlearnt.pop(0))
        return batch.numbers

    def _learn(self, observed: float) -> None:
        if observed > self._estimate:
            self._estimate = max(self._estimate + _DETERIORATING_STEP, observed)
        elif observed < self._estimate:
            self._estimate = max(self._estimate - _IMPROVING_STEP, observed)


def _varint_bytes(value: int) -> int:
    zigzag = (value << 1) ^ (value >> 63)
    return max(1, -(-zigzag.bit_length() // 7))


# ---- Partitions ---------------------------------------------------------------------


def _partitions(recorded: Recorded, batching: Batching) -> Callable[[int], int]:
    """The partition of each record: by its key, else one that is drawn.

    A client that is sticky stays with the drawn one until a batch's worth of bytes has
    gone there (KIP-794).
    """
    count = batching.partition_count
    if count == 1:
        return lambda _: 0
    hash_of = batching.rules.key_hash
    bytes_at_a_place = batching.rules.batch_bytes if batching.rules.is_sticky else 0
    draw = random.Random(batching.seed)  # noqa: S311 - reproducible, no secret
    rows, bare = recorded.rows, recorded.bare_bytes()
    sent_bytes, current = 0, draw.randrange(count)

    def partition(number: int) -> int:
        nonlocal sent_bytes, current
        key_bytes = int(rows["key_bytes"][number])
        if hash_of is not None and key_bytes >= 0:
            begin = int(rows["key_position"][number])
            key = recorded.source[begin : begin + key_bytes]
            return hash_of(key) % count
        if sent_bytes >= bytes_at_a_place:
            sent_bytes, current = 0, draw.randrange(count)
        sent_bytes += int(bare[number])
        return current

    return partition


def too_large(recorded: Recorded, rules: BatchingRules) -> int:
    """How many records the client would refuse since they are too large."""
    if rules.record_bytes_at_most is None:
        return 0
    bare = recorded.bare_bytes()
    sizes = core.BATCH_HEADER_BYTES + varint_bytes(bare) + bare
    return int((sizes > rules.record_bytes_at_most).sum())
