"""The command line: parse, call the library, render. A module per command."""

from complab.cli.main import main

__all__ = ["main"]
