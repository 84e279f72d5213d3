"""Commands as lines for a shell."""

import subprocess

import pytest

from complab.render import escape_controls, shell_line


@pytest.mark.parametrize(
    "word",
    [
        "plain",
        "",
        "two words",
        "it's",
        '$HOME "`x`" \\',
        "\x1b[2J'\\\n7",
        "\u202eé",
        "é",
        "a\udcff1",
    ],
)
def test_bash_reads_what_was_said(word: str) -> None:
    """Each word comes back to its last byte, and the line steers no terminal."""
    line = shell_line(["printf", "%s", word])
    assert line == escape_controls(line)
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=True)
    assert done.stdout == word.encode("utf-8", "surrogateescape")
