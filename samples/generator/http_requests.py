"""A stream of synthetic HTTP requests, as an edge proxy would log them.

Sessions of many clients on a skewed population of sites run interleaved, as they
do in one partition of an edge's log. Each request is one unpacked Cap'n Proto
message (``http_request.capnp``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import capnp  # type: ignore[import-untyped,unused-ignore]

from .draw import Draw, Ranking
from .record import Record
from .vocabulary import NOUNS
from .web_clients import Client, ClientPopulation
from .web_sites import Resource, Zone, make_zones

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEED = 20_260_115
# 2026-01-15T09:30:00Z.
_START_NS = 1_768_469_400_000_000_000
_ZONE_COUNT = 2_000
_RESOURCE_COUNT = 40
_AGENT_COUNT = 300
_OPEN_SESSION_COUNT = 800
# Below this score, out of 99, a simple rule has recognized a robot.
_OBVIOUS_BOT_SCORE = 5
_EDGE_BUILDS = ("2026.1.3-7c41e0d2", "2026.1.3-7c41e0d2", "2026.1.2-19b8f6aa")
_SERVER_COUNT_PER_COLO = 24
# One partition of a busy topic: the mean time between two of its records.
_MEAN_GAP_NS = 1_700_000

_SCHEMA: Any = capnp.load(str(Path(__file__).with_name("http_request.capnp")))


@dataclass(slots=True)
class _Session:
    """A client on a zone: what it has asked for, and what is still to come."""

    client: Client
    zone: Zone
    session_id: bytes
    remaining: int
    referer: str = ""
    request_number: int = 0
    numbers: dict[str, int] = field(default_factory=dict)


class HttpRequestStream:
    """An endless, seeded stream of records; two of the same seed are equal."""

    def __init__(self, seed: int = _SEED) -> None:
        """Make the populations and open the first sessions."""
        self._draw = Draw(seed)
        zones = make_zones(self._draw, _ZONE_COUNT, _RESOURCE_COUNT)
        self._zones = Ranking(zones, 0.85)
        self._clients = ClientPopulation(self._draw, _AGENT_COUNT)
        self._now_ns = _START_NS
        self._sessions = [self._open_session() for _ in range(_OPEN_SESSION_COUNT)]

    def __iter__(self) -> Iterator[Record]:
        """Return the stream itself."""
        return self

    def __next__(self) -> Record:
        """Return the next record."""
        draw = self._draw
        self._now_ns += int(draw.exponential(_MEAN_GAP_NS))
        slot = draw.below(len(self._sessions))
        session = self._sessions[slot]
        message = self._make_message(session)
        session.remaining -= 1
        if session.remaining <= 0:
            self._sessions[slot] = self._open_session()
        headers = (("schema", b"http_request/14"),) if draw.chance(0.08) else ()
        return Record(
            key=str(session.zone.zone_id).encode(),
            value=message,
            timestamp_ms=(self._now_ns - draw.below(3_000_000)) // 1_000_000,
            headers=headers,
        )

    def _open_session(self) -> _Session:
        draw = self._draw
        return _Session(
            client=self._clients.draw(draw),
            zone=self._zones.draw(draw),
            session_id=draw.octets(16),
            remaining=1 + draw.log_normal(3, 1.0),
        )

    def _make_message(self, session: _Session) -> bytes:
        draw = self._draw
        zone, client = session.zone, session.client
        is_entry = not session.referer and client.agent.family != "app"
        resource = (zone.entries if is_entry else zone.resources).draw(draw)
        session.request_number += 1
        ray_id = draw.hexadecimal(16)
        path = self._fill_path(resource, session)
        query = self._make_query(resource, session)
        cache_status = _cache_status(draw, resource)
        has_origin = cache_status not in {"hit", "stale"}
        status = _status(draw, resource)
        body_bytes = 0 if status in {204, 304} else _jitter(draw, resource)
        trace_id = draw.octets(16) if zone.has_trace_ids else b""
        message = _SCHEMA.HttpRequest.new_message(
            timestamp=self._now_ns,
            rayId=ray_id,
            zoneId=zone.zone_id,
            accountId=zone.account_id,
            zoneName=zone.name,
            zonePlan=zone.plan,
            edge=self._make_edge(client),
            client=_make_client(client, session),
            request={
                "method": _method(draw, resource),
                "host": resource.host,
                "path": path,
                "query": query,
                "referer": session.referer,
                "userAgent": client.agent.user_agent,
                "headers": _request_headers(session, resource),
                "headerBytes": draw.between(380, 2_400),
                "bodyBytes": draw.log_normal(300, 1.0) if resource.kind == "api" else 0,
                "traceId": trace_id,
                "sessionId": session.session_id,
            },
            response={
                "status": status,
                "contentType": resource.content_type,
                "headers": _response_headers(draw, zone, resource),
                "headerBytes": draw.between(260, 900),
                "bodyBytes": body_bytes,
                "compressionRatio": draw.between(20, 60) / 10 if body_bytes else 0.0,
                "bodyDigest": _body_digest(draw, resource, body_bytes),
            },
            cache=_make_cache(draw, resource, cache_status, body_bytes, path),
            origin=_make_origin(draw, zone, status, body_bytes, has_origin=has_origin),
            security=self._make_security(session),
            timings=self._make_timings(client, has_origin=has_origin),
        )
        if resource.content_type.startswith("text/html"):
            session.referer = f"https://{resource.host}{path}"
        return bytes(message.to_bytes())

    def _fill_path(self, resource: Resource, session: _Session) -> str:
        path = resource.path
        if "{uuid}" in path:
            return path.replace("{uuid}", self._draw.uuid())
        if "{number}" in path:
            number = str(self._draw.between(10_000_000, 99_999_999))
            return path.replace("{number}", number)
        if "{segment}" in path:
            # A player asks for one segment after the other.
            number_now = session.numbers.setdefault(path, self._draw.below(90_000))
            session.numbers[path] += 1
            return path.replace("{segment}", f"{number_now:06d}")
        return path

    def _make_query(self, resource: Resource, session: _Session) -> str:
        draw = self._draw
        if resource.kind == "api":
            shape = draw.below(5)
            if shape == 0:
                return f"cursor={draw.token(32)}&limit={draw.pick((10, 20, 50))}"
            if shape == 1:
                return f"q={draw.pick(NOUNS)}+{draw.pick(NOUNS)}&page={draw.below(5)}"
            return ""
        if resource.content_type.startswith("text/html") and draw.chance(0.2):
            return (
                f"utm_source=newsletter&utm_medium=email&utm_campaign="
                f"{session.zone.campaign}&cid={draw.token(22)}"
            )
        if resource.kind == "image" and draw.chance(0.3):
            return f"w={draw.pick((320, 640, 960, 1280))}&q=75&fm=webp"
        return ""

    def _make_edge(self, client: Client) -> dict[str, Any]:
        number = self._draw.below(_SERVER_COUNT_PER_COLO)
        return {
            "colo": client.colo,
            "coloId": client.colo_id,
            "server": f"{number + 10}m{client.colo_id}",
            # 192.0.2.0/24 is set aside for documentation (RFC 5737).
            "serverAddress": bytes((192, 0, 2, number + 10)),
            "buildId": self._draw.pick(_EDGE_BUILDS),
            "pathing": self._draw.pick(("direct", "direct", "tiered")),
        }

    def _make_security(self, session: _Session) -> dict[str, Any]:
        draw = self._draw
        zone, client = session.zone, session.client
        rule_ids = zone.rule_ids if zone.is_security_strict or draw.chance(0.15) else ()
        action = "none"
        is_obvious = client.bot_score < _OBVIOUS_BOT_SCORE
        if rule_ids:
            is_robot = client.agent.device == "machine"
            action = draw.pick(("log", "skip", "challenge" if is_robot else "log"))
        return {
            "action": action,
            "ruleIds": list(rule_ids),
            "botScore": client.bot_score,
            "botSource": "heuristics" if is_obvious else "machine_learning",
            "attackScore": draw.between(70, 99),
            "sensitivity": "high" if zone.is_security_strict else "medium",
            "visitorId": client.visitor_id,
        }

    def _make_timings(self, client: Client, *, has_origin: bool) -> dict[str, Any]:
        draw = self._draw
        accepted = self._now_ns - draw.log_normal(42_000_000, 0.8)
        read = accepted + draw.log_normal(180_000, 0.6)
        firewall = read + draw.log_normal(310_000, 0.5)
        lookup = firewall + draw.log_normal(95_000, 0.7)
        connects = has_origin and draw.chance(0.2)
        origin_byte = lookup + draw.log_normal(31_000_000, 0.9) if has_origin else 0
        sent = max(lookup, origin_byte) + draw.log_normal(120_000, 0.6)
        return {
            "accepted": accepted,
            "requestRead": read,
            "firewallDone": firewall,
            "cacheLookup": lookup,
            "originDns": draw.log_normal(900_000, 0.8) if connects else 0,
            "originConnect": draw.log_normal(11_000_000, 0.6) if connects else 0,
            "originTls": draw.log_normal(23_000_000, 0.5) if connects else 0,
            "originFirstByte": origin_byte,
            "firstByteSent": sent,
            "lastByteSent": sent + draw.log_normal(client.round_trip_time_ns, 0.5),
            "cpu": draw.log_normal(640_000, 0.5),
        }


def _make_client(client: Client, session: _Session) -> dict[str, Any]:
    agent = client.agent
    return {
        "address": client.address,
        "port": client.port,
        "asn": client.asn,
        "country": client.country,
        "region": client.region,
        "city": client.city,
        "latitude": client.latitude,
        "longitude": client.longitude,
        "device": agent.device,
        "protocol": client.protocol,
        "tlsVersion": agent.tls_version,
        "tlsCipher": agent.tls_cipher,
        "tlsResumed": session.request_number > 1,
        "tlsFingerprint": agent.tls_fingerprint,
        "roundTripTime": client.round_trip_time_ns,
        "requestNumber": session.request_number,
        "tlsClientRandom": client.tls_client_random,
    }


def _make_cache(
    draw: Draw, resource: Resource, status: str, body_bytes: int, path: str
) -> dict[str, Any]:
    is_served = status in {"hit", "stale"}
    return {
        "status": status,
        "bytesServed": body_bytes if is_served else 0,
        "age": draw.log_normal(9_000, 1.5) if is_served else 0,
        "key": f"https://{resource.host}{path}" if resource.is_cacheable else "",
        "tier": draw.pick(("lower", "upper")) if resource.is_cacheable else "",
    }


def _make_origin(
    draw: Draw, zone: Zone, status: int, body_bytes: int, *, has_origin: bool
) -> dict[str, Any]:
    if not has_origin:
        return {}
    return {
        "address": draw.pick(zone.origins),
        "port": 443,
        "status": status,
        "requestId": draw.octets(16),
        "bodyBytes": body_bytes,
    }


def _jitter(draw: Draw, resource: Resource) -> int:
    """Return the bytes of a body: fixed for a file, near the usual for a page."""
    if resource.is_cacheable:
        return resource.size_bytes
    return draw.log_normal(resource.size_bytes, 0.3)


def _body_digest(draw: Draw, resource: Resource, body_bytes: int) -> bytes:
    """Return the digest of a body: a file has its own, a made page a new one."""
    if not body_bytes:
        return b""
    return resource.digest if resource.is_cacheable else draw.octets(16)


def _method(draw: Draw, resource: Resource) -> str:
    if resource.kind != "api":
        return "get"
    if resource.path == "/graphql" or resource.path.startswith("/rpc/"):
        return "post"
    return Ranking(("get", "post", "put", "options", "delete"), 1.4).draw(draw)


def _status(draw: Draw, resource: Resource) -> int:
    if draw.chance(0.86):
        return 200
    if resource.is_cacheable:
        return draw.pick((304, 304, 304, 206, 404))
    return draw.pick((302, 301, 404, 403, 204, 401, 429, 500, 502))


def _cache_status(draw: Draw, resource: Resource) -> str:
    if not resource.is_cacheable:
        return "dynamic"
    return draw.pick(("hit", "hit", "hit", "hit", "hit", "miss", "expired", "stale"))


def _header(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def _request_headers(session: _Session, resource: Resource) -> list[dict[str, str]]:
    client = session.client
    is_html = resource.content_type.startswith("text/html")
    is_image = resource.content_type.startswith("image/")
    accept = "*/*"
    if is_html:
        accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    elif is_image:
        accept = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
    headers = [_header("accept", accept)]
    if client.accept_language:
        headers.append(_header("accept-language", client.accept_language))
    if client.agent.platform:
        destination = "document" if is_html else "image" if is_image else "empty"
        headers.append(_header("sec-ch-ua-platform", client.agent.platform))
        headers.append(_header("sec-fetch-dest", destination))
    return headers


def _response_headers(
    draw: Draw, zone: Zone, resource: Resource
) -> list[dict[str, str]]:
    headers = [
        _header("server", zone.server),
        _header("cache-control", resource.cache_control),
    ]
    if zone.plan in {"enterprise", "business"}:
        lifetime = "max-age=31536000; includeSubDomains"
        headers.append(_header("strict-transport-security", lifetime))
    if resource.is_cacheable:
        headers.append(_header("etag", resource.etag))
        headers.append(_header("last-modified", resource.last_modified))
    elif resource.kind == "api":
        if draw.chance(0.5):
            headers.append(_header("x-ratelimit-remaining", str(draw.below(5_000))))
    else:
        headers.append(_header("vary", "Accept-Encoding, Cookie"))
    return headers


def parse_request(value: bytes) -> dict[str, Any]:
    """Return the fields of a record's value."""
    with _SCHEMA.HttpRequest.from_bytes(value) as request:
        fields: dict[str, Any] = request.to_dict()
    return fields
