"""The recursive resolvers that ask the synthetic name servers.

A handful of public services ask from many addresses each and make up much of the
traffic; the rest are those of access networks, offices and single machines. Addresses
are of ranges set aside for documentation and benchmarks (RFC 2544, RFC 3849,
RFC 5737), network numbers of the private range (RFC 6996).
"""

from __future__ import annotations

from dataclasses import dataclass

from .draw import Draw, Ranking

# Place: colo, its number, the countries that are routed to it.
PLACES = (
    ("FRA", 122, ("DE", "AT", "CZ", "CH")),
    ("IAD", 402, ("US",)),
    ("AMS", 115, ("NL", "BE")),
    ("SIN", 309, ("SG", "MY", "ID")),
    ("LHR", 131, ("GB", "IE")),
    ("GRU", 501, ("BR", "AR")),
    ("NRT", 306, ("JP",)),
    ("SJC", 411, ("US",)),
)
# 2026-01-15T09:30:00Z.
_START_S = 1_768_469_400
# A server renews cookies that are older than half an hour (RFC 9018).
_COOKIE_LIFETIME_S = 1_800


@dataclass(frozen=True, slots=True)
class Resolver:
    """One resolver: where it asks from, and how it speaks DNS."""

    address: bytes
    asn: int
    country: str
    colo: str
    colo_id: int
    transports: tuple[str, ...]
    buffer_bytes: int
    wants_dnssec: bool
    cookie: bytes
    sends_client_subnet: bool
    randomizes_case: bool
    asks_https: bool


def make_resolvers(
    draw: Draw, service_count: int, network_count: int
) -> Ranking[Resolver]:
    """Return the population, the busiest first.

    ``service_count`` public services have dozens of addresses each, ``network_count``
    other networks a few.
    """
    resolvers: list[Resolver] = []
    for _ in range(service_count):
        resolvers.extend(_make_network(draw, draw.between(24, 60), is_public=True))
    for _ in range(network_count):
        resolvers.extend(_make_network(draw, draw.between(1, 6), is_public=False))
    # Which of all is how busy has nothing to do with whose it is.
    for last in range(len(resolvers) - 1, 0, -1):
        other = draw.below(last + 1)
        resolvers[last], resolvers[other] = resolvers[other], resolvers[last]
    return Ranking(resolvers, 0.6)


def _make_network(draw: Draw, count: int, *, is_public: bool) -> list[Resolver]:
    """Return the resolvers of one operator: one software, one network."""
    asn = draw.between(64_512, 65_534)
    colo, colo_id, countries = Ranking(PLACES, 0.7).draw(draw)
    country = draw.pick(countries)
    buffer_bytes = draw.pick((1_232, 1_232, 1_232, 1_400, 4_096, 512, 0))
    has_edns = buffer_bytes > 0
    wants_dnssec = has_edns and draw.chance(0.7)
    sends_client_subnet = is_public and draw.chance(0.6)
    randomizes_case = draw.chance(0.3)
    has_cookies = has_edns and draw.chance(0.4)
    transports = draw.pick((("udp",), ("udp",), ("udp",) * 30 + ("tcp",)))
    is_v6 = draw.chance(0.35)
    prefix = _prefix(draw, is_v6=is_v6)
    return [
        Resolver(
            address=prefix + _host(draw, is_v6=is_v6),
            asn=asn,
            country=country,
            colo=colo,
            colo_id=colo_id,
            transports=transports,
            buffer_bytes=buffer_bytes,
            wants_dnssec=wants_dnssec,
            cookie=_cookie(draw) if has_cookies else b"",
            sends_client_subnet=sends_client_subnet,
            randomizes_case=randomizes_case,
            asks_https=draw.chance(0.6),
        )
        for _ in range(count)
    ]


def _cookie(draw: Draw) -> bytes:
    """Return the cookie that a resolver sends until the server renews it.

    Its own half, then the server's: version, time and hash (RFC 9018).
    """
    given_at_s = _START_S - draw.below(_COOKIE_LIFETIME_S)
    server_half = b"\x01\0\0\0" + given_at_s.to_bytes(4, "big") + draw.octets(8)
    return draw.octets(8) + server_half


def _prefix(draw: Draw, *, is_v6: bool) -> bytes:
    if is_v6:
        site = bytes((0x20, 0x01, 0x0D, 0xB8, draw.between(64, 255), draw.below(256)))
        return site + bytes(6)
    return draw.pick(
        (
            bytes((198, 19, draw.below(256))),
            bytes((198, 19, draw.below(256))),
            b"\xc0\x00\x02",
            b"\xc6\x33\x64",
            b"\xcb\x00\x71",
        )
    )


def _host(draw: Draw, *, is_v6: bool) -> bytes:
    if is_v6:
        return bytes((0, 0, draw.below(16), draw.below(256)))
    return bytes((draw.between(1, 254),))
