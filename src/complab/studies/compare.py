"""The comparison: A against B in one interleaved run, or two stored results.

Inside one run the epochs of A and B stand side by side, so small differences can be
told from noise. Two stored results were made at different times: only what exceeds the
differences between processes and runs is told.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NoReturn

from complab.codecs import catalogue, specs
from complab.codecs.catalogue import KAFKA, RAW, Catalogue
from complab.codecs.specs import Selection
from complab.errors import IncomparableResultsError, PlanError, ResultError
from complab.kafka.payloads import DEFAULT_MAX_INPUT_BYTES, Payloads, read_payloads
from complab.plan import Plan, Policies, make_plan
from complab.render import Table
from complab.results import comparable, files
from complab.results.compared_runs import compare_pairs, compare_records
from complab.results.comparison import (
    SIDES,
    ComparedRow,
    Regression,
    regressions,
)
from complab.results.comparison_table import comparison_table
from complab.results.drawn import compared_rows
from complab.results.model import FAILED, RunRecord
from complab.results.shown import ShownWithChart
from complab.runner.events import Event
from complab.studies.again import command_of
from complab.studies.sweep import SweepResult, run_plan
from complab.whole_file import write_text_whole

# A layout's error shrinks with the root of the number of processes, and it is most of
# the error of a quick codec: so there are more of them than in a sweep.
_WORKERS_AT_MOST = 8
_WORKER_SHARE_AT_LEAST_S = 2.5


@dataclass(frozen=True, repr=False)
class Comparison(ShownWithChart):
    """What a comparison found; shows itself in a terminal and in a notebook.

    ``records`` holds the one run that measured both sides, or the two stored results.
    ``remarks`` name what differs besides the libraries, or could not be compared.
    """

    rows: tuple[ComparedRow, ...]
    records: tuple[RunRecord, ...]
    remarks: tuple[str, ...] = ()

    @property
    def is_paired(self) -> bool:
        """Whether one run measured both sides."""
        return len(self.records) == 1

    @property
    def has_failures(self) -> bool:
        """Whether a row could not be measured."""
        return any(row.status == FAILED for row in self.rows)

    @property
    def is_complete(self) -> bool:
        """Whether nothing was interrupted."""
        return all(record.is_complete for record in self.records)

    def regressions(self, beyond_pct: float = 0.0) -> tuple[Regression, ...]:
        """The separated slowdowns of more than ``beyond_pct`` percent of A's speed."""
        return regressions(self.rows, beyond_pct)

    def table(self) -> Table:
        """The rows as a table, in the order of the codec list."""
        return comparison_table(
            self.rows, title_lines=list(self._titles()), notes=self.remarks
        )

    def _titles(self) -> Iterator[str]:
        for item in self.records[0].inputs:
            yield f"{item.path}: {item.uncompressed_bytes:,} bytes of payload"
        if self.is_paired:
            yield "A and B side by side, in every round of one run"
            for side, place in zip(
                SIDES, zip(*self._places(), strict=True), strict=True
            ):
                for path in dict.fromkeys(place):
                    yield f"{side}: {path}"
        else:
            for side, record in zip(SIDES, self.records, strict=True):
                made_by = f"complab {record.complab_version}"
                yield f"{side}: made {record.created_at} by {made_by}"
        if not self.is_complete:
            yield "interrupted: what was measured until then"

    def _places(self) -> list[tuple[str, str]]:
        """The files of each pair's libraries."""
        paths = {
            c.id: c.provider.path if c.provider else "built in"
            for c in self.records[0].configurations
        }
        pairs = self.records[0].plan["pairs"]
        return [(paths[a], paths[b]) for a, b in pairs]

    def chart(self, *, width: int = 480) -> Any:  # noqa: ANN401 - altair is loaded late
        """The changes of speed with their intervals, as altair draws them.

        ``None`` where no row was measured on both sides; ``ChartLibraryError`` where
        altair is not installed.
        """
        from complab import charts

        rows = compared_rows(self.rows)
        if not rows:
            return None
        title = "Change of speed, B against A"
        return charts.themed(charts.changes(rows, title=title, width=width))

    def to_document(self) -> dict[str, Any]:
        """The rows, and what they follow from, as JSON's lists and mappings.

        A comparison inside one run is a result file like a sweep's, with the compared
        rows in it; one of two stored results names them.
        """
        compared = [asdict(row) for row in self.rows]
        if self.is_paired:
            document = files.to_document(self.records[0])
            return {**document, "comparison": compared, "remarks": list(self.remarks)}
        sides = [
            {
                "created_at": record.created_at,
                "command": record.command,
                "complab_version": record.complab_version,
                "inputs": [asdict(item) for item in record.inputs],
                "environment": dict(record.environment),
            }
            for record in self.records
        ]
        return {
            "comparison": compared,
            "remarks": list(self.remarks),
            "before": sides[0],
            "after": sides[1],
        }

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas may not be there
        """The rows as a pandas data frame (needs pandas)."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.rows])

    def save(self, path: str, *, force: bool = False) -> None:
        """Write it as JSON; ``OutputExistsError`` unless ``force``."""
        text = json.dumps(self.to_document(), indent=1, allow_nan=False) + "\n"
        write_text_whole(path, text, may_overwrite=force)


def compare(
    path: "str | SweepResult",
    after: "str | SweepResult | None" = None,
    *,
    codecs: str | None = None,
    libraries: Sequence[str] = (),
    a: str | None = None,
    b: str | None = None,
    framing: str = KAFKA,
    contexts: Sequence[str] = (),
    sizes: Sequence[str] = (),
    buffers: Sequence[str] = (),
    thread_counts: Sequence[int] = (),
    is_opaque: bool = False,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    budget_s: float | None = None,
    seed: int = 0,
    worker_count: int | None = None,
    force: bool = False,
    on_event: Callable[[Plan, Event], None] | None = None,
    on_start: Callable[[Plan, Payloads], None] | None = None,
) -> Comparison:
    """Compare two libraries on a batch file, or two stored results.

    With ``path`` alone, a file of record batches: ``codecs`` are measured with A and
    with B, which are the two ``libraries`` (``NAME:LABEL=PATH``) of a codec; of one
    library it is B, and A is the system's; of none, A is the system's and B the
    wheel's. ``a`` and ``b`` instead are two codec lists of equal length, item against
    item. A codec without levels means its default level. ``contexts``, ``sizes``,
    ``buffers`` and ``thread_counts`` are the policies of both, as in ``complab.sweep``.
    ``budget_s`` bounds the run, which ``worker_count`` fresh processes do one after the
    other: one for each 2.5 s, 1 to 8, unless given.

    With ``after``, both are results of sweeps (paths, or what ``sweep`` returned);
    ``force`` compares them although something differs that must not.

    Raises ``PlanError`` for wrong words, ``InputError`` and its kin for an input that
    cannot be measured, ``ResultError`` and its kin for a result file that cannot be
    read, ``IncomparableResultsError`` for results that differ in more than libraries.

    >>> import complab
    >>> complab.compare("before.json", "after.json")  # doctest: +SKIP
    """
    arguments = dict(locals())
    started_s = time.monotonic()
    if after is not None:
        return compare_stored(path, after, force=force)
    if not isinstance(path, str):
        message = "a result needs a second one to be compared with"
        raise PlanError(message)
    if framing not in (KAFKA, RAW):
        message = f"framing {framing!r}: it is {KAFKA} or {RAW}"
        raise PlanError(message)
    found = Catalogue.with_libraries(libraries)
    if a is None and b is None:
        sides = _by_library(codecs, framing=framing, libraries=found)
    elif a is None or b is None or codecs is not None:
        message = "give both a and b, without codecs, or codecs alone"
        raise PlanError(message)
    else:
        sides = _by_lists(a, b, framing=framing, libraries=found)
    policies = Policies(
        tuple(contexts), tuple(sizes), tuple(buffers), tuple(thread_counts)
    )
    selections = tuple(each for pair in sides for each in pair)
    plan = make_plan(
        selections,
        budget_s=budget_s,
        seed=seed,
        worker_count=worker_count,
        policies=policies,
    )
    pairs = tuple(_pairs(sides, policies))
    plan = replace(plan, pairs=pairs)
    if worker_count is None and plan.worker_count:
        processes = int(plan.budget_s // _WORKER_SHARE_AT_LEAST_S)
        plan = replace(plan, worker_count=max(1, min(processes, _WORKERS_AT_MOST)))
    payloads = read_payloads(
        path,
        libraries=found,
        max_input_bytes=max_input_bytes,
        seed=seed,
        is_opaque=is_opaque,
    )
    if on_start:
        on_start(plan, payloads)
    record = run_plan(
        plan,
        payloads,
        command=command_of(compare, arguments),
        started_s=started_s,
        on_event=on_event,
    )
    notes = tuple(warning.message for warning in record.warnings)
    return Comparison(compare_pairs(record, pairs), (record,), notes)


# ---- Which is A, which is B ------------------------------------------------------


def _pairs(
    sides: Sequence[tuple[Selection, Selection]], policies: Policies
) -> Iterator[tuple[int, int]]:
    """The ids of A and B in a plan of all sides with these policies."""
    begin = 0
    for a, b in sides:
        counts = [len(list(policies.of(each))) for each in (a, b)]
        if counts[0] != counts[1]:
            message = (
                f"{a.codec.name} and {b.codec.name} do not have the same policies: "
                "give one word of each (--context, --size)"
            )
            raise PlanError(message)
        for first in range(begin, begin + counts[0]):
            yield first, first + counts[0]
        begin += 2 * counts[0]


def _by_lists(
    a: str, b: str, *, framing: str, libraries: Catalogue
) -> list[tuple[Selection, Selection]]:
    """The items of two lists, first with first and so on."""
    first, second = (
        specs.select(text, framing=framing, libraries=libraries, is_default_alone=True)
        for text in (a, b)
    )
    if len(first) != len(second):
        message = (
            f"A names {len(first)} configurations ({a}) and B {len(second)} ({b}): "
            "they are compared one by one"
        )
        raise PlanError(message)
    return list(zip(first, second, strict=True))


def _by_library(
    codecs: str | None, *, framing: str, libraries: Catalogue
) -> list[tuple[Selection, Selection]]:
    """Each codec and level of a list with its two libraries."""
    if codecs is None:
        codecs = ",".join(_names_of_libraries(framing, libraries))
    sides = []
    left_out = []
    for item in specs.parse(codecs):
        if item.provider is not None:
            message = (
                f"codec list: {item.name}@{item.provider} names one library; A and B "
                "come from --lib, or give two lists as --a and --b"
            )
            raise PlanError(message)
        is_set = item.name == specs.ALL or item.name in specs.SETS
        levels = ":" + ",".join(map(str, item.levels)) if item.levels else ""
        for name in _members(item.name, framing):
            words = _two_providers(name, framing, libraries)
            if words is not None:
                first, second = (f"{name}@{word}{levels}" for word in words)
                sides += _by_lists(first, second, framing=framing, libraries=libraries)
            elif is_set:
                left_out.append(name)
            else:
                _refuse(name)
    if not sides:
        _refuse(", ".join(left_out))
    return sides


def _refuse(names: str) -> NoReturn:
    message = (
        f"{names}: there are no two libraries to compare; name them with "
        "--lib NAME:LABEL=PATH, twice, or once for B against the system's"
    )
    raise PlanError(message)


def _names_of_libraries(framing: str, libraries: Catalogue) -> list[str]:
    """The codecs of the user's libraries, by the libraries' own names."""
    known = set(catalogue.names())
    names = [p.kind.name for p in libraries.named if p.kind.name in known]
    if not names:
        message = (
            "nothing to compare: name codecs with --codecs, and libraries with --lib "
            f"NAME:LABEL=PATH (framing {framing})"
        )
        raise PlanError(message)
    return list(dict.fromkeys(names))


def _members(name: str, framing: str) -> tuple[str, ...]:
    if name == specs.ALL:
        return tuple(n for n in catalogue.names() if n != "none" or framing == KAFKA)
    return specs.SETS.get(name, (name,))


def _two_providers(
    name: str, framing: str, libraries: Catalogue
) -> tuple[str, str] | None:
    """The labels of a codec's A and B, ``None`` if there are no two."""
    kind = catalogue.kind_of(catalogue.find(name, framing))
    if kind is None:
        return None
    named = [p for p in libraries.named if p.kind == kind]
    if len(named) > 2:  # noqa: PLR2004 - A and B
        labels = ", ".join(p.label for p in named)
        message = f"{kind.name}: --lib names {labels}: two are compared, A and B"
        raise PlanError(message)
    others = [p for p in libraries.of_kind(kind) if p not in named and p.library]
    ordered = named if len(named) == 2 else [*others[:1], *named, *others[1:]]  # noqa: PLR2004
    if len(ordered) < 2:  # noqa: PLR2004
        return None
    return ordered[0].label, ordered[1].label


# ---- Stored results --------------------------------------------------------------


def compare_stored(
    before: "str | SweepResult",
    after: "str | SweepResult",
    *,
    force: bool = False,
    sides: tuple[str, str] = SIDES,
) -> Comparison:
    """Compare two results as ``compare`` does; ``sides`` are their names in remarks."""
    records = _record_of(before), _record_of(after)
    different = comparable.differences(*records)
    if different and not force:
        raise IncomparableResultsError(path=_name(after), differences=different)
    rows, alone = compare_records(*records, sides)
    if not rows:
        message = "has no configuration in common with the first result"
        raise ResultError(message, path=_name(after))
    notes = [f"compared although it differs: {text}" for text in different]
    notes += [f"differs besides: {text}" for text in comparable.remarks(*records)]
    return Comparison(rows, records, (*notes, *alone))


def _record_of(result: "str | SweepResult") -> RunRecord:
    return files.load(result) if isinstance(result, str) else result.record


def _name(result: "str | SweepResult") -> str:
    return result if isinstance(result, str) else "the second result"
