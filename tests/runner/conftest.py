"""Codec libraries that misbehave."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("bad_snappy.c")


@pytest.fixture(scope="session")
def make_bad_snappy(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, int], Path]:
    """Build a libsnappy that is good for so many calls and then bad.

    ``bad`` is one of crash, hang, eat, leave, and spoil, which writes other bytes.
    """

    def build(bad: str, good_calls: int) -> Path:
        library = tmp_path_factory.mktemp("snappy") / f"lib{bad}.so"
        defines = [
            f"-DBAD={bad}",
            f"-DGOOD_CALLS={good_calls}",
            f"-DIS_SILENT={int(bad == 'spoil')}",
        ]
        command = ["cc", "-shared", "-fPIC", *defines, "-o", str(library), str(_SOURCE)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("there is no C compiler to build a bad library with")
        return library

    return build
