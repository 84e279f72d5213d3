"""Codecs, and work: a codec over blocks, run and timed.

Buffers go in and out without a copy: anything with the buffer protocol serves as a
source, and outputs are views into an arena.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any, Protocol

from complab._core import ffi, lib
from complab.core.libraries import Library, handle_of
from complab.core.status import Buffer, check, text_of, words
from complab.core.timing import Calibration, Epoch, Timer
from complab.errors import (
    CalibrationError,
    ClockError,
    CodecError,
    CodecRunError,
    DestinationTooSmallError,
    LevelError,
    StoppedError,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Blocks start at cache lines, as they do when a client allocates each for itself.
_ALIGNMENT_BYTES = 64


class Direction(IntEnum):
    """Which way a coder works."""

    COMPRESS = 0
    DECOMPRESS = 1


class Style(IntFlag):
    """In what a client's frames differ from the Java client's (``csrc/complab.h``)."""

    BARE_BLOCK = 1
    CONTENT_SIZE = 2
    CONTENT_CHECKSUM = 4
    BLOCK_CHECKSUMS = 8
    LZ4F_LEVELS = 16
    NO_FLUSH = 32
    ONE_CALL = 64
    ZLIB_HEADER = 128


JAVAS_STYLE = Style(0)


@dataclass(frozen=True, slots=True)
class Writing:
    """How frames are written: the Java client's way unless told otherwise.

    ``block_bytes`` of an lz4 frame (0: 64 KiB), ``window_log`` of zstd (0: the
    level's).
    """

    style: Style = JAVAS_STYLE
    block_bytes: int = 0
    window_log: int = 0


@dataclass(frozen=True, slots=True)
class CodecInfo:
    """A codec in one framing; ``library_kind`` and ``kafka_id`` may be ``None``.

    ``has_context`` and ``heeds_size``: whether a fresh context, and a size known ahead,
    make a difference to it.
    """

    index: int
    name: str
    framing: str
    library_kind: int | None
    kafka_id: int | None
    has_context: bool
    heeds_size: bool


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a codec; ``sweep_min`` to ``sweep_max`` is what a sweep walks."""

    min: int
    max: int
    default: int
    sweep_min: int
    sweep_max: int


def codecs() -> tuple[CodecInfo, ...]:
    """Every codec of the C table, in its order."""
    found = []
    for index in range(lib.complab_codec_count()):
        info = ffi.new("complab_codec_info *")
        check(lib.complab_codec_info_get(index, info))
        kind = info.library_kind
        found.append(
            CodecInfo(
                index,
                text_of(info.name),
                text_of(info.framing),
                None if kind == lib.COMPLAB_NO_LIBRARY else kind,
                None if info.kafka_id < 0 else info.kafka_id,
                bool(info.has_context),
                bool(info.heeds_size),
            )
        )
    return tuple(found)


def can_evict() -> bool:
    """Whether this machine can measure with cold buffers."""
    return bool(lib.complab_can_evict())


def codec_levels(codec: CodecInfo, library: Library | None) -> Levels | None:
    """The levels that the codec has with this library, ``None`` if it has none."""
    levels = ffi.new("complab_levels *")
    check(lib.complab_codec_levels(codec.index, handle_of(library), levels))
    if not levels.has_levels:
        return None
    return Levels(
        levels.min,
        levels.max,
        levels.default_level,
        levels.sweep_min,
        levels.sweep_max,
    )


class Operation(Protocol):
    """What a work runs over its blocks: a function of C with its state."""

    function: Any
    handle: Any

    def failure(self, status: int, block_index: int) -> Exception:
        """The exception for a status that a run ended with."""


class Coder:
    """A codec at one level in one direction: an ``Operation``.

    ``level`` is ignored by a codec without levels; ``LevelError`` if it is out of
    range. With ``is_context_fresh`` each block makes and frees its own context. Only
    zstd takes a ``dictionary``; ``CodecError`` for another codec.
    """

    def __init__(
        self,
        codec: CodecInfo,
        library: Library | None,
        direction: Direction,
        *,
        level: int = 0,
        is_context_fresh: bool = False,
        is_size_known: bool = True,
        writing: Writing | None = None,
        dictionary: Buffer | None = None,
    ) -> None:
        """Make the coder and, unless fresh ones are wanted, its context."""
        how = writing or Writing()
        # Outlives the coder, which borrows it.
        self._dictionary = ffi.from_buffer("uint8_t[]", dictionary or b"")
        settings = ffi.new(
            "complab_settings *",
            [
                *(level, is_context_fresh, is_size_known),
                *(int(how.style), how.block_bytes, how.window_log),
                ffi.NULL if dictionary is None else self._dictionary,
                len(self._dictionary),
            ],
        )
        out = ffi.new("complab_coder **")
        status = lib.complab_coder_new(
            codec.index, handle_of(library), int(direction), settings, out
        )
        if status == lib.COMPLAB_LEVEL_OUT_OF_RANGE:
            message = f"{codec.name} has no level {level}"
            raise LevelError(message)
        if status != lib.COMPLAB_OK:
            raise CodecError(words(status, ""), codec=codec.name)
        self.codec = codec
        self.direction = direction
        self.function = lib.complab_coder_run
        self.handle = ffi.gc(out[0], lib.complab_coder_free)

    def bound_bytes(self, src_bytes: int) -> int:
        """The largest output for ``src_bytes``; ``CodecError`` if that is too much."""
        bound = int(lib.complab_coder_bound(self.handle, src_bytes))
        if bound == 0 and src_bytes > 0:
            message = f"a batch of {src_bytes:,} bytes is more than the codec takes"
            raise CodecError(message, codec=self.codec.name)
        return bound

    @property
    def memory_bytes(self) -> int | None:
        """The memory of its context after a run, ``None`` where nobody tells."""
        return int(lib.complab_coder_memory_bytes(self.handle)) or None

    def release(self) -> None:
        """Free the context that is kept over blocks; the next run makes another."""
        lib.complab_coder_release(self.handle)

    def failure(self, status: int, block_index: int) -> Exception:
        """The exception for a status that this coder's run ended with."""
        if status == lib.COMPLAB_STOPPED:
            return StoppedError(words(status, ""))
        fault = ffi.new("complab_fault *")
        lib.complab_coder_fault(self.handle, fault)
        sentence = words(status, text_of(fault.text))
        if status == lib.COMPLAB_DST_TOO_SMALL:
            return DestinationTooSmallError(sentence, codec=self.codec.name)
        if status == lib.COMPLAB_CLOCK_FAILED:
            return ClockError(sentence)
        if status == lib.COMPLAB_NOT_CALIBRATED:
            return CalibrationError(sentence)
        return CodecRunError(
            sentence,
            codec=self.codec.name,
            native_code=fault.native_code,
            block_index=block_index,
        )


class Sources:
    """Buffers that stay where they are while C looks at them."""

    def __init__(self, buffers: Iterable[Buffer]) -> None:
        """Take the addresses; the buffers are kept alive."""
        self.views = [ffi.from_buffer("uint8_t[]", buffer) for buffer in buffers]
        self.sizes = [len(view) for view in self.views]
        self.pointers = ffi.new("uint8_t *[]", self.views)
        self.size_array = ffi.new("size_t[]", self.sizes)

    @property
    def total_bytes(self) -> int:
        """The sum of the sizes."""
        return sum(self.sizes)

    def __len__(self) -> int:
        """The number of buffers."""
        return len(self.views)


class Arena:
    """Memory for outputs, shared by configurations and grown when one needs more."""

    def __init__(self) -> None:
        """Begin empty."""
        self._memory = bytearray()

        self.view: Any = ffi.from_buffer("uint8_t[]", self._memory)

    def reserve(self, size_bytes: int) -> None:
        """Make ``view`` at least so large; whoever holds the old one holds it on."""
        if size_bytes > len(self._memory):
            self._memory = bytearray(size_bytes)
            self.view = ffi.from_buffer("uint8_t[]", self._memory)


def _aligned(size_bytes: int) -> int:
    return -(-size_bytes // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES


class Work:
    """An operation over the blocks of ``sources``, ready to be run and timed.

    ``capacities`` are the output sizes to allow for, one a block. ``stop_flag`` is a
    buffer of one 32-bit integer that is read between codec calls; anything but 0 ends
    a run with ``StoppedError``. With ``is_cold`` the blocks are taken out of the caches
    before each iteration that is timed.
    """

    def __init__(
        self,
        operation: Operation,
        sources: Sources,
        capacities: Sequence[int],
        arena: Arena,
        stop_flag: Buffer | None = None,
        *,
        is_cold: bool = False,
    ) -> None:
        """Lay the blocks out in the arena."""
        self._operation = operation
        self._sources = sources
        self._arena = arena
        self._capacities = list(capacities)
        self._count = len(sources)
        self._blocks = ffi.new("complab_block[]", max(1, self._count))
        self._stop = (
            ffi.NULL
            if stop_flag is None
            else ffi.from_buffer("int32_t *", stop_flag, require_writable=True)
        )
        self._work = ffi.new("complab_work *")
        self._work.operation = operation.function
        self._work.state = operation.handle
        self._work.blocks = self._blocks
        self._work.block_count = self._count
        self._work.stop = self._stop
        self._work.is_cold = is_cold
        self._memory: Any = None
        arena.reserve(sum(map(_aligned, self._capacities)) or 1)

    def _place(self) -> None:
        """Point the blocks at the arena as it is now: others may have grown it."""
        memory = self._arena.view
        if memory is self._memory:
            return
        self._memory = memory
        position = 0
        for index, capacity in enumerate(self._capacities):
            block = self._blocks[index]
            block.src = self._sources.views[index]
            block.src_bytes = self._sources.sizes[index]
            block.dst = memory + position
            block.dst_capacity_bytes = capacity
            position += _aligned(capacity)

    @property
    def handle(self) -> Any:
        """C's view of the work, placed in the arena as it is now."""
        self._place()
        return self._work

    def failure(self, status: int, block_index: int) -> Exception:
        """The exception for a status that a run of the work ended with."""
        return self._operation.failure(status, block_index)

    def run_block(self, index: int) -> int:
        """Run one block untimed and return its output's size."""
        self._place()
        block = self._blocks + index
        status = self._operation.function(self._operation.handle, block)
        if status != lib.COMPLAB_OK:
            raise self._operation.failure(status, index)
        return int(block.dst_bytes)

    def output(self, index: int) -> bytes:
        """A copy of a block's last output."""
        block = self._blocks[index]
        return bytes(ffi.buffer(block.dst, block.dst_bytes))

    def first_difference(self, expected: Sources) -> tuple[int, int] | None:
        """Compare the last outputs: (block, byte) of the first difference, or none."""
        byte_offset = ffi.new("size_t *")
        block = lib.complab_blocks_compare(
            self._blocks,
            self._count,
            expected.pointers,
            expected.size_array,
            byte_offset,
        )
        return None if block == self._count else (int(block), int(byte_offset[0]))

    def calibrate(self, timer: Timer, target_ns: int) -> Calibration:
        """Find the iteration count whose epoch lasts ``target_ns``."""
        self._place()
        out = ffi.new("complab_calibration *")
        status = lib.complab_calibrate(self._work, timer.timing, target_ns, out)
        if status != lib.COMPLAB_OK:
            raise self._operation.failure(status, int(out.failed_block))
        return Calibration(int(out.iteration_count), float(out.iteration_ns))

    def time_pass(self, timer: Timer) -> "NDArray[np.float64]":
        """Time one iteration block by block: nanoseconds, an element for each block."""
        import numpy as np

        self._place()
        found = np.empty(self._count, np.float64)
        failed = ffi.new("size_t *")
        out = ffi.from_buffer("double[]", found, require_writable=True)
        status = lib.complab_pass_run(self._work, timer.timing, out, failed)
        if status != lib.COMPLAB_OK:
            raise self._operation.failure(status, int(failed[0]))
        return found

    def time(self, timer: Timer, iteration_count: int, iteration_ns: float) -> Epoch:
        """Time one epoch; ``iteration_ns`` decides about the untimed iteration."""
        self._place()
        out = ffi.new("complab_epoch *")
        status = lib.complab_epoch_run(
            self._work, timer.timing, iteration_count, iteration_ns, out
        )
        if status != lib.COMPLAB_OK:
            raise self._operation.failure(status, int(out.failed_block))
        return Epoch(
            int(out.elapsed_ns),
            int(out.iteration_count),
            int(out.canary_before_ns),
            int(out.canary_after_ns),
            int(out.flight.stalled_ns),
            round(float(out.flight.canary_ns), 2),
        )


class Crew:
    """Several works that are timed at the same time, one on each thread.

    They must share nothing but sources and libraries. ``cpus`` are the CPUs that the
    threads stay on, one a work.
    """

    def __init__(self, works: Sequence[Work], cpus: Sequence[int]) -> None:
        """Take the works; no thread is made yet."""
        self._works = list(works)
        self._cpus = ffi.new("int32_t[]", list(cpus))

    def time(self, timer: Timer, iteration_count: int, iteration_ns: float) -> Epoch:
        """Time one epoch of them all, as one epoch of all their iterations.

        Its time is such that iterations by time is the sum of the threads' own rates.
        """
        count = len(self._works)
        works = ffi.new("complab_work[]", [work.handle[0] for work in self._works])
        out = ffi.new("complab_epoch[]", count)
        status = lib.complab_crew_run(
            works,
            count,
            self._cpus,
            timer.timing,
            iteration_count,
            iteration_ns,
            out,
        )
        if status != lib.COMPLAB_OK:
            raise self._works[0].failure(status, int(out[0].failed_block))
        rate = sum(iteration_count / max(1, out[i].elapsed_ns) for i in range(count))
        return Epoch(
            round(count * iteration_count / rate),
            count * iteration_count,
            int(out[0].canary_before_ns),
            int(out[0].canary_after_ns),
        )
