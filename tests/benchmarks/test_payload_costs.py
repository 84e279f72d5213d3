"""What payloads and records cost beside the codec alone, and beside kafka-python.

Ratios of times that are taken in turns in one run; nothing here asserts one. With
``python tests/benchmarks/report.py test_payload_costs.py`` the figures are printed.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from kafka.record.memory_records import MemoryRecords
from pytest_benchmark.fixture import BenchmarkFixture

import complab
from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.core import Direction, Timer, Work
from complab.errors import PayloadError
from complab.kafka.log import Log

_SAMPLES = Path(__file__).parents[2] / "samples"
_FILE_BYTES = 16 * 1024 * 1024

# The lowest of so many turns: what the machine does when nobody else is at work.
_TURNS = 15


def elapsed_s(function: Callable[..., object], *arguments: object) -> float:
    """What one call takes."""
    begin = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - begin


def payload_bytes(log: Log) -> int:
    """All payloads, one after the other."""
    total_bytes = 0
    for _, payload in log.payloads():
        assert not isinstance(payload, PayloadError)
        total_bytes += len(payload)
    return total_bytes


def codec_alone(log: Log, codec_name: str) -> Work:
    """The codec over the same stored bytes, which are in memory."""
    codec = catalogue.find(codec_name, catalogue.KAFKA)
    (provider,) = Catalogue().choose(codec, None)
    if provider.library is None:
        pytest.skip(provider.problem)
    levels = core.codec_levels(codec, provider.library)
    coder = core.Coder(
        codec,
        provider.library,
        Direction.DECOMPRESS,
        level=levels.default if levels else 0,
    )
    numbers = range(len(log))
    stored = core.Sources(map(log.stored_payload, numbers))
    sizes = [len(log.payload(number)) for number in numbers]
    return Work(coder, stored, sizes, core.Arena())


@pytest.mark.parametrize("codec", catalogue.KAFKA_CODECS[1:])
@pytest.mark.parametrize("shape", ["16k", "1m"])
def test_payloads(
    benchmark: BenchmarkFixture, tmp_path: Path, shape: str, codec: str
) -> None:
    """All payloads of a file are read; the codec alone on the same bytes beside it."""
    sample = (_SAMPLES / f"http-requests-{shape}-{codec}.bin").read_bytes()
    repeats = -(-_FILE_BYTES // len(sample)) if benchmark.enabled else 1
    path = tmp_path / "batches.bin"
    path.write_bytes(sample * repeats)
    log = complab.kafka.open(str(path))
    whole_bytes = benchmark.pedantic(  # type: ignore[no-untyped-call]
        payload_bytes, (log,), rounds=3 if benchmark.enabled else 1
    )
    assert whole_bytes == repeats * sum(
        len(payload)
        for _, payload in complab.kafka.open(
            str(_SAMPLES / f"http-requests-{shape}-none.bin")
        ).payloads()
        if not isinstance(payload, PayloadError)
    )
    if benchmark.enabled:
        alone, timer = codec_alone(log, codec), Timer.measured(warm_up_below_ns=0)
        times = [
            (elapsed_s(payload_bytes, log), alone.time(timer, 1, 0.0).elapsed_ns / 1e9)
            for _ in range(_TURNS)
        ]
        read_s, alone_s = map(min, zip(*times, strict=True))
        benchmark.extra_info |= {
            "payload_mbps": whole_bytes / read_s / 1e6,
            "over_codec_pct": 100 * (read_s / alone_s - 1),
        }


def count_ours(data: bytes) -> int:
    """All records of an uncompressed log, CRCs checked."""
    batches, gaps = core.scan_all(core.Source(data, path="records"))
    assert len(gaps) == 0
    assert batches["crc_valid"].all()
    spans = np.stack([batches["payload_position"], batches["compressed_bytes"]], axis=1)
    return sum(map(len, core.iter_batch_records(data, batches, spans)))


def count_theirs(data: bytes) -> int:
    """The same by kafka-python, whose CRC is that of its crc32c extra."""
    batches, count = MemoryRecords(data), 0
    while batches.has_next():
        batch = batches.next_batch()
        assert batch.validate_crc()
        count += sum(1 for _ in batch)
    return count


def iterate_theirs(data: bytes) -> int:
    """Records alone, CRCs not looked at, by kafka-python."""
    batches, count = MemoryRecords(data), 0
    while batches.has_next():
        count += sum(1 for _ in batches.next_batch())
    return count


def scan_theirs(data: bytes) -> int:
    """Batches alone, CRCs checked, by kafka-python."""
    batches, count = MemoryRecords(data), 0
    while batches.has_next():
        assert batches.next_batch().validate_crc()
        count += 1
    return count


def small_records() -> bytes:
    """An uncompressed batch of records of 200 bytes, about 16 KiB of them."""
    rows = np.zeros(82, core.record_dtype())
    rows["offset"] = rows["timestamp"] = np.arange(len(rows))
    rows["key_bytes"], rows["value_bytes"] = 16, 175
    section, count = core.write_records(
        bytes(range(256)), rows, base_offset=0, base_timestamp=0, capacity_bytes=1 << 16
    )
    fields = np.zeros(1, core.batch_dtype())
    fields["producer_id"] = fields["producer_epoch"] = fields["base_sequence"] = -1
    fields["record_count"], fields["last_offset"] = count, count - 1
    return core.write_batch(fields[0], section)


def test_records_beside_kafka_python(benchmark: BenchmarkFixture) -> None:
    """Every record of the same bytes, here and in kafka-python, in turns."""
    batch = small_records()
    data = batch * (_FILE_BYTES // len(batch) if benchmark.enabled else 1)
    count = benchmark.pedantic(  # type: ignore[no-untyped-call]
        count_ours, (data,), rounds=3 if benchmark.enabled else 1
    )
    assert count == count_theirs(data)
    if benchmark.enabled:
        found, _ = core.scan_all(core.Source(data, path=""))
        spans = np.stack([found["payload_position"], found["compressed_bytes"]], axis=1)

        def iterate_ours(data: bytes) -> int:
            return sum(map(len, core.iter_batch_records(data, found, spans)))

        assert iterate_ours(data) == iterate_theirs(data)
        pairs = {
            "records": (count_ours, count_theirs),
            "records_without_crc": (iterate_ours, iterate_theirs),
            "scan": (
                lambda data: core.scan_all(core.Source(data, path="")),
                scan_theirs,
            ),
        }
        for name, functions in pairs.items():
            turns = [[elapsed_s(each, data) for each in functions] for _ in range(5)]
            ours_s, theirs_s = map(min, zip(*turns, strict=True))
            benchmark.extra_info[f"{name}_times_kafka_python"] = theirs_s / ours_s
