"""A process's own copy of a library: it is one, it leaves nothing, it is no must."""

import tempfile
from pathlib import Path

import pytest

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.runner.own_copy import open_own_copy


@pytest.fixture
def zlib() -> core.Library:
    """The system's zlib, a single file."""
    (provider,) = Catalogue().choose(catalogue.find("gzip", catalogue.KAFKA), "system")
    if provider.library is None:
        pytest.skip(provider.problem)
    return provider.library


def test_it_is_a_copy_of_its_own(zlib: core.Library) -> None:
    """Another file with the same version, of which nothing is left."""
    own = open_own_copy(zlib.kind, zlib.paths[:1])
    assert own.version == zlib.version
    assert own.paths != zlib.paths
    assert not Path(own.paths[0]).exists()


def test_the_file_itself_does_where_nothing_can_be_written(
    zlib: core.Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A temporary folder that is not there is no reason to fail."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    found = open_own_copy(zlib.kind, zlib.paths[:1])
    assert found.paths == zlib.paths
