"""A table as JSON: `{"rows": [...]}`, objects under the columns' machine names.

Every column is in every row, those not shown to people too; `null` means no value.
Titles, notes, marks and styles are left out. Not the result file, which has a version
and a schema of its own.
"""

import json

from complab.render.escape import escape_surrogates
from complab.render.table import Cell, Table

__all__ = ["render_json"]


def render_json(table: Table) -> str:
    """Render the rows, one per line; numbers in full precision and finite (RFC 8259).

    >>> from complab.render.table import Column
    >>> table = Table(columns=[Column.text("codec", "codec")], rows=[{"codec": "lz4"}])
    >>> print(render_json(table), end="")
    {"rows": [
      {"codec": "lz4"}
    ]}
    """
    lines = [
        json.dumps(
            {column.name: _json_value(row[column.name]) for column in table.columns},
            ensure_ascii=False,
            allow_nan=False,
        )
        for row in table.rows
    ]
    if not lines:
        return '{"rows": []}\n'
    return '{"rows": [\n  ' + ",\n  ".join(lines) + "\n]}\n"


def _json_value(value: Cell) -> Cell:
    return escape_surrogates(value) if isinstance(value, str) else value
