"""Results that show themselves: in a terminal as text, in a notebook as a table."""

from typing import Any

from complab.render.frames import make_array, make_arrow, make_data_frame
from complab.render.html import render_html
from complab.render.table import Table

__all__ = ["ShownAsTable"]


class ShownAsTable:
    """What has one table and is shown as that.

    A dataclass of this kind wants ``repr=False``, or it gets one of its own.
    """

    def table(self) -> Table:
        """The table that it is shown as."""
        raise NotImplementedError

    def to_numpy(self) -> Any:  # noqa: ANN401 - numpy is loaded late
        """The table's rows as a numpy structured array, one field per column.

        Missing numbers are NaN; counts that may be missing are floats for that.
        """
        return make_array(self.table())

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas may not be there
        """The table's rows as a pandas data frame (needs pandas)."""
        return make_data_frame(self.table())

    def to_arrow(self) -> Any:  # noqa: ANN401 - pyarrow may not be there
        """The table's rows as an Arrow table (needs pyarrow)."""
        return make_arrow(self.table())

    def __str__(self) -> str:
        """The table as text."""
        return str(self.table())

    def __repr__(self) -> str:
        """The table too: what an interactive session shows."""
        return str(self)

    # No _repr_mimebundle_: IPython asks for that in a terminal, too, and shows no HTML.
    def _repr_html_(self) -> str:
        return render_html(self.table())
