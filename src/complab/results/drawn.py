"""Rows as charts take them: plain mappings with names and fronts.

Charts know no results, and results no charts; this is what lies between.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from complab.codecs.catalogue import KAFKA
from complab.results.comparison import DIRECTIONS, ComparedRow
from complab.results.model import OK, RunRecord
from complab.results.names import row_names
from complab.results.rows import derive_rows, is_on_front

# They compress nothing: a point at ratio 1, far to the right of all others.
NOT_DRAWN = ("none", "memcpy")


def drawn_rows(record: RunRecord, *, label: str = "") -> list[dict[str, Any]]:
    """The rows of a record that went well, each with what charts want to know.

    ``label`` names the record where several are drawn together. ``none`` and ``memcpy``
    are among them, but on no front, and beat none. The fronts are those of the framing
    that Kafka's rows have, where there are such: of the rows that are drawn, each that
    is on no front of its framing is beaten by one that is.
    """
    rows = derive_rows(record)
    names = row_names(rows)
    rivals = [row for row in rows if row.status == OK and row.codec not in NOT_DRAWN]
    framings = {row.framing for row in rows if row.codec not in NOT_DRAWN}
    main = KAFKA if KAFKA in framings else None
    drawn = []
    for row, name in zip(rows, names, strict=True):
        if row.status != OK:
            continue
        variant = " ".join(filter(None, (label, name.variant)))
        is_outside = main == KAFKA and row.framing != KAFKA
        drawn.append(
            {
                **asdict(row),
                "name": f"{label} {name.full}".strip(),
                "series": f"{label} {name.series}".strip(),
                "variant": variant or None,
                "codec_words": f"{row.codec} (not in Kafka)"
                if is_outside
                else row.codec,
                **{
                    f"is_{direction}_front": (
                        main in {None, row.framing}
                        and row in rivals
                        and is_on_front(row, rivals, direction)
                    )
                    for direction in DIRECTIONS
                },
            }
        )
    return drawn


def compared_rows(rows: Sequence[ComparedRow]) -> list[dict[str, Any]]:
    """The changes of compared rows, a mapping for each row and direction."""
    drawn = []
    for direction in DIRECTIONS:
        for row in rows:
            change = row.change(direction)
            if change is not None:
                drawn.append(
                    {
                        "name": row.name,
                        "direction": direction,
                        "verdict": change.verdict,
                        "change_pct": change.change_pct,
                        "low_pct": change.low_pct,
                        "high_pct": change.high_pct,
                    }
                )
    return drawn
