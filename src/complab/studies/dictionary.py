"""``dictionary``: what a trained zstd dictionary would give, and for how long.

A dictionary is trained on the values of a topic's earlier batches and tried on its
later ones, so that what it gives is what it would have given. It is tried on single
values, as a client would compress them before it hands them to its producer, and on
batches of 1, 10 and 100 records and whole ones, which shows where a batch has enough of
its own to make a dictionary needless.

The last part is a thought only. Kafka carries no dictionaries: neither protocol nor
record format has a place for one, brokers and consumers decompress batches without, and
a batch that needed one could be read by nobody. What can use a dictionary is a client
that compresses each value itself, and whose readers have the same dictionary, found by
the id that stands in each frame.

Each output is decompressed and compared with its input.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

from complab import core
from complab.codecs import specs
from complab.codecs.catalogue import KAFKA, Catalogue
from complab.codecs.specs import Selection
from complab.errors import NoDataBatchError, PlanError
from complab.kafka.inputs import InputOptions, read_input
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES
from complab.kafka.payloads import DEFAULT_MAX_INPUT_BYTES
from complab.kafka.recorded import read_recorded
from complab.render import ShownAsTable, Table, render_html
from complab.results.model import FAILED
from complab.studies.dictionary_tables import (
    VALUE,
    AgeRow,
    DictionaryRow,
    ages_table,
    dictionary_table,
)
from complab.studies.dictionary_trials import Trials
from complab.units import format_count

DEFAULT_CODECS = "zstd:3"
DEFAULT_SIZES = (4096, 16_384, 65_536, 112_640)
"""Dictionary sizes in bytes; the last is what ``zstd --train`` makes (110 KiB)."""

DEFAULT_TRAIN_SHARE = 0.5

TRAINERS: Mapping[str, core.Trainer] = {
    "default": core.Trainer.DEFAULT,
    "fast-cover": core.Trainer.FAST_COVER,
    "cover": core.Trainer.COVER,
}
"""Trainers by their words: zstd's own default, and those that search farther."""


@dataclass(frozen=True, repr=False)
class DictionaryStudy(ShownAsTable):
    """What dictionaries gave; shows itself.

    ``ages`` are of the dictionary ``aged``, the one that saves most of single values.
    ``dictionaries`` are the trained bytes by library's label, level and wanted size.
    """

    path: str
    rows: tuple[DictionaryRow, ...]
    ages: tuple[AgeRow, ...]
    aged: DictionaryRow | None
    train_batch_count: int
    test_batch_count: int
    train_record_count: int
    remarks: tuple[str, ...]
    dictionaries: Mapping[tuple[str, int, int], bytes]
    has_damage: bool = False

    @property
    def has_failures(self) -> bool:
        """Whether something could not be read, or a dictionary not trained or used."""
        return self.has_damage or any(row.status == FAILED for row in self.rows)

    def table(self) -> Table:
        """A row for each codec, dictionary and kind of block."""
        return dictionary_table(self)

    def ages_table(self) -> Table:
        """A row for each later part of the segment."""
        return ages_table(self)

    def to_document(self) -> dict[str, Any]:
        """All of it, but the dictionaries, as JSON's lists and mappings."""
        return {
            "path": self.path,
            "train_batch_count": self.train_batch_count,
            "test_batch_count": self.test_batch_count,
            "train_record_count": self.train_record_count,
            "rows": [dict(row) for row in self.table().rows],
            "ages": [dict(row) for row in self.ages_table().rows],
            "aged": asdict(self.aged) if self.aged else None,
            "remarks": list(self.remarks),
        }

    def __str__(self) -> str:
        """Both tables as text."""
        return (
            f"{self.table()}\n\n{self.ages_table()}" if self.ages else super().__str__()
        )

    def _repr_html_(self) -> str:
        tables = [self.table()] + ([self.ages_table()] if self.ages else [])
        return "\n".join(map(render_html, tables))


def dictionary(
    path: str,
    codecs: str = DEFAULT_CODECS,
    *,
    sizes: Sequence[int] = DEFAULT_SIZES,
    trainer: str = "default",
    train_share: float = DEFAULT_TRAIN_SHARE,
    has_speeds: bool = False,
    libraries: Sequence[str] = (),
    records: str | None = None,
    batch_bytes: int | None = None,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    seed: int = 0,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> DictionaryStudy:
    """Train zstd dictionaries on earlier batches of a log, and try them on later ones.

    ``path`` is a file of record batches, a folder of segments, or ``"-"``; with
    ``records`` a file of records, batched by ``batch_bytes``. ``codecs`` are levels of
    zstd (``"zstd:1,3"``), ``sizes`` the dictionaries' in bytes. The first
    ``train_share`` of the batches trains, with the ``trainer`` ``default``,
    ``fast-cover`` or ``cover``; the others test. With ``has_speeds`` single values are
    timed, too, two seconds for each dictionary. Of a large input, evenly spread
    batches are used. ``on_progress`` gets what is done, its number, and how many there
    are.

    Raises ``InputError`` and its kin for an input that cannot be used, ``PlanError``
    for wrong words or numbers, ``ProviderError`` for a library that cannot serve. A
    dictionary that cannot be trained is a row that says so.

    >>> import complab
    >>> complab.dictionary("segment.log", "zstd:3")  # doctest: +SKIP
    """
    if trainer not in TRAINERS:
        message = f"trainer {trainer!r}: it is one of {', '.join(TRAINERS)}"
        raise PlanError(message)
    if not 0 < train_share < 1:
        message = f"a share of {train_share} to train on: give one between 0 and 1"
        raise PlanError(message)
    _check_sizes(sizes)
    found = Catalogue.with_libraries(libraries)
    selections = _selections(codecs, found)
    options = InputOptions(
        records=records,
        batch_bytes=batch_bytes,
        max_input_bytes=max_input_bytes,
        max_payload_bytes=max_payload_bytes,
    )
    payloads = read_input(path, options, libraries=found, seed=seed)
    recorded = read_recorded(payloads)
    batch_count = len(recorded.blocks)
    train_count = round(train_share * batch_count)
    if not 0 < train_count < batch_count:
        batches = format_count(batch_count, "batch", "batches")
        message = f"has {batches} to train on and test with: take a longer piece"
        raise NoDataBatchError(message, path=path)
    trials = Trials(recorded, train_count, TRAINERS[trainer], has_speeds=has_speeds)
    rows: list[DictionaryRow] = []
    for number, (selection, size_bytes) in enumerate(
        plan := list(product(selections, dict.fromkeys(sizes)))
    ):
        if on_progress:
            on_progress(f"dictionary of {size_bytes:,} bytes", number, len(plan))
        rows += trials.rows(selection, trainer, size_bytes)
    aged = _best(rows)
    ages: tuple[AgeRow, ...] = ()
    if aged:
        if on_progress:
            on_progress("age", len(plan), len(plan))
        ages = tuple(trials.ages(aged))
    return DictionaryStudy(
        path,
        tuple(rows),
        ages,
        aged,
        train_count,
        batch_count - train_count,
        int(recorded.counts[:train_count].sum()),
        tuple(warning.message for warning in payloads.warnings),
        trials.dictionaries,
        any(warning.is_damage for warning in payloads.warnings),
    )


def _best(rows: Sequence[DictionaryRow]) -> DictionaryRow | None:
    """The row of single values that a dictionary saves most of."""
    known = [r for r in rows if r.unit == VALUE and r.gain_pct is not None]
    return max(known, key=lambda r: r.gain_pct or 0.0, default=None)


# zdict.h trains none below 256 bytes.
_LEAST_SIZE_BYTES = 256


def _check_sizes(sizes: Sequence[int]) -> None:
    if not sizes:
        message = "name the size of one dictionary at least"
        raise PlanError(message)
    small = [size for size in sizes if size < _LEAST_SIZE_BYTES]
    if small:
        message = (
            f"a dictionary of {small[0]} bytes: zstd trains none below "
            f"{_LEAST_SIZE_BYTES}"
        )
        raise PlanError(message)


def _selections(codecs: str, libraries: Catalogue) -> tuple[Selection, ...]:
    selections = specs.select(
        codecs, framing=KAFKA, libraries=libraries, is_default_alone=True
    )
    others = [s.codec.name for s in selections if s.codec.name != "zstd"]
    if others:
        message = f"{others[0]} takes no trained dictionary: name levels of zstd"
        raise PlanError(message)
    return selections
