"""Totals and histograms of an index: against sums made by hand, and of topics."""

import itertools

import numpy as np
import pytest
from index_rows import NO_FIXTURES, TOPICS, join, make_row, topic_rows

from complab.kafka.histograms import (
    BATCH_BYTES,
    COMPRESSION_RATIO,
    RECORDS_PER_BATCH,
    Buckets,
    Histogram,
    batch_histograms,
    count_in_buckets,
    record_histogram,
)
from complab.kafka.record_facts import unread_facts
from complab.kafka.subject import Subject
from complab.kafka.totals import ALL, sum_up

SIZED_ZSTD = bytes.fromhex("28b52ffda0") + (4000).to_bytes(4, "little") + bytes(20)
UNSIZED_ZSTD = bytes.fromhex("28b52ffd0058") + bytes(20)

ROWS = join(
    make_row(codec_id=4, head=SIZED_ZSTD, compressed_bytes=1000, record_count=10),
    make_row(codec_id=4, head=SIZED_ZSTD, compressed_bytes=2000, record_count=1),
    make_row(codec_id=4, head=UNSIZED_ZSTD, compressed_bytes=3000, record_count=4),
    make_row(compressed_bytes=500, record_count=3),
    make_row(is_control=1, compressed_bytes=17, record_count=1),
    make_row(record_count=0, compressed_bytes=0),
    make_row(crc_valid=0, compressed_bytes=700),
    make_row(magic=1, codec_id=1, record_count=-1, compressed_bytes=900),
)


def test_totals_of_a_codec() -> None:
    """Sizes and ratios are of the batches whose size is known, counts of all."""
    totals = sum_up(Subject(ROWS))
    assert [codec.codec for codec in totals.codecs] == ["none", "gzip", "zstd"]
    assert totals.codecs[2].as_json() == {
        "codec": "zstd",
        "batch_count": 3,
        "batch_share": 3 / 5,
        "stored_bytes": 6183,
        "compressed_bytes": 6000,
        "sized_batch_count": 2,
        "uncompressed_bytes": 8000,
        "compression_ratio": 8000 / 3000,
        "space_savings_pct": 62.5,
        "average_batch_ratio": 3.0,
        "counted_batch_count": 3,
        "record_count": 15,
        "average_records_per_batch": 5.0,
        "multi_record_batch_count": 2,
        "average_batch_bytes": 2061.0,
        "smallest_batch_bytes": 1061,
        "largest_batch_bytes": 3061,
    }


def test_totals_of_all() -> None:
    """The row of all sums the codecs up; what is no data is counted apart."""
    totals = sum_up(Subject(ROWS))
    assert (totals.batch_count, totals.stored_bytes) == (8, 8 * 61 + 8117)
    assert (totals.control_batch_count, totals.control_bytes) == (1, 78)
    assert (totals.empty_batch_count, totals.empty_bytes) == (1, 61)
    assert (totals.damaged_batch_count, totals.damaged_bytes) == (1, 761)
    overall = totals.overall
    assert overall.codec == ALL
    assert overall.batch_count == sum(codec.batch_count for codec in totals.codecs) == 5
    assert overall.batch_share == 1
    assert overall.uncompressed_bytes == 8500
    assert overall.compression_ratio == 8500 / 3500
    assert (overall.counted_batch_count, overall.record_count) == (4, 18)


def test_unknown_sizes_and_counts_are_none() -> None:
    """Of a codec whose sizes and counts nobody knows there is no ratio and no mean."""
    gzip = sum_up(Subject(ROWS)).codecs[1]
    assert gzip.compressed_bytes == 900
    assert gzip.sized_batch_count == gzip.counted_batch_count == 0
    assert gzip.uncompressed_bytes is None
    assert gzip.compression_ratio is None
    assert gzip.space_savings_pct is None
    assert gzip.average_batch_ratio is None
    assert gzip.record_count is None
    assert gzip.average_records_per_batch is None


def test_records_that_were_read_count() -> None:
    """Sizes and counts that only the records tell are used once they were read."""
    records = unread_facts(len(ROWS))
    records.is_read[7] = True
    records.uncompressed_bytes[7] = 9000
    records.record_count[7] = 40
    gzip = sum_up(Subject(ROWS, records=records)).codecs[1]
    assert (gzip.uncompressed_bytes, gzip.record_count) == (9000, 40)
    assert gzip.compression_ratio == 10


def test_an_empty_index_has_zeros() -> None:
    """Of no batch the counts are 0, and there is no codec, ratio or mean."""
    totals = sum_up(Subject(make_row()[:0]))
    assert totals.batch_count == totals.stored_bytes == totals.overall.batch_count == 0
    assert totals.codecs == ()
    assert totals.overall.batch_share == 0
    assert totals.overall.average_batch_bytes is None
    assert totals.overall.compression_ratio is None


@pytest.mark.skipif(not TOPICS, reason=NO_FIXTURES)
@pytest.mark.parametrize(
    ("topic", "stored_bytes", "batch_count", "compression_rate"),
    [
        ("kpy-lz4-0", 347_315, 78, 0.2729),
        ("aio-snappy-0", 349_391, 78, 0.2745),
        ("franz-zstd-best-0", 156_065, 2, 0.1239),
        ("sarama-zstd-0", 173_232, 2, 0.1376),
        ("bk-compact-none-0", 1_025_511, 117, 1.0),
    ],
)
def test_totals_of_topics(
    topic: str, stored_bytes: int, batch_count: int, compression_rate: float
) -> None:
    """A topic whose frames tell their sizes has the ratio that was measured of it."""
    totals = sum_up(Subject(topic_rows(topic)))
    assert totals.stored_bytes == totals.overall.stored_bytes == stored_bytes
    assert totals.batch_count == totals.overall.sized_batch_count == batch_count
    assert totals.overall.compression_ratio is not None
    # The rates that were noted for the topics are of payloads, to four decimals.
    rate = 1 / totals.overall.compression_ratio
    assert rate == pytest.approx(compression_rate, abs=1e-4)
    assert sum(codec.stored_bytes for codec in totals.codecs) == stored_bytes


# ---- Histograms ---------------------------------------------------------------------


@pytest.mark.parametrize("buckets", Buckets)
def test_edges_rise(buckets: Buckets) -> None:
    """Edges begin at 0, rise, and have labels that differ."""
    edges = buckets.edges
    assert edges[0] == 0
    assert all(a < b for a, b in itertools.pairwise(edges))
    assert len({buckets.label(edge) for edge in edges}) == len(edges)


@pytest.mark.parametrize("buckets", Buckets)
def test_every_edge_is_in_its_own_bucket(buckets: Buckets) -> None:
    """A bucket holds its lower edge and not its upper one; the last holds all above."""
    edges = buckets.edges
    at_edges = count_in_buckets("quantity", buckets, edges)
    assert at_edges.counts == (*(1,) * (len(edges) - 2), 2)
    below = [np.nextafter(edge, 0) for edge in edges[1:]]
    assert count_in_buckets("quantity", buckets, below).counts == (1,) * len(below)
    assert count_in_buckets("quantity", buckets, [1e300]).counts[-1] == 1


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_numbers_that_are_no_sizes_are_refused(value: float) -> None:
    """A negative number, infinity or NaN is an error that names the quantity."""
    with pytest.raises(ValueError, match="record_bytes: expected finite"):
        record_histogram([1.0, value])


def test_histograms_add_up() -> None:
    """Histograms of parts add up to that of the whole."""
    sizes = np.random.default_rng(5).lognormal(6, 2, 1000)
    whole = record_histogram(sizes)
    parts = record_histogram(sizes[:300]) + record_histogram(sizes[300:])
    assert parts == whole
    assert whole.total_count == 1000
    assert record_histogram([]).total_count == 0
    with pytest.raises(ValueError, match="batch_bytes to one of record_bytes"):
        _ = whole + count_in_buckets(BATCH_BYTES, Buckets.SIZE, [1])


def test_filled_buckets_have_labels() -> None:
    """Buckets from the first to the last filled one are given, empty ones between."""
    sizes = record_histogram([0, 700, 16384, 20000, 3 << 20])
    assert sizes.filled()[0] == ("0 B", 1)
    assert [bar for bar in sizes.filled() if bar[1]] == [
        ("0 B", 1),
        ("512 B", 1),
        ("16 KiB", 2),
        ("2 MiB", 1),
    ]
    counts = count_in_buckets(RECORDS_PER_BATCH, Buckets.COUNT, [1, 4, 1999])
    assert counts.filled()[0] == ("1", 1)
    assert counts.filled()[-1] == ("1,000", 1)
    ratios = count_in_buckets(COMPRESSION_RATIO, Buckets.RATIO, [1.3])
    assert ratios.filled() == [("1.25", 1)]
    assert record_histogram([]).filled() == []


def test_json_has_the_filled_edges() -> None:
    """The JSON has as many counts as buckets from the first to the last filled one."""
    data = record_histogram([600, 5000]).as_json()
    assert data == {
        "quantity": "record_bytes",
        "buckets": "powers of 2",
        "counts": [1, 0, 0, 1],
        "unknown_count": 0,
        "edges": [512.0, 1024.0, 2048.0, 4096.0, 8192.0],
    }
    empty = record_histogram([]).as_json()
    assert (empty["counts"], empty["edges"]) == ([], [])


def test_histograms_of_batches() -> None:
    """Sizes and counts are of data batches, ratios of those compressed and sized."""
    sizes, counts, ratios = batch_histograms(Subject(ROWS))
    assert isinstance(sizes, Histogram)
    assert (sizes.quantity, sizes.total_count, sizes.unknown_count) == (
        BATCH_BYTES,
        5,
        0,
    )
    assert [bar for bar in counts.filled() if bar[1]] == [
        ("1", 1),
        ("2", 2),
        ("10", 1),
    ]
    assert counts.unknown_count == 1
    assert [bar for bar in ratios.filled() if bar[1]] == [("2", 1), ("4", 1)]
    assert ratios.unknown_count == 2
