"""The program ``complab``: its commands, and how exceptions become exit codes.

0 done; 1 something could not be measured or read; 2 usage; 3 a separated regression;
130 interrupted.
"""

import importlib
import os
import sys
from collections.abc import Sequence

import click

from complab.cli.talk import say, silence, tell
from complab.errors import ComplabError, PlanError

_EXIT_UNREADABLE = 1
_EXIT_USAGE = 2
_EXIT_INTERRUPTED = 130

# Imported when it is called for: `complab --help` loads none of them.
_COMMANDS = {
    "sweep": ("complab.cli.sweep", "Measure codecs and levels on a batch file."),
    "compare": ("complab.cli.compare", "Compare two libraries, or two results."),
    "replay": ("complab.cli.replay", "Foretell what a client would have stored."),
    "batching": ("complab.cli.batching", "Show what larger batches gain and cost."),
    "advise": ("complab.cli.advise", "Say what to set, what it saves and costs."),
    "report": ("complab.cli.report", "Make a page of results: the answer first."),
    "chart": ("complab.cli.chart", "Draw a result, in the terminal or as a picture."),
    "survey": ("complab.cli.survey", "What a broker's topics would save, worst first."),
    "dictionary": ("complab.cli.dictionary", "What trained dictionaries would give."),
    "inspect": ("complab.cli.inspect", "Look into a log: batches, records, lint."),
    "extract": ("complab.cli.extract", "Cut batches out of a log."),
    "capture": ("complab.cli.capture", "Take record batches from a live topic."),
    "codecs": ("complab.cli.codecs", "List the codecs and libraries that were found."),
    "completion": ("complab.cli.completion", "Print a shell's completion script."),
}


class _LazyGroup(click.Group):
    """A group whose commands are modules, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        if not isinstance(command, click.Command):
            return None
        # What keeps click from filling an example's lines is a backspace; in a raw
        # docstring it is written, and arrives, as two characters.
        command.help = (command.help or "").replace("\\b\n", "\b\n")
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands with the table's own words, importing nothing."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, words) for name, (_, words) in _COMMANDS.items()]
            )


def _print_version(ctx: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked and not ctx.resilient_parsing:
        from complab._version import __version__

        click.echo(f"complab {__version__}")
        ctx.exit()


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
    epilog="Exit codes: 0 done, 1 something could not be measured or read, 2 usage, "
    "3 a separated regression, 130 interrupted.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
def cli() -> None:
    """Measure what compression codecs make of Kafka record batches, offline."""


def _open_streams() -> None:
    """Cope with streams that the caller closed, which Python has as ``None``."""
    if sys.stderr is None:
        # What is said there goes nowhere (`2>&-`); the descriptor is taken, so that no
        # file of the run gets it.
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stdout is None:
        tell("standard output is closed: there is nowhere to print to")
        sys.exit(_EXIT_UNREADABLE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and leave it with its exit code."""
    _open_streams()
    stdout = sys.stdout
    try:
        code = cli.main(args=arguments, prog_name="complab", standalone_mode=False)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        tell("interrupted")
        code = _EXIT_INTERRUPTED
    except click.ClickException as error:
        say(error.show)
        code = error.exit_code
    except BrokenPipeError:
        silence(1)
        code = 0
    except SystemExit:
        # click ends so, with exit code 1, when a command wrote into a closed pipe; it
        # then leaves a wrapper as standard output. Completion ends so, too.
        if sys.stdout is stdout:
            raise
        silence(1)
        code = 0
    except OSError as error:  # files' errors are ResultError and InputError
        tell(f"standard output: {error.strerror or error}")
        silence(1)
        code = _EXIT_UNREADABLE
    except PlanError as error:
        tell(str(error))
        code = _EXIT_USAGE
    except ComplabError as error:
        tell(str(error))
        code = _EXIT_UNREADABLE
    sys.exit(code)
