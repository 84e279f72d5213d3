"""``extract``: cut batches out of a log, as they are or their payloads."""

from complab.errors import PlanError
from complab.kafka.log import Log


def batch_of_offset(log: Log, offset: int) -> int:
    """The number of the batch that an offset falls in.

    ``PlanError`` if there is none, with the offsets that there are.
    """
    import numpy as np

    index = log.index
    holds = (index["base_offset"] <= offset) & (offset <= index["last_offset"])
    found = np.flatnonzero(holds)
    if not len(found):
        first, last = index["base_offset"].min(), index["last_offset"].max()
        message = (
            f"no batch holds offset {offset:,}: the log has {first:,} to {last:,}, "
            "less what is damaged or compacted away"
        )
        raise PlanError(message)
    return int(found[0])


def check_range(log: Log, first: int, last: int) -> None:
    """Refuse batch numbers that the log does not have, with ``PlanError``."""
    count = len(log.index)
    if not 0 <= first <= last < count:
        message = f"batches {first} to {last}: the log has 0 to {count - 1}"
        raise PlanError(message)


def extract(log: Log, first: int, last: int, *, is_payload: bool = False) -> bytes:
    """The bytes of batches ``first`` to ``last``, both included.

    As stored, header and all, or with ``is_payload`` their uncompressed records
    sections, one behind the other. ``PlanError`` for numbers that are not there,
    ``InputError`` if a batch cannot be read or does not decompress.
    """
    check_range(log, first, last)
    take = log.payload if is_payload else log.batch
    return b"".join(take(number) for number in range(first, last + 1))
