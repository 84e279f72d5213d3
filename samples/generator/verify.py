"""Checking captured batches without librdkafka: other parsers, other codecs."""

from __future__ import annotations

from .batch import BatchError, parse_batches


def verify_set(captured: dict[str, bytes], record_count: int) -> None:
    """Check one set: the bytes of its files, by codec, ``none`` among them.

    Every batch must be valid and of its file's codec, offsets must run on from 0 to
    ``record_count``, and each codec's batches must hold the very payloads of the
    uncompressed ones. Raises ``BatchError`` where they do not.
    """
    plain = parse_batches(captured["none"])
    for codec, data in captured.items():
        batches = parse_batches(data)
        if len(batches) != len(plain):
            message = f"{codec}: {len(batches)} batches instead of {len(plain)}"
            raise BatchError(message)
        next_offset = 0
        for index, (batch, wanted) in enumerate(zip(batches, plain, strict=True)):
            same = (
                batch.codec == codec
                and batch.base_offset == next_offset
                and batch.record_count == batch.last_offset_delta + 1
                and batch.record_count == wanted.record_count
                and batch.base_timestamp_ms == wanted.base_timestamp_ms
                and batch.max_timestamp_ms == wanted.max_timestamp_ms
                and batch.decompress() == wanted.stored
            )
            if not same:
                message = f"{codec}: batch {index} is not the uncompressed one"
                raise BatchError(message)
            next_offset += batch.record_count
        if next_offset != record_count:
            message = f"{codec}: {next_offset} records instead of {record_count}"
            raise BatchError(message)
