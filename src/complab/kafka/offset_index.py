"""A segment's offset index (``.index``): where batches begin, without reading the log.

An entry is eight bytes, big-endian: the last offset of a batch, relative to the
segment's, and the position at which that batch begins. A broker writes one for each
``index.interval.bytes`` (4,096) of log at the least, so that a large batch has its own
entry and small ones share one. The index of the segment that is being written is
preallocated: zeros follow the last entry.

Source: ``OffsetIndex`` and ``LogSegment`` of Kafka's storage module.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENTRY_BYTES = 8


def read_bounds(data: bytes | bytearray, log_bytes: int) -> "NDArray[np.int64]":
    """Where in a log of ``log_bytes`` batches are known to begin, and its end.

    The first is 0, the last ``log_bytes``, and they rise. Entries count as long as
    offsets and positions do, so that zeros, a cut index and noise end them: of an
    index that says nothing, the two ends are left.
    """
    import numpy as np

    whole_bytes = len(data) // ENTRY_BYTES * ENTRY_BYTES
    entries = np.frombuffer(data, ">i4", whole_bytes // 4).astype(np.int64)
    offsets, positions = entries.reshape(-1, 2).T
    rises = (np.diff(positions, prepend=0) > 0) & (np.diff(offsets, prepend=-1) > 0)
    is_sound = np.logical_and.accumulate(rises & (positions < log_bytes))
    return np.concatenate([[0], positions[is_sound], [log_bytes]])
