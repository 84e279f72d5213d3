"""A stream of synthetic DNS queries, as authoritative servers would log them.

Each query is one unpacked Cap'n Proto message (``dns_query.capnp``) with its answer.
What resolvers ask for comes in lookups: a client wants a name, and its resolver asks
for the types that it needs, one after the other, between those of all others. Some
zones are flooded with names that do not exist.
"""

from __future__ import annotations

import heapq
from pathlib import Path
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, NamedTuple

import capnp  # type: ignore[import-untyped,unused-ignore]

from .dns_resolvers import Resolver, make_resolvers
from .dns_zones import AAAA, CNAME, HTTPS, MX, NS, SOA, TXT, A, Name, Zone, make_zones
from .draw import Draw, Ranking
from .record import Record
from .vocabulary import NOUNS

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEED = 20_260_117
# 2026-01-15T09:30:00Z.
_START_NS = 1_768_469_400_000_000_000
_ZONE_COUNT = 10_000
_PUBLIC_SERVICE_COUNT = 6
_NETWORK_COUNT = 2_500
# One partition of a busy topic: the mean time between two of its lookups.
_MEAN_GAP_NS = 600_000
_SERVER_COUNT_PER_COLO = 16
# Zones under a flood of random names, and how much of the traffic that is.
_FLOODED_COUNT = 3
_FLOOD_SHARE = 0.08

_NOERROR, _SERVFAIL, _NXDOMAIN, _REFUSED = 0, 2, 3, 5
# Bits of the header's second word: response, authoritative, truncated, checking off.
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _CHECKING_DISABLED = 0x8000, 0x400, 0x200, 0x10
_HEADER_BYTES = 12
_SIGNATURE_BYTES = 106
# Answers up to this size fit where a resolver says nothing.
_PLAIN_UDP_BYTES = 512

_SCHEMA: Any = capnp.load(str(Path(__file__).with_name("dns_query.capnp")))


class _Query(NamedTuple):
    """A query that is due: who asks for what."""

    time_ns: int
    number: int
    resolver: Resolver
    zone: Zone
    name: Name
    kind: int


class DnsQueryStream:
    """An endless, seeded stream of records; two of the same seed are equal."""

    def __init__(self, seed: int = _SEED) -> None:
        """Make the populations."""
        self._draw = Draw(seed)
        zones = make_zones(self._draw, _ZONE_COUNT)
        self._zones = Ranking(zones, 0.6)
        self._flooded = [self._draw.pick(zones) for _ in range(_FLOODED_COUNT)]
        self._resolvers = make_resolvers(
            self._draw, _PUBLIC_SERVICE_COUNT, _NETWORK_COUNT
        )
        self._lookup_ns = _START_NS
        self._due: list[_Query] = []
        self._query_count = 0

    def __iter__(self) -> Iterator[Record]:
        """Return the stream itself."""
        return self

    def __next__(self) -> Record:
        """Return the next record."""
        while not self._due or self._lookup_ns <= self._due[0].time_ns:
            self._look_up()
        query = heapq.heappop(self._due)
        draw = self._draw
        headers = (("schema", b"dns_query/6"),) if draw.chance(0.05) else ()
        return Record(
            key=str(query.zone.zone_id).encode(),
            value=self._make_message(query),
            timestamp_ms=(query.time_ns + draw.below(3_000_000)) // 1_000_000,
            headers=headers,
        )

    def _look_up(self) -> None:
        """Let one more lookup happen: one or several queries for a name."""
        draw = self._draw
        self._lookup_ns += int(draw.exponential(_MEAN_GAP_NS))
        time_ns = self._lookup_ns
        resolver = self._resolvers.draw(draw)
        if draw.chance(_FLOOD_SHARE):
            zone = draw.pick(self._flooded)
            length = draw.between(6, 12)
            label = "".join(draw.pick(ascii_lowercase) for _ in range(length))
            name = Name(f"{label}.{zone.name}", {})
            kinds: tuple[int, ...] = (A,)
        else:
            zone = self._zones.draw(draw)
            name = zone.names.draw(draw)
            if draw.chance(0.05):
                name = Name(f"{draw.pick(NOUNS)}.{zone.name}", {})
            kinds = _kinds(draw, resolver, name)
        for kind in kinds:
            query = _Query(time_ns, self._query_count, resolver, zone, name, kind)
            heapq.heappush(self._due, query)
            self._query_count += 1
            time_ns += draw.log_normal(350_000, 1.2)

    def _make_message(self, query: _Query) -> bytes:
        draw, resolver, zone = self._draw, query.resolver, query.zone
        server = draw.below(_SERVER_COUNT_PER_COLO)
        name = _mixed_case(draw, query) if resolver.randomizes_case else query.name.name
        subnet, subnet_bits = _client_subnet(draw, resolver)
        message = _SCHEMA.DnsQuery.new_message(
            timestamp=query.time_ns,
            edge={
                "colo": resolver.colo,
                "coloId": resolver.colo_id,
                "server": f"{server + 10}n{resolver.colo_id}",
                # 192.0.2.0/24 is set aside for documentation (RFC 5737).
                "address": bytes((192, 0, 2, server + 10)),
            },
            resolver={
                "address": resolver.address,
                "port": draw.between(1_024, 65_535),
                "asn": resolver.asn,
                "country": resolver.country,
                "transport": draw.pick(resolver.transports),
                "bufferBytes": resolver.buffer_bytes,
                "wantsDnssec": resolver.wants_dnssec,
                "cookie": resolver.cookie,
                "clientSubnet": subnet,
                "clientSubnetBits": subnet_bits,
            },
            zone={
                "id": zone.zone_id,
                "accountId": zone.account_id,
                "name": zone.name,
                "isSigned": zone.is_signed,
            },
            question={
                "id": draw.below(65_536),
                "name": name,
                "type": query.kind,
                "flags": _CHECKING_DISABLED if resolver.wants_dnssec else 0,
            },
            response=_make_response(draw, query),
            timings={
                "queued": draw.log_normal(6_000, 0.9),
                "resolved": draw.log_normal(31_000, 0.6),
                "written": draw.log_normal(12_000, 0.4),
            },
            uid=draw.octets(16),
        )
        return bytes(message.to_bytes())


def _kinds(draw: Draw, resolver: Resolver, name: Name) -> tuple[int, ...]:
    """Return the types that are asked for, in the order of the queries."""
    if draw.chance(0.12):
        others = tuple(kind for kind in (MX, TXT, NS, CNAME) if kind in name.answers)
        return (draw.pick((*others, MX, TXT, NS, SOA)),)
    if draw.chance(0.45):
        return (A,)
    if resolver.asks_https and draw.chance(0.6):
        return (HTTPS, A, AAAA)
    return (A, AAAA)


def _mixed_case(draw: Draw, query: _Query) -> str:
    """Return the name in random case, as a guard against forged answers."""
    return "".join(
        letter.upper() if draw.chance(0.5) else letter for letter in query.name.name
    )


def _client_subnet(draw: Draw, resolver: Resolver) -> tuple[bytes, int]:
    """Return the network that a resolver asks for, and its prefix's length."""
    if not resolver.sends_client_subnet:
        return b"", 0
    return bytes((198, 18, draw.below(256))), 24


def _make_response(draw: Draw, query: _Query) -> dict[str, Any]:
    resolver, name, kind = query.resolver, query.name, query.kind
    answers = name.answers.get(kind) or name.answers.get(CNAME, ())
    code = _NOERROR if name.answers else _NXDOMAIN
    source = "zone"
    if draw.chance(0.008):
        code, answers, source = draw.pick((_SERVFAIL, _REFUSED)), (), "policy"
    elif not answers:
        source = "negative"
    authority_count = 1 if not answers and code in {_NOERROR, _NXDOMAIN} else 0
    is_signed = query.zone.is_signed and resolver.wants_dnssec
    size_bytes = _HEADER_BYTES + len(name.name) + 6
    size_bytes += sum(12 + (len(item.address) or len(item.text)) for item in answers)
    size_bytes += 60 * authority_count + 11 * (resolver.buffer_bytes > 0)
    size_bytes += _SIGNATURE_BYTES * is_signed * (1 + 2 * authority_count)
    flags = _RESPONSE | _AUTHORITATIVE
    if size_bytes > max(resolver.buffer_bytes, _PLAIN_UDP_BYTES):
        flags |= _TRUNCATED
    return {
        "code": code,
        "flags": flags,
        "bytes": size_bytes,
        "answers": [
            {
                "type": item.kind,
                "ttl": item.ttl_s,
                **({"address": item.address} if item.address else {"text": item.text}),
            }
            for item in answers
        ],
        "authorityCount": authority_count,
        "additionalCount": 1 if resolver.buffer_bytes else 0,
        "source": source,
    }


def parse_query(value: bytes) -> dict[str, Any]:
    """Return the fields of a record's value."""
    with _SCHEMA.DnsQuery.from_bytes(value) as query:
        fields: dict[str, Any] = query.to_dict()
    return fields
