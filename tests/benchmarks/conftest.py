"""Which benchmarks are measured: what is saved or compared is codecs', not the lab's.

The project's ``addopts`` disable benchmarks, so that they are plain tests in
``make test``. Whoever saves or compares figures wants them measured.
"""

from pathlib import Path

import pytest

_NEEDS_FIGURES = (
    "benchmark_autosave",
    "benchmark_save",
    "benchmark_compare",
    "benchmark_compare_fail",
    "benchmark_json",
    "benchmark_histogram",
)
_CODECS = "test_codecs.py"


def _is_gate(config: pytest.Config) -> bool:
    """Whether figures are asked for without ``--benchmark-enable``."""
    if config.getoption("benchmark_enable"):
        return False
    return any(config.getoption(name) for name in _NEEDS_FIGURES)


_GATE = pytest.StashKey[bool]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Enable benchmarks before pytest-benchmark looks."""
    config.stash[_GATE] = _is_gate(config)
    if config.stash[_GATE]:
        config.option.benchmark_enable = True


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave the lab's own costs out of a gate: starts of processes do not repeat."""
    if not config.stash.get(_GATE, False):
        return
    folder = Path(__file__).parent
    left_out = [
        item
        for item in items
        if folder in item.path.parents and item.path.name != _CODECS
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
