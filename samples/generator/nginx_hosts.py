"""The synthetic fleet of web servers: hosts, the sites on them, and their upstreams.

Host names are in ``.example`` (RFC 2606), addresses of ranges set aside for
documentation and benchmarks (RFC 2544, RFC 3849, RFC 5737).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from .draw import Draw, Ranking
from .vocabulary import NOUNS, VERBS
from .web_sites import Resource, Zone, make_zones

_SITE_COUNT = 40
_RESOURCE_COUNT = 20
_SITES_PER_HOST = 12
# Who comes often to one of the hosts or another: crawlers, monitors, large offices.
_REGULAR_COUNT = 150
_REGULAR_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Site:
    """One site: where its files are and which application answers for it."""

    zone: Zone
    server_name: str
    root: str
    upstream_name: str
    upstreams: tuple[str, ...]
    php_files: tuple[str, ...]
    limit_zone: str
    burst: int
    account: str


@dataclass(slots=True)
class Host:
    """One machine that runs nginx: its workers and its counters."""

    name: str
    workers: tuple[int, ...]
    sites: Ranking[Site]
    regulars: Ranking[str]
    next_connection: int
    next_temporary_file: int

    def connect(self, draw: Draw) -> int:
        """Return the number of a new connection; most of all log nothing."""
        self.next_connection += 1 + int(draw.exponential(60))
        return self.next_connection

    def draw_address(self, draw: Draw) -> str:
        """Return the address of a client."""
        if draw.chance(_REGULAR_SHARE):
            return self.regulars.draw(draw)
        return _draw_address(draw)

    def make_temporary_file(self) -> int:
        """Return the number of a new temporary file."""
        self.next_temporary_file += 1
        return self.next_temporary_file


def make_hosts(draw: Draw, count: int) -> list[Host]:
    """Return ``count`` hosts, each with some of the sites of the whole fleet."""
    zones = make_zones(draw, _SITE_COUNT, _RESOURCE_COUNT)
    sites = [_make_site(draw, zone) for zone in zones]
    regulars = Ranking([_draw_address(draw) for _ in range(_REGULAR_COUNT)], 0.8)
    hosts = []
    for number in range(count):
        first_worker = draw.between(600, 40_000)
        here = [draw.pick(sites) for _ in range(_SITES_PER_HOST)]
        hosts.append(
            Host(
                name=f"web-{number // 4 + 1:02d}{'abcd'[number % 4]}",
                workers=tuple(first_worker + i for i in range(draw.pick((4, 8, 8)))),
                sites=Ranking(here, 1.0),
                regulars=regulars,
                next_connection=draw.between(10_000, 90_000_000),
                next_temporary_file=draw.between(1, 400_000),
            )
        )
    return hosts


def _make_site(draw: Draw, zone: Zone) -> Site:
    name = zone.name
    label = name.split(".", maxsplit=1)[0]
    port = draw.pick((3000, 8000, 8080, 8081, 9000))
    third = draw.below(64)
    return Site(
        zone=zone,
        server_name=draw.pick((name, name, f"www.{name}", f"*.{name}")),
        root=draw.pick(
            (f"/srv/www/{name}", f"/var/www/{label}/public", f"/var/www/{name}/htdocs")
        ),
        upstream_name=f"{label}_{draw.pick(('app', 'backend', 'api'))}",
        upstreams=tuple(
            f"http://198.18.{third}.{draw.between(10, 60)}:{port}"
            for _ in range(draw.between(1, 4))
        ),
        php_files=tuple(
            f"{draw.pick(('inc', 'lib', 'src', 'modules'))}/{draw.pick(NOUNS)}/"
            f"{draw.pick(VERBS)}.php"
            for _ in range(3)
        ),
        limit_zone=draw.pick(("per_ip", "login", "api", f"{label}_req")),
        burst=draw.pick((5, 10, 20, 50)),
        account=draw.pick(NOUNS),
    )


def fill_path(draw: Draw, resource: Resource) -> str:
    """Return a path that a resource's template stands for."""
    return (
        resource.path.replace("{uuid}", draw.uuid())
        .replace("{number}", str(draw.between(10_000_000, 99_999_999)))
        .replace("{segment}", f"{draw.below(90_000):06d}")
    )


def _draw_address(draw: Draw) -> str:
    """Return an address of either family."""
    if draw.chance(0.12):
        site = 0x20010DB8 << 96 | draw.below(0x10000) << 80
        return str(IPv6Address(site | draw.below(1 << 32) << 32 | draw.below(1 << 32)))
    network = draw.pick(("192.0.2", "198.51.100", "203.0.113", "198.18", "198.19"))
    if network in {"198.18", "198.19"}:
        network = f"{network}.{draw.below(256)}"
    return f"{network}.{draw.between(1, 254)}"
