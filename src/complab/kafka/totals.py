"""Totals of an index, over all and by codec: what KIP-640's tool would have printed.

Its columns are all here but those of a trial compression (time and speed), which a
sweep measures. Sizes of payloads are without the 61 bytes of a batch's header.

Not for means of skewed things alone: `complab.kafka.histograms` has distributions.

Source: https://cwiki.apache.org/confluence/display/KAFKA/KIP-640%3A+Add+log+compression+analysis+tool
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from complab.kafka.subject import CODECS, Subject

if TYPE_CHECKING:
    from complab.kafka.frames.model import Mask

ALL: Final = "all"
"""What stands for the codec in the row over all batches."""


@dataclass(frozen=True, slots=True)
class CodecTotals:
    """The data batches of a codec, or of all (`ALL`); None is "not known".

    ``stored_bytes`` are whole batches. ``sized_batch_count`` batches are known
    uncompressed: ``uncompressed_bytes``, ``compression_ratio``, ``space_savings_pct``
    and ``average_batch_ratio`` (the mean of the batches' own ratios) speak of these
    alone, ``compressed_bytes`` of all. So do ``record_count`` and
    ``average_records_per_batch`` of the ``counted_batch_count`` batches whose records
    are counted: a compressed message set's are once it was read.
    """

    codec: str
    batch_count: int
    batch_share: float
    stored_bytes: int
    compressed_bytes: int
    sized_batch_count: int
    uncompressed_bytes: int | None
    compression_ratio: float | None
    space_savings_pct: float | None
    average_batch_ratio: float | None
    counted_batch_count: int
    record_count: int | None
    average_records_per_batch: float | None
    multi_record_batch_count: int
    average_batch_bytes: float | None
    smallest_batch_bytes: int | None
    largest_batch_bytes: int | None

    def as_json(self) -> dict[str, str | int | float | None]:
        """All fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LogTotals:
    """An index in sum: ``codecs`` has those that occur, in the order of their numbers.

    The batches of ``overall`` and of ``codecs`` are those with records whose CRC is
    right. The others are counted apart; all of them together are ``batch_count``.
    """

    batch_count: int
    stored_bytes: int
    overall: CodecTotals
    codecs: tuple[CodecTotals, ...]
    control_batch_count: int
    control_bytes: int
    empty_batch_count: int
    empty_bytes: int
    damaged_batch_count: int
    damaged_bytes: int


def sum_up(subject: Subject) -> LogTotals:
    """Sum up an index.

    Of no batch at all the counts are 0 and the ratios and means None.
    """
    rows = subject.rows
    is_empty = subject.is_intact & ~subject.is_control & (rows["record_count"] == 0)
    is_control = subject.is_intact & subject.is_control
    return LogTotals(
        batch_count=len(rows),
        stored_bytes=int(rows["batch_bytes"].sum()),
        overall=_total(subject, ALL, subject.is_data),
        codecs=tuple(
            _total(subject, codec, mask)
            for codec in CODECS
            if (mask := subject.is_of_codec(codec)).any()
        ),
        control_batch_count=int(is_control.sum()),
        control_bytes=int(rows["batch_bytes"][is_control].sum()),
        empty_batch_count=int(is_empty.sum()),
        empty_bytes=int(rows["batch_bytes"][is_empty].sum()),
        damaged_batch_count=int((~subject.is_intact).sum()),
        damaged_bytes=int(rows["batch_bytes"][~subject.is_intact].sum()),
    )


def _total(subject: Subject, codec: str, mask: "Mask") -> CodecTotals:
    rows = subject.rows
    batch_bytes = rows["batch_bytes"][mask]
    batch_count = len(batch_bytes)
    data_count = int(subject.is_data.sum())

    is_sized = mask & (subject.uncompressed_bytes >= 0)
    is_sized &= rows["compressed_bytes"] > 0
    sizes = subject.uncompressed_bytes[is_sized]
    stored = rows["compressed_bytes"][is_sized].astype("i8")
    sized_bytes, sized_stored_bytes = int(sizes.sum()), int(stored.sum())
    has_sizes = sized_bytes > 0

    counts = subject.record_count[mask]
    counted = counts[counts >= 0]
    record_count = int(counted.sum())
    return CodecTotals(
        codec=codec,
        batch_count=batch_count,
        batch_share=batch_count / data_count if data_count else 0.0,
        stored_bytes=int(batch_bytes.sum()),
        compressed_bytes=int(rows["compressed_bytes"][mask].sum()),
        sized_batch_count=len(sizes),
        uncompressed_bytes=sized_bytes if len(sizes) else None,
        compression_ratio=sized_bytes / sized_stored_bytes if has_sizes else None,
        space_savings_pct=(
            100 * (1 - sized_stored_bytes / sized_bytes) if has_sizes else None
        ),
        average_batch_ratio=float((sizes / stored).mean()) if has_sizes else None,
        counted_batch_count=len(counted),
        record_count=record_count if len(counted) else None,
        average_records_per_batch=record_count / len(counted) if len(counted) else None,
        multi_record_batch_count=int((counted > 1).sum()),
        average_batch_bytes=float(batch_bytes.mean()) if batch_count else None,
        smallest_batch_bytes=int(batch_bytes.min()) if batch_count else None,
        largest_batch_bytes=int(batch_bytes.max()) if batch_count else None,
    )
