"""Payloads of many batches in one call (``csrc/payload.c``)."""

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from complab._core import ffi, lib
from complab.core.coding import Coder
from complab.core.segments import Source, batch_dtype
from complab.core.status import text_of, words
from complab.errors import CodecError, DestinationTooSmallError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Room for so many payloads of a batch's usual size, and little enough to stay in a
# core's own cache: what is decompressed there is read back from there.
_ROOM_BYTES = 1 << 20

# A batch's codec makes so much of it at the most usual; the room grows by as much again
# where that was too little.
_GROWTH = 4


class PayloadArena:
    """Memory that payloads are read into, and read into anew."""

    def __init__(self) -> None:
        """Begin with the usual room."""
        self._memory = bytearray(_ROOM_BYTES)
        self._scratch = bytearray()

    def read(
        self,
        source: Source,
        coders: Mapping[int, Coder],
        batches: "NDArray[np.void]",
        *,
        largest_bytes: int,
    ) -> list[memoryview]:
        """The payloads of the first batches, as many as fit at once, at least one.

        ``batches`` are rows of ``batch_dtype``; ``coders`` are decompressors by codec
        id, one for each codec that occurs. What is handed out holds until the next
        call. ``largest_bytes`` bounds what a batch may decompress to.

        Of the first batch, ``CodecError`` and its kin if it does not decompress or is
        larger than that; ``InputError`` and its kin if the source cannot be read.
        """
        import numpy as np

        rows = np.ascontiguousarray(batches, batch_dtype())
        scratch_bytes = int(rows["compressed_bytes"].max())
        if scratch_bytes > len(self._scratch):
            self._scratch = bytearray(scratch_bytes)
        table = ffi.new("complab_coder *[]", lib.COMPLAB_KAFKA_CODECS)
        for codec_id, coder in coders.items():
            table[codec_id] = coder.handle
        room = ffi.new("complab_payload_room *")
        ends = np.empty(len(rows), np.uint64)
        done = ffi.new("size_t *")
        while True:
            room.dst = ffi.from_buffer("uint8_t[]", self._memory)
            room.dst_capacity_bytes = len(self._memory)
            room.scratch = ffi.from_buffer("uint8_t[]", self._scratch)
            room.scratch_bytes = len(self._scratch)
            status = lib.complab_payloads_read(
                source.handle,
                table,
                ffi.from_buffer("complab_batch[]", rows),
                len(rows),
                room,
                ffi.from_buffer("uint64_t[]", ends),
                done,
                source.fault,
            )
            if status != lib.COMPLAB_DST_TOO_SMALL or done[0]:
                break
            self._grow(int(rows[0]["codec_id"]), scratch_bytes, largest_bytes)
        if not done[0]:
            self._raise(status, source, coders.get(int(rows[0]["codec_id"])))
        whole = memoryview(self._memory)
        bounds = [0, *ends[: done[0]].tolist()]
        return [whole[begin:end] for begin, end in pairwise(bounds)]

    def _grow(self, codec_id: int, stored_bytes: int, largest_bytes: int) -> None:
        """More room for a payload that does not fit, up to what one may have."""
        # What is stored uncompressed is as large as it is: no bomb hides in it.
        largest_bytes = max(largest_bytes, stored_bytes if codec_id == 0 else 0)
        if len(self._memory) >= largest_bytes:
            message = (
                f"it decompresses to more than {largest_bytes:,} bytes: a batch that "
                "Kafka could not have taken, or raise --max-payload"
            )
            raise DestinationTooSmallError(message, codec="payload")
        self._memory = bytearray(min(_GROWTH * len(self._memory), largest_bytes))

    @staticmethod
    def _raise(status: int, source: Source, coder: Coder | None) -> None:
        if status in {lib.COMPLAB_SHRUNK, lib.COMPLAB_READ_FAILED}:
            source.check(status)
        if coder is None:
            raise CodecError(words(status, text_of(source.fault.text)), codec="none")
        raise coder.failure(status, 0)
