"""Files that are written whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from complab.errors import OutputExistsError, ResultError
from complab.whole_file import open_whole


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A name in an empty folder."""
    return tmp_path / "batch.bin"


def test_the_name_appears_at_the_end(target: Path) -> None:
    """While it is written, a file has another name beside its own."""
    with open_whole(str(target), may_overwrite=False) as file:
        file.write(b"all of it")
        assert not target.exists()
        (part,) = target.parent.iterdir()
        assert part.name.startswith(".batch.bin.")
    assert [path.name for path in target.parent.iterdir()] == ["batch.bin"]
    assert target.read_bytes() == b"all of it"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_what_was_there(
    target: Path, error: type[BaseException]
) -> None:
    """After an error the folder is as it was, and the error goes on."""
    target.write_bytes(b"earlier")

    def break_off() -> None:
        with open_whole(str(target), may_overwrite=True) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        break_off()
    assert [path.name for path in target.parent.iterdir()] == ["batch.bin"]
    assert target.read_bytes() == b"earlier"


def test_private_files_are_the_owners_alone(target: Path) -> None:
    """A private file has mode 0600, whatever the umask; others obey the umask."""
    earlier = os.umask(0o027)
    try:
        with open_whole(str(target), may_overwrite=False, is_private=True):
            pass
        assert mode(target) == 0o600
        with open_whole(str(target), may_overwrite=True):
            pass
        assert mode(target) == 0o640
    finally:
        os.umask(earlier)


def test_a_file_that_comes_meanwhile_is_kept(target: Path) -> None:
    """What another program wrote while the context ran is not overwritten."""

    def write() -> None:
        with open_whole(str(target), may_overwrite=False) as file:
            file.write(b"ours")
            target.write_bytes(b"theirs")

    with pytest.raises(OutputExistsError, match="--force"):
        write()
    assert target.read_bytes() == b"theirs"


def test_a_full_disk_is_told_by_the_files_name(target: Path) -> None:
    """An ``OSError`` of writing becomes a ``ResultError`` that names the file."""

    def write() -> None:
        with open_whole(str(target), may_overwrite=False):
            raise OSError(28, "No space left on device")

    with pytest.raises(ResultError, match=r"batch\.bin: cannot be written: No space"):
        write()
    assert not list(target.parent.iterdir())
