"""The synthetic fleet whose journals are shipped: hosts, services, processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .draw import Draw, Ranking
from .vocabulary import NOUNS


class Service(NamedTuple):
    """A program that writes to the journal, and how journald describes it."""

    identifier: str
    executable: str
    command_line: str
    unit: str
    transport: str
    facility: int
    user_id: int = 0
    slice_name: str = "system.slice"
    capabilities: str = "1ffffffffff"


@dataclass(frozen=True, slots=True)
class Process:
    """A running service on a host, or a child that it has just started."""

    service: Service
    pid: int
    invocation_id: str
    stream_id: str


SERVICES = {
    service.identifier: service
    for service in (
        Service(
            "systemd",
            "/usr/lib/systemd/systemd",
            "/usr/lib/systemd/systemd --switched-root --system --deserialize=46",
            "init.scope",
            "journal",
            3,
            slice_name="-.slice",
        ),
        Service(
            "sshd",
            "/usr/sbin/sshd",
            "sshd: [accepted]",
            "sshd.service",
            "syslog",
            10,
        ),
        Service(
            "systemd-logind",
            "/usr/lib/systemd/systemd-logind",
            "/usr/lib/systemd/systemd-logind",
            "systemd-logind.service",
            "journal",
            4,
            capabilities="24420020f",
        ),
        Service(
            "CRON",
            "/usr/sbin/cron",
            "/usr/sbin/CRON -f -P",
            "cron.service",
            "syslog",
            10,
        ),
        Service(
            "nginx",
            "/usr/sbin/nginx",
            "nginx: worker process",
            "nginx.service",
            "syslog",
            23,
            user_id=33,
            capabilities="0",
        ),
        Service(
            "dockerd",
            "/usr/bin/dockerd",
            "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock",
            "docker.service",
            "stdout",
            3,
        ),
        Service(
            "containerd",
            "/usr/bin/containerd",
            "/usr/bin/containerd",
            "containerd.service",
            "stdout",
            3,
        ),
        Service(
            "kubelet",
            "/usr/bin/kubelet",
            "/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap.conf "
            "--kubeconfig=/etc/kubernetes/kubelet.conf "
            "--config=/var/lib/kubelet/config.yaml "
            "--container-runtime-endpoint=unix:///run/containerd/containerd.sock",
            "kubelet.service",
            "stdout",
            3,
        ),
        Service(
            "postgres",
            "/usr/lib/postgresql/16/bin/postgres",
            "postgres: 16/main: checkpointer",
            "postgresql@16-main.service",
            "syslog",
            16,
            user_id=113,
            capabilities="0",
        ),
        Service(
            "NetworkManager",
            "/usr/sbin/NetworkManager",
            "/usr/sbin/NetworkManager --no-daemon",
            "NetworkManager.service",
            "syslog",
            3,
            capabilities="2430e2",
        ),
        Service(
            "chronyd",
            "/usr/sbin/chronyd",
            "/usr/sbin/chronyd -F 2",
            "chronyd.service",
            "syslog",
            3,
            user_id=992,
            capabilities="2000400",
        ),
        Service(
            "dbus-daemon",
            "/usr/bin/dbus-daemon",
            "/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile "
            "--systemd-activation --syslog-only",
            "dbus.service",
            "syslog",
            3,
            user_id=81,
            capabilities="20000000",
        ),
        Service(
            "sudo",
            "/usr/bin/sudo",
            "sudo systemctl status",
            "session-{session}.scope",
            "syslog",
            10,
            slice_name="user-1000.slice",
        ),
        Service(
            "rsyslogd",
            "/usr/sbin/rsyslogd",
            "/usr/sbin/rsyslogd -n -iNONE",
            "rsyslog.service",
            "syslog",
            5,
        ),
    )
}
KERNEL = Service("kernel", "", "", "", "kernel", 0)

_ROLES: dict[str, tuple[str, ...]] = {
    "web": ("nginx", "dockerd", "containerd"),
    "node": ("kubelet", "containerd", "NetworkManager"),
    "db": ("postgres", "NetworkManager"),
    "edge": ("nginx", "NetworkManager"),
}
_EVERYWHERE = (
    "systemd",
    "sshd",
    "systemd-logind",
    "CRON",
    "chronyd",
    "dbus-daemon",
    "sudo",
    "rsyslogd",
)


@dataclass(slots=True)
class Host:
    """A machine: its identities, its clock and what runs on it."""

    name: str
    role: str
    machine_id: str
    boot_id: str
    sequence_id: str
    sequence_number: int
    booted_at_us: int
    address: str
    has_selinux: bool
    users: tuple[str, ...]
    pods: tuple[tuple[str, str], ...]
    processes: dict[str, Process] = field(default_factory=dict)
    next_pid: int = 0
    next_session: int = 0
    next_job: int = 0

    def runs(self, identifier: str) -> bool:
        """Return whether a service of that name runs here."""
        return identifier in self.processes

    def start_pid(self, draw: Draw) -> int:
        """Return the process id of a newly started process."""
        self.next_pid += draw.between(1, 30)
        return self.next_pid

    def start_child(self, draw: Draw, identifier: str) -> Process:
        """Return a child of a service: its unit and invocation, its own process id."""
        parent = self.processes[identifier]
        return Process(
            service=parent.service,
            pid=self.start_pid(draw),
            invocation_id=parent.invocation_id,
            stream_id=parent.stream_id,
        )


def make_hosts(draw: Draw, count: int, now_us: int) -> list[Host]:
    """Return a fleet of ``count`` hosts, all up at ``now_us``."""
    roles = Ranking(tuple(_ROLES), 0.5)
    sites = ("ams1", "fra2", "iad1")
    return [
        _make_host(draw, roles.draw(draw), draw.pick(sites), number, now_us)
        for number in range(1, count + 1)
    ]


def _make_host(draw: Draw, role: str, site: str, number: int, now_us: int) -> Host:
    host = Host(
        name=f"{role}-{number:02d}.{site}.fleet.example",
        role=role,
        machine_id=draw.hexadecimal(32),
        boot_id=draw.hexadecimal(32),
        sequence_id=draw.hexadecimal(32),
        sequence_number=draw.between(200_000, 40_000_000),
        booted_at_us=now_us - draw.log_normal(900_000_000_000, 1.1),
        address=f"198.18.{draw.below(8)}.{number + 10}",
        has_selinux=draw.chance(0.4),
        users=tuple(draw.pick(NOUNS) for _ in range(3)),
        pods=tuple(
            (f"{draw.pick(NOUNS)}-{draw.hexadecimal(9)}-{draw.token(5).lower()}", uid)
            for uid in (draw.uuid() for _ in range(6))
        ),
        next_pid=draw.between(20_000, 3_000_000),
        next_session=draw.between(100, 9_000),
        next_job=draw.between(10_000, 400_000),
    )
    for identifier in _EVERYWHERE + _ROLES[role]:
        host.processes[identifier] = Process(
            service=SERVICES[identifier],
            pid=1 if identifier == "systemd" else draw.between(600, 4_000),
            invocation_id=draw.hexadecimal(32),
            stream_id=draw.hexadecimal(32),
        )
    return host
