"""Which codecs, levels and libraries a user may ask for, and what is told of others."""

import csv
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from complab import core
from complab.codecs import providers

Run = Callable[..., subprocess.CompletedProcess[str]]
MakeSnappy = Callable[[int], Path]

_BUDGET = ("--budget", "0.5")
_KINDS = {kind.name: kind for kind in core.library_kinds()}


def rows_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    """The rows of a run with --format csv, without memcpy's."""
    rows = csv.DictReader(done.stdout.splitlines())
    return [row for row in rows if row["codec"] != "memcpy"]


@pytest.fixture(scope="session")
def old_zstd(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A copy of the system's libzstd under a name of its own."""
    provider = providers.system_provider(_KINDS["zstd"])
    if provider.library is None:
        pytest.skip(provider.problem)
    path = tmp_path_factory.mktemp("zstd") / "libzstd.so"
    shutil.copyfile(provider.path, path)
    return str(path)


# ---- Lists --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codecs", "words"),
    [
        ("zst:3", "there is no codec 'zst': name one of none, gzip, snappy, lz4, zstd"),
        ("zstd:23", "zstd has no level 23: it has -131072 to 22, 3 by default"),
        ("gzip:0", "gzip has no level 0: it has 1 to 9, 6 by default"),
        ("lz4:18", "lz4 has no level 18: it has 1 to 17, 9 by default"),
        ("brotli:12", "brotli has no level 12: it has 0 to 11"),
        ("none:1", "none has neither levels nor providers"),
        ("kafka:3", "kafka is a set of codecs and takes no levels"),
        ("zstd:9-1", "levels '9-1': the first is larger than the last"),
        ("zstd@mine", "zstd@mine: there is no such provider; there are system ("),
        ("", "the codec list is empty"),
        ("3,zstd", "'3' stands before any codec"),
        ("zstd:", "'zstd:' is not NAME[@PROVIDER][:LEVELS]"),
        ("zstd;long=1", "codec parameters are not known yet"),
    ],
)
def test_wrong_lists_are_usage(run: Run, small: str, codecs: str, words: str) -> None:
    """A list that means nothing is told by its part, with exit code 2."""
    done = run("sweep", small, "--codecs", codecs)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("complab: ")
    assert words in done.stderr


def test_level_of_lz4_depends_on_the_framing(run: Run, small: str) -> None:
    """Raw lz4 has no levels, and the message names the codecs that have them."""
    done = run("sweep", small, "--framing", "raw", "--codecs", "lz4:3")
    assert done.returncode == 2
    assert "lz4hc:1-12 is the high compressor, lz4fast:1-17" in done.stderr


@pytest.mark.parametrize(
    "codecs", ["zstd:1,3,lz4:9", "zstd,1,3,lz4:9", "zstd,1,3/lz4,9", "zstd:1,3/lz4,9"]
)
def test_spellings_of_one_list(run: Run, small: str, codecs: str) -> None:
    """complab's spelling and lzbench's mean the same rows."""
    done = run("sweep", small, "--codecs", codecs, *_BUDGET, "--format", "csv")
    assert done.returncode == 0
    found = {(row["codec"], row["level"]) for row in rows_of(done)}
    assert found == {("zstd", "1"), ("zstd", "3"), ("lz4", "9")}


def test_negative_levels(run: Run, small: str) -> None:
    """Negative levels of zstd are a range with two dots."""
    done = run("sweep", small, "--codecs", "zstd:-2..1", *_BUDGET, "--format", "csv")
    assert done.returncode == 0
    assert {row["level"] for row in rows_of(done)} == {"-2", "-1", "0", "1"}


# ---- Libraries ----------------------------------------------------------------------


def test_two_libraries_side_by_side(run: Run, small: str, old_zstd: str) -> None:
    """Two copies of a library have a row each, with path, version and digest."""
    done = run(
        *("sweep", small, "--codecs", "zstd@system:3,zstd@mine:3"),
        *("--lib", f"zstd:mine={old_zstd}", *_BUDGET, "--format", "csv"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = {row["provider"]: row for row in rows_of(done)}
    assert set(rows) == {"system", "mine"}
    for column in ("level", "library_version", "compressed_bytes"):
        assert rows["system"][column] == rows["mine"][column]


def test_two_versions_side_by_side(run: Run, samples: Path) -> None:
    """Two versions of zstd write each its own bytes."""
    system = providers.system_provider(_KINDS["zstd"])
    wheel = providers.wheel_provider(_KINDS["zstd"])
    if wheel is None or wheel.version == system.version:
        pytest.skip("there are no two versions of zstd here")
    done = run(
        *("sweep", str(samples / "http-requests-1m-none.bin"), "--format", "csv"),
        *("--codecs", "zstd@system:3,zstd@wheel:3", "--budget", "2"),
    )
    assert done.returncode == 0
    rows = {row["library_version"]: row for row in rows_of(done)}
    assert set(rows) == {system.version, wheel.version}
    assert len({row["compressed_bytes"] for row in rows.values()}) == 2


def test_library_is_used_without_being_named_in_the_list(
    run: Run, small: str, old_zstd: str
) -> None:
    """A bare name means the library of --lib, called by its file's name."""
    done = run(
        *("sweep", small, "--codecs", "zstd:1", "--lib", f"zstd={old_zstd}"),
        *(*_BUDGET, "--format", "csv"),
    )
    assert [row["provider"] for row in rows_of(done)] == ["libzstd.so"]


def test_file_that_is_no_library(run: Run, small: str) -> None:
    """The file of the input is no library: its path, the reason, and what to give."""
    done = run("sweep", small, "--lib", f"zstd={small}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        f"complab: zstd: {small}: the library cannot be loaded: "
    )
    assert done.stderr.endswith(
        "; --lib takes a shared library of zstd, such as libzstd.so.1\n"
    )
    assert done.stderr.count(small) == 1


@pytest.mark.parametrize(
    ("option", "code", "words"),
    [
        ("zstd=/none/libzstd.so", 1, "/none/libzstd.so: the library cannot be loaded"),
        ("zstd=/none", 1, "No such file or directory; --lib takes a shared library of"),
        ("zstd", 2, "--lib 'zstd' is not of the form NAME[:LABEL]=PATH"),
        ("zst=x.so", 2, "there is no codec 'zst'"),
        ("memcpy=x.so", 2, "memcpy is built in and has no library"),
    ],
)
def test_wrong_libraries(
    run: Run, small: str, option: str, code: int, words: str
) -> None:
    """A library that cannot serve ends with 1, an option that means none with 2."""
    done = run("sweep", small, "--lib", option)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr


def test_library_of_something_else(run: Run, small: str) -> None:
    """A library of another codec is told by the function that it lacks."""
    path = providers.system_provider(_KINDS["zlib"]).path
    done = run("sweep", small, "--lib", f"zstd={path}")
    assert done.returncode == 1
    assert f"{path}: the library lacks a function: ZSTD_versionString" in done.stderr


# ---- Codecs that fail or are missing ------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (1, "the codec failed to compress"),
        (0, "decompression does not give back what was compressed"),
    ],
)
def test_codec_that_fails_costs_its_row(
    run: Run, small: str, make_snappy: MakeSnappy, status: int, words: str
) -> None:
    """A codec that fails or gives back other bytes is a failed row among the others."""
    library = ("--lib", f"snappy={make_snappy(status)}")
    arguments = ("--codecs", "zstd:1,snappy", *_BUDGET, "--format", "csv")
    done = run("sweep", small, *library, *arguments)
    assert done.returncode == 1
    rows = {row["codec"]: row for row in rows_of(done)}
    assert rows["snappy"]["status"] == "failed"
    assert words in rows["snappy"]["message"]
    assert rows["snappy"]["compress_mbps"] == ""
    assert rows["zstd"]["status"] == "ok"


@pytest.fixture
def without_snappy(
    program: str, environ: dict[str, str], tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run complab where the loader finds no libsnappy that it could load."""
    broken = "no library, but long enough for an ELF header: " * 4
    (tmp_path / "libsnappy.so.1").write_text(broken, encoding="ascii")

    def run_program(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments],
            env={**environ, "LD_LIBRARY_PATH": str(tmp_path)},
            check=False,
            capture_output=True,
            text=True,
        )

    return run_program


def test_missing_library_fails_a_named_codec(without_snappy: Run, small: str) -> None:
    """A codec that the user named and that is missing is a failed row: exit code 1."""
    arguments = ("--codecs", "zstd:1,snappy", *_BUDGET, "--format", "csv")
    done = without_snappy("sweep", small, *arguments)
    assert done.returncode == 1
    rows = {row["codec"]: row for row in rows_of(done)}
    assert rows["snappy"]["status"] == "failed"
    assert "libsnappy.so.1" in rows["snappy"]["message"]
    assert rows["zstd"]["status"] == "ok"


def test_missing_library_is_a_gap_in_a_set(without_snappy: Run, small: str) -> None:
    """A missing member of a set is a skipped row, and no failure."""
    arguments = ("--codecs", "kafka", *_BUDGET, "--format", "csv")
    done = without_snappy("sweep", small, *arguments)
    assert done.returncode == 0
    rows = {row["codec"]: row for row in rows_of(done)}
    assert rows["snappy"]["status"] == "skipped"
    assert "libsnappy.so.1" in rows["snappy"]["message"]


@pytest.mark.parametrize("option", [["--quick"], [], ["--framing", "raw"]])
def test_missing_library_is_a_gap_in_the_labs_own_lists(
    without_snappy: Run, small: str, option: list[str]
) -> None:
    """Who named no codec has not failed to get one."""
    done = without_snappy("sweep", small, *option, *_BUDGET, "--format", "csv")
    assert done.returncode == 0
    statuses = {row["codec"]: row["status"] for row in rows_of(done)}
    assert statuses["snappy"] == "skipped"


def test_missing_library_of_the_input(without_snappy: Run, samples: Path) -> None:
    """A file stored in a codec that is not there is told by its library."""
    done = without_snappy("sweep", str(samples / "http-requests-1m-snappy.bin"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "offset 0: its records cannot be read (snappy: " in done.stderr
    assert "libsnappy.so.1" in done.stderr
    assert done.stderr.endswith(": add the library, or take another segment\n")


def test_slow_codec_is_skipped_with_its_estimate(run: Run, samples: Path) -> None:
    """What would take more than its share of the budget says how long a pass takes."""
    path = str(samples / "http-requests-16k-none.bin")
    done = run("sweep", path, "--codecs", "lz4:9,brotli:11", *_BUDGET)
    assert done.returncode == 0
    (line,) = (line for line in done.stdout.splitlines() if "brotli" in line)
    assert "one pass would take about" in line
    assert "raise --budget or lower --max-input" in line
