"""What complab foretells that clients store, beside what they store on a real broker.

``send`` gives the samples' records to every client, in every codec and many levels,
and keeps the segments that the broker stored. ``foretell`` lets complab replay each
segment at its own batch boundaries, and writes one CSV. ``tell`` prints its table,
``overview`` the README's, in Markdown.
What it is not for: time; ``client_cpu.py`` is.

    python tests/studies/client_bytes.py send build/study-clients
    python tests/studies/client_bytes.py foretell build/study-clients FILE.csv
    python tests/studies/client_bytes.py tell FILE.csv
    python tests/studies/client_bytes.py overview FILE.csv
"""

import csv
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from complab.render import Cell, Column, Table, render_markdown
from complab.units import format_bytes

_ROOT = Path(__file__).parents[2]
sys.path.append(str(_ROOT / "tests" / "brokers"))

from clients import CLIENTS, java_settings, missing_program, send, send_by_java  # noqa: E402
from foretelling import Foretold, foretell, java_libraries  # noqa: E402
from kafka_broker import KafkaBroker, missing_parts  # noqa: E402
from messages import messages_of, write_messages  # noqa: E402

SAMPLES = (
    "http-requests-1m-none",
    "journald-1m-none",
    "dns-1m-zstd",
    "nginx-error-1m-zstd",
)
BATCH_BYTES = (16_384, 200_000)

# Each client's codecs at its default level, and further levels of those that have any.
_LEVELS: dict[str, dict[str, tuple[int, ...]]] = {
    "java": {
        "gzip": (1, 9),
        "lz4": (1, 3, 12, 17),
        "zstd": (-5, 1, 6, 12, 19, 22),
    },
    "librdkafka": {"gzip": (1, 9), "lz4": (3, 9, 12), "zstd": (1, 6, 12)},
    "sarama": {"gzip": (1, 9), "zstd": (1, 6, 10)},
    "franz-go": {"gzip": (1, 9), "zstd": (1, 3, 4)},
}
_CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


@dataclass(frozen=True, slots=True)
class Case:
    """A client with a codec and a level, ``None`` for its default."""

    client: str
    codec: str
    level: int | None
    sample: str
    batch_bytes: int

    @property
    def name(self) -> str:
        """What its topic and its segment are called; ``from_name`` reads it."""
        level = "default" if self.level is None else str(self.level)
        words = (self.client, self.codec, level, self.sample, str(self.batch_bytes))
        return "_".join(words)

    @classmethod
    def from_name(cls, name: str) -> "Case":
        """The case of a topic."""
        client, codec, level, sample, batch_bytes = name.split("_")
        number = None if level == "default" else int(level)
        return cls(client, codec, number, sample, int(batch_bytes))


def cases(client: str) -> Iterator[Case]:
    """All that a client is asked for."""
    for sample in SAMPLES:
        for batch_bytes in BATCH_BYTES:
            for codec in _CODECS:
                levels = _LEVELS.get(client, {}).get(codec, ())
                for level in (None, *levels):
                    yield Case(client, codec, level, sample, batch_bytes)


def send_all(folder: Path) -> None:
    """Fill the folder with a segment for each case; what is there already stays."""
    if reason := missing_parts():
        sys.exit(reason)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch, KafkaBroker(Path(scratch)) as broker:
        files = {
            sample: write_messages(
                Path(scratch) / sample,
                messages_of(_ROOT / "samples" / f"{sample}.bin"),
            )
            for sample in SAMPLES
        }
        for client in CLIENTS:
            if reason := missing_program(client):
                print(f"left out: {reason}")
                continue
            wanted = [c for c in cases(client) if not _segment(folder, c).exists()]
            broker.create([case.name for case in wanted])
            if client == "java":
                _send_by_java(broker, files, wanted)
            for case in wanted:
                if client != "java":
                    send(
                        client,
                        broker.servers,
                        case.name,
                        files[case.sample],
                        case.codec,
                        case.level,
                        case.batch_bytes,
                    )
                (stored,) = broker.segments(case.name)
                shutil.copyfile(stored, _segment(folder, case))
            print(f"{client}: {len(wanted)} segments")


def _send_by_java(
    broker: KafkaBroker, files: dict[str, Path], wanted: list[Case]
) -> None:
    """All of a sample's cases in one JVM."""
    for sample, path in files.items():
        topics = {
            case.name: java_settings(case.codec, case.level, case.batch_bytes)
            for case in wanted
            if case.sample == sample
        }
        if topics:
            send_by_java(broker.servers, path, topics)


def _segment(folder: Path, case: Case) -> Path:
    return folder / f"{case.name}.log"


_COLUMNS = (
    *("client", "codec", "level", "sample", "batch_size", "library_version"),
    *("batch_count", "identical_count", "message_count"),
    *("stored_bytes", "foretold_bytes"),
)


def foretell_all(folder: Path, output: Path) -> None:
    """Replay every segment of the folder, and write a row for each."""
    with output.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for client in CLIENTS:
            for case in cases(client):
                path = _segment(folder, case)
                if not path.exists():
                    continue
                for found in _foretold(path, case):
                    writer.writerow(
                        (
                            *(client, case.codec),
                            "" if case.level is None else case.level,
                            *(case.sample, case.batch_bytes, found.library_version),
                            *(found.batch_count, found.identical_count),
                            *(found.message_count, found.stored_bytes),
                            found.foretold_bytes,
                        )
                    )


def _foretold(path: Path, case: Case) -> Iterator[Foretold]:
    """By the system's library, and where they are there by Java's own."""
    yield foretell(path, case.client, case.codec, case.level)
    if case.client == "java" and case.codec == "lz4":
        for library in java_libraries():
            yield foretell(path, case.client, case.codec, case.level, library)


def table_of(rows: Iterable[Mapping[str, str]]) -> Table:
    """A row for each client, codec and level, over all samples and batch sizes."""
    groups: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    for row in rows:
        level = row["level"] or "default"
        key = (row["client"], row["codec"], level, row["library_version"])
        groups.setdefault(key, []).append(row)
    columns = (
        Column.text("client", "client"),
        Column.text("codec", "codec"),
        Column.text("level", "level"),
        Column.text("version", "library"),
        Column.number("stored", "stored", "bytes", format=format_bytes),
        Column.number("foretold", "foretold", "bytes", format=format_bytes),
        Column.number("deviation", "deviation", "%", format=lambda x: f"{x:+.2f}"),
        Column.number("worst", "worst log", "%", format=lambda x: f"{x:+.2f}"),
        Column.number(
            "identical", "identical batches", "%", format=lambda x: f"{x:.0f}"
        ),
    )
    return Table(
        columns=columns, rows=[_summary(key, group) for key, group in groups.items()]
    )


def _summary(
    key: tuple[str, ...], group: Sequence[Mapping[str, str]]
) -> dict[str, Cell]:
    def total(name: str) -> int:
        return sum(int(row[name]) for row in group)

    deviations = [
        _deviation(row["foretold_bytes"], row["stored_bytes"]) for row in group
    ]
    client, codec, level, version = key
    return {
        "client": client,
        "codec": codec,
        "level": level,
        "version": version or None,
        "stored": total("stored_bytes"),
        "foretold": total("foretold_bytes"),
        "deviation": _deviation(total("foretold_bytes"), total("stored_bytes")),
        "worst": max(deviations, key=abs),
        "identical": 100 * total("identical_count") / total("batch_count"),
    }


def overview_of(rows: Iterable[Mapping[str, str]]) -> Table:
    """A row for each client, a column for each codec: deviations in %.

    That of the default level over all logs, and behind it those of all levels, from the
    least to the largest. By the libraries that complab opens unasked.
    """
    details = table_of(rows).rows
    found = []
    for client in dict.fromkeys(row["client"] for row in details):
        cells: dict[str, Cell] = {"client": client}
        for codec in _CODECS:
            levels = {
                str(row["level"]): round(float(row["deviation"] or 0), 2) + 0.0
                for row in reversed(details)  # the row that stays is the first
                if (row["client"], row["codec"]) == (client, codec)
            }
            low, high = min(levels.values()), max(levels.values())
            cells[codec] = _percent(levels["default"])
            if low != high:
                cells[codec] = f"{cells[codec]} ({_percent(low)} to {_percent(high)})"
        found.append(cells)
    columns = [Column.text("client", "client")]
    columns += [Column.text(codec, codec) for codec in _CODECS]
    return Table(columns=columns, rows=found)


def _percent(value: float) -> str:
    return f"{value:+.2f}" if value else "0"


def _deviation(foretold: str | int, stored: str | int) -> float:
    return 100 * (int(foretold) / int(stored) - 1)


def main(words: Sequence[str]) -> None:
    """Do what the module's head says."""
    match words:
        case ["send", folder]:
            send_all(Path(folder))
        case ["foretell", folder, output]:
            foretell_all(Path(folder), Path(output))
        case ["tell", path]:
            with Path(path).open(encoding="utf-8", newline="") as file:
                print(table_of(csv.DictReader(file)))
        case ["overview", path]:
            with Path(path).open(encoding="utf-8", newline="") as file:
                print(render_markdown(overview_of(csv.DictReader(file))))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
