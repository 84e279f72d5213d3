"""``complab compare`` as a program: answers, exit codes, files and errors."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import complab
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.plan import METHOD_VERSION

Run = Callable[..., subprocess.CompletedProcess[str]]

SAMPLE = "http-requests-16k-none.bin"


@pytest.fixture(scope="session")
def zstd_path() -> str:
    """The file of the system's libzstd."""
    found = Catalogue().choose(catalogue.find("zstd", catalogue.KAFKA), "system")[0]
    if found.library is None:
        pytest.skip(found.problem)
    return found.path


@pytest.fixture
def twins(zstd_path: str, tmp_path: Path) -> list[str]:
    """The words that name two copies of one libzstd."""
    words = []
    for label in ("old", "new"):
        shutil.copy(zstd_path, tmp_path / f"{label}.so")
        words += ["--lib", f"zstd:{label}={tmp_path / label}.so"]
    return words


@pytest.fixture(scope="session")
def saved(
    samples: Path, zstd_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder of results: after.json has zstd's compression half as fast.

    The epochs are set by hand, since those of a busy machine are anyone's guess: thirty
    of each of three processes.
    """
    assert zstd_path
    folder = tmp_path_factory.mktemp("results")
    result = complab.sweep(
        str(samples / SAMPLE), "zstd:1,snappy", budget_s=4, worker_count=3
    )
    document = result.to_document()
    for measurement in document["measurements"]:
        places = range(90)
        measurement.update(
            epoch_times_ns=[1_000_000 + 1_000 * (place % 3) for place in places],
            iteration_count=[1 for _ in places],
            canary_times_ns=[[1, 1] for _ in places],
            canary_in_flight_ns=[0.0 for _ in places],
            stalled_times_ns=[0 for _ in places],
            is_clean=[None for _ in places],
            round=[place // 3 for place in places],
            process=[place // 30 for place in places],
        )

    def write(name: str) -> None:
        (folder / name).write_text(json.dumps(document), encoding="utf-8")

    write("before.json")
    document["measurements"][0]["epoch_times_ns"] = [
        2 * time_ns for time_ns in document["measurements"][0]["epoch_times_ns"]
    ]
    write("after.json")
    document["method_version"] = 99
    write("other.json")
    return folder


def test_a_library_against_its_copy(run: Run, samples: Path, twins: list[str]) -> None:
    """Rows, libraries and sizes are those of the words; the exit code that of the rows.

    What is said of the speeds is the studies' to judge, and not one run's.
    """
    path = str(samples / SAMPLE)
    words = ("--codecs", "zstd:1-2", *twins, "--budget", "4", "--quiet")
    done = run("compare", path, *words, "--format", "json")
    rows = json.loads(done.stdout)["comparison"]
    assert [(r["codec"], r["level"]) for r in rows] == [("zstd", 1), ("zstd", 2)]
    assert [r["compressed_change_bytes"] for r in rows] == [0, 0]
    assert {(r["a_provider"], r["b_provider"]) for r in rows} == {("old", "new")}
    answers = {r[f"{d}_verdict"] for r in rows for d in ("compress", "decompress")}
    assert answers <= {"faster", "slower", "not separated"}
    assert done.returncode == (3 if "slower" in answers else 0)
    assert done.stderr == ""


def test_levels_against_each_other(run: Run, samples: Path, zstd_path: str) -> None:
    """Two lists are compared item by item, and a change of size is told."""
    assert zstd_path
    words = ("--a", "zstd:1", "--b", "zstd:2", "--budget", "4", "--fail-above", "100%")
    done = run("compare", str(samples / SAMPLE), *words)
    # No speed falls by more than 100 %.
    assert (done.returncode, done.stderr) == (0, "")
    assert "B's codec" in done.stdout
    assert "B compresses to another size in 1 of 1 rows" in done.stdout


def test_both_sides_have_the_named_policies(
    run: Run, samples: Path, zstd_path: str
) -> None:
    """Each pair once with each word, which its row tells."""
    assert zstd_path
    words = ("--a", "zstd:1,zstd:3", "--b", "zstd:2,zstd:4", "--format", "json")
    policies = ("--context", "reused,fresh", "--buffers", "warm")
    done = run("compare", str(samples / SAMPLE), *words, *policies, "--budget", "4")
    assert done.returncode in {0, 3}
    document = json.loads(done.stdout)
    rows = document["comparison"]
    assert [(r["level"], r["b_level"], r["context"]) for r in rows] == [
        (1, 2, "reused"),
        (1, 2, "fresh"),
        (3, 4, "reused"),
        (3, 4, "fresh"),
    ]
    found = {c["id"]: (c["level"], c["context"]) for c in document["configurations"]}
    for row, (a, b) in zip(rows, document["plan"]["pairs"], strict=True):
        assert found[a] == (row["level"], row["context"])
        assert found[b] == (row["b_level"], row["context"])


def test_a_saved_comparison_is_a_result(
    run: Run, samples: Path, twins: list[str], tmp_path: Path
) -> None:
    """What --save wrote loads as a result, and --output wrote what was shown."""
    target = tmp_path / "comparison.json"
    table = tmp_path / "table.csv"
    files = ("--save", str(target), "--output", str(table), "--format", "csv")
    words = (*twins, "--budget", "2", "--fail-above", "100")
    done = run("compare", str(samples / SAMPLE), *words, *files)
    assert done.returncode == 0
    assert table.read_text(encoding="utf-8") == done.stdout
    record = complab.load(str(target)).record
    assert record.plan["pairs"] == [[0, 1]]
    assert [c.level for c in record.configurations] == [3, 3]
    again = run("compare", str(samples / SAMPLE), *twins, *files)
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_stored_results(run: Run, saved: Path) -> None:
    """Twice as slow between stored results of three processes is exit code 3."""
    before, after = str(saved / "before.json"), str(saved / "after.json")
    same = run("compare", before, before, "--fail-above", "5%")
    assert (same.returncode, same.stderr) == (0, "")
    assert "faster" not in same.stdout
    assert "slower" not in same.stdout
    done = run("compare", before, after, "--fail-above", "5%")
    assert done.returncode == 3
    assert "zstd:1 compress: slower by 50.0 %" in done.stderr


def test_stored_results_that_differ(run: Run, saved: Path) -> None:
    """A difference that matters is named and refused; --force names it and goes on."""
    before, other = str(saved / "before.json"), str(saved / "other.json")
    done = run("compare", before, other)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"method_version: {METHOD_VERSION}, then 99" in done.stderr
    assert "--force" in done.stderr
    forced = run("compare", before, other, "--force")
    assert forced.returncode == 3
    told = f"compared although it differs: method_version: {METHOD_VERSION}, then 99"
    assert told in forced.stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--codecs", "snappy"), 2, "snappy: there are no two libraries"),
        ((), 2, "nothing to compare: name codecs"),
        (("--codecs", "zstd@system:3"), 2, "names one library"),
        (("--a", "zstd:1"), 2, "give both a and b"),
        (("--a", "zstd:1", "--b", "zstd:1,2"), 2, "compared one by one"),
        (("--a", "zstd:1", "--b", "zstd:1", "--codecs", "zstd"), 2, "give both"),
        (("--codecs", "nix"), 2, "there is no codec 'nix'"),
        (("--codecs", "none"), 2, "none: there are no two libraries"),
        (("--fail-above", "-1"), 2, "not a percentage"),
        (("after.json", "--codecs", "zstd"), 2, "nor policies are named again"),
        (("after.json", "--threads", "1"), 2, "nor policies are named again"),
        (("--a", "zstd:1", "--b", "zstd:2", "--size", "big"), 2, "size 'big'"),
        (
            ("--a", "zstd:1", "--b", "none", "--context", "fresh,reused"),
            2,
            "zstd and none do not have the same policies",
        ),
        (("after.json",), 1, "is no JSON"),
        (("--save", "-"), 2, "--save needs a file"),
    ],
)
def test_wrong_words(
    run: Run, samples: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    """Each mistake has its exit code and a line that says what to do."""
    done = run("compare", str(samples / SAMPLE), *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr


def test_three_libraries_are_too_many(
    run: Run, samples: Path, twins: list[str], zstd_path: str
) -> None:
    """A and B are two: a third library is named as one too many."""
    more = ("--lib", f"zstd:third={zstd_path}")
    done = run("compare", str(samples / SAMPLE), *twins, *more)
    assert done.returncode == 2
    assert "old, new, third" in done.stderr


def test_one_library_is_compared_with_the_systems(
    run: Run, samples: Path, twins: list[str]
) -> None:
    """A single --lib is B; A is the system's."""
    words = (*twins[:2], "--budget", "1.5", "--fail-above", "100")
    done = run("compare", str(samples / SAMPLE), *words)
    assert done.returncode == 0
    assert "B: " in done.stdout
    assert "old.so" in done.stdout
    assert "A: " in done.stdout
