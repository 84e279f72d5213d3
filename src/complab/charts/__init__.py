"""Charts of plain rows, as altair draws them, and their files.

A chart takes mappings (a study's rows, a data frame's records), and gives back an
altair chart: change it further, put it beside others, ``themed`` it for a light or a
dark page. ``to_svg`` and ``save`` make pictures without a browser and a network.

Colours are by codec, the same in every chart, told apart by colour-blind eyes and
readable on a white page and on a dark one; shapes say it again. altair is imported by
the functions that draw (``complab[charts]``). Nothing here knows results or commands.
"""

from complab.charts.changes import changes
from complab.charts.curves import curves
from complab.charts.histograms import histogram
from complab.charts.links import speed_over_links
from complab.charts.looks import CODEC_LOOKS, THEMES, Look, look_of, themed, untitled
from complab.charts.percentiles import percentiles
from complab.charts.pictures import PICTURE_FORMATS, save, to_svg
from complab.charts.speeds import Direction, ratio_against_speed
from complab.charts.spreads import spreads
from complab.charts.stages import stages

__all__ = [
    "CODEC_LOOKS",
    "PICTURE_FORMATS",
    "THEMES",
    "Direction",
    "Look",
    "changes",
    "curves",
    "histogram",
    "look_of",
    "percentiles",
    "ratio_against_speed",
    "save",
    "speed_over_links",
    "spreads",
    "stages",
    "themed",
    "to_svg",
    "untitled",
]
