"""``inspect``: what a log holds, batch by batch and in sum, and what to make of it.

Everything that ``kafka-dump-log`` prints of a batch is here, and what it does not: the
uncompressed size, the ratio, the frame and the client that it betrays, totals by codec
(KIP-640's columns), distributions, and lint.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from complab.codecs.catalogue import KAFKA_CODECS
from complab.errors import InputError, PayloadError, RecordError
from complab.kafka.clients import (
    client_text,
    narrow_origins,
    read_origins,
    shared_clients,
)
from complab.kafka.frames import RECORD_BATCH_MAGIC, framing_words, read_frames
from complab.kafka.histograms import Histogram, batch_histograms, record_histogram
from complab.kafka.lint import LintReport, lint
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES, Log
from complab.kafka.log import open as open_log
from complab.kafka.record_facts import RecordFacts, note_batch, unread_facts
from complab.kafka.subject import Subject
from complab.kafka.topic_settings import TopicSettings, parse_topic_settings
from complab.kafka.totals import LogTotals, sum_up
from complab.render import Table
from complab.studies.inspect_tables import (
    batch_table,
    lint_table,
    lint_text,
    totals_table,
)

if TYPE_CHECKING:
    import numpy as np

TIMESTAMP_TYPES = {0: "CreateTime", 1: "LogAppendTime", -1: None}


@dataclass(frozen=True)
class Inspection:
    """What was found in a log; shows itself.

    ``problems`` are the batches whose records could not be read, by number;
    ``first_offsets`` those of message sets, which only reading them tells.
    """

    log: Log
    subject: Subject
    report: LintReport
    totals: LogTotals
    histograms: tuple[Histogram, ...]
    problems: Mapping[int, str] = field(default_factory=dict)
    first_offsets: Mapping[int, int] = field(default_factory=dict)

    @property
    def has_damage(self) -> bool:
        """Whether bytes are no batch, a CRC is wrong, or records cannot be read."""
        is_torn = any(gap.is_damage for gap in self.log.gaps)
        return is_torn or bool(self.problems) or not self.subject.is_intact.all()

    def rows(self) -> list[dict[str, Any]]:
        """A mapping for each batch, with the fields that the JSON has."""
        index = self.log.index
        framings = framing_words(self.subject.frames)
        clients = self.subject.origins.words()
        sizes = self.subject.uncompressed_bytes.tolist()
        counts = self.subject.record_count.tolist()
        rows = []
        for number, row in enumerate(index):
            is_v2 = row["magic"] == RECORD_BATCH_MAGIC
            uncompressed_bytes = sizes[number] if sizes[number] >= 0 else None
            compressed_bytes = int(row["compressed_bytes"])
            codec_id = int(row["codec_id"])
            rows.append(
                {
                    "batch": number,
                    "file": self.log.files.paths[int(row["file"])],
                    "position": int(row["position"]),
                    "base_offset": self.first_offsets.get(
                        number, int(row["base_offset"])
                    ),
                    "last_offset": int(row["last_offset"]),
                    "magic": int(row["magic"]),
                    "codec": (
                        KAFKA_CODECS[codec_id]
                        if codec_id < len(KAFKA_CODECS)
                        else f"invalid ({codec_id})"
                    ),
                    "framing": framings[number],
                    "client": clients[number],
                    "timestamp_type": TIMESTAMP_TYPES.get(int(row["timestamp_type"])),
                    "base_timestamp": int(row["base_timestamp"]),
                    "max_timestamp": int(row["max_timestamp"]),
                    "record_count": counts[number] if counts[number] >= 0 else None,
                    "batch_bytes": int(row["batch_bytes"]),
                    "compressed_bytes": compressed_bytes,
                    "uncompressed_bytes": uncompressed_bytes,
                    "compression_ratio": (
                        uncompressed_bytes / compressed_bytes
                        if uncompressed_bytes and compressed_bytes
                        else None
                    ),
                    "crc_expected": int(row["crc_expected"]),
                    "crc_actual": int(row["crc_actual"]),
                    "crc_valid": bool(row["crc_valid"]),
                    "producer_id": int(row["producer_id"]) if is_v2 else None,
                    "producer_epoch": int(row["producer_epoch"]) if is_v2 else None,
                    "base_sequence": int(row["base_sequence"]) if is_v2 else None,
                    "last_sequence": _last_sequence(row) if is_v2 else None,
                    "partition_leader_epoch": (
                        int(row["partition_leader_epoch"]) if is_v2 else None
                    ),
                    "is_transactional": bool(row["is_transactional"]),
                    "is_control": bool(row["is_control"]),
                    "delete_horizon_ms": (
                        int(row["delete_horizon_ms"])
                        if row["delete_horizon_ms"] >= 0
                        else None
                    ),
                    "problem": self.problems.get(number),
                }
            )
        return rows

    def table(self, batch: int | None = None) -> Table:
        """A row for each batch, or for one of them alone."""
        rows = self.rows()
        return batch_table(self.log, rows if batch is None else [rows[batch]])

    def totals_table(self) -> Table:
        """A row for each codec, and one over all; below, who could be behind it all."""
        shared = shared_clients(self.subject.origins)
        writers = client_text(shared) if shared else None
        return totals_table(self.totals, writers)

    def lint_table(self) -> Table:
        """A row for each finding, the worst first."""
        return lint_table(self.report)

    def to_document(self) -> dict[str, Any]:
        """All of it as JSON's lists and mappings."""
        return {
            "files": list(self.log.files.paths),
            "batches": self.rows(),
            "totals": {
                "batch_count": self.totals.batch_count,
                "stored_bytes": self.totals.stored_bytes,
                "overall": self.totals.overall.as_json(),
                "codecs": [codec.as_json() for codec in self.totals.codecs],
                "control_batch_count": self.totals.control_batch_count,
                "control_bytes": self.totals.control_bytes,
                "empty_batch_count": self.totals.empty_batch_count,
                "empty_bytes": self.totals.empty_bytes,
                "damaged_batch_count": self.totals.damaged_batch_count,
                "damaged_bytes": self.totals.damaged_bytes,
            },
            "histograms": [histogram.as_json() for histogram in self.histograms],
            "lint": [finding.as_json() for finding in self.report.findings],
            "lint_not_checked": [
                {"rule": entry.rule, "title": entry.title, "needs": entry.needs}
                for entry in self.report.unchecked
            ],
            "gaps": [
                {
                    "file": self.log.files.paths[gap.file],
                    "position": gap.position,
                    "bytes": gap.bytes,
                    "reason": gap.reason,
                    "first_offset": lost[0] if lost else None,
                    "last_offset": lost[1] if lost else None,
                }
                for gap in self.log.gaps
                for lost in [self.log.offsets_lost(gap)]
            ],
        }

    def __str__(self) -> str:
        """Batches, totals and lint as text."""
        texts = (str(self.table()), str(self.totals_table()), lint_text(self.report))
        return "\n\n".join(texts)

    def __repr__(self) -> str:
        """The tables too: what an interactive session shows."""
        return str(self)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, str]:
        tables = (self.totals_table(), self.lint_table(), self.table())
        bundles = [t._repr_mimebundle_(include, exclude) for t in tables]
        return {
            kind: "\n".join(bundle[kind] for bundle in bundles) for kind in bundles[0]
        }


def _last_sequence(row: "np.void") -> int:
    """The sequence of a batch's last record: it wraps to 0 behind 2^31 - 1."""
    base = int(row["base_sequence"])
    if base < 0:
        return -1
    delta = int(row["last_offset"]) - int(row["base_offset"])
    return (base + delta) & 0x7FFFFFFF


def inspect(
    path: str,
    *,
    topic: Mapping[str, str] | TopicSettings | None = None,
    reads_records: bool = True,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Inspection:
    """Look into a log: a file, a folder of segments, or standard input (``-``).

    ``topic`` are settings as ``kafka-configs`` spells them, which some lint rules need.
    Without ``reads_records`` nothing is decompressed: sizes are then what frames tell.
    ``on_progress`` gets what is done (``scanning``, ``reading``), how far, and of how
    much. Damage is part of the result; ``InputError`` if the input cannot be read at
    all, or holds no batch.

    >>> import complab
    >>> found = complab.inspect("samples/http-requests-16k-zstd.bin")
    >>> found.totals.overall.record_count
    160
    """
    settings = (
        topic
        if isinstance(topic, TopicSettings)
        else parse_topic_settings(dict(topic or {}))
    )
    log = open_log(path, max_payload_bytes=max_payload_bytes)
    log.scan(_told(on_progress, "scanning"))
    if len(log.index) == 0:
        gap = log.gaps[0]
        message = f"no record batch: {log.describe(gap)}"
        raise InputError(message, path=log.files.paths[gap.file], offset=gap.position)
    facts = unread_facts(len(log))
    found = _Records(facts, record_histogram([]))
    if reads_records:
        _read_all(log, found, _told(on_progress, "reading"))
    frames = read_frames(log.index)
    origins = narrow_origins(log.index, read_origins(log.index, frames))
    subject = Subject(
        log.index, frames=frames, origins=origins, records=facts, topic=settings
    )
    histograms = batch_histograms(subject)
    if reads_records:
        histograms += (found.sizes,)
    return Inspection(
        log,
        subject,
        lint(subject),
        sum_up(subject),
        histograms,
        found.problems,
        found.first_offsets,
    )


def _told(
    on_progress: Callable[[str, int, int], None] | None, what: str
) -> Callable[[int, int], None] | None:
    if on_progress is None:
        return None
    return lambda done, total: on_progress(what, done, total)


@dataclass
class _Records:
    """What reading the records of a log adds up to."""

    facts: RecordFacts
    sizes: Histogram
    problems: dict[int, str] = field(default_factory=dict)
    first_offsets: dict[int, int] = field(default_factory=dict)


def _read_all(
    log: Log, found: _Records, on_progress: Callable[[int, int], None] | None
) -> None:
    """Decompress and parse every batch whose CRC holds."""
    import numpy as np

    index = log.index
    is_readable = (index["crc_valid"] == 1) & (index["record_count"] != 0)
    numbers = np.flatnonzero(is_readable)
    ends = np.cumsum(index["batch_bytes"][numbers])
    for done, (number, payload) in enumerate(log.payloads(numbers.tolist())):
        row = index[number]
        if isinstance(payload, PayloadError):
            found.problems[number] = payload.reason
            continue
        try:
            records = note_batch(found.facts, number, payload, row)
        except RecordError as error:
            found.problems[number] = str(error)
            continue
        if row["magic"] < RECORD_BATCH_MAGIC and len(records):
            found.first_offsets[number] = int(records["offset"][0])
        found.sizes += record_histogram(records["record_bytes"])
        if on_progress:
            on_progress(int(ends[done]), int(ends[-1]))
