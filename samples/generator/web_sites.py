"""The web sites of the synthetic edge: zones, their hosts and their resources.

A few zones get most of the requests, and within a zone a few resources do. Host
names are in ``.example``, which no one can register (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .draw import Draw, Ranking
from .vocabulary import ADJECTIVES, NOUNS, VERBS

if TYPE_CHECKING:
    from collections.abc import Callable

_DAY_NAMES = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")
# Resources by kind of site, as (kind of resource, weight).
_MIX: dict[str, tuple[tuple[str, int], ...]] = {
    "shop": (("page", 4), ("product", 8), ("image", 9), ("asset", 6), ("api", 6)),
    "news": (("page", 3), ("article", 9), ("image", 9), ("asset", 6), ("api", 3)),
    "service": (("page", 3), ("asset", 6), ("api", 16)),
    "media": (("page", 2), ("segment", 14), ("image", 5), ("api", 4)),
    "game": (("api", 12), ("asset", 4), ("download", 2)),
    "forum": (("page", 3), ("article", 10), ("avatar", 6), ("asset", 4), ("api", 3)),
}
_SERVERS = ("nginx", "nginx/1.26.2", "Apache", "Caddy", "envoy", "gunicorn", "Kestrel")
_LANGUAGES = ("en", "de", "fr", "es", "ja", "pt-br", "nl", "pl")


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that a zone serves: one path, or a template of paths."""

    kind: str
    host: str
    path: str
    content_type: str
    size_bytes: int
    is_cacheable: bool
    etag: str
    last_modified: str
    cache_control: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Zone:
    """A site: what the edge knows about it, and what its visitors ask for."""

    zone_id: int
    account_id: int
    name: str
    plan: str
    kind: str
    server: str
    origins: tuple[bytes, ...]
    rule_ids: tuple[bytes, ...]
    is_security_strict: bool
    has_trace_ids: bool
    campaign: str
    entries: Ranking[Resource]
    resources: Ranking[Resource]


def make_zones(draw: Draw, count: int, resource_count: int) -> list[Zone]:
    """Return ``count`` zones, each with about ``resource_count`` resources."""
    names: dict[str, None] = {}
    while len(names) < count:
        names[_zone_name(draw)] = None
    return [_make_zone(draw, name, resource_count) for name in names]


def _zone_name(draw: Draw) -> str:
    shape = draw.below(4)
    if shape == 0:
        return f"{draw.pick(ADJECTIVES)}{draw.pick(NOUNS)}.example"
    if shape == 1:
        return f"{draw.pick(ADJECTIVES)}-{draw.pick(NOUNS)}.example"
    if shape == 2:
        return f"{draw.pick(NOUNS)}and{draw.pick(NOUNS)}.example"
    return f"{draw.pick(VERBS)}{draw.pick(NOUNS)}.example"


def _make_zone(draw: Draw, name: str, resource_count: int) -> Zone:
    kind = Ranking(tuple(_MIX), 0.5).draw(draw)
    kinds = [item for item, weight in _MIX[kind] for _ in range(weight)]
    count = draw.between(resource_count // 2, resource_count * 3 // 2)
    resources = [_make_resource(draw, name, draw.pick(kinds)) for _ in range(count)]
    entries = [item for item in resources if not _is_secondary(item.kind)]
    # 198.18.0.0/15 is set aside for benchmarks (RFC 2544).
    prefix = bytes((198, 19, draw.below(256)))
    return Zone(
        zone_id=draw.between(1_000_000, 90_000_000),
        account_id=draw.between(100_000, 9_000_000),
        name=name,
        plan=Ranking(("enterprise", "business", "pro", "free"), 0.7).draw(draw),
        kind=kind,
        server=draw.pick(_SERVERS),
        origins=tuple(
            prefix + bytes((draw.below(256),)) for _ in range(draw.between(1, 4))
        ),
        rule_ids=tuple(draw.octets(16) for _ in range(draw.between(1, 4))),
        is_security_strict=draw.chance(0.2),
        has_trace_ids=draw.chance(0.35),
        campaign=f"{draw.pick(ADJECTIVES)}_{draw.pick(NOUNS)}",
        entries=Ranking(entries or resources, 0.8),
        resources=Ranking(resources, 0.8),
    )


def _is_secondary(kind: str) -> bool:
    return kind in {"asset", "image", "avatar", "segment"}


def _slug(draw: Draw, words: int) -> str:
    return "-".join(draw.pick((ADJECTIVES, NOUNS)[i % 2]) for i in range(words))


def _make_resource(draw: Draw, zone: str, kind: str) -> Resource:
    prefix, path, content_type, median_bytes, max_age_s = _SHAPES[kind](draw)
    day = draw.below(14)
    return Resource(
        kind=kind,
        host=f"{prefix}.{zone}" if prefix else zone,
        path=path,
        content_type=content_type,
        size_bytes=max(120, draw.log_normal(median_bytes, 0.9)),
        is_cacheable=max_age_s > 0,
        etag=_etag(draw),
        last_modified=(
            f"{_DAY_NAMES[day % 7]}, {day + 1:02d} Jan 2026 {draw.below(24):02d}:"
            f"{draw.below(60):02d}:{draw.below(60):02d} GMT"
        ),
        cache_control=(
            f"public, max-age={max_age_s}"
            if max_age_s
            else draw.pick(("no-store", "private, no-cache", "max-age=0, private"))
        ),
        digest=draw.octets(16),
    )


def _etag(draw: Draw) -> str:
    shape = draw.below(3)
    if shape == 0:
        return f'"{draw.hexadecimal(32)}"'
    if shape == 1:
        return f'W/"{draw.hexadecimal(8)}-{draw.hexadecimal(4)}"'
    return f'"{draw.hexadecimal(13)}"'


# What a resource is made of: host prefix, path, type, median bytes, maximum age.
_Shape = tuple[str, str, str, int, int]


def _page(draw: Draw) -> _Shape:
    path = draw.pick(
        (
            "/",
            f"/{draw.pick(_LANGUAGES)}/",
            f"/{draw.pick(NOUNS)}",
            f"/{draw.pick(VERBS)}/{_slug(draw, 2)}",
            f"/category/{_slug(draw, 1)}/{_slug(draw, 2)}",
        )
    )
    return "www", path, "text/html; charset=utf-8", 24_000, 0


def _product(draw: Draw) -> _Shape:
    path = f"/p/{_slug(draw, 4)}-{draw.between(100_000, 999_999)}"
    return "www", path, "text/html; charset=utf-8", 31_000, draw.pick((0, 0, 300))


def _article(draw: Draw) -> _Shape:
    path = draw.pick(
        (
            f"/2026/01/{draw.between(1, 14):02d}/{_slug(draw, 6)}",
            f"/t/{_slug(draw, 5)}/{draw.between(10_000, 99_999)}",
            f"/{draw.pick(NOUNS)}/{_slug(draw, 5)}.html",
        )
    )
    return "www", path, "text/html; charset=utf-8", 28_000, draw.pick((0, 60, 600))


def _image(draw: Draw) -> _Shape:
    suffix, content_type = draw.pick(
        (("jpg", "image/jpeg"), ("webp", "image/webp"), ("png", "image/png"))
    )
    path = draw.pick(
        (
            f"/img/{draw.uuid()}/{draw.pick((320, 640, 1280))}.{suffix}",
            f"/media/{draw.hexadecimal(2)}/{draw.hexadecimal(40)}.{suffix}",
            f"/uploads/2026/01/{_slug(draw, 3)}-{draw.pick((300, 768, 1024))}.{suffix}",
        )
    )
    return draw.pick(("img", "static", "cdn")), path, content_type, 38_000, 2_592_000


def _avatar(draw: Draw) -> _Shape:
    path = f"/user_avatar/{draw.pick(NOUNS)}{draw.below(1000)}/{draw.between(1, 9)}.png"
    return "avatars", path, "image/png", 3_100, 604_800


def _asset(draw: Draw) -> _Shape:
    suffix, content_type = draw.pick(
        (
            ("js", "application/javascript; charset=utf-8"),
            ("css", "text/css; charset=utf-8"),
            ("woff2", "font/woff2"),
            ("svg", "image/svg+xml"),
        )
    )
    folder = draw.pick(("assets", "_next/static/chunks", "static/build", "dist"))
    path = f"/{folder}/{draw.pick(NOUNS)}-{draw.hexadecimal(16)}.{suffix}"
    return draw.pick(("", "static", "cdn")), path, content_type, 21_000, 31_536_000


def _api(draw: Draw) -> _Shape:
    path = draw.pick(
        (
            f"/v{draw.between(1, 3)}/{draw.pick(NOUNS)}s/{{uuid}}",
            f"/v{draw.between(1, 3)}/{draw.pick(NOUNS)}s/{{number}}/{draw.pick(VERBS)}",
            f"/v{draw.between(1, 3)}/{draw.pick(NOUNS)}s",
            f"/api/{draw.pick(NOUNS)}/{draw.pick(VERBS)}",
            "/graphql",
            f"/rpc/{draw.pick(NOUNS)}.{draw.pick(VERBS)}",
        )
    )
    return draw.pick(("api", "api", "www")), path, "application/json", 1_900, 0


def _segment(draw: Draw) -> _Shape:
    rendition = draw.pick(("480p", "720p", "1080p"))
    path = f"/live/{draw.uuid()}/{rendition}/segment-{{segment}}.m4s"
    return "stream", path, "video/iso.segment", 730_000, 3_600


def _download(draw: Draw) -> _Shape:
    version = f"{draw.between(1, 9)}.{draw.below(30)}.{draw.below(10)}"
    path = f"/builds/{version}/{draw.pick(NOUNS)}.{draw.hexadecimal(12)}.pak"
    return "download", path, "application/octet-stream", 4_200_000, 86_400


_SHAPES: dict[str, Callable[[Draw], _Shape]] = {
    "page": _page,
    "product": _product,
    "article": _article,
    "image": _image,
    "avatar": _avatar,
    "asset": _asset,
    "api": _api,
    "segment": _segment,
    "download": _download,
}
