"""``complab chart``: a result as a picture, in the terminal or in a file."""

import os
import sys
from pathlib import Path

import click

from complab import charts
from complab.cli import options
from complab.errors import PlanError, ResultError
from complab.page.figures import FIGURE_NAMES, draw, figure_of
from complab.page.plots import plot_of
from complab.render import render_plot, terminal_width
from complab.results.files import load
from complab.results.model import COMPRESS, DECOMPRESS
from complab.whole_file import check_output

_PLOTTED = (COMPRESS, DECOMPRESS)


@click.command("chart")
@click.argument("result", metavar="RESULT")
@click.argument(
    "name",
    metavar="[CHART]",
    type=click.Choice(FIGURE_NAMES),
    default=COMPRESS,
)
@click.option(
    "--output",
    "output_path",
    metavar="FILE",
    help="Write a picture: .svg, .png, or .json for Vega-Lite's text.",
)
@click.option(
    "--theme",
    type=click.Choice(["light", "dark"]),
    default="light",
    show_default=True,
    help="The page that the picture will stand on.",
)
@click.option(
    "--width",
    type=click.IntRange(min=200, max=4000),
    default=680,
    show_default=True,
    help="Of the picture's plot, in pixels.",
)
@options.FORCE
def command(
    *,
    result: str,
    name: str,
    output_path: str | None,
    theme: str,
    width: int,
    force: bool,
) -> None:
    r"""Draw a chart of RESULT, the file that --save wrote.

    CHART is compress or decompress (ratio against speed), link (what pays over which
    link), epochs, spread-compress or spread-decompress (how measurements scatter).
    Without --output, ratio against speed is plotted in the terminal.

    \b
    complab chart result.json
    complab chart result.json decompress
    complab chart result.json link --output link.svg
    complab chart result.json compress --output chart.png --theme dark
    """
    record = load(result)
    if output_path is None:
        if name not in _PLOTTED:
            message = f"{name} has no plot for a terminal: add --output {name}.svg"
            raise PlanError(message)
        plot = plot_of(record, name)
        if not plot.points:
            raise _nothing_for(name, result)
        width_cells = terminal_width(sys.stdout, os.environ)
        sys.stdout.write(render_plot(plot, width=width_cells))
        return
    if Path(output_path).suffix.lower() not in charts.PICTURE_FORMATS:
        known = ", ".join(charts.PICTURE_FORMATS)
        message = f"--output {output_path}: the suffix is none of {known}"
        raise PlanError(message)
    check_output(output_path, may_overwrite=force)
    chart = draw(record, name, width=width)
    if chart is None:
        raise _nothing_for(name, result)
    charts.save(chart, output_path, theme=theme, force=force)


def _nothing_for(name: str, path: str) -> ResultError:
    message = f"has nothing for the chart {name}: {figure_of(name).lack}"
    return ResultError(message, path=path)
