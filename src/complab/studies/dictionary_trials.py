"""Trains dictionaries on the first batches, and compresses the others with them.

Every output is decompressed by the same library and compared with its input.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final, TypeVar

from complab import core
from complab.codecs.catalogue import KAFKA, RAW, find
from complab.codecs.specs import Selection
from complab.errors import CodecError, RoundTripMismatchError, TrainingError
from complab.kafka.payloads import spread_order
from complab.kafka.recorded import Recorded
from complab.results.model import FAILED
from complab.studies.dictionary_speeds import measure_speeds
from complab.studies.dictionary_tables import VALUE, WHOLE, AgeRow, DictionaryRow

_T = TypeVar("_T")

# Records a block, between a single value and a batch as it is stored.
_RECORD_COUNTS: Final = (1, 10, 100)

# So many blocks of a kind are tried, evenly spread over the later batches.
_BLOCKS_AT_MOST: Final = 4000

# zdict.h advises samples of a hundred times the dictionary's size.
_SAMPLES_A_SIZE: Final = 100

# The later batches in so many parts, one after the other, show how a dictionary ages.
_AGES: Final = 8


@dataclass(frozen=True, slots=True)
class _Unit:
    """A kind of block: what it is called, its framing, and how many records it has."""

    name: str
    framing: str
    blocks: Sequence[memoryview]
    record_count: int


@dataclass(frozen=True, slots=True)
class _Subject:
    """What compresses: a level of a copy of the library."""

    library: core.Library
    level: int


class Trials:
    """Dictionaries from the first ``train_count`` of some batches, tried on the rest.

    ``dictionaries`` are those that were trained, by the library's label, level and
    wanted size.
    """

    def __init__(
        self,
        recorded: Recorded,
        train_count: int,
        trainer: core.Trainer,
        *,
        has_speeds: bool,
    ) -> None:
        """Lay the blocks out; nothing is trained yet."""
        self.dictionaries: dict[tuple[str, int, int], bytes] = {}
        self._recorded = recorded
        self._starts = [0, *recorded.counts.cumsum().tolist()]
        self._train_count = train_count
        self._trainer = trainer
        self._has_speeds = has_speeds
        self._arena = core.Arena()
        self._subjects: dict[tuple[str, int], _Subject] = {}
        self._units = list(self._make_units())
        self._plain: dict[tuple[_Subject, str], int] = {}

    def _make_units(self) -> Iterator[_Unit]:
        begin, end = self._train_count, len(self._recorded.blocks)
        values = _some(self._values(begin, end))
        yield _Unit(VALUE, RAW, values, len(values))
        for count in _RECORD_COUNTS:
            blocks = _some(self._groups(begin, end, count))
            name = "1 record" if count == 1 else f"{count} records"
            yield _Unit(name, KAFKA, blocks, count * len(blocks))
        numbers = _some(list(range(begin, end)))
        blocks = [memoryview(self._recorded.blocks[i]) for i in numbers]
        yield _Unit(WHOLE, KAFKA, blocks, int(self._recorded.counts[numbers].sum()))

    def _values(self, begin: int, end: int) -> list[memoryview]:
        """The values in batches ``begin`` to before ``end``, without empty ones."""
        rows = self._recorded.rows[self._starts[begin] : self._starts[end]]
        view = memoryview(self._recorded.source)
        places = rows["value_position"].tolist()
        sizes = rows["value_bytes"].tolist()
        return [
            view[place : place + size]
            for place, size in zip(places, sizes, strict=True)
            if size > 0
        ]

    def _groups(self, begin: int, end: int, count: int) -> list[memoryview]:
        """The records of those batches as they stand there, ``count`` at a time.

        What is left of a batch behind the last of its groups is in none.
        """
        positions = self._recorded.rows["position"]
        view = memoryview(self._recorded.source)
        ends = list(accumulate(map(len, self._recorded.blocks)))
        found = []
        for number in range(begin, end):
            own = positions[self._starts[number] : self._starts[number + 1]]
            bounds = [*own.tolist(), ends[number]]
            found += [
                view[bounds[i] : bounds[i + count]]
                for i in range(0, len(bounds) - count, count)
            ]
        return found

    # ---- Sizes ------------------------------------------------------------------

    def rows(
        self, selection: Selection, trainer: str, size_bytes: int
    ) -> Iterator[DictionaryRow]:
        """Train one dictionary, and try it on each kind of block."""
        provider = selection.provider
        row = DictionaryRow(
            codec=selection.codec.name,
            level=selection.level or 0,
            provider=provider.label if provider else "",
            library_version=provider.version if provider else "",
            trainer=trainer,
            wanted_bytes=size_bytes,
            dictionary_bytes=None,
            unit="",
        )
        library = provider.library if provider else None
        if library is None:
            yield replace(row, status=FAILED, message=selection.problem)
            return
        subject = _Subject(library, row.level)
        self._subjects[row.provider, row.level] = subject
        try:
            trained = self._train(subject, 0, self._train_count, size_bytes)
        except TrainingError as error:
            yield replace(row, status=FAILED, message=str(error))
            return
        self.dictionaries[row.provider, row.level, size_bytes] = trained
        row = replace(row, dictionary_bytes=len(trained))
        for unit in self._units:
            if unit.blocks:
                yield self._try(replace(row, unit=unit.name), unit, subject, trained)

    def _try(
        self, row: DictionaryRow, unit: _Unit, subject: _Subject, trained: bytes
    ) -> DictionaryRow:
        key = (subject, unit.name)
        try:
            if key not in self._plain:
                self._plain[key] = self._compressed_bytes(unit, subject, None)
            compressed_bytes = self._compressed_bytes(unit, subject, trained)
            speeds = None
            if self._has_speeds and unit.name == VALUE:
                speeds = measure_speeds(
                    unit.blocks, subject.library, subject.level, trained
                )
        except CodecError as error:
            return replace(row, status=FAILED, message=str(error))
        return replace(
            row,
            block_count=len(unit.blocks),
            record_count=unit.record_count,
            uncompressed_bytes=sum(map(len, unit.blocks)),
            plain_bytes=self._plain[key],
            compressed_bytes=compressed_bytes,
            speeds=speeds,
        )

    def _train(self, subject: _Subject, begin: int, end: int, size_bytes: int) -> bytes:
        """A dictionary of the values of some batches."""
        samples = self._values(begin, end)
        most_bytes = _SAMPLES_A_SIZE * size_bytes
        kept, total_bytes = [], 0
        for number in spread_order(len(samples), 0).tolist():
            if total_bytes >= most_bytes:
                break
            kept.append(number)
            total_bytes += len(samples[number])
        return core.train_dictionary(
            subject.library,
            [samples[number] for number in sorted(kept)],
            size_bytes,
            trainer=self._trainer,
            level=subject.level,
        )

    def _compressed_bytes(
        self, unit: _Unit, subject: _Subject, trained: bytes | None
    ) -> int:
        """What the blocks become; ``RoundTripMismatchError`` if they do not come back.

        The context is kept: with it what was made of the dictionary, as a client does.
        """
        codec = find("zstd", unit.framing)
        encoder, decoder = (
            core.Coder(
                codec,
                subject.library,
                direction,
                level=subject.level,
                is_size_known=unit.framing == RAW,
                dictionary=trained,
            )
            for direction in core.Direction
        )
        total_bytes = 0
        for number, block in enumerate(unit.blocks):
            capacities = [encoder.bound_bytes(len(block))]
            work = core.Work(encoder, core.Sources([block]), capacities, self._arena)
            total_bytes += work.run_block(0)
            sources = core.Sources([work.output(0)])
            back = core.Work(decoder, sources, [len(block)], self._arena)
            back.run_block(0)
            if back.output(0) != block:
                message = "the block does not come back as it was"
                raise RoundTripMismatchError(
                    message, codec="zstd", block_index=number, byte_offset=0
                )
        return total_bytes

    # ---- Age --------------------------------------------------------------------

    def ages(self, row: DictionaryRow) -> Iterator[AgeRow]:
        """How a dictionary does on later and later parts, and how a fresh one would."""
        subject = self._subjects[row.provider, row.level]
        trained = self.dictionaries[row.provider, row.level, row.wanted_bytes]
        first, count = self._train_count, len(self._recorded.blocks)
        parts = min(_AGES, count - first)
        bounds = [first + (count - first) * i // parts for i in range(parts + 1)]
        for part in range(parts):
            begin, end = bounds[part], bounds[part + 1]
            values = _some(self._values(begin, end))
            if not values:
                continue
            unit = _Unit(VALUE, RAW, values, len(values))
            compressed_bytes = self._compressed_bytes(unit, subject, trained)
            fresh: int | None = None
            if part == 0:  # it is as fresh as one can be
                fresh = compressed_bytes
            else:
                # What came before may be too little: the row then has no value.
                with suppress(TrainingError):
                    newer = self._train(subject, begin - first, begin, row.wanted_bytes)
                    fresh = self._compressed_bytes(unit, subject, newer)
            yield AgeRow(
                part=part + 1,
                records_since=(self._starts[begin] + self._starts[end]) // 2
                - self._starts[first],
                record_count=len(values),
                uncompressed_bytes=sum(map(len, values)),
                plain_bytes=self._compressed_bytes(unit, subject, None),
                compressed_bytes=compressed_bytes,
                fresh_bytes=fresh,
            )


def _some(items: list[_T]) -> list[_T]:
    """Evenly spread items in their order, not more than are tried."""
    if len(items) <= _BLOCKS_AT_MOST:
        return items
    step = len(items) / _BLOCKS_AT_MOST
    return [items[int(i * step)] for i in range(_BLOCKS_AT_MOST)]
