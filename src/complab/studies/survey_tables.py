"""The rows of a survey, and its tables: topics, and what lint found in them."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from complab.kafka.lint import LintReport, Severity
from complab.render import Column, RowStyle, Table, escape_controls
from complab.results.model import OK, SKIPPED
from complab.sampling import Ratio
from complab.studies.library_columns import (
    codec_name,
    library_columns,
    several_libraries,
)
from complab.units import (
    format_bytes,
    format_count,
    format_number,
    format_percent,
    format_ratio,
)

if TYPE_CHECKING:
    from complab.studies.survey import Survey

INCOMPLETE = "incomplete"
"""The status of a topic some of which could not be read."""


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic as it is stored; ``None`` is "not known", means are over its batches.

    ``disk_bytes`` are its logs, indexes apart. Shares are of bytes, from 0 to 1, and
    ``covered_share`` is that of batches that could be read. ``compression_ratio`` is
    uncompressed by compressed bytes, headers apart.
    """

    topic: str
    partition_count: int
    segment_count: int
    disk_bytes: int
    is_whole: bool
    read_batch_count: int
    covered_share: float
    problems: tuple[str, ...] = ()
    codec_shares: Mapping[str, float] = field(default_factory=dict)
    client_shares: Mapping[str, float] = field(default_factory=dict)
    batch_bytes: float | None = None
    records_per_batch: float | None = None
    compression_ratio: float | None = None
    report: LintReport | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON's lists and mappings."""
        return {
            "topic": self.topic,
            "partition_count": self.partition_count,
            "segment_count": self.segment_count,
            "disk_bytes": self.disk_bytes,
            "is_whole": self.is_whole,
            "read_batch_count": self.read_batch_count,
            "covered_share": self.covered_share,
            "codec_shares": dict(self.codec_shares),
            "client_shares": dict(self.client_shares),
            "batch_bytes": self.batch_bytes,
            "records_per_batch": self.records_per_batch,
            "compression_ratio": self.compression_ratio,
            "lint": [f.as_json() for f in self.report.findings] if self.report else [],
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """A topic, and what one codec would make of its batches.

    ``new_ratio`` is what would be stored by what is, batch headers included.
    """

    facts: TopicFacts
    codec: str
    level: int | None
    provider: str | None
    library_version: str | None
    new_ratio: Ratio | None
    status: str
    message: str

    @property
    def saving_bytes(self) -> float | None:
        """What would be saved of the topic's bytes, negative if it would grow."""
        if self.new_ratio is None:
            return None
        covered_bytes = self.facts.disk_bytes * self.facts.covered_share
        return (1 - self.new_ratio.value) * covered_bytes

    def cells(self) -> dict[str, Any]:
        """The values of the table's columns, by name."""
        facts, ratio = self.facts, self.new_ratio
        saving = self.saving_bytes
        return {
            "topic": facts.topic,
            "partition_count": facts.partition_count,
            "segment_count": facts.segment_count,
            "disk_bytes": facts.disk_bytes,
            "stored_codecs": format_shares(facts.codec_shares),
            "clients": format_shares(facts.client_shares),
            "batch_bytes": facts.batch_bytes,
            "records_per_batch": facts.records_per_batch,
            "compression_ratio": facts.compression_ratio,
            "codec": self.codec,
            "level": self.level,
            "provider": self.provider,
            "library_version": self.library_version,
            "saving_bytes": None if saving is None else round(saving),
            "saving_pct": 100 * (1 - ratio.value) if ratio else None,
            "saving_low_pct": 100 * (1 - ratio.high) if ratio else None,
            "saving_high_pct": 100 * (1 - ratio.low) if ratio else None,
            "read_batch_count": facts.read_batch_count,
            "is_whole": facts.is_whole,
            "lint": _rules(facts),
            "status": self.status,
            "message": self.message or None,
        }


def format_shares(shares: Mapping[str, float]) -> str | None:
    """Words with their shares, the largest first; one alone without.

    >>> format_shares({"zstd": 0.75, "none": 0.25}), format_shares({"lz4": 1.0})
    ('zstd 75 %, none 25 %', 'lz4')
    """
    if len(shares) <= 1:
        return next(iter(shares), None)
    return ", ".join(
        f"{word} {100 * share:.0f} %" if share >= 0.005 else f"{word} <1 %"  # noqa: PLR2004
        for word, share in shares.items()
    )


def _rules(facts: TopicFacts) -> str | None:
    """The rules that found something, worst first."""
    if facts.report is None:
        return None
    return " ".join(
        f.rule for f in facts.report.findings if f.severity is not Severity.INFO
    )


def _format_mb(size_bytes: float) -> str:
    return format_number(size_bytes / 1e6)


# So many characters of clients leave room for what a table is for.
_CLIENTS_SHOWN = 36


def _format_clients(text: str) -> str:
    """The clients as far as there is room: the whole is in CSV and JSON."""
    if len(text) <= _CLIENTS_SHOWN:
        return text
    head, comma, _ = text[:_CLIENTS_SHOWN].rpartition(",")
    return f"{head if comma else text[:_CLIENTS_SHOWN]}, ..."


_TOPIC_COLUMNS = (
    Column.text("topic", "topic"),
    Column.number("partition_count", "partitions", priority=1),
    Column.number("segment_count", "segments", is_shown=False),
    Column.number("disk_bytes", "logs", "MB", format=_format_mb),
    Column.text("stored_codecs", "stored as"),
    Column(name="clients", heading="written by", format=_format_clients, priority=3),
    Column.number("batch_bytes", "batch", "bytes", format=format_number, priority=4),
    Column.number(
        "records_per_batch", "records", "per batch", format=format_number, priority=5
    ),
    Column.number("compression_ratio", "ratio", "now", format=format_ratio),
    Column.text("codec", "codec"),
    Column.number("level", "level"),
)

_SAVING_COLUMNS = (
    Column.number("saving_bytes", "saves", "MB", format=_format_mb),
    Column.number("saving_pct", "saves", "%", format=format_percent),
    Column.number("saving_low_pct", "from", "%", format=format_percent),
    Column.number("saving_high_pct", "to", "%", format=format_percent),
    Column.number(
        "read_batch_count", "batches", "read", format=format_bytes, priority=2
    ),
    Column.text("is_whole", "whole", is_shown=False),
    Column.text("lint", "lint"),
    Column.text("status", "status", is_shown=False),
    Column.text("message", "remark"),
)


def survey_table(survey: "Survey") -> Table:
    """A row for each topic and codec; below, the sums and what was passed over."""
    topic_count = len(survey.topics)
    disk_bytes = sum(topic.disk_bytes for topic in survey.topics)
    title = (
        f"{survey.path}: {format_count(topic_count, 'topic', 'topics')}, "
        f"{_format_mb(disk_bytes)} MB of logs, of which "
        f"{_format_mb(survey.read_bytes)} MB were read"
    )
    notes = list(_sums(survey.rows, disk_bytes))
    if not survey.is_complete:
        notes.insert(0, "interrupted: the topics that were looked at until then")
    if any(not topic.is_whole for topic in survey.topics):
        notes.append(
            "from and to: the 95 % interval of what would be saved, which has no width "
            "where a topic was read whole, or all drawn batches agree (seed "
            f"{survey.seed})"
        )
    if any(topic.problems for topic in survey.topics):
        notes.append(
            "batches that cannot be read count as they are stored, what is in no batch "
            "does not count: complab inspect FILE tells of each"
        )
    if survey.passed_over:
        notes.append(f"passed over: {', '.join(survey.passed_over)}")
    return Table.from_rows(
        (*_TOPIC_COLUMNS, *library_columns(survey.rows), *_SAVING_COLUMNS),
        [row.cells() for row in survey.rows],
        title_lines=[title],
        notes=notes,
        style=lambda row: {OK: RowStyle.PLAIN, SKIPPED: RowStyle.FAINT}.get(
            row["status"], RowStyle.BAD
        ),
    ).hiding_empty_columns()


def _sums(rows: Sequence[SurveyRow], disk_bytes: int) -> Iterable[str]:
    """What each codec would save of all that was read; topics are independent."""
    names_library = several_libraries(rows)
    by_codec: dict[str, list[SurveyRow]] = {}
    for row in rows:
        if row.new_ratio is not None:
            name = codec_name(row, names_library=names_library)
            by_codec.setdefault(name, []).append(row)
    for name, own in by_codec.items():
        saving = sum(row.saving_bytes or 0.0 for row in own)
        variance = sum(
            (row.new_ratio.half_width * row.facts.disk_bytes * row.facts.covered_share)
            ** 2
            for row in own
            if row.new_ratio
        )
        # What is added is told as such, with no sign of its own.
        verb, change = ("save", saving) if saving >= 0 else ("add", -saving)
        middle, low, high = (
            format_percent(100 * (change + x) / disk_bytes)
            for x in (0.0, -(variance**0.5), variance**0.5)
        )
        of_all = "of all" if saving >= 0 else "to all"
        yield (
            f"{name} would {verb} {_format_mb(change)} MB {of_all}, {middle} % "
            f"({low} to {high} %)"
        )


def findings_table(topics: Sequence[TopicFacts]) -> Table:
    """A row for each rule that found something, the worst first."""
    found: dict[str, dict[str, Any]] = {}
    for topic in topics:
        for finding in topic.report.findings if topic.report else ():
            row = found.setdefault(
                finding.rule,
                {
                    "rule": finding.rule,
                    "severity": finding.severity.value,
                    "title": finding.title,
                    "remedy": finding.remedy,
                    "source": finding.source,
                    "topics": [],
                },
            )
            row["topics"].append(topic.topic)
    order = [severity.value for severity in Severity]
    rows = sorted(
        found.values(), key=lambda r: (order.index(r["severity"]), -len(r["topics"]))
    )
    columns = (
        Column.text("rule", "rule"),
        Column.text("severity", "severity"),
        Column.text("title", "finding"),
        Column.text("topics", "topics"),
        Column.text("remedy", "remedy"),
        Column.text("source", "source", is_shown=False),
    )
    return Table.from_rows(
        columns,
        [{**row, "topics": ", ".join(row["topics"])} for row in rows],
        style=lambda row: {
            Severity.ERROR.value: RowStyle.BAD,
            Severity.WARN.value: RowStyle.STRONG,
        }.get(row["severity"], RowStyle.PLAIN),
    )


# Prose is hard to read in longer lines, however wide the terminal is.
_WIDEST_TEXT = 96

_NAMED_TOPICS = 5


def findings_text(topics: Sequence[TopicFacts], *, width: int | None = None) -> str:
    """The findings as paragraphs: what, in which topics, and the remedy."""
    rows = findings_table(topics).rows
    if not rows:
        return "lint: nothing found\n"
    lines = []
    for row in rows:
        names = str(row["topics"]).split(", ")
        more = len(names) - _NAMED_TOPICS
        where = ", ".join(names[:_NAMED_TOPICS])
        if more > 0:
            where += f" and {format_count(more, 'other', 'others')}"
        texts = (
            (f"{row['rule']} {row['severity']}: {row['title']} - in {where}", "  "),
            (f"  remedy: {row['remedy']}", "    "),
        )
        lines += [
            textwrap.fill(
                escape_controls(text),
                min(width or _WIDEST_TEXT, _WIDEST_TEXT),
                subsequent_indent=indent,
            )
            for text, indent in texts
        ]
    return "\n".join(lines) + "\n"
