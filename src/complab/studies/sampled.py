"""Batches of a sample: runs of neighbours, put into batches of a client's making.

Neighbours alike make large batches compress as they do; runs spread over a log stand
for all of it. How far the runs' ratios differ is how far the sample's may be off: a
ratio estimator over clusters (Cochran 1977, "Sampling Techniques", 6.11).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from complab.codecs.catalogue import Catalogue
from complab.kafka.batching import Batching, cut
from complab.kafka.inputs import InputOptions, read_input
from complab.kafka.payloads import Payloads
from complab.kafka.recorded import Recorded, batch_rows, read_recorded, run_begins
from complab.stats import CONFIDENCE
from complab.student import student_quantile
from complab.studies.delivery import Parcel

if TYPE_CHECKING:
    import numpy as np

    from complab.kafka.recorded import Integers

    Flags = np.ndarray[Any, np.dtype[np.bool_]]

# As many runs as give their spread some freedom; each must hold the largest batches.
RUN_COUNT: Final = 8

# So many batches of a size tell its ratio; a level that makes tables of megabytes for
# each message would take minutes for all of them.
BATCHES_AT_MOST: Final = 1000


# Said of batches of which none stands for a client's.
NOT_FULL: Final = "no batch is full: there is not so much to read"


@dataclass(frozen=True)
class Thinned:
    """Batches of one step.

    ``is_filled`` says of each whether its client closed it, and not the end of a run,
    where the records ran out.
    """

    parcel: Parcel
    clusters: "Integers"
    is_whole: bool
    is_filled: "Flags"

    @property
    def typical(self) -> "Flags":
        """The batches that stand for a client's: the filled ones, where there are any.

        What is told of a batch, and not of bytes, is told of these.
        """
        return self.is_filled if self.is_filled.any() else ~self.is_filled

    @property
    def remark(self) -> str:
        """What readers should know of these batches."""
        return "" if self.is_filled.any() else NOT_FULL

    @property
    def messages_per_batch(self) -> float:
        """The mean of the typical batches."""
        return float(self.parcel.rows["record_count"][self.typical].mean())

    def ratio_error_pct(self, framed: Sequence[bytes]) -> float | None:
        """Half the 95 % interval of the ratio; ``None`` of a single cluster.

        0 where nothing was left out.
        """
        import numpy as np

        if self.is_whole:
            return 0.0
        count = int(self.clusters[-1]) + 1
        if count < 2:  # noqa: PLR2004 - a variance takes two
            return None
        payload_bytes = np.array([len(each) for each in self.parcel.payloads])
        framed_bytes = np.array([len(each) for each in framed])
        plain = np.bincount(self.clusters, payload_bytes, minlength=count)
        packed = np.bincount(self.clusters, framed_bytes, minlength=count)
        ratio = float(plain.sum()) / float(packed.sum())
        variance = float(((plain - ratio * packed) ** 2).sum()) / (count * (count - 1))
        error = math.sqrt(variance) / float(packed.mean()) / ratio
        return 100 * error * student_quantile((1 + CONFIDENCE) / 2, count - 1)


class SampledRuns:
    """The records of each run of neighbours, which no batch joins to another's."""

    def __init__(
        self, recorded: Recorded, run_of_block: Sequence[int], *, is_whole: bool
    ) -> None:
        self._recorded = recorded
        self.is_whole = is_whole
        self._begins: list[int] = run_begins(recorded, run_of_block).tolist()
        # By the records' numbers, which are in the order of the runs.
        self._ends = [*self._begins[1:], recorded.record_count]

    @property
    def count(self) -> int:
        """How many runs there are."""
        return len(self._begins)

    @property
    def own_rate_per_s(self) -> float | None:
        """Records a second by their timestamps; ``None`` if those stand still."""
        times = self._recorded.rows["timestamp"]
        span_ms = sum(
            int(times[begin:end].max()) - int(times[begin:end].min())
            for begin, end in zip(self._begins, self._ends, strict=True)
        )
        return 1000 * self._recorded.record_count / span_ms if span_ms else None

    def thinned(self, batching: Batching) -> "Thinned":
        """Batches of all runs, evenly spread in each, and what cluster each is of.

        Clusters are the runs, or of a single run that is thinned the batches. The
        client learns nothing on the way: its estimate is ``batching``'s.
        """
        import numpy as np

        batches: list[Integers] = []
        run_of: list[int] = []
        is_filled: list[bool] = []
        made_count = 0
        for run, (begin, end) in enumerate(zip(self._begins, self._ends, strict=True)):
            part = replace(self._recorded, rows=self._recorded.rows[begin:end])
            made = cut(part, batching, _unasked)
            made_count += len(made)
            most = min(len(made), max(1, BATCHES_AT_MOST // self.count))
            kept = np.arange(most) * len(made) // most
            batches += [made[number] + begin for number in kept.tolist()]
            run_of += [run] * most
            is_filled += [
                number + 1 < len(made)
                or len(made[number]) == batching.rules.records_at_most
                for number in kept.tolist()
            ]
        counts = [len(numbers) for numbers in batches]
        rows, records = batch_rows(self._recorded, np.concatenate(batches), counts)
        parcel = Parcel.encoded(self._recorded.source, rows, records)
        is_whole = self.is_whole and made_count == len(batches)
        clusters = np.array(run_of, np.int64)
        if self.count == 1 and not is_whole:
            clusters = np.arange(len(batches))
        return Thinned(parcel, clusters, is_whole, np.array(is_filled))


def _unasked(numbers: "Integers") -> int:
    """Nobody learns from what is returned here."""
    return len(numbers)


@dataclass(frozen=True)
class Sample:
    """What was drawn of an input: its records, in runs, and what is told of it."""

    payloads: Payloads
    recorded: Recorded
    runs: SampledRuns

    @property
    def message_bytes(self) -> float:
        """The mean size of a message in a batch, uncompressed."""
        return self.payloads.uncompressed_bytes / self.recorded.record_count

    @property
    def notes(self) -> tuple[str, ...]:
        """What readers should know of the input."""
        return tuple(warning.message for warning in self.payloads.warnings)

    @property
    def has_damage(self) -> bool:
        """Whether something could not be read that should be there."""
        return any(warning.is_damage for warning in self.payloads.warnings)


def read_sample(
    path: str,
    *,
    records: str | None,
    max_input_bytes: int,
    max_payload_bytes: int,
    libraries: Catalogue,
) -> Sample:
    """Draw runs of neighbours of a log, or of a file of records.

    Raises ``InputError`` and its kin if nothing can be read.
    """
    options = InputOptions(
        records=records,
        max_input_bytes=max_input_bytes,
        max_payload_bytes=max_payload_bytes,
        run_count=RUN_COUNT,
    )
    payloads = read_input(path, options, libraries=libraries)
    recorded = read_recorded(payloads)
    runs = SampledRuns(recorded, payloads.runs, is_whole=not payloads.is_sample)
    return Sample(payloads, recorded, runs)
