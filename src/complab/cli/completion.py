"""``complab completion``: the script by which a shell completes complab's words."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(*, shell: str) -> None:
    r"""Print the completion script of SHELL, to be sourced by it.

    \b
    eval "$(complab completion bash)"
    """
    from complab.cli.main import cli

    completion_class = get_completion_class(shell)
    if completion_class is None:
        message = f"click knows no completion for {shell}"
        raise click.ClickException(message)
    click.echo(completion_class(cli, {}, "complab", "_COMPLAB_COMPLETE").source())
