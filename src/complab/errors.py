"""The exceptions that leave complab, each with its facts as attributes.

A message says what went wrong, where, what was expected, and what to do next. One
codec's failure inside a sweep is a row of the result and no exception; instability is
a warning that is stored with the result.
"""

from collections.abc import Sequence

# So many differences are named in a message; the rest is counted.
_NAMED_AT_MOST = 5


class ComplabError(Exception):
    """The root of the tree; never raised itself."""


class InputError(ComplabError):
    """The input cannot be read, or is not what it should be.

    ``path`` names the input (``"-"`` is standard input), ``offset`` is the byte at
    which it was seen, or ``None`` where it concerns all of it.
    """

    def __init__(self, message: str, *, path: str, offset: int | None = None) -> None:
        """Put the place before the message."""
        name = "standard input" if path == "-" else path
        place = name if offset is None else f"{name}: offset {offset:,}"
        super().__init__(f"{place}: {message}")
        self.path = path
        self.offset = offset


class NotARecordBatchError(InputError):
    """The bytes at ``offset`` are no Kafka record batch."""


class TruncatedBatchError(InputError):
    """The only batch of the input ends before its own length says."""


class NoDataBatchError(InputError):
    """The input has no batch with records that could be measured."""


class PayloadError(InputError):
    """A batch's records cannot be had from its stored bytes; ``reason`` says why."""

    def __init__(self, reason: str, *, path: str, offset: int) -> None:
        """Say what failed before the reason."""
        super().__init__(
            f"the batch's records do not decompress: {reason}", path=path, offset=offset
        )
        self.reason = reason


class MissingLibraryError(PayloadError):
    """The codec that a batch is stored in has no library here."""


class ShrunkFileError(InputError):
    """The file became shorter while it was read; ``offset`` is where it ends now."""


class RecordError(ComplabError):
    """The bytes of a payload are not what a record may be.

    ``payload_offset`` is the byte of the uncompressed payload that is wrong, and
    ``batch_index`` counts batches from 0 where several were read at once.
    """

    def __init__(
        self, message: str, *, payload_offset: int, batch_index: int | None = None
    ) -> None:
        """Name the byte."""
        super().__init__(f"{message} (byte {payload_offset:,} of the payload)")
        self.payload_offset = payload_offset
        self.batch_index = batch_index


class CodecError(ComplabError):
    """A codec, or the library that it comes from, cannot do what it was asked for.

    ``codec`` is its name; ``native_code`` the library's own error number, 0 if none.
    """

    def __init__(self, message: str, *, codec: str, native_code: int = 0) -> None:
        """Put the codec's name before the message."""
        super().__init__(f"{codec}: {message}")
        self.codec = codec
        self.native_code = native_code


class ProviderError(CodecError):
    """A shared library cannot serve as a provider; ``path`` names the file."""

    def __init__(self, message: str, *, codec: str, path: str) -> None:
        """Name the library's file."""
        super().__init__(f"{path}: {message}", codec=codec)
        self.path = path


class DestinationTooSmallError(CodecError):
    """The output needs a larger destination."""


class CodecRunError(CodecError):
    """A codec refused a block: ``block_index`` counts from 0, ``reason`` is its own."""

    def __init__(
        self, message: str, *, codec: str, native_code: int, block_index: int
    ) -> None:
        """Name the block."""
        super().__init__(
            f"{message} (batch {block_index})", codec=codec, native_code=native_code
        )
        self.reason = message
        self.block_index = block_index


class TrainingError(CodecError):
    """No dictionary could be trained."""


class RoundTripMismatchError(CodecError):
    """What a codec gave back differs from what it got.

    ``block_index`` counts batches from 0, ``byte_offset`` is the first wrong byte.
    """

    def __init__(
        self, message: str, *, codec: str, block_index: int, byte_offset: int
    ) -> None:
        """Name the batch and the byte."""
        super().__init__(
            f"{message} (batch {block_index}, byte {byte_offset:,})", codec=codec
        )
        self.block_index = block_index
        self.byte_offset = byte_offset


class MeasurementError(ComplabError):
    """A measurement cannot be trusted or made."""


class ClockError(MeasurementError):
    """The clock does not advance, or goes backwards."""


class TimerError(MeasurementError):
    """The system has no timer or no free signal for the canary in flight."""


class CalibrationError(MeasurementError):
    """No count of iterations reached the target time."""


class StoppedError(MeasurementError):
    """The stop flag was raised while codecs ran."""


class ResultError(ComplabError):
    """A result file cannot be read or written; ``path`` names it."""

    def __init__(self, message: str, *, path: str) -> None:
        """Put the path before the message."""
        super().__init__(f"{path}: {message}")
        self.path = path


class OutputExistsError(ResultError):
    """The file is there already, and nobody said that it may be overwritten."""


class JournalMismatchError(ResultError):
    """A journal is of another run than the one that is to go on from it.

    ``differences`` are sentences: what differs, then and now.
    """

    def __init__(self, *, path: str, differences: Sequence[str]) -> None:
        """Name the first few differences."""
        named = "; ".join(differences[:_NAMED_AT_MOST])
        more = len(differences) - _NAMED_AT_MOST
        rest = f"; and {more} more" if more > 0 else ""
        super().__init__(
            f"is of another run ({named}{rest}): go on as it began, or start anew with "
            "--force",
            path=path,
        )
        self.differences = tuple(differences)


class SchemaVersionError(ResultError):
    """The file's ``found`` version is not one of the ``supported`` ones."""

    def __init__(self, *, path: str, found: object, supported: Sequence[int]) -> None:
        """Name both versions."""
        known = ", ".join(map(str, supported))
        super().__init__(
            f"schema_version {found!r} is not known to this complab, which reads "
            f"{known}: make the result again, or use the complab that wrote it",
            path=path,
        )
        self.found = found
        self.supported = tuple(supported)


class IncomparableResultsError(ResultError):
    """Two results differ in what must be the same; ``differences`` names it."""

    def __init__(self, *, path: str, differences: Sequence[str]) -> None:
        """List the differences."""
        listed = "; ".join(differences)
        super().__init__(
            f"cannot be compared with the first result: {listed}. Measure both alike, "
            "or compare them nevertheless with --force",
            path=path,
        )
        self.differences = tuple(differences)


class PlanError(ComplabError, ValueError):
    """What was asked for makes no plan: a wrong word, number or combination."""


class UnknownCodecError(PlanError):
    """No codec or set has this name."""

    def __init__(self, name: str, *, known: Sequence[str]) -> None:
        """List what there is."""
        super().__init__(f"there is no codec {name!r}: name one of {', '.join(known)}")
        self.name = name
        self.known = tuple(known)


class LevelError(PlanError):
    """The codec has no such level."""


class ClientPropertiesError(InputError):
    """A client properties file has a value that cannot be used; ``key`` names it."""

    def __init__(self, message: str, *, path: str, key: str) -> None:
        """Put the key before the message; a value is never shown, it may be secret."""
        super().__init__(f"{key}: {message}", path=path)
        self.key = key


class CaptureError(ComplabError):
    """A live topic does not give what was asked for.

    ``place`` is the broker, or the topic's partition, of which the message speaks.
    """

    def __init__(self, message: str, *, place: str) -> None:
        """Put the place before the message."""
        super().__init__(f"{place}: {message}")
        self.place = place


class CaptureLibraryError(CaptureError):
    """The library that speaks to brokers is not installed."""


class UnreachableBrokerError(CaptureError):
    """No connection to a broker came about, or it broke and did not come back."""


class AuthenticationError(CaptureError):
    """The broker does not take the client for whom it says it is, or the reverse."""


class AuthorizationError(CaptureError):
    """The user may not do this to the topic."""


class CaptureTimeoutError(CaptureError):
    """The cluster gave nothing within ``timeout_s`` seconds."""

    def __init__(self, message: str, *, place: str, timeout_s: float) -> None:
        """Keep the time."""
        super().__init__(message, place=place)
        self.timeout_s = timeout_s


class UnknownTopicError(CaptureError):
    """There is no such topic."""


class UnknownPartitionError(CaptureError):
    """The topic has ``partition_count`` partitions, and this is none of them."""

    def __init__(self, message: str, *, place: str, partition_count: int) -> None:
        """Keep the number of partitions."""
        super().__init__(message, place=place)
        self.partition_count = partition_count


class EmptyPartitionError(CaptureError):
    """The partition holds no record, or none where it was to be read."""


class OffsetRangeError(CaptureError):
    """The partition does not hold the offset.

    It holds those from ``first_offset`` to the one before ``end_offset``.
    """

    def __init__(
        self, message: str, *, place: str, first_offset: int, end_offset: int
    ) -> None:
        """Keep the range."""
        super().__init__(message, place=place)
        self.first_offset = first_offset
        self.end_offset = end_offset


class ChartLibraryError(ComplabError):
    """A library that draws charts is not installed; ``name`` is its module."""

    def __init__(self, name: str) -> None:
        """Say what installs it."""
        super().__init__(
            f"charts need the Python package {name}: pip install 'complab[charts]'"
        )
        self.name = name
