"""Batches of one topic, and what other codecs would make of them.

A sample is either every batch of the topic, or draws in pairs from the strata of a
``SamplingFrame``; both give ratios of totals, the latter with an interval
(``complab.sampling``). What cannot be read, decompressed or compressed is counted as it
is stored, and told.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias

from complab import core
from complab.codecs.catalogue import KAFKA_CODECS, Catalogue
from complab.codecs.specs import Selection
from complab.errors import CodecError, InputError, RecordError, ShrunkFileError
from complab.kafka.clients import narrow_origins, read_origins
from complab.kafka.data_folder import DataFolder, Segment
from complab.kafka.decoders import Decoders
from complab.kafka.frames import RECORD_BATCH_MAGIC, read_frames
from complab.kafka.record_facts import RecordFacts, note_batch, unread_facts
from complab.kafka.sampling_frame import Place
from complab.kafka.spot_reads import ReadMeter, Spot, all_batches, batch_at
from complab.kafka.subject import Subject
from complab.sampling import Ratio, estimate_ratio

if TYPE_CHECKING:
    import numpy as np

    from complab.kafka.log import Rows

    Floats: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

_NOT_DRAWN = -1

# A sample is complete after a first round that tells how many are needed, a second of
# so many, and mostly then; sometimes a third has to make up for a guess too low.
_LOOKS = 3

# The records of so many batches are enough for lint; to look into them takes about as
# long as to compress them.
_LINTED_AT_MOST = 500

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


class TopicSample:
    """What was read of a topic. ``problems`` counts why something could not be."""

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
        self.problems: Counter[str] = Counter()
        self.is_whole = False
        self._folder = folder
        self._segments = segments
        self._recompressor = recompressor
        self._selection_count = selection_count
        self._meter = meter
        self._batches = _Batches()
        self._draws: list[list[int]] = []
        self._lost: set[int] = set()

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
                path = self._segments[place.segment].path
                self.problems[f"places drawn in {path} are in no batch"] += 1
        self._draws += [drawn[i : i + 2] for i in range(0, len(drawn), 2)]

    def read_whole(self) -> None:
        """Read every batch instead of drawing; what was drawn is forgotten."""
        self.problems.clear()
        self._batches = _Batches()
        self._draws = []
        self._lost = set()
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
                path = self._segments[number].path
                self.problems[f"{left_bytes:,} bytes of {path} are in no batch"] += 1

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
        self._lost.add(segment)
        self.problems[why] += 1

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
        if number < _LINTED_AT_MOST:
            batches.facts.append(unread_facts(1))
        batches.new_bytes.append(self._measure(spot))
        return number

    def _measure(self, spot: Spot) -> list[int]:
        """The sizes that the batch would have; its own where it would stay as it is."""
        row, batches = spot.row, self._batches
        own = [int(row["batch_bytes"])] * self._selection_count
        if not row["crc_valid"]:
            self.problems["batches whose CRC is wrong"] += 1
            return own
        if row["record_count"] == 0 or row["is_control"]:
            return own
        try:
            payload = self._recompressor.payload(spot)
            if len(batches.facts) == len(batches.rows):
                records = note_batch(batches.facts[-1], 0, payload, row)
                batches.record_counts[-1] = len(records)
            batches.payload_bytes[-1] = len(payload)
            if row["magic"] < RECORD_BATCH_MAGIC and row["codec_id"] == 0:
                return own  # the set in which a message was sent is forgotten
            sizes = self._recompressor.sizes(payload)
        except (CodecError, RecordError) as error:
            self.problems[f"batches that cannot be read or compressed: {error}"] += 1
            return own
        rest = own[0] - int(row["compressed_bytes"])
        return [rest + size if size >= 0 else -1 for size in sizes]

    # ---- What it gives ----------------------------------------------------------

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
        """The first batches as an index in the order of the files, for the lint rules.

        Of a sample they stand for bytes rather than for batches: a large one is drawn
        more often.
        """
        import numpy as np

        rows = self.rows()[: len(self._batches.facts)]
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

    def new_ratio(self, selection: int) -> Ratio | None:
        """All bytes of batches as a codec would store them, by those that there are."""
        new_bytes = [sizes[selection] for sizes in self._batches.new_bytes]
        if -1 in new_bytes:
            return None
        return self.ratio(new_bytes, self.column("batch_bytes"))

    def ratio(self, above: Iterable[float], below: Iterable[float]) -> Ratio | None:
        """The ratio of two totals over the topic, of quantities of its batches."""
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
            look_count=_LOOKS,
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
