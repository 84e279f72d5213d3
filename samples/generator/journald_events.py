"""What happens on the hosts of the fleet, and what the services write about it.

An event is a short run of entries: a login, a timer that fires, a pod whose probe
fails. Addresses of strangers are of ranges set aside for documentation (RFC 5737).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .draw import Draw, Ranking
from .journald_hosts import KERNEL, Host, Process
from .vocabulary import NOUNS, VERBS

if TYPE_CHECKING:
    from collections.abc import Callable


class Entry(NamedTuple):
    """What one journal entry says; who says it and when is added by the stream."""

    process: Process
    message: str
    delay_us: int = 0
    priority: int = 6
    fields: tuple[tuple[str, str], ...] = ()


# systemd's catalogue: the identifiers of its own messages.
_UNIT_STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5"
_UNIT_STARTED = "39f53479d3a045ac8e11786248231fbf"
_UNIT_SUCCEEDED = "7ad2d189f7e94e70a38c781354912448"
_UNIT_RESOURCES = "ae8f7b866b0347b9af31fe1c80b127c0"
_SESSION_STARTED = "8d45620c1a4348dbb17410da57c60c66"
_SESSION_STOPPED = "3354939424b4456d9802ca8333ed424a"

_TIMERS = (
    ("sysstat-collect.service", "system activity accounting tool"),
    ("logrotate.service", "Rotate log files"),
    ("fstrim.service", "Discard unused blocks on filesystems from /etc/fstab"),
    ("systemd-tmpfiles-clean.service", "Cleanup of Temporary Directories"),
    ("node-textfile.service", "Collect metrics for the node exporter"),
    ("backup-snapshot.service", "Take a snapshot of the data volume"),
    ("certificate-renewal.service", "Renew certificates that are about to expire"),
)
_CRON_COMMANDS = (
    "   cd / && run-parts --report /etc/cron.hourly",
    "command -v debian-sa1 > /dev/null && debian-sa1 1 1",
    "/usr/local/bin/push-metrics --quiet",
    "/opt/maintenance/prune-spool.sh /var/spool/outgoing",
)
_BAD_GATEWAY = 502
_STATUSES = (200, 200, 200, 200, 200, 304, 301, 404, 499, _BAD_GATEWAY)


def _kernel() -> Process:
    return Process(service=KERNEL, pid=0, invocation_id="", stream_id="")


def _stranger(draw: Draw) -> str:
    network = draw.pick(("192.0.2", "198.51.100", "203.0.113"))
    return f"{network}.{draw.between(1, 254)}"


def _timer_event(draw: Draw, host: Host) -> list[Entry]:
    unit, title = draw.pick(_TIMERS)
    systemd = host.processes["systemd"]
    host.next_job += draw.between(70, 160)
    invocation_id = draw.hexadecimal(32)
    cpu_us = draw.log_normal(60_000, 0.9)
    peak_bytes = draw.log_normal(2_400, 0.5) * 4_096

    def fields(
        function: str, line: int, message_id: str
    ) -> tuple[tuple[str, str], ...]:
        return (
            ("CODE_FILE", "src/core/job.c" if "job" in function else "src/core/unit.c"),
            ("CODE_LINE", str(line)),
            ("CODE_FUNC", function),
            ("TID", "1"),
            ("MESSAGE_ID", message_id),
            ("UNIT", unit),
            ("INVOCATION_ID", invocation_id),
        )

    job = (("JOB_ID", str(host.next_job)), ("JOB_TYPE", "start"))
    starting = fields("job_emit_start_message", 580, _UNIT_STARTING)
    resources = (
        ("CPU_USAGE_NSEC", str(cpu_us * 1_000 + draw.below(1_000))),
        ("MEMORY_PEAK", str(peak_bytes)),
    )
    name = f"{unit} - {title}"
    done_us = draw.log_normal(400_000, 0.8)
    entries = [
        Entry(systemd, f"Starting {name}...", 0, 6, starting + job),
        Entry(
            systemd,
            f"{unit}: Deactivated successfully.",
            done_us,
            6,
            fields("unit_log_success", 6_023, _UNIT_SUCCEEDED),
        ),
        Entry(
            systemd,
            f"Finished {name}.",
            draw.between(80, 400),
            6,
            (
                *fields("job_emit_done_message", 768, _UNIT_STARTED),
                *job,
                ("JOB_RESULT", "done"),
            ),
        ),
    ]
    if draw.chance(0.4):
        entries.append(
            Entry(
                systemd,
                f"{unit}: Consumed {cpu_us // 1_000}ms CPU time, "
                f"{peak_bytes / 1_048_576:.1f}M memory peak.",
                draw.between(40, 200),
                6,
                fields("unit_log_resources", 2_452, _UNIT_RESOURCES) + resources,
            )
        )
    return entries


def _cron_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.start_child(draw, "CRON")
    command = draw.pick(_CRON_COMMANDS)
    session = "pam_unix(cron:session): session"
    return [
        Entry(process, f"{session} opened for user root(uid=0) by root(uid=0)"),
        Entry(process, f"(root) CMD ({command})", draw.between(300, 900)),
        Entry(process, f"{session} closed for user root", draw.log_normal(90_000, 0.9)),
    ]


def _login_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.start_child(draw, "sshd")
    logind = host.processes["systemd-logind"]
    user = draw.pick(host.users)
    port = draw.between(32_768, 60_999)
    host.next_session += 1
    session = str(host.next_session)
    seat = (("SESSION_ID", session), ("USER_ID", user), ("LEADER", str(process.pid)))
    started = (
        ("CODE_FILE", "src/login/logind-session.c"),
        ("CODE_LINE", "839"),
        ("CODE_FUNC", "session_start"),
        ("MESSAGE_ID", _SESSION_STARTED),
    )
    stopped = (
        ("CODE_FILE", "src/login/logind-session.c"),
        ("CODE_LINE", "934"),
        ("CODE_FUNC", "session_finalize"),
        ("MESSAGE_ID", _SESSION_STOPPED),
    )
    pam = "pam_unix(sshd:session): session"
    peer = f"from 198.18.0.{draw.between(1, 9)} port {port}"
    return [
        Entry(
            process,
            f"Accepted publickey for {user} {peer} ssh2: ED25519 "
            f"SHA256:{draw.token(43)}",
        ),
        Entry(
            process,
            f"{pam} opened for user {user}(uid=1000) by {user}(uid=0)",
            draw.between(2_000, 9_000),
        ),
        Entry(
            logind,
            f"New session {session} of user {user}.",
            draw.between(900, 5_000),
            6,
            started + seat,
        ),
        Entry(
            process,
            f"{pam} closed for user {user}",
            draw.log_normal(2_000_000, 0.9),
        ),
        Entry(
            logind,
            f"Removed session {session}.",
            draw.between(4_000, 20_000),
            6,
            stopped + seat,
        ),
    ]


def _intruder_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.start_child(draw, "sshd")
    user = draw.pick(("admin", "test", "oracle", "ubuntu", "git", *NOUNS[:20]))
    peer = f"{_stranger(draw)} port {draw.between(1_024, 65_535)}"
    entries = [Entry(process, f"Invalid user {user} from {peer}")]
    if draw.chance(0.5):
        entries.append(
            Entry(
                process,
                f"Failed password for invalid user {user} from {peer} ssh2",
                draw.log_normal(1_900_000, 0.3),
            )
        )
    entries.append(
        Entry(
            process,
            f"Connection closed by invalid user {user} {peer} [preauth]",
            draw.log_normal(300_000, 0.8),
        )
    )
    return entries


def _nginx_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.processes["nginx"]
    agent = draw.pick(
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, "
                "like Gecko) Chrome/143.0.0.0 Safari/537.36"
            ),
            "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0",
            "kube-probe/1.31",
            "Go-http-client/1.1",
        )
    )
    client = _stranger(draw)
    entries = []
    for _ in range(1 + draw.log_normal(2, 0.7)):
        path = f"/{draw.pick(NOUNS)}/{draw.pick(VERBS)}/{draw.between(1, 99_999)}"
        status = draw.pick(_STATUSES)
        entries.append(
            Entry(
                process,
                f'{client} - - "GET {path} HTTP/1.1" {status} '
                f'{draw.log_normal(4_000, 1.2)} "-" "{agent}" '
                f"rt=0.{draw.below(1_000):03d} id={draw.hexadecimal(16)}",
                draw.log_normal(40_000, 1.0),
                3 if status == _BAD_GATEWAY else 6,
            )
        )
    return entries


def _docker_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.processes["dockerd"]
    container = draw.hexadecimal(64)
    text = draw.pick(
        (
            (
                f'level=info msg="ignoring event" container={container} '
                "module=libcontainerd namespace=moby topic=/tasks/delete "
                'type="*events.TaskDelete"'
            ),
            (
                'level=warning msg="cleaning up after shim disconnected" '
                f"id={container} namespace=moby"
            ),
            (
                'level=info msg="Container failed to exit within 10s of signal 15 - '
                f'using the force" container={container}'
            ),
        )
    )
    return [Entry(process, f'time="{{rfc3339}}" {text}')]


def _containerd_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.processes["containerd"]
    pod, uid = draw.pick(host.pods)
    container = draw.hexadecimal(64)
    name = pod.rsplit("-", 2)[0]
    metadata = f"&ContainerMetadata{{Name:{name},Attempt:{draw.below(4)},}}"
    head = 'time="{rfc3339}" level=info'
    return [
        Entry(
            process,
            f'{head} msg="CreateContainer within sandbox \\"{uid.replace("-", "")}\\" '
            f'for container {metadata}"',
        ),
        Entry(
            process,
            f'{head} msg="StartContainer for \\"{container}\\""',
            draw.between(30_000, 90_000),
        ),
        Entry(
            process,
            f'{head} msg="StartContainer for \\"{container}\\" returns successfully"',
            draw.between(60_000, 200_000),
        ),
    ]


def _kubelet_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.processes["kubelet"]
    pod, uid = draw.pick(host.pods)
    space = draw.pick(("default", "monitoring", "shop", "ingest"))
    name = pod.rsplit("-", 2)[0]
    shape = draw.below(3)
    if shape == 0:
        text = (
            f'E0115 {{clock}} {process.pid} pod_workers.go:1301] "Error syncing pod, '
            f'skipping" err="failed to \\"StartContainer\\" for \\"{name}\\" with '
            f'CrashLoopBackOff: \\"back-off 5m0s restarting failed container={name} '
            f'pod={pod}_{space}({uid})\\"" pod="{space}/{pod}" podUID="{uid}"'
        )
        return [Entry(process, text)]
    if shape == 1:
        seconds = f"{draw.below(9)}.{draw.between(100_000_000, 999_999_999)}s"
        text = (
            f"I0115 {{clock}} {process.pid} pod_startup_latency_tracker.go:104] "
            f'"Observed pod startup duration" pod="{space}/{pod}" '
            f'podStartSLOduration={seconds} podStartE2EDuration="{seconds}"'
        )
        return [Entry(process, text)]
    text = (
        f'I0115 {{clock}} {process.pid} prober.go:107] "Probe failed" '
        f'probeType="Readiness" pod="{space}/{pod}" podUID="{uid}" '
        f'containerName="{name}" probeResult="failure" output="HTTP probe failed with '
        'statuscode: 503"'
    )
    return [Entry(process, text)] * draw.between(1, 3)


def _postgres_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.processes["postgres"]
    buffers = draw.log_normal(900, 0.9)
    head = f"[{draw.between(2, 900)}-1] {{stamp}} UTC [{process.pid}] LOG: "
    return [
        Entry(process, f"{head} checkpoint starting: time"),
        Entry(
            process,
            f"{head} checkpoint complete: wrote {buffers} buffers "
            f"({buffers / 164:.1f}%); 0 WAL file(s) added, 0 removed, "
            f"{draw.below(4)} recycled; write={draw.below(270)}.{draw.below(1000):03d} "
            f"s, sync=0.{draw.below(1000):03d} s, total={draw.below(270)}."
            f"{draw.below(1000):03d} s; sync files={draw.below(90)}, "
            f"longest=0.{draw.below(100):03d} s, average=0.00{draw.below(10)} s",
            draw.log_normal(3_000_000, 0.5),
        ),
    ]


def _network_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.processes["NetworkManager"]
    interface = draw.pick(("eth0", "ens192", "enp1s0f0"))
    head = f"<info>  [{{seconds}}] dhcp4 ({interface}): "
    return [
        Entry(process, f"{head}state changed new lease, address={host.address}"),
        Entry(
            process,
            f"<info>  [{{seconds}}] device ({interface}): lease renewed for "
            f"{draw.pick((3600, 7200, 86400))} s",
            draw.between(200, 2_000),
        ),
    ]


def _chrony_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.processes["chronyd"]
    server = f"198.18.255.{draw.between(1, 4)}"
    offset = f"0.{draw.between(0, 9):03d}{draw.below(1000):03d}"
    text = draw.pick(
        (
            f"Selected source {server} (ntp{server[-1]}.fleet.example)",
            f"System clock wrong by {offset} seconds",
            f"Source {server} replaced with 198.18.254.{draw.between(1, 4)}",
        )
    )
    return [Entry(process, text)]


def _kernel_event(draw: Draw, host: Host) -> list[Entry]:
    process = _kernel()
    shape = draw.below(3)
    if shape == 0:
        veth = f"veth{draw.hexadecimal(8)}"
        bridge = draw.pick(("docker0", "cni0"))
        port = draw.between(1, 12)
        return [
            Entry(process, f"{bridge}: port {port}({veth}) entered {state} state", gap)
            for state, gap in (
                ("blocking", 0),
                ("disabled", draw.between(3, 30)),
                ("forwarding", draw.between(2_000, 90_000)),
            )
        ]
    if shape == 1:
        mac = ":".join(draw.hexadecimal(2) for _ in range(6))
        return [
            Entry(
                process,
                f"[UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:{mac[:8]}:{mac}:08:00 "
                f"SRC={_stranger(draw)} DST={host.address} "
                f"LEN={draw.pick((40, 44, 60))} TOS=0x00 PREC=0x00 "
                f"TTL={draw.between(40, 250)} ID={draw.below(65_536)} PROTO=TCP "
                f"SPT={draw.between(1_024, 65_535)} "
                f"DPT={draw.pick((22, 23, 445, 3389, 8080, 6379))} "
                f"WINDOW={draw.pick((1024, 29200, 65535))} RES=0x00 SYN URGP=0",
                priority=4,
            )
        ]
    pid = draw.between(20_000, 900_000)
    return [
        Entry(
            process,
            f"Memory cgroup out of memory: Killed process {pid} "
            f"({draw.pick(NOUNS)}-worker) "
            f"total-vm:{draw.log_normal(2_000_000, 0.6)}kB, "
            f"anon-rss:{draw.log_normal(500_000, 0.6)}kB, "
            f"file-rss:{draw.below(9_000)}kB, shmem-rss:0kB, UID:1000 "
            f"pgtables:{draw.below(4_000)}kB oom_score_adj:968",
            priority=3,
        )
    ]


def _sudo_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.start_child(draw, "sudo")
    user = draw.pick(host.users)
    unit = draw.pick(("nginx", "docker", "kubelet", "postgresql", "rsyslog"))
    pam = "pam_unix(sudo:session): session"
    return [
        Entry(
            process,
            f"  {user} : PWD=/home/{user} ; USER=root ; "
            f"COMMAND=/usr/bin/systemctl status {unit}",
            priority=5,
        ),
        Entry(
            process,
            f"{pam} opened for user root(uid=0) by {user}(uid=1000)",
            draw.between(300, 3_000),
        ),
        Entry(process, f"{pam} closed for user root", draw.log_normal(200_000, 0.9)),
    ]


def _dbus_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.processes["dbus-daemon"]
    name = draw.pick(("hostname1", "timedate1", "locale1"))
    service = f"org.freedesktop.{name}"
    return [
        Entry(
            process,
            f"[system] Activating via systemd: service name='{service}' "
            f"unit='dbus-{service}.service' requested by ':1.{draw.below(9_000)}' "
            f'(uid=0 pid={draw.between(2_000, 90_000)} comm="hostnamectl")',
            priority=5,
        ),
        Entry(
            process,
            f"[system] Successfully activated service '{service}'",
            draw.between(20_000, 90_000),
            5,
        ),
    ]


def _rsyslog_event(draw: Draw, host: Host) -> list[Entry]:
    process = host.processes["rsyslogd"]
    count = draw.between(20, 4_000)
    return [
        Entry(
            process,
            f"imjournal: {count} messages lost due to rate-limiting "
            "(20000 allowed within 600 seconds)",
            priority=4,
        )
    ]


# The service that must run on the host, and what it then may do; commonest first.
_EVENTS = Ranking[tuple[str, "Callable[[Draw, Host], list[Entry]]"]](
    (
        ("kubelet", _kubelet_event),
        ("systemd", _timer_event),
        ("nginx", _nginx_event),
        ("systemd", _kernel_event),
        ("sshd", _login_event),
        ("containerd", _containerd_event),
        ("sshd", _intruder_event),
        ("CRON", _cron_event),
        ("dockerd", _docker_event),
        ("postgres", _postgres_event),
        ("NetworkManager", _network_event),
        ("sudo", _sudo_event),
        ("dbus-daemon", _dbus_event),
        ("chronyd", _chrony_event),
        ("rsyslogd", _rsyslog_event),
    ),
    0.6,
)


def draw_event(draw: Draw, host: Host) -> list[Entry]:
    """Return the entries of something that happens on ``host`` now."""
    while True:
        identifier, event = _EVENTS.draw(draw)
        if host.runs(identifier):
            return event(draw, host)
