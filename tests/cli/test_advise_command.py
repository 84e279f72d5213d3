"""``complab advise`` through the program."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]


def test_it_answers_and_prints_settings(
    run: Run, samples: Path, tmp_path: Path
) -> None:
    """The table, the sentences, the lines to paste; JSON has them apart."""
    output = tmp_path / "advice.json"
    done = run(
        "advise",
        str(samples / "http-requests-1m-none.bin"),
        *("--ingress", "600Mbit/s", "--consumers", "4", "--retention", "12h"),
        *("--prices", str(samples / "prices" / "own-machines.toml")),
        *("--codecs", "none,gzip:1", "--sizes", "64KiB", "--budget", "0.2"),
        *("--output", str(output)),
    )
    assert done.returncode == 0, done.stderr
    assert "best: " in done.stdout
    assert "batch.size=65536" in done.stdout
    document = json.loads(output.read_text())
    assert document["currency"] == "EUR"
    assert len(document["rows"]) == 2


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--ingress", "fast", "600Mbit/s or 75MB/s"),
        ("--ingress", "0/s", "600Mbit/s or 75MB/s"),
        ("--retention", "week", "such as 7d"),
        ("--machine", "cores=16", "cores=16,network=10Gbit/s,disk=8TB"),
    ],
)
def test_a_word_that_is_none_is_a_usage_error(
    run: Run, samples: Path, option: str, value: str, words: str
) -> None:
    """With an example of a right one."""
    given = ["--ingress", "20000/s", option, value]
    done = run("advise", str(samples / "http-requests-1m-none.bin"), *given)
    assert done.returncode == 2
    assert words in done.stderr
