"""The command reference: what ``--help`` says of every command, as one Markdown page.

``make reference`` writes it to ``COMMANDS.md`` beside this file. Its lines are as long
as in any terminal that is wide enough, whatever the terminal of whoever makes it.
"""

from collections.abc import Iterator

import click

from complab.cli.main import cli

_HEAD = """\
# Commands

What `complab COMMAND --help` says, made from it by `make reference`. Examples of most
are in the [README](../../../README.md).
"""
_MARGIN = 2  # click leaves as many columns free


def _helps() -> Iterator[tuple[str, str]]:
    """Each command's words and its help, the program's own first."""
    settings = cli.context_settings
    width = settings["max_content_width"] - _MARGIN
    root = click.Context(cli, info_name="complab", terminal_width=width, **settings)
    yield "complab", cli.get_help(root)
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        if command is not None:
            context = click.Context(command, info_name=name, parent=root)
            yield f"complab {name}", command.get_help(context)


def reference() -> str:
    """The page's text."""
    parts = [f"## {words}\n\n```text\n{text}\n```\n" for words, text in _helps()]
    return "\n".join([_HEAD, *parts])


if __name__ == "__main__":
    click.echo(reference(), nl=False)
