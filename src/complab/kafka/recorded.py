"""Records and the batches that they came in, ready to be put into other batches.

All payloads stand in one buffer, and each record is a row of places in it
(``core.record_dtype``): to encode them anew nothing is copied but by the encoder.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from complab import core
from complab.errors import InputError, RecordError
from complab.kafka.payloads import Payloads

if TYPE_CHECKING:
    import numpy as np

    from complab.kafka.log import Rows

    Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Recorded:
    """The records of some batches; ``counts`` are how many of them each batch has.

    ``source`` holds the payloads ``blocks``; ``batches`` are the rows of the batches.
    """

    blocks: tuple[bytes, ...] = field(repr=False)
    source: bytes = field(repr=False)
    rows: "Rows" = field(repr=False)
    batches: "Rows" = field(repr=False)
    counts: "Integers" = field(repr=False)

    @property
    def record_count(self) -> int:
        """How many records there are."""
        return len(self.rows)

    def content_bytes(self) -> "Integers":
        """What key, value and headers of each record take by themselves."""
        sizes = self.rows["headers_bytes"].astype("i8")
        for part in ("key_bytes", "value_bytes"):
            sizes += self.rows[part].astype("i8").clip(min=0)
        return sizes

    def bare_bytes(self) -> "Integers":
        """What each record takes in a batch beside its length and its two deltas."""
        sizes = 1 + self.content_bytes()
        for part in ("key_bytes", "value_bytes", "header_count"):
            sizes += varint_bytes(self.rows[part].astype("i8"))
        return sizes


def varint_bytes(values: "Integers") -> "Integers":
    """How many bytes each number takes as a zigzag varint."""
    import numpy as np

    zigzag = (values.astype(np.int64) << 1) ^ (values.astype(np.int64) >> 63)
    left = zigzag.view(np.uint64) >> np.uint64(7)
    sizes = np.ones(len(values), np.int64)
    while left.any():
        sizes += left != 0
        left = left >> np.uint64(7)
    return sizes


def read_recorded(payloads: Payloads) -> Recorded:
    """The records of all payloads.

    ``InputError`` names the batch whose records are not what Kafka allows, and opaque
    bytes, which have none.
    """
    import numpy as np

    if payloads.batches is None:
        message = "opaque bytes hold no records"
        raise InputError(message, path=payloads.path)
    source = b"".join(payloads.blocks)
    sizes = np.array([len(block) for block in payloads.blocks], np.uint64)
    spans = np.stack([np.cumsum(sizes) - sizes, sizes], axis=1)
    chunks: list[Rows] = [np.empty(0, core.record_dtype())]
    try:
        walk = core.iter_batch_records(source, payloads.batches, spans)
        chunks.extend(rows.copy() for rows in walk)
    except RecordError as error:
        raise InputError(str(error), path=payloads.path) from None
    rows = np.concatenate(chunks)
    # A wrapper of magic 0 or 1 tells its count only when it is read.
    ends = (spans[:, 0] + spans[:, 1]).astype(np.int64)
    counts = np.diff(np.searchsorted(rows["position"], ends, side="left"), prepend=0)
    return Recorded(payloads.blocks, source, rows, payloads.batches, counts)


def run_begins(recorded: Recorded, run_of_block: Sequence[int]) -> "Integers":
    """The number of the first record of each run of neighbours that was drawn."""
    import numpy as np

    run_of_record = np.repeat(np.asarray(run_of_block, np.int64), recorded.counts)
    return np.flatnonzero(np.diff(run_of_record, prepend=-1))


def batch_rows(
    recorded: Recorded, order: "Integers", counts: Sequence[int]
) -> tuple["Rows", "Rows"]:
    """Rows of new batches, and of their records with offsets from 0 on.

    ``order`` are the records by their numbers, ``counts`` how many make up each batch.
    """
    import numpy as np

    records = recorded.rows[order].copy()
    records["offset"] = np.arange(len(records))
    batches = np.zeros(len(counts), core.batch_dtype())
    ends = np.cumsum(counts, dtype=np.int64)
    begins = ends - counts
    batches["magic"] = 2
    batches["record_count"] = counts
    batches["base_offset"], batches["last_offset"] = begins, ends - 1
    if len(counts):
        batches["base_timestamp"] = records["timestamp"][begins]
        batches["max_timestamp"] = np.maximum.reduceat(records["timestamp"], begins)
    for name in ("producer_id", "producer_epoch", "base_sequence"):
        batches[name] = -1
    return batches, records
