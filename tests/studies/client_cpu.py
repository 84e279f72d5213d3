"""What producers cost as processes, beside what complab foretells of them.

``run`` sends many messages to a real broker with the Java producer and with librdkafka,
each with small and with large batches, the codecs in turn and a process for each run,
and takes the user time that the system counted; then complab replays what the broker
stored. ``tell`` prints both for a million messages, their ratio with the 95 % interval
of repeated runs, and whether the order of the codecs is the same.

``process`` is the whole program; ``threads`` those threads of it that encode, compress
and checksum: in Java the caller's, in a JVM that has sent as much before; of librdkafka
its own, which also send. What complab foretells are these stages, by the clock.

``streams`` tells where Java's order comes from: the time and the fresh memory that its
streams take for a batch.

    python tests/studies/client_cpu.py run FILE.csv
    python tests/studies/client_cpu.py tell FILE.csv
    python tests/studies/client_cpu.py streams
"""

import csv
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product
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

from clients import java_settings, send_by_java, send_by_librdkafka  # noqa: E402
from kafka_broker import KafkaBroker, missing_parts, run_java  # noqa: E402
from messages import messages_of, read_messages, write_messages  # noqa: E402

_SAMPLE = _ROOT / "samples" / "http-requests-1m-none.bin"
_CLIENTS = ("java", "librdkafka")
_RUNS = 3
# Of 600 messages, 978 KB. The system counts in hundredths of a second: most codecs take
# one for each two rounds.
_ROUNDS = dict.fromkeys(KAFKA_CODECS, 200) | {"gzip": 40}
_BUDGET_S = 3.0
# The defaults of Java and of librdkafka.
_BATCH_BYTES = (16_384, 1_000_000)
_COLUMNS = (
    *("client", "batch_bytes", "codec", "run"),
    *("process_s", "threads_s", "foretold_s"),
)

_Runs = list[Mapping[str, str]]


def measure(
    client: str,
    servers: str,
    path: Path,
    topics: Sequence[str],
    codec: str,
    batch_bytes: int,
) -> tuple[float, float]:
    """User seconds for a million messages of the second of two topics.

    Of the process, and of the threads that encode and compress.
    """
    rounds = _ROUNDS[codec]
    if client == "java":
        settings = java_settings(codec, None, batch_bytes)
        jobs = dict.fromkeys(topics, settings)
        took = send_by_java(servers, path, jobs, rounds=rounds)
        process_s, threads_s = took[topics[1]]
    else:
        words = ("librdkafka", servers, str(path), topics[1], codec, str(batch_bytes))
        done = subprocess.run(
            [sys.executable, __file__, *words], check=True, capture_output=True
        )
        process_s, threads_s = map(float, done.stdout.split())
    millions = len(list(read_messages(path))) * rounds / 1e6
    return process_s / millions, threads_s / millions


def send_as_librdkafka(
    servers: str, path: Path, topic: str, codec: str, batch_bytes: int
) -> None:
    """Send, and print the user seconds of this process and of librdkafka's threads."""
    messages = list(read_messages(path)) * _ROUNDS[codec]

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
        batch_bytes,
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
    cases = list(product(_CLIENTS, _BATCH_BYTES, KAFKA_CODECS))
    with TemporaryDirectory() as scratch, KafkaBroker(Path(scratch)) as broker:
        path = write_messages(Path(scratch) / "messages", messages_of(_SAMPLE))
        for run in range(_RUNS):
            for client, batch_bytes, codec in cases:
                name = f"{client}-{batch_bytes}-{codec}-{run}"
                topics = [f"{use}-{name}" for use in ("warm", "cpu")]
                broker.create(topics)
                measured = measure(
                    client, broker.servers, path, topics, codec, batch_bytes
                )
                foretold = foretell(client, broker.folder_of(topics[1]), codec)
                times = (f"{time:.3f}" for time in (*measured, foretold))
                rows.append((client, batch_bytes, codec, run, *times))
                for topic in topics:
                    broker.delete(topic)
            print(f"run {run + 1} of {_RUNS}", file=sys.stderr)
    with output.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)


def table_of(rows: Iterable[Mapping[str, str]]) -> Table:
    """A row for each client, size and codec; below, what each order is."""
    groups: dict[tuple[str, int], dict[str, _Runs]] = {}
    for row in rows:
        group = groups.setdefault((row["client"], int(row["batch_bytes"])), {})
        group.setdefault(row["codec"], []).append(row)
    found = [
        _summary(*place, codec, runs)
        for place, group in groups.items()
        for codec, runs in group.items()
    ]
    columns = (
        Column.text("client", "client"),
        Column.number("batch_bytes", "batches", "bytes", format="{:,}".format),
        Column.text("codec", "codec"),
        Column.number("process", "process", "s/M", format="{:.2f}".format),
        Column.number("threads", "threads", "s/M", format="{:.2f}".format),
        Column.number("foretold", "foretold", "s/M", format="{:.2f}".format),
        Column.number("ratio", "ratio", format="{:.2f}".format),
        Column.number("error", "±", "%", format="{:.1f}".format),
    )
    notes = [
        f"{client}, {batch_bytes:,} bytes: {_orders(group)}"
        for (client, batch_bytes), group in groups.items()
    ]
    return Table(columns=columns, rows=found, notes=notes)


def _orders(group: Mapping[str, _Runs]) -> str:
    """The codecs by their threads' time, and whom the foretold order turns round."""
    order = sorted(group, key=lambda codec: _mean(group[codec], "threads_s"))
    told = [f"by its threads' time {', '.join(order)}"]
    for first, second in combinations(order, 2):
        if _mean(group[first], "foretold_s") <= _mean(group[second], "foretold_s"):
            continue
        ratios = [
            float(b["threads_s"]) / float(a["threads_s"])
            for a, b in zip(group[first], group[second], strict=True)
        ]
        ratio, error_pct = _geometric(ratios)
        told.append(
            f"{first} is foretold behind {second}, which takes {ratio:.2f} times as "
            f"long (± {error_pct:.1f} %)"
        )
    if len(told) == 1:
        told.append("as foretold")
    return "; ".join(told)


def _mean(runs: _Runs, name: str) -> float:
    return mean(float(row[name]) for row in runs)


def _geometric(ratios: Sequence[float]) -> tuple[float, float]:
    """The mean of ratios, and half its 95 % interval in percent: by logarithms."""
    logs = list(map(math.log, ratios))
    half = student_quantile(0.975, len(logs) - 1) * stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean(logs)), 100 * math.expm1(half)


def _summary(client: str, batch_bytes: int, codec: str, runs: _Runs) -> dict[str, Any]:
    """Means over runs, and the ratio of the threads' time to the foretold one."""
    ratio, error_pct = _geometric(
        [float(row["threads_s"]) / float(row["foretold_s"]) for row in runs]
    )
    return {
        "client": client,
        "batch_bytes": batch_bytes,
        "codec": codec,
        "process": _mean(runs, "process_s"),
        "threads": _mean(runs, "threads_s"),
        "foretold": _mean(runs, "foretold_s"),
        "ratio": ratio,
        "error": error_pct,
    }


def streams_table() -> Table:
    """What each of Kafka's compressing streams in Java takes for a batch."""
    log = complab.kafka.open(str(_SAMPLE))
    payload = b"".join(map(log.payload, range(len(log))))
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "payload"
        path.write_bytes(payload)
        # A batch's header apart.
        sizes = (str(size - 1000) for size in (_BATCH_BYTES[0], 65_536, 262_144))
        said = run_java("Streams", str(path), *sizes)
    columns = (
        Column.number("batch_bytes", "batches", "bytes", format="{:,}".format),
        Column.text("name", "stream"),
        Column.number("batch_us", "each", "us", format="{:.1f}".format),
        Column.number("fresh_bytes", "allocates", "bytes", format="{:,}".format),
    )
    rows: list[dict[str, Any]] = []
    for line in said.splitlines():
        batch_bytes, name, batch_ns, fresh_bytes = line.split("\t")
        rows.append(
            {
                "batch_bytes": int(batch_bytes),
                "name": name,
                "batch_us": int(batch_ns) / 1000,
                "fresh_bytes": int(fresh_bytes),
            }
        )
    return Table(columns=columns, rows=rows)


def main(words: Sequence[str]) -> None:
    """Do what the module's head says."""
    match words:
        case ["run", output]:
            run_all(Path(output))
        case ["tell", path]:
            with Path(path).open(encoding="utf-8", newline="") as file:
                print(table_of(csv.DictReader(file)))
        case ["streams"]:
            print(streams_table())
        case ["librdkafka", servers, path, topic, codec, batch_bytes]:
            send_as_librdkafka(servers, Path(path), topic, codec, int(batch_bytes))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
