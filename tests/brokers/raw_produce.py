"""Sends bytes to a broker as they are: no client would send what some tests need.

Source: Kafka's protocol guide, Produce version 7, the first one that may carry zstd.
"""

import socket
import struct

_PRODUCE, _VERSION = 0, 7
_TIMEOUT_S = 30


def produce_raw(servers: str, topic: str, batch: bytes) -> int:
    """Append a batch to a topic's first partition: its error code, 0 for none."""
    host, port = servers.split(",", maxsplit=1)[0].rsplit(":", 1)
    name = topic.encode()
    request = struct.pack(">hhih", _PRODUCE, _VERSION, 0, -1)
    # No transaction, all replicas must have it; one topic of one partition, number 0.
    request += struct.pack(">hhiih", -1, -1, 1000 * _TIMEOUT_S, 1, len(name)) + name
    request += struct.pack(">iii", 1, 0, len(batch)) + batch
    with (
        socket.create_connection((host, int(port)), timeout=_TIMEOUT_S) as connection,
        connection.makefile("rwb") as stream,
    ):
        stream.write(struct.pack(">i", len(request)) + request)
        stream.flush()
        (size,) = struct.unpack(">i", stream.read(4))
        answer = stream.read(size)
    # Correlation id, number of topics, name, number of partitions, partition, error.
    (code,) = struct.unpack_from(">h", answer, 4 + 4 + 2 + len(name) + 4 + 4)
    return int(code)
