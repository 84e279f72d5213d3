"""The zones of the synthetic name servers: their names, and the records of each.

A few zones get most of the queries. Domain names are in ``.example``, which no one
can register (RFC 2606); addresses are of ranges set aside for documentation and
benchmarks (RFC 2544, RFC 3849, RFC 5737).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .draw import Draw, Ranking
from .vocabulary import ADJECTIVES, NOUNS

# Numbers of record types (RFC 1035, RFC 3596, RFC 9460).
A, NS, CNAME, SOA, MX, TXT, AAAA, HTTPS = 1, 2, 5, 6, 15, 16, 28, 65

_LABELS = (
    *("www", "@", "api", "cdn", "static", "mail", "img", "app", "autodiscover"),
    *("login", "assets", "blog", "shop", "m", "dev", "status", "vpn", "ftp", "docs"),
)
# Seconds, the usual ones first.
_TTLS_S = (300, 60, 3_600, 120, 1_800, 86_400)


class Answer(NamedTuple):
    """One record of an answer; the data is an address or a text."""

    kind: int
    ttl_s: int
    address: bytes = b""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a zone, and what is there by type; empty if it does not exist."""

    name: str
    answers: dict[int, tuple[Answer, ...]]


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone that the servers are authoritative for."""

    zone_id: int
    account_id: int
    name: str
    is_signed: bool
    names: Ranking[Name]


def make_zones(draw: Draw, count: int) -> list[Zone]:
    """Return ``count`` zones, their names all different."""
    names: dict[str, None] = {}
    while len(names) < count:
        first, second = draw.pick(ADJECTIVES), draw.pick(NOUNS)
        names[f"{first}{draw.pick(('', '', '-'))}{second}.example"] = None
    return [_make_zone(draw, name) for name in names]


def _make_zone(draw: Draw, name: str) -> Zone:
    # Served from the edge itself, or from machines of the customer's own.
    is_proxied = draw.chance(0.65)
    edge = tuple(_edge_address(draw) for _ in range(2))
    labels = _LABELS[: draw.between(3, 14)]
    names = [
        _make_name(draw, name, label, edge, is_proxied=is_proxied) for label in labels
    ]
    # Names that a machine made: verification records, tracking hosts, tenants.
    for _ in range(draw.between(2, 9)):
        label = draw.pick(
            (
                f"_acme-challenge.{draw.pick(_LABELS[2:])}",
                f"{draw.pick(NOUNS)}-{draw.between(1, 40)}",
                f"{draw.hexadecimal(12)}.{draw.pick(('edge', 'trk', 'u'))}",
                f"selector{draw.between(1, 2)}._domainkey",
            )
        )
        names.append(_make_name(draw, name, label, edge, is_proxied=is_proxied))
    return Zone(
        zone_id=draw.between(1_000_000, 90_000_000),
        account_id=draw.between(100_000, 9_000_000),
        name=name,
        is_signed=draw.chance(0.12),
        names=Ranking(names, 0.75),
    )


def _edge_address(draw: Draw) -> tuple[bytes, bytes]:
    """Return an address of each family that the edge serves a zone from."""
    last = draw.below(256)
    third = draw.below(64)
    return (
        bytes((198, 18, third, last)),
        bytes((0x20, 0x01, 0x0D, 0xB8, 0, 0x10))
        + bytes(7)
        + bytes((0x68, third, last)),
    )


def _make_name(
    draw: Draw,
    zone: str,
    label: str,
    edge: tuple[tuple[bytes, bytes], ...],
    *,
    is_proxied: bool,
) -> Name:
    name = zone if label == "@" else f"{label}.{zone}"
    answers: dict[int, tuple[Answer, ...]] = {}
    ttl_s = 300 if is_proxied else Ranking(_TTLS_S, 0.9).draw(draw)
    if label.startswith("_acme-challenge"):
        answers[TXT] = (Answer(TXT, 120, text=draw.token(43)),)
        return Name(name, answers)
    if label.endswith("_domainkey"):
        target = f"{label.split('.', maxsplit=1)[0]}.{draw.pick(NOUNS)}-mail.example"
        answers[CNAME] = (Answer(CNAME, 3_600, text=target),)
        return Name(name, answers)
    if label == "@":
        answers[MX] = (
            Answer(MX, 3_600, text=f"10 mx1.{zone}"),
            Answer(MX, 3_600, text=f"20 mx2.{zone}"),
        )
        answers[TXT] = (Answer(TXT, 3_600, text=f"v=spf1 include:_spf.{zone} -all"),)
        answers[NS] = tuple(
            Answer(NS, 86_400, text=f"{host}.ns.edge.example")
            for host in (draw.pick(NOUNS), draw.pick(NOUNS))
        )
    if is_proxied and label not in {"mail", "ftp", "vpn"}:
        answers[A] = tuple(Answer(A, ttl_s, pair[0]) for pair in edge)
        answers[AAAA] = tuple(Answer(AAAA, ttl_s, pair[1]) for pair in edge)
        answers[HTTPS] = (Answer(HTTPS, ttl_s, text='1 . alpn="h3,h2"'),)
        return Name(name, answers)
    if label != "@" and draw.chance(0.3):
        target = (
            f"{draw.pick(NOUNS)}-{draw.hexadecimal(8)}.lb.{draw.pick(NOUNS)}.example"
        )
        answers[CNAME] = (Answer(CNAME, ttl_s, text=target),)
        return Name(name, answers)
    network = draw.pick((b"\xc0\x00\x02", b"\xc6\x33\x64", b"\xcb\x00\x71"))
    answers[A] = tuple(
        Answer(A, ttl_s, network + bytes((draw.between(1, 254),)))
        for _ in range(draw.pick((1, 1, 1, 2, 3)))
    )
    if draw.chance(0.3):
        site = bytes((0x20, 0x01, 0x0D, 0xB8, draw.between(1, 63), draw.below(256)))
        host = bytes(9) + bytes((draw.between(1, 254),))
        answers[AAAA] = (Answer(AAAA, ttl_s, site + host),)
    return Name(name, answers)
