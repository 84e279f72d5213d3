"""The ratio against the speed as a plot in a terminal."""

from string import ascii_lowercase

from complab.render import Plot, PlotPoint
from complab.results.drawn import NOT_DRAWN, drawn_rows
from complab.results.model import RunRecord


def plot_of(record: RunRecord, direction: str) -> Plot:
    """The rows of a record as points; a codec's letter is large on the front."""
    rows = [
        row
        for row in drawn_rows(record)
        if row["codec"] not in NOT_DRAWN
        and row["compression_ratio"]
        and row[f"{direction}_mbps"]
    ]
    letters: dict[str, str] = {}
    for codec in dict.fromkeys(row["codec"] for row in rows):
        free = set(ascii_lowercase).difference(letters.values())
        wanted = codec.lower() + ascii_lowercase
        letters[codec] = next((each for each in wanted if each in free), "?")
    words = {row["codec"]: row["codec_words"] for row in rows}
    is_front = f"is_{direction}_front"
    # The front comes last, so that nothing hides it.
    points = [
        PlotPoint(
            row[f"{direction}_mbps"],
            row["compression_ratio"],
            letters[row["codec"]].upper() if row[is_front] else letters[row["codec"]],
        )
        for row in sorted(rows, key=lambda row: bool(row[is_front]))
    ]
    return Plot(
        f"ratio against {direction}ion speed; capitals: the Pareto front",
        "MB/s, log scale",
        "ratio",
        points,
        key=[(letter, words[codec]) for codec, letter in letters.items()],
    )
