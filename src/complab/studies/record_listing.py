"""The records of one batch as a table: what each holds, and how large it is."""

from dataclasses import dataclass
from typing import Any

from complab.kafka.frames import RECORD_BATCH_MAGIC
from complab.kafka.log import Log, Records
from complab.render import Column, ShownAsTable, Table, escape_controls
from complab.studies.inspect_tables import format_timestamp
from complab.units import format_bytes

# What of a key or value is shown in a table; CSV and JSON have all of it.
_SHOWN_CHARACTERS = 48

# ControlRecordType of Kafka's clients.
_CONTROL_TYPES = {
    0: "abort",
    1: "commit",
    2: "leader change",
    3: "snapshot header",
    4: "snapshot footer",
    5: "KRaft version",
    6: "KRaft voters",
}
_CONTROL_KEY_BYTES = 4


def _shortened(text: str) -> str:
    """The beginning of a text, control characters spelled out."""
    text = escape_controls(text)
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[: _SHOWN_CHARACTERS - 3]}..."


_COLUMNS = (
    Column.number("record", "record"),
    Column.number("offset", "offset"),
    Column.text("time", "timestamp"),
    Column(name="key", heading="key", format=_shortened),
    Column(name="value", heading="value", format=_shortened),
    Column(name="headers", heading="headers", format=_shortened, priority=1),
    Column.text("control", "control"),
    Column.number("sequence", "sequence", priority=0),
    Column.number("key_bytes", "key", "bytes", format=format_bytes, priority=3),
    Column.number("value_bytes", "value", "bytes", format=format_bytes),
    Column.number("header_count", "headers", format=format_bytes, priority=2),
    Column.number("record_bytes", "record", "bytes", format=format_bytes),
    Column.text("crc_valid", "crc", is_shown=False),
    Column.number("timestamp", "timestamp", "ms", is_shown=False),
    Column.number("position", "position", is_shown=False),
)


@dataclass(frozen=True, repr=False)
class RecordListing(ShownAsTable):
    """The records of a batch; shows itself."""

    log: Log
    batch: int
    records: Records

    def table(self) -> Table:
        """A row for each record; a null key or value has none."""
        batch = self.log.index[self.batch]
        is_v2 = batch["magic"] == RECORD_BATCH_MAGIC
        has_sequence = is_v2 and batch["base_sequence"] >= 0
        rows: list[dict[str, Any]] = []
        for number, row in enumerate(self.records.rows):
            key = self.records.key(number)
            delta = int(row["offset"]) - int(batch["base_offset"])
            sequence = (int(batch["base_sequence"]) + delta) & 0x7FFFFFFF
            rows.append(
                {
                    "record": number,
                    "offset": int(row["offset"]),
                    "time": format_timestamp(int(row["timestamp"])),
                    "timestamp": int(row["timestamp"]),
                    "key": _text(key),
                    "value": _text(self.records.value(number)),
                    "headers": _headers(self.records.headers(number)) or None,
                    "control": control_type(key) if batch["is_control"] else None,
                    "sequence": sequence if has_sequence else None,
                    "key_bytes": _size(int(row["key_bytes"])),
                    "value_bytes": _size(int(row["value_bytes"])),
                    "header_count": int(row["header_count"]) if is_v2 else None,
                    "record_bytes": int(row["record_bytes"]),
                    "crc_valid": bool(row["crc_valid"]),
                    "position": int(row["position"]),
                }
            )
        title = (
            f"{self.log.path_of(self.batch)}: batch {self.batch} at "
            f"{self.log.place_of(self.batch)}, {len(rows):,} records"
        )
        table = Table.from_rows(_COLUMNS, rows, title_lines=[title])
        return table.hiding_empty_columns()


def list_records(log: Log, batch: int) -> RecordListing:
    """The records of a batch of a log, by its number.

    ``InputError`` if the batch does not decompress or its records are malformed.
    """
    return RecordListing(log, batch, log.records(batch))


def control_type(key: bytes | None) -> str:
    """What a control record says, by its key: ``commit``, ``abort``, ...

    The key is a version and a type, 16 bits each (Kafka's ControlRecordType).
    """
    if key is None or len(key) < _CONTROL_KEY_BYTES:
        return "unknown"
    kind = int.from_bytes(key[2:4], signed=True)
    return _CONTROL_TYPES.get(kind, f"unknown ({kind})")


def _text(part: bytes | None) -> str | None:
    """Bytes as text; what is no UTF-8 is escaped by the writers."""
    return None if part is None else part.decode("utf-8", "surrogateescape")


def _headers(headers: list[tuple[bytes, bytes | None]]) -> str:
    return ", ".join(f"{_text(key)}={_text(value)}" for key, value in headers)


def _size(size_bytes: int) -> int | None:
    return size_bytes if size_bytes >= 0 else None
