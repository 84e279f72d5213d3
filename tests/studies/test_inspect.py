"""An inspection of logs: rows, totals, damage, and what a broker's own tool prints."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import complab
from complab.codecs.catalogue import KAFKA_CODECS
from complab.errors import InputError
from complab.studies.record_listing import control_type, list_records

MakeBatch = Callable[..., bytes]
InFile = Callable[[bytes], str]

# The fields of a batch that scripts rely on.
_FIELDS = {
    "file", "position", "base_offset", "last_offset", "magic", "codec", "framing",
    "client", "timestamp_type", "base_timestamp", "max_timestamp", "record_count",
    "batch_bytes", "compressed_bytes", "uncompressed_bytes", "crc_expected",
    "crc_actual", "crc_valid", "producer_id", "producer_epoch", "base_sequence",
    "partition_leader_epoch", "is_transactional", "is_control", "delete_horizon_ms",
}  # fmt: skip


@pytest.mark.parametrize("codec", KAFKA_CODECS)
def test_rows_add_up_to_the_totals(
    samples: Path, codec: str, needs: Callable[[str], None]
) -> None:
    """Each batch has its fields, and their sums are those of the codec's totals."""
    needs(codec)
    path = samples / f"journald-16k-{codec}.bin"
    found = complab.inspect(str(path))
    rows = found.rows()
    assert set(rows[0]) >= _FIELDS
    totals = found.totals.overall
    assert sum(row["batch_bytes"] for row in rows) == path.stat().st_size
    assert sum(row["record_count"] for row in rows) == totals.record_count == 250
    assert sum(row["uncompressed_bytes"] for row in rows) == 286_686
    assert totals.uncompressed_bytes == 286_686
    assert {row["codec"] for row in rows} == {codec}
    assert [t.codec for t in found.totals.codecs] == [codec]
    assert not found.has_damage
    sizes = found.histograms[-1]
    assert (sizes.quantity, sizes.total_count) == ("record_bytes", 250)


def test_writers_of_the_whole_log_are_named(samples: Path, in_file: InFile) -> None:
    """The clients that are told fit every batch: each batch may rule some out."""
    zstd, snappy = (
        (samples / f"journald-16k-{codec}.bin").read_bytes()
        for codec in ("zstd", "snappy")
    )
    alone = complab.inspect(in_file(zstd)).totals_table()
    assert alone.notes == ("all of it could have been written by java or librdkafka",)
    both = complab.inspect(in_file(zstd + snappy)).totals_table()
    assert both.notes == ("all of it could have been written by librdkafka",)


def test_without_records_frames_tell_what_they_can(samples: Path) -> None:
    """Headers alone: counts as ever, sizes where the frame has them."""
    snappy, zstd = (
        complab.inspect(str(samples / f"journald-16k-{c}.bin"), reads_records=False)
        for c in ("snappy", "zstd")
    )
    assert snappy.totals.overall.uncompressed_bytes == 286_686
    assert zstd.totals.overall.uncompressed_bytes is None
    assert zstd.totals.overall.record_count == 250
    assert [h.quantity for h in zstd.histograms].count("record_bytes") == 0


def test_damage_stands_in_rows_gaps_and_the_verdict(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """A wrong CRC, unreadable records and a torn end are three different things."""
    bad_crc = bytearray(make_batch())
    bad_crc[-1] ^= 1
    path = in_file(
        make_batch()
        + bytes(bad_crc)
        + make_batch(b"xx", codec_id=4)
        + make_batch()[:-1]
    )
    found = complab.inspect(path)
    assert found.has_damage
    assert [row["crc_valid"] for row in found.rows()] == [True, False, True]
    assert list(found.problems) == [2]
    assert "zstd" in found.problems[2]
    assert [gap["reason"] for gap in found.to_document()["gaps"]] == ["torn"]
    text = str(found.table())
    assert "the header says" in text
    assert "is cut short" in text


def test_file_without_a_batch_is_an_error(in_file: InFile) -> None:
    """There is nothing to inspect in a text."""
    with pytest.raises(InputError, match="no record batch: magic"):
        complab.inspect(in_file(b"a text, and a long one at that, " * 10))


def test_document_is_json(
    samples: Path, make_batch: MakeBatch, in_file: InFile
) -> None:
    """Every number is finite, and nothing in it is more than JSON has."""
    data = (samples / "http-requests-16k-lz4.bin").read_bytes()
    found = complab.inspect(in_file(data + make_batch(is_control=True) + bytes(100)))
    document = found.to_document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["totals"]["control_batch_count"] == 1
    assert document["gaps"][0]["reason"] == "zeros"
    assert {"rule", "severity", "batch_count", "share", "message", "remedy"} == set(
        document["lint"][0]
    )


def test_topic_settings_let_rules_look(samples: Path) -> None:
    """Another compression.type than the batches' is a finding."""
    path = str(samples / "http-requests-16k-lz4.bin")
    plain = complab.inspect(path)
    told = complab.inspect(path, topic={"compression.type": "zstd"})
    assert "L1" in {entry.rule for entry in plain.report.unchecked}
    assert "L1" in {finding.rule for finding in told.report.findings}


def test_records_of_a_batch_are_listed(samples: Path) -> None:
    """Each record has a row with its own parts, whatever the codec."""
    listings = []
    for codec in ("none", "zstd"):
        log = complab.kafka.open(str(samples / f"http-requests-16k-{codec}.bin"))
        listings.append(list_records(log, 3).table().rows)
    first = listings[0][0]
    assert [row["offset"] for row in listings[0]] == list(range(29, 38))
    assert first["time"] == "2026-01-15T09:30:00.058Z"
    sizes = [first[f"{part}_bytes"] for part in ("key", "value", "record")]
    assert sizes == [8, 1552, 1569]
    assert listings[0] == listings[1]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (b"\0\0\0\0", "abort"),
        (b"\0\0\0\x01", "commit"),
        (b"\0\0\0\x02", "leader change"),
        (b"\0\0\0\x63", "unknown (99)"),
        (b"\0", "unknown"),
        (None, "unknown"),
    ],
)
def test_control_records_are_named(key: bytes | None, words: str) -> None:
    """The type in a control record's key is told in words."""
    assert control_type(key) == words


# ---- Logs of real brokers -----------------------------------------------------------

_TOPICS = Path(__file__).parents[2].parent / "shared" / "fixtures" / "topics"


@pytest.fixture
def topic() -> Callable[[str], complab.Inspection]:
    """Inspect a topic that a real broker stored; skips where there is none."""
    if not _TOPICS.is_dir():
        pytest.skip(f"there are no segments of brokers in {_TOPICS}")
    return lambda name: complab.inspect(str(_TOPICS / name))


def test_transactions_are_told(topic: Callable[[str], complab.Inspection]) -> None:
    """18 transactions end in control batches, of which each third is an abort."""
    found = topic("bk-txn-zstd-0")
    log = found.log
    numbers = [i for i, row in enumerate(found.rows()) if row["is_control"]]
    words = [list_records(log, i).table().rows[0]["control"] for i in numbers]
    assert len(words) == 18
    assert words.count("abort") == 6
    assert all(row["is_transactional"] for row in found.rows())
    assert found.totals.control_batch_count == 18


def test_append_time_overrides_the_records(
    topic: Callable[[str], complab.Inspection],
) -> None:
    """In a LogAppendTime topic every record of a batch has the batch's time."""
    found = topic("bk-logappendtime-zstd-0")
    row = found.rows()[0]
    assert row["timestamp_type"] == "LogAppendTime"
    listed = list_records(found.log, 0).table().rows
    assert {record["timestamp"] for record in listed} == {row["max_timestamp"]}


def test_compacted_topic_shows_what_the_cleaner_did(
    topic: Callable[[str], complab.Inspection],
) -> None:
    """An emptied batch, a delete horizon, and the default level where it rebuilt."""
    found = topic("bk-compact-zstd19-0")
    assert found.totals.empty_batch_count == 1
    assert any(row["delete_horizon_ms"] is not None for row in found.rows())
    (finding,) = (f for f in found.report.findings if f.rule == "L4")
    assert finding.batch_count == 43


def test_client_is_told_by_its_frames(
    topic: Callable[[str], complab.Inspection],
) -> None:
    """Each client's own topic names that client."""
    expected = {
        "franz-lz4-0": "franz-go",
        "aio-lz4-0": "aiokafka",
        "sarama-zstd-0": "sarama",
        "kpy-lz4-0": "kafka-python",
    }
    for name, client in expected.items():
        assert all(client in row["client"] for row in topic(name).rows())
