"""Results that show a table and a chart by themselves.

Charts are imported when one is drawn: a sweep in a terminal starts without them.
"""

from typing import Any

from complab.errors import ChartLibraryError
from complab.render import ShownAsTable


class ShownWithChart(ShownAsTable):
    """What has a table and a chart, and is shown as both where charts can be drawn."""

    def chart(self) -> Any:  # noqa: ANN401 - altair is loaded late
        """The chart below the table, as altair draws it; ``None`` for nothing."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """The table, and the chart as an SVG, without a network."""
        from complab.charts import to_svg

        try:
            chart = self.chart()
            picture = "" if chart is None else to_svg(chart, theme="page")
        except ChartLibraryError:
            picture = ""
        return super()._repr_html_() + picture
