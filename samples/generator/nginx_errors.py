"""A stream of synthetic lines of nginx's error logs, from a fleet of web servers.

One line of text a record. On each host several incidents go on at a time, so that
their lines mingle. Each host ships what is new every now and then, so that lines come
in runs of a host.
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .draw import Draw
from .nginx_hosts import Host, make_hosts
from .nginx_incidents import Line, begin_incident
from .shipments import ShipmentStream

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEED = 20_260_118
# 2026-01-15T09:30:00Z.
_START_US = 1_768_469_400_000_000
_HOST_COUNT = 12
# Between two incidents of a host: a mean, itself drawn for each host around this one.
_MEDIAN_INCIDENT_GAP_US = 2_500_000


class _ErrorLog:
    """One host's log: the incidents that go on, and when the next one begins."""

    def __init__(self, draw: Draw, host: Host) -> None:
        """Start a log whose first incident is still to come."""
        self.key = host.name.encode()
        self._host = host
        self._draw = draw
        self._gap_us = draw.log_normal(_MEDIAN_INCIDENT_GAP_US, 0.7)
        self._incident_us = _START_US
        # When the line is due, a number that breaks ties, the line, what follows it.
        self._due: list[tuple[int, int, Line, Iterator[Line]]] = []
        self._line_count = 0

    def take(self, until_us: int) -> list[bytes]:
        """Return the lines before ``until_us``, in time order, and forget them."""
        while self._incident_us < until_us:
            self._incident_us += int(self._draw.exponential(self._gap_us))
            self._advance(begin_incident(self._draw, self._host), self._incident_us)
        taken = []
        while self._due and self._due[0][0] < until_us:
            time_us, _, line, incident = heapq.heappop(self._due)
            taken.append(_render(line, time_us))
            self._advance(incident, time_us)
        return taken

    def _advance(self, incident: Iterator[Line], now_us: int) -> None:
        """Let the next line of an incident be due, if there is one."""
        line = next(incident, None)
        if line is not None:
            due_us = now_us + line.delay_us
            heapq.heappush(self._due, (due_us, self._line_count, line, incident))
            self._line_count += 1


class NginxErrorStream(ShipmentStream):
    """An endless, seeded stream of records; two of the same seed are equal."""

    def __init__(self, seed: int = _SEED) -> None:
        """Make the fleet."""
        draw = Draw(seed)
        hosts = make_hosts(draw, _HOST_COUNT)
        logs = [_ErrorLog(draw, host) for host in hosts]
        super().__init__(draw, logs, _START_US, b"log-shipper/2.3")


def _render(line: Line, time_us: int) -> bytes:
    """Return the line as nginx writes it; a worker is one process of one thread."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time_us)
    text = (
        f"{moment:%Y/%m/%d %H:%M:%S} [{line.level}] {line.worker}#{line.worker}: "
        f"*{line.connection} {line.text}"
    )
    return text.encode()
