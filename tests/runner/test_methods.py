"""The two ways to measure: with a canary in flight, and without timer or signal."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.core import Epoch
from complab.errors import PlanError, TimerError
from complab.plan import CORRECTED, PLAIN, Plan, make_plan
from complab.runner.events import EpochMeasured
from complab.runner.measure import measure

BLOCK = bytes(range(256)) * 400


def plan_of(method: str) -> Plan:
    """A short plan for memcpy, which is always there."""
    selections = specs.select(
        "memcpy", framing="raw", libraries=Catalogue.with_libraries(())
    )
    return make_plan(selections, budget_s=0.5, method=method)


def epochs_by(method: str) -> list[Epoch]:
    """What a run by a method measures."""
    events = measure(plan_of(method), [BLOCK])
    return [event.epoch for event in events if isinstance(event, EpochMeasured)]


def handled() -> set[int]:
    """The real-time signals that somebody handles, by the kernel's own word."""
    with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123 - no file
        caught = next(int(x.split()[1], 16) for x in file if x.startswith("SigCgt"))
    numbers = range(signal.SIGRTMIN, signal.SIGRTMAX + 1)
    return {number for number in numbers if caught >> (number - 1) & 1}


def test_corrected_epochs_carry_what_the_canary_saw() -> None:
    """Each epoch has its canary's mean and the stalled part of its time."""
    epochs = epochs_by(CORRECTED)
    assert epochs
    for epoch in epochs:
        assert epoch.canary_in_flight_ns > 0
        assert 0 <= epoch.stalled_ns < epoch.elapsed_ns


def test_plain_epochs_carry_none() -> None:
    """Without a canary in flight both figures are zero."""
    epochs = epochs_by(PLAIN)
    assert epochs
    assert {(e.canary_in_flight_ns, e.stalled_ns) for e in epochs} == {(0.0, 0)}


def test_a_run_leaves_no_signal_behind() -> None:
    """The signal of the canary in flight is given back when the run is over."""
    before = handled()
    epochs_by(CORRECTED)
    assert handled() == before


def test_it_flies_in_any_thread() -> None:
    """The signals go to the thread that measures, which need not be the main one."""
    with ThreadPoolExecutor(1) as pool:
        epochs = pool.submit(epochs_by, CORRECTED).result()
    assert all(epoch.canary_in_flight_ns > 0 for epoch in epochs)


@pytest.fixture
def no_free_signal() -> Iterator[None]:
    """Every real-time signal is taken."""
    numbers = range(signal.SIGRTMIN, signal.SIGRTMAX + 1)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("no_free_signal")
def test_without_a_signal_it_says_what_to_do() -> None:
    """Where no signal is left the error names the way out, and that way works."""
    with pytest.raises(TimerError, match="--method plain"):
        epochs_by(CORRECTED)
    assert epochs_by(PLAIN)


def test_an_unknown_method_is_refused() -> None:
    """A method that does not exist is an error of the plan, with those that do."""
    with pytest.raises(PlanError, match="corrected or plain"):
        plan_of("best")
