"""Times of blocks by themselves: turns, medians, and an end in time."""

import time

import numpy as np

from complab import core
from complab.runner.passes import PassTimes, time_passes


def work_of(sizes: list[int]) -> core.Work:
    """Checking batches of these sizes, which is quick and always right."""
    rows = np.zeros(len(sizes), core.batch_dtype())
    rows["magic"], rows["record_count"] = 2, 1
    sealing = core.sealing_work(rows, [bytes(size) for size in sizes])
    batches = []
    for index in range(len(sizes)):
        sealing.run_block(index)
        batches.append(sealing.output(index))
    return core.checking_work(batches)


def test_a_blocks_time_is_the_median_of_its_passes() -> None:
    """A pass that a neighbour disturbed does not count."""
    times = PassTimes(
        [np.array([10.0, 20.0]), np.array([12.0, 900.0]), np.array([11.0, 21.0])]
    )
    assert times.block_ns().tolist() == [11.0, 21.0]
    assert times.total_ns == 32.0


def test_an_error_takes_three_passes() -> None:
    """Two say nothing of how far they are off."""
    assert PassTimes([np.ones(2), np.ones(2)]).estimate() is None
    assert PassTimes([np.ones(2)] * 3).estimate() is not None


def test_every_work_gets_a_pass_without_any_time() -> None:
    """A budget that is over leaves one pass of each."""
    found = time_passes({"a": work_of([100]), "b": work_of([100, 5])}, until_s=0.0)
    assert {key: len(times.passes) for key, times in found.items()} == {"a": 1, "b": 1}
    assert [len(times.block_ns()) for times in found.values()] == [1, 2]


def test_it_ends_when_every_work_has_enough() -> None:
    """Hours are not used where a second is enough."""
    began_s = time.monotonic()
    found = time_passes({1: work_of([64])}, until_s=began_s + 3600)
    assert len(found[1].passes) == 101
