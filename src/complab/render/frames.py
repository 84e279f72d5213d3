"""A table's rows for whoever calculates with them: numpy, pandas, Arrow.

Every column is in them, those not shown to people too, under its machine name.
"""

from typing import Any

from complab.render.table import Table

__all__ = ["make_array", "make_arrow", "make_data_frame"]


def make_array(table: Table) -> Any:  # noqa: ANN401 - numpy is loaded late
    """The rows as a numpy structured array, one field per column.

    Missing numbers are NaN; counts that may be missing are floats for that.
    """
    import numpy as np

    names = [column.name for column in table.columns]
    kinds = []
    for name in names:
        values = [row[name] for row in table.rows]
        told = [value for value in values if value is not None]
        if told and all(isinstance(value, bool) for value in told):
            kinds.append((name, "?"))
        elif told and all(isinstance(value, int | float) for value in told):
            is_whole = len(told) == len(values) and all(
                isinstance(value, int) for value in told
            )
            kinds.append((name, "i8" if is_whole else "f8"))
        else:
            kinds.append((name, "O"))
    filled = [
        tuple(
            float("nan") if row[name] is None and kind == "f8" else row[name]
            for name, kind in kinds
        )
        for row in table.rows
    ]
    return np.array(filled, dtype=kinds)


def make_data_frame(table: Table) -> Any:  # noqa: ANN401 - pandas may not be there
    """The rows as a pandas data frame (needs pandas)."""
    import pandas as pd

    names = [column.name for column in table.columns]
    return pd.DataFrame([dict(row) for row in table.rows], columns=names)


def make_arrow(table: Table) -> Any:  # noqa: ANN401 - pyarrow may not be there
    """The rows as an Arrow table (needs pyarrow); a missing value is null."""
    import pyarrow as pa

    return pa.table(
        {
            column.name: [row[column.name] for row in table.rows]
            for column in table.columns
        }
    )
