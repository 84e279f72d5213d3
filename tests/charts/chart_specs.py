"""What the tests read out of a chart: its data, and how it is encoded."""

from collections.abc import Iterator
from typing import Any


def spec_of(chart: Any) -> dict[str, Any]:
    """A chart as Vega-Lite has it, validated against Vega-Lite's schema."""
    spec: dict[str, Any] = chart.to_dict()
    datasets = spec.pop("datasets", {})
    for part in _parts(spec):
        if "name" in part.get("data", {}):
            part["data"] = {"values": datasets[part["data"]["name"]]}
    return spec


def _parts(part: Any) -> Iterator[dict[str, Any]]:
    """Every mapping inside a specification, itself the first."""
    if isinstance(part, dict):
        yield part
    inner = part.values() if isinstance(part, dict) else part
    for each in inner if isinstance(part, dict | list) else []:
        yield from _parts(each)


def layers(part: dict[str, Any], data: object = None) -> Iterator[dict[str, Any]]:
    """Every part of a chart that draws marks, with the data that it draws."""
    data = part.get("data", data)
    if "mark" in part:
        yield {**part, "data": data}
    for name in ("layer", "vconcat", "hconcat"):
        for each in part.get(name, []):
            yield from layers(each, data)
    if "spec" in part:
        yield from layers(part["spec"], data)


def marks(spec: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The parts that draw one kind of mark."""
    return [each for each in layers(spec) if each["mark"]["type"] == kind]


def values(part: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows behind a part of a chart."""
    rows: list[dict[str, Any]] = part["data"]["values"]
    return rows
