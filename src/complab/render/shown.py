"""Results that show themselves: in a terminal as text, in a notebook as a table."""

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

    def __str__(self) -> str:
        """The table as text."""
        return str(self.table())

    def __repr__(self) -> str:
        """The table too: what an interactive session shows."""
        return str(self)

    # No _repr_mimebundle_: IPython asks for that in a terminal, too, and shows no HTML.
    def _repr_html_(self) -> str:
        return render_html(self.table())
