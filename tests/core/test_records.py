"""Records out of real bytes and into bytes again, as Python sees them."""

import base64
import itertools
import json
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.errors import RecordError

_FIXTURES = Path(__file__).parents[2].parent / "shared" / "fixtures"
needs_fixtures = pytest.mark.skipif(
    not (_FIXTURES / "topics").is_dir(),
    reason="the bytes of real clients and brokers are not on this machine",
)

_ARENA = core.Arena()

Row = tuple[int, int, bytes | None, bytes | None, list[tuple[bytes, bytes | None]]]


@pytest.fixture(scope="module")
def libraries() -> Catalogue:
    """The codec libraries of this machine."""
    return Catalogue()


def uncompressed(stored: bytes, codec_id: int, libraries: Catalogue) -> bytes:
    """What a payload holds, by this machine's library."""
    name = catalogue.KAFKA_CODECS[codec_id]
    if name == "none":
        return stored
    codec = catalogue.find(name, catalogue.KAFKA)
    (provider,) = libraries.choose(codec, None)
    if provider.library is None:
        pytest.skip(provider.problem)
    levels = core.codec_levels(codec, provider.library)
    level = levels.default if levels else 0
    coder = core.Coder(codec, provider.library, core.Direction.DECOMPRESS, level=level)
    work = core.Work(coder, core.Sources([stored]), [1 << 22], _ARENA)
    work.run_block(0)
    return work.output(0)


def part(payload: bytes, position: int, size_bytes: int) -> bytes | None:
    """A key or a value; ``None`` is null."""
    return None if size_bytes < 0 else payload[position : position + size_bytes]


def rows_of(payload: bytes, records: NDArray[np.void]) -> Iterator[Row]:
    """The records as Python's values."""
    for record in records:
        headers = [
            (
                part(payload, int(h["key_position"]), int(h["key_bytes"])) or b"",
                part(payload, int(h["value_position"]), int(h["value_bytes"])),
            )
            for h in core.read_headers(payload, record)
        ]
        yield (
            int(record["offset"]),
            int(record["timestamp"]),
            part(payload, int(record["key_position"]), int(record["key_bytes"])),
            part(payload, int(record["value_position"]), int(record["value_bytes"])),
            headers,
        )


def records_in(path: Path, libraries: Catalogue) -> Iterator[Row]:
    """Every record of a file."""
    data = path.read_bytes()
    batches, gaps = core.scan_all(core.Source(data, path=str(path)))
    assert len(gaps) == 0
    assert batches["crc_valid"].all()
    for batch in batches:
        begin = int(batch["payload_position"])
        stored = data[begin : begin + int(batch["compressed_bytes"])]
        payload = (
            data[int(batch["position"]) :][: int(batch["batch_bytes"])]
            if batch["magic"] < 2 and batch["codec_id"] == 0
            else uncompressed(stored, int(batch["codec_id"]), libraries)
            if stored
            else b""
        )
        records = core.read_records(payload, batch)
        assert records["crc_valid"].all()
        assert batch["record_count"] in {-1, len(records)}
        yield from rows_of(payload, records)


# ---- Real bytes -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["http-requests", "journald"])
@pytest.mark.parametrize("shape", ["16k", "1m"])
def test_all_codecs_of_a_sample_hold_the_same_records(
    samples: Path, libraries: Catalogue, name: str, shape: str
) -> None:
    """The five files of a set give the same keys, values and headers in their order."""
    plain = list(records_in(samples / f"{name}-{shape}-none.bin", libraries))
    assert [row[0] for row in plain] == list(range(len(plain)))
    for codec in catalogue.KAFKA_CODECS[1:]:
        found = records_in(samples / f"{name}-{shape}-{codec}.bin", libraries)
        pairs = itertools.zip_longest(plain, found)
        assert all(a is not None and b is not None and a[2:] == b[2:] for a, b in pairs)


@pytest.mark.parametrize("name", ["http-requests", "journald"])
@pytest.mark.parametrize("shape", ["16k", "1m"])
def test_written_again_they_are_the_bytes_of_librdkafka(
    samples: Path, name: str, shape: str
) -> None:
    """The records and batches of a client, read and written, are byte for byte its."""
    data = (samples / f"{name}-{shape}-none.bin").read_bytes()
    batches, _ = core.scan_all(core.Source(data, path=name))
    assert len(batches) > 0
    for batch in batches:
        stored = data[int(batch["position"]) :][: int(batch["batch_bytes"])]
        payload = stored[core.BATCH_HEADER_BYTES :]
        records = core.read_records(payload, batch)
        headers = [core.read_headers(payload, record) for record in records]
        section, count = core.write_records(
            payload,
            records,
            np.concatenate(headers),
            base_offset=int(batch["base_offset"]),
            base_timestamp=int(batch["base_timestamp"]),
            capacity_bytes=len(payload),
        )
        assert count == len(records)
        assert section == payload
        assert core.write_batch(batch, section) == stored


@cache
def quakes() -> list[tuple[Any, ...]]:
    """The records that every topic of the fixtures holds."""

    def decoded(text: str | None) -> bytes | None:
        return None if text is None else base64.b64decode(text)

    found = []
    with (_FIXTURES / "quakes.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            headers = one.get("h") or []
            pairs = headers.items() if isinstance(headers, dict) else headers
            found.append(
                (
                    one["t"],
                    decoded(one["k"]),
                    decoded(one["v"]),
                    [(name.encode(), decoded(value)) for name, value in pairs],
                )
            )
    return found


def whole_topics() -> list[str]:
    """The topics that hold the records of the data set with their own timestamps."""
    left_out = ("bk-compact", "bk-txn", "bk-logappendtime")
    folders = (_FIXTURES / "topics").glob("*")
    return sorted(f.name for f in folders if not f.name.startswith(left_out))


@needs_fixtures
@pytest.mark.parametrize("topic", whole_topics())
def test_every_client_and_broker_is_read(libraries: Catalogue, topic: str) -> None:
    """Offset, timestamp, key, value and headers are those that were produced."""
    found: list[Row] = []
    for path in sorted((_FIXTURES / "topics" / topic).glob("*.log")):
        found += records_in(path, libraries)
    expected = quakes()
    assert [row[0] for row in found] == list(range(len(expected)))
    assert [row[1:] for row in found] == expected


@needs_fixtures
@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy"])
@pytest.mark.parametrize("magic", [0, 1])
def test_message_sets_hold_the_same_records(
    libraries: Catalogue, magic: int, codec: str
) -> None:
    """A compressed message set gives the records that its plain twin gives."""
    folder = _FIXTURES / "message-sets"
    plain = list(records_in(folder / f"magic{magic}-none-x40.bin", libraries))
    assert plain
    path = folder / f"magic{magic}-{codec}-x40.bin"
    assert list(records_in(path, libraries)) == plain


# ---- Round trips ------------------------------------------------------------------

_parts = st.none() | st.binary(max_size=70)
_headers = st.lists(st.tuples(st.binary(max_size=20), _parts), max_size=4)
_int64 = st.integers(-(2**63), 2**63 - 1)
_records = st.lists(
    st.tuples(st.integers(0, 2**31 - 1), _int64, _parts, _parts, _headers), max_size=9
)


def laid_out(
    rows: list[tuple[int, int, bytes | None, bytes | None, Any]], base_offset: int
) -> tuple[bytes, NDArray[np.void], NDArray[np.void]]:
    """The parts behind one another, with the rows that name their places."""
    src = bytearray()
    records = np.zeros(len(rows), core.record_dtype())
    headers: list[tuple[int, int, int, int]] = []

    def place(value: bytes | None) -> tuple[int, int]:
        begin = len(src)
        src.extend(value or b"")
        return begin, -1 if value is None else len(value)

    for record, (delta, timestamp, key, value, pairs) in zip(
        records, rows, strict=True
    ):
        record["offset"] = base_offset + delta
        record["timestamp"] = timestamp
        record["key_position"], record["key_bytes"] = place(key)
        record["value_position"], record["value_bytes"] = place(value)
        record["header_count"] = len(pairs)
        headers += [(*place(name), *place(found)) for name, found in pairs]
    return bytes(src), records, np.array(headers, core.header_dtype())


@given(rows=_records, base_offset=st.integers(0, 2**62), base_timestamp=_int64)
def test_records_come_back(
    rows: list[Any], base_offset: int, base_timestamp: int
) -> None:
    """What is written as a batch is what the scan and the reader find in it."""
    src, records, headers = laid_out(rows, base_offset)
    section, count = core.write_records(
        src,
        records,
        headers,
        base_offset=base_offset,
        base_timestamp=base_timestamp,
        capacity_bytes=1 << 16,
    )
    assert count == len(rows)
    fields = np.zeros(1, core.batch_dtype())
    fields["base_offset"], fields["record_count"] = base_offset, count
    fields["last_offset"] = base_offset + count
    fields["base_timestamp"] = fields["max_timestamp"] = base_timestamp
    stored = core.write_batch(fields[0], section)
    batches, gaps = core.scan_all(core.Source(stored, path="written"))
    assert len(gaps) == 0
    assert batches["crc_valid"].tolist() == [1]
    found = core.read_records(section, batches[0])
    expected = [(base_offset + row[0], *row[1:]) for row in rows]
    assert list(rows_of(section, found)) == expected


@given(st.binary(max_size=200), st.integers(-1, 40))
def test_any_bytes_are_records_or_a_clear_error(payload: bytes, count: int) -> None:
    """Whatever stands in a payload, it is read or the wrong byte is named."""
    batch = np.zeros(1, core.batch_dtype())
    batch["magic"], batch["record_count"] = 2, count
    wrong_at = None
    try:
        found = core.read_records(payload, batch[0])
    except RecordError as error:
        wrong_at = error.payload_offset
    if wrong_at is None:
        assert len(found) == count
        assert found["record_bytes"].sum() == len(payload)
    else:
        assert 0 <= wrong_at <= len(payload)


def test_crc32_is_that_of_zlib() -> None:
    """CRC-32 is zlib's, in one piece and in two."""
    data = bytes(range(256)) * 9
    assert core.crc32(data) == zlib.crc32(data)
    assert core.crc32(data[100:], core.crc32(data[:100])) == zlib.crc32(data)


# ---- Many at once -----------------------------------------------------------------


def test_many_batches_give_what_each_gives(samples: Path) -> None:
    """All batches of a file in one call are the records of each, with their places."""
    data = (samples / "journald-16k-none.bin").read_bytes()
    batches, _ = core.scan_all(core.Source(data, path="sample"))
    spans = np.stack([batches["payload_position"], batches["compressed_bytes"]], axis=1)
    chunks = core.iter_batch_records(data, batches, spans, chunk_records=7)
    together = np.concatenate([chunk.copy() for chunk in chunks])
    singly = []
    for batch in batches:
        begin = int(batch["payload_position"])
        payload = data[begin : begin + int(batch["compressed_bytes"])]
        records = core.read_records(payload, batch)
        for name in ("position", "key_position", "value_position", "headers_position"):
            records[name] += begin
        singly.append(records)
    assert (together == np.concatenate(singly)).all()


def test_the_wrong_batch_is_named() -> None:
    """An error among many batches says which of them it is in, and at which byte."""
    good = bytes([12, 0, 0, 0, 1, 1, 0])
    batches = np.zeros(3, core.batch_dtype())
    batches["magic"], batches["record_count"] = 2, 1
    payload = good + good[:5] + b"\x20" + good[6:] + good
    spans = np.array([[0, 7], [7, 7], [14, 7]], np.uint64)
    found = []
    with pytest.raises(RecordError, match="record 0") as error:
        found += list(core.iter_batch_records(payload, batches, spans))
    assert error.value.batch_index == 1
    assert error.value.payload_offset == 7 + 5


def test_what_does_not_fit_alone_is_written_alone() -> None:
    """A record larger than the room comes by itself, as a client sends it."""
    src, records, headers = laid_out([(0, 0, None, bytes(500), [])] * 2, 0)
    section, count = core.write_records(
        src, records, headers, base_offset=0, base_timestamp=0, capacity_bytes=100
    )
    assert count == 1
    assert len(section) > 500
