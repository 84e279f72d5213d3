"""What is said beside a result: on standard error, where nobody may be listening."""

import os
import sys
from collections.abc import Callable, Iterable
from functools import partial

import click

from complab.render import escape_controls


def tell(text: str) -> None:
    """Say a line on standard error, under the program's name.

    It may hold names from files: what would steer the terminal is spelled out.
    """
    tell_lines([f"complab: {text}"])


def tell_lines(lines: Iterable[str]) -> None:
    """Say lines on standard error as they are, but for what would steer a terminal."""
    for line in map(escape_controls, lines):
        say(partial(click.echo, line, err=True))


def say(speak: Callable[[], None]) -> None:
    """Let something be said there; a full disk behind it changes no exit code."""
    try:
        speak()
        sys.stderr.flush()
    except OSError:
        silence(2)


def silence(descriptor: int) -> None:
    """Lead a standard stream nowhere: Python's flush at exit must not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
