"""What the rules find on rows that were made for each of them."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from index_rows import (
    Rows,
    join,
    make_row,
    payload_row,
)

from complab.kafka.lint import RULES, LintReport, Rule, Severity, lint
from complab.kafka.lint.levels import zstd_window_bytes
from complab.kafka.record_facts import RecordFacts, unread_facts
from complab.kafka.subject import Subject
from complab.kafka.topic_settings import parse_topic_settings

RULE_BY_ID = {rule.id: rule for rule in RULES}

# Frames as clients write them; what follows their headers does not matter.
_REST = bytes(30)
GZIP = bytes.fromhex("1f8b08000000000000ff") + _REST
GZIP_9 = bytes.fromhex("1f8b0800000000000203") + _REST
XERIAL = bytes.fromhex("82534e415050590000000001000000010000002280081000") + _REST
XERIAL_32K = bytes.fromhex("82534e4150505900000000010000000100001cda808002f0") + _REST
XERIAL_64K = bytes.fromhex("82534e4150505900000000010000000100001cda808004f0") + _REST
XERIAL_8K = bytes.fromhex("82534e4150505900000000010000000100001cda8040f000") + _REST
XERIAL_LE = bytes.fromhex("82534e4150505900010000000100000000001cda808002f0") + _REST
LZ4 = bytes.fromhex("04224d18604082") + _REST
LZ4_SIZED = bytes.fromhex("04224d1868406f3e000000000000ba") + _REST
LZ4_LINKED = bytes.fromhex("04224d184040c0") + _REST
ZSTD_3 = bytes.fromhex("28b52ffd0058") + _REST
ZSTD_19 = bytes.fromhex("28b52ffd0068") + _REST
ZSTD_20 = bytes.fromhex("28b52ffd0078") + _REST
ZSTD_LONG = bytes.fromhex("28b52ffd0090") + _REST
ZSTD_SIZED = bytes.fromhex("28b52ffd606f3d") + _REST
ZSTD_SIZED_40 = bytes.fromhex("28b52ffd2028") + _REST
ZSTD_DICTIONARY = bytes.fromhex("28b52ffd2105283d") + _REST


def row_of(payload: bytes, codec_id: int, **fields: Any) -> Rows:
    """A row of 20,000 stored bytes that begin so."""
    return make_row(head=payload, codec_id=codec_id, **fields)


def records_of(rows: Rows, **facts: Any) -> RecordFacts:
    """Facts as if all records had been read; without gaps, and with keys."""
    unread = unread_facts(len(rows))
    unread.is_read[:] = True
    unread.record_count[:] = rows["record_count"]
    unread.uncompressed_bytes[:] = 100_000
    for name, value in facts.items():
        getattr(unread, name)[:] = value
    return unread


def report_on(
    rows: Rows,
    rule: Rule,
    settings: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
    **options: Any,
) -> LintReport:
    """What one rule says of rows, under topic settings and facts of records."""
    subject = Subject(
        rows,
        topic=parse_topic_settings(settings or {}),
        records=None if facts is None else records_of(rows, **facts),
        **options,
    )
    return lint(subject, [rule])


def places(report: LintReport) -> list[int]:
    """The rows that a single finding concerns; none where there is no finding."""
    if not report.findings:
        return []
    (finding,) = report.findings
    found: list[int] = np.flatnonzero(finding.mask).tolist()
    assert finding.batch_count == len(found)
    return found


# ---- By hand: each rule, red and green ----------------------------------------------

COMPACT = {"cleanup.policy": "compact"}
DAY_MS = 86_400_000
NOW_MS = 1_700_000_000_000


def case(
    rule: str, rows: list[Rows], found: list[int], **options: Any
) -> tuple[str, Rows, list[int], dict[str, Any]]:
    """A rule, rows, the places that it must find, and what is known besides."""
    return rule, join(*rows), found, options


PRODUCER_FIELDS = {"producer_id": 7, "producer_epoch": 0, "base_sequence": 0}
AS_SENT = {"is_stored": False}

CASES = [
    case(
        "L1",
        [row_of(LZ4, 3), row_of(ZSTD_3, 4), make_row(is_control=1, last_offset=99)],
        [0],
        settings={"compression.type": "zstd"},
    ),
    case("L1", [row_of(LZ4, 3)], [], settings={"compression.type": "producer"}),
    case(
        "L1",
        [row_of(LZ4, 3), make_row()],
        [0],
        settings={"compression.type": "uncompressed"},
    ),
    case(
        "L2",
        [row_of(ZSTD_3, 4), row_of(ZSTD_19, 4), row_of(LZ4, 3)],
        [0],
        settings={"compression.type": "zstd", "compression.zstd.level": "19"},
    ),
    case(
        "L2",
        [row_of(GZIP_9, 1), row_of(GZIP, 1)],
        [0],
        settings={"compression.type": "gzip", "compression.gzip.level": "1"},
    ),
    case(
        "L2",
        [row_of(GZIP_9, 1), row_of(GZIP, 1)],
        [],
        settings={"compression.type": "gzip", "compression.gzip.level": "9"},
    ),
    case("L2", [row_of(ZSTD_19, 4)], [], settings={"compression.type": "producer"}),
    case("L2", [row_of(XERIAL, 2)], [], settings={"compression.type": "snappy"}),
    case(
        "L3",
        [row_of(ZSTD_3, 4)],
        [0],
        settings={"compression.type": "producer", "compression.zstd.level": "19"},
    ),
    case(
        "L3",
        [row_of(ZSTD_3, 4)],
        [],
        settings={"compression.type": "zstd", "compression.zstd.level": "19"},
    ),
    case("L3", [row_of(ZSTD_3, 4)], [], settings={"compression.type": "producer"}),
    case(
        "L4",
        [row_of(ZSTD_19, 4), row_of(ZSTD_3, 4), row_of(GZIP_9, 1), row_of(GZIP, 1)],
        [0, 2],
        settings=COMPACT,
    ),
    case("L4", [row_of(ZSTD_19, 4)], [], settings={"cleanup.policy": "delete"}),
    # Compaction shows in batches that have lost records; these are rewritten already.
    case("L4", [row_of(ZSTD_19, 4), row_of(ZSTD_3, 4, record_count=9)], [0]),
    case(
        "L4",
        [row_of(LZ4, 3), row_of(ZSTD_3, 4)],
        [0],
        settings={
            **COMPACT,
            "compression.type": "lz4",
            "compression.lz4.level": "12",
        },
    ),
    case(
        "L4",
        [row_of(LZ4, 3)],
        [],
        settings={**COMPACT, "compression.type": "lz4", "compression.lz4.level": "9"},
    ),
    case(
        "L5",
        [row_of(LZ4, 3), row_of(LZ4, 3), row_of(LZ4, 3, record_count=50)],
        [1],
        facts={"has_offset_gap": [False, True, True]},
    ),
    case(
        "L6",
        [
            make_row(magic=0),
            make_row(magic=1),
            make_row(),
            make_row(magic=1, crc_valid=0),
        ],
        [0, 1],
    ),
    case(
        "L7",
        [
            row_of(ZSTD_SIZED_40, 4, compressed_bytes=40),
            row_of(ZSTD_SIZED_40, 4, compressed_bytes=39),
            make_row(),
            row_of(ZSTD_3, 4),
        ],
        [0],
    ),
    case("L7", [row_of(LZ4, 3), make_row()], [0], facts={"uncompressed_bytes": 19_000}),
    case("L7", [make_row()], []),
    case(
        "L8",
        [make_row(record_count=1, last_offset=0, compressed_bytes=700)] * 5
        + [make_row()] * 15,
        [0, 1, 2, 3, 4],
    ),
    case(
        "L8",
        [make_row(record_count=1, last_offset=0, compressed_bytes=700)] * 5
        + [make_row()] * 21,
        [],
    ),
    case("L8", [make_row(compressed_bytes=500)] * 5, [0, 1, 2, 3, 4]),
    case("L8", [make_row(compressed_bytes=500)] * 4, []),
    case("L8", [make_row(compressed_bytes=550)] * 5, []),
    case("L8", [make_row(record_count=1, last_offset=0)] * 5, []),
    # What compaction left is small for another reason, and so is a message.
    case("L8", [make_row(record_count=1, compressed_bytes=99)] * 5, []),
    case("L8", [make_row(magic=1, record_count=1, compressed_bytes=99)] * 5, []),
    case("L9", [row_of(ZSTD_20, 4), row_of(ZSTD_19, 4), row_of(ZSTD_LONG, 4)], [0]),
    case(
        "L10",
        [row_of(LZ4, 3), row_of(LZ4, 3), row_of(GZIP, 1), make_row(is_control=1)],
        [2],
    ),
    case("L10", [row_of(LZ4, 3), make_row(is_control=1), make_row(record_count=0)], []),
    case("L11", [row_of(LZ4_LINKED, 3), row_of(LZ4, 3)], [0]),
    case(
        "L12",
        [
            row_of(LZ4, 3, **PRODUCER_FIELDS),
            row_of(LZ4, 3, base_offset=1, last_offset=100),
            make_row(is_control=1),
            make_row(record_count=0, last_offset=-1),
            make_row(last_offset=100),
            make_row(producer_id=7),
            make_row(magic=1),
            make_row(timestamp_type=1),
        ],
        [1, 2, 3, 4, 5, 6],
        **AS_SENT,
    ),
    case(
        "L12",
        [make_row(timestamp_type=1), make_row()],
        [0],
        settings={"message.timestamp.type": "LogAppendTime"},
        **AS_SENT,
    ),
    case(
        "L13",
        [make_row(batch_bytes=n) for n in (944_000, 943_000, 2_000_000)],
        [0, 2],
        settings={"max.message.bytes": "1048588"},
    ),
    case(
        "L13",
        [row_of(ZSTD_SIZED, 4), row_of(ZSTD_3, 4)],
        [],
        settings={"max.message.bytes": "30000", "compression.type": "uncompressed"},
    ),
    case(
        "L13",
        [row_of(ZSTD_SIZED, 4, compressed_bytes=900)],
        [0],
        settings={"max.message.bytes": "15000", "compression.type": "uncompressed"},
    ),
    case(
        "L14",
        [make_row(), make_row()],
        [1],
        settings={"cleanup.policy": "compact,delete"},
        facts={"null_key_count": [0, 3]},
    ),
    case(
        "L14",
        [make_row()],
        [],
        settings={"cleanup.policy": "delete"},
        facts={"null_key_count": 3},
    ),
    case(
        "L15",
        [
            make_row(max_timestamp=NOW_MS, base_timestamp=NOW_MS),
            make_row(max_timestamp=NOW_MS - 8 * DAY_MS, base_timestamp=-1),
            make_row(max_timestamp=NOW_MS - 6 * DAY_MS, base_timestamp=-1),
            make_row(max_timestamp=NOW_MS, base_timestamp=NOW_MS - 8 * DAY_MS),
            make_row(max_timestamp=NOW_MS - 8 * DAY_MS, base_timestamp=-1, file=1),
        ],
        [1, 3],
    ),
    case(
        "L15",
        [
            make_row(max_timestamp=NOW_MS),
            make_row(max_timestamp=NOW_MS - 8 * DAY_MS, timestamp_type=1),
            make_row(max_timestamp=-1, base_timestamp=-1),
            make_row(max_timestamp=NOW_MS - 8 * DAY_MS, is_control=1),
        ],
        [],
    ),
    case(
        "L15",
        [make_row(max_timestamp=NOW_MS + n, base_timestamp=-1) for n in (0, 3_600_001)],
        [1],
        read_at_ms=NOW_MS,
    ),
    case(
        "L15",
        [
            make_row(max_timestamp=NOW_MS, base_timestamp=-1),
            make_row(max_timestamp=NOW_MS - 8 * DAY_MS, base_timestamp=-1),
        ],
        [],
        settings={"segment.ms": str(30 * DAY_MS)},
    ),
    case("L16", [row_of(GZIP, 1), row_of(LZ4, 3)], [0]),
    case("L17", [row_of(ZSTD_3, 4), row_of(ZSTD_SIZED, 4), row_of(LZ4, 3)], [0]),
    case(
        "L18",
        [row_of(p, 2) for p in (XERIAL_32K, XERIAL_64K, XERIAL_8K, XERIAL_LE)]
        + [payload_row(XERIAL, 2)],
        [1, 2, 3],
    ),
    case(
        "L19",
        [make_row()] * 4,
        [0, 3],
        facts={
            "compressed_value_count": [50, 49, 0, 0],
            "value_entropy_bits": [5.0, 5.0, np.nan, 7.9],
        },
    ),
    case("L20", [row_of(LZ4, 3)], [0], settings={"compression.lz4.level": "9"}),
    case("L20", [row_of(LZ4, 3)], [], settings={"compression.lz4.level": "10"}),
    case(
        "L20",
        [row_of(LZ4, 3)],
        [],
        settings={"compression.lz4.level": "9", "compression.type": "producer"},
    ),
    case("L21", [make_row(), make_row(crc_valid=0)], [1]),
    case("L22", [row_of(LZ4, 4), row_of(LZ4, 3), row_of(LZ4, 6)], [0, 2]),
    case("L22", [row_of(LZ4, 4, crc_valid=0)], []),
    case(
        "L23",
        [
            row_of(LZ4, 3, producer_epoch=0, base_sequence=0),
            row_of(LZ4, 3),
            row_of(LZ4_SIZED, 3, producer_epoch=0, base_sequence=0),
        ],
        [0],
    ),
    case("L24", [row_of(ZSTD_LONG, 4), row_of(ZSTD_20, 4)], [0]),
    case("L25", [row_of(ZSTD_3, 4, magic=1), row_of(ZSTD_3, 4)], [0]),
    case("L26", [row_of(ZSTD_DICTIONARY, 4), row_of(ZSTD_SIZED, 4)], [0]),
    case("L27", [row_of(ZSTD_SIZED, 4)] * 5 + [row_of(ZSTD_3, 4)] * 5, [0, 1, 2, 3, 4]),
    case("L27", [row_of(ZSTD_SIZED, 4)] * 5 + [row_of(ZSTD_3, 4)] * 6, []),
    case("L27", [row_of(LZ4, 3)] * 5, [], facts={"uncompressed_bytes": 32768}),
    case("L28", [make_row(), row_of(LZ4, 3)], [0]),
    case("L28", [make_row(), row_of(LZ4, 3), row_of(LZ4, 3)], []),
    case("L29", [make_row(is_control=1)] + [make_row()] * 9, [0]),
    case("L29", [make_row(is_control=1)] + [make_row()] * 10, []),
    case(
        "L30",
        [row_of(GZIP, 1), row_of(GZIP, 1), row_of(LZ4_SIZED, 3)],
        [2],
    ),
    case("L30", [row_of(GZIP, 1), row_of(LZ4, 3), make_row(is_control=1)], []),
]


@pytest.mark.parametrize(("rule", "rows", "found", "options"), CASES)
def test_rule_finds_what_it_is_about(
    rule: str, rows: Rows, found: list[int], options: dict[str, Any]
) -> None:
    """A rule finds the batches that are so, and no others."""
    report = report_on(rows, RULE_BY_ID[rule], **options)
    assert report.unchecked == ()
    assert places(report) == found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_red_and_a_green_row(rule: Rule) -> None:
    """Each rule is tried on rows that it finds, and on rows that it does not."""
    of_rule = [(rows, found) for name, rows, found, _ in CASES if name == rule.id]
    assert any(found for _, found in of_rule)
    assert any(len(found) < len(rows) for rows, found in of_rule)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rules_are_told_in_full(rule: Rule) -> None:
    """Each rule says what, what it costs, where that is written, and what helps."""
    for text in (rule.title, rule.cost, rule.source, rule.remedy):
        assert text
        assert not text.endswith(".")
    assert RULE_BY_ID[rule.id] is rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_rule_trips_over_an_empty_index(rule: Rule) -> None:
    """An index without a row has no findings, whatever is known besides."""
    settings = {
        "compression.type": "uncompressed",
        "compression.lz4.level": "9",
        "cleanup.policy": "compact",
        "message.timestamp.type": "CreateTime",
        "max.message.bytes": "1",
    }
    rows = make_row()[:0]
    subject = Subject(
        rows,
        topic=parse_topic_settings(settings),
        records=unread_facts(0),
        is_stored=False,
        read_at_ms=0,
    )
    assert lint(subject, [rule]).findings == ()


def test_rules_of_the_list_are_all_there() -> None:
    """L1 to L20 are there, and the numbers from L21 on have no gap."""
    assert [rule.id for rule in RULES] == [f"L{n}" for n in range(1, 31)]


def test_unknown_settings_are_told_as_such() -> None:
    """A rule that needs what nobody gave is listed with what it needs."""
    report = lint(Subject(row_of(LZ4, 3)))
    assert {entry.rule: entry.needs for entry in report.unchecked} == {
        "L1": "the topic setting compression.type",
        "L2": "the topic setting compression.type and the level of its codec",
        "L3": "the topic setting compression.type",
        "L4": "the topic setting cleanup.policy",
        "L5": "the records to be read",
        "L7": "uncompressed sizes: the records must be read",
        "L12": "batches as a producer sends them: these are of a log",
        "L13": "the topic setting max.message.bytes",
        "L14": "the topic setting cleanup.policy and the records to be read",
        "L19": "the records to be read",
        "L20": "the topic setting compression.lz4.level",
        "L27": "uncompressed sizes: the records must be read",
    }
    first = report.unchecked[0]
    assert str(first) == f"L1 not checked ({first.title}): needs {first.needs}"


def test_finding_has_the_fields_of_the_json() -> None:
    """A finding says how many batches, their share, and all in one message."""
    rows = join(row_of(ZSTD_20, 4), row_of(ZSTD_3, 4), make_row(), make_row())
    (finding,) = report_on(rows, RULE_BY_ID["L9"]).findings
    assert finding.as_json() == {
        "rule": "L9",
        "severity": "warn",
        "batch_count": 1,
        "share": 0.25,
        "message": (
            "1 batch (25.0 %): zstd windows of 32 MiB or more (level 20 and above): up "
            "to 32 MiB. Every decoder of a consumer or broker sets aside that much "
            "memory."
        ),
        "remedy": RULE_BY_ID["L9"].remedy,
    }


def test_details_say_what_was_seen() -> None:
    """Codecs, clients, limits, levels, reasons and speeds stand in the messages."""
    sarama = bytes.fromhex("04224d186440a7") + _REST
    rows = join(row_of(GZIP, 1), row_of(GZIP, 1), row_of(sarama, 3, base_sequence=0))
    settings = {"compression.type": "zstd", "max.message.bytes": "20000"}
    texts = {
        f.rule: f.message
        for f in lint(Subject(rows, topic=parse_topic_settings(settings))).findings
    }
    assert "the topic's is zstd, and a core rebuilds 100 to 210 MB/s" in texts["L1"]
    assert "topic: gzip 2, lz4 1." in texts["L10"]
    assert "the largest has 20,061 of 20,000 bytes" in texts["L13"]
    assert "these are of sarama." in texts["L30"]
    (idle,) = report_on(
        rows,
        RULE_BY_ID["L3"],
        {"compression.type": "producer", "compression.gzip.level": "9"},
    ).findings
    assert "never uses it: compression.gzip.level=9." in idle.message
    (malformed,) = report_on(row_of(GZIP, 4), RULE_BY_ID["L22"]).findings
    assert "does not begin with zstd's 28 b5 2f fd." in malformed.message
    (grown,) = report_on(
        join(row_of(ZSTD_SIZED_40, 4), row_of(LZ4, 3)), RULE_BY_ID["L7"]
    ).findings
    assert "(1 other does not tell its size)" in grown.message


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("L5", {"has_offset_gap": True}),
        ("L14", {"null_key_count": 1}),
        ("L19", {"compressed_value_count": 100}),
    ],
)
def test_findings_say_of_how_many_batches_they_do_not_speak(
    rule: str, facts: Mapping[str, Any]
) -> None:
    """Batches whose records were not read are counted, damaged ones not again."""
    rows = join(*[make_row()] * 4, make_row(crc_valid=0))
    told = []
    for read in ([True] * 4 + [False], [True, False, False, True, False]):
        (finding,) = report_on(
            rows,
            RULE_BY_ID[rule],
            {"cleanup.policy": "compact"},
            {**facts, "is_read": np.array(read)},
        ).findings
        told.append("(2 other batches were not read)." in finding.message)
    assert told == [False, True]


def test_findings_come_worst_first() -> None:
    """Errors stand before warnings, and many batches before few."""
    rows = join(
        make_row(crc_valid=0), *[row_of(GZIP, 1)] * 3, row_of(ZSTD_20, 4), make_row()
    )
    findings = lint(Subject(rows)).findings
    ranks = [(list(Severity).index(f.severity), -f.batch_count) for f in findings]
    assert ranks == sorted(ranks)
    assert [f.rule for f in findings][:3] == ["L21", "L16", "L9"]


@pytest.mark.parametrize(
    ("level", "window_bytes"),
    [(-5, 1 << 19), (1, 1 << 19), (3, 1 << 21), (10, 1 << 22), (19, 1 << 23)],
)
def test_windows_of_levels(level: int, window_bytes: int) -> None:
    """A level's window is what libzstd's stream of unknown size writes."""
    zstandard = pytest.importorskip("zstandard")
    stream = zstandard.ZstdCompressor(level=level, write_content_size=False)
    packed = stream.compressobj()
    frame = packed.compress(b"x") + packed.flush()
    assert 1 << (10 + (frame[5] >> 3)) == zstd_window_bytes(level) == window_bytes


def test_findings_are_values() -> None:
    """Two runs on the same rows give equal findings."""
    rows = join(row_of(GZIP, 1), make_row())
    first, second = (lint(Subject(rows)) for _ in range(2))
    assert first == second
    assert dataclasses.replace(first.findings[0], batch_count=9) != first.findings[0]
