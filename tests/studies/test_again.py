"""The command of a result: whoever called the study, it measures the same again."""

import shlex
from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest

from complab.cli import compare as compare_cli
from complab.cli import sweep as sweep_cli
from complab.errors import PlanError
from complab.studies.again import OPTIONS, command_of
from complab.studies.compare import compare
from complab.studies.sweep import sweep

Call = tuple[str, dict[str, Any]]

# What decides how a result is shown or kept, and not what is measured.
_FOR_DISPLAY = {
    *("--output", "--format", "--save", "--sort", "--relative-to", "--fail-above"),
    *("--force", "--quiet", "--resume"),
}
_SWEEP = {
    "codecs": "zstd@new:-5..-1,lz4",
    "framing": "raw",
    "client": "librdkafka",
    "libraries": ["zstd:new=it's here/lib zstd.so", "lz4=$HOME/lz4.so"],
    "contexts": ("reused", "fresh"),
    "sizes": ("known",),
    "buffers": ("cold", "warm"),
    "thread_counts": (1, 2),
    "is_opaque": True,
    "records": "lines",
    "batch_bytes": 65536,
    "max_input_bytes": 1 << 40,
    "max_payload_bytes": 1 << 41,
    "is_quick": True,
    "budget_s": 2.5,
    "precision_pct": 0.25,
    "method": "plain",
    "worker_count": 0,
    "time_limit_s": 1e6,
    "memory_limit_bytes": 1 << 33,
    "seed": -3,
}
_COMPARE = {
    "a": "zstd:1",
    "b": "lz4:9",
    "codecs": "zstd@1.0",
    **{name: _SWEEP[name] for name in signature(compare).parameters if name in _SWEEP},
}
_CALLS = [(sweep, sweep_cli, _SWEEP), (compare, compare_cli, _COMPARE)]


def arguments_of(study: Callable[..., object], given: dict[str, Any]) -> dict[str, Any]:
    """A call's arguments, defaults among them."""
    parameters = signature(study).parameters.items()
    return {name: given.get(name, each.default) for name, each in parameters}


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the commands call their studies with; nothing is measured."""
    calls: list[dict[str, Any]] = []

    def note(path: str, more: str | None = None, **others: Any) -> None:
        calls.append({"path": path, **others})
        if more is not None:
            calls[-1]["codecs"] = more
        raise PlanError("enough")

    monkeypatch.setattr(sweep_cli, "sweep", note)
    monkeypatch.setattr(compare_cli, "compare", note)
    return calls


@pytest.mark.parametrize(("study", "cli", "given"), _CALLS)
def test_every_option_comes_back(
    called: list[dict[str, Any]],
    study: Callable[..., object],
    cli: Any,
    given: dict[str, Any],
) -> None:
    """Each argument that is not the default arrives as it was, through the shell."""
    line = command_of(study, arguments_of(study, {**given, "path": "a 'b'.bin"}))
    words = shlex.split(line)
    assert words[:3] == ["complab", study.__name__, "a 'b'.bin"]
    with pytest.raises(PlanError, match="enough"):
        cli.command.main(words[2:], standalone_mode=False)
    (found,) = called
    for name, value in given.items():
        told = tuple(value) if isinstance(value, list) else value
        assert found[name] == told, name


@pytest.mark.parametrize(("study", "cli", "given"), _CALLS)
def test_no_option_is_forgotten(
    study: Callable[..., object], cli: Any, given: dict[str, Any]
) -> None:
    """An option that the command learns must be in its line, and in these tests."""
    known = {option for each in cli.command.params for option in each.opts}
    known = {option for option in known if option.startswith("--")} - _FOR_DISPLAY
    told = {OPTIONS[name] for name in signature(study).parameters if name in OPTIONS}
    assert told == known
    assert {OPTIONS[name] for name in given} == known


def test_defaults_are_left_out() -> None:
    """The shortest call is the shortest line, however its nothing was spelled."""
    given = {"path": "batch.bin", "contexts": [], "libraries": []}
    assert command_of(sweep, arguments_of(sweep, given)) == "complab sweep batch.bin"


@pytest.mark.parametrize(
    ("path", "word"), [("-", "-"), ("-x.bin", "./-x.bin"), ("a;b", "'a;b'")]
)
def test_names_of_files_are_no_options(path: str, word: str) -> None:
    """A name that begins with a dash is a path; a dash alone is standard input."""
    line = command_of(sweep, arguments_of(sweep, {"path": path}))
    assert line == f"complab sweep {word}"
