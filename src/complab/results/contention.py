"""What the canaries of a record say: which epochs were clean, how busy the machine was.

The arithmetic is that of ``complab.estimation``; here it meets stored measurements.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from complab.estimation import (
    Contention,
    EpochFacts,
    contention,
    is_clean,
    reference_canary_ns,
)
from complab.results.model import Measurement, RunRecord


def epochs_of(measurement: Measurement) -> Iterator[EpochFacts]:
    """The epochs of a measurement that took any time."""
    columns = zip(
        measurement.epoch_times_ns,
        measurement.iteration_count,
        measurement.stalled_times_ns,
        measurement.canary_in_flight_ns,
        measurement.process,
        strict=True,
    )
    for elapsed_ns, iterations, stalled_ns, canary_ns, process in columns:
        if elapsed_ns > stalled_ns:
            yield EpochFacts(elapsed_ns, iterations, stalled_ns, canary_ns, process)


def canary_reference_ns(measurements: Iterable[Measurement]) -> float | None:
    """The canary's most common time before and after all epochs of a run."""
    return reference_canary_ns(
        [
            time_ns
            for measurement in measurements
            for both in measurement.canary_times_ns
            for time_ns in both
        ]
    )


def judged(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """The measurements of a run with ``is_clean`` of each epoch."""
    measurements = tuple(measurements)
    reference_ns = canary_reference_ns(measurements)
    return tuple(
        replace(
            measurement,
            is_clean=tuple(
                is_clean(EpochFacts(1, 1, stalled_ns, canary_ns), reference_ns)
                for stalled_ns, canary_ns in zip(
                    measurement.stalled_times_ns,
                    measurement.canary_in_flight_ns,
                    strict=True,
                )
            ),
        )
        for measurement in measurements
    )


def contention_of(record: RunRecord) -> Contention | None:
    """How busy others kept the machine; ``None`` where no canary flew."""
    epochs = [e for measurement in record.measurements for e in epochs_of(measurement)]
    return contention(epochs, canary_reference_ns(record.measurements))
