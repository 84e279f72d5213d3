"""Which client wrote a batch, as far as its bytes betray that.

The frame and the header (`complab.kafka.fingerprints`) name each the clients that they
fit; both together, those that fit both. Several fit often, and then all are named.

Three limits. ``java`` is also the broker and its log cleaner, which write frames with
the same code when they rebuild a batch, and keep the producer's fields. Only the
clients of `CLIENTS` are known, in the releases that the sources name; another one that
writes the same bytes is taken for them. A batch of a message set (magic 0, 1) is given
no client: the witnesses are of today's clients.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from complab.kafka.fingerprints import (
    ALL_CLIENTS,
    CLIENTS,
    FRAME_FINGERPRINTS,
    HEADER_FINGERPRINTS,
    client_bits,
    client_names,
    matching_clients,
)
from complab.kafka.frames import RECORD_BATCH_MAGIC, Framing

if TYPE_CHECKING:
    from complab.kafka.fingerprints import ClientBits
    from complab.kafka.frames.model import Mask, Rows

UNKNOWN: Final = "unknown"
BROKER: Final = "broker"


@dataclass(frozen=True, slots=True)
class Origins:
    """Who wrote each batch: arrays as long as the index.

    `clients` are the sets that fit (0: none that is known, or no client at all);
    `is_broker` marks control batches, emptied ones and those that lost records to
    compaction; `is_rebuilt` those whose frame is Java's while the header is of another
    client, so that a broker seems to have compressed them anew.
    """

    clients: "ClientBits"
    is_broker: "Mask"
    is_rebuilt: "Mask"

    def words(self) -> list[str]:
        """Who it was, a text for each batch: ``java or librdkafka``, ``broker``."""
        import numpy as np

        # There are few different sets, and many rows.
        broker = (self.is_broker | self.is_rebuilt).astype(np.int64) << len(CLIENTS)
        kinds, of_row = np.unique(self.clients | broker, return_inverse=True)
        texts = [
            BROKER if kind > ALL_CLIENTS else client_text(int(kind)) for kind in kinds
        ]
        return [texts[kind] for kind in of_row.tolist()]


def client_text(bits: int) -> str:
    """A set of clients as people say it: ``java``, ``java or librdkafka``, ``any``."""
    if bits == ALL_CLIENTS:
        return "any"
    names = client_names(bits)
    if len(names) <= 1:
        return names[0] if names else UNKNOWN
    return f"{', '.join(names[:-1])} or {names[-1]}"


def is_compacted(rows: "Rows") -> "Mask":
    """Whether the log cleaner wrote a batch: records are gone, or a horizon is set.

    Nothing but compaction leaves fewer records than offsets in a stored v2 batch.
    """
    offsets = rows["last_offset"] - rows["base_offset"] + 1
    lost = (rows["record_count"] >= 0) & (rows["record_count"] < offsets)
    lost |= rows["delete_horizon_ms"] >= 0
    found: Mask = (rows["magic"] == RECORD_BATCH_MAGIC) & lost
    return found


def read_origins(rows: "Rows", frames: "Rows") -> Origins:
    """Who wrote each batch, from the index's rows and their frames.

    A malformed frame is of no client that is known. Rows whose CRC is wrong are judged
    like others: their header may be what is damaged.
    """
    import numpy as np

    is_v2 = rows["magic"] == RECORD_BATCH_MAGIC
    is_broker = is_v2 & (rows["is_control"] != 0)
    is_broker |= is_v2 & (rows["record_count"] == 0)
    is_broker |= is_compacted(rows)
    by_header = matching_clients(HEADER_FINGERPRINTS, rows)
    by_frame = np.zeros(len(rows), dtype=np.uint16)
    for framing in Framing:
        places = np.flatnonzero(frames["framing"] == framing)
        prints = [p for p in FRAME_FINGERPRINTS if p.framing is framing]
        by_frame[places] = matching_clients(prints, frames[places])
    both = by_header & by_frame
    java = client_bits(["java"])
    is_client = is_v2 & ~is_broker
    is_rebuilt = is_client & (both == 0) & (by_header != 0) & (by_frame & java != 0)
    is_rebuilt &= rows["crc_valid"] != 0
    clients = np.where(is_client & ~is_rebuilt, both, np.uint16(0))
    return Origins(clients.astype(np.uint16), is_broker, is_rebuilt)


def narrow_origins(rows: "Rows", origins: Origins) -> Origins:
    """Use that one producer id is one client: what fits all of its batches.

    A set is narrowed to what all batches of the producer share, and left alone where
    they share nothing. Batches without a producer id stay as they are: nothing says
    that they are of one client.
    """
    import numpy as np

    clients = origins.clients.copy()
    places = np.flatnonzero((rows["producer_id"] >= 0) & (clients != 0))
    if not len(places):
        return origins
    ids, of_row = np.unique(rows["producer_id"][places], return_inverse=True)
    shared = np.full(len(ids), ALL_CLIENTS, dtype=np.uint16)
    np.bitwise_and.at(shared, of_row, clients[places])
    narrowed = shared[of_row]
    clients[places] = np.where(narrowed != 0, narrowed, clients[places])
    return Origins(clients, origins.is_broker, origins.is_rebuilt)


def shared_clients(origins: Origins) -> int:
    """The clients that could have written all batches that any client wrote.

    0 where no single client could, and where there is no batch of a client.
    """
    import numpy as np

    known = origins.clients[origins.clients != 0]
    return int(np.bitwise_and.reduce(known)) if len(known) else 0
