"""Surveys of data folders: whole topics by hand, drawn ones against the whole."""

import json
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import complab
from complab import core
from complab.codecs.catalogue import KAFKA, Catalogue, find
from complab.errors import InputError, PlanError
from complab.kafka.sampling_frame import Place
from complab.kafka.subject import CODECS
from complab.sampling import Ratio, estimate_ratio, failure_chance_of_look
from complab.studies.topic_sample import TopicSample

MakeBatch = Callable[..., bytes]

_LOG = "00000000000000000000.log"


def _put(folder: Path, partition: str, *logs: bytes) -> Path:
    """Make a partition of logs."""
    place = folder / partition
    place.mkdir()
    for number, data in enumerate(logs):
        (place / f"{number:020}.log").write_bytes(data)
    return place


@pytest.fixture
def data(tmp_path: Path, samples: Path) -> Path:
    """Three topics: two partitions of lz4, one of none, one of zstd."""
    read = {p.name: p.read_bytes() for p in samples.glob("*-16k-*.bin")}
    _put(tmp_path, "requests-0", read["http-requests-16k-lz4.bin"])
    _put(tmp_path, "requests-1", read["http-requests-16k-lz4.bin"])
    _put(tmp_path, "journal-0", read["journald-16k-none.bin"])
    _put(tmp_path, "dns-0", read["dns-16k-zstd.bin"])
    return tmp_path


def _cells(found: complab.Survey) -> list[dict[str, Any]]:
    return [row.cells() for row in found.rows]


def _by_topic(found: complab.Survey) -> dict[str, dict[str, Any]]:
    return {row.facts.topic: row.cells() for row in found.rows}


def _recompressed_bytes(path: str, codec: str, level: int) -> int:
    """What a log's batches take in another codec, one after the other."""
    info = find(codec, KAFKA)
    (provider,) = Catalogue().choose(info, None)
    coder = core.Coder(
        info,
        provider.library,
        core.Direction.COMPRESS,
        level=level,
        is_size_known=False,
    )
    total_bytes = 0
    for _, payload in complab.kafka.open(path).payloads():
        assert isinstance(payload, memoryview)
        block = bytes(payload)
        capacity = [coder.bound_bytes(len(block))]
        work = core.Work(coder, core.Sources([block]), capacity, core.Arena())
        total_bytes += 61 + work.run_block(0)
    return total_bytes


def test_small_topics_are_exact(data: Path) -> None:
    """Whole topics: sizes, means and savings are those of every batch."""
    found = complab.survey(str(data), "zstd:3")
    rows = _by_topic(found)
    assert set(rows) == {"requests", "journal", "dns"}
    assert not found.has_failures

    log = data / "journal-0" / _LOG
    inspection = complab.inspect(str(log))
    journal, totals = rows["journal"], inspection.totals.overall
    assert journal["disk_bytes"] == log.stat().st_size
    assert journal["records_per_batch"] == pytest.approx(
        totals.average_records_per_batch
    )
    assert journal["batch_bytes"] == pytest.approx(totals.average_batch_bytes)
    assert journal["stored_codecs"] == "none"
    new_bytes = _recompressed_bytes(str(log), "zstd", 3)
    assert journal["saving_bytes"] == log.stat().st_size - new_bytes
    assert journal["saving_pct"] == pytest.approx(
        100 * (1 - new_bytes / log.stat().st_size)
    )
    assert journal["saving_low_pct"] == journal["saving_high_pct"]
    assert journal["is_whole"]

    requests = rows["requests"]
    assert (requests["partition_count"], requests["segment_count"]) == (2, 2)
    assert requests["stored_codecs"] == "lz4"
    assert requests["read_batch_count"] == 34
    overall = complab.inspect(str(data / "requests-0")).totals.overall
    assert requests["compression_ratio"] == pytest.approx(overall.compression_ratio)


def test_the_worst_topic_comes_first(data: Path) -> None:
    """Topics stand in the order of the bytes that their best codec would save."""
    found = complab.survey(str(data), "lz4,zstd:3")
    rows = _cells(found)
    assert [row["codec"] for row in rows] == ["lz4", "zstd"] * 3
    best = [
        max(rows[i]["saving_bytes"], rows[i + 1]["saving_bytes"]) for i in (0, 2, 4)
    ]
    assert best == sorted(best, reverse=True)
    assert rows[0]["topic"] == "journal"
    notes = " ".join(found.table().notes)
    total = sum(row["saving_bytes"] for row in rows if row["codec"] == "zstd")
    assert f"zstd:3 would save {total / 1e6:.3f} MB of all" in notes


def test_findings_name_their_topics(data: Path) -> None:
    """What lint finds of a topic is in its row, and its rule names the topic."""
    _put(data, "old-0", (data / "journal-0" / _LOG).read_bytes())
    shutil.copy(
        Path(__file__).parents[2] / "samples" / "journald-16k-gzip.bin",
        data / "old-0" / _LOG,
    )
    found = complab.survey(str(data))
    rows = _by_topic(found)
    assert "L16" in rows["old"]["lint"].split()
    findings = {row["rule"]: row for row in found.findings_table().rows}
    assert findings["L16"]["topics"] == "old"
    assert "L16 warn: gzip - in old" in found.findings_text()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A topic of 24 MB of http requests, then journal entries, with an index."""
    folder = tmp_path_factory.mktemp("data")
    batches = []
    for name in ("http-requests-16k-lz4", "journald-16k-snappy"):
        data = (samples / f"{name}.bin").read_bytes()
        rows, _ = core.scan_all(core.Source(data, path=name))
        one = [
            data[int(r["position"]) : int(r["position"]) + int(r["batch_bytes"])]
            for r in rows
        ]
        batches += one * (12_000_000 // len(data))
    place = _put(folder, "mixed-0", b"".join(batches))
    position, entries = 0, b""
    for number, batch in enumerate(batches):
        if position:
            entries += struct.pack(">ii", number, position)
        position += len(batch)
    (place / "00000000000000000000.index").write_bytes(entries)
    return folder


def test_drawn_intervals_hold_the_truth(large: Path) -> None:
    """A tenth of the topic and less tells its saving, within what was asked for."""
    path = large / "mixed-0" / _LOG
    truth = 100 * (1 - _recompressed_bytes(str(path), "zstd", 3) / path.stat().st_size)
    held = 0
    for seed in range(20):
        found = complab.survey(str(large), "zstd:3", seed=seed)
        (row,) = _cells(found)
        assert not row["is_whole"]
        assert row["saving_high_pct"] - row["saving_low_pct"] <= 2.0
        assert found.read_bytes < 0.3 * path.stat().st_size
        held += row["saving_low_pct"] <= truth <= row["saving_high_pct"]
    assert held >= 18


def test_the_seed_decides_the_draw(large: Path) -> None:
    """The same seed gives the same document, another one another."""
    documents = [
        complab.survey(str(large), seed=seed).to_document() for seed in (3, 3, -3)
    ]
    assert documents[0] == documents[1]
    assert documents[0]["rows"] != documents[2]["rows"]
    assert documents[0]["seed"] == 3
    assert json.loads(json.dumps(documents[0], allow_nan=False)) == documents[0]


def test_more_precision_reads_more(large: Path) -> None:
    """A narrower interval takes more batches, and in the end all of them."""
    coarse, fine, whole = (
        _cells(complab.survey(str(large), precision_pct=p))[0]
        for p in (2.0, 0.7, 0.001)
    )
    assert coarse["read_batch_count"] <= fine["read_batch_count"]
    assert fine["saving_high_pct"] - fine["saving_low_pct"] <= 1.4
    assert whole["is_whole"]
    assert whole["saving_high_pct"] == whole["saving_low_pct"]
    assert coarse["saving_low_pct"] <= whole["saving_pct"] <= coarse["saving_high_pct"]


def test_what_goes_away_is_told_and_the_rest_answered(data: Path) -> None:
    """A topic that is deleted meanwhile fails, one that loses a segment goes on."""

    def delete(topic: str, number: int, count: int) -> None:
        assert count == 3
        if number == 0:
            assert topic == "dns"
            shutil.rmtree(data / "journal-0")
            (data / "requests-1" / _LOG).unlink()

    found = complab.survey(str(data), on_progress=delete)
    rows = _by_topic(found)
    assert found.has_failures
    assert rows["dns"]["status"] == "ok"
    assert rows["requests"]["status"] == "incomplete"
    assert "requests-1" in rows["requests"]["message"]
    assert rows["requests"]["saving_pct"] is not None
    assert rows["journal"]["status"] == "failed"
    assert rows["journal"]["saving_pct"] is None
    assert found.rows[-1].facts.topic == "journal"


def test_a_segment_that_shrinks_is_told(large: Path, tmp_path: Path) -> None:
    """A log that is cut while it is surveyed is no crash: its row says so."""
    copy = tmp_path / "copy"
    shutil.copytree(large, copy)
    path = copy / "mixed-0" / _LOG

    def cut(topic: str, number: int, count: int) -> None:
        del topic, number, count
        with path.open("r+b") as file:
            file.truncate(1000)

    found = complab.survey(str(copy), on_progress=cut)
    assert found.rows[0].status == "failed"
    assert "fewer than when listed" in found.rows[0].message


def test_what_is_written_meanwhile_is_left_out(data: Path) -> None:
    """A log that grows is taken at the size that it had."""
    path = data / "journal-0" / _LOG
    size = path.stat().st_size
    truth = _by_topic(complab.survey(str(data)))["journal"]["saving_bytes"]

    def append(topic: str, number: int, count: int) -> None:
        del topic, count
        if number == 0:
            with path.open("ab") as file:
                file.write((data / "dns-0" / _LOG).read_bytes())

    row = _by_topic(complab.survey(str(data), on_progress=append))["journal"]
    assert (row["disk_bytes"], row["saving_bytes"]) == (size, truth)


def test_damage_is_counted_as_it_is_stored(
    tmp_path: Path, make_batch: MakeBatch
) -> None:
    """A wrong CRC and records that do not decompress are told, and save nothing."""
    bad_crc = bytearray(make_batch(b"a" * 3000))
    bad_crc[-1] ^= 1
    log = bytes(bad_crc) + make_batch(b"no zstd frame", codec_id=4)
    _put(tmp_path, "broken-0", log)
    (row,) = complab.survey(str(tmp_path)).rows
    assert row.status == "incomplete"
    assert row.saving_bytes == 0
    assert "CRC" in row.message
    assert "zstd" in row.message


def test_problems_say_what_and_where_and_how_many(
    tmp_path: Path, make_batch: MakeBatch, make_record: Callable[[bytes], bytes]
) -> None:
    """Batches with one thing wrong are one sentence, with the first one's place."""
    sound = make_batch()
    bad_crc = bytearray(sound)
    bad_crc[-1] ^= 1
    strays = [make_record(b"value") + bytes(count) for count in (1, 2, 3)]
    parts = [bytes(bad_crc), sound, *map(make_batch, strays), bytes(bad_crc)]
    parts.append(make_batch(b"no frame", codec_id=4))
    _put(tmp_path, "broken-0", b"".join(parts))
    found = complab.survey(str(tmp_path))
    first, frame = (sum(map(len, parts[:count])) for count in (2, 6))
    log = f"broken-0/{_LOG}"
    crc, records, codec = found.topics[0].problems
    assert crc == f"2 batches have a wrong CRC, the first in {log}, offset 0"
    begin = f"3 batches hold malformed records, the first in {log}, offset {first:,}: "
    assert records.startswith(f"{begin}1 bytes are left behind the last record")
    begin = f"1 batch cannot be read (zstd), in {log}, offset {frame:,}: "
    assert codec.startswith(begin)
    assert "batch 0" not in codec
    assert "complab inspect FILE" in str(found)


def test_lint_looks_at_all_that_was_read(
    tmp_path: Path, make_batch: MakeBatch, make_record: Callable[[bytes], bytes]
) -> None:
    """What is rare, and comes late, is found, in records as in frames."""
    record = bytearray(make_record(b"a value"))
    second = bytearray(record)
    record[3], second[3] = 0, 4  # offsets 0 and 2
    gap = make_batch(bytes(record + second), count=2)
    plain = make_batch()
    _put(tmp_path, "rare-0", plain * 3000 + gap + make_batch(b"?", codec_id=4))
    (topic,) = complab.survey(str(tmp_path)).topics
    assert topic.report is not None
    found = {each.rule: each for each in topic.report.findings}
    assert found["L5"].batch_count == 1
    assert found["L22"].batch_count == 1
    assert found["L8"].batch_count == topic.read_batch_count == 3002


def test_copies_of_a_library_have_sums_of_their_own(data: Path) -> None:
    """Two copies of zstd are two sums, each as if it were alone."""
    if len(Catalogue().choose(find("zstd", KAFKA), "*")) < 2:
        pytest.skip("there is one copy of zstd at the most")
    table = complab.survey(str(data), "zstd@*:3").table()
    sums = [note for note in table.notes if " would save " in note]
    alone = complab.survey(str(data), "zstd@wheel:3").table().notes
    assert [note.split()[0] for note in sums] == ["zstd@system:3", "zstd@wheel:3"]
    assert sums[1].replace("@wheel", "") in alone
    assert {"provider", "library_version"} <= {c.name for c in table.shown_columns}


def test_what_a_codec_adds_has_no_sign(data: Path) -> None:
    """A sum that grows says "add", and by how much, without a minus beside it."""
    shutil.rmtree(data / "journal-0")
    found = complab.survey(str(data), "none")
    grown = -sum(row["saving_bytes"] for row in _cells(found))
    stored = sum(topic.disk_bytes for topic in found.topics)
    assert grown > 0
    (note,) = (each for each in found.table().notes if "would" in each)
    share = f"{100 * grown / stored:.0f}"
    assert note == (
        f"none would add {grown / 1e6:.3f} MB to all, {share} % ({share} to {share} %)"
    )


def test_the_interval_told_is_that_of_the_look_that_ended_it(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each round leaves less of the chance to fail, and the last look's is told."""
    rounds: list[int] = []
    told: list[tuple[float, Ratio | None]] = []
    draw = TopicSample.draw

    def noting_draw(self: TopicSample, places: Sequence[Place]) -> None:
        rounds.append(len(places))
        draw(self, places)

    def noting(above: Any, below: Any, *, failure_chance: float) -> Ratio | None:
        ratio = estimate_ratio(above, below, failure_chance=failure_chance)
        told.append((failure_chance, ratio))
        return ratio

    monkeypatch.setattr(TopicSample, "draw", noting_draw)
    monkeypatch.setattr("complab.studies.topic_sample.estimate_ratio", noting)
    (row,) = complab.survey(str(large), precision_pct=0.035).rows
    assert not row.facts.is_whole
    assert len(rounds) > 1
    assert row.new_ratio is not None
    assert told[-1] == (failure_chance_of_look(len(rounds)), row.new_ratio)
    assert 0 < row.new_ratio.half_width <= 0.00035


def test_control_batches_and_empty_topics(
    tmp_path: Path, make_batch: MakeBatch
) -> None:
    """A topic of control batches saves nothing, one without any batch has no figure."""
    _put(tmp_path, "control-0", make_batch(is_control=True) * 3)
    _put(tmp_path, "empty-0", b"")
    found = complab.survey(str(tmp_path))
    rows = _by_topic(found)
    assert not found.has_failures
    assert rows["control"]["saving_bytes"] == 0
    assert rows["empty"]["saving_bytes"] is None
    assert rows["empty"]["message"] == "no batch was found"


@pytest.mark.parametrize(
    ("codecs", "message"),
    [("brotli", "none of Kafka's codecs"), ("zstd:99", "no level"), ("", "is empty")],
)
def test_wrong_codecs(data: Path, codecs: str, message: str) -> None:
    """A codec that no topic can be stored in is no plan."""
    with pytest.raises(PlanError, match=message):
        complab.survey(str(data), codecs)


def test_wrong_numbers_and_folders(data: Path) -> None:
    """Neither precision nor rate can be 0; a segment is no folder."""
    with pytest.raises(PlanError, match="precision"):
        complab.survey(str(data), precision_pct=0)
    with pytest.raises(PlanError, match="rate"):
        complab.survey(str(data), max_rate=0)
    with pytest.raises(InputError, match="see inspect"):
        complab.survey(str(data / "dns-0" / _LOG))


def test_numpy_and_a_notebook_have_it(data: Path) -> None:
    """Rows come as an array, and the result shows itself."""
    found = complab.survey(str(data), "zstd:3,lz4")
    rows = found.to_numpy()
    assert len(rows) == 6
    assert rows["disk_bytes"].dtype == "i8"
    assert set(rows["stored_codecs"]) == set(CODECS) & {"lz4", "none", "zstd"}
    assert "<table>" in found._repr_html_()
    assert "journal" in repr(found)


def test_damage_inside_a_log_is_told(tmp_path: Path, samples: Path) -> None:
    """Bytes that are no batch are counted, but at the end of what is written to."""
    log = (samples / "journald-16k-none.bin").read_bytes()
    _put(tmp_path, "sound-0", log, log + bytes(5000))
    _put(tmp_path, "broken-0", log[:100_000] + b"\x7f" * 3000 + log, log)
    rows = _by_topic(complab.survey(str(tmp_path)))
    assert (rows["sound"]["status"], rows["sound"]["message"]) == ("ok", None)
    assert rows["broken"]["status"] == "incomplete"
    assert (
        "bytes of broken-0/00000000000000000000.log are in no batch"
        in (rows["broken"]["message"])
    )


def test_an_interrupted_survey_has_the_topics_until_then(data: Path) -> None:
    """Ctrl-C keeps what was found."""

    def interrupt(topic: str, number: int, count: int) -> None:
        del topic, count
        if number == 2:
            raise KeyboardInterrupt

    found = complab.survey(str(data), on_progress=interrupt)
    assert not found.is_complete
    assert {topic.topic for topic in found.topics} == {"dns", "journal"}
    assert "interrupted" in str(found)


# ---- Logs of real brokers -----------------------------------------------------------

_TOPICS = Path(__file__).parents[2].parent / "shared" / "fixtures" / "topics"


@pytest.mark.parametrize(
    ("topic", "codec"),
    [
        ("java-zstd", "zstd:3"),
        ("java-zstd-l19", "zstd:19"),
        ("java-gzip-l9", "gzip:9"),
        ("java-snappy", "snappy"),
        ("java-lz4", "lz4:9"),
    ],
)
def test_what_java_stored_saves_nothing_over_itself(topic: str, codec: str) -> None:
    """The same codec and level give what the Java client stored, versions apart."""
    if not _TOPICS.is_dir():
        pytest.skip(f"there are no segments of brokers in {_TOPICS}")
    (row,) = _cells(complab.survey(str(_TOPICS / f"{topic}-0"), codec))
    assert row["topic"] == topic
    assert row["status"] == "ok"
    assert row["saving_pct"] == pytest.approx(0, abs=0.4)


def test_every_topic_of_a_broker_is_answered() -> None:
    """Seventy topics of eight clients, compacted and transactional ones among them."""
    if not _TOPICS.is_dir():
        pytest.skip(f"there are no segments of brokers in {_TOPICS}")
    found = complab.survey(str(_TOPICS), "snappy")
    assert not found.has_failures
    rows = _by_topic(found)
    assert len(rows) == len(list(_TOPICS.iterdir()))
    assert rows["bk-multisegment-none"]["segment_count"] == 2
    assert rows["bk-txn-zstd"]["stored_codecs"] == "zstd 99 %, none 1 %"
    assert rows["kafkajs-Snappy"]["clients"] == "kafkajs"
    total = sum(p.stat().st_size for p in _TOPICS.glob("*/*.log"))
    assert sum(topic.disk_bytes for topic in found.topics) == total
