"""How fast blocks are compressed with a dictionary and without, side by side.

The same loop as in a sweep times them, in this process: in each round one epoch of each
of the four, the first one another in every round, so that what slows the machine falls
on all alike. A speed is that of the median epoch, with the 95 % interval of that median
inside this run; it is not corrected for neighbours, and says less of other runs than a
sweep does. Contexts are kept over blocks, with what was made of the dictionary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from complab import core
from complab.codecs.catalogue import RAW, find
from complab.plan import WARM_UP_BELOW_NS, epoch_target_ns
from complab.stats import estimate_median

# Odd, so that a median is an epoch's own, and enough for an interval of it.
_ROUNDS = 15

# Longer than the millisecond that a sweep's epochs take, of which there are many more.
_EPOCH_NS = 20_000_000


@dataclass(frozen=True, slots=True)
class Speed:
    """MB (10⁶ bytes) of uncompressed data a second, and its error in percent."""

    mbps: float
    error_pct: float


@dataclass(frozen=True, slots=True)
class Speeds:
    """Of the same blocks, without and with a dictionary."""

    plain_compress: Speed
    compress: Speed
    plain_decompress: Speed
    decompress: Speed


def measure_speeds(
    blocks: Sequence[memoryview],
    library: core.Library,
    level: int,
    trained: bytes,
) -> Speeds:
    """Time one-shot compression and decompression of single blocks.

    ``CodecError`` and its kin if a codec fails, ``MeasurementError`` and its kin if the
    clock does.
    """
    works = [
        work
        for each in (None, trained)
        for work in _works(blocks, library, level, each)
    ]
    timer = core.Timer.measured(warm_up_below_ns=WARM_UP_BELOW_NS)
    target_ns = max(_EPOCH_NS, epoch_target_ns(timer.facts))
    plans = [work.calibrate(timer, target_ns) for work in works]
    times: list[list[float]] = [[] for _ in works]
    for number in range(_ROUNDS):
        for turn in range(len(works)):
            i = (number + turn) % len(works)
            epoch = works[i].time(
                timer, plans[i].iteration_count, plans[i].iteration_ns
            )
            times[i].append(epoch.elapsed_ns / epoch.iteration_count)
    total_bytes = sum(map(len, blocks))
    plain_compress, plain_decompress, compress, decompress = (
        _speed(each, total_bytes) for each in times
    )
    return Speeds(plain_compress, compress, plain_decompress, decompress)


def _works(
    blocks: Sequence[memoryview],
    library: core.Library,
    level: int,
    trained: bytes | None,
) -> tuple[core.Work, core.Work]:
    """Compression of the blocks, and decompression of what it gives."""
    codec = find("zstd", RAW)
    encoder, decoder = (
        core.Coder(codec, library, direction, level=level, dictionary=trained)
        for direction in core.Direction
    )
    bounds = [encoder.bound_bytes(len(block)) for block in blocks]
    # An arena for each: what is decompressed must stay as it is.
    compressing = core.Work(encoder, core.Sources(blocks), bounds, core.Arena())
    for index in range(len(blocks)):
        compressing.run_block(index)
    frames = [compressing.output(index) for index in range(len(blocks))]
    sizes = [len(block) for block in blocks]
    return compressing, core.Work(decoder, core.Sources(frames), sizes, core.Arena())


def _speed(times_ns: list[float], total_bytes: int) -> Speed:
    estimate = estimate_median(times_ns)
    assert estimate is not None  # noqa: S101 - there are enough rounds for one
    return Speed(total_bytes * 1e3 / estimate.value, estimate.error_pct)
