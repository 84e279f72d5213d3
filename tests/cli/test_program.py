"""The program itself: its version, its help, its listing, its completion."""

import csv
import json
import re
import subprocess
from collections.abc import Callable, Mapping

import pytest

import complab

Run = Callable[..., subprocess.CompletedProcess[str]]

_SWEEP_OPTIONS = (
    *("--codecs", "--framing", "--lib", "--opaque", "--max-input", "--quick"),
    *("--budget", "--precision", "--seed", "--sort", "--format", "--output"),
    *("--save", "--force", "--quiet"),
)


def test_version(run: Run) -> None:
    """``--version`` is the name and the version of the package."""
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"complab {complab.__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_help_names_the_commands_and_the_exit_codes(
    run: Run, arguments: list[str]
) -> None:
    """The help lists every command and says what the exit codes mean."""
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("sweep", "codecs", "completion", "Exit codes: 0 done", "2 usage"):
        assert word in done.stdout


def test_help_of_a_command_names_its_options(run: Run) -> None:
    """``sweep --help`` has every option that is settled for it."""
    words = run("sweep", "--help").stdout
    for option in _SWEEP_OPTIONS:
        assert f" {option} " in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Usage: complab"),
        (["sweeep"], "No such command 'sweeep'"),
        (["sweep"], "Missing argument 'FILE'"),
        (["sweep", "x", "--framing", "java"], "'java' is not one of 'kafka', 'raw'"),
        (["sweep", "x", "--nope"], "No such option"),
        (["sweep", "x", "--format", "xml"], "'xml' is not one of"),
        (["sweep", "x", "--sort", "speed"], "'speed' is not one of 'codec'"),
        (["sweep", "x", "--max-input", "16M"], "unit 'M' is not known"),
        (["sweep", "x", "--max-input", "0"], "at least 1 byte"),
        (["sweep", "x", "--budget", "0"], "0.0 is not in the range x>0"),
        (["sweep", "x", "--budget", "inf"], "a budget of inf s"),
        (["sweep", "x", "--budget", "nan"], "a budget of nan s"),
        (["sweep", "x", "--precision", "0"], "a precision of 0 %"),
        (["sweep", "x", "--precision", "100"], "a precision of 100 %"),
        (["sweep", "x", "--seed", "one"], "'one' is not a valid integer"),
        (["codecs", "--format", "lzbench"], "'lzbench' is not one of"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], words: str) -> None:
    """What is misused is named on standard error, with exit code 2."""
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_codecs_lists_codecs_with_their_providers(run: Run) -> None:
    """Each codec comes with its framing, provider, version and self-test."""
    done = run("codecs", "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert list(rows[0]) == [
        "codec",
        "framing",
        "levels",
        "provider",
        "version",
        "status",
        "path",
        "sha256",
        "message",
    ]
    found = {(row["codec"], row["framing"]) for row in rows}
    assert found > {(name, "kafka") for name in ("none", "gzip", "snappy", "lz4")}
    assert found > {(name, "raw") for name in ("memcpy", "zstd", "brotli", "lz4hc")}
    assert {row["status"] for row in rows} <= {"ok", "missing"}
    for row in rows:
        if row["path"]:
            assert re.fullmatch("[0-9a-f]{64}", row["sha256"])


def test_codecs_formats_show_the_same(run: Run) -> None:
    """The listing has as many rows in JSON, CSV, Markdown and as a table."""
    texts = {
        name: run("codecs", "--format", name).stdout
        for name in ("table", "markdown", "csv", "json")
    }
    count = len(json.loads(texts["json"])["rows"])
    assert count > 10
    assert len(texts["csv"].splitlines()) == count + 1
    assert len(re.findall("(?m)^[|] *[a-z]", texts["markdown"])) == count + 1
    assert len(texts["table"].splitlines()) == count + 2


def test_codecs_takes_a_library(run: Run, make_snappy: Callable[[int], object]) -> None:
    """A library of the user's is listed under its label, with its own self-test."""
    done = run("codecs", "--lib", f"snappy:mine={make_snappy(0)}", "--format", "csv")
    assert done.returncode == 0
    rows = [
        r for r in csv.DictReader(done.stdout.splitlines()) if r["codec"] == "snappy"
    ]
    mine = [row for row in rows if row["provider"] == "mine"]
    assert {row["status"] for row in mine} == {"failed"}
    assert {row["message"] for row in mine} == {"the round trip gives other bytes"}
    assert {row["framing"] for row in mine} == {"kafka", "raw"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_a_shell(run: Run, shell: str) -> None:
    """The script names the program and the variable by which it asks it."""
    done = run("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "_COMPLAB_COMPLETE" in done.stdout
    if shell == "bash":
        check = ["bash", "-n"]
        parsed = subprocess.run(
            check, input=done.stdout, text=True, check=False, capture_output=True
        )
        assert (parsed.returncode, parsed.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("complab sw", ["sweep"]),
        ("complab sweep x --codecs zs", ["zstd"]),
        ("complab sweep x --codecs lz4,ka", ["lz4,kafka"]),
        ("complab sweep x --format lz", ["lzbench"]),
        ("complab sweep x --sort compression_r", ["compression_ratio"]),
    ],
)
def test_completion_knows_the_words(
    program: str, environ: Mapping[str, str], words: str, expected: list[str]
) -> None:
    """What the shell's script asks is answered with the words that fit."""
    done = subprocess.run(
        [program],
        env={
            **environ,
            "_COMPLAB_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    found = [line.partition(",")[2] for line in done.stdout.splitlines()]
    assert found == expected
