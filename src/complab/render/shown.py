"""Results that show themselves: in a terminal as text, in a notebook as a table."""

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

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, str]:
        return self.table()._repr_mimebundle_(include, exclude)
