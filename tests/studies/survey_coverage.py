"""Holds the intervals of surveys against a full pass over a made-up data folder.

A folder of eight topics is made from the shipped samples: their records, regrouped into
batches of other sizes, in other codecs, in segments with offset indexes as a broker
writes them. Topics differ in what makes sampling hard: batches of very different sizes,
a topic that changes from segment to segment, a tenth of incompressible bytes, tiny
batches, large ones, no index at all. A full pass by a reader of this program's own says
what each codec would really save. Surveys with other seeds then say it with intervals.

    python tests/studies/survey_coverage.py run --draws 100 --data survey.json
    python tests/studies/survey_coverage.py tell survey.json
"""

import argparse
import json
import random
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import complab
from complab import core
from complab.codecs.catalogue import KAFKA, Catalogue, find

_SAMPLES = Path(__file__).parents[2] / "samples"
_CODECS = "zstd:3,lz4"
_SEGMENT_BYTES = 64 << 20
_INDEX_INTERVAL_BYTES = 4096
_POOL_BATCHES = 400

_Values = list[bytes]


@dataclass(frozen=True)
class _Recipe:
    """A topic: which records, how many a batch, in which codec, by segment."""

    name: str
    sources: tuple[str, ...]
    record_count: Callable[[random.Random], int]
    codecs: tuple[str, ...]
    is_changing: bool = False
    noise_share: float = 0.0
    is_indexed: bool = True


def _between(low: int, high: int) -> Callable[[random.Random], int]:
    return lambda draw: draw.randint(low, high)


def _log_between(low: int, high: int) -> Callable[[random.Random], int]:
    return lambda draw: int(low * (high / low) ** draw.random())


_RECIPES = (
    _Recipe("http-lz4", ("http-requests",), _between(8, 12), ("lz4",)),
    _Recipe("journald-snappy", ("journald",), _between(12, 18), ("snappy",)),
    _Recipe(
        "changing-none",
        ("http-requests", "journald", "nginx-error"),
        _between(5, 50),
        ("none",),
        is_changing=True,
    ),
    _Recipe("dns-tiny", ("dns",), _between(1, 5), ("none",)),
    _Recipe(
        "sizes-zstd",
        ("http-requests", "journald"),
        _log_between(1, 600),
        ("zstd",),
    ),
    _Recipe(
        "noise-gzip",
        ("journald", "dns"),
        _between(5, 60),
        ("gzip", "none"),
        noise_share=0.1,
    ),
    _Recipe("large-lz4", ("http-requests", "journald"), _between(400, 600), ("lz4",)),
    _Recipe(
        "no-index", ("nginx-error",), _between(20, 100), ("lz4",), is_indexed=False
    ),
)


# ---- Making the folder -----------------------------------------------------------


def _values(name: str) -> _Values:
    """The values of a sample's records."""
    found: _Values = []
    for stored in ("zstd", "none"):
        path = _SAMPLES / f"{name}-1m-{stored}.bin"
        if path.exists():
            break
    log = complab.kafka.open(str(path))
    for number in range(len(log)):
        records = log.records(number)
        found += [records.value(i) or b"" for i in range(len(records))]
    return found


def _payload(values: _Values) -> bytes:
    rows = np.zeros(len(values), core.record_dtype())
    sizes = np.array([len(value) for value in values])
    rows["offset"] = np.arange(len(values))
    rows["key_bytes"] = -1
    rows["value_bytes"] = sizes
    rows["value_position"] = np.cumsum(sizes) - sizes
    payload, count = core.write_records(
        b"".join(values),
        rows,
        base_offset=0,
        base_timestamp=0,
        capacity_bytes=int(sizes.sum()) + 40 * len(values),
    )
    assert count == len(values)
    return payload


class _Compressors:
    """Kafka's codecs at their default levels, by the lab's own coders."""

    def __init__(self) -> None:
        self._coders: dict[tuple[str, int | None], core.Coder] = {}
        self._arena = core.Arena()

    def compress(self, payload: bytes, name: str, level: int | None = None) -> bytes:
        if name == "none":
            return payload
        if (name, level) not in self._coders:
            codec = find(name, KAFKA)
            (provider,) = Catalogue().choose(codec, None)
            levels = core.codec_levels(codec, provider.library)
            chosen = level if level is not None else levels.default if levels else 0
            self._coders[name, level] = core.Coder(
                codec,
                provider.library,
                core.Direction.COMPRESS,
                level=chosen,
                is_size_known=False,
            )
        coder = self._coders[name, level]
        capacity = [coder.bound_bytes(len(payload))]
        work = core.Work(coder, core.Sources([payload]), capacity, self._arena)
        work.run_block(0)
        return work.output(0)


@dataclass(frozen=True)
class _Made:
    """A batch of the pool: its bytes, and the payload that is in it."""

    data: bytes
    payload: bytes
    record_count: int
    source: str


def _pool(
    recipe: _Recipe, draw: random.Random, compressors: _Compressors
) -> list[_Made]:
    """The batches that a topic is put together from."""
    sources = {name: _values(name) for name in recipe.sources}
    made = []
    for number in range(_POOL_BATCHES):
        name = recipe.sources[number % len(recipe.sources)]
        values = sources[name]
        count = min(recipe.record_count(draw), len(values))
        begin = draw.randrange(len(values) - count + 1)
        some = values[begin : begin + count]
        codec = recipe.codecs[draw.random() < 0.3 and len(recipe.codecs) > 1]
        if draw.random() < recipe.noise_share:
            some, name = [draw.randbytes(len(value)) for value in some], "noise"
        payload = _payload(some)
        fields = np.zeros(1, core.batch_dtype())[0]
        fields["magic"] = 2
        fields["attributes"] = find(codec, KAFKA).kafka_id
        fields["record_count"] = count
        fields["last_offset"] = count - 1
        fields["producer_id"] = fields["producer_epoch"] = fields["base_sequence"] = -1
        data = core.write_batch(fields, compressors.compress(payload, codec))
        made.append(_Made(data, payload, count, name))
    return made


def _make_topic(
    folder: Path, recipe: _Recipe, topic_bytes: int, seed: int, pool: list[_Made]
) -> None:
    """Two partitions of batches drawn from the pool, with segments and indexes."""
    draw = random.Random(f"{recipe.name} {seed}")
    for partition in range(2):
        place = folder / f"{recipe.name}-{partition}"
        place.mkdir()
        offset, left_bytes, segment = 0, topic_bytes // 2, 0
        while left_bytes > 0:
            # A topic that changes is of another mixture in each segment.
            favourite = recipe.sources[segment % len(recipe.sources)]
            some = [
                each
                for each in pool
                if not recipe.is_changing
                or each.source == favourite
                or draw.random() < 0.05
            ]
            size = min(_SEGMENT_BYTES, left_bytes)
            offset = _write_segment(place, offset, some, size, draw, recipe.is_indexed)
            left_bytes -= size
            segment += 1


def _write_segment(
    place: Path,
    base_offset: int,
    pool: list[_Made],
    segment_bytes: int,
    draw: random.Random,
    is_indexed: bool,
) -> int:
    """Write a log and its index as a broker does; the next offset."""
    name = f"{base_offset:020}"
    offset, position, since_entry = base_offset, 0, 0
    entries = bytearray()
    with (place / f"{name}.log").open("wb") as log:
        while position < segment_bytes:
            made = draw.choice(pool)
            log.write(struct.pack(">q", offset) + made.data[8:])
            last = offset + made.record_count - 1
            if since_entry > _INDEX_INTERVAL_BYTES:
                entries += struct.pack(">ii", last - base_offset, position)
                since_entry = 0
            position += len(made.data)
            since_entry += len(made.data)
            offset = last + 1
    if is_indexed:
        (place / f"{name}.index").write_bytes(entries)
    return offset


# ---- The full pass ---------------------------------------------------------------


def _batches(path: Path) -> Iterator[bytes]:
    """Every batch of a segment, by the lengths that stand in it."""
    data = path.read_bytes()
    position = 0
    while position < len(data):
        (length,) = struct.unpack_from(">i", data, position + 8)
        yield data[position : position + 12 + length]
        position += 12 + length


def _truth(
    folder: Path, pools: dict[str, list[_Made]], compressors: _Compressors
) -> dict[str, dict[str, float]]:
    """What each codec would save of each topic, in percent, by a pass over all of it.

    A batch that occurs more than once is compressed once; its payload is the one that
    it was made of.
    """
    truth: dict[str, dict[str, float]] = {}
    for recipe in _RECIPES:
        payloads = {made.data[12:]: made.payload for made in pools[recipe.name]}
        known: dict[bytes, dict[str, int]] = {}
        stored, sums = 0, dict.fromkeys(_CODECS.split(","), 0)
        for path in sorted(folder.glob(f"{recipe.name}-*/*.log")):
            for batch in _batches(path):
                key = batch[12:]
                stored += len(batch)
                if key not in known:
                    known[key] = {
                        item: 61 + len(_compressed(compressors, payloads[key], item))
                        for item in sums
                    }
                for item, size in known[key].items():
                    sums[item] += size
        truth[recipe.name] = {
            item: 100 * (1 - total / stored) for item, total in sums.items()
        }
    return truth


def _compressed(compressors: _Compressors, payload: bytes, item: str) -> bytes:
    name, _, level = item.partition(":")
    return compressors.compress(payload, name, int(level) if level else None)


# ---- The study -------------------------------------------------------------------


def _draw_all(
    folder: Path, truth: dict[str, dict[str, float]], draws: int
) -> list[dict[str, Any]]:
    """Surveys with so many seeds: for each topic and codec what was told and held."""
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for seed in range(draws):
        found = complab.survey(str(folder), _CODECS, seed=seed)
        for row in (each.cells() for each in found.rows):
            item = next(i for i in _CODECS.split(",") if i.startswith(row["codec"]))
            entry = told.setdefault(
                (row["topic"], item),
                {
                    "topic": row["topic"],
                    "codec": item,
                    "truth_pct": truth[row["topic"]][item],
                    "held": 0,
                    "half_width_pct": 0.0,
                    "batches": 0.0,
                },
            )
            low, high = row["saving_low_pct"], row["saving_high_pct"]
            entry["held"] += low <= entry["truth_pct"] <= high
            entry["half_width_pct"] += (high - low) / 2 / draws
            entry["batches"] += row["read_batch_count"] / draws
        print(f"survey {seed + 1} of {draws}", file=sys.stderr)
    return list(told.values())


def make(folder: Path, size_mb: int) -> None:
    """Make a data folder and leave it there."""
    compressors = _Compressors()
    for recipe in _RECIPES:
        pool = _pool(recipe, random.Random(recipe.name), compressors)
        _make_topic(folder, recipe, size_mb * 1_000_000 // len(_RECIPES), 0, pool)


def hold(draws: int, megabytes: tuple[int, int]) -> list[dict[str, Any]]:
    """Survey folders of two sizes; the second has the intervals looked at."""
    compressors = _Compressors()
    pools = {
        recipe.name: _pool(recipe, random.Random(recipe.name), compressors)
        for recipe in _RECIPES
    }
    folders = []
    for size_mb, count in zip(megabytes, (min(draws, 10), draws), strict=True):
        with TemporaryDirectory() as name:
            folder = Path(name)
            for recipe in _RECIPES:
                topic_bytes = size_mb * 1_000_000 // len(_RECIPES)
                _make_topic(folder, recipe, topic_bytes, 0, pools[recipe.name])
            truth = _truth(folder, pools, compressors)
            rows = _draw_all(folder, truth, count)
            read = complab.survey(str(folder), _CODECS).read_bytes
            stored = sum(path.stat().st_size for path in folder.glob("*/*.log"))
        folders.append(
            {
                "stored_bytes": stored,
                "read_bytes": read,
                "draws": count,
                "rows": rows,
            }
        )
    return folders


def time_both(megabytes: tuple[int, int], count: int) -> list[dict[str, Any]]:
    """Survey folders of two sizes by turns: wall and CPU times of each, in seconds."""
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        folders = (Path(first), Path(second))
        for folder, size_mb in zip(folders, megabytes, strict=True):
            make(folder, size_mb)
        times: list[dict[str, Any]] = [
            {"megabytes": size_mb, "wall_s": [], "cpu_s": []} for size_mb in megabytes
        ]
        for seed in range(count):
            for folder, own in zip(folders, times, strict=True):
                wall, cpu = time.perf_counter(), time.process_time()
                complab.survey(str(folder), _CODECS, seed=seed)
                own["wall_s"].append(time.perf_counter() - wall)
                own["cpu_s"].append(time.process_time() - cpu)
    return times


def tell(result: dict[str, Any]) -> None:
    """Print what was found."""
    for each in result["times"]:
        wall, cpu = (sorted(each[name]) for name in ("wall_s", "cpu_s"))
        print(
            f"{each['megabytes']:,} MB: a survey takes {wall[len(wall) // 2]:.2f} s, "
            f"{cpu[len(cpu) // 2]:.2f} s of CPU, in the median of {len(wall)}"
        )
    for folder in result["folders"]:
        print(
            f"{folder['stored_bytes'] / 1e6:,.0f} MB, of which "
            f"{folder['read_bytes'] / 1e6:,.0f} are read:"
        )
        for row in folder["rows"]:
            print(
                f"  {row['topic']:16} {row['codec']:7} truth {row['truth_pct']:.2f} %, "
                f"held in {row['held']} of {folder['draws']}, "
                f"±{row['half_width_pct']:.2f}, {row['batches']:,.0f} batches"
            )
        held = sum(row["held"] for row in folder["rows"])
        count = folder["draws"] * len(folder["rows"])
        least = min(row["held"] for row in folder["rows"])
        print(f"  all: {held} of {count} ({100 * held / count:.1f} %), least {least}")


def main() -> None:
    """Run the study or tell what it found."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("--draws", type=int, default=100)
    running.add_argument("--megabytes", type=int, nargs=2, default=(200, 2000))
    running.add_argument("--data", type=Path, required=True)
    telling = commands.add_parser("tell")
    telling.add_argument("data", type=Path)
    options = parser.parse_args()
    if options.command == "run":
        sizes = tuple(options.megabytes)
        result = {
            "codecs": _CODECS,
            "folders": hold(options.draws, sizes),
            "times": time_both(sizes, 5),
        }
        options.data.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    tell(json.loads(options.data.read_text("utf-8")))


if __name__ == "__main__":
    main()
