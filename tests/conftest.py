"""What tests of several folders stand on: the samples, and batches made by hand."""

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from complab import core
from complab.codecs.catalogue import RAW, Catalogue, find
from complab.kafka.payloads import read_payloads

_ROOT = Path(__file__).parents[1]

# Behind the CRC: attributes, last offset delta, two timestamps, producer's id, epoch
# and sequence, record count.
_AFTER_CRC = ">hiqqqhii"


def _record(value: bytes) -> bytes:
    """A record of no key and no header; one-byte varints do for small values."""
    assert len(value) < 50
    body = b"\0\0\0\x01" + bytes([2 * len(value)]) + value + b"\0"
    return bytes([2 * len(body)]) + body


def _batch(
    records: bytes | None = None,
    *,
    codec_id: int = 0,
    count: int = 1,
    is_control: bool = False,
    magic: int = 2,
    base_offset: int = 0,
) -> bytes:
    """A v2 batch around a records section, stored as it is, with its right CRC."""
    section = _record(b"a value") if records is None else records
    attributes = codec_id | (0x20 if is_control else 0)
    tail = struct.pack(_AFTER_CRC, attributes, count - 1, 0, 0, -1, -1, -1, count)
    tail += section
    head = struct.pack(">qiib", base_offset, 9 + len(tail), -1, magic)
    return head + struct.pack(">I", core.crc32c(tail)) + tail


@pytest.fixture(scope="session")
def make_batch() -> Callable[..., bytes]:
    """The maker of batches: what stands in the header is the caller's choice."""
    return _batch


@pytest.fixture(scope="session")
def make_record() -> Callable[[bytes], bytes]:
    """The maker of records of small values."""
    return _record


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return _ROOT


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the shipped samples."""
    return _ROOT / "samples"


@pytest.fixture(scope="session")
def batch_1m(samples: Path) -> bytes:
    """The payload of the sample of one batch of about 1 MB."""
    path = samples / "http-requests-1m-none.bin"
    return read_payloads(str(path), libraries=Catalogue()).blocks[0]


@pytest.fixture(scope="session")
def batch_16k(samples: Path) -> bytes:
    """The payload of the first batch of about 16 KiB."""
    path = samples / "http-requests-16k-none.bin"
    return read_payloads(str(path), libraries=Catalogue()).blocks[0]


@pytest.fixture
def in_file(tmp_path: Path) -> Callable[[bytes], str]:
    """Write bytes to a file of this test and give its path."""

    def write(data: bytes) -> str:
        path = tmp_path / "input.bin"
        path.write_bytes(data)
        return str(path)

    return write


@pytest.fixture(scope="session")
def needs() -> Callable[[str], None]:
    """Skip where a codec has no library on this machine."""

    def check(name: str) -> None:
        if name == "none":
            return
        for provider in Catalogue().choose(find(name, RAW), None):
            if provider.library is None:
                pytest.skip(provider.problem)

    return check


@pytest.fixture(scope="session")
def program() -> str:
    """The console script that was installed beside this Python."""
    return str(Path(sys.executable).with_name("complab"))


@pytest.fixture(scope="session")
def environ() -> dict[str, str]:
    """The environment for programs, without what changes a display."""
    left_out = {"NO_COLOR", "COLUMNS", "LINES", "TERM", "FORCE_COLOR"}
    return {k: v for k, v in os.environ.items() if k not in left_out}


@pytest.fixture(scope="session")
def run(
    program: str, environ: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run complab with arguments to its end."""

    def run_program(
        *arguments: str, stdin: bytes = b"", folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [program, *arguments],
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
            env=environ,
            cwd=folder,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run_program


# A libsnappy whose compressor fails, and one that gives back other bytes.
_SNAPPY_SOURCE = """
#include <stddef.h>
#include <string.h>
int snappy_compress(const char *src, size_t n, char *dst, size_t *m)
{ (void)src; memset(dst, 7, n); *m = n; return COMPRESS_STATUS; }
int snappy_uncompress(const char *src, size_t n, char *dst, size_t *m)
{ (void)src; memset(dst, 7, n); *m = n; return 0; }
size_t snappy_max_compressed_length(size_t n) { return n + 100; }
int snappy_uncompressed_length(const char *src, size_t n, size_t *m)
{ (void)src; *m = n; return 0; }
int snappy_validate_compressed_buffer(const char *src, size_t n)
{ (void)src; (void)n; return 0; }
"""


@pytest.fixture(scope="session")
def make_snappy(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[int], Path]:
    """Build a wrong libsnappy whose compressor returns the given status.

    With status 0 it compresses, but what comes back is never what went in.
    """

    def build(compress_status: int) -> Path:
        folder = tmp_path_factory.mktemp("snappy")
        source, library = folder / "snappy.c", folder / "libwrong.so"
        source.write_text(_SNAPPY_SOURCE, encoding="ascii")
        define = f"-DCOMPRESS_STATUS={compress_status}"
        command = ["cc", "-shared", "-fPIC", define, "-o", str(library), str(source)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("there is no C compiler to build a wrong library with")
        return library

    return build
