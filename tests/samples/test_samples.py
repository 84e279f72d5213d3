"""The stored samples are what their README says and what the generator makes."""

from __future__ import annotations

import hashlib
import importlib.util
import ipaddress
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from complab.codecs.catalogue import Catalogue
from complab.kafka.payloads import read_payloads

_ROOT = Path(__file__).parents[2]
_SAMPLES = _ROOT / "samples"
_MAX_TOTAL_BYTES = 6_000_000
_FILE_COUNT = 24
# Addresses that are no one's: for documentation (RFC 5737, RFC 3849) and benchmarks
# (RFC 2544).
_NETWORKS = [
    ipaddress.ip_network(text)
    for text in (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "198.18.0.0/15",
        "2001:db8::/32",
    )
]
# A line of nginx's error log about a client: level, process twice, the rest.
_NGINX_LINE = re.compile(
    r"2026/01/15 09:\d\d:\d\d \[(warn|error|crit)\] (\d+)#\2: \*\d+ "
    r"[^\x00-\x1f]+?, client: ([0-9a-f.:]+), server: ([\w.:*-]+)"
    r'(?:, request: "(?:GET|POST) /\S* HTTP/[12]\.[01]"'
    r'(?:, upstream: "([^"]+)")?, host: "([\w.-]+)"(?:, referrer: "([^"]+)")?)?'
)
# Import names of what samples/generator/requirements.txt installs.
_MODULES = ("capnp", "confluent_kafka", "crc32c", "cramjam", "lz4", "zstandard")
# A row of the README's table: file, SHA-256, bytes, and more.
_ROW = re.compile(
    r"^\| `([\w-]+\.bin)` \| `([0-9a-f]{64})` \| ([0-9,]+) \|", re.MULTILINE
)


def _listed_digests() -> dict[str, str]:
    """Return the digests of SHA256SUMS by file name."""
    lines = (_SAMPLES / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def _actual_digests(folder: Path) -> dict[str, str]:
    """Return the digests of a folder's sample files by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("*.bin")
    }


def _payloads(name: str) -> tuple[bytes, ...]:
    """Return the payloads of a sample file's batches."""
    return read_payloads(str(_SAMPLES / name), libraries=Catalogue()).blocks


def _is_set_aside(address: str | bytes) -> bool:
    """Return whether an address, text or octets, is of a range that is no one's."""
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in _NETWORKS)


def _why_not_regenerated() -> str | None:
    """Return why the same bytes cannot be expected here, None if they can."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "the samples were made on Linux x86-64"
    missing = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    source = (_SAMPLES / "generator" / "capture.py").read_text(encoding="utf-8")
    pinned = re.search(r'^LIBRDKAFKA_VERSION = "(.+)"$', source, re.MULTILINE)
    assert pinned is not None
    import confluent_kafka

    found = confluent_kafka.libversion()[0]
    if found != pinned[1]:
        return f"librdkafka is {found}, the samples are of {pinned[1]}"
    return None


def test_files_match_their_listed_digests() -> None:
    """SHA256SUMS lists every sample file, no other, each with its digest."""
    listed = _listed_digests()
    assert len(listed) == _FILE_COUNT
    assert _actual_digests(_SAMPLES) == listed


def test_all_files_together_stay_small() -> None:
    """The batches, all files together, are less than 6 MB."""
    sizes = [path.stat().st_size for path in _SAMPLES.glob("*.bin")]
    assert sum(sizes) < _MAX_TOTAL_BYTES


def test_readme_table_tells_digests_and_sizes() -> None:
    """The README's table has each file's digest and its size in bytes."""
    text = (_SAMPLES / "README.md").read_text(encoding="utf-8")
    rows = {name: (digest, size) for name, digest, size in _ROW.findall(text)}
    assert rows == {
        name: (digest, f"{(_SAMPLES / name).stat().st_size:,}")
        for name, digest in _listed_digests().items()
    }


def test_generator_makes_the_same_bytes(tmp_path: Path) -> None:
    """The generator makes every stored file again, byte for byte."""
    if reason := _why_not_regenerated():
        pytest.skip(reason)
    command = [sys.executable, "-B", "-m", "samples.generator", "--output"]
    subprocess.run([*command, str(tmp_path)], cwd=_ROOT, check=True)
    assert _actual_digests(tmp_path) == _listed_digests()
    sums = (tmp_path / "SHA256SUMS").read_bytes()
    assert sums == (_SAMPLES / "SHA256SUMS").read_bytes()


@pytest.mark.parametrize(("stem", "batch_count"), [("dns", 8), ("nginx-error", 8)])
def test_sets_of_one_file_come_in_both_shapes(stem: str, batch_count: int) -> None:
    """There is one batch of about 1 MB, and several of at most 16 KiB."""
    (large,) = _payloads(f"{stem}-1m-zstd.bin")
    assert 950_000 < len(large) < 1_000_000
    small = _payloads(f"{stem}-16k-zstd.bin")
    assert len(small) == batch_count
    assert all(len(payload) <= 16_384 for payload in small)


@pytest.mark.parametrize(
    ("name", "ratio"), [("dns-1m-zstd.bin", 4.1), ("nginx-error-1m-zstd.bin", 10.9)]
)
def test_large_batches_compress_as_intended(name: str, ratio: float) -> None:
    """zstd 1 in one shot reaches the ratio that the README aims at, within 3 %."""
    (payload,) = _payloads(name)
    compressed = zstandard.ZstdCompressor(level=1).compress(payload)
    assert len(payload) / len(compressed) == pytest.approx(ratio, rel=0.03)


def test_nginx_lines_name_no_one() -> None:
    """Each record is a line in nginx's form, all its addresses and hosts invented."""
    (payload,) = _payloads("nginx-error-1m-zstd.bin")
    lines = list(_NGINX_LINE.finditer(payload.decode("latin-1")))
    assert len(lines) == payload.count(b"2026/01/15 ") == 2_500
    for line in lines:
        _, _, client, server, upstream, host, referrer = line.groups()
        assert _is_set_aside(client)
        assert server == "0.0.0.0:443" or server.endswith(".example")
        if host is not None:
            assert host.endswith(".example") or _is_set_aside(host)
        if referrer is not None:
            assert re.match(r"https://[\w.-]+\.example/", referrer)
        if upstream is not None and (
            found := re.match(r"https?://([\d.]+):", upstream)
        ):
            assert _is_set_aside(found[1])


def test_nginx_lines_are_of_many_kinds() -> None:
    """Each kind of trouble that the README tells of is there."""
    (payload,) = _payloads("nginx-error-1m-zstd.bin")
    for part in (
        b"upstream timed out (110: Connection timed out) while",
        b"connect() failed (111: Connection refused) while",
        b"recv() failed (104: Connection reset by peer) while",
        b"failed (2: No such file or directory)",
        b"limiting requests, excess: ",
        b"FastCGI sent in stderr: ",
        b"while SSL handshaking, client: ",
        b"while SSL handshaking to upstream, client: ",
        b"buffered to a temporary file",
        b": password mismatch",
        b"access forbidden by rule",
    ):
        assert payload.count(part) > 3, part


def test_dns_queries_name_no_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each query is of one message; all its addresses and names are invented."""
    if reason := _why_not_regenerated():
        pytest.skip(reason)
    monkeypatch.syspath_prepend(str(_SAMPLES))
    from generator.dns_queries import parse_query
    from generator.sample_set import SAMPLE_SETS

    (sample_set,) = (item for item in SAMPLE_SETS if item.name == "dns-1m")
    (payload,) = _payloads("dns-1m-zstd.bin")
    position = 0
    codes, kinds = set(), set()
    for record in sample_set.records():
        position = payload.index(record.value, position) + len(record.value)
        query = parse_query(record.value)
        codes.add(query["response"]["code"])
        kinds.add(query["question"]["type"])
        assert query["question"]["name"].lower().endswith(query["zone"]["name"])
        assert query["zone"]["name"].endswith(".example")
        assert _is_set_aside(query["resolver"]["address"])
        assert _is_set_aside(query["edge"]["address"])
        for answer in query["response"]["answers"]:
            assert "address" not in answer or _is_set_aside(answer["address"])
    assert codes >= {0, 2, 3, 5}
    assert kinds >= {1, 2, 6, 15, 16, 28, 65}
