"""The report: what one or several results say, to be handed on."""

from dataclasses import dataclass

from complab.errors import IncomparableResultsError, PlanError, ResultError
from complab.page.answer import answer_of
from complab.page.document import Compared, Subject, render_page
from complab.render import Table, render_html, render_markdown
from complab.results import files
from complab.results.compared_runs import compare_pairs
from complab.results.comparison import SIDES
from complab.results.comparison_table import comparison_table
from complab.studies.compare import compare_stored
from complab.studies.sweep import SweepResult
from complab.whole_file import write_text_whole

_RESULTS_AT_MOST = 26  # they are called by letters


@dataclass(frozen=True)
class Report:
    """Results with their answers and comparisons; shows its answers as tables.

    ``compared`` holds a comparison of every further result with the first, and of the
    two sides of each result that ``compare`` saved.
    """

    subjects: tuple[Subject, ...]
    compared: tuple[Compared, ...]

    def tables(self) -> tuple[Table, ...]:
        """The answers, then the comparisons, each as a table."""
        return (
            *(_answer_table(each) for each in self.subjects),
            *(_compared_table(each) for each in self.compared),
        )

    def to_html(self, *, output: str = "report.html") -> str:
        """The report as a page of its own, with all that it shows inside.

        ``output`` is the file that the page names in its own command.
        ``ChartLibraryError`` without altair and vl-convert (``complab[charts]``).
        """
        return render_page(self.subjects, self.compared, output=output)

    def to_markdown(self) -> str:
        """The answers and comparisons in Markdown."""
        return "\n".join(map(render_markdown, self.tables()))

    def save(self, path: str, *, force: bool = False) -> None:
        """Write the page; ``OutputExistsError`` unless ``force``."""
        text = self.to_html(output=path)
        write_text_whole(path, text, may_overwrite=force)

    def __str__(self) -> str:
        """The answers and comparisons as text."""
        return "\n\n".join(map(str, self.tables()))

    def __repr__(self) -> str:
        """The text too: what an interactive session shows."""
        return str(self)

    def _repr_html_(self) -> str:
        return "".join(map(render_html, self.tables()))


def report(*results: "str | SweepResult") -> Report:
    """Make a report of results: paths of result files, or what ``sweep`` returned.

    Of several, each is compared with the first as ``compare`` does it; where that
    cannot be, the report says why.

    Raises ``PlanError`` without a result or for more than 26, ``ResultError`` and its
    kin for a file that cannot be read.

    >>> import complab
    >>> complab.report("result.json").save("report.html")  # doctest: +SKIP
    """
    if not 0 < len(results) <= _RESULTS_AT_MOST:
        message = f"a report takes 1 to {_RESULTS_AT_MOST} results, not {len(results)}"
        raise PlanError(message)
    loaded = [
        SweepResult(files.load(each)) if isinstance(each, str) else each
        for each in results
    ]
    subjects = tuple(
        Subject(
            chr(ord("A") + number) if len(results) > 1 else "",
            given if isinstance(given, str) else None,
            result.record,
        )
        for number, (given, result) in enumerate(zip(results, loaded, strict=True))
    )
    compared = [_inside(each) for each in subjects if each.record.plan.get("pairs")]
    for subject, result in zip(subjects[1:], loaded[1:], strict=True):
        compared.append(_between(subjects[0], subject, loaded[0], result))
    return Report(subjects, tuple(compared))


def _inside(subject: Subject) -> Compared:
    """The sides A and B of a run that measured both."""
    # Where results have letters, those of a run's sides must not look like theirs.
    a, b = (f"side {each}" if subject.letter else each for each in SIDES)
    return Compared(
        f"{b} against {a} in {subject.name}",
        (a, b),
        compare_pairs(subject.record, subject.record.plan["pairs"], (a, b)),
    )


def _between(
    first: Subject, other: Subject, before: SweepResult, after: SweepResult
) -> Compared:
    title = f"{other.letter} against {first.letter}"
    sides = first.letter, other.letter
    try:
        found = compare_stored(before, after, sides=sides)
    except IncomparableResultsError as error:
        return Compared(title, sides, problem="; ".join(error.differences))
    except ResultError:
        return Compared(title, sides, problem="they have no configuration in common")
    return Compared(
        title, sides, found.rows, found.remarks, records=(first.record, other.record)
    )


def _answer_table(subject: Subject) -> Table:
    answer = answer_of(subject.record)
    table = answer.front_table()
    sentence = answer.link_sentence()
    notes = [answer.front_sentence()]
    if sentence:
        notes.append(f"fastest to compress, send and decompress in turn: {sentence}")
    return Table(
        columns=table.columns,
        rows=table.rows,
        title_lines=[
            subject.name,
            *map(str, answer.statements),
            *answer.problems,
        ],
        notes=notes if table.rows else [],
    )


def _compared_table(compared: Compared) -> Table:
    if compared.problem:
        return Table(
            columns=[],
            rows=[],
            title_lines=[compared.title, f"not compared: {compared.problem}"],
        )
    return comparison_table(
        compared.rows,
        sides=compared.sides,
        title_lines=[compared.title],
        notes=compared.remarks,
    )
