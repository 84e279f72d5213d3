"""What other libraries encode, the reader reads: kafka-python's and aiokafka's writers.

Records, sizes and codecs are drawn by hypothesis. Both libraries have record builders
of their own, for all three magics, and compress with libraries of their own.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka.record.default_records import (
    DefaultRecordBatchBuilder as AiokafkaBatchBuilder,
)
from aiokafka.record.legacy_records import (
    LegacyRecordBatchBuilder as AiokafkaLegacyBuilder,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kafka.record.memory_records import MemoryRecordsBuilder

import complab
from complab.codecs.catalogue import KAFKA_CODECS

# Room for everything that is drawn.
_BATCH_BYTES = 1 << 20

_PARTS = st.none() | st.binary(max_size=300)
_HEADERS = st.lists(
    st.tuples(st.text(max_size=20), st.none() | st.binary(max_size=50)), max_size=4
)
_TIMES = st.integers(0, 1 << 45)
_RECORDS = st.lists(
    st.tuples(_TIMES, _PARTS, _PARTS, _HEADERS), min_size=1, max_size=50
)

Needs = Callable[[str], None]
Record = tuple[int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]

in_one_folder = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)


def read(path: Path, data: bytes) -> list[tuple[int, Record]]:
    """Offset and record of all that the reader finds; nothing may be damaged."""
    path.write_bytes(data)
    log = complab.kafka.open(str(path))
    assert log.gaps == ()
    assert log.index["crc_valid"].all()
    found = []
    for number in range(len(log)):
        records = log.records(number)
        assert records.rows["crc_valid"].all()
        for i, row in enumerate(records.rows):
            headers = [(key.decode(), value) for key, value in records.headers(i)]
            record = (int(row["timestamp"]), records.key(i), records.value(i), headers)
            found.append((int(row["offset"]), record))
    return found


def by_kafka_python(magic: int, codec_id: int, records: Sequence[Record]) -> bytes:
    """What kafka-python's builder makes of the records."""
    builder = MemoryRecordsBuilder(magic, codec_id, _BATCH_BYTES)
    for timestamp, key, value, headers in records:
        assert builder.append(timestamp, key, value, headers) is not None
    builder.close()
    return bytes(builder.buffer())


def by_aiokafka(magic: int, codec_id: int, records: Sequence[Record]) -> bytes:
    """What aiokafka's builders make of the records."""
    builder: Any = (
        AiokafkaBatchBuilder(2, codec_id, 0, -1, -1, -1, _BATCH_BYTES)
        if magic == 2
        else AiokafkaLegacyBuilder(magic, codec_id, _BATCH_BYTES)
    )
    for offset, (timestamp, key, value, headers) in enumerate(records):
        more = {"headers": headers} if magic == 2 else {}
        done = builder.append(offset, timestamp=timestamp, key=key, value=value, **more)
        assert done is not None
    return bytes(builder.build())


_WRITERS = pytest.mark.parametrize(
    "write", [by_kafka_python, by_aiokafka], ids=["kafka-python", "aiokafka"]
)


@_WRITERS
@pytest.mark.parametrize("codec", KAFKA_CODECS)
@given(records=_RECORDS)
@in_one_folder
def test_record_batches_of_other_writers(
    tmp_path: Path, write: Any, codec: str, records: list[Record], needs: Needs
) -> None:
    """Every key, value, header, timestamp and offset comes back, in each codec."""
    needs(codec)
    data = write(2, KAFKA_CODECS.index(codec), records)
    assert read(tmp_path / "batch", data) == list(enumerate(records))


# aiokafka writes no LZ4 for brokers of that age; kafka-python, with xxhash, does, and
# its frame's header checksum is wrong as theirs was.
_SETS = [
    pytest.param(write, magic, codec, id=f"{write.__name__}-{magic}-{codec}")
    for write in (by_kafka_python, by_aiokafka)
    for magic in (0, 1)
    for codec in KAFKA_CODECS[:4]
    if (write, magic, codec) != (by_aiokafka, 0, "lz4")
]


@pytest.mark.parametrize(("write", "magic", "codec"), _SETS)
@given(records=_RECORDS)
@in_one_folder
def test_message_sets_of_other_writers(
    tmp_path: Path,
    write: Any,
    codec: str,
    magic: int,
    records: list[Record],
    needs: Needs,
) -> None:
    """The same for message sets, which have neither headers nor, of magic 0, times."""
    needs(codec)
    plain: list[Record] = [(time, key, value, []) for time, key, value, _ in records]
    data = write(magic, KAFKA_CODECS.index(codec), plain)
    found = read(tmp_path / "set", data)
    expected: list[Record] = [
        (-1 if magic == 0 else time, key, value, []) for time, key, value, _ in plain
    ]
    assert [record for _, record in found] == expected
    assert [offset for offset, _ in found] == list(range(len(plain)))
