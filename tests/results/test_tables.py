"""What stands over the table of a result."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from complab.results.model import RunRecord
from complab.results.tables import sweep_table


@pytest.mark.parametrize(
    ("clients", "words"),
    [
        (("java", "java"), "what the Java client writes"),
        (("librdkafka", "librdkafka"), "what librdkafka writes"),
        (("java", "sarama"), "what the Java client and sarama writes"),
    ],
)
def test_frames_are_those_of_the_client(
    make_record: Callable[..., RunRecord], clients: tuple[str, str], words: str
) -> None:
    """Whose frames the rows have is what the result says, and not always Java's."""
    record = make_record({"codec": "zstd"}, {"codec": "lz4"})
    record = replace(
        record,
        configurations=tuple(
            replace(each, client=client)
            for each, client in zip(record.configurations, clients, strict=True)
        ),
    )
    assert sweep_table(record).title_lines[1] == (
        f"framing kafka: {words}, a fresh context for each batch"
    )
