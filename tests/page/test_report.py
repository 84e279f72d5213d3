"""The report of a result: what it says, and what it must not let in or out."""

import html
import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import complab
from complab.errors import OutputExistsError, PlanError, ResultError
from complab.results.drawn import drawn_rows
from complab.studies.sweep import SweepResult

Document = dict[str, Any]
Save = Callable[..., str]


class Page(HTMLParser):
    """The elements of a page: names with their attributes, and the words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of that name."""
        return [attributes for name, attributes in self.elements if name == tag]


def commands(page: str) -> list[str]:
    """The commands that a page says make it again."""
    (lines,) = re.findall("<pre><code>(.*)</code></pre>", page, re.DOTALL)
    return html.unescape(lines).splitlines()


@pytest.fixture
def result(document: Document, save: Save) -> str:
    """The file of the measured result."""
    return save(document)


@pytest.fixture
def page(result: str) -> str:
    """The report of the measured result."""
    return complab.report(result).to_html()


def test_the_answer_comes_first(page: str) -> None:
    """Answer, charts, rows, method, how to make it again: in this order."""
    places = [page.index(f'id="{name}"') for name in ("answer", "charts", "rows")]
    places += [page.index(f'id="{name}"') for name in ("measured", "again")]
    assert places == sorted(places)


def test_the_answer_is_that_of_the_rows(result: str) -> None:
    """The smallest and the fastest are named, and the front is the rows' own."""
    rows = [
        row
        for row in drawn_rows(complab.load(result).record)
        if row["codec"] in {"zstd", "lz4", "snappy", "gzip"}
    ]
    smallest = max(rows, key=lambda row: row["compression_ratio"])
    fastest = max(rows, key=lambda row: row["compress_mbps"])
    (answer,) = complab.report(result).tables()
    assert answer.title_lines[1].startswith(f"Smallest: {smallest['name']}, ratio ")
    assert answer.title_lines[2].startswith(f"Fastest to compress: {fastest['name']},")
    front = {row["name"] for row in rows if row["is_compress_front"]}
    assert {row["name"] for row in answer.rows} == front
    ratios = [float(row["compression_ratio"] or 0) for row in answer.rows]
    assert ratios == sorted(ratios, reverse=True)


def test_every_row_and_every_chart_is_in_the_page(page: str, result: str) -> None:
    """A line of the table for each row; each chart twice, for desks and phones."""
    count = len(complab.load(result).rows)
    table = page[page.index('id="table"') : page.index('id="measured"')]
    assert table.count("<tr") == count + 1
    assert page.count('<div class="picture wide"') == 6
    assert page.count('<div class="picture narrow"') == 6


def test_the_page_tells_where_everything_came_from(
    page: str, document: Document
) -> None:
    """Input with its digest, libraries with path, version and digest, the command."""
    for each in document["inputs"]:
        assert each["sha256"] in page
    for each in document["configurations"]:
        if each["provider"]:
            for word in ("path", "version", "sha256"):
                assert each["provider"][word] in page
    assert "complab report" in page


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    """No element has a source; links lead into the page or are data."""
    parsed = Page(page)
    for _, attributes in parsed.elements:
        assert not {"src", "srcset", "xlink:href"} & set(attributes)
        href = attributes.get("href") or "#"
        assert href.startswith(("#", "data:text/csv"))
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []
    assert parsed.all("link") == []


def test_names_in_results_are_text(hostile: Document, save: Save) -> None:
    """What a result file says cannot be markup, run, or turn words around."""
    page = complab.report(save(hostile, "hostile.json")).to_html()
    clean = Page(page)
    assert_harmless(clean)
    assert '<img src=x>" onerror=' in "".join(clean.words)  # it is shown, as text
    assert not set("\x1b\x9b\u202e") & set(page)


def test_hostile_file_names_are_text(
    document: Document, hostile_name: str, save: Save
) -> None:
    """The file's own name stands in headings and in the command."""
    name = hostile_name.replace("/", "") + ".json"
    page = complab.report(*[save(document, name)] * 2).to_html()
    assert_harmless(Page(page))
    assert not set("\x1b\x9b\u202e") & set(page)


def assert_harmless(page: Page) -> None:
    """No element and no attribute is in the page but its own, and none is swallowed."""
    assert len(page.all("script")) == 1
    assert len(page.all("main")) == 1
    assert page.all("img") == []
    assert not any(
        name.startswith("on") for _, attributes in page.elements for name in attributes
    )


def test_no_record_is_in_the_page(batch_16k: bytes, page: str) -> None:
    """Words of the measured records appear nowhere."""
    words = set(re.findall(rb"[\w./-]{12,}", batch_16k))
    assert len(words) > 10
    assert not [word for word in words if word.decode() in page]


def test_the_page_is_small(two_hundred: Document, save: Save) -> None:
    """A result of two hundred rows fits in 2 MB."""
    assert len(complab.report(save(two_hundred)).to_html().encode()) < 2e6


def test_two_results_are_compared(document: Document, save: Save) -> None:
    """The second against the first, by what ``compare`` finds."""
    slower = json.loads(json.dumps(document))
    for each in slower["measurements"]:
        each["epoch_times_ns"] = [2 * time_ns for time_ns in each["epoch_times_ns"]]
        each["stalled_times_ns"] = [2 * time_ns for time_ns in each["stalled_times_ns"]]
    paths = save(document, "before.json"), save(slower, "after.json")
    report = complab.report(*paths)
    (compared,) = report.compared
    assert compared.rows == complab.compare(*paths).rows
    page = report.to_html()
    assert "B against A" in page
    assert (
        page.index("B against A")
        < page.index('id="chartsA"')
        < page.index('id="chartsB"')
    )
    counts = Counter(
        verdict
        for row in compared.rows
        for verdict in (row.compress_verdict, row.decompress_verdict)
    )
    assert counts["slower"] > 0
    assert (
        f"B against A: of {counts.total()} speeds 0 faster, {counts['slower']} slower, "
        f"{counts['not separated']} not separated; 0 of {len(compared.rows)} rows "
        "compress to another size."
    ) in page
    together = page[page.index('id="both0"') : page.index('id="comparison0"')]
    for row in ("A zstd:3", "B zstd:3"):
        assert f'aria-label="{row}: ratio ' in together
    ids = [a["id"] for _, a in Page(page).elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_results_that_differ_say_why_they_are_not_compared(
    document: Document, save: Save
) -> None:
    """Two inputs are two answers in one report."""
    other = json.loads(json.dumps(document))
    other["inputs"][0]["sha256"] = "f" * 64
    report = complab.report(save(document, "a.json"), save(other, "b.json"))
    assert "input" in report.compared[0].problem
    assert "not compared" in str(report)
    assert "not compared" in report.to_html()


def test_a_comparison_that_was_saved_shows_its_sides(samples: Path, save: Save) -> None:
    """A run of ``compare`` holds two sides of every row."""
    compared = complab.compare(
        str(samples / "http-requests-16k-none.bin"), a="zstd:1", b="lz4:9", budget_s=4
    )
    report = complab.report(save(compared.to_document()))
    assert report.compared[0].rows == compared.rows
    assert "Change of speed" in report.to_html()


def test_a_result_without_a_figure_is_told_so(document: Document, save: Save) -> None:
    """An interrupted run that measured nothing makes a page without charts."""
    empty = json.loads(json.dumps(document))
    for each in empty["measurements"]:
        for name, value in each.items():
            if isinstance(value, list):
                each[name] = []
        each.update(status="skipped", message="no time", compressed_bytes=None)
    empty["is_complete"] = False
    report = complab.report(save(empty))
    page = report.to_html()
    assert "no row was measured" in page
    for lack in ("a compression speed", "a decompression speed", "both speeds"):
        assert f"not drawn, no row that compresses has a ratio and {lack}" in page
    assert page.count(": not drawn, ") == 6
    assert "<svg" not in page
    assert "interrupted" in str(report)


def test_a_chart_without_rows_gives_way_to_its_reason(
    document: Document, save: Save
) -> None:
    """Without decompression there is no link to draw, and no empty picture of one.

    The other charts stay.
    """
    copy = json.loads(json.dumps(document))
    for each in copy["measurements"]:
        if each["direction"] == "decompress":
            for name, value in each.items():
                if isinstance(value, list):
                    each[name] = []
    page = complab.report(save(copy)).to_html()
    assert page.count(": not drawn, ") == 3
    assert (
        "Which pays over which link: not drawn, no row that compresses has a ratio and "
        "both speeds"
    ) in page
    assert page.count('<div class="picture wide"') == 3


def test_what_compresses_nothing_draws_no_link(document: Document, save: Save) -> None:
    """``none`` and memcpy have both speeds, and no path of their own."""
    copy = json.loads(json.dumps(document))
    names = {each["id"]: each["codec"] for each in copy["configurations"]}
    for each in copy["measurements"]:
        if names[each["configuration"]] not in {"none", "memcpy"}:
            each.update(status="failed", message="it broke")
    result = complab.load(save(copy))
    assert any(row.decompress_mbps for row in result.rows if row.status == "ok")
    assert result.chart("link") is None


def test_results_of_a_session_are_taken_too(document: Document, save: Save) -> None:
    """What ``sweep`` returned needs no file."""
    result = complab.load(save(document))
    assert isinstance(result, SweepResult)
    assert complab.report(result).subjects[0].record == result.record


def test_results_of_a_session_get_files_in_the_command(
    document: Document, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no file holds yet is saved where the command for the page looks for it.

    A file whose name begins with a dash is no option there.
    """
    monkeypatch.chdir(tmp_path)
    save({**document, "command": "complab sweep a.bin"}, "-a b.json")
    first, second = complab.load("-a b.json"), complab.load("-a b.json")
    assert commands(complab.report(first).to_html()) == [
        "complab sweep a.bin --save result.json",
        "complab report result.json --output report.html",
    ]
    assert commands(complab.report("-a b.json", second).to_html(output="x y.html")) == [
        "complab sweep a.bin --save './-a b.json'",
        "complab sweep a.bin --save resultB.json",
        "complab report './-a b.json' resultB.json --output 'x y.html'",
    ]


def test_a_report_shows_itself(result: str) -> None:
    """In a notebook as tables, in an interactive session as text."""
    report = complab.report(result)
    assert repr(report) == str(report)
    assert report._repr_html_().startswith('<div class="complab-table">')
    assert report.to_markdown().count("| row") == 1


def test_a_report_is_saved_whole_or_not_at_all(result: str, tmp_path: Path) -> None:
    """A file that is there stays, unless forced."""
    path = tmp_path / "report.html"
    path.write_text("mine")
    report = complab.report(result)
    with pytest.raises(OutputExistsError):
        report.save(str(path))
    assert path.read_text() == "mine"
    report.save(str(path), force=True)
    assert path.read_text().startswith("<!DOCTYPE html>")


def test_wrong_calls_say_what_is_wrong(tmp_path: Path) -> None:
    """No result, a file that is none, one that is not there."""
    with pytest.raises(PlanError, match="1 to 26"):
        complab.report()
    with pytest.raises(ResultError, match="cannot be read"):
        complab.report(str(tmp_path / "missing.json"))


def test_a_result_draws_its_charts_and_shows_one(result: str) -> None:
    """``result.chart`` has the charts by name; a notebook sees the first by itself."""
    loaded = complab.load(result)
    data = json.dumps(loaded.chart("decompress").to_dict())
    speed = next(row.decompress_mbps for row in loaded.rows if row.codec == "lz4")
    assert str(speed) in data
    assert "<svg" in loaded._repr_html_()
    with pytest.raises(ValueError, match="spread-compress"):
        loaded.chart("pie")
