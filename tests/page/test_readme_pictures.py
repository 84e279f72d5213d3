"""The README's pictures show the stored result, and the README shows them."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import complab


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_has_the_points_of_the_result(root: Path, theme: str) -> None:
    """Whoever measures the result again draws the pictures again: `make pictures`."""
    result = complab.load(str(root / "notebooks/data/http-requests-1m.json"))
    picture = (root / f"notebooks/pictures/compress-{theme}.svg").read_text("utf-8")
    drawn = {
        element.get("aria-label")
        for element in ET.fromstring(picture).iter()  # noqa: S314 - our own
        if element.get("aria-roledescription") == "point"
    }
    spec = result.chart("compress").to_dict()
    told = {
        row["told"]
        for rows in spec["datasets"].values()
        for row in rows
        if "told" in row
    }
    assert len(told) > 40
    assert drawn == told


def test_the_readme_shows_pictures_that_are_there(root: Path) -> None:
    """Each in light and in dark, with words for those who do not see it."""
    readme = (root / "README.md").read_text("utf-8")
    shown = re.findall(r'(?:src|srcset)="([^"]+)"', readme)
    assert sorted(shown) == sorted(
        f"notebooks/pictures/{path.name}"
        for path in (root / "notebooks/pictures").iterdir()
    )
    assert len(re.findall(r'<img alt="[^"]{40,}"', readme)) == len(shown) / 2
