"""The clients of the synthetic edge: browsers, apps, scripts and crawlers.

User agents have the form and the usual versions of January 2026. Addresses are of
ranges that are set aside for documentation and benchmarks (RFC 2544, RFC 3849,
RFC 5737), network numbers of the private ranges (RFC 6996).
"""

from __future__ import annotations

from dataclasses import dataclass

from .draw import Draw, Ranking
from .vocabulary import NOUNS

# colo, colo id, country, region, city, latitude, longitude
_PLACES = (
    ("FRA", 122, "DE", "HE", "Frankfurt am Main", 50.1, 8.7),
    ("AMS", 115, "NL", "NH", "Amsterdam", 52.4, 4.9),
    ("LHR", 131, "GB", "ENG", "London", 51.5, -0.1),
    ("CDG", 118, "FR", "IDF", "Paris", 48.9, 2.4),
    ("IAD", 402, "US", "VA", "Ashburn", 39.0, -77.5),
    ("ORD", 408, "US", "IL", "Chicago", 41.9, -87.6),
    ("SJC", 411, "US", "CA", "San Jose", 37.3, -121.9),
    ("GRU", 501, "BR", "SP", "Sao Paulo", -23.5, -46.6),
    ("NRT", 306, "JP", "13", "Tokyo", 35.7, 139.7),
    ("SIN", 309, "SG", "", "Singapore", 1.3, 103.8),
    ("WAW", 140, "PL", "MZ", "Warsaw", 52.2, 21.0),
    ("MAD", 136, "ES", "MD", "Madrid", 40.4, -3.7),
)
_LANGUAGES = {
    "DE": "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
    "NL": "nl-NL,nl;q=0.9,en-US;q=0.8,en;q=0.7",
    "GB": "en-GB,en-US;q=0.9,en;q=0.8",
    "FR": "fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7",
    "US": "en-US,en;q=0.9",
    "BR": "pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7",
    "JP": "ja,en-US;q=0.9,en;q=0.8",
    "SG": "en-SG,en;q=0.9,zh-CN;q=0.8,zh;q=0.7",
    "PL": "pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7",
    "ES": "es-ES,es;q=0.9,en;q=0.8",
}
_CHROME_MAJORS = (143, 144, 142, 141, 139, 138, 131, 120, 109)
_FIREFOX_MAJORS = (146, 147, 145, 140, 128, 115)
_ANDROID_MODELS = (
    "K; SM-S928B",
    "Pixel 8",
    "SM-A546B",
    "SM-G991B",
    "2201117TG",
    "Pixel 9 Pro",
    "SM-A155F",
    "M2101K6G",
    "CPH2581",
    "moto g(60)",
)


@dataclass(frozen=True, slots=True)
class Agent:
    """A program that makes requests: its name, and how it speaks TLS and HTTP."""

    user_agent: str
    family: str
    device: str
    protocols: tuple[str, ...]
    tls_version: str
    tls_cipher: str
    tls_fingerprint: str
    platform: str


@dataclass(frozen=True, slots=True)
class Client:
    """One client: where it is and what it runs."""

    agent: Agent
    address: bytes
    port: int
    asn: int
    colo: str
    colo_id: int
    country: str
    region: str
    city: str
    latitude: float
    longitude: float
    accept_language: str
    bot_score: int
    round_trip_time_ns: int
    visitor_id: bytes
    tls_client_random: bytes
    protocol: str


class ClientPopulation:
    """A population of agents, from which clients are drawn one at a time."""

    def __init__(self, draw: Draw, agent_count: int) -> None:
        """Make ``agent_count`` agents, the first far more common than the last."""
        self._agents = Ranking([_make_agent(draw) for _ in range(agent_count)], 0.75)
        self._places = Ranking(_PLACES, 0.6)
        networks = [draw.between(64_512, 65_534) for _ in range(60)]
        self._networks = Ranking(networks, 0.9)

    def draw(self, draw: Draw) -> Client:
        """Return a new client."""
        agent = self._agents.draw(draw)
        colo, colo_id, country, region, city, latitude, longitude = self._places.draw(
            draw
        )
        is_robot = agent.device in {"machine", "unknown"}
        return Client(
            agent=agent,
            address=_address(draw),
            port=draw.between(1_024, 65_535),
            asn=self._networks.draw(draw),
            colo=colo,
            colo_id=colo_id,
            country=country,
            region=region,
            city=city,
            latitude=latitude,
            longitude=longitude,
            accept_language="" if is_robot else _LANGUAGES[country],
            bot_score=draw.between(1, 29) if is_robot else draw.between(60, 99),
            round_trip_time_ns=draw.log_normal(21_000_000, 0.7),
            visitor_id=b"" if is_robot else draw.octets(32),
            tls_client_random=draw.octets(32),
            protocol=draw.pick(agent.protocols),
        )


def _address(draw: Draw) -> bytes:
    if draw.chance(0.35):
        # 2001:db8::/32 is set aside for documentation (RFC 3849).
        site = bytes((0x20, 0x01, 0x0D, 0xB8, draw.below(64), draw.below(256)))
        return site + draw.octets(10)
    first, second, third = draw.pick(
        ((198, 18, -1), (198, 18, -1), (192, 0, 2), (198, 51, 100), (203, 0, 113))
    )
    third = draw.below(256) if third < 0 else third
    return bytes((first, second, third, draw.between(1, 254)))


def _make_agent(draw: Draw) -> Agent:
    family = Ranking(
        ("chrome", "safari", "android", "app", "firefox", "script", "edge", "crawler"),
        0.9,
    ).draw(draw)
    user_agent, device, platform = _user_agent(draw, family)
    is_script = family in {"script", "crawler"}
    is_old = draw.chance(0.25 if is_script else 0.05)
    return Agent(
        user_agent=user_agent,
        family=family,
        device=device,
        protocols=("http11",) if is_script else ("http2", "http2", "http3"),
        tls_version="TLSv1.2" if is_old else "TLSv1.3",
        tls_cipher=(
            "ECDHE-RSA-AES128-GCM-SHA256" if is_old else "AEAD-AES128-GCM-SHA256"
        ),
        tls_fingerprint=(
            f"t13d{draw.between(10, 18)}{draw.between(10, 18)}h2"
            f"_{draw.hexadecimal(12)}_{draw.hexadecimal(12)}"
        ),
        platform=platform,
    )


def _user_agent(draw: Draw, family: str) -> tuple[str, str, str]:
    """Return a user agent, the device that it tells, and the platform hint."""
    if family in {"chrome", "edge", "android"}:
        return _chromium(draw, family)
    if family == "safari":
        major, minor = draw.pick(((26, 2), (26, 1), (18, 6), (18, 5), (17, 6), (16, 6)))
        if draw.chance(0.6):
            system = f"iPhone; CPU iPhone OS 18_{draw.between(3, 7)} like Mac OS X"
            suffix, device = "Mobile/15E148 Safari/604.1", "mobile"
        else:
            system = "Macintosh; Intel Mac OS X 10_15_7"
            suffix, device = "Safari/605.1.15", "desktop"
        text = (
            f"Mozilla/5.0 ({system}) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            f"Version/{major}.{minor} {suffix}"
        )
        return text, device, ""
    if family == "firefox":
        major = Ranking(_FIREFOX_MAJORS, 1.0).draw(draw)
        system = draw.pick(
            (
                "Windows NT 10.0; Win64; x64",
                "X11; Linux x86_64",
                "Macintosh; Intel Mac OS X 10.15",
                "X11; Ubuntu; Linux x86_64",
            )
        )
        text = f"Mozilla/5.0 ({system}; rv:{major}.0) Gecko/20100101 Firefox/{major}.0"
        return text, "desktop", ""
    if family == "app":
        name = draw.pick(NOUNS).capitalize()
        version = f"{draw.between(1, 12)}.{draw.below(40)}.{draw.below(6)}"
        text = draw.pick(
            (
                f"{name}/{version} (iPhone; iOS 18.{draw.below(8)}; Scale/3.00)",
                f"{name}/{version} (Android {draw.between(11, 16)}) okhttp/4.12.0",
                f"{name}/{version} CFNetwork/1568.300.101 Darwin/24.2.0",
            )
        )
        return text, "mobile", ""
    if family == "crawler":
        name = draw.pick(NOUNS).capitalize()
        text = (
            f"Mozilla/5.0 (compatible; {name}Bot/{draw.between(1, 4)}.{draw.below(9)}; "
            f"+https://{name.lower()}-search.example/bot.html)"
        )
        return text, "machine", ""
    text = draw.pick(
        (
            f"python-requests/2.{draw.between(25, 32)}.{draw.below(6)}",
            f"Go-http-client/{draw.pick(('1.1', '2.0'))}",
            f"curl/8.{draw.between(1, 17)}.0",
            f"okhttp/4.{draw.between(9, 12)}.0",
            f"axios/1.{draw.between(4, 13)}.{draw.below(9)}",
            f"Apache-HttpClient/4.5.{draw.between(3, 14)} (Java/17.0.{draw.below(17)})",
            f"node-fetch/{draw.between(2, 3)}.{draw.below(9)}.{draw.below(4)}",
        )
    )
    return text, "machine", ""


def _chromium(draw: Draw, family: str) -> tuple[str, str, str]:
    major = Ranking(_CHROME_MAJORS, 1.1).draw(draw)
    is_mobile = family == "android"
    if is_mobile:
        model = draw.pick(_ANDROID_MODELS)
        system, platform = f"Linux; Android {draw.between(10, 16)}; {model}", "Android"
    else:
        system, platform = draw.pick(
            (
                ("Windows NT 10.0; Win64; x64", "Windows"),
                ("Windows NT 10.0; Win64; x64", "Windows"),
                ("Macintosh; Intel Mac OS X 10_15_7", "macOS"),
                ("X11; Linux x86_64", "Linux"),
            )
        )
    suffix = "Mobile Safari/537.36" if is_mobile else "Safari/537.36"
    if family == "edge":
        suffix += f" Edg/{major}.0.{draw.between(2000, 3800)}.{draw.between(40, 120)}"
    text = (
        f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{major}.0.0.0 {suffix}"
    )
    return text, "mobile" if is_mobile else "desktop", platform
