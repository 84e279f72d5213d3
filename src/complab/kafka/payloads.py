"""Reads the payloads that are to be measured out of a file of record batches.

What is read is what stands in a broker's log: v2 record batches back to back, in any
of Kafka's codecs, mixed or not. Damage costs the batch that it is in: a batch whose
CRC or codec bits are wrong, or whose records do not decompress, is left out with a
warning, and the others are measured. Message sets (v0, v1) and folders of segments are
not read here.
"""

import hashlib
import mmap
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.core import BATCH_HEADER_BYTES, BatchHeader, Buffer, ScanEnd
from complab.errors import (
    CodecError,
    CodecRunError,
    DestinationTooSmallError,
    InputError,
    NoDataBatchError,
    NotARecordBatchError,
    TruncatedBatchError,
    UnsupportedMagicError,
)

DEFAULT_MAX_INPUT_BYTES = 16 * 1024 * 1024

# What one batch may decompress to. The largest that Kafka's own readers would take is
# bounded by the size of a request (socket.request.max.bytes, 100 MiB); ten times that.
_LARGEST_PAYLOAD_BYTES = 1 << 30

_OPAQUE_ADVICE = "use --opaque to measure any bytes at all as one block"


@dataclass(frozen=True, slots=True)
class InputWarning:
    """What was not measured, and whether that is damage: the run is then incomplete."""

    kind: str
    message: str
    is_damage: bool


@dataclass(frozen=True, slots=True)
class Payloads:
    """The uncompressed records sections of the batches that are measured.

    ``batch_count`` and ``record_count`` count all data batches of the input;
    ``len(blocks)`` are measured. ``seed`` is what the choice was made with.
    """

    path: str
    sha256: str
    batch_count: int
    record_count: int
    blocks: tuple[bytes, ...] = field(repr=False)
    is_opaque: bool
    seed: int
    warnings: tuple[InputWarning, ...] = ()

    @property
    def uncompressed_bytes(self) -> int:
        """The sum of the blocks."""
        return sum(map(len, self.blocks))


def read_payloads(
    path: str,
    *,
    libraries: Catalogue,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    seed: int = 0,
    is_opaque: bool = False,
) -> Payloads:
    """Read what a sweep measures from a file, or from standard input (``-``).

    More than ``max_input_bytes`` of payload is thinned: batches are drawn evenly over
    the file. Raises ``InputError`` and its kin if nothing can be measured.
    """
    data = _read(path)
    digest = hashlib.sha256(data).hexdigest()
    if is_opaque:
        block = bytes(data[:max_input_bytes])
        warnings: tuple[InputWarning, ...] = ()
        if len(block) < len(data):
            text = f"measured the first {len(block):,} of {len(data):,} bytes"
            warnings = (InputWarning("sampled", text, is_damage=False),)
        return Payloads(path, digest, 1, 0, (block,), True, seed, warnings)
    scan = core.scan_batches(data)
    warnings_found = _judge_end(path, scan, len(data))
    batches, told = _sort_out(scan.batches)
    warnings_found += told
    blocks, told = _draw(data, batches, libraries, max_input_bytes, seed)
    warnings_found += told
    warnings_found = _shortened(warnings_found)
    if not blocks:
        raise NoDataBatchError(_nothing_left(warnings_found), path=path)
    return Payloads(
        path,
        digest,
        len(batches),
        sum(batch.record_count for batch in batches),
        tuple(blocks),
        False,
        seed,
        tuple(warnings_found),
    )


def _nothing_left(warnings: list[InputWarning]) -> str:
    """Why nothing can be measured, and what to do."""
    reasons = "; ".join(w.message for w in warnings) or "it holds none"
    kinds = {w.kind for w in warnings if w.is_damage}
    if not kinds:
        advice = "take a segment that producers wrote to"
    elif kinds == {"no-library"}:
        advice = "add the library, or take another segment"
    else:
        advice = "copy the file again, or take another segment"
    return f"no batch with records can be measured ({reasons}): {advice}"


def _read(path: str) -> Buffer:
    """All bytes: mapped where the file can be, never empty."""
    try:
        if path == "-" and sys.stdin is None:
            message = "is closed: pipe record batches into it, or name a file"
            raise InputError(message, path=path)
        if path == "-":
            data: Buffer = sys.stdin.buffer.read()
        else:
            with Path(path).open("rb") as file:
                try:
                    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                except (ValueError, OSError):  # empty or of /proc; a pipe or a device
                    data = file.read()
    except IsADirectoryError:
        message = "is a directory: name one of its .log files"
        raise InputError(message, path=path) from None
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise InputError(message, path=path) from None
    if len(data) == 0:
        message = "is empty: there is nothing to measure"
        raise InputError(message, path=path)
    return data


def _judge_end(path: str, scan: core.Scan, file_bytes: int) -> list[InputWarning]:
    """Say why the scan ended before the file did; raise if that was at once."""
    place, left_bytes = scan.end_position, file_bytes - scan.end_position
    if scan.end is ScanEnd.COMPLETE:
        return []
    seen = _seen(scan, left_bytes)
    if not scan.batches:
        kind = {
            ScanEnd.OLD_MAGIC: UnsupportedMagicError,
            ScanEnd.TORN: TruncatedBatchError,
        }.get(scan.end, NotARecordBatchError)
        advice = _OPAQUE_ADVICE
        if scan.end is ScanEnd.TORN:
            advice = f"copy the whole batch, or {advice}"
        message = f"no record batch: {seen}; {advice}"
        raise kind(message, path=path, offset=place)
    if scan.end is ScanEnd.ZEROS:
        text = f"offset {place:,}: {seen} (preallocated)"
        return [InputWarning("zero-tail", text, is_damage=False)]
    text = f"offset {place:,}: {seen}; the {left_bytes:,} bytes from here are unread"
    return [InputWarning(scan.end.name.lower().replace("_", "-"), text, is_damage=True)]


def _seen(scan: core.Scan, left_bytes: int) -> str:
    """What stands at the place where a scan ended."""
    if scan.end is ScanEnd.ZEROS:
        return f"{left_bytes:,} zero bytes to the end"
    if scan.end is ScanEnd.OLD_MAGIC:
        return (
            f"a message set of magic {scan.seen_magic}, as clients before Kafka 0.11 "
            "wrote it, and only magic 2 is read: produce it anew"
        )
    if scan.end is ScanEnd.TORN:
        wanted = (
            f"a batch of {scan.seen_length + 12:,} bytes is cut short:"
            if scan.seen_length > 0
            else "too little for a batch header:"
        )
        return f"{wanted} {left_bytes:,} bytes are left"
    if scan.end is ScanEnd.BAD_LENGTH:
        return f"a batch length of {scan.seen_length:,}, where 49 is the least"
    return f"magic {scan.seen_magic}, where a record batch has 2"


def _sort_out(
    batches: tuple[BatchHeader, ...],
) -> tuple[list[BatchHeader], list[InputWarning]]:
    """Keep the batches with records; tell of the others."""
    kept: list[BatchHeader] = []
    warnings: list[InputWarning] = []
    control_count = empty_count = 0
    for batch in batches:
        place = f"offset {batch.position:,}"
        if not batch.is_crc_valid:
            text = (
                f"{place}: CRC-32C is {batch.crc_actual:08x}, the header says "
                f"{batch.crc_expected:08x}; the batch is left out"
            )
            warnings.append(InputWarning("bad-crc", text, is_damage=True))
        elif batch.codec_id >= len(catalogue.KAFKA_CODECS):
            text = (
                f"{place}: codec bits {batch.codec_id} mean no codec; the batch is "
                "left out"
            )
            warnings.append(InputWarning("bad-codec", text, is_damage=True))
        elif batch.is_control:
            control_count += 1
        elif batch.record_count <= 0 or batch.batch_bytes <= BATCH_HEADER_BYTES:
            empty_count += 1
        else:
            kept.append(batch)
    if control_count:
        text = f"control batches passed over: {control_count:,}"
        warnings.append(InputWarning("control-batches", text, is_damage=False))
    if empty_count:
        text = f"batches without records passed over: {empty_count:,}"
        warnings.append(InputWarning("empty-batches", text, is_damage=False))
    used = sorted({batch.codec_id for batch in kept})
    if len(used) > 1:
        text = "stored in several codecs: " + ", ".join(
            catalogue.KAFKA_CODECS[codec_id] for codec_id in used
        )
        warnings.append(InputWarning("mixed-codecs", text, is_damage=False))
    return kept, warnings


# A file whose codec has no library here has as many warnings as batches.
_SHOWN_OF_A_KIND = 3


def _shortened(warnings: list[InputWarning]) -> list[InputWarning]:
    """The first few warnings of each kind, and how many more there are."""
    counts = Counter(warning.kind for warning in warnings)
    seen: Counter[str] = Counter()
    kept: list[InputWarning] = []
    for warning in warnings:
        seen[warning.kind] += 1
        if seen[warning.kind] <= _SHOWN_OF_A_KIND:
            kept.append(warning)
        elif seen[warning.kind] == counts[warning.kind]:
            more = counts[warning.kind] - _SHOWN_OF_A_KIND
            batches = "batch is" if more == 1 else "batches are"
            text = f"{more:,} more {batches} left out for the same reason"
            kept.append(InputWarning(warning.kind, text, warning.is_damage))
    return kept


# The golden ratio's fractional part: multiples of it fall evenly (three-gap theorem).
_GOLDEN = (5**0.5 - 1) / 2


def _spread_order(count: int, seed: int) -> list[int]:
    """An order of ``range(count)`` any beginning of which is spread evenly over it."""
    start = random.Random(seed).random()  # noqa: S311 - reproducible, no secret
    return sorted(range(count), key=lambda i: (start + i * _GOLDEN) % 1.0)


def _draw(
    data: Buffer,
    batches: list[BatchHeader],
    libraries: Catalogue,
    max_input_bytes: int,
    seed: int,
) -> tuple[list[bytes], list[InputWarning]]:
    """Decompress evenly spread batches until the bound is reached, one at least."""
    drawn: dict[int, bytes] = {}
    warnings: list[InputWarning] = []
    total_bytes = 0
    for index in _spread_order(len(batches), seed):
        batch = batches[index]
        payload, problem = _decompressed(data, batch, libraries)
        if problem:
            warnings.append(problem)
            continue
        if drawn and total_bytes + len(payload) > max_input_bytes:
            text = (
                f"measured {len(drawn):,} of {len(batches):,} batches, spread evenly "
                f"over the input (seed {seed}): --max-input takes more"
            )
            warnings.append(InputWarning("sampled", text, is_damage=False))
            break
        drawn[index] = payload
        total_bytes += len(payload)
    return [drawn[index] for index in sorted(drawn)], warnings


class _NoLibraryError(CodecError):
    """The codec that a batch is stored in has no library here."""


def _decompressed(
    data: Buffer, batch: BatchHeader, libraries: Catalogue
) -> tuple[bytes, InputWarning | None]:
    """The payload of a batch, or why it cannot be had."""
    place = f"offset {batch.position:,}"
    try:
        payload = _payload(data, batch, libraries)
        problem = "" if payload else "they decompress to nothing"
    except _NoLibraryError as error:
        text = f"{place}: its records cannot be read ({error}); the batch is left out"
        return b"", InputWarning("no-library", text, is_damage=True)
    except CodecRunError as error:
        payload, problem = b"", f"{error.codec}: {error.reason}"
    except CodecError as error:
        payload, problem = b"", str(error)
    if not problem:
        return payload, None
    text = f"{place}: its records do not decompress ({problem}); the batch is left out"
    return b"", InputWarning("bad-records", text, is_damage=True)


def _payload(data: Buffer, batch: BatchHeader, libraries: Catalogue) -> bytes:
    """The uncompressed records section of a batch."""
    begin = batch.position + BATCH_HEADER_BYTES
    stored = data[begin : batch.position + batch.batch_bytes]
    name = catalogue.KAFKA_CODECS[batch.codec_id]
    if name == "none":
        return bytes(stored)
    codec = catalogue.find(name, catalogue.KAFKA)
    (provider,) = libraries.choose(codec, None)
    if provider.library is None:
        raise _NoLibraryError(provider.problem, codec=name)
    levels = core.codec_levels(codec, provider.library)
    coder = core.Coder(
        codec,
        provider.library,
        core.Direction.DECOMPRESS,
        level=levels.default if levels else 0,
    )
    sources, arena = core.Sources([bytes(stored)]), core.Arena()
    capacity_bytes = 8 * len(stored) + 4096
    while True:
        work = core.Work(coder, sources, [capacity_bytes], arena)
        try:
            work.run_block(0)
        except DestinationTooSmallError:
            if capacity_bytes >= _LARGEST_PAYLOAD_BYTES:
                raise
            capacity_bytes = min(4 * capacity_bytes, _LARGEST_PAYLOAD_BYTES)
            continue
        return work.output(0)
