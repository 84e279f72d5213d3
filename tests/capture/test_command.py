"""``complab capture`` as a user calls it."""

import os
import pty
import re
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mock_cluster import FETCH, MockCluster

Run = Callable[..., subprocess.CompletedProcess[str]]
MakeBatches = Callable[..., list[list[bytes]]]

_PATIENCE_S = 60


@pytest.fixture
def words(cluster: MockCluster, topic: str, tmp_path: Path) -> list[str]:
    """Arguments that capture the topic into ``batch.bin`` of the test's folder."""
    return [
        "capture", "--bootstrap-server", cluster.servers, "--topic", topic,
        "--output", str(tmp_path / "batch.bin"),
    ]  # fmt: skip


def test_a_captured_file_is_swept(
    cluster: MockCluster, words: list[str], run: Run, make_batches: MakeBatches
) -> None:
    """What was captured is a file of the owner's, in one line, that sweep reads."""
    topic, path = words[4], Path(words[6])
    cluster.produce(topic, make_batches(3), codec="zstd")
    done = run(*words, "--from-offset", "-15", "--batches", "64")
    assert (done.returncode, done.stdout) == (0, "")
    size = f"{path.stat().st_size:,}"
    facts, first, end = done.stderr.splitlines()
    assert facts == (
        f"{path}: 2 batches, {size} bytes, 20 records of {topic}-0, offsets 10 to 29"
    )
    assert first.startswith("  the first batch begins at offset 10: it holds offset 15")
    assert end == "  the partition ended there"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    swept = run("sweep", str(path), "--codecs", "lz4", "--budget", "0.5", "--quiet")
    assert swept.returncode == 0
    assert "2 batches (all measured), 20 records" in swept.stdout


def test_standard_output(
    cluster: MockCluster, words: list[str], program: str, make_batches: MakeBatches
) -> None:
    """``-`` writes batches to standard output and the words to standard error."""
    cluster.produce(words[4], make_batches(2))
    done = subprocess.run(
        [program, *words[:-1], "-"],
        capture_output=True,
        check=True,
        timeout=_PATIENCE_S,
    )
    size = f"{len(done.stdout):,}"
    assert f"standard output: 2 batches, {size} bytes" in done.stderr.decode()


def test_files_are_not_overwritten(
    cluster: MockCluster, words: list[str], run: Run, make_batches: MakeBatches
) -> None:
    """A file that exists is kept, and nothing asked, unless ``--force`` is given."""
    cluster.produce(words[4], make_batches(1))
    path = Path(words[6])
    path.write_bytes(b"mine")
    done = run(*words, "--bootstrap-server", "127.0.0.1:1")
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert path.read_bytes() == b"mine"
    done = run(*words, "--force", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        ("--topic nowhere", 1, "complab: nowhere: there is no such topic"),
        ("--from-offset 0", 1, "-0: the partition is empty"),
        ("--partition 4", 1, "there is no partition 4"),
        ("--from-offset next", 2, "complab: --from-offset next: give a number"),
        ("--command-config none", 1, "complab: none: cannot be read"),
        ("--bootstrap-server 127.0.0.1:1", 1, "complab: 127.0.0.1:1: connection ref"),
        ("--batches 0", 2, "--batches"),
        ("--timeout 0", 2, "--timeout"),
    ],
)
def test_errors_are_a_line_and_a_code(
    words: list[str], run: Run, more: str, code: int, message: str
) -> None:
    """What cannot be captured is 1, what makes no sense is 2, each in plain words."""
    done = run(*words, *more.split())
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(Path(words[6]).parent.iterdir())


def test_servers_and_remarks_of_the_properties(
    cluster: MockCluster, words: list[str], run: Run, make_batches: MakeBatches
) -> None:
    """Client properties name the servers; keys that are not used are told."""
    cluster.produce(words[4], make_batches(1))
    config = Path(words[6]).with_name("client.properties")
    text = f"bootstrap.servers={cluster.servers}\ngroup.id=g\n"
    config.write_text(text, encoding="ascii")
    done = run("capture", *words[3:], "--command-config", str(config))
    assert done.returncode == 0
    assert f"complab: {config}: passed over: group.id\n" in done.stderr


def wait_for_fetches(cluster: MockCluster, count: int) -> None:
    """Wait until the cluster was asked for batches so many times more."""
    goal = cluster.requested().count(FETCH) + count
    begin_s = time.monotonic()
    while cluster.requested().count(FETCH) < goal:
        assert time.monotonic() - begin_s < _PATIENCE_S
        time.sleep(0.05)


@pytest.mark.parametrize("batch_count", [0, 3])
def test_ctrl_c_keeps_complete_batches(
    cluster: MockCluster, words: list[str], program: str, make_batches: MakeBatches,
    batch_count: int,
) -> None:  # fmt: skip
    """Ctrl-C ends with 130 and leaves the batches that came; without any, no file."""
    path = Path(words[6])
    with subprocess.Popen(
        ["env", "--default-signal=INT", program, *words, "--from-offset", "latest"],
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        wait_for_fetches(cluster, 1)
        cluster.produce(words[4], make_batches(batch_count))
        # The request after the last batch shows that the batch was taken.
        wait_for_fetches(cluster, batch_count + 2)
        running.send_signal(signal.SIGINT)
        _, stderr = running.communicate(timeout=_PATIENCE_S)
    assert running.returncode == 130
    assert "Traceback" not in stderr
    names = [item.name for item in path.parent.iterdir()]
    if batch_count:
        assert f"{path}: {batch_count} batches" in stderr
        assert "complab: interrupted; the file holds whole batches" in stderr
        assert names == ["batch.bin"]
    else:
        assert "complab: interrupted" in stderr
        assert names == []


def test_progress_on_a_terminal(
    cluster: MockCluster, words: list[str], program: str, make_batches: MakeBatches,
    environ: dict[str, str],
) -> None:  # fmt: skip
    """A terminal sees how far it is, and a clean line at the end."""
    cluster.produce(words[4], make_batches(3))
    terminal, stderr = pty.openpty()
    subprocess.run(
        [program, *words], stderr=stderr, check=True, env=environ, timeout=_PATIENCE_S
    )
    os.close(stderr)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert re.match(r"\r\x1b\[K1 batches, [0-9,]+ bytes, offset 10 of 30", shown)
    assert f"\r\x1b[K{words[6]}: 3 batches" in shown


def test_without_the_extra(program: str, tmp_path: Path) -> None:
    """Without aiokafka the command says in one line what to install."""
    (tmp_path / "aiokafka.py").write_text("raise ImportError\n", encoding="ascii")
    done = subprocess.run(
        [program, "capture", "--bootstrap-server=a", "--topic=t", "--output=-"],
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("complab: aiokafka: is not installed: python -m pip install")
