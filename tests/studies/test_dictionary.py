"""Dictionary studies: an honest split, gains by block, and how they age."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard

import complab
from complab import core
from complab.codecs.catalogue import KAFKA, Catalogue, find
from complab.errors import NoDataBatchError, PlanError

MakeBatch = Callable[..., bytes]

_NAMES = ("alpha", "bravo", "charlie", "delta")


def _record_file(path: Path, draw: random.Random, forms: tuple[str, ...]) -> str:
    """Lines of so many forms, one after the other, 3,000 of each."""
    lines = [
        form.format(draw.randrange(1 << 40), draw.choice(_NAMES))
        for form in forms
        for _ in range(3000)
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


_FORM = '{{"timestamp":{0},"service":"{1}","status":"delivered","region":"north"}}'
_OTHER = '<event id="{0}" kind="{1}"><outcome>rejected</outcome><where>south</where>'


def test_values_gain_most_and_whole_batches_least(samples: Path) -> None:
    """The gain falls as blocks grow: each has more of its own to refer to."""
    found = complab.dictionary(
        str(samples / "journald-16k-none.bin"), "zstd:3", sizes=(16_384,)
    )
    assert not found.has_failures
    assert [row.unit for row in found.rows] == [
        "value",
        "1 record",
        "10 records",
        "batch",
    ]
    gains = [row.gain_pct or 0.0 for row in found.rows]
    assert gains[0] > 25
    assert gains[1] > gains[2] > gains[3] > 0
    assert "Kafka carries no dictionaries" in str(found)


def test_figures_are_those_of_another_zstd(tmp_path: Path) -> None:
    """The rows of values are what zstandard makes of the later lines, one by one."""
    path = _record_file(tmp_path / "lines.txt", random.Random(1), (_FORM, _OTHER))
    found = complab.dictionary(
        path, "zstd:5", sizes=(4096,), records="lines", train_share=0.6
    )
    row = found.rows[0]
    values = Path(path).read_bytes().splitlines()
    later = values[found.train_record_count :]
    assert row.record_count == row.block_count == len(later)
    assert row.uncompressed_bytes == sum(map(len, later))
    trained_bytes = found.dictionaries[row.provider, 5, 4096]
    trained = zstandard.ZstdCompressionDict(trained_bytes)
    assert row.dictionary_bytes == len(trained_bytes)
    other = zstandard.ZstdCompressor(level=5, dict_data=trained)
    plain = zstandard.ZstdCompressor(level=5)
    # Versions of the library differ a little in what they make of the same bytes.
    assert row.plain_bytes == pytest.approx(
        sum(len(plain.compress(value)) for value in later), rel=0.02
    )
    assert row.compressed_bytes == pytest.approx(
        sum(len(other.compress(value)) for value in later), rel=0.02
    )


def test_each_library_has_rows_of_its_own(tmp_path: Path) -> None:
    """Two copies of zstd at one level are told apart, and each is what it is alone."""
    if len(Catalogue().choose(find("zstd", KAFKA), "*")) < 2:
        pytest.skip("there is one copy of zstd at the most")
    path = _record_file(tmp_path / "lines.txt", random.Random(5), (_FORM,))
    names = ("zstd@system:3", "zstd@wheel:3")
    both, *single = (
        complab.dictionary(path, codecs, sizes=(1024,), records="lines")
        for codecs in (",".join(names), *names)
    )
    assert both.rows == single[0].rows + single[1].rows
    assert both.dictionaries == {**single[0].dictionaries, **single[1].dictionaries}
    best = max(single, key=lambda found: found.rows[0].gain_pct or 0.0)
    assert (both.aged, both.ages) == (best.aged, best.ages)
    shown = {column.name for column in both.table().shown_columns}
    assert {"provider", "library_version"} <= shown
    assert f"zstd@{best.rows[0].provider}:3" in str(both.ages_table())
    assert "provider" not in {c.name for c in single[0].table().shown_columns}


def test_a_set_of_batches_trains_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first later part needs no other fresh dictionary than the one there is."""
    path = _record_file(tmp_path / "lines.txt", random.Random(6), (_FORM, _OTHER))
    seen: list[tuple[int, bytes]] = []
    train = core.train_dictionary

    def noting(
        library: core.Library, samples: list[memoryview], size_bytes: int, **how: Any
    ) -> bytes:
        seen.append((size_bytes, b"".join(samples)))
        return train(library, samples, size_bytes, **how)

    monkeypatch.setattr(core, "train_dictionary", noting)
    found = complab.dictionary(path, sizes=(1024, 4096), records="lines")
    assert len(found.ages) == 8
    assert len(seen) == len(set(seen)) == 2 + 7
    assert found.ages[0].fresh_bytes == found.ages[0].compressed_bytes


def test_nothing_of_the_later_batches_trains(tmp_path: Path) -> None:
    """A dictionary of one form gains nothing of another that came later."""
    draw = random.Random(2)
    same = _record_file(tmp_path / "same.txt", draw, (_FORM, _FORM))
    turned = _record_file(tmp_path / "turned.txt", draw, (_FORM, _OTHER))
    gains = [
        complab.dictionary(path, sizes=(4096,), records="lines").rows[0].gain_pct or 0.0
        for path in (same, turned)
    ]
    assert gains[0] > 40
    assert gains[1] < 0.5 * gains[0]


def test_age_shows_where_the_form_changes(tmp_path: Path) -> None:
    """An old dictionary loses its gain with the change, a fresh one has it again."""
    forms = (_FORM, _FORM, _FORM, _OTHER)
    path = _record_file(tmp_path / "lines.txt", random.Random(3), forms)
    found = complab.dictionary(path, sizes=(4096,), records="lines", train_share=0.25)
    assert found.aged is not None
    assert [row.part for row in found.ages] == list(range(1, 9))
    since = [row.records_since for row in found.ages]
    assert since == sorted(since)
    assert since[-1] == pytest.approx(9000 * 15 / 16, rel=0.05)
    gains = [row.gain_pct for row in found.ages]
    assert min(gains[:5]) > 2 * max(gains[6:])
    fresh = [row.fresh_gain_pct for row in found.ages]
    assert fresh[-1] is not None
    assert fresh[-1] > gains[-1] + 20


def test_a_dictionary_that_cannot_be_trained_is_a_row(
    tmp_path: Path, make_batch: MakeBatch
) -> None:
    """Too few records: the row says so, and there is no age."""
    path = tmp_path / "log.bin"
    path.write_bytes(make_batch() * 4)
    found = complab.dictionary(str(path), sizes=(4096,))
    (row,) = found.rows
    assert row.status == "failed"
    assert "no dictionary can be trained" in row.message
    assert found.has_failures
    assert found.ages == ()
    assert "no dictionary can be trained" in str(found)


def test_what_cannot_be_read_is_told_and_a_failure(
    tmp_path: Path, samples: Path, make_batch: MakeBatch
) -> None:
    """A batch with a wrong CRC trains and tests nothing, and its place is told."""
    log = (samples / "journald-16k-none.bin").read_bytes()
    bad = bytearray(make_batch())
    bad[-1] ^= 1
    path = tmp_path / "log.bin"
    path.write_bytes(log + bytes(bad))
    found = complab.dictionary(str(path), sizes=(4096,))
    assert all(row.status == "ok" for row in found.rows)
    assert found.has_failures
    assert f"offset {len(log):,}: CRC-32C is" in str(found)


def test_message_sets_have_values_too(tmp_path: Path) -> None:
    """Messages of magic 1 that stand alone in a log are taken apart like records."""
    draw = random.Random(4)
    entries = b""
    for offset in range(4000):
        value = _FORM.format(draw.randrange(1 << 40), draw.choice(_NAMES)).encode()
        body = b"\x01\x00" + (1000).to_bytes(8) + b"\xff" * 4
        body += len(value).to_bytes(4) + value
        message = core.crc32(body).to_bytes(4) + body
        entries += offset.to_bytes(8) + len(message).to_bytes(4) + message
    path = tmp_path / "old.log"
    path.write_bytes(entries)
    found = complab.dictionary(str(path), sizes=(4096,))
    assert not found.has_failures
    assert (found.rows[0].gain_pct or 0.0) > 40
    assert (found.rows[0].record_count or 0) + found.train_record_count == 4000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"codecs": "lz4"}, "takes no trained dictionary"),
        ({"sizes": (100,)}, "trains none below"),
        ({"sizes": ()}, "one dictionary at least"),
        ({"trainer": "guess"}, "fast-cover"),
        ({"train_share": 1.0}, "between 0 and 1"),
        ({"codecs": "zstd:77"}, "no level 77"),
    ],
)
def test_wrong_words(samples: Path, options: dict[str, object], message: str) -> None:
    """What makes no plan is told before anything is read."""
    with pytest.raises(PlanError, match=message):
        complab.dictionary(str(samples / "nothing.bin"), **options)  # type: ignore[arg-type]


def test_one_batch_cannot_be_split(samples: Path) -> None:
    """A single batch has nothing to test with."""
    with pytest.raises(NoDataBatchError, match="take a longer piece"):
        complab.dictionary(str(samples / "http-requests-1m-none.bin"))


def test_the_document_is_json_and_rows_are_an_array(samples: Path) -> None:
    """Every number is finite; numpy has a row for each of the table's."""
    found = complab.dictionary(
        str(samples / "http-requests-16k-zstd.bin"), "zstd:1,3", sizes=(4096, 16_384)
    )
    document = found.to_document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    rows = found.to_numpy()
    assert len(rows) == len(found.rows) == len(document["rows"])
    assert np.isfinite(rows["gain_pct"]).all()
    assert "how it ages" in found._repr_html_()


def test_speeds_are_of_single_values(samples: Path) -> None:
    """Asked for, the row of values has four speeds with errors, the others none."""
    found = complab.dictionary(
        str(samples / "journald-16k-none.bin"), sizes=(16_384,), has_speeds=True
    )
    value, *others = found.table().rows
    names = ("plain_compress", "compress", "plain_decompress", "decompress")
    for name in names:
        speed = value[f"{name}_mbps"]
        assert isinstance(speed, float)
        assert speed > 0
        assert isinstance(value[f"{name}_error_pct"], float)
        assert all(row[f"{name}_mbps"] is None for row in others)
    assert "comp. with" in str(found)
    assert f"same {found.rows[0].block_count} values, repeated" in str(found)
