"""What reading a log costs: the scan of a segment, its records, and its memory.

As plain tests they run once over a small file. With ``--benchmark-enable`` a segment of
1 GiB is made from the samples, in a temporary folder, and deleted in the end;
``python tests/benchmarks/report.py test_reading.py`` measures these alone.
"""

import mmap
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from complab import core

_SAMPLE = Path(__file__).parents[2] / "samples" / "http-requests-1m-none.bin"

_SMALL_BYTES = 16 * 1024 * 1024
_LARGE_BYTES = 1024 * 1024 * 1024

# Batches of 16 KiB to 1 MiB, as many of each power of two.
_LEAST_BYTES, _DOUBLINGS = 16 * 1024, 6
_DISTINCT_COUNT = 48

# The lowest of so many is what the machine does when nobody else is at work. Those that
# are compared take turns.
_ROUNDS = 7


def rows_of(payload: bytes, batch: "np.void", count: int) -> NDArray[np.void]:
    """Rows of so many records, the payload's own over and over, without headers."""
    records = core.read_records(payload, batch)
    rows: NDArray[np.void] = np.resize(records, count)
    rows["header_count"] = 0
    rows["offset"] = np.arange(count)
    rows["timestamp"] = int(batch["base_timestamp"]) + np.arange(count)
    return rows


def batch_around(section: bytes, record_count: int) -> bytes:
    """An uncompressed batch at offset 0."""
    fields = np.zeros(1, core.batch_dtype())
    fields["producer_id"] = fields["producer_epoch"] = fields["base_sequence"] = -1
    fields["record_count"], fields["last_offset"] = record_count, record_count - 1
    return core.write_batch(fields[0], section)


def write_segment(path: Path, size_bytes: int) -> None:
    """Batches of many sizes up to a size, their offsets in line."""
    data = _SAMPLE.read_bytes()
    (batch,), _ = core.scan_all(core.Source(data, path=str(_SAMPLE)))
    payload = data[core.BATCH_HEADER_BYTES :]
    chosen = random.Random(20)
    batches = []
    for _ in range(_DISTINCT_COUNT):
        room_bytes = int(_LEAST_BYTES * 2 ** chosen.uniform(0, _DOUBLINGS))
        rows = rows_of(payload, batch, room_bytes // 100)
        rows = np.roll(rows, chosen.randrange(len(rows)))
        rows["offset"] = np.arange(len(rows))
        section, count = core.write_records(
            payload,
            rows,
            base_offset=0,
            base_timestamp=0,
            capacity_bytes=room_bytes - core.BATCH_HEADER_BYTES,
        )
        batches.append((batch_around(section, count), count))
    written_bytes = base_offset = 0
    with path.open("wb") as file:
        while written_bytes < size_bytes:
            stored, count = chosen.choice(batches)
            # The first eight bytes are not in the CRC.
            file.write(base_offset.to_bytes(8, "big") + stored[8:])
            written_bytes += len(stored)
            base_offset += count


@pytest.fixture(scope="module")
def make_segment(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[int], Path]]:
    """Make a segment of a size, once, and delete it in the end."""
    made: dict[int, Path] = {}

    def make(size_bytes: int) -> Path:
        if size_bytes not in made:
            path = tmp_path_factory.mktemp("segment") / "00000000000000000000.log"
            write_segment(path, size_bytes)
            made[size_bytes] = path
        return made[size_bytes]

    yield make
    for path in made.values():
        path.unlink()


def elapsed_s(function: Callable[[], Any]) -> float:
    """What one call takes."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def test_segment_scan(
    benchmark: BenchmarkFixture, make_segment: Callable[[int], Path]
) -> None:
    """A segment in the page cache is scanned, every CRC checked.

    The lab's own CRC-32C over the whole mapped file, in one call, stands beside it.
    """
    path = make_segment(_LARGE_BYTES if benchmark.enabled else _SMALL_BYTES)
    file_bytes = path.stat().st_size
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
    ):
        source = core.Source(file.fileno(), path=str(path))
        batches, gaps = benchmark.pedantic(  # type: ignore[no-untyped-call]
            core.scan_all, (source,), rounds=_ROUNDS, warmup_rounds=1
        )
        assert len(gaps) == 0
        assert batches["crc_valid"].all()
        assert batches["batch_bytes"].sum() == file_bytes
        if benchmark.enabled:
            core.crc32c(mapped)
            pairs = [
                (
                    elapsed_s(lambda: core.crc32c(mapped)),
                    elapsed_s(lambda: core.scan_all(source)),
                )
                for _ in range(_ROUNDS)
            ]
            crc_s, scan_s = (min(each) for each in zip(*pairs, strict=True))
            benchmark.extra_info |= {
                "file_bytes": file_bytes,
                "batch_count": len(batches),
                "scan_mbps": file_bytes / scan_s / 1e6,
                "crc_mbps": file_bytes / crc_s / 1e6,
                "scan_share_of_crc_pct": 100 * crc_s / scan_s,
            }


@pytest.mark.parametrize(
    ("batch_bytes", "total_bytes"),
    [
        # As a reader finds what it has just read or checked: in the L2 cache.
        pytest.param(16 * 1024, 128 * 1024, id="16k-warm"),
        pytest.param(16 * 1024, 4 * _SMALL_BYTES, id="16k"),
        pytest.param(1024 * 1024, 4 * _SMALL_BYTES, id="1m"),
    ],
)
def test_records(
    benchmark: BenchmarkFixture, batch_bytes: int, total_bytes: int
) -> None:
    """All records of 200 bytes of uncompressed batches are iterated, CRC apart."""
    record_bytes, key_bytes = 200, 16
    src = random.Random(21).randbytes(1 << 20)
    rows = np.zeros(batch_bytes // 150, core.record_dtype())
    rows["offset"] = rows["timestamp"] = np.arange(len(rows))
    rows["key_bytes"] = key_bytes
    # Eight bytes of numbers, or nine with a larger offset: 200 on average, about.
    rows["value_bytes"] = record_bytes - key_bytes - 9
    rows["value_position"] = np.arange(len(rows)) * 7
    section, record_count = core.write_records(
        src,
        rows,
        base_offset=0,
        base_timestamp=0,
        capacity_bytes=batch_bytes - core.BATCH_HEADER_BYTES,
    )
    stored = batch_around(section, record_count)
    copies = (total_bytes if benchmark.enabled else 1) // len(stored) + 1
    data = copies * stored
    batches, gaps = core.scan_all(core.Source(data, path="records"))
    assert len(gaps) == 0
    spans = np.stack([batches["payload_position"], batches["compressed_bytes"]], axis=1)

    def iterate() -> int:
        return sum(map(len, core.iter_batch_records(data, batches, spans)))

    assert benchmark(iterate) == copies * record_count
    benchmark.extra_info["record_bytes"] = len(section) / record_count
    if benchmark.stats:
        lowest_s = benchmark.stats.stats.min
        benchmark.extra_info["million_records_a_second"] = (
            copies * record_count / lowest_s / 1e6
        )


# Not getrusage: its peak is also that of the process that this one was forked from.
_SCAN_AND_TELL = """
import pathlib, sys
from complab import core
with open(sys.argv[1], "rb") as file:
    scan = core.Scan(core.Source(file.fileno(), path=sys.argv[1]))
    count = 0
    while not scan.is_done:
        count += len(scan.step().batches)
status = pathlib.Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0], count)
"""


def peak_kib(path: Path) -> int:
    """The largest memory of a process that scans a file, its rows thrown away."""
    command = [sys.executable, "-c", _SCAN_AND_TELL, str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(told.split()[0])


def test_memory(
    benchmark: BenchmarkFixture, make_segment: Callable[[int], Path]
) -> None:
    """A scan's memory does not grow with the file."""
    small = make_segment(_SMALL_BYTES)
    large = make_segment(_LARGE_BYTES if benchmark.enabled else 4 * _SMALL_BYTES)
    large_kib = benchmark.pedantic(  # type: ignore[no-untyped-call]
        peak_kib, (large,), rounds=1
    )
    small_kib = peak_kib(small)
    # A window is 256 KiB and a step's rows are 600 KB; a file is 16 MiB at least.
    assert large_kib - small_kib < 4 * 1024
    benchmark.extra_info |= {
        "large_file_bytes": large.stat().st_size,
        "large_peak_kib": large_kib,
        "small_file_bytes": small.stat().st_size,
        "small_peak_kib": small_kib,
    }
