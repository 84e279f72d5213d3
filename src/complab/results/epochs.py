"""How the epochs of a record scatter around the headlines of their rows.

Speeds are those of the epochs as they were, in percent of the row's headline: 100 is
the figure in the table. Undisturbed epochs and the others are told apart.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from complab.results.model import COMPRESS, OK, Measurement, RunRecord
from complab.results.names import row_names
from complab.results.rows import derive_rows

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}

_GROUPS = {True: "undisturbed", False: "disturbed", None: "not watched"}

# Histograms: bins of two percent, and everything beyond in the outermost ones.
_BIN_PCT = 2
_LOWEST_PCT, _HIGHEST_PCT = 60, 120


@dataclass(frozen=True, slots=True)
class EpochSpeeds:
    """The epochs of a row in a direction and a group, in percent of its headline."""

    configuration: int
    name: str
    direction: str
    group: str
    speeds_pct: tuple[float, ...]


def epoch_speeds(record: RunRecord) -> tuple[EpochSpeeds, ...]:
    """The epochs of every row that went well, in the order of the measurements."""
    rows = derive_rows(record)
    headlines = {}
    for configuration, row, told in zip(
        record.configurations, rows, row_names(rows), strict=True
    ):
        if row.status == OK:
            headlines[configuration.id] = row, told.full
    size_bytes = sum(item.uncompressed_bytes for item in record.inputs)
    found = []
    for measurement in record.measurements:
        if measurement.configuration not in headlines:
            continue
        row, name = headlines[measurement.configuration]
        is_compress = measurement.direction == COMPRESS
        mbps = row.compress_mbps if is_compress else row.decompress_mbps
        if not mbps:
            continue
        groups: dict[bool | None, list[float]] = {}
        for is_clean, time_ns in _times(measurement):
            speed_pct = 100 * size_bytes * 1e3 / time_ns / mbps
            groups.setdefault(is_clean, []).append(speed_pct)
        found += [
            EpochSpeeds(
                measurement.configuration,
                name,
                measurement.direction,
                _GROUPS[is_clean],
                tuple(groups[is_clean]),
            )
            for is_clean in _GROUPS
            if is_clean in groups
        ]
    return tuple(found)


def _times(measurement: Measurement) -> Iterator[tuple[bool | None, float]]:
    """Whether each epoch was clean, and the time of its iteration in ns."""
    columns = zip(
        measurement.is_clean,
        measurement.epoch_times_ns,
        measurement.iteration_count,
        strict=True,
    )
    for is_clean, elapsed_ns, iterations in columns:
        if elapsed_ns > 0:
            yield is_clean, elapsed_ns / iterations


def spread_rows(epochs: Sequence[EpochSpeeds]) -> list[dict[str, Any]]:
    """The quantiles of each of the epochs' groups, as charts take them."""
    import numpy as np

    found = []
    for each in epochs:
        values = np.quantile(each.speeds_pct, list(QUANTILES.values())).tolist()
        quantiles = dict(zip(QUANTILES, values, strict=True))
        words = ", ".join(
            f"{'median' if key == 'p50' else key} {value:.1f} %"
            for key, value in quantiles.items()
        )
        count = len(each.speeds_pct)
        found.append(
            {
                "name": each.name,
                "direction": each.direction,
                "group": each.group,
                "count": count,
                **quantiles,
                "told": f"{each.name} {each.direction}, {count:,} {each.group}: "
                f"{words}",
            }
        )
    return found


def epoch_bins(epochs: Sequence[EpochSpeeds]) -> list[dict[str, Any]]:
    """The epochs of all rows counted in bins, by direction and group."""
    counts: dict[tuple[str, str, int], int] = {}
    for each in epochs:
        for speed_pct in each.speeds_pct:
            kept = min(max(speed_pct, _LOWEST_PCT), _HIGHEST_PCT - _BIN_PCT)
            low = math.floor(kept / _BIN_PCT) * _BIN_PCT
            key = (each.direction, each.group, low)
            counts[key] = counts.get(key, 0) + 1
    directions = dict.fromkeys(each.direction for each in epochs)
    return [
        {
            "panel": direction,
            "group": group,
            "low": low,
            "high": low + _BIN_PCT,
            "count": counts[direction, group, low],
        }
        for direction in directions
        for group in _GROUPS.values()
        for low in range(_LOWEST_PCT, _HIGHEST_PCT, _BIN_PCT)
        if (direction, group, low) in counts
    ]
