"""The examples in the charts' docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

from complab import charts


@pytest.mark.parametrize(
    "name", [m.name for m in pkgutil.iter_modules(charts.__path__)]
)
def test_examples_are_true(name: str) -> None:
    """What they say comes out does come out."""
    module = importlib.import_module(f"complab.charts.{name}")
    assert doctest.testmod(module).failed == 0
