"""The study of surveys' intervals: what it found, and its own parts in a small size."""

import json
from pathlib import Path

import pytest
import survey_coverage

_DATA = Path(__file__).with_name("data") / "survey.json"


def test_intervals_held_the_truth_as_often_as_they_say() -> None:
    """Of 100 surveys of 2 GB, each topic's intervals held it in 93 at the least."""
    result = json.loads(_DATA.read_text("utf-8"))
    large = result["folders"][1]
    assert large["draws"] == 100
    assert large["stored_bytes"] > 1.9e9
    assert len(large["rows"]) == 16
    assert min(row["held"] for row in large["rows"]) >= 93


def test_the_study_tells_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two small folders, each surveyed once; whole topics are known exactly."""
    sizes = (8, 16)
    folders = survey_coverage.hold(1, sizes)
    times = survey_coverage.time_both(sizes, 1)
    result = {"folders": folders, "times": times}
    for folder in folders:
        assert len(folder["rows"]) == 16
        assert all(row["held"] == 1 for row in folder["rows"])
    path = tmp_path / "told.json"
    path.write_text(json.dumps(result), "utf-8")
    survey_coverage.tell(json.loads(path.read_text("utf-8")))
    lines = capsys.readouterr().out.splitlines()
    assert sum("held in 1 of 1" in line for line in lines) == 32
