"""The sets of samples: which records, in how large batches, in which files."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from .batch import CODECS
from .capture import capture_batches
from .dns_queries import DnsQueryStream
from .http_requests import HttpRequestStream
from .journald import JournaldStream
from .nginx_errors import NginxErrorStream
from .verify import verify_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .record import Record


class SampleSet(NamedTuple):
    """The same records in the same batches, once for each codec of the set."""

    name: str
    open_stream: Callable[[], Iterable[Record]]
    record_count: int
    batch_bytes: int
    codecs: tuple[str, ...] = CODECS

    def records(self) -> list[Record]:
        """Return the set's records, the first ones of its stream."""
        return list(islice(self.open_stream(), self.record_count))

    def file_name(self, codec: str) -> str:
        """Return the name of the file with this codec's batches."""
        return f"{self.name}-{codec}.bin"

    def capture(self) -> dict[str, bytes]:
        """Return the content of each of the set's files by name, verified."""
        records = self.records()
        # The uncompressed batches are what the others are verified with.
        captured = {
            codec: capture_batches(records, codec, self.batch_bytes)
            for codec in dict.fromkeys(("none", *self.codecs))
        }
        verify_set(captured, self.record_count)
        return {self.file_name(codec): captured[codec] for codec in self.codecs}


# Above the payload of every 1 MB batch: one flush makes one batch.
_ONE_BATCH_BYTES = 2_000_000
_SMALL_BATCH_BYTES = 16_384
# Sets of one file each: with all five, the samples would outgrow their 6 MB.
_ZSTD_ONLY = ("zstd",)

SAMPLE_SETS = (
    SampleSet("http-requests-1m", HttpRequestStream, 600, _ONE_BATCH_BYTES),
    SampleSet("http-requests-16k", HttpRequestStream, 160, _SMALL_BATCH_BYTES),
    SampleSet("journald-1m", JournaldStream, 880, _ONE_BATCH_BYTES),
    SampleSet("journald-16k", JournaldStream, 250, _SMALL_BATCH_BYTES),
    SampleSet("dns-1m", DnsQueryStream, 2_220, _ONE_BATCH_BYTES, _ZSTD_ONLY),
    SampleSet("dns-16k", DnsQueryStream, 280, _SMALL_BATCH_BYTES, _ZSTD_ONLY),
    SampleSet("nginx-error-1m", NginxErrorStream, 2_500, _ONE_BATCH_BYTES, _ZSTD_ONLY),
    SampleSet("nginx-error-16k", NginxErrorStream, 330, _SMALL_BATCH_BYTES, _ZSTD_ONLY),
)
