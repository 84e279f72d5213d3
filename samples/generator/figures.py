"""The figures of the samples for their README, as Markdown tables."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import cramjam
import lz4.block  # type: ignore[import-untyped,unused-ignore]
import zstandard

from .batch import parse_batches
from .dns_queries import parse_query
from .http_requests import parse_request
from .sample_set import SAMPLE_SETS, SampleSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

# Name in the table, and how many bytes it makes of a payload.
_ONE_SHOT: tuple[tuple[str, Callable[[bytes], int]], ...] = (
    ("snappy", lambda data: len(cramjam.snappy.compress_raw(data))),
    ("lz4", lambda data: len(lz4.block.compress(data, store_size=False))),
    ("zstd 1", lambda data: _zstd_bytes(data, 1)),
    ("zstd 3", lambda data: _zstd_bytes(data, 3)),
    ("zstd 19", lambda data: _zstd_bytes(data, 19)),
    ("gzip 6", lambda data: len(zlib.compress(data, 6, wbits=31))),
)


def _zstd_bytes(data: bytes, level: int) -> int:
    return len(zstandard.ZstdCompressor(level=level).compress(data))


def render_figures(folder: Path) -> str:
    """Return the README's tables for the sample files in ``folder``."""
    return "\n\n".join(
        (
            _file_table(folder),
            "### Records\n\n" + _record_table(),
            _population_lines(),
            "### One-shot ratios\n\n" + _ratio_table(folder),
        )
    )


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]], left: int) -> str:
    """Return a Markdown table whose columns after the first ``left`` are numbers."""
    rules = ("---",) * left + ("---:",) * (len(header) - left)
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rules, *rows))


def _file_table(folder: Path) -> str:
    rows = []
    total_bytes = 0
    for sample_set in SAMPLE_SETS:
        for codec in sample_set.codecs:
            name = sample_set.file_name(codec)
            data = (folder / name).read_bytes()
            batches = parse_batches(data)
            payload_bytes = sum(len(batch.decompress()) for batch in batches)
            stored_bytes = sum(len(batch.stored) for batch in batches)
            total_bytes += len(data)
            rows.append(
                (
                    f"`{name}`",
                    f"`{hashlib.sha256(data).hexdigest()}`",
                    f"{len(data):,}",
                    f"{len(batches):,}",
                    f"{sum(batch.record_count for batch in batches):,}",
                    f"{payload_bytes:,}",
                    f"{payload_bytes / stored_bytes:.2f}",
                )
            )
    header = (
        "file",
        "SHA-256",
        "bytes",
        "batches",
        "records",
        "payload bytes",
        "ratio",
    )
    total = f"{len(rows)} files, {total_bytes:,} bytes."
    return f"{_table(header, rows, 2)}\n\n{total}"


def _record_table() -> str:
    rows = []
    for sample_set in SAMPLE_SETS:
        sizes = sorted(len(record.value) for record in sample_set.records())
        rows.append(
            (
                sample_set.name,
                f"{len(sizes):,}",
                f"{sizes[0]:,}",
                f"{sizes[len(sizes) // 2]:,}",
                f"{sizes[len(sizes) * 99 // 100]:,}",
                f"{sizes[-1]:,}",
            )
        )
    header = ("value bytes of", "records", "min", "median", "p99", "max")
    return _table(header, rows, 1)


def _population_lines() -> str:
    by_name = {sample_set.name: sample_set for sample_set in SAMPLE_SETS}
    return "\n".join(
        (
            _http_line(by_name["http-requests-1m"]),
            _journald_line(by_name["journald-1m"]),
            _dns_line(by_name["dns-1m"]),
            _nginx_error_line(by_name["nginx-error-1m"]),
        )
    )


def _http_line(sample_set: SampleSet) -> str:
    requests: list[Any] = [parse_request(item.value) for item in sample_set.records()]
    clients = {request["client"]["address"] for request in requests}
    zones = {request["zoneId"] for request in requests}
    hosts = {request["request"]["host"] for request in requests}
    paths = {
        (request["request"]["host"], request["request"]["path"]) for request in requests
    }
    agents = {request["request"]["userAgent"] for request in requests}
    return (
        f"- `{sample_set.name}`: {len(clients)} clients with {len(agents)} user agents "
        f"ask {len(hosts)} hosts of {len(zones)} zones for {len(paths)} paths."
    )


def _journald_line(sample_set: SampleSet) -> str:
    entries = [json.loads(record.value) for record in sample_set.records()]
    hosts = {entry["_HOSTNAME"] for entry in entries}
    services = {entry["SYSLOG_IDENTIFIER"] for entry in entries}
    units = {entry.get("_SYSTEMD_UNIT", "") for entry in entries} - {""}
    messages = {entry["MESSAGE"] for entry in entries}
    return (
        f"- `{sample_set.name}`: {len(hosts)} hosts with {len(services)} services in "
        f"{len(units)} units write {len(messages)} different messages."
    )


def _dns_line(sample_set: SampleSet) -> str:
    queries: list[Any] = [parse_query(record.value) for record in sample_set.records()]
    resolvers = {query["resolver"]["address"] for query in queries}
    networks = {query["resolver"]["asn"] for query in queries}
    names = {query["question"]["name"].lower() for query in queries}
    zones = {query["zone"]["id"] for query in queries}
    kinds = {query["question"]["type"] for query in queries}
    return (
        f"- `{sample_set.name}`: {len(resolvers)} resolvers of {len(networks)} "
        f"networks ask for {len(kinds)} types of {len(names)} names in {len(zones)} "
        f"zones."
    )


def _nginx_error_line(sample_set: SampleSet) -> str:
    records = sample_set.records()
    text = b"\n".join(record.value for record in records).decode()
    hosts = {record.key for record in records}
    clients = set(re.findall(r", client: ([^,\n]+)", text))
    sites = set(re.findall(r', host: "([^"]+)"', text))
    requests = set(re.findall(r', request: "([^"]+)"', text))
    return (
        f"- `{sample_set.name}`: {len(hosts)} servers tell of {len(clients)} clients "
        f"with {len(requests)} different requests to {len(sites)} host names."
    )


def _ratio_table(folder: Path) -> str:
    rows = []
    for sample_set in SAMPLE_SETS:
        data = (folder / sample_set.file_name(sample_set.codecs[0])).read_bytes()
        payloads = [batch.decompress() for batch in parse_batches(data)]
        whole = sum(map(len, payloads))
        rows.append(
            (
                sample_set.name,
                *(
                    f"{whole / sum(map(compressed_bytes, payloads)):.2f}"
                    for _, compressed_bytes in _ONE_SHOT
                ),
            )
        )
    header = ("payloads of", *(name for name, _ in _ONE_SHOT))
    zstd_version = ".".join(map(str, zstandard.ZSTD_VERSION))
    return (
        f"{_table(header, rows, 1)}\n\n"
        f"Each batch's payload by itself, raw blocks or frames of: snappy of cramjam "
        f"{version('cramjam')} (a port to Rust), LZ4 {lz4.library_version_string()}, "
        f"zstd {zstd_version}, zlib {zlib.ZLIB_RUNTIME_VERSION}."
    )
