"""Results for the report: a small one, measured, and others made of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import complab

Document = dict[str, Any]

_HOSTILE = (
    "<script>alert('x')</script><img src=x>\" onerror=\"alert(1)\" '&\x1b[2J\u202e\x9b"
)


@pytest.fixture(scope="session")
def hostile_name() -> str:
    """A name that would like to be more than text."""
    return _HOSTILE


@pytest.fixture(scope="session")
def document(samples: Path, needs: Callable[[str], None]) -> Document:
    """The result of a short sweep, as JSON has it."""
    for codec in ("zstd", "lz4", "snappy", "gzip", "brotli"):
        needs(codec)
    result = complab.sweep(
        str(samples / "http-requests-16k-none.bin"),
        "zstd:1,3,9,lz4:1,9,snappy,gzip:1,6,brotli:1,5,none",
        budget_s=5,
        worker_count=2,
    )
    return result.to_document()


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., str]:
    """Write a document as a result file and give its path."""

    def write(document: Document, name: str = "result.json") -> str:
        path = tmp_path / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture(scope="session")
def two_hundred(document: Document) -> Document:
    """A result of two hundred rows: the same ones from library after library."""
    copy = json.loads(json.dumps(document))
    own = {
        each["id"]: [
            m for m in copy["measurements"] if m["configuration"] == each["id"]
        ]
        for each in copy["configurations"]
    }
    configurations, measurements = [], []
    for number in range(200):
        library, place = divmod(number, len(own))
        first = copy["configurations"][place]
        provider = first["provider"] and {**first["provider"], "name": f"lib{library}"}
        configurations.append({**first, "id": number, "provider": provider})
        for each in own[first["id"]]:
            times = [round(t * (1 + 0.05 * library)) for t in each["epoch_times_ns"]]
            measurements.append(
                {**each, "configuration": number, "epoch_times_ns": times}
            )
    return {**copy, "configurations": configurations, "measurements": measurements}


@pytest.fixture(scope="session")
def hostile(document: Document) -> Document:
    """A result whose every name would be markup, a script, or a trick on the eye."""
    copy = json.loads(json.dumps(document))
    copy["command"] = f"complab sweep {_HOSTILE}"
    copy["complab_version"] = _HOSTILE
    copy["created_at"] = _HOSTILE
    copy["environment"]["cpu_model"] = _HOSTILE
    copy["environment"][_HOSTILE] = _HOSTILE
    copy["inputs"][0]["path"] = _HOSTILE
    copy["inputs"][0]["sha256"] = _HOSTILE
    copy["warnings"] = [
        {"kind": "odd", "subject": _HOSTILE, "facts": {"message": _HOSTILE}}
    ]
    for each in copy["configurations"]:
        if each["codec"] == "zstd":
            each["codec"] = _HOSTILE
        if each["provider"]:
            each["provider"] = dict.fromkeys(each["provider"], _HOSTILE)
    copy["measurements"][0]["status"] = "failed"
    copy["measurements"][0]["message"] = _HOSTILE
    return dict(copy)
