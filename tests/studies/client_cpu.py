"""What producers cost as processes, beside what complab foretells of them.

``run`` sends many messages to a real broker with the Java producer and with librdkafka,
the codecs in turn and a process for each run, and takes the user time that the system
counted; then complab replays what the broker stored. ``tell`` prints both for a million
messages, their ratio with the 95 % interval of repeated runs, and whether the order of
the codecs is the same.

``process`` is the whole program; ``threads`` those threads of it that encode, compress
and checksum: in Java the caller's, in a JVM that has sent as much before; of librdkafka
its own, which also send. What complab foretells are these stages, by the clock.

    python tests/studies/client_cpu.py run FILE.csv
    python tests/studies/client_cpu.py tell FILE.csv
"""

import csv
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory
from typing import Any

import complab
from complab.codecs.catalogue import KAFKA_CODECS
from complab.render import Column, Table
from complab.student import student_quantile

_ROOT = Path(__file__).parents[2]
sys.path.append(str(_ROOT / "tests" / "brokers"))

from clients import send_by_java, send_by_librdkafka  # noqa: E402
from kafka_broker import KafkaBroker, missing_parts  # noqa: E402
from messages import messages_of, read_messages, write_messages  # noqa: E402

_SAMPLE = _ROOT / "samples" / "http-requests-1m-none.bin"
_CLIENTS = ("java", "librdkafka")
_RUNS = 3
# 60,000 messages, 98 MB: some seconds of the slowest codec.
_ROUNDS = 100
_BUDGET_S = 3.0
# Each client's own default.
_BATCH_BYTES = {"java": 16_384, "librdkafka": 1_000_000}
_COLUMNS = ("client", "codec", "run", "process_s", "threads_s", "foretold_s")


def measure(
    client: str, servers: str, path: Path, topics: Sequence[str], codec: str
) -> tuple[float, float]:
    """User seconds for a million messages of the second of two topics.

    Of the process, and of the threads that encode and compress.
    """
    if client == "java":
        batch_bytes = str(_BATCH_BYTES[client])
        settings = {"compression.type": codec, "batch.size": batch_bytes}
        jobs = dict.fromkeys(topics, settings)
        took = send_by_java(servers, path, jobs, rounds=_ROUNDS)
        process_s, threads_s = took[topics[1]]
    else:
        words = ("librdkafka", servers, str(path), topics[1], codec)
        done = subprocess.run(
            [sys.executable, __file__, *words], check=True, capture_output=True
        )
        process_s, threads_s = map(float, done.stdout.split())
    millions = len(list(read_messages(path))) * _ROUNDS / 1e6
    return process_s / millions, threads_s / millions


def send_as_librdkafka(servers: str, path: Path, topic: str, codec: str) -> None:
    """Send, and print the user seconds of this process and of librdkafka's threads."""
    messages = list(read_messages(path)) * _ROUNDS

    def user_s() -> float:
        """Of librdkafka's threads, by their names: see proc(5)."""
        ticks = 0
        for stat in Path("/proc/self/task").glob("*/stat"):
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            if name.startswith("rdk:"):
                ticks += int(rest.split()[11])
        return ticks / os.sysconf("SC_CLK_TCK")

    took: list[float] = []
    send_by_librdkafka(
        servers,
        topic,
        messages,
        codec,
        None,
        _BATCH_BYTES["librdkafka"],
        on_flushed=lambda: took.append(user_s()),
    )
    print(os.times().user, took[0])


def foretell(client: str, folder: Path, codec: str) -> float:
    """What complab foretells for a million messages."""
    result = complab.replay(str(folder), codec, client=client, budget_s=_BUDGET_S)
    (row,) = (row for row in result.rows if row.codec == codec)
    assert row.producer_cpu_s_per_million is not None
    return row.producer_cpu_s_per_million


def run_all(output: Path) -> None:
    """Measure and foretell each client and codec, and write a row for each run."""
    if reason := missing_parts():
        sys.exit(reason)
    rows = []
    with TemporaryDirectory() as scratch, KafkaBroker(Path(scratch)) as broker:
        path = write_messages(Path(scratch) / "messages", messages_of(_SAMPLE))
        for run in range(_RUNS):
            for client in _CLIENTS:
                for codec in KAFKA_CODECS:
                    topics = [
                        f"{use}-{client}-{codec}-{run}" for use in ("warm", "cpu")
                    ]
                    broker.create(topics)
                    measured = measure(client, broker.servers, path, topics, codec)
                    foretold = foretell(client, broker.folder_of(topics[1]), codec)
                    times = (f"{time:.3f}" for time in (*measured, foretold))
                    rows.append((client, codec, run, *times))
                    for topic in topics:
                        broker.delete(topic)
            print(f"run {run + 1} of {_RUNS}", file=sys.stderr)
    with output.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)


def table_of(rows: Iterable[Mapping[str, str]]) -> Table:
    """A row for each client and codec; below, what is to be said of the orders."""
    groups: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        groups.setdefault((row["client"], row["codec"]), []).append(row)
    found = [_summary(*key, group) for key, group in groups.items()]
    columns = (
        Column.text("client", "client"),
        Column.text("codec", "codec"),
        Column.number("process", "process", "s/M", format="{:.2f}".format),
        Column.number("threads", "threads", "s/M", format="{:.2f}".format),
        Column.number("foretold", "foretold", "s/M", format="{:.2f}".format),
        Column.number("ratio", "ratio", format="{:.2f}".format),
        Column.number("error", "±", "%", format="{:.1f}".format),
    )
    notes = []
    for client in _CLIENTS:
        own = [row for row in found if row["client"] == client]
        orders = [
            [row["codec"] for row in sorted(own, key=lambda row: float(row[what]))]
            for what in ("threads", "foretold")
        ]
        verdict = "the same" if orders[0] == orders[1] else "another"
        notes.append(
            f"{client}: {', '.join(orders[0])} by its threads' time; {verdict} order "
            f"is foretold ({', '.join(orders[1])})"
        )
    return Table(columns=columns, rows=found, notes=notes)


def _summary(
    client: str, codec: str, group: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """Means over runs, and the ratio with the interval of its logarithm."""
    logs = [math.log(float(r["threads_s"]) / float(r["foretold_s"])) for r in group]
    half = student_quantile(0.975, len(logs) - 1) * stdev(logs) / math.sqrt(len(logs))
    return {
        "client": client,
        "codec": codec,
        "process": mean(float(row["process_s"]) for row in group),
        "threads": mean(float(row["threads_s"]) for row in group),
        "foretold": mean(float(row["foretold_s"]) for row in group),
        "ratio": math.exp(mean(logs)),
        "error": 100 * math.expm1(half),
    }


def main(words: Sequence[str]) -> None:
    """Do what the module's head says."""
    match words:
        case ["run", output]:
            run_all(Path(output))
        case ["tell", path]:
            with Path(path).open(encoding="utf-8", newline="") as file:
                print(table_of(csv.DictReader(file)))
        case ["librdkafka", servers, path, topic, codec]:
            send_as_librdkafka(servers, Path(path), topic, codec)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
