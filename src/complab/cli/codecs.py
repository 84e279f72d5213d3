"""``complab codecs``: what was found, where, which version, and whether it works."""

import sys

import click

from complab.cli import options, output
from complab.codecs.listing import list_clients, list_codecs


@click.command("codecs")
@options.LIBRARIES
@click.option(
    "--clients",
    "is_of_clients",
    is_flag=True,
    help="List Kafka clients instead, and how each writes each codec.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", "markdown", "csv", "json"]),
    default="table",
    show_default=True,
)
def command(
    *, libraries: tuple[str, ...], is_of_clients: bool, format_name: str
) -> None:
    """List every codec with its providers, their versions, and a self-test."""
    table = list_clients() if is_of_clients else list_codecs(libraries)
    sys.stdout.write(output.render(table, format_name, is_for_screen=True))
