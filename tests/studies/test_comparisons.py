"""The short form of the studies of comparisons: that they run, and go on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from comparisons import build_wasteful

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue

_SCRIPT = Path(__file__).with_name("comparisons.py")


def needs(codecs: tuple[str, ...]) -> None:
    """Skip where the system lacks one of these libraries."""
    for codec in codecs:
        found = catalogue.find(codec, catalogue.KAFKA)
        provider = Catalogue().choose(found, "system")[0]
        if provider.library is None:
            pytest.skip(provider.problem)


def study(*words: str) -> str:
    """What a study prints; it must end with 0."""
    run = subprocess.run(
        [sys.executable, str(_SCRIPT), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("kind", ["false-alarms", "power"])
def test_a_study_is_gone_on_with(kind: str, tmp_path: Path) -> None:
    """A study adds what is missing to its file, and its table tells of all of it."""
    needs(("zstd", "lz4", "snappy", "gzip"))
    data = tmp_path / "study.jsonl"
    words = (kind, "--budget", "4", "--data", str(data))
    study(*words, "--count", "1")
    first = data.read_text(encoding="utf-8")
    told = study(*words, "--count", "2")
    both = data.read_text(encoding="utf-8")
    assert both.startswith(first)
    lines = [json.loads(line) for line in both.splitlines()]
    assert [line["seed"] for line in lines] == [0, 1]
    rows = {(test["row"], test["direction"]) for test in lines[0]["tests"]}
    assert len(rows) > 10
    assert "of 2 comparisons report a difference that is none" in told
    assert ("find the libzstd that wastes 5 %" in told) == (kind == "power")


def test_the_wasteful_library_writes_the_same(tmp_path: Path, batch_16k: bytes) -> None:
    """Its output is the real library's, and it gives its own file as its path."""
    needs(("zstd",))
    try:
        path = build_wasteful(tmp_path, 5.0)
    except FileNotFoundError:
        pytest.skip("there is no C compiler to build the library with")
    found = Catalogue.with_libraries([f"zstd:slow={path}"])
    codec = catalogue.find("zstd", catalogue.KAFKA)
    outputs = []
    for word in ("slow", "system"):
        provider = found.choose(codec, word)[0]
        coder = core.Coder(codec, provider.library, core.Direction.COMPRESS, level=3)
        bound = coder.bound_bytes(len(batch_16k))
        work = core.Work(coder, core.Sources([batch_16k]), [bound], core.Arena())
        work.run_block(0)
        outputs.append(work.output(0))
        assert (provider.path == str(path)) == (word == "slow")
    assert outputs[0] == outputs[1]
