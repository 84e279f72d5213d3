"""When clients close batches: by size, number, time, and what they have learnt."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from index_rows import FIXTURES, NO_FIXTURES, TOPICS
from numpy.typing import NDArray

from complab import core
from complab.codecs.catalogue import Catalogue
from complab.errors import PlanError
from complab.kafka.batching import (
    RULES,
    Arrival,
    Batching,
    BatchingRules,
    cut,
    fnv1a_hash,
    murmur2_hash,
    too_large,
)
from complab.kafka.payloads import read_payloads
from complab.kafka.recorded import Recorded, read_recorded, varint_bytes

_HEADER_BYTES = 61


def records_of(
    values: list[bytes],
    *,
    keys: list[bytes] | None = None,
    times_ms: list[int] | None = None,
) -> Recorded:
    """Records of these values, all of one stored batch."""
    rows = np.zeros(len(values), core.record_dtype())
    source = b"".join(values) + b"".join(keys or [])
    sizes = [len(value) for value in values]
    rows["value_bytes"] = sizes
    rows["value_position"] = np.cumsum(sizes) - sizes
    rows["key_bytes"] = -1
    if keys:
        key_sizes = [len(key) for key in keys]
        rows["key_bytes"] = key_sizes
        rows["key_position"] = sum(sizes) + np.cumsum(key_sizes) - key_sizes
    rows["timestamp"] = times_ms or 0
    return Recorded(
        (), source, rows, np.zeros(1, core.batch_dtype()), np.array([len(values)])
    )


def sizes_of(
    recorded: Recorded,
    rules: BatchingRules,
    ratio: float = 1.0,
    **options: object,
) -> list[int]:
    """Records in each batch, for a codec that always compresses to that ratio."""
    batching = Batching(rules, **options)  # type: ignore[arg-type]
    bare = recorded.bare_bytes()

    def compressed(numbers: NDArray[np.int64]) -> int:
        return round(ratio * float(bare[numbers].sum()))

    return [len(batch) for batch in cut(recorded, batching, compressed)]


@pytest.mark.parametrize("value", [0, -1, 63, -64, 64, 8192, -(2**31), 2**62, -(2**63)])
def test_a_varints_size_is_what_the_encoder_writes(value: int) -> None:
    """Zigzag, seven bits a byte."""
    zigzag = (value << 1) ^ (value >> 63)
    expected = max(1, -(-zigzag.bit_length() // 7))
    assert varint_bytes(np.array([value])).tolist() == [expected]


def test_a_full_batch_is_what_the_encoder_fits_into_it() -> None:
    """Uncompressed bytes are counted to the byte: header, records, their deltas."""
    recorded = records_of([bytes(90)] * 1000)
    first, *_ = sizes_of(recorded, BatchingRules(4096, 0))
    encoded, count = core.write_records(
        recorded.source,
        recorded.rows,
        base_offset=0,
        base_timestamp=0,
        capacity_bytes=10**6,
    )
    assert count == 1000
    records = recorded.rows.copy()
    records["offset"] = np.arange(1000)
    room_bytes = 4096 - _HEADER_BYTES
    _, fitting = core.write_records(
        recorded.source,
        records,
        base_offset=0,
        base_timestamp=0,
        capacity_bytes=room_bytes,
    )
    assert first == fitting
    assert len(encoded) > room_bytes


def test_a_record_larger_than_the_batch_goes_alone() -> None:
    """Every client sends it; nothing goes with it."""
    recorded = records_of([b"a", bytes(5000), b"b", b"c"])
    assert sizes_of(recorded, BatchingRules(1000, 0)) == [1, 1, 2]


def test_a_number_of_records_closes_a_batch() -> None:
    """As kafka-go's 100."""
    recorded = records_of([b"x"] * 250)
    assert sizes_of(recorded, RULES["kafka-go"]) == [100, 100, 50]


def test_batches_grow_while_the_estimate_is_learnt() -> None:
    """By half a percent a batch at once; not at all before the first is learnt from."""
    recorded = records_of([bytes(1000)] * 4000)
    at_once = sizes_of(recorded, RULES["java"], ratio=0.1)
    assert at_once[0] == 15
    assert at_once[:-1] == sorted(at_once[:-1])
    assert at_once[100] > 1.8 * at_once[0]
    late = sizes_of(recorded, RULES["java"], ratio=0.1, lag_batches=10_000)
    assert set(late[:-1]) == {15}
    assert len(late) > len(at_once)


def test_a_sender_that_lags_learns_later() -> None:
    """The first batches are those of a client that has learnt nothing."""
    recorded = records_of([bytes(1000)] * 4000)
    at_once = sizes_of(recorded, RULES["java"], ratio=0.1)
    lagging = sizes_of(recorded, RULES["java"], ratio=0.1, lag_batches=40)
    assert set(lagging[:40]) == {15}
    assert len(at_once) < len(lagging)


def test_timing_has_its_variants() -> None:
    """Java's by what it has learnt; of others by how fast records are handed over."""
    learning = list(Batching(RULES["java"]).variants())
    assert [each.lag_batches for each in learning] == [0, 1, 5, 10, 20, 40, 80, 2048]
    lingering = Batching(RULES["java"], Arrival("rate", 1000.0))
    assert [each.lag_batches for each in lingering.variants()] == [0, 1, 5]
    others = list(Batching(RULES["librdkafka"]).variants())
    assert [each.arrival.kind for each in others] == ["asap", "rate"]


def test_what_is_not_compressed_is_not_estimated() -> None:
    """A Java batch without a codec is filled to its last byte."""
    recorded = records_of([bytes(1000)] * 100)
    plain = Batching(RULES["java"]).of_uncompressed()
    assert len(cut(recorded, plain, len)[0]) == 16
    assert len(cut(recorded, Batching(RULES["java"]), len)[0]) == 15


def test_a_worse_ratio_is_learnt_at_once() -> None:
    """Batches that do not compress are never taken for larger than they are."""
    recorded = records_of([bytes(1000)] * 200)
    sizes = sizes_of(recorded, RULES["java"], ratio=1.02)
    # At 1.02, and a twentieth more for safety, a record less has room.
    assert (sizes[0], sizes[1]) == (15, 14)


def test_linger_closes_what_a_rate_leaves_open() -> None:
    """At 1000 records a second, 5 ms hold a record each ms, both ends included."""
    recorded = records_of([b"x"] * 60)
    sizes = sizes_of(recorded, BatchingRules(16384, 5), arrival=Arrival("rate", 1000))
    assert sizes == [6] * 10


def test_records_own_times_decide_where_they_are_asked() -> None:
    """A pause longer than the linger ends a batch; a step back in time does not."""
    recorded = records_of([b"x"] * 5, times_ms=[0, 3, 2, 50, 51])
    rules = BatchingRules(16384, 5)
    assert sizes_of(recorded, rules, arrival=Arrival("timestamps")) == [3, 2]
    assert sizes_of(recorded, rules) == [5]


def test_a_key_always_has_the_same_partition() -> None:
    """Records of a key keep their order in one batch's line; keys are spread."""
    keys = [str(number % 7).encode() for number in range(700)]
    recorded = records_of([b"x"] * 700, keys=keys)
    batching = Batching(RULES["java"], partition_count=4)
    batches = cut(recorded, batching, len)
    where: dict[bytes, set[int]] = {}
    for place, batch in enumerate(batches):
        for number in batch.tolist():
            where.setdefault(keys[number], set()).add(place)
    assert sorted(number for batch in batches for number in batch.tolist()) == list(
        range(700)
    )
    assert all(len(places) == 1 for places in where.values())
    assert len(batches) > 1


def partitions_of(keys: list[bytes], rules: BatchingRules) -> list[set[bytes]]:
    """The keys that each partition of four has, by its one batch."""
    recorded = records_of([b"x"] * len(keys), keys=keys)
    batching = Batching(rules, partition_count=4)
    batches = cut(recorded, batching, lambda numbers: len(numbers) * 8)
    return [{keys[number] for number in batch} for batch in batches]


@pytest.mark.parametrize("client", sorted(set(RULES) - {"kafka-go"}))
def test_the_clients_hash_decides(client: str) -> None:
    """Whatever the codec; kafka-go takes no notice of keys."""
    keys = [str(number).encode() for number in range(40)]
    rules = RULES[client]
    assert rules.key_hash is not None
    expected: dict[int, set[bytes]] = {}
    for key in keys:
        expected.setdefault(rules.key_hash(key) % 4, set()).add(key)
    found = partitions_of(keys, rules)
    assert found == list(expected.values())
    plain = Batching(rules).of_uncompressed().rules
    assert partitions_of(keys, plain) == found


def test_hashes_are_the_clients_own() -> None:
    """Kafka's own cases of murmur2 (UtilsTest), and FNV's of its draft."""
    assert murmur2_hash(b"21") == -973932308 & 0x7FFFFFFF
    assert murmur2_hash(b"foobar") == -790332482 & 0x7FFFFFFF
    assert murmur2_hash(b"a-little-bit-long-string") == -985981536 & 0x7FFFFFFF
    assert fnv1a_hash(b"") == (1 << 32) - 0x811C9DC5
    assert fnv1a_hash(b"foobar") == (1 << 32) - 0xBF9CF968


def test_records_without_keys_stay_until_a_batch_is_full() -> None:
    """A sticky client's batches are of neighbours; others' are of every partition."""
    recorded = records_of([bytes(100)] * 2000)
    sticky = Batching(BatchingRules(1000, 0), partition_count=3, seed=1)
    batches = cut(recorded, sticky, len)
    # A partition that is left with a part of a batch goes on with it later.
    jumps = [int((np.diff(batch) != 1).sum()) for batch in batches]
    assert sum(jumps) < len(batches)
    others = replace(sticky, rules=replace(sticky.rules, is_sticky=False))
    jumps = [int((np.diff(batch) != 1).sum()) for batch in cut(recorded, others, len)]
    assert sum(jumps) > 1000


def test_no_batch_goes_over_the_end_of_a_run() -> None:
    """What was not read stood between them; what was learnt is not forgotten."""
    recorded = records_of([bytes(100)] * 100)
    batching = Batching(BatchingRules(1060, 0))
    assert [len(each) for each in cut(recorded, batching, len, [0, 12])][:4] == [
        9,
        3,
        9,
        9,
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Arrival.parse("20000"), "a rate such as 20000/s"),
        (lambda: Arrival.parse("-1/s"), "a rate such as 20000/s"),
        (lambda: Arrival.parse("inf/s"), "a rate such as 20000/s"),
        (lambda: Batching(BatchingRules(0, 0)), "batch size of 0"),
        (lambda: Batching(BatchingRules(1, -1)), "linger of -1"),
        (lambda: Batching(BatchingRules(1, 0), partition_count=0), "0 partitions"),
    ],
)
def test_numbers_that_no_client_takes_are_refused(
    make: Callable[[], object], words: str
) -> None:
    """With what is allowed."""
    with pytest.raises(PlanError, match=words):
        make()


def test_records_that_are_too_large_are_counted() -> None:
    """Java's max.request.size is of the uncompressed record."""
    recorded = records_of([bytes(1_048_576), bytes(1000)])
    assert too_large(recorded, RULES["java"]) == 1
    assert too_large(recorded, RULES["kafka-go"]) == 0


@pytest.mark.skipif(not TOPICS, reason=NO_FIXTURES)
@pytest.mark.parametrize(
    ("topic", "client"), [("kpy-zstd-0", "kafka-python"), ("java-none-0", "java")]
)
def test_boundaries_of_clients_that_count_plain_bytes_are_foretold(
    topic: str, client: str
) -> None:
    """Batch by batch: their sender's timing changes nothing."""
    path = str(FIXTURES / "topics" / topic)
    recorded = read_recorded(read_payloads(path, libraries=Catalogue()))
    rules = Batching(RULES[client]).of_uncompressed().rules
    assert sizes_of(recorded, rules) == recorded.counts.tolist()
