"""Reports of several results: every word says which of them it is about."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

import complab
from complab.render import render_terminal

Document = dict[str, Any]
Save = Callable[..., str]


def without(document: Document, codec: str) -> Document:
    """The result as if nobody had measured a codec."""
    copy: Document = json.loads(json.dumps(document))
    gone = {each["id"] for each in copy["configurations"] if each["codec"] == codec}
    copy["configurations"] = [c for c in copy["configurations"] if c["id"] not in gone]
    copy["measurements"] = [
        m for m in copy["measurements"] if m["configuration"] not in gone
    ]
    return copy


@pytest.fixture
def three(document: Document, save: Save) -> complab.Report:
    """A without gzip, B, and C without snappy, with a broken codec and larger lz4."""
    last = without(document, "snappy")
    codecs = {each["id"]: each["codec"] for each in last["configurations"]}
    for each in last["measurements"]:
        if codecs[each["configuration"]] == "brotli":
            each.update(status="failed", message="it broke")
        if codecs[each["configuration"]] == "lz4":
            each["compressed_bytes"] += 1
    return complab.report(
        save(without(document, "gzip"), "first.json"),
        save(document, "middle.json"),
        save(last, "last.json"),
    )


def test_a_third_result_is_called_by_its_letter(three: complab.Report) -> None:
    """Nothing in the table of C against A is B's: no heading, remark, failure, size."""
    table = three.tables()[-1]
    headings = {column.name: column.heading for column in table.columns}
    assert table.title_lines == ("C against A",)
    assert (headings["a"], headings["b"]) == ("A", "C")
    assert headings["compress"] == "compress: C is"
    assert "gzip@system:6 is in C only" in table.notes
    assert "snappy@system is in A only" in table.notes
    assert any(note.startswith("C compresses to another size") for note in table.notes)
    assert {row["message"] for row in table.rows} == {None, "C: it broke"}
    assert re.findall(r"\bB\b", render_terminal(table)) == []


def test_the_page_calls_a_third_result_by_its_letter(three: complab.Report) -> None:
    """In the section of C against A, too, B is nowhere."""
    page = three.to_html()
    section = page[page.index('id="compared1"') : page.index('id="chartsA"')]
    assert "C against A: right of 0 C is faster" in section
    words = re.sub(r'<svg.*?</svg>|href="[^"]*"', "", section, flags=re.DOTALL)
    assert re.findall(r"\bB\b", words) == []
    assert re.findall(r'aria-label="B ', section) == []
    assert 'aria-label="C zstd:3: ratio ' in section


def test_the_heading_says_whose_input_is_which(document: Document, save: Save) -> None:
    """One input of all needs no letter; of others, each says which results had it.

    A file of the same name with other batches is another input.
    """
    own = document["inputs"][0]
    other = {**document, "inputs": [{**own, "path": "-"}]}
    changed = {**document, "inputs": [{**own, "sha256": "f" * 64}]}
    paths = {
        name: save(each, f"{name}.json")
        for name, each in (("own", document), ("other", other), ("changed", changed))
    }

    def heading(*names: str) -> str:
        page = complab.report(*(paths[name] for name in names)).to_html()
        (found,) = re.findall("<h1>(.*)</h1>", page)
        return str(found)

    path = own["path"]
    assert heading("own", "own") == f"Compression of {path}"
    assert heading("own", "other", "own") == (
        f"Compression of {path} (A, C); standard input (B)"
    )
    assert heading("own", "changed") == f"Compression of {path} (A); {path} (B)"


def test_sides_of_a_run_are_not_taken_for_results(
    document: Document, save: Save
) -> None:
    """Of several results, those that ``compare`` saved have sides A and B of their own.

    Alone, its sides are A and B as they were on the command line.
    """
    pairs = {**document["plan"], "pairs": [[0, 1]]}
    path = save({**document, "plan": pairs}, "pair.json")
    *_, alone = complab.report(path).tables()
    assert alone.title_lines == (f"B against A in {path}",)
    assert "compress: B is" in [column.heading for column in alone.columns]
    among = complab.report(save(document), path).tables()[2]
    assert among.title_lines == (f"side B against side A in B: {path}",)
    assert "compress: side B is" in [column.heading for column in among.columns]
