"""Bytes of logs: sources to read from, the scan that finds their batches, checksums.

Rows come as numpy structured arrays whose memory C filled; numpy is imported when the
first of them is made. The contract is ``csrc/complab.h``; what the scan makes of damage
is told in ``csrc/records/segment.c``.
"""

import os
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from complab._core import ffi, lib
from complab.core.status import Buffer, check, text_of, words
from complab.errors import InputError, ShrunkFileError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH_HEADER_BYTES: int = lib.COMPLAB_BATCH_HEADER_BYTES
HEAD_BYTES: int = lib.COMPLAB_HEAD_BYTES

# So many rows a call, 600 KB of them, and so far: some 20 ms of work, after which a
# caller can show how far it is and be interrupted.
_ROWS_A_STEP = 4096
_GAPS_A_STEP = 256
_STEP_BYTES = 64 * 1024 * 1024


class GapReason(IntEnum):
    """Why bytes of a log are no entry (``complab_gap_reason``)."""

    DAMAGE = 0
    TORN = 1
    ZEROS = 2
    SHRUNK = 3


def checked_dtype(c_name: str, fields: list[Any]) -> "np.dtype[np.void]":
    """The dtype of a C struct; ``AssertionError`` if C lays it out otherwise.

    What is reserved in C is padding here.
    """
    import numpy as np

    dtype = np.dtype(fields, align=True)
    struct = ffi.typeof(c_name)
    expected = {
        name: field.offset for name, field in struct.fields if name != "reserved"
    }
    actual = {name: place[1] for name, place in (dtype.fields or {}).items()}
    if actual != expected or dtype.itemsize != ffi.sizeof(struct):
        message = f"{c_name} is laid out as {expected}, and its dtype as {actual}"
        raise AssertionError(message)
    return dtype


@cache
def batch_dtype() -> "np.dtype[np.void]":
    """A row of a batch: ``complab_batch``, sizes in bytes, times in ms since 1970."""
    return checked_dtype(
        "complab_batch",
        [
            ("position", "u8"),
            ("batch_bytes", "u8"),
            ("payload_position", "u8"),
            ("compressed_bytes", "u8"),
            ("base_offset", "i8"),
            ("last_offset", "i8"),
            ("base_timestamp", "i8"),
            ("max_timestamp", "i8"),
            ("producer_id", "i8"),
            ("delete_horizon_ms", "i8"),
            ("file", "i4"),
            ("record_count", "i4"),
            ("partition_leader_epoch", "i4"),
            ("base_sequence", "i4"),
            ("crc_expected", "u4"),
            ("crc_actual", "u4"),
            ("attributes", "i2"),
            ("producer_epoch", "i2"),
            ("magic", "i1"),
            ("codec_id", "i1"),
            ("timestamp_type", "i1"),
            ("crc_valid", "u1"),
            ("is_control", "u1"),
            ("is_transactional", "u1"),
            ("head_bytes", "u1"),
            ("head", "u1", (HEAD_BYTES,)),
        ],
    )


@cache
def gap_dtype() -> "np.dtype[np.void]":
    """A row of a gap: where, how many bytes, in which file, and a ``GapReason``."""
    return checked_dtype(
        "complab_gap",
        [("position", "u8"), ("bytes", "u8"), ("file", "i4"), ("reason", "i4")],
    )


class Source:
    """Bytes to read from: a buffer, or a regular file in a window of 256 KiB.

    ``path`` is what errors call it. A file is read at the size that it has now; its
    descriptor is borrowed and stays open, unless ``is_owner`` says that it is closed
    with the source. ``InputError`` if it is no regular file.
    """

    def __init__(
        self, data: Buffer | int, *, path: str, is_owner: bool = False
    ) -> None:
        """Open a buffer, or the file behind a descriptor."""
        out = ffi.new("complab_source **")
        self.path = path
        self._fault = ffi.new("complab_fault *")
        self._view: Any = None
        if isinstance(data, int):
            status = lib.complab_source_from_file(data, out, self._fault)
        else:
            self._view = ffi.from_buffer("uint8_t[]", data)  # keeps the buffer alive
            status = lib.complab_source_from_memory(self._view, len(self._view), out)
        self.check(status)

        def free(handle: Any) -> None:
            lib.complab_source_free(handle)
            if is_owner and isinstance(data, int):
                os.close(data)

        self.handle = ffi.gc(out[0], free)

    @property
    def total_bytes(self) -> int:
        """The size: of a file, when it was opened."""
        return int(lib.complab_source_bytes(self.handle))

    def read(self, position: int, size_bytes: int) -> bytearray:
        """A copy of a range, which must lie within ``total_bytes``.

        ``ShrunkFileError`` if the file ends before it by now, ``InputError`` if the
        system cannot read it.
        """
        out = bytearray(size_bytes)
        self.read_into(position, out)
        return out

    def read_into(self, position: int, out: bytearray | memoryview) -> None:
        """As ``read``, into a writable buffer of the range's size."""
        view = ffi.from_buffer("uint8_t[]", out, require_writable=True)
        size_bytes = len(view)
        if not 0 <= position <= self.total_bytes - size_bytes:
            message = (
                f"{size_bytes:,} bytes from {position:,} on are asked for, and there "
                f"are {self.total_bytes:,} in all"
            )
            raise InputError(message, path=self.path, offset=position)
        self.check(
            lib.complab_source_read(
                self.handle, position, view, size_bytes, self._fault
            )
        )

    def check(self, status: int) -> None:
        """Raise what a status of this source means; nothing for success."""
        text = text_of(self._fault.text)
        code = int(self._fault.native_code)
        if status == lib.COMPLAB_SHRUNK:
            raise ShrunkFileError(words(status, text), path=self.path, offset=code)
        if status == lib.COMPLAB_READ_FAILED:
            reason = f"cannot be read: {os.strerror(code) if code else text}"
            raise InputError(reason, path=self.path)
        check(status)

    @property
    def fault(self) -> Any:
        """Where C says what failed."""
        return self._fault

    def close(self) -> None:
        """Give the window back; the source must not be used any more."""
        ffi.release(self.handle)


@dataclass(frozen=True, slots=True)
class ScanStep:
    """What one step of a scan found: ``batches`` and ``gaps``, structured arrays.

    ``position`` is how far it came, in bytes.
    """

    batches: "NDArray[np.void]"
    gaps: "NDArray[np.void]"
    position: int
    is_done: bool


class Scan:
    """A walk over all of a source, from ``position`` on, a step at a time.

    It copes with damage: whatever is no entry is told as a gap. A file that became
    shorter ends the scan with a gap of the reason ``SHRUNK``.
    """

    def __init__(self, source: Source, position: int = 0) -> None:
        """Begin at a position, which should be that of an entry."""
        self._source = source
        self._scan = ffi.new("complab_scan *")
        self._scan.position = position
        self._room = ffi.new("complab_scan_room *")
        self._counts = ffi.new("size_t[2]")

    @property
    def is_done(self) -> bool:
        """Whether nothing more will come."""
        return bool(self._scan.is_done)

    def step(self) -> ScanStep:
        """Find up to 4,096 batches more in up to 64 MiB, every CRC computed.

        ``InputError`` if the system cannot read the file.
        """
        import numpy as np

        batches = np.empty(_ROWS_A_STEP, batch_dtype())
        gaps = np.empty(_GAPS_A_STEP, gap_dtype())
        room = self._room
        room.batches = ffi.from_buffer("complab_batch[]", batches)
        room.batch_capacity = len(batches)
        room.gaps = ffi.from_buffer("complab_gap[]", gaps)
        room.gap_capacity = len(gaps)
        room.step_bytes = _STEP_BYTES
        status = lib.complab_segment_scan(
            self._source.handle,
            self._scan,
            room,
            self._counts,
            self._counts + 1,
            self._source.fault,
        )
        if status != lib.COMPLAB_SHRUNK:
            self._source.check(status)
        return ScanStep(
            batches[: self._counts[0]],
            gaps[: self._counts[1]],
            int(self._scan.position),
            self.is_done,
        )


def scan_all(source: Source) -> "tuple[NDArray[np.void], NDArray[np.void]]":
    """Every batch and every gap of a source, as ``Scan`` finds them."""
    import numpy as np

    scan = Scan(source)
    batches = [np.empty(0, batch_dtype())]
    gaps = [np.empty(0, gap_dtype())]
    while not scan.is_done:
        step = scan.step()
        # Copies: a step's arrays are much longer than what may be in them.
        batches.append(step.batches.copy())
        gaps.append(step.gaps.copy())
    return np.concatenate(batches), np.concatenate(gaps)


def crc32c(data: Buffer, crc: int = 0) -> int:
    """CRC-32C (Castagnoli, RFC 3720) of the bytes, continuing from ``crc``."""
    view = ffi.from_buffer("uint8_t[]", data)
    return int(lib.complab_crc32c(crc, view, len(view)))


def crc32(data: Buffer, crc: int = 0) -> int:
    """CRC-32 (IEEE 802.3, as zlib's) of the bytes, continuing from ``crc``."""
    view = ffi.from_buffer("uint8_t[]", data)
    return int(lib.complab_crc32(crc, view, len(view)))
