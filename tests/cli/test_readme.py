"""What the README shows of the commands is what they take and say."""

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from complab.cli.main import cli

_README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
_BLOCKS = re.findall(r"^```sh\n(.*?)^```$", _README, re.MULTILINE | re.DOTALL)
_EXAMPLES = [
    line
    for block in _BLOCKS
    for line in block.splitlines()
    if line.startswith("complab ")
]


def test_every_command_has_an_example() -> None:
    """But for completion, whose help says how."""
    shown = {example.split()[1] for example in _EXAMPLES}
    assert shown == set(cli.list_commands(click.Context(cli))) - {"completion"}


@pytest.mark.parametrize("example", _EXAMPLES)
def test_an_example_is_understood(root: Path, example: str) -> None:
    """Its options are there and take these words, its samples exist."""
    name, *arguments = shlex.split(example, comments=True)[1:]
    program = click.Context(cli, **cli.context_settings)
    command = cli.get_command(program, name)
    assert command is not None
    command.make_context(name, arguments, parent=program)
    for word in arguments:
        if word.startswith(("samples/", "notebooks/")):
            assert (root / word).exists()


def test_the_answer_is_that_of_the_stored_result(
    root: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Whoever measures it again writes the README's lines again."""
    said = run("report", str(root / "notebooks/data/http-requests-1m.json")).stdout
    answers = re.findall(
        r"^ +((?:Smallest|Fastest to \w+): .*)$", _README, re.MULTILINE
    )
    assert len(answers) == 3
    assert set(answers) <= set(said.splitlines())
