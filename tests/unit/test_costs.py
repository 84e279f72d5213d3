"""The cost model, held against sums done by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from complab.costs import (
    Bill,
    Footprint,
    Machine,
    Measured,
    Prices,
    Traffic,
    bill,
    read_prices,
    use,
)
from complab.errors import PlanError

# 100 MB/s in 100,000 messages a second, three replicas, two groups, a day.
_TRAFFIC = Traffic(100e6, 100_000, 3, 2, 86_400)
# Sent at ratio 4, stored at 5; a million messages take 2, 1, 0.1 and 0.5 seconds.
_FOOTPRINT = Footprint(
    *(4.0, 5.0, 1.0),
    *(Measured(2, 3), Measured(1, 4), Measured(0.1, 5), Measured(0.5, 6)),
)
_PRICES = Prices(0.01, 0.02, 0.03, 0.1, 0.04, 0.05, 0.06, "EUR")


def test_bytes_and_cores_are_those_of_the_formulas() -> None:
    """25 MB/s in, 20 stored: 40 to followers, 40 to groups; cores by messages."""
    used = use(_TRAFFIC, _FOOTPRINT)
    assert used.produced_bytes_per_s == 25e6
    assert used.replicated_bytes_per_s == 40e6
    assert used.consumed_bytes_per_s == 40e6
    assert used.disk_bytes == 3 * 86_400 * 20e6
    assert used.producer_cores == pytest.approx(0.2)
    assert used.broker_cores == pytest.approx(0.1 + 2 * 0.01)
    assert used.consumer_cores == pytest.approx(2 * 0.05)


def test_a_bill_is_the_sum_of_its_parts() -> None:
    """2,628,000 s a month: 65,700, 105,120 and 105,120 GB; 5,184 GB held."""
    made = bill(_TRAFFIC, _FOOTPRINT, _PRICES)
    assert made.network == pytest.approx(657.0 + 2102.4 + 3153.6)
    assert made.disk == pytest.approx(518.4)
    # 0.2 x 0.04 + 0.12 x 0.05 + 0.1 x 0.06 an hour
    assert made.cpu == pytest.approx(730 * 0.02)
    assert made.total == pytest.approx(6431.4 + 14.6)


def test_errors_are_carried_along() -> None:
    """A percent of all bytes, 3 % of producers; leaders, followers and consumers.

    These three run the same stages, so that 4, 5 and 6 % of them add up.
    """
    made = bill(_TRAFFIC, _FOOTPRINT, _PRICES)
    readers = 0.1 * 0.05 * 0.04 + 0.02 * 0.05 * 0.05 + 0.1 * 0.06 * 0.06
    parts = (64.314, 730 * 0.008 * 0.03, 730 * readers)
    wanted = sum(part**2 for part in parts) ** 0.5
    assert made.error == pytest.approx(wanted, rel=1e-9)
    assert made.is_error_whole


def test_an_unknown_error_is_told() -> None:
    """The sum holds what is known, and is marked."""
    footprint = Footprint(4.0, 5.0, None, *(Measured(1, 1.0),) * 4)
    assert not bill(_TRAFFIC, footprint, _PRICES).is_error_whole


def test_shares_of_a_machine_are_prices_in_machines() -> None:
    """A topic that fills a machine's disks and nothing else is one machine of disk."""
    traffic = Traffic(1e6, 1.0, 1, 0, 8e6)
    footprint = Footprint(1.0, 1.0, 0.0, *(Measured(0.0, 0.0),) * 4)
    made = bill(traffic, footprint, Machine().as_prices())
    assert made.disk == pytest.approx(1.0)
    assert made.network == pytest.approx(8e6 / 10e9)
    full = Footprint(1.0, 1.0, 0.0, Measured(16e6, 0.0), *(Measured(0.0, 0.0),) * 3)
    assert bill(traffic, full, Machine().as_prices()).cpu == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["aws-us-east-1.toml", "own-machines.toml"])
def test_the_example_prices_are_read(samples: Path, name: str) -> None:
    """Each says where its figures are from, and when."""
    prices = read_prices(str(samples / "prices" / name))
    assert prices.disk > 0
    assert prices.source
    assert prices.date
    assert isinstance(bill(_TRAFFIC, _FOOTPRINT, prices), Bill)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("currency = ", "is no TOML"),
        ("disks = 1", "'disks' is no price"),
        ("currency = 'EUR'", r"\[network_per_gb\] produce"),
        ("[network_per_gb]\nproduce = -1", r"\[network_per_gb\] produce"),
        ("[network_per_gb]\nproduce = true", r"\[network_per_gb\] produce"),
        ("network_per_gb = 3", r"\[network_per_gb\] produce"),
    ],
)
def test_wrong_prices_are_refused_with_their_place(
    in_file: Callable[[bytes], str], text: str, words: str
) -> None:
    """The file, the table, the entry."""
    with pytest.raises(PlanError, match=words):
        read_prices(in_file(text.encode()))


def test_a_file_that_is_not_there_is_told() -> None:
    """By its name."""
    with pytest.raises(PlanError, match=r"nowhere\.toml: cannot be read"):
        read_prices("nowhere.toml")


@pytest.mark.parametrize(
    "numbers", [(0, 1, 1, 1, 1), (1, 1, 0, 1, 1), (1, 1, 1, -1, 1), (1, 1, 1, 1, -1)]
)
def test_what_is_no_topic_is_refused(numbers: tuple[int, ...]) -> None:
    """No ingress, no replica, groups or a retention below nothing."""
    with pytest.raises(PlanError, match="a topic has"):
        Traffic(*numbers)
