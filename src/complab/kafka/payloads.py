"""Chooses the payloads that are to be measured out of a log of record batches.

Damage costs the batch that it is in: a batch whose CRC or codec bits are wrong, or
whose records do not decompress, is left out with a warning, the others are measured.
Control batches and batches without records hold nothing to compress. Of a large input
as many batches are drawn as are wanted, evenly spread.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.errors import (
    InputError,
    MissingLibraryError,
    NoDataBatchError,
    NotARecordBatchError,
    PayloadError,
    TruncatedBatchError,
)
from complab.kafka.files import read_beginning
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES, Gap, Log
from complab.kafka.log import open as open_log
from complab.units import format_count

if TYPE_CHECKING:
    import numpy as np

    from complab.kafka.log import Rows

DEFAULT_MAX_INPUT_BYTES = 16 * 1024 * 1024

# The kind of the warning that a bound left something out.
SAMPLED = "sampled"

# Messages of magic 0 and 1 that are not compressed stand one by one in a log, and the
# sets in which they were sent are forgotten. They are measured in sets of this size,
# the Java producer's default batch.size.
MESSAGE_SET_BYTES = 16_384

_CRC_NAMES = {True: "CRC-32C", False: "CRC-32"}

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

    ``batch_count`` and ``record_count`` count all data batches of the input, the latter
    ``None`` where only decompressing all of them would tell; ``len(blocks)`` are
    measured. ``batches`` is a row of ``core.batch_dtype`` for each block, by which its
    records can be read; ``None`` for opaque bytes. ``sha256`` is the digest of the
    measured batches as they are stored: of a sound file that is measured whole, the
    file's. ``seed`` is what the choice was made with. ``runs`` is the number of the run
    that each block is in, where batches were drawn in runs of neighbours.
    """

    path: str
    sha256: str
    batch_count: int
    record_count: int | None
    blocks: tuple[bytes, ...] = field(repr=False)
    is_opaque: bool
    seed: int
    warnings: tuple[InputWarning, ...] = ()
    batches: "Rows | None" = field(default=None, repr=False, compare=False)
    runs: tuple[int, ...] = ()

    @property
    def uncompressed_bytes(self) -> int:
        """The sum of the blocks."""
        return sum(map(len, self.blocks))

    @property
    def is_sample(self) -> bool:
        """Whether a bound left something out that could have been read."""
        return any(warning.kind == SAMPLED for warning in self.warnings)


def read_payloads(
    path: str,
    *,
    libraries: Catalogue,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    seed: int = 0,
    is_opaque: bool = False,
    run_count: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Payloads:
    """Read what a sweep measures from a file, a folder, or standard input (``-``).

    More than ``max_input_bytes`` of payload is thinned: batches are drawn evenly over
    the input. Raises ``InputError`` and its kin if nothing can be measured.
    """
    if is_opaque:
        return _opaque(path, max_input_bytes, seed)
    log = open_log(path, max_payload_bytes=max_payload_bytes, libraries=libraries)
    log.scan(on_progress)
    return choose_payloads(
        log, max_input_bytes=max_input_bytes, seed=seed, run_count=run_count
    )


def choose_payloads(
    log: Log,
    *,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    seed: int = 0,
    run_count: int | None = None,
) -> Payloads:
    """Draw evenly spread batches of a log, and decompress them.

    With ``run_count`` they are drawn in so many runs of neighbours, each with the same
    part of ``max_input_bytes``: for what is to be put into larger batches.

    Raises ``NotARecordBatchError`` if the log holds no batch at all,
    ``NoDataBatchError`` if none can be measured.
    """
    path = log.files.path
    if len(log.index) == 0:
        raise _no_batch(log)
    warnings = _gap_warnings(log)
    kept, told = _sort_out(log)
    warnings += told
    units = _units(log.index, kept)
    if len(units) < len(kept):
        text = (
            "messages of magic 0 or 1 that are not compressed are measured in sets of "
            f"{MESSAGE_SET_BYTES:,} bytes: a log does not keep those they came in"
        )
        warnings.append(InputWarning("message-sets", text, is_damage=False))
    if run_count is None:
        drawn, told = _draw(log, units, max_input_bytes, seed)
        runs: tuple[int, ...] = ()
    else:
        drawn, runs, told = _draw_runs(log, units, max_input_bytes, run_count)
    warnings += told
    digest = hashlib.sha256()
    for number, _ in drawn:
        digest.update(log.bytes_of(*units[number].tolist()))
    blocks = tuple(payload for _, payload in drawn)
    if not drawn:
        raise NoDataBatchError(_nothing_left(_shortened(warnings)), path=path)
    counts = log.index["record_count"][kept]
    return Payloads(
        path,
        digest.hexdigest(),
        len(units),
        int(counts.sum()) if (counts >= 0).all() else None,
        blocks,
        is_opaque=False,
        seed=seed,
        warnings=tuple(_shortened(warnings)),
        batches=_rows_of(log.index, units[[number for number, _ in drawn]]),
        runs=runs,
    )


def _opaque(path: str, max_input_bytes: int, seed: int) -> Payloads:
    block, size_bytes = read_beginning(path, max_input_bytes)
    warnings: tuple[InputWarning, ...] = ()
    if len(block) < size_bytes:
        text = f"measured the first {len(block):,} of {size_bytes:,} bytes"
        warnings = (InputWarning(SAMPLED, text, is_damage=False),)
    digest = hashlib.sha256(block).hexdigest()
    return Payloads(
        path, digest, 1, 0, (block,), is_opaque=True, seed=seed, warnings=warnings
    )


# ---- What is no batch, or holds nothing ---------------------------------------------


def _no_batch(log: Log) -> InputError:
    """Why an input without a single batch is none."""
    gap = log.gaps[0]
    kind = TruncatedBatchError if gap.reason == "torn" else NotARecordBatchError
    advice = _OPAQUE_ADVICE
    if gap.reason == "torn":
        advice = f"copy the whole batch, or {advice}"
    message = f"no record batch: {log.describe(gap)}; {advice}"
    return kind(message, path=log.files.paths[gap.file], offset=gap.position)


def _gap_warnings(log: Log) -> list[InputWarning]:
    """A warning for each gap; only those that will be shown are looked at closely."""
    seen: Counter[str] = Counter()
    warnings = []
    for gap in log.gaps:
        seen[gap.reason] += 1
        if seen[gap.reason] <= _SHOWN_OF_A_KIND:
            warnings.append(_gap_warning(log, gap))
        else:
            warnings.append(InputWarning(gap.reason, "", is_damage=gap.is_damage))
    return warnings


def _gap_warning(log: Log, gap: Gap) -> InputWarning:
    consequence = {
        "zeros": " (preallocated)",
        "damage": f"; {gap.bytes:,} bytes from here hold no batch",
    }.get(gap.reason, "")
    lost = log.offsets_lost(gap)
    records = f" (offsets {lost[0]:,} to {lost[1]:,})" if lost else ""
    text = f"{log.place(gap)}: {log.describe(gap)}{consequence}{records}"
    return InputWarning(gap.reason, text, is_damage=gap.is_damage)


def _sort_out(
    log: Log,
) -> tuple["np.ndarray[Any, np.dtype[np.int64]]", list[InputWarning]]:
    """The numbers of the batches with records; what is told of the others."""
    import numpy as np

    index = log.index
    is_sound = index["crc_valid"] == 1
    is_known = index["codec_id"] < len(catalogue.KAFKA_CODECS)
    is_control = index["is_control"] == 1
    is_batch = index["magic"] == 2  # noqa: PLR2004 - a message has a record at least
    is_empty = is_batch & (
        (index["record_count"] <= 0) | (index["compressed_bytes"] == 0)
    )
    warnings: list[InputWarning] = []
    for number in np.flatnonzero(~is_sound).tolist():
        row = index[number]
        text = (
            f"{log.place_of(number)}: {_CRC_NAMES[row['magic'] == 2]} is "  # noqa: PLR2004
            f"{row['crc_actual']:08x}, the header says {row['crc_expected']:08x}; the "
            "batch is left out"
        )
        warnings.append(InputWarning("bad-crc", text, is_damage=True))
    for number in np.flatnonzero(is_sound & ~is_known).tolist():
        text = (
            f"{log.place_of(number)}: codec bits {index[number]['codec_id']} mean no "
            "codec; the batch is left out"
        )
        warnings.append(InputWarning("bad-codec", text, is_damage=True))
    readable = is_sound & is_known
    control_count = int((readable & is_control).sum())
    if control_count:
        text = f"control batches passed over: {control_count:,}"
        warnings.append(InputWarning("control-batches", text, is_damage=False))
    empty_count = int((readable & ~is_control & is_empty).sum())
    if empty_count:
        text = f"batches without records passed over: {empty_count:,}"
        warnings.append(InputWarning("empty-batches", text, is_damage=False))
    kept = np.flatnonzero(readable & ~is_control & ~is_empty)
    used = np.unique(index["codec_id"][kept]).tolist()
    if len(used) > 1:
        names = ", ".join(catalogue.KAFKA_CODECS[codec_id] for codec_id in used)
        text = f"stored in several codecs: {names}"
        warnings.append(InputWarning("mixed-codecs", text, is_damage=False))
    return kept, warnings


# A damaged disk, or a codec without a library here, gives as many warnings as batches.
_SHOWN_OF_A_KIND = 3


# What is said of the others of a kind.
_MORE_BATCHES = (
    "more batch is left out for the same reason",
    "more batches are left out for the same reason",
)
_MORE = {"damage": ("more gap like these", "more gaps like these")}


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
            text = format_count(more, *_MORE.get(warning.kind, _MORE_BATCHES))
            kept.append(InputWarning(warning.kind, text, warning.is_damage))
    return kept


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


# ---- Drawing ------------------------------------------------------------------------


def _units(
    index: "Rows", kept: "np.ndarray[Any, np.dtype[np.int64]]"
) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """What is measured as one block: first and last batch of each, one row a unit.

    A batch and a compressed message set are units by themselves; single messages are
    put together, as long as they stand back to back.
    """
    import numpy as np

    rows = index[kept]
    is_single = (rows["magic"] < 2) & (rows["codec_id"] == 0)  # noqa: PLR2004 - magic 2
    begins = np.ones(len(kept), dtype=bool)
    if is_single.any():
        ends_at = rows["position"] + rows["batch_bytes"]
        follows = (
            is_single[1:]
            & is_single[:-1]
            & (rows["magic"][1:] == rows["magic"][:-1])
            & (rows["file"][1:] == rows["file"][:-1])
            & (rows["position"][1:] == ends_at[:-1])
        )
        runs = np.concatenate([[True], ~follows])
        run_start = rows["position"][np.maximum.accumulate(
            np.where(runs, np.arange(len(kept)), 0)
        )]  # fmt: skip
        part = (rows["position"] - run_start) // MESSAGE_SET_BYTES
        begins[1:] = ~follows | (part[1:] != part[:-1])
    first = np.flatnonzero(begins)
    last = np.concatenate([first[1:] - 1, [len(kept) - 1]]) if len(first) else first
    return np.stack([kept[first], kept[last]], axis=1).astype(np.int64)


# The golden ratio's fractional part: multiples of it fall evenly (three-gap theorem).
_GOLDEN = (5**0.5 - 1) / 2


def spread_order(count: int, seed: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """An order of ``range(count)`` any beginning of which is spread evenly over it."""
    import random

    import numpy as np

    start = random.Random(seed).random()  # noqa: S311 - reproducible, no secret
    return np.argsort((start + np.arange(count) * _GOLDEN) % 1.0, kind="stable")


def _draw(
    log: Log,
    units: "np.ndarray[Any, np.dtype[np.int64]]",
    max_input_bytes: int,
    seed: int,
) -> tuple[list[tuple[int, bytes]], list[InputWarning]]:
    """Evenly spread units with their payloads, up to the bound, one at least."""
    drawn: dict[int, bytes] = {}
    warnings: list[InputWarning] = []
    total_bytes = 0
    order = spread_order(len(units), seed)
    for number, payload in _payloads_of(log, units, order.tolist()):
        if isinstance(payload, PayloadError) or not payload:
            place = log.place_of(int(units[number][0]))
            warnings.append(_unread(place, payload))
            continue
        if drawn and total_bytes + len(payload) > max_input_bytes:
            text = (
                f"measured {len(drawn):,} of {len(units):,} batches, spread evenly "
                f"over the input (seed {seed}): --max-input takes more"
            )
            warnings.append(InputWarning(SAMPLED, text, is_damage=False))
            break
        drawn[number] = bytes(payload)
        total_bytes += len(payload)
    return sorted(drawn.items()), warnings


def _draw_runs(
    log: Log,
    units: "np.ndarray[Any, np.dtype[np.int64]]",
    max_input_bytes: int,
    run_count: int,
) -> tuple[list[tuple[int, bytes]], tuple[int, ...], list[InputWarning]]:
    """Units in runs of neighbours, which begin evenly spread over the input.

    An input that fits is a single run.
    """
    drawn: list[tuple[int, bytes]] = []
    runs: list[int] = []
    warnings: list[InputWarning] = []
    share_bytes = max_input_bytes // run_count
    is_bounded = False
    for run, (begin, end) in enumerate(run_bounds(len(units), run_count)):
        total_bytes = 0
        for number, payload in _payloads_of(log, units, list(range(begin, end))):
            if isinstance(payload, PayloadError) or not payload:
                place = log.place_of(int(units[number][0]))
                warnings.append(_unread(place, payload))
                continue
            if total_bytes and total_bytes + len(payload) > share_bytes:
                is_bounded = True
                break
            drawn.append((number, bytes(payload)))
            runs.append(run)
            total_bytes += len(payload)
    if not is_bounded:
        return drawn, (0,) * len(drawn), warnings
    text = (
        f"read {len(drawn):,} of {len(units):,} batches, in {run_count} runs spread "
        "evenly over the input: --max-input takes more"
    )
    warnings.append(InputWarning(SAMPLED, text, is_damage=False))
    return drawn, tuple(runs), warnings


def run_bounds(count: int, run_count: int) -> list[tuple[int, int]]:
    """Where each of so many runs begins, and where the next one does."""
    begins = sorted({run * count // run_count for run in range(run_count)})
    return list(zip(begins, [*begins[1:], count], strict=True))


def _rows_of(index: "Rows", units: "np.ndarray[Any, np.dtype[np.int64]]") -> "Rows":
    """A row for each unit, by which its records are read: a set has all its messages'.

    Messages that stand back to back are counted, since their row is that of the first.
    """
    rows = index[units[:, 0]].copy()
    is_set = units[:, 1] > units[:, 0]
    rows["record_count"][is_set] = (units[:, 1] - units[:, 0] + 1)[is_set]
    rows["last_offset"][is_set] = index["last_offset"][units[:, 1]][is_set]
    return rows


def _unread(place: str, payload: "memoryview | bytes | PayloadError") -> InputWarning:
    """Why a batch's records cannot be measured."""
    if isinstance(payload, MissingLibraryError):
        text = f"its records cannot be read ({payload.reason})"
        kind = "no-library"
    else:
        reason = "they decompress to nothing"
        if isinstance(payload, PayloadError):
            reason = payload.reason
        text = f"its records do not decompress ({reason})"
        kind = "bad-records"
    return InputWarning(kind, f"{place}: {text}; the batch is left out", is_damage=True)


def _payloads_of(
    log: Log, units: "np.ndarray[Any, np.dtype[np.int64]]", order: list[int]
) -> Iterable[tuple[int, memoryview | bytes | PayloadError]]:
    """The payload of each unit, in that order."""
    pending: list[int] = []
    for number in order:
        first, last = units[number].tolist()
        if first == last:
            pending.append(number)
            if len(pending) < _UNITS_AHEAD:
                continue
        yield from _single(log, units, pending)
        pending = []
        if first != last:
            yield number, log.bytes_of(first, last)
    yield from _single(log, units, pending)


# So many units are decompressed in one go at the most.
_UNITS_AHEAD = 256


def _single(
    log: Log, units: "np.ndarray[Any, np.dtype[np.int64]]", pending: list[int]
) -> Iterable[tuple[int, memoryview | PayloadError]]:
    found = log.payloads([int(units[number][0]) for number in pending])
    for number, (_, payload) in zip(pending, found, strict=True):
        yield number, payload
