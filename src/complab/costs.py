"""What a configuration costs: bytes on the wire, bytes on disk, cores, and their bill.

With R the rate of records (uncompressed bytes a second), m of messages, r the ratio of
uncompressed to sent and s to stored bytes (batch headers included), F the replication
factor, G the number of consumer groups, T the retention, and p, b, f, c the CPU seconds
that a million messages take producer, leader, follower and consumer::

    produced    R / r                            bytes a second
    replicated  (F - 1) R / s
    consumed    G R / s
    on disk     F T R / s                        bytes
    producers   m p / 10^6                       cores
    leaders     m b / 10^6
    followers   (F - 1) m f / 10^6
    consumers   G m c / 10^6
    a month     730 h: GB moved, GB held, core hours, each times its price

Errors are carried along. That of the ratio moves all bytes together; leader, follower
and consumer run the same measured stages, so that their errors add up; bytes, producers
and these are independent of one another. Not here: what a request costs, and what idle
machines do.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from complab.errors import PlanError

HOURS_A_MONTH: Final = 730.0
_SECONDS_A_MONTH: Final = HOURS_A_MONTH * 3600
_GB: Final = 1e9
_MILLION: Final = 1e6


@dataclass(frozen=True, slots=True)
class Traffic:
    """A topic's load: uncompressed bytes and messages a second, and who reads them."""

    bytes_per_s: float
    messages_per_s: float
    replication: int
    consumer_groups: int
    retention_s: float

    def __post_init__(self) -> None:
        """Refuse what is no load."""
        checks = (
            (self.bytes_per_s > 0 and self.messages_per_s > 0, "an ingress above 0"),
            (self.replication >= 1, "a replication factor of 1 or more"),
            (self.consumer_groups >= 0, "0 consumer groups or more"),
            (self.retention_s >= 0, "a retention of 0 or more"),
        )
        for is_right, words in checks:
            if not is_right:
                message = f"a topic has {words}"
                raise PlanError(message)


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure with half its 95 % interval, in percent; ``None`` where that is unknown.

    An unknown error counts as none in sums, and the sum says so.
    """

    value: float
    error_pct: float | None = None


@dataclass(frozen=True, slots=True)
class Footprint:
    """What was measured of a configuration: ratios, and CPU seconds a million."""

    sent_ratio: float
    stored_ratio: float
    ratio_error_pct: float | None
    producer: Measured
    broker: Measured
    follower: Measured
    consumer: Measured


@dataclass(frozen=True, slots=True)
class Usage:
    """What a topic uses: bytes a second, bytes, cores."""

    produced_bytes_per_s: float
    replicated_bytes_per_s: float
    consumed_bytes_per_s: float
    disk_bytes: float
    producer_cores: float
    leader_cores: float
    follower_cores: float
    consumer_cores: float

    @property
    def broker_cores(self) -> float:
        """Leaders and followers."""
        return self.leader_cores + self.follower_cores


@dataclass(frozen=True, slots=True)
class Prices:
    """What a GB (10⁹ bytes) moved, a GB held for a month and a core hour cost."""

    produce: float
    replicate: float
    consume: float
    disk: float
    producer_core: float
    broker_core: float
    consumer_core: float
    currency: str
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """A month: the parts, their sum, and half its 95 % interval in the same money."""

    network: float
    disk: float
    cpu: float
    error: float
    is_error_whole: bool

    @property
    def total(self) -> float:
        """The sum of the parts."""
        return self.network + self.disk + self.cpu


def use(traffic: Traffic, footprint: Footprint) -> Usage:
    """What the topic uses with a configuration."""
    stored_per_s = traffic.bytes_per_s / footprint.stored_ratio
    followers = traffic.replication - 1
    millions_per_s = traffic.messages_per_s / _MILLION
    return Usage(
        produced_bytes_per_s=traffic.bytes_per_s / footprint.sent_ratio,
        replicated_bytes_per_s=followers * stored_per_s,
        consumed_bytes_per_s=traffic.consumer_groups * stored_per_s,
        disk_bytes=traffic.replication * traffic.retention_s * stored_per_s,
        producer_cores=millions_per_s * footprint.producer.value,
        leader_cores=millions_per_s * footprint.broker.value,
        follower_cores=millions_per_s * followers * footprint.follower.value,
        consumer_cores=(
            traffic.consumer_groups * millions_per_s * footprint.consumer.value
        ),
    )


def bill(traffic: Traffic, footprint: Footprint, prices: Prices) -> Bill:
    """What the topic costs in a month."""
    used = use(traffic, footprint)
    network = (
        used.produced_bytes_per_s * prices.produce
        + used.replicated_bytes_per_s * prices.replicate
        + used.consumed_bytes_per_s * prices.consume
    )
    network *= _SECONDS_A_MONTH / _GB
    disk = used.disk_bytes / _GB * prices.disk
    producers = HOURS_A_MONTH * used.producer_cores * prices.producer_core
    leaders = HOURS_A_MONTH * used.leader_cores * prices.broker_core
    followers = HOURS_A_MONTH * used.follower_cores * prices.broker_core
    consumers = HOURS_A_MONTH * used.consumer_cores * prices.consumer_core
    # What has one cause is off together.
    causes = (
        ((network + disk, footprint.ratio_error_pct),),
        ((producers, footprint.producer.error_pct),),
        (
            (leaders, footprint.broker.error_pct),
            (followers, footprint.follower.error_pct),
            (consumers, footprint.consumer.error_pct),
        ),
    )
    errors = [
        sum(cost * (error_pct or 0.0) / 100 for cost, error_pct in parts)
        for parts in causes
    ]
    is_whole = all(
        error_pct is not None for parts in causes for cost, error_pct in parts if cost
    )
    cpu = producers + leaders + followers + consumers
    return Bill(network, disk, cpu, math.hypot(*errors), is_whole)


_TABLES: Final = ("network_per_gb", "disk_per_gb_month", "core_per_hour")


def read_prices(path: str) -> Prices:
    """Prices from a TOML file (``samples/prices`` has examples).

    ``PlanError`` names the file and the entry that is missing or wrong.
    """
    try:
        with Path(path).open("rb") as file:
            found = tomllib.load(file)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise PlanError(message) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: is no TOML: {error}"
        raise PlanError(message) from None
    known = {*_TABLES, "currency", "source", "date"}
    unknown = sorted(set(found) - known)
    if unknown:
        message = f"{path}: {unknown[0]!r} is no price; there are {', '.join(_TABLES)}"
        raise PlanError(message)

    def price(table: str, name: str) -> float:
        return _price(path, found, table, name)

    return Prices(
        produce=price("network_per_gb", "produce"),
        replicate=price("network_per_gb", "replicate"),
        consume=price("network_per_gb", "consume"),
        disk=price("disk_per_gb_month", "each"),
        producer_core=price("core_per_hour", "producer"),
        broker_core=price("core_per_hour", "broker"),
        consumer_core=price("core_per_hour", "consumer"),
        currency=str(found.get("currency", "")),
        source=str(found.get("source", "")),
        date=str(found.get("date", "")),
    )


def _price(path: str, found: Mapping[str, Any], table: str, name: str) -> float:
    entries = found.get(table)
    value = entries.get(name) if isinstance(entries, dict) else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < math.inf:  # type: ignore[operator]
        message = f"{path}: [{table}] {name}: a price of 0 or more is needed"
        raise PlanError(message)
    return float(value)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine by which usage is told as shares, where there are no prices."""

    cores: float = 16
    network_bytes_per_s: float = 10e9 / 8
    disk_bytes: float = 8e12

    def as_prices(self) -> Prices:
        """Prices in machines a month: a whole one for all of its cores, and so on."""
        gb = self.network_bytes_per_s * _SECONDS_A_MONTH / _GB
        core = 1 / (self.cores * HOURS_A_MONTH)
        return Prices(
            *(1 / gb, 1 / gb, 1 / gb),
            _GB / self.disk_bytes,
            *(core, core, core),
            currency="machines",
        )
