"""The sweep: every chosen codec and level over the batches of one input."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from complab import core, environment
from complab._version import __version__
from complab.codecs import specs
from complab.codecs.catalogue import KAFKA, RAW, Catalogue
from complab.codecs.writers import JAVA, Client, find_client
from complab.core import Direction
from complab.errors import PlanError
from complab.kafka.inputs import InputOptions, read_input
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES
from complab.kafka.payloads import DEFAULT_MAX_INPUT_BYTES, Payloads
from complab.plan import (
    COLD,
    CORRECTED,
    DEFAULT_PRECISION_PCT,
    EPOCHS_AT_LEAST,
    FRESH,
    METHOD_VERSION,
    QUICK_BUDGET_S,
    REUSED,
    WARM,
    Configuration,
    Plan,
    Policies,
    make_plan,
)
from complab.render import Table
from complab.results import files
from complab.results.contention import judged
from complab.results.model import (
    FAILED,
    OK,
    SKIPPED,
    ConfigurationFacts,
    InputFacts,
    Measurement,
    ProviderFacts,
    ResultWarning,
    RunRecord,
)
from complab.results.relative import reference_id, relative_table
from complab.results.rows import Row, derive_rows
from complab.results.shown import ShownWithChart
from complab.results.tables import sweep_as_lzbench, sweep_table
from complab.runner.events import (
    Dropped,
    EpochMeasured,
    Event,
    Interrupted,
    Verified,
)
from complab.runner.journal import Journal, remove_journal
from complab.runner.measure import measure
from complab.studies.again import command_of
from complab.units import format_count

# memcpy stands beside what was chosen, as lzbench has it: the limit of this machine.
_BASELINE = "memcpy"

# What a run that goes on from a journal must find as it was.
_MUST_STAY = ("machine", "kernel", "cpu_model", "cpu_count", "core_build")


@dataclass(frozen=True, repr=False)
class SweepResult(ShownWithChart):
    """What a sweep found; shows itself in a terminal and in a notebook.

    ``journal_path`` is the journal that saving a whole result makes needless.
    """

    record: RunRecord
    journal_path: str | None = field(default=None, compare=False, repr=False)

    @property
    def rows(self) -> tuple[Row, ...]:
        """One row per configuration, in the order of the codec list."""
        return derive_rows(self.record)

    @property
    def has_failures(self) -> bool:
        """Whether something could not be read or measured."""
        is_damaged = any(w.facts.get("is_damage") for w in self.record.warnings)
        return is_damaged or any(row.status == FAILED for row in self.rows)

    def table(self, *, sort: str | None = None) -> Table:
        """The rows as a table, by ratio or any column; ``ValueError`` for no column."""
        return sweep_table(self.record, sort=sort)

    def relative_to(self, reference: str) -> Table:
        """Every row as a ratio to one, ``"lz4"`` or ``"zstd@system:3"``, as a table.

        ``PlanError`` if it names no row, or several.
        """
        number = find_reference(self.record.configurations, reference)
        return relative_table(self.record, number)

    def chart(self, name: str = "compress", *, width: int = 680) -> Any:  # noqa: ANN401
        """A chart of the rows as altair draws it (needs ``complab[charts]``).

        ``name`` is one of ``compress`` and ``decompress`` (ratio against speed),
        ``link`` (what pays over which link), ``epochs``, ``spread-compress`` and
        ``spread-decompress``. ``None`` where there is nothing to draw; ``ValueError``
        for another name; ``ChartLibraryError`` where altair is not installed.
        """
        from complab.charts import themed
        from complab.page.figures import draw

        chart = draw(self.record, name, width=width)
        return None if chart is None else themed(chart)

    def to_lzbench(self, *, sort: str | None = None) -> str:
        """The rows in lzbench's layout."""
        return sweep_as_lzbench(self.record, sort=sort)

    def to_document(self) -> dict[str, Any]:
        """The record as JSON's lists and mappings."""
        return files.to_document(self.record)

    def to_json(self) -> str:
        """The record as the text of a result file."""
        return files.to_text(self.record)

    def save(self, path: str, *, force: bool = False) -> None:
        """Write the result file; ``OutputExistsError`` unless ``force``.

        When it is written, and the run was not interrupted, its journal is removed.
        """
        files.save(self.record, path, may_overwrite=force)
        if self.journal_path and self.record.is_complete:
            remove_journal(self.journal_path)


def find_reference(
    configurations: tuple[ConfigurationFacts, ...], reference: str
) -> int:
    """The id of the configuration that an item of a codec list names.

    Without a level it is the codec's only row, or the one at its default level.
    ``PlanError`` if it names no row, or several.
    """
    items = specs.parse(reference)
    if len(items) != 1:
        message = f"the reference {reference!r}: name one codec, such as zstd:3"
        raise PlanError(message)
    framing = next(
        (c.framing for c in configurations if c.codec == items[0].name), KAFKA
    )
    defaults = specs.select(
        items[0].name, framing=framing, libraries=Catalogue(), is_default_alone=True
    )
    default = defaults[0].level if len(defaults) == 1 else None
    return reference_id(configurations, items[0], default)


@dataclass
class _Tally:
    """Collects what the events say of one direction of a configuration."""

    status: str = OK
    message: str = ""
    compressed_bytes: int | None = None
    memory_bytes: int | None = None
    epochs: list[EpochMeasured] = field(default_factory=list)
    warm_up_times_ns: tuple[int, ...] = ()

    def measurement(self, configuration: int, direction: Direction) -> Measurement:
        return Measurement(
            configuration=configuration,
            direction=direction.name.lower(),
            compressed_bytes=self.compressed_bytes,
            memory_bytes=self.memory_bytes,
            status=self.status,
            message=self.message,
            epoch_times_ns=tuple(e.epoch.elapsed_ns for e in self.epochs),
            iteration_count=tuple(e.epoch.iteration_count for e in self.epochs),
            canary_times_ns=tuple(
                (e.epoch.canary_before_ns, e.epoch.canary_after_ns) for e in self.epochs
            ),
            canary_in_flight_ns=tuple(e.epoch.canary_in_flight_ns for e in self.epochs),
            stalled_times_ns=tuple(e.epoch.stalled_ns for e in self.epochs),
            is_clean=(None,) * len(self.epochs),
            round=tuple(e.round for e in self.epochs),
            process=tuple(e.process for e in self.epochs),
            warm_up_times_ns=self.warm_up_times_ns,
        )


def sweep(
    path: str,
    codecs: str | None = None,
    *,
    framing: str = KAFKA,
    client: str | None = None,
    libraries: Sequence[str] = (),
    contexts: Sequence[str] = (),
    sizes: Sequence[str] = (),
    buffers: Sequence[str] = (),
    thread_counts: Sequence[int] = (),
    is_opaque: bool = False,
    records: str | None = None,
    batch_bytes: int | None = None,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    budget_s: float | None = None,
    precision_pct: float = DEFAULT_PRECISION_PCT,
    is_quick: bool = False,
    seed: int = 0,
    method: str = CORRECTED,
    worker_count: int | None = None,
    time_limit_s: float | None = None,
    memory_limit_bytes: int | None = None,
    relative_to: str | None = None,
    journal_path: str | None = None,
    is_resumed: bool = False,
    force: bool = False,
    on_event: Callable[[Plan, Event], None] | None = None,
    on_start: Callable[[Plan, Payloads], None] | None = None,
) -> SweepResult:
    """Measure codecs and levels on the record batches of a file.

    ``path`` is a file of record batches, a folder of segments, or ``"-"`` for standard
    input; with ``records`` (``"lines"``, ``"length-prefixed"``) a file of records,
    batched by ``batch_bytes``. ``codecs`` is a codec list (``"kafka"``,
    ``"zstd:1-9,lz4"``); ``libraries`` are ``NAME[:LABEL]=PATH``. ``client`` writes the
    frames in its own way, and levels are in its numbers. ``contexts``
    (``"reused"``, ``"fresh"``), ``sizes`` (``"known"``, ``"unknown"``) and ``buffers``
    (``"warm"``, ``"cold"``) are policies, the framing's own unless given; a row for
    each of several that makes a difference to its codec, and for each of
    ``thread_counts``, whose threads together are measured.

    ``budget_s`` bounds the whole run in seconds, reading and verification included: one
    second a row, at most 60, unless given. ``worker_count`` fresh processes measure one
    after the other (0: this process does): one for each 5 s of the budget, from 1 to 3,
    none below 2 s, unless given. A codec that crashes, takes longer than
    ``time_limit_s`` for one call or more than ``memory_limit_bytes`` fails alone.
    ``relative_to`` is checked before anything runs: the row that
    ``SweepResult.relative_to`` will be asked for. ``on_event`` sees everything that
    happens.

    Every finished round is written to ``journal_path``; with ``is_resumed`` the run
    goes on from what is there, with ``force`` it begins anew in its place.

    Raises ``InputError`` and its kin for an input that cannot be measured,
    ``PlanError`` for wrong words or numbers, ``ProviderError`` for a library that
    cannot serve, ``ResultError`` and its kin for a journal that cannot be gone on from.

    >>> import complab
    >>> complab.sweep("batch.bin", codecs="kafka")  # doctest: +SKIP
    """
    command = command_of(sweep, locals())
    started_s = time.monotonic()
    if framing not in (KAFKA, RAW):
        message = f"framing {framing!r}: it is {KAFKA} or {RAW}"
        raise PlanError(message)
    if client and framing == RAW:
        message = "a client writes frames: --client goes with --framing kafka"
        raise PlanError(message)
    options = InputOptions(
        records=records,
        batch_bytes=batch_bytes,
        is_opaque=is_opaque,
        max_input_bytes=max_input_bytes,
        max_payload_bytes=max_payload_bytes,
    )
    catalogue = Catalogue.with_libraries(libraries)
    selections = _selections(
        codecs,
        catalogue,
        framing=framing,
        is_quick=is_quick,
        client=find_client(client) if client else None,
    )
    if budget_s is None and is_quick:
        budget_s = QUICK_BUDGET_S
    plan = make_plan(
        selections,
        budget_s=budget_s,
        precision_pct=precision_pct,
        seed=seed,
        method=method,
        worker_count=worker_count,
        time_limit_s=time_limit_s,
        memory_limit_bytes=memory_limit_bytes,
        policies=Policies(
            tuple(contexts), tuple(sizes), tuple(buffers), tuple(thread_counts)
        ),
    )
    if relative_to is not None:
        find_reference(tuple(map(_facts, plan.configurations)), relative_to)
    payloads = read_input(path, options, libraries=catalogue, seed=seed)
    kept = _journal(plan, payloads, journal_path, is_resumed=is_resumed, force=force)
    if on_start:
        on_start(plan, payloads)
    record = run_plan(
        plan,
        payloads,
        command=command,
        started_s=started_s,
        journal=kept,
        on_event=on_event,
    )
    return SweepResult(record, journal_path)


def _selections(
    codecs: str | None,
    catalogue: Catalogue,
    *,
    framing: str,
    is_quick: bool,
    client: Client | None,
) -> tuple[specs.Selection, ...]:
    """What the list means, or the lab's own list, and the baseline beside it."""
    text = codecs
    if text is None and framing == RAW:
        text = specs.RAW_LIST
    elif text is None:
        text = specs.QUICK_LIST if is_quick and not client else specs.DEFAULT_LIST
    selections = specs.select(text, framing=framing, libraries=catalogue, client=client)
    if codecs is None:  # what is missing of the lab's own list is a gap, no failure
        selections = tuple(replace(each, is_named=False) for each in selections)
    if not any(each.codec.name == _BASELINE for each in selections):
        selections += specs.select(_BASELINE, framing=framing, libraries=catalogue)
    return selections


def run_plan(
    plan: Plan,
    payloads: Payloads,
    *,
    command: str,
    started_s: float | None = None,
    journal: Journal | None = None,
    on_event: Callable[[Plan, Event], None] | None = None,
) -> RunRecord:
    """Measure a plan over payloads and record all of it: what every study does.

    ``command`` measures it again. The budget counts from ``started_s`` of the monotonic
    clock. What ``journal`` holds
    of an earlier attempt belongs to the record; it is closed at the end.
    """
    tallies = {(c.id, d): _Tally() for c in plan.configurations for d in Direction}
    earlier = journal.earlier if journal else ()
    for event in earlier:
        _note(tallies, event)
    is_complete = True
    with journal or nullcontext():
        for event in measure(
            plan, payloads.blocks, started_s=started_s, earlier=earlier
        ):
            if journal:
                journal.note(event)
            _note(tallies, event)
            is_complete = is_complete and not isinstance(event, Interrupted)
            if on_event:
                on_event(plan, event)
    return _record(
        plan, payloads, tallies, journal, command=command, is_complete=is_complete
    )


def _journal(
    plan: Plan,
    payloads: Payloads,
    path: str | None,
    *,
    is_resumed: bool,
    force: bool,
) -> Journal | None:
    """Begin the journal of a run, or go on with it."""
    if path is None:
        return None
    machine = environment.describe(core.clock_facts())
    identity = {
        "complab_version": __version__,
        "method_version": METHOD_VERSION,
        "input": {
            "sha256": payloads.sha256,
            "measured_batch_count": len(payloads.blocks),
            "uncompressed_bytes": payloads.uncompressed_bytes,
            "opaque": payloads.is_opaque,
        },
        "plan": {
            "precision_pct": plan.precision_pct,
            "seed": plan.seed,
            "method": plan.method,
        },
        "configurations": [asdict(_facts(each)) for each in plan.configurations],
        "environment": {name: machine[name] for name in _MUST_STAY},
    }
    if is_resumed:
        return Journal.resume(path, identity)
    return Journal.create(path, identity, may_overwrite=force)


def _note(tallies: Mapping[tuple[int, Direction], _Tally], event: Event) -> None:
    if isinstance(event, EpochMeasured):
        tallies[event.configuration, event.direction].epochs.append(event)
    elif isinstance(event, Verified):
        for direction in Direction:
            tally = tallies[event.configuration, direction]
            tally.compressed_bytes = event.compressed_bytes
            tally.memory_bytes = event.memory_bytes[direction]
            tally.warm_up_times_ns = (event.warm_up_times_ns[direction],)
            # What had no time before a run broke off may have it now.
            tally.status, tally.message = OK, ""
    elif isinstance(event, Dropped):
        both = [tallies[event.configuration, direction] for direction in Direction]
        # A row that was measured before its run broke off has its speeds, though there
        # be no time now to verify it again.
        if event.status == SKIPPED and any(tally.epochs for tally in both):
            return
        for tally in both:
            tally.status, tally.message = event.status, event.message


def _record(
    plan: Plan,
    payloads: Payloads,
    tallies: Mapping[tuple[int, Direction], _Tally],
    kept: Journal | None,
    *,
    command: str,
    is_complete: bool,
) -> RunRecord:
    _mark_unmeasured(plan, tallies, is_complete=is_complete)
    return RunRecord(
        complab_version=__version__,
        method_version=METHOD_VERSION,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        plan={
            "budget_s": plan.budget_s,
            "precision_pct": plan.precision_pct,
            "seed": plan.seed,
            "worker_count": plan.worker_count,
            "time_limit_s": plan.step_s,
            "memory_limit_bytes": plan.memory_limit_bytes,
            "method": plan.method,
            "pairs": [list(pair) for pair in plan.pairs],
        },
        environment=environment.describe(core.clock_facts()),
        inputs=(
            InputFacts(
                path=payloads.path,
                sha256=payloads.sha256,
                batch_count=payloads.batch_count,
                measured_batch_count=len(payloads.blocks),
                record_count=payloads.record_count,
                uncompressed_bytes=payloads.uncompressed_bytes,
                opaque=payloads.is_opaque,
            ),
        ),
        configurations=tuple(map(_facts, plan.configurations)),
        measurements=judged(
            tally.measurement(number, direction)
            for (number, direction), tally in tallies.items()
        ),
        warnings=(
            *_warnings(payloads, plan, tallies, is_complete=is_complete),
            *_journal_warnings(kept),
        ),
        is_complete=is_complete,
    )


def _mark_unmeasured(
    plan: Plan, tallies: Mapping[tuple[int, Direction], _Tally], *, is_complete: bool
) -> None:
    """Say of what has no epoch, or too few for an error bar, why that is so."""
    for configuration in plan.configurations:
        both = [tallies[configuration.id, direction] for direction in Direction]
        for direction, tally in zip(Direction, both, strict=True):
            if tally.status != OK or len(tally.epochs) >= EPOCHS_AT_LEAST:
                continue
            if tally.epochs:
                epochs = format_count(len(tally.epochs), "epoch", "epochs")
                tally.message = (
                    f"no error bar: time for {epochs} of {direction.name.lower()}ing "
                    "it alone"
                )
                continue
            what = (
                f"{direction.name.lower()}ing " if any(t.epochs for t in both) else ""
            )
            tally.status = SKIPPED
            tally.message = (
                f"no time was left for {what or 'measuring '}it: raise --budget or "
                "lower --max-input"
                if is_complete
                else f"interrupted before its first {what}epoch"
            )


def _warnings(
    payloads: Payloads,
    plan: Plan,
    tallies: Mapping[tuple[int, Direction], _Tally],
    *,
    is_complete: bool,
) -> list[ResultWarning]:
    warnings = [
        ResultWarning(
            w.kind, payloads.path, {"message": w.message, "is_damage": w.is_damage}
        )
        for w in payloads.warnings
    ]
    thin = sum(
        1
        for c in plan.configurations
        if any(0 < len(tallies[c.id, d].epochs) < EPOCHS_AT_LEAST for d in Direction)
    )
    if thin and is_complete:
        rows = format_count(thin, "row has", "rows have")
        text = (
            f"{rows} too few epochs for an error bar: raise --budget or lower "
            "--max-input"
        )
        warnings.append(ResultWarning("few-epochs", "run", {"message": text}))
    return warnings


def _journal_warnings(kept: Journal | None) -> list[ResultWarning]:
    """That a run was broken off, or that the journal was."""
    warnings = []
    earlier = kept.earlier if kept else ()
    rounds = [event.round for event in earlier if isinstance(event, EpochMeasured)]
    if rounds:
        text = f"the run was broken off after round {max(rounds):,} and went on later"
        warnings.append(ResultWarning("resumed", "run", {"message": text}))
    if kept and kept.problem:
        text = f"nothing to resume from is left if the run breaks off: {kept.problem}"
        warnings.append(ResultWarning("journal", "run", {"message": text}))
    return warnings


def _client_name(configuration: Configuration) -> str | None:
    """Whose frames they are, ``None`` for blocks without a frame."""
    if configuration.framing != KAFKA:
        return None
    client = configuration.selection.client
    return client.name if client else JAVA


def _facts(configuration: Configuration) -> ConfigurationFacts:
    provider = configuration.selection.provider
    return ConfigurationFacts(
        id=configuration.id,
        codec=configuration.codec,
        level=configuration.level,
        parameters={},
        framing=configuration.framing,
        client=_client_name(configuration),
        context=FRESH if configuration.is_context_fresh else REUSED,
        size_known=configuration.is_size_known,
        buffers=COLD if configuration.is_cold else WARM,
        threads=configuration.thread_count,
        provider=(
            None
            if provider is None
            else ProviderFacts(
                provider.label, provider.path, provider.version, provider.sha256
            )
        ),
    )
