"""Batches made by complab's own writer, with what is wrong with them by choice."""

from collections.abc import Sequence

import numpy as np
from messages import Message

from complab import core
from complab.codecs.catalogue import KAFKA, KAFKA_CODECS, Catalogue, find

_ARENA = core.Arena()


def make_batch(
    messages: Sequence[Message],
    codec: str = "none",
    level: int | None = None,
    *,
    base_offset: int = 0,
    inner_offsets: Sequence[int] | None = None,
) -> bytes:
    """A batch of messages in a codec, framed as the Java client frames it.

    ``inner_offsets`` are the records' offsets in place of those that follow one
    another from ``base_offset`` on; the header speaks of the right ones all the same.
    """
    count = len(messages)
    offsets = range(base_offset, base_offset + count)
    src, records, headers = _lay_out(messages)
    records["offset"] = offsets if inner_offsets is None else inner_offsets
    begin_ms = messages[0].timestamp_ms
    section, written = core.write_records(
        src,
        records,
        headers,
        base_offset=base_offset,
        base_timestamp=begin_ms,
        capacity_bytes=2 * len(src) + 100 * count,
    )
    assert written == count
    fields = np.zeros(1, core.batch_dtype())
    fields["base_offset"], fields["last_offset"] = base_offset, offsets[-1]
    fields["base_timestamp"] = begin_ms
    fields["max_timestamp"] = max(message.timestamp_ms for message in messages)
    fields["producer_id"] = fields["producer_epoch"] = fields["base_sequence"] = -1
    fields["partition_leader_epoch"] = -1
    fields["record_count"] = count
    fields["attributes"] = KAFKA_CODECS.index(codec)
    return core.write_batch(fields[0], _compress(section, codec, level))


def _compress(section: bytes, codec: str, level: int | None) -> bytes:
    if codec == "none":
        return section
    info = find(codec, KAFKA)
    (provider,) = Catalogue().choose(info, None)
    levels = core.codec_levels(info, provider.library)
    coder = core.Coder(
        info,
        provider.library,
        core.Direction.COMPRESS,
        level=level if level is not None else levels.default if levels else 0,
        is_context_fresh=True,
        is_size_known=False,
    )
    capacity = coder.bound_bytes(len(section))
    work = core.Work(coder, core.Sources([section]), [capacity], _ARENA)
    work.run_block(0)
    return work.output(0)


def _lay_out(
    messages: Sequence[Message],
) -> tuple[bytes, "np.ndarray", "np.ndarray"]:
    """All parts behind one another, and the rows that name their places."""
    src = bytearray()
    records = np.zeros(len(messages), core.record_dtype())
    headers: list[tuple[int, int, int, int]] = []

    def place(data: bytes | None) -> tuple[int, int]:
        begin = len(src)
        src.extend(data or b"")
        return begin, -1 if data is None else len(data)

    for row, message in zip(records, messages, strict=True):
        row["timestamp"] = message.timestamp_ms
        row["key_position"], row["key_bytes"] = place(message.key)
        row["value_position"], row["value_bytes"] = place(message.value)
        row["header_count"] = len(message.headers)
        for name, value in message.headers:
            headers.append((*place(name.encode()), *place(value)))
    return bytes(src), records, np.array(headers, core.header_dtype())
