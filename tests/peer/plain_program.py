"""Builds ``plain_loop`` with the system's compiler, and cuts what it is fed.

The program is linked with the distribution's libraries in the ordinary way, so it needs
their development packages; where one is missing, :func:`missing_headers` says which.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("plain_loop.c")
SAMPLES = Path(__file__).parents[2] / "samples"

# -O2 as distributions build; the codecs' own code is in their libraries.
FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror")
LIBRARIES = ("z", "lz4", "zstd", "snappy", "brotlienc", "brotlidec", "dl")

# Debian's package by the header that it brings.
PACKAGES = {
    "zlib.h": "zlib1g-dev",
    "lz4.h": "liblz4-dev",
    "lz4hc.h": "liblz4-dev",
    "zstd.h": "libzstd-dev",
    "snappy-c.h": "libsnappy-dev",
    "brotli/encode.h": "libbrotli-dev",
    "brotli/decode.h": "libbrotli-dev",
}

# The header of a v2 batch, and where its length field stands and counts from (bytes).
_HEADER_BYTES = 61
_LENGTH_AT = 8
_LENGTH_END = 12


def compiler() -> list[str]:
    """The C compiler's command: CC, or cc."""
    return shlex.split(os.environ.get("CC", "cc"))


def missing_headers() -> str:
    """Say what is missing to build the program; the empty string if nothing is."""
    if shutil.which(compiler()[0]) is None:
        return f"no C compiler: {compiler()[0]} is not on the path"
    missing = []
    for header, package in PACKAGES.items():
        probe = subprocess.run(
            [*compiler(), "-E", "-x", "c", "-"],
            input=f"#include <stddef.h>\n#include <stdio.h>\n#include <{header}>\n",
            capture_output=True,
            text=True,
            check=False,
        )
        if probe.returncode != 0:
            missing.append(f"{header} ({package})")
    return f"headers are missing: {', '.join(missing)}" if missing else ""


def build(directory: Path) -> Path:
    """Build the program into a directory and return its path.

    Raises subprocess.CalledProcessError if the compiler refuses it.
    """
    program = directory / "plain_loop"
    libraries = [f"-l{library}" for library in LIBRARIES]
    command = [*compiler(), *FLAGS, str(SOURCE), "-o", str(program), *libraries]
    subprocess.run(command, check=True)
    return program


def first_payload(path: Path) -> bytes:
    """The records section of the first batch in a file of v2 batches.

    The batch must be uncompressed for this to be what a codec sees.
    """
    log = path.read_bytes()
    batch_bytes = int.from_bytes(log[_LENGTH_AT:_LENGTH_END], "big") + _LENGTH_END
    return log[_HEADER_BYTES:batch_bytes]
