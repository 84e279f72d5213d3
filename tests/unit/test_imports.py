"""What a start of complab loads: a heavy module is imported where it is used."""

import subprocess
import sys

import pytest

# Runs in a fresh process: its words are what to run, the last line is what it loaded.
_IMPORT = "import complab"
_COMMAND = """
import sys
from complab.cli import main
sys.argv = ["complab", *{arguments!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""
_TELL = "\nimport sys\nprint()\nprint(*sys.modules)\n"


def loaded(program: str) -> set[str]:
    """The modules that a fresh process holds after the program."""
    run = subprocess.run(
        [sys.executable, "-c", program + _TELL],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(run.stdout.splitlines()[-1].split())


def loaded_by_command(*arguments: str) -> set[str]:
    """The modules that ``complab`` holds when it has done what it was asked for."""
    return loaded(_COMMAND.format(arguments=arguments))


def test_import_loads_nothing_heavy() -> None:
    """``import complab`` loads neither numpy nor click nor the compiled core."""
    assert not {"numpy", "click", "complab._core"} & loaded(_IMPORT)


def test_help_loads_no_core() -> None:
    """``complab --help`` loads neither numpy nor the compiled core."""
    modules = loaded_by_command("--help")
    assert "click" in modules
    assert not {"numpy", "complab._core"} & modules


@pytest.mark.parametrize("format_name", ["table", "markdown", "csv", "json"])
def test_codecs_load_no_frames(format_name: str) -> None:
    """``complab codecs`` loads the compiled core, but neither numpy nor pandas."""
    modules = loaded_by_command("codecs", "--format", format_name)
    assert "complab._core" in modules
    assert not {"numpy", "pandas"} & modules


def test_a_study_loads_no_charts() -> None:
    """``complab sweep`` and its like start without what draws."""
    modules = loaded("import complab.studies.sweep, complab.studies.batching")
    assert "complab.results.shown" in modules
    assert not [name for name in modules if name.startswith("complab.charts")]
    assert not {"altair", "vl_convert"} & modules
