"""What goes wrong on the web servers, and how nginx's error log says so.

An incident is what one cause makes nginx write: an upstream that has stopped
answering while visitors go on asking, a scanner that walks through its list, a page
that refers to a file which is gone. Each yields one line after the other until it is
over. The wording follows nginx 1.26 with OpenSSL 3.

Source: the messages in nginx's own modules (``ngx_http_upstream.c``,
``ngx_http_limit_req_module.c`` and others).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .draw import Draw, Ranking
from .nginx_hosts import fill_path
from .vocabulary import NOUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .nginx_hosts import Host, Site


class Line(NamedTuple):
    """One line without its time: how bad, on which connection, what, how long after."""

    level: str
    worker: int
    connection: int
    text: str
    delay_us: int


class _Visitor(NamedTuple):
    """A client on a connection to a site."""

    address: str
    worker: int
    connection: int
    protocol: str


# Requests of scanners, as they come one after the other.
_SCANS = (
    ("/.env", "/.env.local", "/.env.production", "/api/.env", "/backend/.env"),
    ("/wp-login.php", "/xmlrpc.php", "/wp-admin/setup-config.php", "/wp-content/"),
    ("/.git/config", "/.git/HEAD", "/.svn/entries", "/.aws/credentials"),
    ("/phpmyadmin/index.php", "/pma/index.php", "/adminer.php", "/info.php"),
    ("/actuator/health", "/actuator/env", "/server-status", "/console/"),
    ("/robots.txt", "/sitemap.xml", "/ads.txt", "/.well-known/security.txt"),
)
_MISSING_FILES = (
    *("/favicon.ico", "/apple-touch-icon.png", "/apple-touch-icon-precomposed.png"),
    *("/robots.txt", "/manifest.json", "/assets/app.js.map", "/images/logo@2x.png"),
)
_NO_FILE = "failed (2: No such file or directory)"
_READING = "reading response header from upstream"
_TIMED_OUT = "upstream timed out (110: Connection timed out) while"
_REFUSED = "connect() failed (111: Connection refused) while connecting to upstream"
# What TLS clients do wrong that nginx 1.26 finds critical.
_HANDSHAKES = (
    "0A00006C:SSL routines::bad key share",
    "0A00006E:SSL routines::bad extension",
    "0A000076:SSL routines::no suitable signature algorithm",
    "0A0001BB:SSL routines::bad record type",
)
# What goes wrong in a handshake with an upstream.
_UPSTREAM_HANDSHAKES = (
    (
        "SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert "
        "handshake failure:SSL alert number 40)"
    ),
    (
        "SSL_do_handshake() failed (SSL: error:0A000086:SSL routines::certificate "
        "verify failed)"
    ),
    "peer closed connection in SSL handshake (104: Connection reset by peer)",
)


def _visit(draw: Draw, host: Host, address: str = "") -> _Visitor:
    return _Visitor(
        address=address or host.draw_address(draw),
        worker=draw.pick(host.workers),
        connection=host.connect(draw),
        protocol=draw.pick(("HTTP/1.1", "HTTP/2.0", "HTTP/2.0")),
    )


def _line(
    visitor: _Visitor,
    text: str,
    delay_us: int,
    level: str = "error",
) -> Line:
    return Line(level, visitor.worker, visitor.connection, text, delay_us)


def _context(
    visitor: _Visitor,
    site: Site,
    request: str,
    host_name: str,
    *,
    upstream: str = "",
    referrer: str = "",
) -> str:
    """Return what nginx adds to a message about a request."""
    text = (
        f", client: {visitor.address}, server: {site.server_name}, "
        f'request: "{request} {visitor.protocol}"'
    )
    if upstream:
        text += f', upstream: "{upstream}"'
    text += f', host: "{host_name}"'
    if referrer:
        text += f', referrer: "{referrer}"'
    return text


def _page_url(draw: Draw, site: Site) -> str:
    page = site.zone.entries.draw(draw)
    if not page.content_type.startswith("text/html"):
        return f"https://www.{site.zone.name}/"
    return f"https://{page.host}{page.path}"


def _slow_upstream(draw: Draw, host: Host) -> Iterator[Line]:
    """Yield lines about an application that does not answer, or not in time."""
    site = host.sites.draw(draw)
    upstream = draw.pick(site.upstreams)
    message = draw.pick(
        (
            f"{_TIMED_OUT} {_READING}",
            f"{_TIMED_OUT} {_READING}",
            f"{_TIMED_OUT} connecting to upstream",
            _REFUSED,
            _REFUSED,
            f"upstream prematurely closed connection while {_READING}",
            f"recv() failed (104: Connection reset by peer) while {_READING}",
        )
    )
    visitor, referrer = _visit(draw, host), ""
    resource = site.zone.resources.draw(draw)
    path = fill_path(draw, resource)
    for _ in range(4 + draw.log_normal(30, 0.9)):
        # Who has a page open asks for more, and for the same again.
        if draw.chance(0.35):
            visitor = _visit(draw, host)
            referrer = "" if draw.chance(0.45) else _page_url(draw, site)
        if draw.chance(0.6):
            resource = site.zone.resources.draw(draw)
            path = fill_path(draw, resource)
        method = "POST" if resource.kind == "api" and draw.chance(0.3) else "GET"
        request = f"{method} {path}"
        context = _context(
            visitor,
            site,
            request,
            resource.host,
            upstream=f"{upstream}{path}",
            referrer=referrer,
        )
        yield _line(visitor, message + context, draw.log_normal(160_000, 1.3))
        if len(site.upstreams) > 1 and message == _REFUSED and draw.chance(0.2):
            text = "upstream server temporarily disabled while connecting to upstream"
            yield _line(visitor, text + context, 0, "warn")
        if draw.chance(0.08):
            context = _context(
                visitor,
                site,
                request,
                resource.host,
                upstream=f"http://{site.upstream_name}{path}",
                referrer=referrer,
            )
            text = "no live upstreams while connecting to upstream"
            yield _line(visitor, text + context, draw.between(20, 400))


def _missing_files(draw: Draw, host: Host) -> Iterator[Line]:
    """Yield lines about pages that refer to what is not there."""
    site = host.sites.draw(draw)
    for _ in range(draw.between(2, 8)):
        visitor = _visit(draw, host)
        referrer = _page_url(draw, site)
        for _ in range(draw.between(1, 4)):
            resource = site.zone.resources.draw(draw)
            path = draw.pick(_MISSING_FILES)
            if draw.chance(0.3):
                path = fill_path(draw, resource)
            text = f'open() "{site.root}{path}" {_NO_FILE}'
            context = _context(
                visitor, site, f"GET {path}", resource.host, referrer=referrer
            )
            yield _line(visitor, text + context, draw.log_normal(40_000, 1.4))


def _scan(draw: Draw, host: Host) -> Iterator[Line]:
    """Yield lines about a machine that looks for what should not be there."""
    address = host.draw_address(draw)
    site = host.sites.draw(draw)
    host_name = draw.pick((site.zone.name, f"www.{site.zone.name}", "192.0.2.80"))
    for paths in (draw.pick(_SCANS) for _ in range(draw.between(1, 4))):
        visitor = _visit(draw, host, address)._replace(protocol="HTTP/1.1")
        for path in paths:
            text = f'open() "{site.root}{path}" {_NO_FILE}'
            if path.endswith("/"):
                text = f'"{site.root}{path}index.html" is not found (2: No such file '
                text += "or directory)"
            elif "/." in path and draw.chance(0.5):
                text = "access forbidden by rule"
            context = _context(visitor, site, f"GET {path}", host_name)
            yield _line(visitor, text + context, draw.log_normal(180_000, 0.8))


def _too_many_requests(draw: Draw, host: Host) -> Iterator[Line]:
    """Yield lines about a client that asks for one thing too often."""
    site = host.sites.draw(draw)
    visitor = _visit(draw, host)
    resource = site.zone.resources.draw(draw)
    path = fill_path(draw, resource)
    for _ in range(4 + draw.log_normal(20, 0.9)):
        # What is refused does not count, so the excess stays just above the burst.
        text = (
            f"limiting requests, excess: {site.burst}.{draw.below(1_000):03d} by zone "
        )
        text += f'"{site.limit_zone}"'
        context = _context(visitor, site, f"GET {path}", resource.host)
        yield _line(visitor, text + context, draw.log_normal(55_000, 0.9))


def _bad_handshake(draw: Draw, host: Host) -> Iterator[Line]:
    """Yield lines about clients that nginx cannot agree on TLS with."""
    address = host.draw_address(draw)
    reason = Ranking(_HANDSHAKES, 1.2).draw(draw)
    for _ in range(draw.between(1, 4)):
        visitor = _visit(draw, host, address)
        text = f"SSL_do_handshake() failed (SSL: error:{reason}) while SSL handshaking"
        text += f", client: {address}, server: 0.0.0.0:443"
        yield _line(visitor, text, draw.log_normal(300_000, 1.0), "crit")


def _bad_upstream_handshake(draw: Draw, host: Host) -> Iterator[Line]:
    """Yield lines about an upstream that nginx cannot agree on TLS with."""
    site = host.sites.draw(draw)
    reason = draw.pick(_UPSTREAM_HANDSHAKES)
    upstream = draw.pick(site.upstreams).replace("http:", "https:")
    for _ in range(draw.between(1, 6)):
        visitor = _visit(draw, host)
        resource = site.zone.resources.draw(draw)
        path = fill_path(draw, resource)
        context = _context(
            visitor, site, f"GET {path}", resource.host, upstream=f"{upstream}{path}"
        )
        text = f"{reason} while SSL handshaking to upstream"
        yield _line(visitor, text + context, draw.log_normal(220_000, 1.0))


def _php_warnings(draw: Draw, host: Host) -> Iterator[Line]:
    """Yield lines about what a PHP application complains of at each request."""
    site = host.sites.draw(draw)
    file = draw.pick(site.php_files)
    complaint = draw.pick(
        (
            f'PHP Warning:  Undefined array key "{draw.pick(NOUNS)}"',
            f"PHP Warning:  Undefined variable ${draw.pick(NOUNS)}",
            "PHP Deprecated:  Automatic conversion of false to array is deprecated",
        )
    )
    text = f'FastCGI sent in stderr: "PHP message: {complaint} in {site.root}/{file} '
    text += f'on line {draw.between(12, 900)}" while {_READING}'
    visitor = _visit(draw, host)
    for _ in range(4 + draw.log_normal(30, 0.8)):
        if draw.chance(0.5):
            visitor = _visit(draw, host)
        page = site.zone.entries.draw(draw)
        context = _context(
            visitor,
            site,
            f"GET {fill_path(draw, page)}",
            page.host,
            upstream="fastcgi://unix:/run/php/php8.2-fpm.sock:",
            referrer="" if draw.chance(0.6) else _page_url(draw, site),
        )
        yield _line(visitor, text + context, draw.log_normal(240_000, 1.1))


def _large_bodies(draw: Draw, host: Host) -> Iterator[Line]:
    """Yield lines about uploads and downloads that do not fit in memory."""
    site = host.sites.draw(draw)
    for _ in range(draw.between(1, 3)):
        visitor = _visit(draw, host)
        resource = site.zone.resources.draw(draw)
        path = fill_path(draw, resource)
        number = host.make_temporary_file()
        name = f"{number % 10}/{number // 10 % 100:02d}/{number:010d}"
        shape = draw.below(3)
        upstream, level, method = "", "warn", "POST"
        if shape == 0:
            text = "a client request body is buffered to a temporary file "
            text += f"/var/cache/nginx/client_temp/{number:010d}"
        elif shape == 1:
            text = "an upstream response is buffered to a temporary file "
            text += f"/var/cache/nginx/proxy_temp/{name} while reading upstream"
            upstream, method = f"{draw.pick(site.upstreams)}{path}", "GET"
        else:
            text = "client intended to send too large body: "
            text += f"{draw.log_normal(14_000_000, 0.7)} bytes"
            level = "error"
        context = _context(
            visitor, site, f"{method} {path}", resource.host, upstream=upstream
        )
        yield _line(visitor, text + context, draw.log_normal(400_000, 1.0), level)


def _wrong_passwords(draw: Draw, host: Host) -> Iterator[Line]:
    """Yield lines about someone who does not know, or guesses, a password."""
    site = host.sites.draw(draw)
    visitor = _visit(draw, host)
    for _ in range(draw.between(1, 5)):
        account = draw.pick((site.account, site.account, "admin", "root"))
        text = draw.pick(
            (
                f'user "{account}": password mismatch',
                f'user "{account}" was not found in "/etc/nginx/htpasswd"',
            )
        )
        context = _context(visitor, site, "GET /admin/", f"www.{site.zone.name}")
        yield _line(visitor, text + context, draw.log_normal(900_000, 0.9))


_INCIDENTS: Ranking[Callable[[Draw, Host], Iterator[Line]]] = Ranking(
    (
        _missing_files,
        _slow_upstream,
        _scan,
        _php_warnings,
        _too_many_requests,
        _bad_handshake,
        _large_bodies,
        _bad_upstream_handshake,
        _wrong_passwords,
    ),
    0.6,
)


def begin_incident(draw: Draw, host: Host) -> Iterator[Line]:
    """Begin an incident on ``host``; return its lines, made as they are taken."""
    return _INCIDENTS.draw(draw)(draw, host)
