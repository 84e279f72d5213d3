"""Where a capture begins: an offset, so many before the end, an end, or a time."""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from complab.errors import PlanError

# Kafka's times are signed 64-bit numbers.
_LATEST_TIME_MS = 2**63 - 1


class StartKind(enum.Enum):
    """What a start's value means."""

    EARLIEST = "earliest"
    LATEST = "latest"
    OFFSET = "offset"
    BEFORE_END = "before the end"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Start:
    """A place in a partition.

    ``value`` is an offset, the number of offsets before the end, or milliseconds since
    1970, as ``kind`` says; 0 for the two ends.
    """

    kind: StartKind
    value: int = 0


def parse_start(
    from_offset: int | str | None, from_timestamp: int | str | None
) -> Start:
    """The start that a user's words name; without any, the earliest offset.

    Raises ``PlanError`` for both at once, and for other words.

    >>> parse_start("-64000", None)
    Start(kind=<StartKind.BEFORE_END: 'before the end'>, value=64000)
    >>> parse_start(None, "2026-11-24T16:00:00Z").value
    1795536000000
    """
    if from_offset is not None and from_timestamp is not None:
        message = "--from-offset and --from-timestamp exclude each other"
        raise PlanError(message)
    if from_timestamp is not None:
        return Start(StartKind.TIME, _parse_time_ms(from_timestamp))
    if from_offset in {None, "earliest"}:
        return Start(StartKind.EARLIEST)
    if from_offset == "latest":
        return Start(StartKind.LATEST)
    try:
        offset = int(str(from_offset))
    except ValueError:
        message = (
            f"--from-offset {from_offset}: give a number, -N for N before the end, "
            "earliest or latest"
        )
        raise PlanError(message) from None
    if offset < 0:
        return Start(StartKind.BEFORE_END, -offset)
    return Start(StartKind.OFFSET, offset)


def _parse_time_ms(text: int | str) -> int:
    """Milliseconds since 1970; a date without a zone is of UTC."""
    word = str(text).strip()
    try:
        time_ms = int(word) if word.isdecimal() else _date_ms(word)
    except ValueError:
        time_ms = -1
    if not 0 <= time_ms <= _LATEST_TIME_MS:
        message = (
            f"--from-timestamp {text}: give milliseconds since 1970, or a date such as "
            "2026-11-24T16:00:00Z"
        )
        raise PlanError(message)
    return time_ms


def _date_ms(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def show_time(time_ms: int) -> str:
    """A time of Kafka's as a date of UTC; the number where no date can hold it.

    >>> show_time(1795536000000)
    '2026-11-24T16:00:00.000Z'
    """
    try:
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time_ms % 1000:03d}Z"
