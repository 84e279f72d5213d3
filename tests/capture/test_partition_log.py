"""Answers of brokers as aiokafka decodes them, and what is made of them."""

from aiokafka.protocol.fetch import FetchResponse_v4

from complab.kafka.partition_log import _by_name


def test_a_null_array_is_none() -> None:
    """Brokers name no aborted transactions to who reads to the high watermark."""
    sent = FetchResponse_v4(0, [("topic", [(3, 0, 7, 7, None, b"a batch")])])
    response = FetchResponse_v4.decode(sent.encode())
    values = [response.get_item(name) for name in response.SCHEMA.names]
    (topic,) = _by_name(response.SCHEMA, values)["topics"]
    (part,) = topic["partitions"]
    assert part["aborted_transactions"] is None
    assert (part["partition"], part["message_set"]) == (3, b"a batch")
