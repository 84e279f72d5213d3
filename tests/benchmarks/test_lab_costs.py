"""What the lab itself costs: starting, reading, and the loop around a codec.

Nothing here measures a codec, and no assertion relates two times. As plain tests they
run once; ``pytest tests/benchmarks --benchmark-enable`` measures, and
``python tests/benchmarks/report.py`` prints the figures.
"""

import mmap
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.core import Direction, Timer, Work
from complab.kafka.payloads import read_payloads
from complab.plan import EPOCH_NS, WARM_UP_BELOW_NS

SAMPLES = Path(__file__).parents[2] / "samples"
COMPLAB = str(Path(sysconfig.get_path("scripts")) / "complab")
FILE_BYTES = 16 * 1024 * 1024

# A process is started so often: with others at work on the machine, the fastest of
# many is what stays the same from day to day.
STARTS = 30


# ---- Starting -------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        pytest.param([sys.executable, "-c", "pass"], id="python"),
        pytest.param([sys.executable, "-c", "import complab"], id="import"),
        pytest.param([COMPLAB, "--help"], id="help"),
        pytest.param([COMPLAB, "codecs"], id="codecs"),
    ],
)
def test_start(benchmark: BenchmarkFixture, command: list[str]) -> None:
    """A fresh process does it and ends with 0; plain Python stands beside it."""

    def start() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, check=False, capture_output=True)

    run = benchmark.pedantic(  # type: ignore[no-untyped-call]
        start, rounds=STARTS, warmup_rounds=2
    )
    assert run.returncode == 0, run.stderr.decode()


# ---- Reading --------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["1m", "16k"])
def test_scan(benchmark: BenchmarkFixture, tmp_path: Path, shape: str) -> None:
    """A file of 16 MiB is scanned to its end, every CRC checked."""
    sample = (SAMPLES / f"http-requests-{shape}-none.bin").read_bytes()
    repeats = -(-FILE_BYTES // len(sample))
    path = tmp_path / "batches.bin"
    path.write_bytes(sample * repeats)
    source = core.Source(sample, path="sample")
    batch_count = repeats * len(core.scan_all(source)[0])
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        batches, gaps = benchmark(core.scan_all, core.Source(data, path="mapped"))
    assert len(gaps) == 0
    assert len(batches) == batch_count
    assert batches["crc_valid"].all()
    benchmark.extra_info |= {
        "file_bytes": repeats * len(sample),
        "batch_count": batch_count,
    }


@pytest.mark.parametrize("codec", catalogue.KAFKA_CODECS)
@pytest.mark.parametrize("shape", ["1m", "16k"])
def test_payloads(benchmark: BenchmarkFixture, shape: str, codec: str) -> None:
    """A stored sample gives the payloads that its uncompressed twin holds."""
    libraries = Catalogue()
    chosen = libraries.choose(catalogue.find(codec, catalogue.KAFKA), None)
    if any(provider.library is None for provider in chosen):
        pytest.skip(chosen[0].problem)
    twin = SAMPLES / f"http-requests-{shape}-none.bin"
    path = SAMPLES / f"http-requests-{shape}-{codec}.bin"
    payloads = benchmark(read_payloads, str(path), libraries=libraries)
    assert payloads.blocks == read_payloads(str(twin), libraries=libraries).blocks
    benchmark.extra_info |= {
        "file_bytes": path.stat().st_size,
        "payload_bytes": payloads.uncompressed_bytes,
    }


# ---- The loop -------------------------------------------------------------------

# The lowest of so many epochs: what the machine does when nobody else is at work.
EPOCHS = 25


def working(
    codec_name: str, framing: str, direction: Direction, blocks: list[bytes]
) -> Work:
    """A codec over blocks as a sweep runs it; skips where its library is missing."""
    codec = catalogue.find(codec_name, framing)
    chosen = Catalogue().choose(codec, None)
    library = chosen[0].library if chosen else None
    if chosen and library is None:
        pytest.skip(chosen[0].problem)
    levels = core.codec_levels(codec, library)
    compressor, decompressor = (
        core.Coder(
            codec,
            library,
            each,
            level=levels.default if levels else 0,
            is_context_fresh=framing == catalogue.KAFKA,
            is_size_known=framing != catalogue.KAFKA,
        )
        for each in Direction
    )
    sources = core.Sources(blocks)
    bounds = [compressor.bound_bytes(size) for size in sources.sizes]
    # The stop flag is looked at before each call, as it is in a sweep.
    compress = Work(compressor, sources, bounds, core.Arena(), bytearray(4))
    if direction is Direction.COMPRESS:
        return compress
    for index in range(len(blocks)):
        compress.run_block(index)
    packed = core.Sources(compress.output(index) for index in range(len(blocks)))
    return Work(decompressor, packed, sources.sizes, core.Arena(), bytearray(4))


def copying(blocks: list[bytes]) -> Work:
    """The copy of the blocks: the least that a codec can do."""
    return working("memcpy", catalogue.RAW, Direction.COMPRESS, blocks)


def lowest_iteration_ns(work: Work, timer: Timer) -> float:
    """What an iteration takes in the shortest of several epochs of 1 ms."""
    found = work.calibrate(timer, EPOCH_NS)
    arguments = (timer, found.iteration_count, found.iteration_ns)
    epochs = [work.time(*arguments) for _ in range(EPOCHS)]
    return min(epoch.elapsed_ns / epoch.iteration_count for epoch in epochs)


def test_loop_call(benchmark: BenchmarkFixture) -> None:
    """An epoch of 1 ms over a block of one byte counts what one call costs.

    That is the flag, the counters, two calls through pointers and the copied byte: no
    less than what the loop adds to a codec's own time.
    """
    timer = Timer.measured(warm_up_below_ns=WARM_UP_BELOW_NS)
    work = copying([b"k"])
    found = work.calibrate(timer, EPOCH_NS)
    arguments = (timer, found.iteration_count, found.iteration_ns)
    epoch = benchmark(work.time, *arguments)
    assert epoch.iteration_count == found.iteration_count
    assert work.output(0) == b"k"
    benchmark.extra_info["call_ns"] = lowest_iteration_ns(work, timer)


@pytest.mark.parametrize(
    ("codec_name", "framing", "direction"),
    [
        pytest.param("memcpy", catalogue.RAW, Direction.COMPRESS, id="memcpy"),
        # The fastest of Kafka's codecs in its faster direction.
        pytest.param("lz4", catalogue.KAFKA, Direction.DECOMPRESS, id="lz4"),
    ],
)
@pytest.mark.parametrize("shape", ["1m", "16k"])
def test_loop_share(
    benchmark: BenchmarkFixture,
    shape: str,
    codec_name: str,
    framing: str,
    direction: Direction,
) -> None:
    """Of an epoch over a sample, the calls of the loop are a known share."""
    timer = Timer.measured(warm_up_below_ns=WARM_UP_BELOW_NS)
    path = SAMPLES / f"http-requests-{shape}-none.bin"
    blocks = list(read_payloads(str(path), libraries=Catalogue()).blocks)
    work = working(codec_name, framing, direction, blocks)
    found = work.calibrate(timer, EPOCH_NS)
    arguments = (timer, found.iteration_count, found.iteration_ns)
    epoch = benchmark(work.time, *arguments)
    assert epoch.iteration_count == found.iteration_count
    assert work.first_difference(core.Sources(blocks)) is None
    call_ns = lowest_iteration_ns(copying([b"k"]), timer)
    block_ns = lowest_iteration_ns(work, timer) / len(blocks)
    benchmark.extra_info |= {
        "call_ns": call_ns,
        "block_ns": block_ns,
        "calls_share_of_epoch_pct": 100 * call_ns / block_ns,
    }


def test_epoch_fixed(benchmark: BenchmarkFixture) -> None:
    """An epoch without any block has only its fixed cost between its clock readings.

    That is one reading of the clock, and the lab takes off what a reading costs.
    """
    measured = Timer.measured(warm_up_below_ns=0)
    raw = Timer(core.ClockFacts(measured.facts.resolution_ns, 0.0), warm_up_below_ns=0)
    work = copying([])
    epoch = benchmark(work.time, raw, 1, 0.0)
    assert epoch.iteration_count == 1
    fixed_ns = sorted(work.time(raw, 1, 0.0).elapsed_ns for _ in range(999))[499]
    benchmark.extra_info |= {
        "fixed_ns": fixed_ns,
        "taken_off_ns": measured.facts.cost_ns,
        "fixed_share_of_epoch_pct": 100 * fixed_ns / EPOCH_NS,
    }


@pytest.mark.parametrize("has_canary", [False, True], ids=["bare", "canary"])
def test_time_call(benchmark: BenchmarkFixture, has_canary: bool) -> None:
    """One ``Work.time`` of one call is what Python and C do around an epoch, untimed.

    A sweep runs the canary before and after each epoch; bare is the way to C and back.
    """
    timer = Timer.measured(warm_up_below_ns=0)
    timer.timing.has_canary = has_canary
    work = copying([b"k"])
    epoch = benchmark(work.time, timer, 1, 0.0)
    assert (epoch.canary_before_ns > 0) is has_canary
    if benchmark.stats:
        share_pct = 100 * benchmark.stats.stats.min * 1e9 / EPOCH_NS
        benchmark.extra_info["added_to_epoch_pct"] = share_pct
