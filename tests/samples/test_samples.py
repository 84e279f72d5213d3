"""The stored samples are what their README says and what the generator makes."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_SAMPLES = _ROOT / "samples"
_MAX_TOTAL_BYTES = 6_000_000
_FILE_COUNT = 20
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
    """The folder, with generator and README, holds less than 6 MB."""
    paths = [
        path
        for path in _SAMPLES.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert sum(path.stat().st_size for path in paths) < _MAX_TOTAL_BYTES


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
