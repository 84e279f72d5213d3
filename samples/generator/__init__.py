"""The generator of the files in ``samples/``: synthetic records, real clients.

It invents records (HTTP requests, journald entries, DNS queries, lines of nginx),
lets librdkafka batch and compress them, and keeps the bytes that librdkafka sent to
its mock broker. It is no part of the complab package and nothing there imports it.
"""
