"""Policies at work: what a context, a size and cold buffers do to a run."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from complab import core
from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.core import Direction
from complab.plan import Policies, make_plan
from complab.runner import subject
from complab.runner.events import Dropped, EpochMeasured, Verified
from complab.runner.measure import measure

_BLOCKS = (b"a payload " * 400, bytes(3000), b"of two blocks " * 300)


@pytest.mark.parametrize("worker_count", [0, 2])
@pytest.mark.parametrize("framing", ["raw", "kafka"])
def test_every_policy_is_measured(framing: str, worker_count: int) -> None:
    """Rows of all policies are verified and have epochs in both directions."""
    contexts, sizes = ("reused", "fresh"), ("known", "unknown")
    buffers = ("warm", "cold") if core.can_evict() else ("warm",)
    chosen = specs.select(
        "zstd:1,gzip:1,memcpy", framing=framing, libraries=Catalogue()
    )
    plan = make_plan(
        chosen,
        budget_s=120.0,
        precision_pct=90.0,
        worker_count=worker_count,
        policies=Policies(contexts, sizes, buffers),
    )
    events = list(measure(plan, _BLOCKS))
    assert not [event for event in events if isinstance(event, Dropped)]
    wanted = {
        (each.id, direction) for each in plan.configurations for direction in Direction
    }
    found = {
        (event.configuration, event.direction)
        for event in events
        if isinstance(event, EpochMeasured)
    }
    assert found == wanted


def test_large_contexts_are_let_go(
    monkeypatch: pytest.MonkeyPatch, batch_1m: bytes
) -> None:
    """A context above the bound is freed between epochs, and its size still told."""
    monkeypatch.setattr(subject, "PARKED_FROM_BYTES", 4 << 20)
    released: list[int] = []
    release = core.Coder.release

    def noted(coder: core.Coder) -> None:
        before = coder.memory_bytes
        release(coder)
        assert coder.memory_bytes == before
        released.append(before or 0)

    monkeypatch.setattr(core.Coder, "release", noted)
    chosen = specs.select("zstd:9,zstd:1", framing="raw", libraries=Catalogue())
    plan = make_plan(chosen, budget_s=60.0, precision_pct=90.0, worker_count=0)
    events = list(measure(plan, [batch_1m]))
    assert not [event for event in events if isinstance(event, Dropped)]
    (memory_bytes,) = set(released)
    first = next(event for event in events if isinstance(event, Verified))
    assert first.memory_bytes[Direction.COMPRESS] == memory_bytes
    epochs = [
        event
        for event in events
        if isinstance(event, EpochMeasured)
        and (event.configuration, event.direction) == (0, Direction.COMPRESS)
    ]
    # Once after it was calibrated, and after each of its epochs.
    assert len(released) == 1 + len(epochs)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one CPU")
@pytest.mark.parametrize("worker_count", [0, 2])
@pytest.mark.parametrize("framing", ["raw", "kafka"])
def test_threads_are_measured_together(framing: str, worker_count: int) -> None:
    """An epoch of two threads counts the iterations of both, in each direction."""
    chosen = specs.select("zstd:1,lz4,memcpy", framing=framing, libraries=Catalogue())
    plan = make_plan(
        chosen[:3],
        budget_s=120.0,
        precision_pct=90.0,
        worker_count=worker_count,
        policies=Policies(thread_counts=(2, 1)),
    )
    events = list(measure(plan, _BLOCKS))
    assert not [event for event in events if isinstance(event, Dropped)]
    threads = {each.id: each.thread_count for each in plan.configurations}
    epochs = [event for event in events if isinstance(event, EpochMeasured)]
    assert {event.configuration for event in epochs} == set(threads)
    for event in epochs:
        assert event.epoch.iteration_count % threads[event.configuration] == 0
        assert event.epoch.elapsed_ns > 0


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one CPU")
def test_wrong_output_of_any_thread_is_found(
    make_bad_snappy: Callable[[str, int], Path],
) -> None:
    """What the second thread writes is compared, too."""
    library = make_bad_snappy("spoil", 40)
    catalogue = Catalogue.with_libraries([f"snappy={library}"])
    chosen = specs.select("snappy,memcpy", framing="raw", libraries=catalogue)
    plan = make_plan(
        chosen,
        budget_s=120.0,
        precision_pct=90.0,
        worker_count=0,
        policies=Policies(thread_counts=(2,)),
    )
    events = list(measure(plan, _BLOCKS))
    (dropped,) = [event for event in events if isinstance(event, Dropped)]
    assert dropped.configuration == 0
    assert "a timed compression wrote other bytes" in dropped.message
