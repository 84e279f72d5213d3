"""Results as files: saved and read back, and refused where they are not what they say.

The records come from real runs, so that every field has what it has in use.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from complab.errors import OutputExistsError, ResultError, SchemaVersionError
from complab.results.files import load, save, to_document
from complab.results.model import RunRecord
from complab.results.rows import COLUMN_NAMES, derive_rows
from complab.studies.sweep import sweep
from complab.whole_file import write_text_whole

MakeSnappy = Callable[[int], Path]


@pytest.fixture(scope="module")
def record(
    tmp_path_factory: pytest.TempPathFactory,
    make_batch: Callable[..., bytes],
    make_snappy: MakeSnappy,
) -> RunRecord:
    """A run with rows that are ok, failed and skipped, a warning, and a provider."""
    path = tmp_path_factory.mktemp("input") / "input.bin"
    path.write_bytes(make_batch(b"a payload " * 300) + make_batch(is_control=True))
    libraries = [f"snappy:wrong={make_snappy(0)}"]
    result = sweep(
        str(path), "zstd:1,snappy,none,brotli:0", libraries=libraries, budget_s=2.0
    )
    return result.record


@pytest.fixture
def document(record: RunRecord) -> dict[str, Any]:
    """The record as JSON has it, to be changed at will."""
    found: dict[str, Any] = json.loads(json.dumps(to_document(record)))
    return found


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[[Any], str]:
    """Write a value as JSON, or a text as it is, and give the path."""

    def write(value: Any) -> str:
        path = tmp_path / "result.json"
        text = value if isinstance(value, str) else json.dumps(value)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


# ---- What is saved ------------------------------------------------------------------


def test_saved_record_reads_back(record: RunRecord, tmp_path: Path) -> None:
    """What is loaded equals what was saved, in every field."""
    path = str(tmp_path / "result.json")
    save(record, path)
    assert load(path) == record


def test_saving_again_writes_the_same_bytes(record: RunRecord, tmp_path: Path) -> None:
    """A loaded record is saved as it was."""
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    save(record, str(first))
    save(load(str(first)), str(second))
    assert first.read_bytes() == second.read_bytes()


def test_rows_are_those_that_the_measurements_give(
    record: RunRecord, tmp_path: Path
) -> None:
    """The rows of the file equal those that are derived from it anew."""
    path = tmp_path / "result.json"
    save(record, str(path))
    saved = json.loads(path.read_text("utf-8"))["rows"]
    derived = [asdict(row) for row in derive_rows(load(str(path)))]
    assert saved == derived
    assert [tuple(row) for row in saved] == [COLUMN_NAMES] * len(saved)
    assert {row["status"] for row in saved} == {"ok", "failed"}


def test_rows_of_a_file_are_not_believed(
    document: dict[str, Any], file_of: Callable[[Any], str], record: RunRecord
) -> None:
    """Rows are made from the measurements, whatever the file says of them."""
    document["rows"] = [{"codec": "made up"}]
    assert load(file_of(document)) == record


def test_document_has_the_settled_fields(document: dict[str, Any]) -> None:
    """The names that scripts hold on to are there, on every level."""
    assert set(document) >= {
        "schema_version",
        "complab_version",
        "method_version",
        "created_at",
        "command",
        "plan",
        "environment",
        "inputs",
        "configurations",
        "measurements",
        "rows",
        "warnings",
    }
    assert document["schema_version"] == 1
    assert "seed" in document["plan"]
    assert set(document["inputs"][0]) >= {
        "path",
        "sha256",
        "batch_count",
        "record_count",
        "uncompressed_bytes",
        "opaque",
    }
    assert set(document["configurations"][0]) >= {
        "id",
        "codec",
        "level",
        "parameters",
        "framing",
        "client",
        "context",
        "size_known",
        "buffers",
        "threads",
        "provider",
    }
    assert set(document["configurations"][0]["provider"]) == {
        "name",
        "path",
        "version",
        "sha256",
    }
    assert set(document["measurements"][0]) >= {
        "configuration",
        "direction",
        "compressed_bytes",
        "epoch_times_ns",
        "iteration_count",
        "canary_times_ns",
        "is_clean",
        "round",
        "process",
        "warm_up_times_ns",
        "status",
        "message",
    }
    assert set(document["warnings"][0]) == {"kind", "subject", "facts"}


def test_lists_of_a_measurement_have_an_item_per_epoch(
    document: dict[str, Any],
) -> None:
    """Times, iterations, canaries, marks, rounds and processes belong together."""
    measurements = document["measurements"]
    assert any(item["epoch_times_ns"] for item in measurements)
    for item in measurements:
        count = len(item["epoch_times_ns"])
        for name in ("iteration_count", "canary_times_ns", "is_clean", "round"):
            assert len(item[name]) == count
        assert item["process"] == [0] * count
        assert all(len(pair) == 2 for pair in item["canary_times_ns"])
        assert all(time_ns > 0 for time_ns in item["epoch_times_ns"])


def numbers(value: object) -> list[float]:
    """Every number in a document."""
    if isinstance(value, dict):
        return [each for item in value.values() for each in numbers(item)]
    if isinstance(value, list):
        return [each for item in value for each in numbers(item)]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value]
    return []


def test_numbers_are_finite(record: RunRecord, tmp_path: Path) -> None:
    """A file holds no NaN and no infinity, which are no JSON."""
    path = tmp_path / "result.json"
    save(record, str(path))

    def refuse(word: str) -> float:
        raise AssertionError(word)

    found = json.loads(path.read_text("utf-8"), parse_constant=refuse)
    assert len(numbers(found)) > 50
    assert all(map(math.isfinite, numbers(found)))


def test_unknown_is_null(document: dict[str, Any]) -> None:
    """What is not known is null: speeds of a failed row, the provider of none."""
    (failed,) = (row for row in document["rows"] if row["codec"] == "snappy")
    for direction in ("compress", "decompress"):
        for kind in ("mbps", "error_pct", "median_mbps", "fastest_mbps"):
            assert failed[f"{direction}_{kind}"] is None
    assert failed["compressed_bytes"] is None
    providers = {c["codec"]: c["provider"] for c in document["configurations"]}
    assert providers["none"] is None
    assert providers["snappy"]["name"] == "wrong"


# ---- What is refused ----------------------------------------------------------------


@pytest.mark.parametrize("version", [0, 2, "1", None, [1], 1.5])
def test_other_schema_version_is_refused(
    document: dict[str, Any], file_of: Callable[[Any], str], version: object
) -> None:
    """A version that is not known is refused with itself and those that are."""
    document["schema_version"] = version
    with pytest.raises(SchemaVersionError, match="which reads 1: make the") as error:
        load(file_of(document))
    assert error.value.found == version
    assert error.value.supported == (1,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("codec,level\nzstd,1\n", "is no JSON"),
        ("\ufeff{}", "is no JSON"),
        ("[]", "is no result of complab: it has no schema_version"),
        ("{}", "is no result of complab: it has no schema_version"),
        ("null", "is no result of complab: it has no schema_version"),
        ('"text"', "is no result of complab: it has no schema_version"),
        ("[" * 100_000, "is no JSON"),
        ('{"schema_version": 1}', "is damaged: inputs is missing or no list"),
    ],
)
def test_what_is_no_result_is_refused(
    file_of: Callable[[Any], str], text: str, words: str
) -> None:
    """Text that is no JSON, and JSON that is no result, are told apart."""
    path = file_of(text)
    with pytest.raises(ResultError, match=words) as error:
        load(path)
    assert error.value.path == path
    assert str(error.value).startswith(path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A binary file is no result."""
    path = tmp_path / "result.json"
    path.write_bytes(b"\xff\xfe\0\x01")
    with pytest.raises(ResultError, match="is no JSON"):
        load(str(path))


def test_result_that_is_cut_short_is_refused(
    document: dict[str, Any], file_of: Callable[[Any], str]
) -> None:
    """The first half of a result is no JSON any more."""
    text = json.dumps(document)
    with pytest.raises(ResultError, match="is no JSON"):
        load(file_of(text[: len(text) // 2]))


def _without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.pop(name)


@pytest.mark.parametrize(
    "damage",
    [
        *map(_without, ("plan", "inputs", "configurations", "measurements")),
        *map(_without, ("command", "environment", "warnings", "is_complete")),
        lambda document: document["inputs"][0].pop("sha256"),
        lambda document: document["inputs"][0].update(colour="red"),
        lambda document: document["configurations"][0].pop("provider"),
        lambda document: document["configurations"][0]["provider"].pop("path"),
        lambda document: document["measurements"][0].pop("epoch_times_ns"),
        lambda document: document["measurements"][0].update(configuration=99),
        lambda document: document["measurements"][0]["iteration_count"].append(1),
        lambda document: document["measurements"][0].update(epoch_times_ns=["fast"]),
        lambda document: document["measurements"][0].update(epoch_times_ns=7),
        lambda document: document.update(measurements={"a": 1}),
        lambda document: document.update(inputs=7),
        lambda document: document.update(configurations=[7]),
        lambda document: document.update(warnings=["text"]),
        lambda document: document["inputs"].clear(),
        lambda document: document["inputs"][0].update(uncompressed_bytes=-1),
        lambda document: document["measurements"][0]["iteration_count"].__setitem__(
            0, 0
        ),
        lambda document: document["plan"].update(budget_s="long"),
        lambda document: document["environment"].update(cache_bytes=7),
        lambda document: document["environment"].update(cache_bytes={"L1": "big"}),
    ],
)
def test_damaged_result_is_refused(
    document: dict[str, Any],
    file_of: Callable[[Any], str],
    damage: Callable[[dict[str, Any]], object],
) -> None:
    """A field that is missing, unknown or of another kind makes the file damaged."""
    damage(document)
    with pytest.raises(ResultError, match="is damaged"):
        load(file_of(document))


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ("01", "plan.pairs is '01', where a list of pairs belongs"),
        ({"a": 1}, "plan.pairs is {'a': 1}, where a list of pairs belongs"),
        ([[0, 1], 7], "plan.pairs[1] is 7, where"),
        ([[0]], "plan.pairs[0] is [0], where"),
        ([[0, 1, 2]], "plan.pairs[0] is [0, 1, 2], where"),
        ([["0", "1"]], "plan.pairs[0] is ['0', '1'], where"),
        ([[0, [1]]], "plan.pairs[0] is [0, [1]], where"),
        ([[0, 1.0]], "plan.pairs[0] is [0, 1.0], where"),
        ([[False, True]], "plan.pairs[0] is [False, True], where"),
        ([[0, 99]], "plan.pairs[0] is [0, 99], where"),
        ([[-1, 0]], "plan.pairs[0] is [-1, 0], where"),
    ],
)
def test_pairs_are_of_configurations(
    document: dict[str, Any],
    file_of: Callable[[Any], str],
    pairs: object,
    words: str,
) -> None:
    """Pairs that are none are refused with file, field, value and what to do."""
    document["plan"]["pairs"] = pairs
    path = file_of(document)
    with pytest.raises(ResultError) as error:
        load(path)
    assert str(error.value).startswith(f"{path}: is damaged: {words}")
    assert str(error.value).endswith("; take a sound copy, or measure anew")


def test_missing_file_is_told(tmp_path: Path) -> None:
    """A file that is not there is told in the system's words."""
    with pytest.raises(ResultError, match="No such file or directory"):
        load(str(tmp_path / "none.json"))


# ---- How files are written ----------------------------------------------------------


def test_existing_file_needs_force(record: RunRecord, tmp_path: Path) -> None:
    """What is there is overwritten on demand only."""
    path = tmp_path / "result.json"
    path.write_text("mine", encoding="ascii")
    with pytest.raises(OutputExistsError, match="--force"):
        save(record, str(path))
    assert path.read_text("ascii") == "mine"
    save(record, str(path), may_overwrite=True)
    assert load(str(path)) == record


def test_written_file_is_an_ordinary_one(tmp_path: Path) -> None:
    """A new file has the mode that the umask says, and no other is left."""
    path, plain = tmp_path / "t.csv", tmp_path / "plain"
    write_text_whole(str(path), "text\n", may_overwrite=False)
    plain.write_text("text\n", encoding="ascii")
    assert path.read_bytes() == b"text\n"
    assert path.stat().st_mode == plain.stat().st_mode
    assert {each.name for each in tmp_path.iterdir()} == {"t.csv", "plain"}


def test_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the file cannot be written, the old one stays, and no half one is left."""
    path = tmp_path / "t.csv"
    path.write_text("mine", encoding="ascii")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ResultError, match=r"t\.csv: cannot be written: No space left"):
        write_text_whole(str(path), "text", may_overwrite=True)
    assert path.read_text("ascii") == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["t.csv"]
