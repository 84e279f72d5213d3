"""Kafka's bytes: record batches and the payloads in them."""
