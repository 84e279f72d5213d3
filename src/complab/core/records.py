"""Records of a payload as rows, and rows as records: nothing but places is copied.

A payload is what ``complab_records_begin`` (``csrc/complab_records.h``) takes for one:
of a batch of magic 2 its uncompressed records section, of a wrapper of magic 0 or 1 its
uncompressed set, of a plain message the message itself.
"""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from complab._core import ffi, lib
from complab.core.segments import BATCH_HEADER_BYTES, batch_dtype, checked_dtype
from complab.core.status import Buffer, check, text_of
from complab.errors import RecordError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# So many rows at once, 0.9 MB of them: a batch that claims 100 million records in a
# bomb of a gigabyte costs no more.
_RECORDS_A_CHUNK = 16384

# What complab_records_begin takes from a batch's row.
BATCH_FIELDS = (
    "magic",
    "codec_id",
    "timestamp_type",
    "record_count",
    "base_offset",
    "last_offset",
    "base_timestamp",
    "max_timestamp",
)

# What complab_batch_write takes beside these.
WRITTEN_FIELDS = (
    "attributes",
    "partition_leader_epoch",
    "producer_id",
    "producer_epoch",
    "base_sequence",
)


@cache
def record_dtype() -> "np.dtype[np.void]":
    """A row of a record: places and sizes in its payload in bytes, times in ms.

    A key or value of -1 bytes is null. ``crc_valid`` says something of magic 0 and 1
    only, whose records have a CRC each.
    """
    return checked_dtype(
        "complab_record",
        [
            ("offset", "i8"),
            ("timestamp", "i8"),
            ("position", "u4"),
            ("record_bytes", "u4"),
            ("key_position", "u4"),
            ("key_bytes", "i4"),
            ("value_position", "u4"),
            ("value_bytes", "i4"),
            ("headers_position", "u4"),
            ("headers_bytes", "u4"),
            ("header_count", "i4"),
            ("attributes", "i1"),
            ("crc_valid", "u1"),
        ],
    )


@cache
def header_dtype() -> "np.dtype[np.void]":
    """A row of a record's header: places and sizes; a value of -1 bytes is null."""
    return checked_dtype(
        "complab_header",
        [
            ("key_position", "u4"),
            ("key_bytes", "i4"),
            ("value_position", "u4"),
            ("value_bytes", "i4"),
        ],
    )


def _batch(row: "np.void", names: tuple[str, ...]) -> Any:
    """The row as C's struct: of any structured dtype that has these fields."""
    batch = ffi.new("complab_batch *")
    for name in names:
        setattr(batch, name, int(row[name]))
    return batch


def _check(status: int, fault: Any, *, batch_index: int | None = None) -> None:
    if status == lib.COMPLAB_BAD_RECORD:
        raise RecordError(
            text_of(fault.text),
            payload_offset=int(fault.native_code),
            batch_index=batch_index,
        )
    check(status)


def iter_records(
    payload: Buffer, batch: "np.void", chunk_records: int = _RECORDS_A_CHUNK
) -> "Iterator[NDArray[np.void]]":
    """The records of a batch's payload, in arrays of up to ``chunk_records`` rows.

    ``RecordError`` says what is wrong and at which byte of the payload; the good
    records before it were handed out.
    """
    import numpy as np

    view = ffi.from_buffer("uint8_t[]", payload)
    fault = ffi.new("complab_fault *")
    records = ffi.new("complab_records *")
    count = ffi.new("size_t *")
    c_batch = _batch(batch, BATCH_FIELDS)
    _check(lib.complab_records_begin(view, len(view), c_batch, records, fault), fault)
    while (left := records.record_count - records.next_index) > 0:
        rows = np.empty(min(left, chunk_records), record_dtype())
        status = lib.complab_records_next(
            view,
            len(view),
            records,
            ffi.from_buffer("complab_record[]", rows),
            len(rows),
            count,
            fault,
        )
        if count[0]:
            yield rows[: count[0]]
        _check(status, fault)


def read_records(payload: Buffer, batch: "np.void") -> "NDArray[np.void]":
    """All records of a batch's payload as one array; errors as ``iter_records``."""
    import numpy as np

    chunks = list(iter_records(payload, batch))
    if len(chunks) == 1:
        return chunks[0]
    return np.concatenate([np.empty(0, record_dtype()), *chunks])


def iter_batch_records(
    src: Buffer,
    batches: "NDArray[np.void]",
    payloads: "NDArray[np.uint64]",
    chunk_records: int = _RECORDS_A_CHUNK,
) -> "Iterator[NDArray[np.void]]":
    """The records of many batches (of ``batch_dtype``), one batch after the other.

    ``payloads`` has a row of position and size in ``src`` for each batch; the rows'
    places are in ``src`` as well, which must be below 4 GiB. An array may hold records
    of several batches, and is overwritten by the next one: copy what is to stay.
    ``RecordError`` names the batch that is wrong by ``batch_index``.
    """
    import numpy as np

    view = ffi.from_buffer("uint8_t[]", src)
    batches = np.ascontiguousarray(batches, batch_dtype())
    payloads = np.ascontiguousarray(payloads, np.uint64)
    if payloads.shape != (len(batches), 2):
        message = f"{len(batches)} batches, but payloads of shape {payloads.shape}"
        raise ValueError(message)
    rows = np.empty(chunk_records, record_dtype())
    gathering = ffi.new("complab_gathering *")
    fault = ffi.new("complab_fault *")
    count = ffi.new("size_t *")
    while gathering.batch_index < len(batches):
        status = lib.complab_records_gather(
            view,
            len(view),
            ffi.from_buffer("complab_batch[]", batches),
            ffi.cast("complab_span *", ffi.from_buffer(payloads)),
            len(batches),
            gathering,
            ffi.from_buffer("complab_record[]", rows),
            len(rows),
            count,
            ffi.NULL,
            fault,
        )
        if count[0]:
            yield rows[: count[0]]
        _check(status, fault, batch_index=int(gathering.batch_index))


def read_headers(payload: Buffer, record: "np.void") -> "NDArray[np.void]":
    """The headers of one record, in their order; ``RecordError`` if there are none so.

    A key may occur more than once.
    """
    import numpy as np

    rows = np.empty(int(record["header_count"]), header_dtype())
    view = ffi.from_buffer("uint8_t[]", payload)
    fault = ffi.new("complab_fault *")
    c_record = ffi.new("complab_record *")
    for name in ("headers_position", "headers_bytes", "header_count"):
        setattr(c_record, name, int(record[name]))
    pointer = ffi.from_buffer("complab_header[]", rows) if len(rows) else ffi.NULL
    _check(
        lib.complab_headers_read(view, len(view), c_record, pointer, len(rows), fault),
        fault,
    )
    return rows


def write_records(
    src: Buffer,
    records: "NDArray[np.void]",
    headers: "NDArray[np.void] | None" = None,
    *,
    base_offset: int,
    base_timestamp: int,
    capacity_bytes: int,
) -> tuple[bytes, int]:
    """Write as many of the records as fit: their bytes, and how many they are.

    ``records`` (of ``record_dtype``) say offset, timestamp, ``header_count`` and the
    places of key and value in ``src``; ``headers`` (of ``header_dtype``) are those of
    all records, one after the other. If not even the first fits, it comes alone, as
    every client sends a record that is larger than its batch size. Byte for byte what
    Kafka's clients write.
    """
    import numpy as np

    if headers is None:
        headers = np.empty(0, header_dtype())
    records = np.ascontiguousarray(records, record_dtype())
    headers = np.ascontiguousarray(headers, header_dtype())
    source = ffi.from_buffer("uint8_t[]", src)
    list_ = ffi.new("complab_record_list *")
    list_.src, list_.src_bytes = source, len(source)
    list_.records = ffi.from_buffer("complab_record[]", records)
    list_.record_count = len(records)
    list_.headers = ffi.from_buffer("complab_header[]", headers)
    list_.header_count = len(headers)
    counts = ffi.new("size_t[2]")
    while True:
        out = bytearray(capacity_bytes)
        status = lib.complab_records_write(
            list_,
            base_offset,
            base_timestamp,
            ffi.from_buffer("uint8_t[]", out),
            len(out),
            counts,
            counts + 1,
        )
        if status != lib.COMPLAB_DST_TOO_SMALL:
            break
        capacity_bytes = int(counts[1])
        list_.record_count = 1
    check(status)
    return bytes(memoryview(out)[: counts[1]]), int(counts[0])


def write_batch(fields: "np.void", payload: Buffer) -> bytes:
    """A record batch of magic 2 around a payload, compressed or not, with its CRC.

    ``fields`` is a row of ``batch_dtype`` or any that has its offsets, timestamps,
    producer, count, epoch and attributes; sizes and CRC are found out here.
    """
    view = ffi.from_buffer("uint8_t[]", payload)
    out = bytearray(BATCH_HEADER_BYTES + len(view))
    written = ffi.new("size_t *")
    names = (*BATCH_FIELDS[3:], *WRITTEN_FIELDS)
    check(
        lib.complab_batch_write(
            _batch(fields, names),
            view,
            len(view),
            ffi.from_buffer("uint8_t[]", out),
            len(out),
            written,
        )
    )
    return bytes(out)
