"""What ``--help`` shows, and the page that is made of it."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from complab.cli.reference import reference

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    "command", ["capture", "sweep", "completion", "report", "chart"]
)
def test_examples_keep_their_lines(run: Run, command: str) -> None:
    """The help shows examples as they are typed, a line each."""
    shown = run(command, "--help").stdout
    assert "\\b" not in shown
    assert re.search(rf'^  (eval "\$\()?complab {command} ', shown, re.MULTILINE)


def test_the_reference_says_what_the_commands_say(
    root: Path, program: str, environ: dict[str, str]
) -> None:
    """After a change of a command's help, `make reference` writes it anew."""
    page = (root / "src/complab/cli/COMMANDS.md").read_text("utf-8")
    assert page == reference()
    headings = re.findall(r"^## complab ?(.*)$", page, re.MULTILINE)
    blocks = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    listed = blocks[0].split("Commands:")[1]
    commands = re.findall(r"^  ([a-z]+) {2,}\S", listed, re.MULTILINE)
    assert headings == ["", *commands]
    for command, block in zip(headings, blocks, strict=True):
        said = subprocess.run(
            [program, *command.split(), "--help"],
            env={**environ, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout == block


@pytest.mark.parametrize("columns", ["40", "200"])
def test_the_reference_is_the_same_in_every_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """Its lines do not depend on where it is made."""
    before = reference()
    monkeypatch.setenv("COLUMNS", columns)
    assert reference() == before
