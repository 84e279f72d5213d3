"""Batches of one topic, and what other codecs would make of them.

A sample is either every batch of the topic, or draws in pairs from the strata of a
``SamplingFrame``; both give ratios of totals, the latter with an interval
(``complab.sampling``). What cannot be read, decompressed or compressed is counted as it
is stored, and told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias

from complab import core
from complab.codecs.catalogue import KAFKA_CODECS, Catalogue
from complab.codecs.specs import Selection
from complab.errors import (
    CodecError,
    CodecRunError,
    InputError,
    RecordError,
    ShrunkFileError,
)
from complab.kafka.clients import narrow_origins, read_origins
from complab.kafka.data_folder import DataFolder, Segment
from complab.kafka.decoders import Decoders
from complab.kafka.frames import RECORD_BATCH_MAGIC, read_frames
from complab.kafka.record_facts import RecordFacts, note_batch, unread_facts
from complab.kafka.sampling_frame import Place
from complab.kafka.spot_reads import ReadMeter, Spot, all_batches, batch_at
from complab.kafka.subject import Subject
from complab.sampling import Ratio, estimate_ratio, failure_chance_of_look
from complab.units import format_count

if TYPE_CHECKING:
    import numpy as np

    from complab.kafka.log import Rows

    Floats: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

_NOT_DRAWN = -1

# What records say is kept for so many batches in one piece.
_CHUNK_BATCHES = 1024

# A batch whose records were not read.
_UNREAD = -1


class Recompressor:
    """Compresses payloads as a Java client would, to see how large they become."""

    def __init__(
        self,
        selections: Sequence[Selection],
        *,
        libraries: Catalogue,
        max_payload_bytes: int,
    ) -> None:
        """Make a compressor for each selection; one with a problem gives no sizes."""
        self._decoders = Decoders(libraries)
        self._payloads = core.PayloadArena()
        self._arena = core.Arena()
        self._max_payload_bytes = max_payload_bytes
        self._coders = [
            None
            if each.problem
            else core.Coder(
                each.codec,
                each.provider.library if each.provider else None,
                core.Direction.COMPRESS,
                level=each.level or 0,
                is_size_known=False,
            )
            for each in selections
        ]

    def payload(self, spot: Spot) -> memoryview:
        """The uncompressed records section; valid until the next one is asked for.

        ``CodecError`` if it does not decompress, or its codec has no library here.
        """
        codec_id = int(spot.row["codec_id"])
        if spot.row["magic"] < RECORD_BATCH_MAGIC and codec_id == 0:
            return memoryview(spot.data)  # a message that stands alone is its payload
        if problem := self._decoders.problem(codec_id):
            known = codec_id < len(KAFKA_CODECS)
            name = KAFKA_CODECS[codec_id] if known else f"codec {codec_id}"
            raise CodecError(problem, codec=name)
        rows = spot.row.reshape(1)
        source = core.Source(spot.data, path="batch")
        return self._payloads.read(
            source, self._decoders.coders, rows, largest_bytes=self._max_payload_bytes
        )[0]

    def sizes(self, payload: memoryview) -> list[int]:
        """The compressed size for each selection, -1 where it has no library."""
        sources = core.Sources([payload])
        found = []
        for coder in self._coders:
            if coder is None:
                found.append(-1)
                continue
            capacity = coder.bound_bytes(len(payload))
            work = core.Work(coder, sources, [capacity], self._arena)
            found.append(work.run_block(0))
        return found


@dataclass
class _Batches:
    """What is known of each batch that was read, in the order of reading."""

    rows: list["np.void"] = field(default_factory=list)
    payload_bytes: list[int] = field(default_factory=list)
    record_counts: list[int] = field(default_factory=list)
    facts: list[RecordFacts] = field(default_factory=list)
    new_bytes: list[list[int]] = field(default_factory=list)
    numbers: dict[tuple[int, int], int] = field(default_factory=dict)


@dataclass
class _Trouble:
    """What is wrong with so many batches; the first one's place, and why if known."""

    count: int
    first: str


_BAD_CRC = ("batch has a wrong CRC", "batches have a wrong CRC")
_MALFORMED = ("batch holds malformed records", "batches hold malformed records")
_IN_NO_BATCH = ("drawn place is in no batch", "drawn places are in no batch")


class TopicSample:
    """What was read of a topic."""

    def __init__(
        self,
        folder: DataFolder,
        segments: Sequence[Segment],
        *,
        recompressor: Recompressor,
        selection_count: int,
        meter: ReadMeter,
    ) -> None:
        """Begin with nothing."""
        self.is_whole = False
        self._folder = folder
        self._segments = segments
        self._recompressor = recompressor
        self._selection_count = selection_count
        self._meter = meter
        self._batches = _Batches()
        self._draws: list[list[int]] = []
        self._look_count = 0
        self._lost: dict[int, str] = {}
        self._no_batch_bytes: dict[int, int] = {}
        self._troubles: dict[tuple[str, str], _Trouble] = {}

    # ---- Reading ----------------------------------------------------------------

    def draw(self, places: Sequence[Place]) -> None:
        """Read the batches at places, of which each two are a stratum's pair."""
        drawn = [_NOT_DRAWN] * len(places)
        order = sorted(
            range(len(places)), key=lambda i: (places[i].segment, places[i].position)
        )
        opened: tuple[int, core.Source | None] = (-1, None)
        for i in order:
            place = places[i]
            if place.segment != opened[0]:
                opened = (place.segment, self._open(place.segment))
            if opened[1] is None:
                continue
            try:
                spot = batch_at(
                    opened[1], place.position, place.begin, place.end, self._meter
                )
            except InputError as error:
                self._lose(place.segment, str(error))
                opened = (place.segment, None)
                continue
            if spot is not None:
                drawn[i] = self._note(place.segment, spot)
            elif not self._is_active(place.segment):
                self._tell(_IN_NO_BATCH, place.segment, place.position)
        self._draws += [drawn[i : i + 2] for i in range(0, len(drawn), 2)]
        self._look_count += 1

    def read_whole(self) -> None:
        """Read every batch instead of drawing; what was drawn is forgotten."""
        self._batches = _Batches()
        self._draws = []
        self._lost = {}
        self._troubles = {}
        self.is_whole = True
        for number in range(len(self._segments)):
            source = self._open(number)
            if source is None:
                continue
            left_bytes = end = self._segments[number].log_bytes
            try:
                for spot in all_batches(source, end, self._meter):
                    self._note(number, spot)
                    left_bytes -= int(spot.row["batch_bytes"])
            except InputError as error:
                self._lose(number, str(error))
                continue
            if left_bytes and not self._is_active(number):
                self._no_batch_bytes[number] = left_bytes

    def _is_active(self, segment: int) -> bool:
        """Whether a segment is its partition's last, which a broker may write to.

        Its end may be preallocated, or a batch that is not all there yet.
        """
        after = self._segments[segment + 1 : segment + 2]
        return not after or after[0].folder != self._segments[segment].folder

    def _open(self, segment: int) -> core.Source | None:
        if segment in self._lost:
            return None
        try:
            source = self._folder.open_log(self._segments[segment])
            if source.total_bytes < self._segments[segment].log_bytes:
                message = f"has {source.total_bytes:,} bytes, fewer than when listed"
                raise ShrunkFileError(message, path=source.path)
        except InputError as error:
            self._lose(segment, str(error))
            return None
        return source

    def _lose(self, segment: int, why: str) -> None:
        """Tell why a segment is not read (any more), once."""
        self._lost[segment] = why

    def _tell(
        self, words: tuple[str, str], segment: int, position: int, why: str = ""
    ) -> None:
        """Count something wrong, by its words for one and for many."""
        first = f"{self._segments[segment].path}, offset {position:,}"
        if why:
            first += f": {why}"
        self._troubles.setdefault(words, _Trouble(0, first)).count += 1

    def _note(self, segment: int, spot: Spot) -> int:
        """Measure a batch unless it was drawn before; its number among those read."""
        batches = self._batches
        key = (segment, int(spot.row["position"]))
        if key in batches.numbers:
            return batches.numbers[key]
        number = batches.numbers[key] = len(batches.rows)
        spot.row["file"] = segment
        batches.rows.append(spot.row)
        batches.payload_bytes.append(_UNREAD)
        batches.record_counts.append(int(spot.row["record_count"]))
        if number % _CHUNK_BATCHES == 0:
            batches.facts.append(unread_facts(_CHUNK_BATCHES))
        batches.new_bytes.append(self._measure(segment, spot))
        return number

    def _measure(self, segment: int, spot: Spot) -> list[int]:
        """The sizes that the batch would have; its own where it would stay as it is."""
        row = spot.row
        place = (segment, int(row["position"]))
        own = [int(row["batch_bytes"])] * self._selection_count
        payload = self._payload(segment, spot)
        # Of a message that stands alone the set is forgotten in which it was sent.
        is_single = row["magic"] < RECORD_BATCH_MAGIC and row["codec_id"] == 0
        if payload is None or is_single:
            return own
        try:
            sizes = self._recompressor.sizes(payload)
        except CodecError as error:
            self._tell(_failing(error, "compressed"), *place, _reason(error))
            return own
        rest = own[0] - int(row["compressed_bytes"])
        return [rest + size if size >= 0 else -1 for size in sizes]

    def _payload(self, segment: int, spot: Spot) -> memoryview | None:
        """The records of the last batch, noted; ``None`` if there are none to be had.

        It holds until the next one is read.
        """
        row, batches = spot.row, self._batches
        place = (segment, int(row["position"]))
        if not row["crc_valid"]:
            self._tell(_BAD_CRC, *place)
            return None
        if row["record_count"] == 0 or row["is_control"]:
            return None
        number = (len(batches.rows) - 1) % _CHUNK_BATCHES
        try:
            payload = self._recompressor.payload(spot)
            records = note_batch(batches.facts[-1], number, payload, row)
        except CodecError as error:
            self._tell(_failing(error, "read"), *place, _reason(error))
            return None
        except RecordError as error:
            self._tell(_MALFORMED, *place, str(error))
            return None
        batches.record_counts[-1] = len(records)
        batches.payload_bytes[-1] = len(payload)
        return payload

    # ---- What it gives ----------------------------------------------------------

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences about what could not be read, with places."""
        told = list(self._lost.values())
        told += [
            f"{size_bytes:,} bytes of {self._segments[number].path} are in no batch"
            for number, size_bytes in self._no_batch_bytes.items()
        ]
        for words, trouble in self._troubles.items():
            where = "" if trouble.count == 1 else "the first "
            told.append(
                f"{format_count(trouble.count, *words)}, {where}in {trouble.first}"
            )
        return tuple(told)

    def __len__(self) -> int:
        """The number of batches that were read, each counted once."""
        return len(self._batches.rows)

    @property
    def draw_count(self) -> int:
        """How often a place was drawn; 0 if everything was read."""
        return 2 * len(self._draws)

    def rows(self) -> "Rows":
        """The batches' rows, in the order of reading, as all that follows."""
        import numpy as np

        return np.array(self._batches.rows, core.batch_dtype())

    def column(self, name: str) -> "Floats":
        """A field of the rows."""
        import numpy as np

        return np.array([row[name] for row in self._batches.rows], np.float64)

    def payload_bytes(self) -> "Floats":
        """The uncompressed sizes, -1 where records could not be read."""
        import numpy as np

        return np.array(self._batches.payload_bytes, np.float64)

    def record_counts(self) -> "Floats":
        """The records of each batch, -1 where nobody knows."""
        import numpy as np

        return np.array(self._batches.record_counts, np.float64)

    def subject(self) -> Subject:
        """The batches as an index in the order of the files, for the lint rules.

        Of a sample they stand for bytes rather than for batches: a large one is drawn
        more often.
        """
        import numpy as np

        rows = self.rows()
        order = np.lexsort([rows["position"], rows["file"]])
        facts = {
            each.name: np.concatenate(
                [getattr(f, each.name) for f in self._batches.facts]
            )[order]
            for each in fields(RecordFacts)
        }
        frames = read_frames(rows[order])
        origins = narrow_origins(rows[order], read_origins(rows[order], frames))
        return Subject(
            rows[order], frames=frames, origins=origins, records=RecordFacts(**facts)
        )

    def new_ratio(self, selection: int, *, is_next_look: bool = False) -> Ratio | None:
        """All bytes of batches as a codec would store them, by those that there are.

        With ``is_next_look`` its interval is as sure as that after one more round.
        """
        new_bytes = [sizes[selection] for sizes in self._batches.new_bytes]
        if -1 in new_bytes:
            return None
        look = self._look_count + is_next_look
        return self.ratio(new_bytes, self.column("batch_bytes"), look=look)

    def ratio(
        self, above: Iterable[float], below: Iterable[float], *, look: int = 1
    ) -> Ratio | None:
        """The ratio of two totals over the topic, of quantities of its batches.

        ``look`` is how often it was looked at whether more has to be drawn.
        """
        import numpy as np

        numerators, denominators = (
            np.fromiter(values, np.float64) for values in (above, below)
        )
        if self.is_whole or not len(self):
            total = float(denominators.sum())
            return Ratio(float(numerators.sum()) / total) if total else None
        drawn, weights = self._drawn()
        return estimate_ratio(
            numerators[drawn] * weights,
            denominators[drawn] * weights,
            failure_chance=failure_chance_of_look(look),
        )

    def covered_share(self, line_bytes: int) -> float:
        """Which part of the topic's bytes is batches that could be read."""
        if self.is_whole:
            return float(self.column("batch_bytes").sum()) / max(1, line_bytes)
        hits = sum(i != _NOT_DRAWN for pair in self._draws for i in pair)
        return hits / max(1, self.draw_count)

    def shares(self, words: Sequence[str]) -> dict[str, float]:
        """Each word's share of the bytes, the largest first; a word for each batch."""
        sizes = self.column("batch_bytes")
        found = {}
        for word in dict.fromkeys(words):
            own = (
                size if w == word else 0.0 for w, size in zip(words, sizes, strict=True)
            )
            share = self.ratio(own, sizes)
            found[word] = share.value if share else 0.0
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def _drawn(self) -> "tuple[np.ndarray[Any, np.dtype[np.int64]], Floats]":
        """The batch of each draw, and what its quantities are multiplied with."""
        import numpy as np

        drawn = np.array(self._draws, np.int64).reshape(-1, 2)
        sizes = self.column("batch_bytes")
        weights = np.where(drawn == _NOT_DRAWN, 0.0, 1 / sizes[drawn])
        return drawn, weights


def _failing(error: CodecError, done: str) -> tuple[str, str]:
    """That a codec failed, for one batch and for many."""
    words = f"cannot be {done} ({error.codec})"
    return f"batch {words}", f"batches {words}"


def _reason(error: CodecError) -> str:
    """Why, without the number that a batch has where each is run by itself."""
    return error.reason if isinstance(error, CodecRunError) else str(error)
