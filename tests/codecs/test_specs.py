"""The grammar of a codec list, and the configurations that a list means."""

from collections.abc import Callable

import pytest

from complab import core
from complab.codecs import catalogue, specs
from complab.codecs.catalogue import KAFKA, RAW, Catalogue
from complab.codecs.specs import Item, Selection
from complab.errors import LevelError, PlanError, UnknownCodecError

Rows = list[tuple[str, int | None]]


def select(text: str, framing: str = KAFKA) -> tuple[Selection, ...]:
    """Select with the libraries of this machine."""
    return specs.select(text, framing=framing, libraries=Catalogue())


def rows(text: str, framing: str = KAFKA) -> Rows:
    """The codecs and levels that a list means."""
    return [(s.codec.name, s.level) for s in select(text, framing)]


# ---- Parsing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("zstd", [Item("zstd", None, ())]),
        ("zstd:3", [Item("zstd", None, (3,))]),
        ("zstd@1.5.7:1-3", [Item("zstd", "1.5.7", (1, 2, 3))]),
        ("lz4@new", [Item("lz4", "new", ())]),
        ("zstd@*:3", [Item("zstd", "*", (3,))]),
        ("zstd@system", [Item("zstd", "system", ())]),
        ("zstd:-5..-1", [Item("zstd", None, (-5, -4, -3, -2, -1))]),
        ("zstd:-1..1", [Item("zstd", None, (-1, 0, 1))]),
        ("zstd:-2-1", [Item("zstd", None, (-2, -1, 0, 1))]),
        ("zstd:1..3", [Item("zstd", None, (1, 2, 3))]),
        ("zstd:-7", [Item("zstd", None, (-7,))]),
        ("zstd:4-4", [Item("zstd", None, (4,))]),
        (
            "zstd:1,3,6-8,lz4",
            [Item("zstd", None, (1, 3, 6, 7, 8)), Item("lz4", None, ())],
        ),
        ("zstd,1,3", [Item("zstd", None, (1, 3))]),
        ("zstd,-3..-1", [Item("zstd", None, (-3, -2, -1))]),
        ("zstd@wheel,1,3", [Item("zstd", "wheel", (1, 3))]),
        (" zstd:1 , lz4 ", [Item("zstd", None, (1,)), Item("lz4", None, ())]),
        ("zlib-ng:6", [Item("zlib-ng", None, (6,))]),
        ("kafka,brotli", [Item("kafka", None, ()), Item("brotli", None, ())]),
    ],
)  # fmt: skip
def test_items(text: str, items: list[Item]) -> None:
    """Every form of an item is read as the grammar says."""
    assert list(specs.parse(text)) == items


@pytest.mark.parametrize(
    ("lzbench", "own"),
    [
        ("zstd,1,3/lz4/brotli,5", "zstd:1,3,lz4,brotli:5"),
        ("memcpy/", "memcpy"),
        ("/lz4", "lz4"),
        ("zstd,-1/zlib,9", "zstd:-1,zlib:9"),
    ],
)
def test_lzbench_spelling(lzbench: str, own: str) -> None:
    """A list with a slash is in lzbench's spelling and means the same."""
    assert specs.parse(lzbench) == specs.parse(own)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the codec list is empty"),
        ("  ", "the codec list is empty"),
        (",", "'' is not NAME"),
        ("zstd,,lz4", "'' is not NAME"),
        ("3", "'3' stands before any codec"),
        ("1-3,zstd", "'1-3' stands before any codec"),
        ("zstd:", "'zstd:' is not NAME"),
        ("zstd:x", "'zstd:x' is not NAME"),
        ("zstd:1-", "'zstd:1-' is not NAME"),
        ("zstd:1-2-3", "'zstd:1-2-3' is not NAME"),
        ("zstd:1.5", "'zstd:1.5' is not NAME"),
        ("zstd@", "'zstd@' is not NAME"),
        ("@system", "'@system' is not NAME"),
        ("ZSTD", "'ZSTD' is not NAME"),
        ("zstd:+3", "is not NAME"),
        ("zstd:3-1", "the first is larger than the last"),
        ("zstd:-1..-5", "the first is larger than the last"),
        ("zstd:1-999999999", "no codec has so many"),
        ("zstd:" + 5000 * "9", "is not NAME"),
        ("zstd:٣", "is not NAME"),
        ("zstd;window_log=20", "codec parameters are not known yet"),
        ("zstd:3;window_log=20", "codec parameters are not known yet"),
    ],
)
def test_wrong_lists_are_told(text: str, words: str) -> None:
    """A list that is none names the part that is wrong."""
    with pytest.raises(PlanError) as error:
        specs.parse(text)
    assert words in str(error.value)


# ---- Selecting ----------------------------------------------------------------------


def test_no_levels_means_those_of_a_sweep() -> None:
    """Without levels a codec comes with all that a sweep walks, none negative."""
    assert rows("zstd") == [("zstd", level) for level in range(1, 23)]
    assert rows("gzip") == [("gzip", level) for level in range(1, 10)]
    assert rows("snappy") == [("snappy", None)]
    assert rows("brotli") == [("brotli", level) for level in range(12)]


def test_kafka_is_its_five_codecs_in_order() -> None:
    """The set kafka is none, gzip, snappy, lz4, zstd, in Kafka's framing."""
    found = select("kafka")
    assert list(dict.fromkeys(s.codec.name for s in found)) == [
        "none", "gzip", "snappy", "lz4", "zstd"
    ]  # fmt: skip
    assert {s.codec.framing for s in found} == {"kafka"}
    assert not any(s.is_named for s in found)


@pytest.mark.parametrize("framing", [KAFKA, RAW])
def test_all_is_every_codec_once(framing: str) -> None:
    """The set all has each codec of the table that the framing has."""
    found = list(dict.fromkeys(s.codec.name for s in select("all", framing)))
    wanted = set(catalogue.names()) - ({"none"} if framing == RAW else set())
    assert set(found) == wanted
    assert len(found) == len(wanted)


def test_deflate_is_gzip_and_zlib() -> None:
    """The set deflate has every encoder of the family that there is."""
    assert {s.codec.name for s in select("deflate")} == {"gzip", "zlib"}


def test_named_codec_is_marked() -> None:
    """A codec that stands in the list itself is named, a set's member is not."""
    assert all(s.is_named for s in select("snappy,brotli:1"))
    assert not any(s.is_named for s in select("deflate"))


def test_each_configuration_comes_once_in_the_list_order() -> None:
    """What is named twice is measured once, where it stood first."""
    assert rows("zstd:3,snappy,zstd:1-3") == [
        ("zstd", 3), ("snappy", None), ("zstd", 1), ("zstd", 2)
    ]  # fmt: skip


def test_codec_outside_kafka_is_raw_also_with_kafka_framing() -> None:
    """A codec that Kafka does not have keeps its raw framing beside Kafka's."""
    found = {s.codec.name: s.codec.framing for s in select("zstd:1,brotli:1,memcpy")}
    assert found == {"zstd": "kafka", "brotli": "raw", "memcpy": "raw"}


def test_none_is_memcpy_with_raw_framing() -> None:
    """With --framing raw Kafka's none means memcpy."""
    assert rows("none", RAW) == [("memcpy", None)]


def test_framing_decides_what_a_level_of_lz4_means() -> None:
    """Kafka's lz4 has levels 1 to 17; raw lz4 has none and names those that have."""
    assert rows("lz4:17") == [("lz4", 17)]
    with pytest.raises(LevelError, match=r"lz4hc:1-12 .* lz4fast:1-17"):
        select("lz4:3", RAW)
    assert rows("lz4hc:12,lz4fast:17", RAW) == [("lz4hc", 12), ("lz4fast", 17)]


def test_negative_levels_of_zstd() -> None:
    """Negative levels come when asked for, down to the library's own least."""
    assert rows("zstd:-2..-1") == [("zstd", -2), ("zstd", -1)]
    assert rows("zstd:-131072") == [("zstd", -131072)]


@pytest.mark.parametrize(
    "text",
    ["zstd:23", "zstd:-131073", "gzip:0", "gzip:10", "lz4:18", "lz4:0", "brotli:12",
     "brotli:-1", "zlib:0", "lz4hc:13", "zstd:1-23", "zstd:999999999"],
)  # fmt: skip
def test_level_out_of_range_names_the_range(text: str) -> None:
    """A level that a codec does not have is refused with those that it has."""
    with pytest.raises(LevelError, match=r"has no level .*: it has .* by default"):
        select(text)


@pytest.mark.parametrize("text", ["snappy:1", "snappy,1"])
def test_codec_without_levels_takes_none(
    needs: Callable[[str], None], text: str
) -> None:
    """Snappy has no levels, and says so."""
    needs("snappy")
    with pytest.raises(LevelError, match="snappy has no levels"):
        select(text)


@pytest.mark.parametrize("text", ["none:1", "memcpy:1", "memcpy@system", "none@*"])
def test_built_in_codec_takes_neither_level_nor_provider(text: str) -> None:
    """What is built in has neither levels nor providers."""
    with pytest.raises(PlanError, match="neither levels nor providers"):
        select(text)


@pytest.mark.parametrize("text", ["kafka:3", "all:1", "deflate,6"])
def test_set_takes_no_levels(text: str) -> None:
    """A set's members have levels of different meanings."""
    with pytest.raises(PlanError, match="is a set of codecs and takes no levels"):
        select(text)


def test_unknown_codec_lists_what_there_is() -> None:
    """A name that is no codec is told with all names that are, sets included."""
    with pytest.raises(UnknownCodecError, match="there is no codec 'zst'") as error:
        select("zst:3")
    assert error.value.name == "zst"
    assert {"zstd", "kafka", "all", "brotli"} <= set(error.value.known)


def test_unknown_provider_lists_what_there_is() -> None:
    """A provider that is not there is told with those that are."""
    with pytest.raises(PlanError, match=r"zstd@9\.9.*there are system \("):
        select("zstd@9.9:3")


def test_provider_by_version_is_the_one_of_that_version() -> None:
    """A version as a provider's word chooses the copy that tells this version."""
    version = select("zstd@system:3")[0].provider
    assert version is not None
    (found,) = select(f"zstd@{version.version}:3")
    assert found.provider is not None
    assert found.provider.label == "system"


def test_star_is_every_provider() -> None:
    """The word * means every copy that was found and serves."""
    found = select("zstd@*:3")
    codec = catalogue.find("zstd", KAFKA)
    kind = catalogue.kind_of(codec)
    assert kind is not None
    usable = [p for p in Catalogue().of_kind(kind) if p.library is not None]
    assert [s.provider for s in found] == usable


def test_built_in_lists_are_lists() -> None:
    """The lists that a sweep takes by default select something in their framing."""
    assert len(select(specs.DEFAULT_LIST)) > 30
    assert 10 < len(select(specs.QUICK_LIST)) < 30
    assert len(select(specs.RAW_LIST, RAW)) > 30


def test_every_name_of_the_table_selects_itself() -> None:
    """Each codec of the C table can be named, in each framing that it has."""
    for codec in core.codecs():
        found = select(codec.name, codec.framing)
        assert {s.codec for s in found} == {codec}
