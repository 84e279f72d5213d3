"""What is looked at: an index, its frames and origins, and what else is known of it.

Rules, totals and histograms all take it, so that each fact is worked out once.
"""

from typing import TYPE_CHECKING, Final

from complab.kafka.clients import is_compacted, read_origins
from complab.kafka.fingerprints import client_bits
from complab.kafka.frames import RECORD_BATCH_MAGIC, Framing, read_frames
from complab.kafka.record_facts import RecordFacts, unread_facts
from complab.kafka.topic_settings import TopicSettings

if TYPE_CHECKING:
    from complab.kafka.clients import Origins
    from complab.kafka.frames.model import Integers, Mask, Rows

CODECS: Final = ("none", "gzip", "snappy", "lz4", "zstd")
"""Kafka's codecs by the number in a batch's attributes."""


class Subject:
    """An index of batches and what else is known of it.

    The masks and numbers have one element for each row. `is_data` are batches with
    records of clients whose CRC is right.
    """

    def __init__(
        self,
        rows: "Rows",
        *,
        frames: "Rows | None" = None,
        origins: "Origins | None" = None,
        records: "RecordFacts | None" = None,
        topic: TopicSettings | None = None,
        is_stored: bool = True,
        read_at_ms: int | None = None,
    ) -> None:
        """Take an index, and read its frames and origins unless they are given.

        `is_stored` says that a broker wrote these batches to its log, and False that
        they are as a producer sends them. `read_at_ms` is when the log was copied, in
        ms since 1970: timestamps are held against it.
        """
        self.rows = rows
        self.frames = read_frames(rows) if frames is None else frames
        self.origins = read_origins(rows, self.frames) if origins is None else origins
        self.records = unread_facts(len(rows)) if records is None else records
        self.topic = TopicSettings() if topic is None else topic
        self.is_stored = is_stored
        self.read_at_ms = read_at_ms

        self.is_intact: Mask = rows["crc_valid"] != 0
        self.is_v2: Mask = rows["magic"] == RECORD_BATCH_MAGIC
        self.is_control: Mask = self.is_v2 & (rows["is_control"] != 0)
        # A legacy wrapper has a count of -1 until it is read.
        self.is_data: Mask = (
            self.is_intact & ~self.is_control & (rows["record_count"] != 0)
        )
        self.is_compressed: Mask = self.is_data & (rows["codec_id"] > 0)
        self.is_compacted: Mask = self.is_intact & is_compacted(rows)

    def is_framed(self, framing: Framing) -> "Mask":
        """The data batches of a framing."""
        found: Mask = self.is_data & (self.frames["framing"] == framing)
        return found

    def is_of_codec(self, codec: str) -> "Mask":
        """The data batches whose codec bits name a codec of `CODECS`."""
        found: Mask = self.is_data & (self.rows["codec_id"] == CODECS.index(codec))
        return found

    def is_possibly_of(self, *clients: str) -> "Mask":
        """Batches that one of these clients of `CLIENTS` could have written."""
        found: Mask = (self.origins.clients & client_bits(clients)) != 0
        return found

    @property
    def record_count(self) -> "Integers":
        """The records of each batch, -1 where nothing tells: a message set unread."""
        import numpy as np

        told = self.rows["record_count"].astype(np.int64)
        is_counted = self.records.is_read & (told < 0)
        counts: Integers = np.where(is_counted, self.records.record_count, told)
        return counts

    @property
    def uncompressed_bytes(self) -> "Integers":
        """The size of each records section, -1 where nothing tells it.

        What was read counts more than what a frame claims.
        """
        import numpy as np

        told = self.frames["uncompressed_bytes"]
        sizes: Integers = np.where(
            self.records.is_read, self.records.uncompressed_bytes, told
        )
        return sizes
