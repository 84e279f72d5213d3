"""Hosts that follow their logs and ship what is new: lines come in runs of a host."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from .record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .draw import Draw

# Between two shipments of the whole fleet.
_MEAN_GAP_US = 150_000


class HostLog(Protocol):
    """What one host follows."""

    @property
    def key(self) -> bytes:
        """The key of the host's records."""

    def take(self, until_us: int) -> Iterable[bytes]:
        """Return the values before ``until_us``, in time order, and forget them."""


class ShipmentStream:
    """An endless, seeded stream of records; two of the same seed are equal."""

    def __init__(
        self, draw: Draw, logs: Sequence[HostLog], start_us: int, shipper: bytes
    ) -> None:
        """Follow the logs from ``start_us`` on; some records name their shipper."""
        self._draw = draw
        self._logs = logs
        self._now_us = start_us
        self._shipper = shipper
        self._shipped: deque[Record] = deque()

    def __iter__(self) -> Iterator[Record]:
        """Return the stream itself."""
        return self

    def __next__(self) -> Record:
        """Return the next record."""
        while not self._shipped:
            self._ship()
        return self._shipped.popleft()

    def _ship(self) -> None:
        draw = self._draw
        self._now_us += int(draw.exponential(_MEAN_GAP_US))
        log = draw.pick(self._logs)
        headers = (("shipper", self._shipper),) if draw.chance(0.1) else ()
        for value in log.take(self._now_us):
            timestamp_ms = self._now_us // 1_000 + draw.below(4)
            self._shipped.append(Record(log.key, value, timestamp_ms, headers))
