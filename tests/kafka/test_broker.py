"""What a broker does with a batch: Kafka's own decisions, and the refusals."""

import csv
from pathlib import Path

import pytest
from index_rows import FIXTURES, NO_FIXTURES

from complab.kafka.broker import IN_PLACE, REBUILT, REFUSED, Arrival, decide
from complab.kafka.topic_settings import TopicSettings, parse_topic_settings

_TRUTH = FIXTURES / "LOGVALIDATOR_TRUTH.tsv"
_OUTCOMES = {"IN_PLACE": IN_PLACE, "REBUILD": REBUILT}


def _cases(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _topic(case: dict[str, str]) -> TopicSettings:
    """``zstd@19`` is a topic's codec with its level."""
    codec, _, level = case["topic_compression"].partition("@")
    settings = {
        "compression.type": codec,
        "message.timestamp.type": case["ts_type"],
    }
    if level:
        settings[f"compression.{codec}.level"] = level
    return parse_topic_settings(settings)


@pytest.mark.skipif(not _TRUTH.exists(), reason=NO_FIXTURES)
def test_it_decides_as_kafkas_own_validator() -> None:
    """In each of the 162 cases, and every rebuild is of the codec that was wanted."""
    cases = _cases(_TRUTH)
    assert len(cases) == 162
    for case in cases:
        topic = _topic(case)
        arrival = Arrival(
            case["source"], 120, int(case["bytes_in"]), magic=int(case["magic"])
        )
        decision = decide(arrival, topic)
        assert decision.outcome == _OUTCOMES[case["result"]], case
        if decision.outcome == REBUILT:
            target = case["topic_compression"].partition("@")[0]
            wanted = {"producer": case["source"], "uncompressed": "none"}
            assert decision.codec == wanted.get(target, target), case


def test_a_level_alone_never_rebuilds_a_batch() -> None:
    """The topic's level counts where the broker compresses, and nowhere else."""
    topic = parse_topic_settings(
        {"compression.type": "zstd", "compression.zstd.level": "19"}
    )
    kept = decide(Arrival("zstd", 10, 1000), topic)
    assert (kept.outcome, kept.level) == (IN_PLACE, None)
    rebuilt = decide(Arrival("lz4", 10, 1000), topic)
    assert (rebuilt.outcome, rebuilt.codec, rebuilt.level) == (REBUILT, "zstd", 19)
    assert "compression.type is zstd" in rebuilt.reason


def test_offsets_that_do_not_follow_cannot_be_kept() -> None:
    """Of the topic's codec the broker fails on them; of another it rebuilds the batch.

    Without a codec nobody looks at them. ``tests/interop/test_rebuilds.py`` has a
    broker's own answers.
    """
    broken = Arrival("snappy", 10, 1000, offsets_follow=False)
    failed = decide(broken, TopicSettings())
    assert failed.outcome == REFUSED
    assert "do not follow" in failed.reason
    rebuilt = decide(broken, parse_topic_settings({"compression.type": "zstd"}))
    assert (rebuilt.outcome, rebuilt.codec) == (REBUILT, "zstd")
    plain = Arrival("none", 10, 1000, offsets_follow=False)
    assert decide(plain, TopicSettings()).outcome == IN_PLACE


@pytest.mark.parametrize(
    ("arrival", "reason"),
    [
        (Arrival("zstd", 10, 100, is_control=True), "control"),
        (Arrival("zstd", 10, 100, base_offset=7), "base offset is 7"),
        (Arrival("zstd", 0, 100), "no records"),
        (Arrival("zstd", 10, 100, last_offset_delta=11), "a last offset of 11"),
        (Arrival("zstd", 10, 100, producer_id=4), "without a sequence"),
        (Arrival("zstd", 10, 100, has_append_time=True), "LogAppendTime"),
        (Arrival("zstd", 10, 100_001), "max.message.bytes is 100,000"),
    ],
)
def test_a_batch_is_refused_with_its_reason(arrival: Arrival, reason: str) -> None:
    """Each of the leader's checks that needs no clock and no other batch."""
    topic = parse_topic_settings(
        {"message.timestamp.type": "LogAppendTime", "max.message.bytes": "100000"}
    )
    decision = decide(arrival, topic)
    assert decision.outcome == REFUSED
    assert reason in decision.reason
