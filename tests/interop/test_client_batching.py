"""What a client stored at boundaries of its own choice lies in the range foretold."""

from collections.abc import Callable
from pathlib import Path

import pytest
from clients import send_by_java
from kafka_broker import KafkaBroker

import complab
from complab.codecs.catalogue import KAFKA_CODECS

_RUNS = 3
# No batch is sent before it is full because the machine is busy.
_LINGER_MS = 1_000


@pytest.fixture(scope="module")
def stored_bytes(
    broker: KafkaBroker, messages_file: Path
) -> Callable[[str], list[int]]:
    """What the Java producer stored in a codec, run by run, at its default size."""
    topics = {c: [f"batching-{c}-{run}" for run in range(_RUNS)] for c in KAFKA_CODECS}
    broker.create([topic for names in topics.values() for topic in names])
    settings = {
        topic: {"compression.type": codec, "linger.ms": str(_LINGER_MS)}
        for codec, names in topics.items()
        for topic in names
    }
    send_by_java(broker.servers, messages_file, settings)
    return lambda codec: [
        sum(path.stat().st_size for path in broker.segments(topic))
        for topic in topics[codec]
    ]


@pytest.mark.parametrize("codec", KAFKA_CODECS)
def test_java(
    stored_bytes: Callable[[str], list[int]], samples: Path, codec: str
) -> None:
    """Each run's total, though its boundaries depend on the sender's timing."""
    result = complab.replay(
        str(samples / "http-requests-1m-none.bin"),
        codec,
        client="java",
        batching="client",
        linger_ms=_LINGER_MS,
        budget_s=0.001,
    )
    (row,) = (row for row in result.rows if row.codec == codec)
    low, high = row.disk_low_bytes, row.disk_high_bytes
    assert low is not None
    assert high is not None
    found = stored_bytes(codec)
    print(f"{codec}: {found} in {low} to {high}")  # noqa: T201 - shown on failure
    assert low <= min(found)
    assert max(found) <= high
