"""Pipes, terminals and Ctrl-C: how the program behaves among others."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from complab.results.files import load

if TYPE_CHECKING:
    from terminals import Terminal

Shell = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., "Terminal"]

_SHORT = ("--codecs", "zstd:1,lz4:9", "--budget", "0.5")
# Nothing is known so exactly: these runs last until they are interrupted.
_ENDLESS = ("--precision", "0.0001", "--budget", "50")

_COMMANDS = [
    pytest.param("--help", id="help"),
    pytest.param("--version", id="version"),
    pytest.param("codecs", id="codecs"),
    pytest.param("completion bash", id="completion"),
    pytest.param("sweep $SMALL --codecs zstd:1 --budget 0.3", id="sweep"),
]


@pytest.fixture
def shell(program: str, environ: Mapping[str, str], small: str) -> Shell:
    """Run a line of bash in which $COMPLAB is the program and $SMALL an input."""

    def run_line(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            env={**environ, "COMPLAB": program, "SMALL": small},
            stdin=subprocess.DEVNULL,
            check=False,
            capture_output=True,
            text=True,
        )

    return run_line


# ---- Pipes and closed streams -------------------------------------------------------


@pytest.mark.parametrize("command", _COMMANDS)
def test_closed_pipe_ends_quietly(shell: Shell, command: str) -> None:
    """A reader that has gone away is no failure, and nothing is said of it."""
    done = shell(f"($COMPLAB {command}; echo $? >&2) | true")
    assert (done.stderr, done.stdout) == ("0\n", "")


def test_first_line_of_a_table(shell: Shell, small: str) -> None:
    """``| head -1`` gives the first line and exit code 0."""
    done = shell("$COMPLAB sweep $SMALL --codecs zstd:1 --budget 0.3 | head -1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{small}: 1 batch")


@pytest.mark.parametrize("command", _COMMANDS)
def test_full_disk_is_told(shell: Shell, command: str) -> None:
    """Output that finds no room on the disk ends with 1 and the system's words."""
    done = shell(f"$COMPLAB {command} > /dev/full")
    assert done.returncode == 1
    assert done.stderr == "complab: standard output: No space left on device\n"


@pytest.mark.parametrize("command", _COMMANDS)
def test_closed_standard_output_is_told(shell: Shell, command: str) -> None:
    """A standard output that the caller closed is told before anything is measured."""
    done = shell(f"$COMPLAB {command} >&-")
    assert done.returncode == 1
    assert done.stderr == (
        "complab: standard output is closed: there is nowhere to print to\n"
    )


@pytest.mark.parametrize("command", _COMMANDS)
@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_standard_error_may_be_closed(
    shell: Shell, command: str, redirection: str
) -> None:
    """Where nobody hears what is said beside the result, the result is the same."""
    done = shell(f"$COMPLAB {command} {redirection}")
    assert done.returncode == 0
    assert done.stdout


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_errors_that_nobody_hears_keep_their_exit_code(
    shell: Shell, redirection: str
) -> None:
    """With standard error closed the exit code alone tells."""
    for command, code in (("sweep /none", 1), ("sweep", 2), ("codecs --lib x", 2)):
        done = shell(f"$COMPLAB {command} {redirection}")
        assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_remarks_that_nobody_hears_change_nothing(
    shell: Shell, one_batch: bytes, make_batch: Callable[..., bytes], tmp_path: Path
) -> None:
    """A warning that finds no room on a full disk leaves result and exit code alone."""
    path = tmp_path / "damaged.bin"
    path.write_bytes(one_batch + make_batch(codec_id=6))
    arguments = "--codecs zstd:1 --budget 0.3 --format csv"
    done = shell(f"$COMPLAB sweep {path} {arguments} 2>/dev/full")
    assert done.returncode == 1
    assert done.stdout.startswith("codec,level,")


# ---- A terminal ---------------------------------------------------------------------


def test_progress_on_a_terminal(terminal: Start, small: str) -> None:
    """A terminal is told what is measured, how far, and how long still."""
    code, shown = terminal("sweep", small, *_SHORT).finish()
    assert code == 0
    assert "1 batch of 15,104 bytes; 3 rows, at most 0.5 s\r\n" in shown
    assert "0 of 3 rows verified, at most 0 s left: verifying zstd:1" in shown
    assert "verifying lz4:9" in shown
    assert "verifying memcpy" in shown


def test_progress_leaves_nothing_behind(terminal: Start, small: str) -> None:
    """The progress line is cleared before the table, whose lines are whole."""
    _, shown = terminal("sweep", small, *_SHORT).finish()
    progress, table = shown.rsplit("\r\x1b[K", 1)
    assert "left: " in progress
    assert small in table
    assert "\r\x1b" not in table


def test_progress_fits_the_terminal(terminal: Start, small: str) -> None:
    """No progress line is longer than the terminal is wide."""
    _, shown = terminal("sweep", small, *_SHORT, width=40).finish()
    drawn = re.findall("\r\x1b\\[K([^\r\x1b]*)", shown)
    assert any("verified" in line for line in drawn)
    assert max(map(len, drawn[:-1])) < 40


def test_epochs_are_counted(terminal: Start, small: str) -> None:
    """Once rows are measured, the line counts epochs and names the last."""
    running = terminal("sweep", small, "--codecs", "zstd:1", *_ENDLESS)
    running.wait_for(b" epochs, 0 of 4 speeds known, at most ")
    running.interrupt()
    code, shown = running.finish()
    assert code == 130
    assert re.search(r"s left: (de)?compressed (zstd:1|memcpy)", shown)


def test_table_fits_the_terminal(terminal: Start, small: str) -> None:
    """On a narrow terminal columns are left out, and the table says which."""
    _, shown = terminal("sweep", small, *_SHORT, "--quiet", width=70).finish()
    plain = re.sub(r"\x1b\[\d*m", "", shown)
    lines = plain.splitlines()
    assert max(len(line) for line in lines if "zstd" in line or "codec" in line) <= 70
    assert "Left out for lack of width (CSV and JSON have all):" in plain


def test_colour_on_a_terminal(terminal: Start, small: str) -> None:
    """A terminal that can shows the front in bold."""
    _, shown = terminal("sweep", small, *_SHORT, "--quiet").finish()
    assert "\x1b[1m* zstd" in shown


def test_no_color(terminal: Start, small: str) -> None:
    """With NO_COLOR nothing but the progress line steers the terminal."""
    _, shown = terminal("sweep", small, *_SHORT, NO_COLOR="1").finish()
    assert "rows verified" in shown
    assert set(re.findall("\x1b\\[[^A-Za-z]*[A-Za-z]", shown)) == {"\x1b[K"}


def test_dumb_terminal(terminal: Start, small: str) -> None:
    """A terminal that understands nothing gets no progress and no colour."""
    code, shown = terminal("sweep", small, *_SHORT, TERM="dumb").finish()
    assert code == 0
    assert "\x1b" not in shown
    assert "verif" not in shown
    assert shown.startswith(f"{small}: 1 batch")


def test_quiet_shows_no_progress(terminal: Start, small: str) -> None:
    """With --quiet the table is all that a terminal shows."""
    _, shown = terminal("sweep", small, *_SHORT, "--quiet", NO_COLOR="1").finish()
    assert "\x1b" not in shown
    assert shown.startswith(f"{small}: 1 batch")


def test_progress_stays_out_of_a_redirected_result(
    terminal: Start, small: str, tmp_path: Path
) -> None:
    """With standard output in a file the terminal shows progress, the file a table."""
    path = tmp_path / "table.txt"
    code, shown = terminal("sweep", small, *_SHORT, stdout=path).finish()
    assert code == 0
    assert "rows verified" in shown
    assert "zstd " not in shown.replace("zstd:1", "")
    assert path.read_text("utf-8").startswith(f"{small}: 1 batch")
    assert "\x1b" not in path.read_text("utf-8")


def test_errors_on_a_terminal_are_plain(terminal: Start) -> None:
    """An error is one line, without colour."""
    code, shown = terminal("sweep", "/none").finish()
    assert code == 1
    assert shown.endswith(
        "complab: /none: cannot be read: No such file or directory\r\n"
    )


# ---- Ctrl-C -------------------------------------------------------------------------


def test_interrupt_in_a_slow_codec(
    terminal: Start, samples: Path, tmp_path: Path
) -> None:
    """Ctrl-C in the middle of a slow pass prints and saves what is known by then."""
    path, saved = str(samples / "http-requests-1m-none.bin"), tmp_path / "result.json"
    arguments = ("--codecs", "lz4:9,zstd:22", "--save", str(saved), *_ENDLESS)
    running = terminal("sweep", path, *arguments)
    running.wait_for(b"verifying zstd:22")
    running.interrupt()
    code, shown = running.finish()
    assert code == 130
    assert "Traceback" not in shown
    assert "interrupted: what was measured until then" in shown
    assert "interrupted before its first epoch" in shown
    record = load(str(saved))
    assert not record.is_complete
    sizes = {m.configuration: m.compressed_bytes for m in record.measurements}
    assert sizes[0]
    assert sizes[1] is None


def test_interrupt_between_epochs(terminal: Start, small: str, tmp_path: Path) -> None:
    """Ctrl-C among the epochs prints the speeds that are known by then."""
    saved = tmp_path / "result.json"
    arguments = ("--codecs", "zstd:1,lz4:9", "--save", str(saved), *_ENDLESS)
    running = terminal("sweep", small, *arguments)
    running.wait_for(b" epochs, ")
    running.interrupt()
    code, shown = running.finish()
    assert code == 130
    assert "interrupted: what was measured until then" in shown
    record = load(str(saved))
    assert not record.is_complete
    assert any(m.epoch_times_ns for m in record.measurements)


def interrupt_until_it_ends(process: subprocess.Popen[bytes]) -> None:
    """Send SIGINT now and then: one may come just before a call that waits.

    Not often: Python dies of one that comes while it ends.
    """
    for _ in range(20):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            continue
        return
    process.kill()


@pytest.mark.parametrize("format_name", ["csv", "lzbench"])
def test_interrupt_is_told_beside_scripts_formats(
    terminal: Start, small: str, tmp_path: Path, format_name: str
) -> None:
    """What a script reads is whole, and standard error says that it is not all."""
    path = tmp_path / "out"
    arguments = ("--codecs", "zstd:1", "--format", format_name, *_ENDLESS)
    running = terminal("sweep", small, *arguments, stdout=path)
    running.wait_for(b" epochs, ")
    running.interrupt()
    code, shown = running.finish()
    assert code == 130
    assert "complab: interrupted: the rows hold what was measured until then" in shown
    assert len(path.read_text("utf-8").splitlines()) == 3


def test_ignored_interrupt_stays_ignored(
    program: str, environ: Mapping[str, str], small: str
) -> None:
    """A run that was started with SIGINT ignored (nohup) does not heed it."""
    line = 'trap "" INT; echo ready; exec "$0" "$@"'
    process = subprocess.Popen(
        ["sh", "-c", line, program, "sweep", small, *_SHORT, "--precision", "0.0001"],
        env=dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    interrupt_until_it_ends(process)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"interrupted" not in out


def test_interrupt_while_input_is_read(
    program: str, environ: Mapping[str, str]
) -> None:
    """Ctrl-C before anything is measured ends with 130 and one line."""
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        ["env", "--default-signal=INT", program, "sweep", "-"],
        env=dict(environ),
        stdin=read_end,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(read_end)
    try:
        os.write(write_end, bytes(300_000))  # more than a pipe holds: it is being read
        interrupt_until_it_ends(process)
        out, err = process.communicate()
    finally:
        os.close(write_end)
        process.kill()
    assert (process.returncode, out) == (130, b"")
    assert err.strip() == b"complab: interrupted"
