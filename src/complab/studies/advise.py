"""Advice: which codec, level and batch size a topic should have, and what it costs.

Every candidate is replayed on the topic's own records and priced by `complab.costs`.
The best is the cheapest that keeps to the constraints.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.codecs.specs import Selection
from complab.codecs.writers import JAVA, Client, find_client
from complab.costs import (
    Machine,
    Prices,
    Traffic,
    read_prices,
)
from complab.errors import PlanError
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES
from complab.render import ShownAsTable, Table
from complab.studies.advice_table import (
    FAILED,
    OK,
    AdviceRow,
    advice_table,
)
from complab.studies.candidates import Candidate, Constraints, Filling
from complab.studies.client_settings import (
    Chosen,
    producer_settings,
    topic_settings,
)
from complab.studies.sampled import Sample, read_sample
from complab.studies.stations import PathTimes
from complab.studies.verdict import sentences

# All candidates are in memory at once; each holds its batches two or three times.
DEFAULT_MAX_INPUT_BYTES: Final = 8 << 20
DEFAULT_SIZES: Final = (16_384, 65_536, 262_144)
DEFAULT_MAX_LINGER_MS: Final = 100.0

_ZSTD_LEVELS: Final = (1, 3, 6, 9, 12)
_DEFAULT_BUDGET_AT_MOST_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Ingress:
    """What comes in, uncompressed: bytes or messages a second, one of the two."""

    bytes_per_s: float | None = None
    messages_per_s: float | None = None

    def traffic(
        self,
        message_bytes: float,
        *,
        replication: int,
        consumer_groups: int,
        retention_s: float,
    ) -> Traffic:
        """The load, with the mean size of the topic's own messages."""
        bytes_per_s = self.bytes_per_s or (self.messages_per_s or 0.0) * message_bytes
        return Traffic(
            bytes_per_s,
            bytes_per_s / message_bytes,
            replication,
            consumer_groups,
            retention_s,
        )


@dataclass(frozen=True, repr=False)
class Advice(ShownAsTable):
    """The answer in sentences, the settings to paste, and the rows behind both."""

    rows: tuple[AdviceRow, ...]
    sentences: tuple[str, ...]
    settings: tuple[tuple[str, tuple[str, ...]], ...]
    currency: str
    notes: tuple[str, ...] = ()
    has_damage: bool = False

    @property
    def has_failures(self) -> bool:
        """Whether something could not be read or measured, or nothing is advised."""
        is_failed = any(row.status == FAILED for row in self.rows)
        return self.has_damage or is_failed or not self.settings

    def table(self) -> Table:
        """The candidates, the cheapest first."""
        return advice_table(self.rows, self.currency, (*self.answer(), *self.notes))

    def answer(self) -> Iterator[str]:
        """The sentences, and the settings under their titles."""
        yield from self.sentences
        for title, lines in self.settings:
            yield f"{title}:"
            yield from (f"    {line}" for line in lines)

    def to_document(self) -> dict[str, Any]:
        """All of it as JSON's lists and mappings."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "currency": self.currency,
            "sentences": list(self.sentences),
            "settings": {title: list(lines) for title, lines in self.settings},
            "notes": list(self.notes),
        }


def advise(
    path: str,
    *,
    ingress: Ingress,
    replication: int = 3,
    consumer_groups: int = 1,
    retention_s: float = 7 * 86_400.0,
    prices: str | None = None,
    machine: Machine | None = None,
    constraints: Constraints | None = None,
    client: str = JAVA,
    codecs: str | None = None,
    libraries: Sequence[str] = (),
    sizes: Sequence[int] = DEFAULT_SIZES,
    producer_count: int = 1,
    max_linger_ms: float = DEFAULT_MAX_LINGER_MS,
    records: str | None = None,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    budget_s: float | None = None,
    seed: int = 0,
) -> Advice:
    """The cheapest way to write a topic, by its own records.

    ``path`` is what ``complab.replay`` takes. ``ingress`` is of uncompressed records;
    ``prices`` names a TOML file (`complab.costs.read_prices`), without which usage is
    told as shares of a ``machine``. ``sizes`` are the client's batch sizes to try; a
    batch is closed by ``max_linger_ms`` at the latest, while ``producer_count``
    producers share the messages.

    ``budget_s`` is for all of it, a second a candidate and at most 60 unless given.
    Raises as ``complab.replay``, and ``PlanError`` for prices that are none.
    """
    started_s = time.monotonic()
    _check(sizes, producer_count, max_linger_ms)
    writer = find_client(client)
    costs = read_prices(prices) if prices else (machine or Machine()).as_prices()
    catalogue = Catalogue.with_libraries(libraries)
    selections = _selections(codecs, catalogue, writer)
    sample = read_sample(
        path,
        records=records,
        max_input_bytes=max_input_bytes,
        max_payload_bytes=max_payload_bytes,
        libraries=catalogue,
    )
    traffic = ingress.traffic(
        sample.message_bytes,
        replication=replication,
        consumer_groups=consumer_groups,
        retention_s=retention_s,
    )
    filling = Filling(traffic.messages_per_s / producer_count, max_linger_ms)
    candidates = [
        Candidate(selection, size, sample.runs, filling, catalogue)
        for selection in selections
        for size in sorted(set(sizes))
    ]
    if budget_s is None:
        budget_s = min(float(len(candidates)), _DEFAULT_BUDGET_AT_MOST_S)
    times = PathTimes(
        [each.delivery for each in candidates if each.delivery],
        until_s=started_s + budget_s,
        seed=seed,
    )
    for each in candidates:
        each.price(times, traffic, costs, constraints or Constraints())
    return _answer(
        candidates,
        costs,
        writer,
        notes=(
            *sample.notes,
            *_notes(traffic, sample, filling),
            _about_prices(prices, costs),
        ),
        has_damage=sample.has_damage,
    )


def _check(sizes: Sequence[int], producer_count: int, max_linger_ms: float) -> None:
    if not sizes or min(sizes) < 1:
        message = "batch sizes: one at least, of 1 byte or more"
        raise PlanError(message)
    if producer_count < 1 or max_linger_ms < 0:
        message = "producers: 1 or more; the longest linger: 0 ms or more"
        raise PlanError(message)


def _selections(
    codecs: str | None, catalogue: Catalogue, client: Client
) -> tuple[Selection, ...]:
    """What the list means; without one the defaults, and some of zstd's levels."""
    text = codecs or _default_list(client)
    found = specs.select_for_client(text, client, libraries=catalogue)
    if codecs is None:
        found = tuple(replace(each, is_named=False) for each in found)
    return found


def _default_list(client: Client) -> str:
    words = [name for name in client.codecs if name != "zstd"]
    writer = client.codecs.get("zstd")
    if writer is not None and writer.levels is not None:
        first, last = writer.levels
        levels = [level for level in _ZSTD_LEVELS if first <= level <= last]
        words.append("zstd:" + ",".join(map(str, levels)))
    elif writer is not None:
        words.append("zstd")
    return ",".join(words)


def _answer(
    candidates: Sequence[Candidate],
    prices: Prices,
    client: Client,
    *,
    notes: tuple[str, ...],
    has_damage: bool,
) -> Advice:
    ranked = sorted(
        candidates,
        key=lambda each: (each.row.status != OK, each.row.total_cost or math.inf),
    )
    good = [each for each in ranked if each.row.status == OK]
    if not good:
        sentence = "no candidate keeps to the constraints: see each one's remark"
        rows = tuple(each.row for each in ranked)
        return Advice(rows, (sentence,), (), prices.currency, notes, has_damage)
    best = good[0]
    least = best.row.total_cost or 0.0
    rows = tuple(
        replace(
            each.row,
            is_best=each is best,
            dearer_pct=_dearer_pct(each.row.total_cost, least),
        )
        for each in ranked
    )
    told = tuple(sentences(best, good[1:], prices.currency))
    chosen = Chosen(
        best.row.codec,
        best.row.level,
        best.row.batch_bytes,
        best.row.linger_ms or 0,
    )
    settings = (producer_settings(client, chosen), topic_settings())
    return Advice(rows, told, settings, prices.currency, notes, has_damage)


def _dearer_pct(cost: float | None, least: float) -> float | None:
    return None if cost is None or not least else 100 * (cost / least - 1)


def _notes(traffic: Traffic, sample: Sample, filling: Filling) -> Iterator[str]:
    message_bytes = traffic.bytes_per_s / traffic.messages_per_s
    yield (
        f"{traffic.bytes_per_s / 1e6:,.3g} MB/s of uncompressed records, "
        f"{traffic.messages_per_s:,.0f} messages a second of {message_bytes:,.0f} "
        f"bytes (by {sample.recorded.record_count:,} messages read)"
    )
    yield (
        "cores are of complab's C path and these libraries; clients in other languages "
        "take more"
    )
    yield (
        f"p99: the time to fill a batch at {filling.messages_per_s:,.0f} messages a "
        "second and producer, and to make the slowest of a hundred; a producer that "
        "writes to several partitions fills a batch of each, so slower by as much "
        "(--producers)"
    )


def _about_prices(path: str | None, prices: Prices) -> str:
    if path is None:
        return (
            "no prices are given: costs are shares of a machine (--machine), network, "
            "disk and cores added up"
        )
    date = f" ({prices.date})" if prices.date else ""
    return f"prices: {prices.source or path}{date}"
