"""What a batch goes through beside its codec, as works that can be timed.

Encoding records, sealing a batch with its header and CRC, checking that CRC, and
finding the records again (``csrc/path.c``). Each work has a block for each batch.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from complab._core import ffi, lib
from complab.core.coding import Arena, Sources, Work
from complab.core.records import BATCH_FIELDS, WRITTEN_FIELDS, record_dtype
from complab.core.segments import BATCH_HEADER_BYTES
from complab.core.status import Buffer, words
from complab.errors import MeasurementError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What a record takes beside its key, value and headers at the most: the Java client's
# MAX_RECORD_OVERHEAD, its header count apart.
_RECORD_OVERHEAD_BYTES = 21 + 5


class _Operation:
    """A function of the path; ``kept`` is what its blocks' structs point at."""

    def __init__(self, function: Any, name: str, kept: tuple[Any, ...] = ()) -> None:
        self.function = function
        self.handle = ffi.NULL
        self._name = name
        self._kept = kept

    def failure(self, status: int, block_index: int) -> Exception:
        text = f"{self._name} of batch {block_index}: {words(status, '')}"
        return MeasurementError(text)


def _over_structs(
    operation: _Operation,
    structs: Any,
    capacities: Sequence[int],
) -> Work:
    views = [ffi.buffer(structs + index) for index in range(len(capacities))]
    return Work(operation, Sources(views), capacities, Arena())


def encoding_work(
    src: Buffer, records: "NDArray[np.void]", counts: Sequence[int]
) -> Work:
    """Encode records into the payloads of batches of magic 2.

    ``records`` (of ``record_dtype``) have their places in ``src``, headers included;
    ``counts`` are how many of them, in their order, make up each batch. A batch's bases
    are its first record's offset and timestamp.
    """
    import numpy as np

    records = np.ascontiguousarray(records, record_dtype())
    view = ffi.from_buffer("uint8_t[]", src)
    rows = ffi.from_buffer("complab_record[]", records)
    structs = ffi.new("complab_encoding[]", max(1, len(counts)))
    parts = ("key_bytes", "value_bytes", "headers_bytes")
    sizes = sum(np.maximum(records[part], 0).astype(np.int64) for part in parts)
    bounds = np.concatenate([[0], np.cumsum(sizes + _RECORD_OVERHEAD_BYTES)])
    capacities, first = [], 0
    for index, count in enumerate(counts):
        encoding = structs[index]
        encoding.list.src, encoding.list.src_bytes = view, len(view)
        encoding.list.records, encoding.list.record_count = rows + first, count
        encoding.base_offset = int(records["offset"][first])
        encoding.base_timestamp = int(records["timestamp"][first])
        capacities.append(int(bounds[first + count] - bounds[first]))
        first += count
    kept = (structs, view, records, rows)
    operation = _Operation(lib.complab_encode_run, "encoding", kept)
    return _over_structs(operation, structs, capacities)


def sealing_work(batches: "NDArray[np.void]", payloads: Sequence[Buffer]) -> Work:
    """Put header and CRC around payloads, framed or not; ``batches`` are their rows."""
    structs = ffi.new("complab_sealing[]", max(1, len(payloads)))
    views = [ffi.from_buffer("uint8_t[]", payload) for payload in payloads]
    for index, view in enumerate(views):
        for name in (*BATCH_FIELDS[3:], *WRITTEN_FIELDS):
            setattr(structs[index].fields, name, int(batches[name][index]))
        structs[index].payload, structs[index].payload_bytes = view, len(view)
    capacities = [BATCH_HEADER_BYTES + len(view) for view in views]
    operation = _Operation(lib.complab_seal_run, "sealing", (structs, views))
    return _over_structs(operation, structs, capacities)


def checking_work(batches: Sequence[Buffer]) -> Work:
    """Check the CRC of whole batches of magic 2."""
    operation = _Operation(lib.complab_check_run, "the CRC")
    return Work(operation, Sources(batches), [0] * len(batches), Arena())


def reading_work(batches: "NDArray[np.void]", payloads: Sequence[Buffer]) -> Work:
    """Find all records of uncompressed payloads; ``batches`` are their rows."""
    structs = ffi.new("complab_reading[]", max(1, len(payloads)))
    views = [ffi.from_buffer("uint8_t[]", payload) for payload in payloads]
    for index, view in enumerate(views):
        for name in BATCH_FIELDS:
            setattr(structs[index].batch, name, int(batches[name][index]))
        structs[index].payload, structs[index].payload_bytes = view, len(view)
    operation = _Operation(lib.complab_read_run, "reading records", (structs, views))
    return _over_structs(operation, structs, [0] * len(views))
