"""What ``--help`` shows."""

import re
import subprocess
from collections.abc import Callable

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    "command", ["capture", "sweep", "completion", "report", "chart"]
)
def test_examples_keep_their_lines(run: Run, command: str) -> None:
    """The help shows examples as they are typed, a line each."""
    shown = run(command, "--help").stdout
    assert "\\b" not in shown
    assert re.search(rf'^  (eval "\$\()?complab {command} ', shown, re.MULTILINE)
