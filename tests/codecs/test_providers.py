"""Copies of codec libraries: found, tried, and kept apart from one another.

The loader's state is that of a process, so what depends on the order of loading runs
in one of its own.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from complab import core
from complab.codecs import catalogue, providers
from complab.codecs.catalogue import Catalogue
from complab.codecs.listing import list_codecs
from complab.codecs.providers import Provider
from complab.errors import PlanError, ProviderError, UnknownCodecError

_KINDS = {kind.name: kind for kind in core.library_kinds()}
_BROTLI_PARTS = _KINDS["brotli"].parts

every_kind = pytest.mark.parametrize("kind", _KINDS.values(), ids=_KINDS)


def system(name: str) -> Provider:
    """The system's copy; skips where there is none."""
    provider = providers.system_provider(_KINDS[name])
    if provider.library is None:
        pytest.skip(provider.problem)
    return provider


def wheel(name: str) -> Provider:
    """The wheel's copy; skips where there is none."""
    provider = providers.wheel_provider(_KINDS[name])
    if provider is None or provider.library is None:
        pytest.skip(f"no installed wheel brings {name}")
    return provider


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[str, str], Path]:
    """Copy the system's library of a kind to another name."""

    def copy(name: str, file_name: str) -> Path:
        path = tmp_path / file_name
        shutil.copyfile(system(name).path, path)
        return path

    return copy


@pytest.fixture
def brotli_folder(tmp_path: Path) -> Path:
    """A folder with copies of all three parts of the system's brotli."""
    library = system("brotli").library
    assert library is not None
    folder = tmp_path / "brotli"
    folder.mkdir()
    for part, path in zip(_BROTLI_PARTS, library.paths, strict=True):
        shutil.copyfile(path, folder / part)
    return folder


_PRELUDE = """
import ctypes, json, sys
from complab import core
from complab.codecs import catalogue, providers
from complab.codecs.catalogue import Catalogue
from complab.errors import ProviderError
kinds = {kind.name: kind for kind in core.library_kinds()}
arguments = sys.argv[1:]
def said(function, *words):
    try:
        provider = function(*words)
    except ProviderError as error:
        return str(error)
    return provider.problem or provider.version
"""


def in_own_process(script: str, *arguments: str) -> Any:
    """Run a script behind the common beginning; what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", _PRELUDE + script, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ---- Found and tried ----------------------------------------------------------------


@every_kind
def test_system_library_serves_every_codec_of_its_kind(kind: core.LibraryKind) -> None:
    """The system's copy passes the self-test with each codec that it is for."""
    provider = system(kind.name)
    mine = [c for c in core.codecs() if c.library_kind == kind.index]
    assert mine
    for codec in mine:
        assert providers.self_test(codec, provider) == ""


@pytest.mark.parametrize("name", ["zstd", "lz4", "brotli"])
def test_wheel_serves_every_codec_of_its_kind(name: str) -> None:
    """The wheel's copy passes the self-test, and lies in the wheel."""
    provider = wheel(name)
    assert "site-packages" in provider.path
    for codec in core.codecs():
        if codec.library_kind == _KINDS[name].index:
            assert providers.self_test(codec, provider) == ""


def test_built_in_codecs_pass_the_self_test() -> None:
    """What needs no library works without one."""
    for codec in core.codecs():
        if codec.library_kind is None:
            assert providers.self_test(codec, None) == ""


def test_versions_are_those_that_the_packages_tell() -> None:
    """A wheel's version is that of the library in it, as its own module says."""
    import brotli
    import lz4
    import zstandard

    assert wheel("zstd").version == ".".join(map(str, zstandard.ZSTD_VERSION))
    assert wheel("lz4").version == lz4.library_version_string()
    assert wheel("brotli").version == brotli.__version__


@every_kind
def test_sha256_is_that_of_the_file(kind: core.LibraryKind) -> None:
    """The digest of a provider is that of the file that the codec is in."""
    provider = system(kind.name)
    data = Path(provider.path).read_bytes()
    assert provider.sha256 == hashlib.sha256(data).hexdigest()
    assert Path(provider.path).resolve() == Path(provider.path)


def test_listing_has_a_row_for_each_codec_and_provider() -> None:
    """Every codec stands there with every provider; all that serve pass."""
    rows = list_codecs().rows
    assert {(row["codec"], row["framing"]) for row in rows} == {
        (codec.name, codec.framing) for codec in core.codecs()
    }
    assert {row["status"] for row in rows} <= {"ok", "missing"}


@pytest.mark.parametrize("status", [0, 1])
def test_library_that_works_wrongly_fails_the_self_test(
    make_snappy: Callable[[int], Path], status: int
) -> None:
    """A library that fails, or gives back other bytes, is told in its own rows."""
    path = make_snappy(status)
    rows = list_codecs([f"snappy:wrong={path}"]).rows
    wrong = [row for row in rows if row["provider"] == "wrong"]
    assert len(wrong) == 2
    assert all(row["status"] == "failed" and row["message"] for row in wrong)
    assert {r["status"] for r in rows if r["provider"] != "wrong"} <= {"ok", "missing"}


# ---- --lib --------------------------------------------------------------------------


def test_copy_under_another_name_serves(copy_of: Callable[[str, str], Path]) -> None:
    """--lib takes a copy of any name; its label is the one given."""
    path = copy_of("zstd", "anything.bin")
    found = Catalogue.with_libraries([f"zstd:mine={path}"])
    (provider,) = found.choose(catalogue.find("zstd", "kafka"), "mine")
    assert (provider.label, provider.path) == ("mine", str(path))
    assert provider.version == system("zstd").version
    assert provider.sha256 == system("zstd").sha256
    assert providers.self_test(catalogue.find("zstd", "raw"), provider) == ""


def test_label_is_the_files_name_unless_given(
    copy_of: Callable[[str, str], Path],
) -> None:
    """Without a label a library is called by its file's name, and preferred."""
    path = copy_of("lz4", "mylz4.so")
    found = Catalogue.with_libraries([f"lz4={path}"])
    codec = catalogue.find("lz4hc", "raw")
    assert found.choose(codec, None)[0].path == str(path)
    assert found.choose(codec, "mylz4.so")[0].path == str(path)


def test_two_libraries_of_one_name_are_refused(
    copy_of: Callable[[str, str], Path], tmp_path: Path
) -> None:
    """Or both would be the first: files of one name want labels."""
    first = copy_of("zstd", "libzstd.so.1")
    second = tmp_path / "other" / first.name
    second.parent.mkdir()
    second.write_bytes(first.read_bytes())
    with pytest.raises(PlanError, match="zstd:LABEL=PATH"):
        Catalogue.with_libraries([f"zstd={first}", f"zstd={second}"])
    found = Catalogue.with_libraries([f"zstd={first}", f"zstd:b={second}"])
    assert [each.label for each in found.named] == [first.name, "b"]


def test_codec_names_its_librarys_kind(copy_of: Callable[[str, str], Path]) -> None:
    """--lib gzip=FILE is a library for all codecs of zlib, as --lib zlib=FILE is."""
    path = copy_of("zlib", "libz-copy.so")
    found = Catalogue.with_libraries([f"gzip:mine={path}"])
    assert found.choose(catalogue.find("zlib", "raw"), "mine")[0].path == str(path)


def test_relative_path_is_taken_from_here(
    copy_of: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path without a slash is a file of this folder, not one of the loader's."""
    path = copy_of("zstd", "libzstd.so.1")
    monkeypatch.chdir(path.parent)
    (provider,) = Catalogue.with_libraries(["zstd:mine=libzstd.so.1"]).named
    assert provider.path == str(path)


@pytest.mark.parametrize(
    ("file_name", "version"),
    [("libsnappy.so.1.9.9", "1.9.9"), ("libsnappy.so", "unknown")],
)
def test_version_is_read_off_the_files_name(
    copy_of: Callable[[str, str], Path], file_name: str, version: str
) -> None:
    """Snappy does not tell its version: the file's name does, or nobody."""
    path = copy_of("snappy", file_name)
    (provider,) = Catalogue.with_libraries([f"snappy={path}"]).named
    assert provider.version == version


@pytest.mark.parametrize("option", ["zstd", "zstd=", "=x.so", "", "zstd:a"])
def test_option_of_another_form_is_refused(option: str) -> None:
    """What is not NAME[:LABEL]=PATH is told so."""
    with pytest.raises(PlanError, match="is not of the form"):
        Catalogue.with_libraries([option])


def test_option_for_no_codec_is_refused() -> None:
    """A codec that does not exist, or has no library, takes no --lib."""
    with pytest.raises(UnknownCodecError, match="no codec 'nope'"):
        Catalogue.with_libraries(["nope=x.so"])
    with pytest.raises(PlanError, match="memcpy is built in"):
        Catalogue.with_libraries(["memcpy=x.so"])


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that is not there is named, with the loader's words."""
    path = tmp_path / "none.so"
    with pytest.raises(ProviderError, match="No such file or directory") as error:
        Catalogue.with_libraries([f"zstd={path}"])
    assert error.value.path == str(path)


def test_text_file_is_refused(tmp_path: Path) -> None:
    """A file that is no library is refused with the loader's words."""
    path = tmp_path / "libzstd.so"
    path.write_text("no library, but long enough for an ELF header: " * 4, "ascii")
    with pytest.raises(ProviderError, match=f"zstd: {path}: .*invalid ELF header"):
        Catalogue.with_libraries([f"zstd={path}"])


def test_library_of_something_else_is_refused() -> None:
    """A library without the codec's functions is told by the first that it lacks."""
    path = system("zlib").path
    with pytest.raises(ProviderError, match="ZSTD_versionString is not in it"):
        Catalogue.with_libraries([f"zstd={path}"])


@pytest.mark.parametrize("name", ["zstd", "brotli"])
def test_folder_without_the_parts_is_refused(tmp_path: Path, name: str) -> None:
    """A folder in which the library is not is told by the file that is missing."""
    with pytest.raises(ProviderError, match=_KINDS[name].parts[0]):
        Catalogue.with_libraries([f"{name}={tmp_path}"])


# ---- Several copies at once ---------------------------------------------------------

_SIZES = """
payload = open(arguments[0], "rb").read()
def size_of(label, framing):
    codec = catalogue.find("zstd", framing)
    (provider,) = Catalogue().choose(codec, label)
    coder = core.Coder(codec, provider.library, core.Direction.COMPRESS, level=3)
    room = [coder.bound_bytes(len(payload))]
    work = core.Work(coder, core.Sources([payload]), room, core.Arena())
    return provider.version, work.run_block(0)
for path in arguments[2:]:
    ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
print(json.dumps([
    size_of(label, framing)
    for label in arguments[1].split(",") for framing in ("raw", "kafka")
]))
"""

# One call of the library itself, with nothing of complab in the process.
_PLAIN = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.ZSTD_compress.restype = ctypes.c_size_t
payload = open(sys.argv[2], "rb").read()
room = ctypes.create_string_buffer(2 * len(payload))
print(library.ZSTD_compress(room, ctypes.c_size_t(len(room)),
      payload, ctypes.c_size_t(len(payload)), 3))
"""


@pytest.fixture
def payload_file(tmp_path: Path, batch_1m: bytes) -> str:
    """The large batch's payload in a file."""
    path = tmp_path / "payload"
    path.write_bytes(batch_1m)
    return str(path)


@pytest.mark.parametrize("loaded", ["nothing", "wheel", "system"])
def test_two_versions_of_zstd_write_their_own_bytes(
    payload_file: str, loaded: str
) -> None:
    """Side by side, and beside a copy that is global, each writes what it does alone.

    zstd 1.5.7 was seen to write 1.5.4's bytes while it told its own version.
    """
    copies = {"system": system("zstd"), "wheel": wheel("zstd")}
    if copies["system"].version == copies["wheel"].version:
        pytest.skip(f"both copies of zstd are {copies['system'].version}")
    alone = [in_own_process(_SIZES, payload_file, label) for label in copies]
    preload = [copies[loaded].path] if loaded in copies else []
    together = in_own_process(_SIZES, payload_file, "system,wheel", *preload)
    assert together == alone[0] + alone[1]
    (_, system_bytes), _, (_, wheel_bytes), _ = together
    assert system_bytes != wheel_bytes


@pytest.mark.parametrize("label", ["system", "wheel"])
def test_zstd_writes_as_many_bytes_as_a_plain_call(
    payload_file: str, label: str
) -> None:
    """Without complab in the process the same file gives the same size."""
    path = (system if label == "system" else wheel)("zstd").path
    if label == "wheel":
        import zstandard

        data = Path(payload_file).read_bytes()
        plain = len(zstandard.ZstdCompressor(level=3).compress(data))
    else:
        done = subprocess.run(
            [sys.executable, "-c", _PLAIN, path, payload_file],
            capture_output=True,
            check=True,
        )
        plain = int(done.stdout)
    assert in_own_process(_SIZES, payload_file, label)[0][1] == plain


def test_file_that_was_loaded_before_is_refused_beside_a_global_copy() -> None:
    """A copy that was bound to another one's functions is not taken for itself."""
    wheel_path, system_path = wheel("zstd").path, system("zstd").path
    words = in_own_process(
        """
for path, mode in ((arguments[0], ctypes.RTLD_GLOBAL), (arguments[1], 0)):
    ctypes.CDLL(path, mode)
print(json.dumps(said(providers.named_provider, kinds["zstd"], "x", arguments[1])))
""",
        wheel_path,
        system_path,
    )
    assert wheel_path in words
    assert "is loaded globally in this process" in words
    assert words.startswith(f"zstd: {system_path}: ")


def test_file_that_was_loaded_before_serves_alone() -> None:
    """Loaded before without any other copy about, a file is as good as new."""
    provider = system("zstd")
    assert (
        in_own_process(
            """
ctypes.CDLL(arguments[0])
print(json.dumps(said(providers.named_provider, kinds["zstd"], "x", arguments[0])))
""",
            provider.path,
        )
        == provider.version
    )


@pytest.mark.parametrize("name", ["zstd", "lz4", "snappy", "zlib"])
def test_system_stays_the_systems_beside_a_copy(
    copy_of: Callable[[str, str], Path], name: str
) -> None:
    """A --lib of the system's SONAME does not become what @system means.

    The loader gives any file of a SONAME that is there already for that name.
    """
    path = copy_of(name, _KINDS[name].parts[0])
    found = in_own_process(
        """
found = Catalogue.with_libraries([f"{arguments[0]}:mine={arguments[1]}"])
print(json.dumps({p.label: p.path for p in found.of_kind(kinds[arguments[0]])}))
""",
        name,
        str(path),
    )
    assert found["mine"] == str(path)
    assert found["system"] == system(name).path


# ---- brotli: one library of three files ---------------------------------------------

_FOLDER = """
found = Catalogue.with_libraries([f"brotli:mine={arguments[0]}"])
(mine,) = found.named
codec = catalogue.find("brotli", "raw")
print(json.dumps({
    "paths": list(mine.library.paths),
    "self_test": providers.self_test(codec, mine),
    "others": {p.label: p.problem or p.path for p in found.of_kind(mine.kind)[1:]},
}))
"""


@pytest.mark.parametrize("named", ["folder", *_BROTLI_PARTS])
def test_brotli_of_a_folder_is_all_of_that_folder(
    brotli_folder: Path, named: str
) -> None:
    """Named by the folder or by any part, all parts come from beside one another."""
    path = brotli_folder if named == "folder" else brotli_folder / named
    found = in_own_process(_FOLDER, str(path))
    assert found["paths"] == [str(brotli_folder / part) for part in _BROTLI_PARTS]
    assert found["self_test"] == ""


def test_system_brotli_is_not_taken_from_the_folder(brotli_folder: Path) -> None:
    """Beside a --lib of three parts the system's copy says why it cannot serve."""
    found = in_own_process(_FOLDER, str(brotli_folder))
    assert "cannot be loaded beside --lib brotli:mine" in found["others"]["system"]


def test_brotli_without_its_common_part_is_refused(brotli_folder: Path) -> None:
    """An encoder whose dictionary would come from elsewhere is not measured."""
    (brotli_folder / _BROTLI_PARTS[0]).unlink()
    for path in (brotli_folder, brotli_folder / _BROTLI_PARTS[2]):
        words = in_own_process(
            'print(json.dumps(said(providers.named_provider, kinds["brotli"], "x", '
            "arguments[0])))",
            str(path),
        )
        assert f"{_BROTLI_PARTS[0]}: cannot open shared object file" in words


def test_brotli_beside_a_loaded_one_is_refused(brotli_folder: Path) -> None:
    """An encoder that is given another copy's dictionary is told with both files."""
    common = system("brotli").library
    assert common is not None
    words = in_own_process(
        """
ctypes.CDLL(arguments[1])
print(json.dumps(said(providers.named_provider, kinds["brotli"], "x", arguments[0])))
""",
        str(brotli_folder),
        common.paths[0],
    )
    assert f"{brotli_folder / _BROTLI_PARTS[2]} would use {common.paths[0]}" in words
    assert "which is not beside it" in words


def test_parts_from_two_folders_are_refused(brotli_folder: Path) -> None:
    """The loader's check is by place: an encoder from here, the rest from there."""
    common = system("brotli").library
    assert common is not None
    encoder = str(brotli_folder / _BROTLI_PARTS[2])
    words = in_own_process(
        """
try:
    core.Library(kinds["brotli"], arguments)
    print(json.dumps("served"))
except ProviderError as error:
    print(json.dumps(str(error)))
""",
        *common.paths[:2],
        encoder,
    )
    assert "which is not beside it" in words
