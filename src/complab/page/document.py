"""The report as one HTML page: the answer first, how to make it again last."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from complab import charts
from complab._version import __version__
from complab.page.answer import Answer, answer_of
from complab.page.figures import FIGURES, draw_together
from complab.page.markup import (
    bullets,
    escaped,
    facts,
    paragraphs,
    picture,
    plain_table,
    working_table,
)
from complab.plan import CORRECTED, KAFKA
from complab.render import Column, Table, shell_line
from complab.results.comparison import ComparedRow
from complab.results.comparison_table import comparison_table
from complab.results.drawn import compared_rows
from complab.results.model import RunRecord
from complab.results.tables import sweep_table
from complab.units import format_bytes, format_number

if TYPE_CHECKING:
    import altair as alt

_WIDE_PX: Final = 720
_NARROW_PX: Final = 290
_NAMES_PX: Final = 90  # what stands beside a plot of rows


@dataclass(frozen=True)
class Subject:
    """A result of the report: its letter where there are several, file and record.

    ``path`` is ``None`` for a result that no file has yet.
    """

    letter: str
    path: str | None
    record: RunRecord

    @property
    def name(self) -> str:
        """What it is called in headings."""
        place = self.path or "a result of this session"
        return f"{self.letter}: {place}" if self.letter else place

    @property
    def file(self) -> str:
        """Its file in commands, where a name cannot be an option."""
        path = self.path or f"result{self.letter}.json"
        return f"./{path}" if path.startswith("-") else path


@dataclass(frozen=True)
class Compared:
    """Two results, or the two sides of one run, side by side.

    ``sides`` are the names of A and B. ``problem`` says why they are not compared, and
    is empty where they are. ``records`` are the two results.
    """

    title: str
    sides: tuple[str, str]
    rows: tuple[ComparedRow, ...] = ()
    remarks: tuple[str, ...] = ()
    problem: str = ""
    records: tuple[RunRecord, ...] = ()


def render_page(
    subjects: Sequence[Subject], compared: Sequence[Compared], *, output: str
) -> str:
    """The whole page as text; ``ChartLibraryError`` where charts cannot be drawn.

    ``output`` is the page's file in the command that makes it again.
    """
    assets = files("complab.page")
    style = assets.joinpath("page.css").read_text(encoding="utf-8")
    script = assets.joinpath("page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Nothing may be loaded, and no script may run but the one below.
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    title = _title(subjects)
    sections = [
        _answers(subjects, compared),
        *(_comparison(number, each) for number, each in enumerate(compared)),
        *(_charts(each) for each in subjects),
        *(_rows(each) for each in subjects),
        *(_measured(each) for each in subjects),
        _again(subjects, output),
    ]
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="complab {__version__}">
<title>{escaped(title)}</title>
<style>
{style}</style>
</head>
<body>
<a class="skip" href="#answer">to the answer</a>
<header>
<h1>{escaped(title)}</h1>
{_dates(subjects)}{_contents(subjects, compared)}</header>
<main>
{"".join(sections)}</main>
<div id="tip" role="tooltip" hidden></div>
<script>{script}</script>
</body>
</html>
"""


def _title(subjects: Sequence[Subject]) -> str:
    """What was compressed; where that differs, whose input each is."""
    letters: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for each in subjects:
        inputs = tuple((item.path, item.sha256) for item in each.record.inputs)
        letters.setdefault(inputs, []).append(each.letter)
    named = []
    for inputs, members in letters.items():
        paths = dict.fromkeys(
            "standard input" if path == "-" else path for path, _ in inputs
        )
        whose = f" ({', '.join(members)})" if len(letters) > 1 else ""
        named.append(f"{', '.join(paths)}{whose}")
    return f"Compression of {'; '.join(named)}"


def _dates(subjects: Sequence[Subject]) -> str:
    return paragraphs(
        (
            f"{each.name}: measured {each.record.created_at} by complab "
            f"{each.record.complab_version}"
            for each in subjects
        ),
        css_class="quiet",
    )


def _contents(subjects: Sequence[Subject], compared: Sequence[Compared]) -> str:
    def links(prefix: str, words: str) -> list[tuple[str, str]]:
        return [
            (f"{prefix}{each.letter}", f"{words} {each.letter}".strip())
            for each in subjects
        ]

    places = [
        ("answer", "Answer"),
        *((f"compared{n}", each.title) for n, each in enumerate(compared)),
        *links("charts", "Charts"),
        *links("rows", "Rows"),
        *links("measured", "How it was measured"),
        ("again", "Make it again"),
    ]
    items = "".join(
        f'<li><a href="#{place}">{escaped(words)}</a></li>' for place, words in places
    )
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>\n'


def _answers(subjects: Sequence[Subject], compared: Sequence[Compared]) -> str:
    parts = ['<section id="answer">\n<h2>The answer</h2>\n']
    parts.append(
        paragraphs(f"{each.title}: {_verdicts(each)}" for each in compared if each.rows)
    )
    for subject in subjects:
        if subject.letter:
            parts.append(f"<h3>{escaped(subject.name)}</h3>\n")
        parts.append(_answer(answer_of(subject.record)))
    return "".join([*parts, "</section>\n"])


def _answer(answer: Answer) -> str:
    parts = [bullets(answer.problems, css_class="bad")]
    if answer.statements:
        items = "".join(
            f"<div><dt>{escaped(each.about)}</dt>"
            f'<dd class="row">{escaped(each.row)}</dd>'
            f"<dd>{escaped(each.figures)}</dd></div>\n"
            for each in answer.statements
        )
        parts.append(f'<dl class="statements">\n{items}</dl>\n')
    if answer.front:
        caption = f"The rows to choose from: {answer.front_sentence()}."
        parts.append(plain_table(answer.front_table(), caption=caption))
    sentence = answer.link_sentence()
    if sentence:
        words = f"Fastest to compress, send and decompress in turn: {sentence}."
        parts.append(paragraphs([words]))
    return "".join(parts)


def _verdicts(compared: Compared) -> str:
    """How many speeds are faster, slower and neither, and how many sizes changed."""
    changes = compared_rows(compared.rows)
    counts = {
        verdict: sum(each["verdict"] == verdict for each in changes)
        for verdict in ("faster", "slower", "not separated")
    }
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    resized = sum(bool(row.compressed_change_bytes) for row in compared.rows)
    return (
        f"of {len(changes)} speeds {words}; {resized} of {len(compared.rows)} rows "
        "compress to another size."
    )


def _comparison(number: int, compared: Compared) -> str:
    parts = [
        f'<section id="compared{number}">\n<h2>{escaped(compared.title)}</h2>\n',
    ]
    if compared.problem:
        parts.append(paragraphs([f"not compared: {compared.problem}"], css_class="bad"))
    else:
        a, b = compared.sides
        table = comparison_table(
            compared.rows, sides=compared.sides, notes=compared.remarks
        )
        changes = compared_rows(compared.rows)
        if changes:
            parts.append(
                _figure(
                    f"changes{number}",
                    "Change of speed",
                    f"{b} against {a}: right of 0 {b} is faster. An interval that "
                    "holds 0 separates nothing.",
                    lambda width: charts.changes(
                        changes, title="", width=width - _NAMES_PX
                    ),
                )
            )
        if compared.records:
            parts.append(
                _figure(
                    f"both{number}",
                    "Ratio against compression speed, both",
                    "Dashes tell the results apart.",
                    lambda width: draw_together(
                        list(zip(compared.sides, compared.records, strict=True)), width
                    ),
                )
            )
        parts.append(
            working_table(table, place=f"comparison{number}", caption="Row by row")
        )
        parts.append(bullets(table.notes))
    return "".join([*parts, "</section>\n"])


def _charts(subject: Subject) -> str:
    parts = []
    for figure in FIGURES:
        drawn = _figure(
            f"{figure.name}{subject.letter}",
            figure.title,
            figure.caption,
            partial(figure.draw, subject.record),
        )
        lack = f"{figure.title}: not drawn, {figure.lack}"
        parts.append(drawn or paragraphs([lack], css_class="quiet"))
    return _section(subject, "charts", "Charts", parts)


def _figure(
    place: str,
    title: str,
    caption: str,
    draw: "Callable[[int], alt.ChartType | None]",
) -> str:
    """A chart in the widths of a desk and of a phone; nothing where none is drawn."""
    pictures = []
    for kind, width in (("wide", _WIDE_PX), ("narrow", _NARROW_PX)):
        chart = draw(width)
        if chart is None:
            return ""
        svg = charts.to_svg(charts.untitled(chart), theme="page")
        label = f"{title}. The numbers are in the table of rows."
        pictures.append(picture(svg, place=place, label=label, kind=kind))
    return (
        f'<figure id="{place}">\n<h3>{escaped(title)}</h3>\n{"".join(pictures)}'
        f"<figcaption>{escaped(caption)}</figcaption>\n</figure>\n"
    )


def _rows(subject: Subject) -> str:
    table = sweep_table(subject.record)
    parts = [
        working_table(
            table,
            place=f"table{subject.letter}",
            caption="Every row; MB/s of uncompressed bytes",
            best="only rows marked *",
        ),
        bullets(table.notes),
    ]
    return _section(subject, "rows", "Rows", parts)


def _section(subject: Subject, prefix: str, heading: str, parts: Sequence[str]) -> str:
    named = f"{heading} of {subject.name}" if subject.letter else heading
    return (
        f'<section id="{prefix}{subject.letter}">\n<h2>{escaped(named)}</h2>\n'
        f"{''.join(parts)}</section>\n"
    )


def _measured(subject: Subject) -> str:
    record = subject.record
    table = sweep_table(record)
    parts = [
        bullets(table.title_lines),
        "<h3>Method</h3>\n",
        paragraphs(_method(record)),
        facts(
            {
                "method": f"{record.plan.get('method')}, version "
                f"{record.method_version}",
                "budget": _seconds(record.plan.get("budget_s")),
                "worker processes": record.plan.get("worker_count"),
                "seed": record.plan.get("seed"),
            }
        ),
        "<h3>Warnings</h3>\n",
        bullets(
            each.message if each.subject == "run" else f"{each.subject}: {each.message}"
            for each in record.warnings
        )
        or paragraphs(["none"]),
        "<h3>Input</h3>\n",
        *(
            facts(
                {
                    "file": item.path,
                    "SHA-256 of the batches": item.sha256,
                    "batches": f"{item.batch_count:,}, of which "
                    f"{item.measured_batch_count:,} measured",
                    "records": (
                        None if item.record_count is None else f"{item.record_count:,}"
                    ),
                    "bytes of payload": f"{item.uncompressed_bytes:,}",
                }
            )
            for item in record.inputs
        ),
        "<h3>Libraries</h3>\n",
        plain_table(_libraries(record), caption="The files that the codecs came from"),
        "<h3>Machine</h3>\n",
        facts(
            {
                name.replace("_", " "): _plain(value)
                for name, value in record.environment.items()
            }
        ),
    ]
    return _section(subject, "measured", "How it was measured", parts)


_LOOP: Final = (
    "Every codec walks all measured batches again and again, timed in C, in epochs "
    "that alternate with those of all other rows, so that what slows the machine for a "
    "while slows none of them alone. What a codec wrote is decompressed and compared "
    "with the input, outside the timer."
)
_FRAMES: Final = (
    "Kafka's codecs write the frames that a client writes ({clients}); other codecs "
    "compress each batch as one block."
)
_CORRECTED: Final = (
    "Speeds are corrected for the time in which others had the core or slowed it; ± is "
    "half of the 95 % interval for other runs on this machine."
)
_PLAIN: Final = (
    "Speeds are those of the median epoch; ± is half of the 95 % interval of that "
    "median within this run."
)


def _method(record: RunRecord) -> list[str]:
    clients = dict.fromkeys(
        each.client
        for each in record.configurations
        if each.framing == KAFKA and each.client
    )
    is_corrected = record.plan.get("method") == CORRECTED
    return [
        _LOOP,
        *([_FRAMES.format(clients=", ".join(clients))] if clients else []),
        _CORRECTED if is_corrected else _PLAIN,
    ]


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{format_number(value)} s"


def _libraries(record: RunRecord) -> Table:
    codecs: dict[tuple[str, str, str, str], list[str]] = {}
    for each in record.configurations:
        if each.provider is not None:
            place = each.provider
            key = (place.name, place.version, place.path, place.sha256)
            codecs.setdefault(key, []).append(each.codec)
    return Table.from_rows(
        (
            Column.text("codecs", "codecs"),
            Column.text("name", "from"),
            Column.text("version", "version"),
            Column.text("path", "file"),
            Column.text("sha256", "SHA-256"),
        ),
        [
            {
                "codecs": ", ".join(dict.fromkeys(names)),
                **dict(zip(("name", "version", "path", "sha256"), key, strict=True)),
            }
            for key, names in codecs.items()
        ],
    )


def _plain(value: object) -> object:
    """A fact of the machine as a reader wants it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(_plain(each)) for each in value)
    return format_bytes(value) if isinstance(value, int) else value


def _again(subjects: Sequence[Subject], output: str) -> str:
    saved = ((each.record.command, ["--save", each.file]) for each in subjects)
    measured = [f"{command} {shell_line(save)}" for command, save in saved if command]
    files = [each.file for each in subjects]
    report = shell_line(["complab", "report", *files, "--output", output])
    lines = "\n".join(map(escaped, [*measured, report]))
    return (
        '<section id="again">\n<h2>Make it again</h2>\n'
        "<p>This measures, and makes the page; where the files are there already, "
        "<code>--force</code> overwrites them.</p>\n"
        f"<pre><code>{lines}</code></pre>\n</section>\n"
    )
