"""``complab capture`` from a real broker: places that it looks up, and its users."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from clients import send_by_librdkafka
from kafka_broker import PASSWORD, USER, KafkaBroker
from messages import Message

import complab
from complab.errors import AuthenticationError

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def topic(broker: KafkaBroker, messages: list[Message]) -> str:
    """A topic of several batches."""
    broker.create(["capture"])
    send_by_librdkafka(broker.servers, "capture", messages, "zstd", None, 50_000)
    return "capture"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Where to capture to."""
    return tmp_path / "batch.bin"


def test_the_file_is_the_segment(
    broker: KafkaBroker, topic: str, run: Run, output: Path
) -> None:
    """All of a partition is byte for byte what the broker has on its disk."""
    done = run(
        *("capture", "--bootstrap-server", broker.servers, "--topic", topic),
        *("--output", str(output)),
    )
    assert done.returncode == 0, done.stderr
    (segment,) = broker.segments(topic)
    assert output.read_bytes() == segment.read_bytes()


def test_a_time_is_looked_up(
    broker: KafkaBroker, topic: str, run: Run, output: Path, messages: list[Message]
) -> None:
    """It begins with the batch of the first record of that time or later."""
    wanted_ms = messages[len(messages) // 2].timestamp_ms
    offset = next(i for i, m in enumerate(messages) if m.timestamp_ms >= wanted_ms)
    assert offset > 0
    done = run(
        *("capture", "--bootstrap-server", broker.servers, "--topic", topic),
        *("--from-timestamp", str(wanted_ms), "--batches", "1"),
        *("--output", str(output)),
    )
    assert done.returncode == 0, done.stderr
    index = complab.kafka.open(str(output)).index
    assert index["base_offset"][0] <= offset <= index["last_offset"][0]


@pytest.fixture
def properties(tmp_path: Path) -> Callable[[str], str]:
    """Client properties of the broker's user with a password."""

    def write(password: str) -> str:
        path = tmp_path / "client.properties"
        path.write_text(
            "security.protocol=SASL_PLAINTEXT\n"
            "sasl.mechanism=SCRAM-SHA-256\n"
            "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule "
            f'required username="{USER}" password="{password}";\n',
            encoding="utf-8",
        )
        return str(path)

    return write


def test_a_user_is_known_by_scram(
    broker: KafkaBroker, topic: str, output: Path, properties: Callable[[str], str]
) -> None:
    """With the right password all is captured."""
    captured = complab.capture(
        broker.scram_servers, topic, str(output), client_properties=properties(PASSWORD)
    )
    assert captured.is_complete
    (segment,) = broker.segments(topic)
    assert output.read_bytes() == segment.read_bytes()


def test_a_wrong_password_is_told(
    broker: KafkaBroker, topic: str, output: Path, properties: Callable[[str], str]
) -> None:
    """With a wrong one, that is what the error says, and there is no file."""
    with pytest.raises(AuthenticationError):
        complab.capture(
            broker.scram_servers, topic, str(output), client_properties=properties("x")
        )
    assert not output.exists()
