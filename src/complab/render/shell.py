"""A command as a line that a shell takes as it is."""

import shlex
from collections.abc import Iterable
from typing import Final

from complab.render.escape import escape_controls

__all__ = ["shell_line"]

# Printable ASCII but for what ends a quote or begins an escape.
_PLAIN: Final = frozenset(range(0x20, 0x7F)) - set(b"'\\")


def shell_line(words: Iterable[str]) -> str:
    r"""Words of a command in a line, quoted where a shell wants that.

    What would steer a display, and bytes that are no text, stand in quotes of the form
    $'...', which bash, ksh, zsh and POSIX 2024 know.

    >>> print(shell_line(["complab", "report", "a b.json", "\x1b'\udcff.json"]))
    complab report 'a b.json' $'\033\047\377.json'
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if word == escape_controls(word):
        return shlex.quote(word)
    spelled = "".join(
        chr(byte) if byte in _PLAIN else f"\\{byte:03o}"
        for byte in word.encode("utf-8", "surrogateescape")
    )
    return f"$'{spelled}'"
