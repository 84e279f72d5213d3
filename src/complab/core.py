"""The C core as typed Python: the only module that imports ``complab._core``.

Buffers go in and out without a copy: anything with the buffer protocol serves as a
source, and outputs are views into an arena. What it is *not* for: choosing what to
measure, or making sense of the numbers. The contract is ``csrc/complab.h``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from mmap import mmap
from typing import Any, Self, TypeAlias

from complab._core import ffi, lib
from complab.errors import (
    CalibrationError,
    ClockError,
    CodecError,
    CodecRunError,
    DestinationTooSmallError,
    LevelError,
    ProviderError,
    StoppedError,
)

# collections.abc.Buffer came with Python 3.12.
Buffer: TypeAlias = bytes | bytearray | memoryview | mmap

BATCH_HEADER_BYTES: int = lib.COMPLAB_BATCH_HEADER_BYTES

# Blocks start at cache lines, as they do when a client allocates each for itself.
_ALIGNMENT_BYTES = 64


class Direction(IntEnum):
    """Which way a coder works."""

    COMPRESS = 0
    DECOMPRESS = 1


class ScanEnd(IntEnum):
    """Why a scan of batches ended (``complab_scan_end``)."""

    COMPLETE = 0
    FULL = 1
    ZEROS = 2
    TORN = 3
    OLD_MAGIC = 4
    BAD_MAGIC = 5
    BAD_LENGTH = 6


@dataclass(frozen=True, slots=True)
class CodecInfo:
    """A codec in one framing; ``library_kind`` and ``kafka_id`` may be ``None``."""

    index: int
    name: str
    framing: str
    library_kind: int | None
    kafka_id: int | None


@dataclass(frozen=True, slots=True)
class LibraryKind:
    """A kind of codec library: the file names of its parts, and how to get it."""

    index: int
    name: str
    parts: tuple[str, ...]
    install_advice: str


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a codec; ``sweep_min`` to ``sweep_max`` is what a sweep walks."""

    min: int
    max: int
    default: int
    sweep_min: int
    sweep_max: int


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """The clock's smallest step and the cost of a reading, in nanoseconds."""

    resolution_ns: int
    cost_ns: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How many iterations make an epoch, and what one of them takes."""

    iteration_count: int
    iteration_ns: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """A timed block of iterations with the canary's times before and after."""

    elapsed_ns: int
    iteration_count: int
    canary_before_ns: int
    canary_after_ns: int


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """The header of a v2 record batch; positions and sizes in bytes."""

    position: int
    batch_bytes: int
    base_offset: int
    last_offset: int
    record_count: int
    codec_id: int
    crc_expected: int
    crc_actual: int
    is_control: bool

    @property
    def is_crc_valid(self) -> bool:
        """Whether the stored CRC-32C is that of the bytes."""
        return self.crc_expected == self.crc_actual


@dataclass(frozen=True, slots=True)
class Scan:
    """Batches found, why the scan ended, and what stood at that place."""

    batches: tuple[BatchHeader, ...]
    end: ScanEnd
    end_position: int
    seen_length: int
    seen_magic: int


def _text(pointer: Any) -> str:
    return str(ffi.string(pointer).decode("utf-8", "replace"))


def _words(status: int, fault_text: str) -> str:
    words = _text(lib.complab_status_text(status))
    return f"{words}: {fault_text}" if fault_text else words


def _check(status: int) -> None:
    """Raise what a status of the clock or the loop means; nothing for success."""
    if status == lib.COMPLAB_OK:
        return
    words = _words(status, "")
    if status == lib.COMPLAB_STOPPED:
        raise StoppedError(words)
    if status == lib.COMPLAB_CLOCK_FAILED:
        raise ClockError(words)
    if status == lib.COMPLAB_NOT_CALIBRATED:
        raise CalibrationError(words)
    if status == lib.COMPLAB_NO_MEMORY:
        raise MemoryError(words)
    message = f"{words} (status {status})"
    raise AssertionError(message)


def build_flags() -> str:
    """The compiler and build type that the core was made with."""
    return _text(lib.complab_build_flags())


def clock_facts() -> ClockFacts:
    """Measure the monotonic clock; ``ClockError`` if it does not advance."""
    facts = ffi.new("complab_clock_facts *")
    _check(lib.complab_clock_measure(lib.complab_clock_monotonic(), facts))
    return ClockFacts(facts.resolution_ns, facts.cost_ns)


def canary_ns() -> int:
    """Run the contention canary once and return its time."""
    return int(lib.complab_canary_run(lib.complab_clock_monotonic()))


def codecs() -> tuple[CodecInfo, ...]:
    """Every codec of the C table, in its order."""
    found = []
    for index in range(lib.complab_codec_count()):
        info = ffi.new("complab_codec_info *")
        _check(lib.complab_codec_info_get(index, info))
        kind = info.library_kind
        found.append(
            CodecInfo(
                index,
                _text(info.name),
                _text(info.framing),
                None if kind == lib.COMPLAB_NO_LIBRARY else kind,
                None if info.kafka_id < 0 else info.kafka_id,
            )
        )
    return tuple(found)


def library_kinds() -> tuple[LibraryKind, ...]:
    """Every kind of codec library of the C table, in its order."""
    found = []
    for index in range(lib.complab_library_kind_count()):
        info = ffi.new("complab_library_info *")
        _check(lib.complab_library_kind_info(index, info))
        parts = tuple(_text(info.parts[i]) for i in range(info.part_count))
        found.append(
            LibraryKind(index, _text(info.name), parts, _text(info.install_advice))
        )
    return tuple(found)


class Library:
    """An opened copy of a codec library, kept apart from other copies.

    ``paths`` are its files, in the order of the kind's parts; a single file may hold
    all parts. ``ProviderError`` if a file cannot be loaded, lacks a function, cannot
    be kept apart, or would take a part from elsewhere.
    """

    def __init__(self, kind: LibraryKind, paths: Sequence[str]) -> None:
        """Open the files."""
        names = [ffi.new("char[]", path.encode()) for path in paths]
        out = ffi.new("complab_library **")
        fault = ffi.new("complab_fault *")
        status = lib.complab_library_open(kind.index, names, len(names), out, fault)
        if status != lib.COMPLAB_OK:
            raise ProviderError(
                _words(status, _text(fault.text)), codec=kind.name, path=paths[-1]
            )
        self.kind = kind
        # Coders borrow the library, so it is closed when the last of them is gone.
        self.handle = ffi.gc(out[0], lib.complab_library_close)

    @property
    def version(self) -> str:
        """What the library says of itself, ``""`` if nothing."""
        return _text(lib.complab_library_version(self.handle))

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that its functions really came from, one a part."""
        count = lib.complab_library_part_count(self.handle)
        return tuple(
            _text(lib.complab_library_path(self.handle, part)) for part in range(count)
        )


def _handle(library: Library | None) -> Any:
    return ffi.NULL if library is None else library.handle


def codec_levels(codec: CodecInfo, library: Library | None) -> Levels | None:
    """The levels that the codec has with this library, ``None`` if it has none."""
    levels = ffi.new("complab_levels *")
    _check(lib.complab_codec_levels(codec.index, _handle(library), levels))
    if not levels.has_levels:
        return None
    return Levels(
        levels.min,
        levels.max,
        levels.default_level,
        levels.sweep_min,
        levels.sweep_max,
    )


class Coder:
    """A codec at one level in one direction.

    ``level`` is ignored by a codec without levels; ``LevelError`` if it is out of
    range. With ``is_context_fresh`` each block makes and frees its own context.
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
    ) -> None:
        """Make the coder and, unless fresh ones are wanted, its context."""
        settings = ffi.new(
            "complab_settings *", [level, is_context_fresh, is_size_known]
        )
        out = ffi.new("complab_coder **")
        status = lib.complab_coder_new(
            codec.index, _handle(library), int(direction), settings, out
        )
        if status == lib.COMPLAB_LEVEL_OUT_OF_RANGE:
            message = f"{codec.name} has no level {level}"
            raise LevelError(message)
        if status != lib.COMPLAB_OK:
            raise CodecError(_words(status, ""), codec=codec.name)
        self.codec = codec
        self.direction = direction
        self._library = library  # outlives the coder, which borrows it
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

    def failure(self, status: int, block_index: int) -> Exception:
        """The exception for a status that this coder's run ended with."""
        if status == lib.COMPLAB_STOPPED:
            return StoppedError(_words(status, ""))
        fault = ffi.new("complab_fault *")
        lib.complab_coder_fault(self.handle, fault)
        words = _words(status, _text(fault.text))
        if status == lib.COMPLAB_DST_TOO_SMALL:
            return DestinationTooSmallError(words, codec=self.codec.name)
        if status == lib.COMPLAB_CLOCK_FAILED:
            return ClockError(words)
        if status == lib.COMPLAB_NOT_CALIBRATED:
            return CalibrationError(words)
        return CodecRunError(
            words,
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
    """A coder over the blocks of ``sources``, ready to be run and timed.

    ``capacities`` are the output sizes to allow for, one a block. ``stop_flag`` is a
    buffer of one 32-bit integer that is read between codec calls; anything but 0 ends
    a run with ``StoppedError``.
    """

    def __init__(
        self,
        coder: Coder,
        sources: Sources,
        capacities: Sequence[int],
        arena: Arena,
        stop_flag: Buffer | None = None,
    ) -> None:
        """Lay the blocks out in the arena."""
        self._coder = coder
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
        self._work.operation = lib.complab_coder_run
        self._work.state = coder.handle
        self._work.blocks = self._blocks
        self._work.block_count = self._count
        self._work.stop = self._stop
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

    def run_block(self, index: int) -> int:
        """Run one block untimed and return its output's size."""
        self._place()
        block = self._blocks + index
        status = lib.complab_coder_run(self._coder.handle, block)
        if status != lib.COMPLAB_OK:
            raise self._coder.failure(status, index)
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

    def calibrate(self, timer: "Timer", target_ns: int) -> Calibration:
        """Find the iteration count whose epoch lasts ``target_ns``."""
        self._place()
        out = ffi.new("complab_calibration *")
        status = lib.complab_calibrate(self._work, timer.timing, target_ns, out)
        if status != lib.COMPLAB_OK:
            raise self._coder.failure(status, int(out.failed_block))
        return Calibration(int(out.iteration_count), float(out.iteration_ns))

    def time(self, timer: "Timer", iteration_count: int, iteration_ns: float) -> Epoch:
        """Time one epoch; ``iteration_ns`` decides about the untimed iteration."""
        self._place()
        out = ffi.new("complab_epoch *")
        status = lib.complab_epoch_run(
            self._work, timer.timing, iteration_count, iteration_ns, out
        )
        if status != lib.COMPLAB_OK:
            raise self._coder.failure(status, int(out.failed_block))
        return Epoch(
            int(out.elapsed_ns),
            int(out.iteration_count),
            int(out.canary_before_ns),
            int(out.canary_after_ns),
        )


class Timer:
    """How epochs are timed: the monotonic clock, its cost taken off, the canary."""

    def __init__(self, facts: ClockFacts, *, warm_up_below_ns: int) -> None:
        """Keep the settings in C's form."""
        self.facts = facts
        self.timing = ffi.new("complab_timing *")
        self.timing.clock = lib.complab_clock_monotonic()
        self.timing.clock_cost_ns = facts.cost_ns
        self.timing.warm_up_below_ns = warm_up_below_ns
        self.timing.has_canary = 1

    @classmethod
    def measured(cls, *, warm_up_below_ns: int) -> Self:
        """A timer on the clock as it is measured now."""
        return cls(clock_facts(), warm_up_below_ns=warm_up_below_ns)


def crc32c(data: Buffer, crc: int = 0) -> int:
    """CRC-32C (Castagnoli, RFC 3720) of the bytes, continuing from ``crc``."""
    view = ffi.from_buffer("uint8_t[]", data)
    return int(lib.complab_crc32c(crc, view, len(view)))


# So many headers a call: about 400 KB of them.
_SCAN_BATCHES = 4096


def scan_batches(data: Buffer) -> Scan:
    """Read every batch header and check every CRC, from the first byte on."""
    view = ffi.from_buffer("uint8_t[]", data)
    rows = ffi.new("complab_batch[]", _SCAN_BATCHES)
    count = ffi.new("size_t *")
    scan = ffi.new("complab_scan *")
    found: list[BatchHeader] = []
    position = 0
    while True:
        _check(
            lib.complab_batch_scan(
                view, len(view), position, rows, _SCAN_BATCHES, count, scan
            )
        )
        found += [_header(rows[i]) for i in range(count[0])]
        position = int(scan.next_position)
        if scan.end != lib.COMPLAB_SCAN_FULL:
            break
    return Scan(
        tuple(found),
        ScanEnd(scan.end),
        position,
        int(scan.seen_length),
        int(scan.seen_magic),
    )


def _header(row: Any) -> BatchHeader:
    return BatchHeader(
        int(row.position),
        int(row.batch_bytes),
        int(row.base_offset),
        int(row.last_offset),
        int(row.record_count),
        int(row.codec_id),
        int(row.crc_expected),
        int(row.crc_actual),
        bool(row.is_control),
    )
