"""Reading record batches of format v2, only as far as the samples need it.

Written apart from the reader of the complab package on purpose: the samples are
what that reader is tested with.

Source: Kafka's ``DefaultRecordBatch``.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import cramjam
import crc32c
import lz4.frame  # type: ignore[import-untyped,unused-ignore]
import zstandard

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")

# Everything before the payload: from baseOffset to recordsCount.
_HEADER = struct.Struct(">qiibIhiqqqhii")
# baseOffset and batchLength, which batchLength does not count.
_LOG_OVERHEAD_BYTES = 12
# The checksum covers everything from the attributes on.
_CHECKED_FROM = 21
_MAGIC = 2
_CODEC_MASK = 0x07


class BatchError(ValueError):
    """Bytes that are not whole, valid record batches."""


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """One batch: the fields of its header, and its payload as it is stored."""

    base_offset: int
    partition_leader_epoch: int
    codec: str
    attributes: int
    last_offset_delta: int
    base_timestamp_ms: int
    max_timestamp_ms: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int
    stored: bytes

    def decompress(self) -> bytes:
        """Return the payload as the codec saw it: the records, back to back."""
        if self.codec == "gzip":
            return zlib.decompress(self.stored, wbits=31)
        if self.codec == "snappy":
            return bytes(cramjam.snappy.decompress_raw(self.stored))
        if self.codec == "lz4":
            return bytes(lz4.frame.decompress(self.stored))
        if self.codec == "zstd":
            # librdkafka does not store the content's size in the frame.
            return zstandard.ZstdDecompressor().decompressobj().decompress(self.stored)
        return self.stored


def parse_batches(data: bytes) -> list[RecordBatch]:
    """Return the batches that ``data`` consists of.

    Raises ``BatchError`` where a batch is cut off, is not of format v2, or does not
    match its checksum.
    """
    batches = []
    position = 0
    while position < len(data):
        batch, position = _parse_batch(data, position)
        batches.append(batch)
    return batches


def _parse_batch(data: bytes, start: int) -> tuple[RecordBatch, int]:
    """Return the batch that begins at ``start``, and where it ends."""
    if len(data) - start < _HEADER.size:
        message = f"{len(data) - start} bytes at {start} are no batch header"
        raise BatchError(message)
    (
        base_offset,
        batch_length,
        partition_leader_epoch,
        magic,
        stored_crc,
        attributes,
        last_offset_delta,
        base_timestamp_ms,
        max_timestamp_ms,
        producer_id,
        producer_epoch,
        base_sequence,
        record_count,
    ) = _HEADER.unpack_from(data, start)
    end = start + _LOG_OVERHEAD_BYTES + batch_length
    if not start + _HEADER.size <= end <= len(data):
        message = f"batch at {start}: it would end at {end}, the data at {len(data)}"
        raise BatchError(message)
    if magic != _MAGIC:
        message = f"batch at {start}: magic {magic} instead of {_MAGIC}"
        raise BatchError(message)
    actual_crc = crc32c.crc32c(data[start + _CHECKED_FROM : end])
    if actual_crc != stored_crc:
        message = (
            f"batch at {start}: CRC-32C {actual_crc:#010x}, the header says "
            f"{stored_crc:#010x}"
        )
        raise BatchError(message)
    codec_number = attributes & _CODEC_MASK
    if codec_number >= len(CODECS):
        message = f"batch at {start}: there is no codec {codec_number}"
        raise BatchError(message)
    batch = RecordBatch(
        base_offset=base_offset,
        partition_leader_epoch=partition_leader_epoch,
        codec=CODECS[codec_number],
        attributes=attributes,
        last_offset_delta=last_offset_delta,
        base_timestamp_ms=base_timestamp_ms,
        max_timestamp_ms=max_timestamp_ms,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=base_sequence,
        record_count=record_count,
        stored=data[start + _HEADER.size : end],
    )
    return batch, end
