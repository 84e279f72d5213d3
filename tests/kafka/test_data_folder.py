"""A broker's data folder: what is in it, and what is not followed."""

import os
from pathlib import Path

import pytest

from complab.errors import InputError
from complab.kafka.data_folder import DataFolder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two topics of two partitions and of one, and a broker's other files."""
    for name, sizes in {"orders-0": [10, 20], "orders-1": [5], "a-b-7": [7]}.items():
        (tmp_path / name).mkdir()
        for number, size in enumerate(sizes):
            (tmp_path / name / f"{number:020}.log").write_bytes(bytes(size))
            (tmp_path / name / f"{number:020}.index").write_bytes(b"")
    (tmp_path / "meta.properties").write_text("version=1\n")
    (tmp_path / "lost+found").mkdir()
    return tmp_path


def test_topics_and_segments(data: Path) -> None:
    """Partitions of a topic are one, its segments in the order of their offsets."""
    with DataFolder(str(data)) as folder:
        topics = {topic.name: topic for topic in folder.topics}
        assert list(topics) == ["a-b", "orders"]
        orders = topics["orders"]
        assert (orders.partition_count, orders.log_bytes) == (2, 35)
        assert [segment.path for segment in orders.segments] == [
            "orders-0/00000000000000000000.log",
            "orders-0/00000000000000000001.log",
            "orders-1/00000000000000000000.log",
        ]
        assert not orders.problems
        assert folder.open_log(orders.segments[1]).total_bytes == 20


def test_what_leaves_is_passed_over(data: Path) -> None:
    """Folders that a broker deletes or moves are no partitions."""
    for why in ("delete", "future", "stray"):
        (data / f"orders-2.{'0' * 32}-{why}").mkdir()
    with DataFolder(str(data)) as folder:
        assert len(folder.topics) == 2
        assert len(folder.passed_over) == 3


def test_no_link_is_followed(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A partition or a log that is a link is a problem of its topic, with its name."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "00000000000000000000.log").write_bytes(b"secret")
    (data / "linked-0").symlink_to(outside)
    (data / "orders-1" / "9.log").symlink_to(outside / "00000000000000000000.log")
    with DataFolder(str(data)) as folder:
        topics = {topic.name: topic for topic in folder.topics}
        assert topics["linked"].segments == []
        assert topics["linked"].problems == [
            "linked-0 is a link, and links are not followed"
        ]
        assert topics["orders"].log_bytes == 35
        assert topics["orders"].problems == [
            "orders-1/9.log is a link, and links are not followed"
        ]


def test_a_link_put_there_later_is_not_followed(data: Path) -> None:
    """What was a file when it was listed and is a link now is not opened."""
    with DataFolder(str(data)) as folder:
        segment = folder.topics[1].segments[0]
        place = data / segment.path
        place.unlink()
        place.symlink_to(data / "meta.properties")
        with pytest.raises(InputError, match="is a link"):
            folder.open_log(segment)


def test_the_named_folder_may_be_a_link(data: Path, tmp_path: Path) -> None:
    """Who names a link means what it leads to."""
    link = tmp_path.parent / "link-to-data"
    link.symlink_to(data)
    with DataFolder(str(link)) as folder:
        assert len(folder.topics) == 2


def test_a_pipe_does_not_hang(data: Path) -> None:
    """A pipe of a log's name is a problem, and nobody waits for its writer."""
    os.mkfifo(data / "orders-0" / "00000000000000000009.log")
    with DataFolder(str(data)) as folder:
        (orders,) = [topic for topic in folder.topics if topic.name == "orders"]
        assert orders.problems == [
            "orders-0/00000000000000000009.log is no regular file"
        ]


def test_gone_and_unreadable(data: Path) -> None:
    """A segment that is gone is an error with its path; so is one without the right."""
    with DataFolder(str(data)) as folder:
        gone, closed = folder.topics[1].segments[:2]
        (data / gone.path).unlink()
        with pytest.raises(InputError, match=r"orders-0/0+\.log: is not there"):
            folder.open_log(gone)
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        (data / closed.path).chmod(0)
        with pytest.raises(InputError, match="Permission denied"):
            folder.open_log(closed)


def test_one_partition_is_a_folder_of_its_topic(data: Path) -> None:
    """The folder of a partition itself is taken for its topic."""
    with DataFolder(str(data / "orders-0")) as folder:
        (topic,) = folder.topics
        assert (topic.name, topic.log_bytes) == ("orders", 30)
        assert folder.open_log(topic.segments[0]).total_bytes == 10


def test_no_partition_is_an_error(tmp_path: Path) -> None:
    """A folder of other things, a file and nothing at all say what is wrong."""
    with pytest.raises(InputError, match="it is empty"):
        DataFolder(str(tmp_path))
    (tmp_path / "notes-1").write_text("a file of such a name")
    with pytest.raises(InputError, match=r"holds no partition.*notes-1"):
        DataFolder(str(tmp_path))
    with pytest.raises(InputError, match="is a file"):
        DataFolder(str(tmp_path / "notes-1"))
    with pytest.raises(InputError, match="is not there"):
        DataFolder(str(tmp_path / "nothing"))
