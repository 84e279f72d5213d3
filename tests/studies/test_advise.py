"""The advice: the cheapest that keeps to the constraints, and how sure that is."""

from collections.abc import Callable
from pathlib import Path

import pytest

import complab
from complab.codecs.catalogue import KAFKA, Catalogue, find
from complab.codecs.writers import CLIENTS
from complab.costs import Machine
from complab.errors import PlanError
from complab.studies.advice_table import AdviceRow
from complab.studies.advise import Ingress
from complab.studies.candidates import Constraints
from complab.studies.client_settings import Chosen, producer_settings

_INGRESS = Ingress(bytes_per_s=75e6)


@pytest.fixture
def sample(samples: Path) -> str:
    """Batches of a megabyte in all, not compressed."""
    return str(samples / "http-requests-1m-none.bin")


def test_the_cheapest_is_the_best(sample: str, needs: Callable[[str], None]) -> None:
    """Disks dominate the default machine: the highest ratio wins over none."""
    needs("zstd")
    advice = complab.advise(
        sample, ingress=_INGRESS, codecs="none,zstd:3", sizes=(65536,), budget_s=0.5
    )
    best, other = advice.rows
    assert (best.codec, other.codec) == ("zstd", "none")
    assert (best.is_best, other.is_best) == (True, False)
    assert best.total_cost is not None
    assert other.total_cost is not None
    assert best.total_cost < other.total_cost
    assert other.dearer_pct == pytest.approx(
        100 * (other.total_cost / best.total_cost - 1)
    )
    assert advice.sentences[0].startswith("best: zstd:3 in batches of 65,536 bytes")
    assert advice.sentences[1].startswith("runner-up: none")
    title, lines = advice.settings[0]
    assert "producer properties" in title
    assert lines[:2] == ("compression.type=zstd", "batch.size=65536")
    assert advice.settings[1][1] == ("compression.type=producer",)


def test_copies_of_a_library_are_named_in_the_answer(sample: str) -> None:
    """Two copies at one level are two candidates, which sentences tell apart."""
    if len(Catalogue().choose(find("zstd", KAFKA), "*")) < 2:
        pytest.skip("there is one copy of zstd at the most")
    advice = complab.advise(
        sample, ingress=_INGRESS, codecs="zstd@*:3", sizes=(65536,), budget_s=0.5
    )
    assert {row.provider for row in advice.rows} == {"system", "wheel"}
    first, second = (row.provider for row in advice.rows)
    assert advice.sentences[0].startswith(f"best: zstd@{first}:3 in batches")
    assert advice.sentences[1].startswith(f"runner-up: zstd@{second}:3 in batches")
    assert "provider" in {column.name for column in advice.table().shown_columns}


def test_bytes_follow_from_the_ratio(sample: str) -> None:
    """Three replicas for a day, two groups: by hand from the row's own ratio."""
    advice = complab.advise(
        sample,
        ingress=_INGRESS,
        consumer_groups=2,
        retention_s=86_400.0,
        codecs="gzip:1",
        sizes=(16384,),
        budget_s=0.1,
    )
    (row,) = advice.rows
    assert row.stored_ratio is not None
    stored_mbps = 75 / row.stored_ratio
    assert row.network_mbps == pytest.approx(stored_mbps * (1 + 2 + 2))
    assert row.disk_gb == pytest.approx(3 * 86_400 * stored_mbps / 1000)


def test_what_breaks_a_constraint_is_left_out_with_its_figure(
    sample: str, needs: Callable[[str], None]
) -> None:
    """It stands below the others; where nothing is left, nothing is advised."""
    needs("zstd")
    options = {"codecs": "none,zstd:3", "sizes": (65536,), "budget_s": 0.1}
    advice = complab.advise(
        sample,
        ingress=_INGRESS,
        constraints=Constraints(min_ratio=2.0),
        **options,  # type: ignore[arg-type]
    )
    assert [row.status for row in advice.rows] == ["ok", "excluded"]
    assert "of a ratio, less than 2" in advice.rows[1].message
    nothing = complab.advise(
        sample,
        ingress=_INGRESS,
        constraints=Constraints(min_ratio=200.0, max_p99_ms=0.001),
        **options,  # type: ignore[arg-type]
    )
    assert nothing.has_failures
    assert nothing.settings == ()
    assert "no candidate" in str(nothing)


def test_batches_are_no_fuller_than_the_rate_lets_them(sample: str) -> None:
    """100 a second over two producers bring six in 100 ms, the first one too."""
    advice = complab.advise(
        sample,
        ingress=Ingress(messages_per_s=100),
        producer_count=2,
        codecs="none",
        sizes=(1 << 20,),
        budget_s=0.1,
    )
    (row,) = advice.rows
    assert row.messages_per_batch == 6.0
    assert row.linger_ms == 100


def test_a_batch_is_judged_by_those_that_were_filled(
    sample: str, needs: Callable[[str], None]
) -> None:
    """600 messages make one batch that is full, and what is left of them."""
    needs("zstd")
    options = {"codecs": "zstd:3", "budget_s": 0.1}
    advice = complab.advise(
        sample,
        ingress=_INGRESS,
        sizes=(262_144,),
        **options,  # type: ignore[arg-type]
    )
    (row,) = advice.rows
    assert row.message == ""
    assert row.messages_per_batch is not None
    # With the rest of the sample in it the mean would be 300.
    assert row.messages_per_batch > 500
    message_bytes = 978_000 / 600
    fill_ms = 1000 * row.messages_per_batch * message_bytes / 75e6
    assert row.linger_ms == pytest.approx(fill_ms, abs=1.5)
    large = complab.advise(
        sample,
        ingress=_INGRESS,
        sizes=(1 << 24,),
        **options,  # type: ignore[arg-type]
    )
    assert large.rows[0].message == "no batch is full: there is not so much to read"
    assert large.rows[0].messages_per_batch == 600


def test_what_nobody_knows_the_error_of_is_told_without(sample: str) -> None:
    """A single pass over each stage has none: no ±, and nothing is called sure."""
    advice = complab.advise(
        sample, ingress=_INGRESS, codecs="none,gzip:1", sizes=(65536,), budget_s=0.0
    )
    assert [row.total_error for row in advice.rows] == [None, None]
    assert "±" not in advice.sentences[0]
    assert "runner-up" in advice.sentences[1]
    assert "sure" not in advice.sentences[1]


def test_prices_decide(
    sample: str, tmp_path: Path, needs: Callable[[str], None]
) -> None:
    """Where bytes cost nothing, what compresses least is best."""
    needs("zstd")
    path = tmp_path / "prices.toml"
    path.write_text(
        "currency = 'EUR'\n"
        "[network_per_gb]\nproduce = 0.0\nreplicate = 0.0\nconsume = 0.0\n"
        "[disk_per_gb_month]\neach = 0\n"
        "[core_per_hour]\nproducer = 1.0\nbroker = 1.0\nconsumer = 1.0\n"
    )
    advice = complab.advise(
        sample,
        ingress=_INGRESS,
        prices=str(path),
        codecs="none,zstd:19",
        sizes=(65536,),
        budget_s=0.1,
    )
    assert advice.rows[0].codec == "none"
    assert advice.rows[0].network_cost == 0
    assert advice.currency == "EUR"
    assert f"prices: {path}" in advice.notes


@pytest.mark.parametrize(
    ("client", "chosen", "lines"),
    [
        (
            "java",
            Chosen("zstd", 6, 65536, 10),
            ("compression.type=zstd", "compression.zstd.level=6", "batch.size=65536"),
        ),
        (
            "librdkafka",
            Chosen("lz4", 5, 1000, 10),
            ("compression.codec=lz4", "compression.level=5", "batch.size=1000"),
        ),
        (
            "librdkafka",
            Chosen("snappy", None, 2_000_000, 10),
            (
                "compression.codec=snappy",
                "batch.size=2000000",
                "message.max.bytes=2000000",
            ),
        ),
        ("java-3", Chosen("zstd", 3, 1000, 0), ("compression.type=zstd",)),
        ("aiokafka", Chosen("none", None, 1000, 7), ("compression_type=None,",)),
        ("sarama", Chosen("zstd", 6, 1000, 7), ("compression: zstd at level 6",)),
    ],
)
def test_settings_are_those_that_the_client_has(
    client: str, chosen: Chosen, lines: tuple[str, ...]
) -> None:
    """A level only where there is one to set, and other than the default."""
    _, found = producer_settings(CLIENTS[client], chosen)
    assert found[: len(lines)] == lines
    assert not any("level" in line for line in found[len(lines) :])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sizes": ()}, "one at least"),
        ({"producer_count": 0}, "producers: 1 or more"),
        ({"replication": 0}, "replication factor of 1"),
        ({"codecs": "brotli:1"}, "brotli is not in Kafka"),
        ({"prices": "nowhere.toml"}, "cannot be read"),
        ({"ingress": Ingress()}, "an ingress above 0"),
    ],
)
def test_wrong_words_are_refused(
    sample: str, options: dict[str, object], words: str
) -> None:
    """Each says what is allowed."""
    arguments: dict[str, object] = {"ingress": _INGRESS, "codecs": "none", **options}
    with pytest.raises(PlanError, match=words):
        complab.advise(sample, **arguments)  # type: ignore[arg-type]


def test_a_rows_name_says_what_it_is() -> None:
    """For sentences."""
    row = AdviceRow("java", "zstd", 3, "system", "1.5.4", 16384)
    assert row.name(names_library=False) == "zstd:3 in batches of 16,384 bytes"
    assert row.name(names_library=True).startswith("zstd@system:3 in batches")
    assert Machine().as_prices().currency == "machines"
