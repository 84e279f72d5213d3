"""The curve over batch sizes: what it holds, its knee, its sample's error."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

import complab
from complab.codecs.catalogue import KAFKA, Catalogue, find
from complab.errors import PlanError
from complab.studies.sampled import BATCHES_AT_MOST, RUN_COUNT, read_sample


@pytest.fixture
def sample(samples: Path) -> str:
    """160 records in 17 batches of 16 KiB."""
    return str(samples / "http-requests-16k-none.bin")


@pytest.fixture(scope="session")
def lines(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Some 2 MB of lines whose words change halfway, so that samples differ."""
    words = random.Random(1)
    path = tmp_path_factory.mktemp("batching") / "lines"
    with path.open("w") as file:
        for number in range(40_000):
            size = 20 if number < 20_000 else 2000
            file.write(f"user {words.randrange(size)} did {words.randrange(size)}\n")
            file.write("ok\n")
    return str(path)


def test_ratio_grows_with_the_batch_and_the_knee_is_named(
    sample: str, needs: Callable[[str], None]
) -> None:
    """A message alone compresses worst; one row is the knee, and near the best."""
    needs("zstd")
    sizes = (4096, 16384, 65536, 262144)
    result = complab.batching(sample, "zstd:3", sizes=sizes, budget_s=0.2)
    rows = result.rows
    assert [row.batch_bytes for row in rows] == [0, *sizes]
    assert rows[0].batch_count == rows[0].message_count == 160
    ratios = [row.stored_ratio for row in rows]
    assert all(ratios)
    best = max(ratio for ratio in ratios if ratio)
    (knee,) = [row for row in rows if row.is_knee]
    assert knee.stored_ratio is not None
    assert knee.stored_ratio >= 0.95 * best
    before = [row.stored_ratio or 0 for row in rows[: rows.index(knee)]]
    assert all(ratio < 0.95 * best for ratio in before)
    assert [row.batch_count for row in rows[3:]] == [5, 1]
    assert rows[4].message == "no batch is full: there is not so much to read"


def test_each_copy_of_a_library_has_its_knee(sample: str) -> None:
    """Two copies at one level are two curves, each as if it were alone."""
    if len(Catalogue().choose(find("zstd", KAFKA), "*")) < 2:
        pytest.skip("there is one copy of zstd at the most")
    sizes = (4096, 65536)
    result = complab.batching(sample, "zstd@*:3", sizes=sizes, budget_s=0.1)
    knees = [row.provider for row in result.rows if row.is_knee]
    assert knees == ["system", "wheel"]
    assert "provider" in {column.name for column in result.table().shown_columns}
    alone = complab.batching(sample, "zstd@wheel:3", sizes=sizes, budget_s=0.1)
    assert [row.is_knee for row in alone.rows] == [
        row.is_knee for row in result.rows if row.provider == "wheel"
    ]
    assert "provider" not in {column.name for column in alone.table().shown_columns}


def test_a_whole_input_has_no_error_of_a_sample(sample: str) -> None:
    """Everything was compressed."""
    result = complab.batching(sample, "gzip:1", sizes=(16384,), budget_s=0.1)
    assert {row.ratio_error_pct for row in result.rows} == {0.0}


def test_what_cannot_be_read_makes_no_sample(
    sample: str,
    make_batch: Callable[..., bytes],
    in_file: Callable[[bytes], str],
    needs: Callable[[str], None],
) -> None:
    """A batch that is broken is left out; the others are all there, in one run."""
    needs("gzip")
    broken = make_batch(b"\xff garbage and no stream of any codec", codec_id=1)
    path = in_file(Path(sample).read_bytes() + broken)
    whole = complab.batching(sample, "gzip:1", sizes=(65536,), budget_s=0.1)
    found = complab.batching(path, "gzip:1", sizes=(65536,), budget_s=0.1)
    assert found.has_damage
    assert not any("--max-input" in note for note in found.notes)
    for row, other in zip(found.rows, whole.rows, strict=True):
        assert row.batch_count == other.batch_count
        assert row.compression_ratio == other.compression_ratio
        assert row.ratio_error_pct == 0.0


def test_a_samples_error_holds_the_truth(lines: str) -> None:
    """The ratio of all of it lies in the interval of a fifth of it."""
    options = {"records": "lines", "sizes": (16384,), "budget_s": 0.1}
    whole = complab.batching(lines, "gzip:1", **options).rows[1]  # type: ignore[arg-type]
    part = complab.batching(
        lines,
        "gzip:1",
        max_input_bytes=200_000,
        **options,  # type: ignore[arg-type]
    ).rows[1]
    assert part.message_count < whole.message_count
    assert part.ratio_error_pct
    assert whole.compression_ratio is not None
    assert part.compression_ratio is not None
    off_pct = 100 * abs(whole.compression_ratio / part.compression_ratio - 1)
    assert 0 < off_pct <= part.ratio_error_pct


def test_tiny_batches_are_thinned(lines: str) -> None:
    """A thousand of them are enough, spread over all."""
    result = complab.batching(
        lines, "none", records="lines", sizes=(16384,), budget_s=0.1
    )
    assert result.rows[0].batch_count == BATCHES_AT_MOST
    assert result.rows[0].ratio_error_pct == pytest.approx(0.0, abs=1e-6)


def test_runs_are_neighbours_of_each_other(lines: str) -> None:
    """No batch joins the end of one run to the beginning of another."""
    result = complab.batching(
        lines,
        "none",
        records="lines",
        sizes=(1 << 30,),
        max_input_bytes=400_000,
        budget_s=0.1,
    )
    assert result.rows[1].batch_count == RUN_COUNT


def test_lingers_close_batches_by_time(sample: str) -> None:
    """At a given rate, the first message counted; the end of the data closes none."""
    result = complab.batching(
        sample, "gzip:1", lingers_ms=(0.0, 10.0), arrival="1000/s", budget_s=0.1
    )
    assert [row.linger_ms for row in result.rows] == [0.0, 10.0]
    assert [row.messages_per_batch for row in result.rows] == [1.0, 11.0]
    assert result.rows[1].message_count == 160
    assert result.rows[1].batch_count == 15
    assert result.rows[1].fill_ms == pytest.approx(11.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sizes": ()}, "one at least"),
        ({"sizes": (0,)}, "1 byte or more"),
        ({"lingers_ms": (-1.0,)}, "0 ms or more"),
        ({"lingers_ms": (5.0,), "arrival": "asap"}, "lingers need a rate"),
        ({"codecs": "brotli:1"}, "brotli is not in Kafka"),
    ],
)
def test_wrong_words_are_refused(
    sample: str, options: dict[str, object], words: str
) -> None:
    """Each says what is allowed."""
    with pytest.raises(PlanError, match=words):
        complab.batching(sample, **options)  # type: ignore[arg-type]


def test_timestamps_may_be_as_far_apart_as_they_can_be(sample: str) -> None:
    """From the first to the last that there are: more than 64 bits with a sign."""
    drawn = read_sample(
        sample,
        records=None,
        max_input_bytes=1 << 24,
        max_payload_bytes=1 << 24,
        libraries=Catalogue(),
    )
    times = drawn.recorded.rows["timestamp"]
    times[0], times[-1] = -(1 << 63), (1 << 63) - 1
    assert drawn.runs.own_rate_per_s == pytest.approx(1000 * len(times) / (1 << 64))
