"""A stream of synthetic journal entries, in the form of ``journalctl -o json``.

One JSON object a record, every value a string. Each host follows its own journal and
ships what is new every now and then, so that its entries come in runs. journalctl
writes the fields of an entry in the order of a hash table, which is another one for
each entry; so it is here.
"""

from __future__ import annotations

import heapq
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .draw import Draw
from .journald_events import Entry, draw_event
from .journald_hosts import Host, Process, make_hosts
from .shipments import ShipmentStream

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEED = 20_260_116
# 2026-01-15T09:30:00Z.
_START_US = 1_768_469_400_000_000
_HOST_COUNT = 36
# Between two events of a host: a mean, itself drawn for each host around this one.
_MEDIAN_EVENT_GAP_US = 1_500_000

# Where a slice is not simply a folder of its name.
_CGROUPS = {"-.slice": "", "user-1000.slice": "/user.slice/user-1000.slice"}


class _Journal:
    """What one host has to say: entries that are due, and when more will happen."""

    def __init__(self, draw: Draw, host: Host) -> None:
        """Start a journal whose first event is still to come."""
        self.key = host.machine_id.encode()
        self._host = host
        self._draw = draw
        self._gap_us = draw.log_normal(_MEDIAN_EVENT_GAP_US, 0.6)
        self._event_us = _START_US
        # When it is due, a number that breaks ties, and what it says.
        self._due: list[tuple[int, int, Entry]] = []
        self._entry_count = 0

    def take(self, until_us: int) -> Iterator[bytes]:
        """Return the entries before ``until_us``, in time order, and forget them."""
        while self._event_us < until_us:
            self._happen()
        while self._due and self._due[0][0] < until_us:
            time_us, _, entry = heapq.heappop(self._due)
            yield self._render(entry, time_us)

    def _happen(self) -> None:
        self._event_us += int(self._draw.exponential(self._gap_us))
        time_us = self._event_us
        for entry in draw_event(self._draw, self._host):
            time_us += entry.delay_us
            heapq.heappush(self._due, (time_us, self._entry_count, entry))
            self._entry_count += 1

    def _render(self, entry: Entry, now_us: int) -> bytes:
        draw, host = self._draw, self._host
        host.sequence_number += draw.pick((1, 1, 1, 2))
        monotonic_us = now_us - host.booted_at_us
        source_us = now_us - draw.log_normal(60, 0.8)
        cursor = (
            f"s={host.sequence_id};i={host.sequence_number:x};b={host.boot_id};"
            f"m={monotonic_us:x};t={now_us:x};x={draw.hexadecimal(16)}"
        )
        fields = {
            "__CURSOR": cursor,
            "__REALTIME_TIMESTAMP": str(now_us),
            "__MONOTONIC_TIMESTAMP": str(monotonic_us),
            "_BOOT_ID": host.boot_id,
            "_MACHINE_ID": host.machine_id,
            "_HOSTNAME": host.name,
            "_RUNTIME_SCOPE": "system",
            "PRIORITY": str(entry.priority),
            "MESSAGE": _fill_times(entry.message, source_us),
        }
        fields.update(_process_fields(host, entry.process, monotonic_us, source_us))
        fields.update(entry.fields)
        ordered = {name: fields[name] for name in _shuffled(draw, list(fields))}
        return json.dumps(ordered, separators=(",", ":")).encode()


class JournaldStream(ShipmentStream):
    """An endless, seeded stream of records; two of the same seed are equal."""

    def __init__(self, seed: int = _SEED) -> None:
        """Make the fleet."""
        draw = Draw(seed)
        hosts = make_hosts(draw, _HOST_COUNT, _START_US)
        journals = [_Journal(draw, host) for host in hosts]
        super().__init__(draw, journals, _START_US, b"journal-shipper/1.8")


def _shuffled(draw: Draw, names: list[str]) -> list[str]:
    """Return the names in a random order (Fisher-Yates)."""
    for last in range(len(names) - 1, 0, -1):
        other = draw.below(last + 1)
        names[last], names[other] = names[other], names[last]
    return names


def _fill_times(message: str, time_us: int) -> str:
    """Put the time into a message that carries its own, in its service's form."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time_us)
    seconds, microseconds = divmod(time_us, 1_000_000)
    return (
        message.replace("{rfc3339}", f"{moment:%Y-%m-%dT%H:%M:%S.%f}000Z")
        .replace("{clock}", f"{moment:%H:%M:%S.%f}")
        .replace("{stamp}", f"{moment:%Y-%m-%d %H:%M:%S}.{microseconds // 1_000:03d}")
        .replace("{seconds}", f"{seconds}.{microseconds // 100:04d}")
    )


def _process_fields(
    host: Host, process: Process, monotonic_us: int, source_us: int
) -> dict[str, str]:
    """Return the fields that journald adds from the sender's credentials."""
    service = process.service
    fields = {
        "_TRANSPORT": service.transport,
        "SYSLOG_FACILITY": str(service.facility),
        "SYSLOG_IDENTIFIER": service.identifier,
    }
    if service.transport == "kernel":
        fields["_SOURCE_MONOTONIC_TIMESTAMP"] = str(monotonic_us - 40)
        fields["_SOURCE_BOOTTIME_TIMESTAMP"] = str(monotonic_us - 40)
        return fields
    unit = service.unit.format(session=host.next_session)
    cgroup = _CGROUPS.get(service.slice_name, f"/{service.slice_name}")
    fields.update(
        {
            "_PID": str(process.pid),
            "_UID": str(service.user_id),
            "_GID": str(service.user_id),
            "_COMM": service.executable.rsplit("/", 1)[1][:15],
            "_EXE": service.executable,
            "_CMDLINE": service.command_line,
            "_CAP_EFFECTIVE": service.capabilities,
            "_SYSTEMD_CGROUP": f"{cgroup}/{unit}",
            "_SYSTEMD_UNIT": unit,
            "_SYSTEMD_SLICE": service.slice_name,
            "_SYSTEMD_INVOCATION_ID": process.invocation_id,
        }
    )
    if host.has_selinux:
        domain = service.executable.rsplit("/", 1)[1].replace("-", "_").lower()
        fields["_SELINUX_CONTEXT"] = f"system_u:system_r:{domain}_t:s0"
    else:
        fields["_SELINUX_CONTEXT"] = "unconfined\n"
    if service.transport == "stdout":
        fields["_STREAM_ID"] = process.stream_id
        return fields
    fields["_SOURCE_REALTIME_TIMESTAMP"] = str(source_us)
    if service.transport == "syslog":
        moment = datetime.fromtimestamp(source_us // 1_000_000, UTC)
        fields["SYSLOG_PID"] = str(process.pid)
        fields["SYSLOG_TIMESTAMP"] = f"{moment:%b %d %H:%M:%S} "
    return fields
