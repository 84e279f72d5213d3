"""A real Kafka broker on loopback, and Kafka's own programs beside it.

``.ci/interop`` fetches its jars and compiles the programs; where it could not,
``missing_parts`` says so. A broker is alone in its cluster (KRaft, in one process with
its controller) and keeps all that it writes in a folder of the test's.
"""

import os
import re
import shutil
import socket
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

JAVA_FOLDER = Path(__file__).parents[2] / "build" / "interop" / "java"
_START_TIMEOUT_S = 90
_STOP_TIMEOUT_S = 60
_PROGRAM_TIMEOUT_S = 240

USER, PASSWORD = "reader", uuid.uuid4().hex
"""Who may come in by SCRAM."""

_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=OPEN://127.0.0.1:{open},SCRAM://127.0.0.1:{scram},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=OPEN://127.0.0.1:{open},SCRAM://127.0.0.1:{scram}
inter.broker.listener.name=OPEN
listener.security.protocol.map=OPEN:PLAINTEXT,SCRAM:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-256
listener.name.scram.scram-sha-256.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
log.dirs={log_folder}
# The samples' records are of a time that any retention would be over for.
log.retention.ms=-1
log.cleaner.backoff.ms=500
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
"""


def missing_parts() -> str:
    """Say what is missing to run a broker; the empty string if nothing is."""
    if shutil.which("java") is None:
        return "there is no java to run a Kafka broker with"
    if not (JAVA_FOLDER / "stamp").exists():
        return "there is no Kafka broker in build/interop: make test-broker fetches it"
    return ""


def java_command(program: str, *arguments: str) -> list[str]:
    """The command for a class of Kafka's or of tests/interop/java."""
    return [
        "java",
        "-Xmx768m",
        "-XX:+UseSerialGC",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp",
        f"{JAVA_FOLDER / 'classes'}{os.pathsep}{JAVA_FOLDER / 'lib'}/*",
        program,
        *arguments,
    ]


def run_java(program: str, *arguments: str) -> str:
    """What a class prints; ``AssertionError`` with its errors if it fails."""
    done = subprocess.run(
        java_command(program, *arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PROGRAM_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class KafkaBroker:
    """A broker; ``with`` starts and ends it, and it may be stopped in between."""

    def __init__(self, folder: Path) -> None:
        """Lay out a new broker's folder; nothing runs yet."""
        self._folder = folder
        self._log_folder = folder / "log"
        ports = dict(zip(("open", "scram", "controller"), _free_ports(3), strict=True))
        self.servers = f"127.0.0.1:{ports['open']}"
        self.scram_servers = f"127.0.0.1:{ports['scram']}"
        self._properties = folder / "server.properties"
        self._properties.write_text(
            _PROPERTIES.format(log_folder=self._log_folder, **ports), encoding="utf-8"
        )
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        run_java(
            "kafka.tools.StorageTool", "format",
            "--config", str(self._properties),
            # An id may not begin with a dash.
            "--cluster-id", "c" + cluster[1:],
            "--add-scram", f"SCRAM-SHA-256=[name={USER},password={PASSWORD}]",
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it if it runs."""
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert self._process is None
        with self._said("ab") as said:
            self._process = subprocess.Popen(
                java_command("Broker", str(self._properties)),
                # It ends when this end of the pipe is closed, by whatever.
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
            )
        end_s = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            is_running = self._process.poll() is None
            if is_running and time.monotonic() < end_s:
                continue
            self.stop()
            with self._said("rb") as said:
                words = said.read().decode(errors="replace")
            message = f"the broker did not start; it said:\n{words}"
            raise RuntimeError(message)

    def stop(self) -> None:
        """Let it close its logs and end; it is killed if it takes too long."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def _said(self, mode: str) -> IO[bytes]:
        """The file that has all that the broker said."""
        return (self._folder / "said.txt").open(mode)

    def _answers(self) -> bool:
        try:
            self._admin().list_topics(timeout=1)
        except KafkaException:
            time.sleep(0.1)
            return False
        return True

    def _admin(self) -> AdminClient:
        # Of its log, a broker that does not answer yet is no news.
        return AdminClient({"bootstrap.servers": self.servers, "log_level": 0})

    def create(
        self, topics: Iterable[str], settings: Mapping[str, str] | None = None
    ) -> None:
        """Create topics of one partition, all with the same settings."""
        self.create_each(dict.fromkeys(topics, settings or {}))

    def create_each(self, topics: Mapping[str, Mapping[str, str]]) -> None:
        """Create topics of one partition, each with its settings."""
        new = [NewTopic(name, 1, 1, config=dict(s)) for name, s in topics.items()]
        admin = self._admin()
        for done in admin.create_topics(new).values():
            done.result(_START_TIMEOUT_S)
        for name in topics:
            self._await_log(name)

    def delete(self, topic: str) -> None:
        """Delete a topic; its files go a little later."""
        admin = self._admin()
        for done in admin.delete_topics([topic]).values():
            done.result(_START_TIMEOUT_S)

    def _await_log(self, topic: str) -> None:
        """Wait until the partition has its log: the controller is ahead of it."""
        end_s = time.monotonic() + _START_TIMEOUT_S
        while not self.segments(topic):
            assert time.monotonic() < end_s, f"{topic} has no log"
            time.sleep(0.02)

    def folder_of(self, topic: str) -> Path:
        """Where the broker keeps the segments of a topic's only partition."""
        return self._log_folder / f"{topic}-0"

    def segments(self, topic: str) -> list[Path]:
        """A topic's segments, in the order of their offsets."""
        return sorted(self.folder_of(topic).glob("*.log"))


# "position: 0 CreateTime: 1768469400000 size: 2952" and so on, one line a batch.
_DUMPED = re.compile(r"(\w+): (\S+)")


def dump_log(segments: Sequence[Path]) -> list[dict[str, str]]:
    """What kafka-dump-log says of every batch, as names and words."""
    files = ",".join(map(str, segments))
    said = run_java("org.apache.kafka.tools.DumpLogSegments", "--files", files)
    lines = [line for line in said.splitlines() if line.startswith("baseOffset: ")]
    return [dict(_DUMPED.findall(line)) for line in lines]


def _free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
