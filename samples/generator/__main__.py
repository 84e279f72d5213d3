"""Make the samples again: ``python -m samples.generator`` at the project's root."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from .capture import CaptureError, check_client
from .figures import render_figures
from .sample_set import SAMPLE_SETS

_SAMPLES = Path(__file__).parent.parent
_SUMS_NAME = "SHA256SUMS"
_BEGIN = "<!-- figures: written by the generator -->"
_END = "<!-- end of the figures -->"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 if what is there is not what should be."""
    parser = argparse.ArgumentParser(
        prog="python -m samples.generator", description=__doc__
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument(
        "--output", type=Path, metavar="DIR", help="write all sample files to DIR"
    )
    action.add_argument(
        "--check",
        action="store_true",
        help="make all files in memory and compare them with the stored ones",
    )
    action.add_argument(
        "--readme",
        action="store_true",
        help="write the figures of the stored files into samples/README.md",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace files that are there already"
    )
    options = parser.parse_args(arguments)
    if options.readme:
        return _write_figures()
    try:
        check_client()
    except CaptureError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.check:
        return _check()
    return _write(options.output, is_forced=options.force)


def _make_files() -> dict[str, bytes]:
    """Return the content of every file by name, the list of digests too."""
    files: dict[str, bytes] = {}
    for sample_set in SAMPLE_SETS:
        files.update(sample_set.capture())
    sums = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()
    )
    files[_SUMS_NAME] = sums.encode()
    return files


def _write(folder: Path, *, is_forced: bool) -> int:
    if not is_forced and (folder / _SUMS_NAME).exists():
        sys.stderr.write(f"{folder} has samples already; --force replaces them\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in _make_files().items():
        (folder / name).write_bytes(data)
        sys.stdout.write(f"{len(data):>9} {name}\n")
    return 0


def _check() -> int:
    differing = []
    for name, data in _make_files().items():
        path = _SAMPLES / name
        if not path.is_file() or path.read_bytes() != data:
            differing.append(name)
            sys.stdout.write(f"differs: {name}\n")
    return 1 if differing else 0


def _write_figures() -> int:
    path = _SAMPLES / "README.md"
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        sys.stderr.write(f"{path.name} has no place for the figures: {_BEGIN}\n")
        return 1
    figures = render_figures(_SAMPLES)
    path.write_text(
        f"{before}{begin}\n\n{figures}\n\n{end}{after}", encoding="utf-8", newline="\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
