"""``complab report`` and ``complab chart`` as programs."""

import html
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import complab

Run = Callable[..., subprocess.CompletedProcess[str]]

_HOSTILE = "\x1b[2J\x9b1m\u202e"
_SPELLED = r"\x1b[2J\x9b1m\u202e"


@pytest.fixture(scope="session")
def result(
    tmp_path_factory: pytest.TempPathFactory,
    small: str,
    needs: Callable[[str], None],
) -> str:
    """A saved result of three rows."""
    needs("zstd")
    needs("lz4")
    path = str(tmp_path_factory.mktemp("results") / "result.json")
    complab.sweep(small, "zstd:1,3,lz4", budget_s=2).save(path)
    return path


def test_the_answer_is_on_standard_output(run: Run, result: str) -> None:
    """Without a file, the answer as text."""
    done = run("report", result)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Smallest: zstd:" in done.stdout
    assert "Fastest to decompress: " in done.stdout


def test_a_page_is_written_beside_the_answer(
    run: Run, result: str, tmp_path: Path
) -> None:
    """--output has the page, and its command makes it again."""
    path = tmp_path / "report.html"
    done = run("report", result, "--output", str(path))
    assert done.returncode == 0
    assert "Smallest: " in done.stdout
    page = path.read_text()
    assert f"complab report {result} --output {path}" in page
    assert f" --save {result}\n" in page


def test_the_commands_of_a_page_make_it_again(
    small: str, program: str, environ: dict[str, str], tmp_path: Path
) -> None:
    """Pasted into a shell elsewhere, they measure the same rows and write the page.

    The sweep was called from Python, whose own command line is the tests'.
    """
    result = complab.sweep(
        small,
        "zstd:3,lz4:9",
        contexts=["reused", "fresh"],
        max_input_bytes=1 << 20,
        worker_count=0,
        budget_s=0.5,
        seed=7,
    )
    page = complab.report(result).to_html(output="my page.html")
    (lines,) = re.findall("<pre><code>(.*)</code></pre>", page, re.DOTALL)
    path = f"{Path(program).parent}:{environ['PATH']}"
    subprocess.run(
        ["bash", "-ec", html.unescape(lines)],
        cwd=tmp_path,
        env={**environ, "PATH": path},
        capture_output=True,
        check=True,
    )
    again = complab.load(str(tmp_path / "result.json")).record
    assert again.configurations == result.record.configurations
    assert again.plan == result.record.plan
    assert again.command == result.record.command
    assert again.inputs == result.record.inputs
    assert (tmp_path / "my page.html").read_text().startswith("<!DOCTYPE html>")


def test_formats_follow_the_suffix_unless_given(
    run: Run, result: str, tmp_path: Path
) -> None:
    """.md is Markdown; --format decides otherwise; others are refused."""
    path = tmp_path / "answer.md"
    assert run("report", result, "--output", str(path)).returncode == 0
    assert "| row" in path.read_text()
    odd = tmp_path / "answer.odd"
    refused = run("report", result, "--output", str(odd))
    assert refused.returncode == 2
    assert ".html" in refused.stderr
    assert not odd.exists()
    assert run("report", result, "--format", "html").stdout.startswith("<!DOCTYPE")


def test_reports_overwrite_nothing_unasked(
    run: Run, result: str, tmp_path: Path
) -> None:
    """A file that is there needs --force."""
    path = tmp_path / "report.html"
    path.write_text("mine")
    refused = run("report", result, "--output", str(path))
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert path.read_text() == "mine"
    assert run("report", result, "--output", str(path), "--force").returncode == 0


def test_what_is_no_result_is_named(run: Run, small: str) -> None:
    """A batch file is no result file, and no usage error."""
    done = run("report", small)
    assert done.returncode == 1
    assert small in done.stderr
    assert run("report").returncode == 2


def test_a_chart_is_plotted_in_ascii(run: Run, result: str) -> None:
    """The rows are letters between axes, with a key below."""
    done = run("chart", result)
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert done.stdout.startswith("ratio against compression speed")
    assert "z zstd   l lz4" in done.stdout
    assert (
        "ratio against decompression speed" in run("chart", result, "decompress").stdout
    )


def test_names_of_a_result_do_not_steer_the_terminal(
    run: Run, result: str, tmp_path: Path
) -> None:
    """Codecs, libraries, inputs and damaged fields are spelled out where they stand."""
    document = json.loads(Path(result).read_text())
    for each in document["configurations"]:
        each["codec"] = f"{each['codec']}{_HOSTILE}"
    document["inputs"][0]["path"] = _HOSTILE
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document))
    plotted = run("chart", str(path))
    assert rf"z zstd{_SPELLED}" in plotted.stdout
    document["configurations"][0][_HOSTILE] = 1
    path.write_text(json.dumps(document))
    refused = run("chart", str(path))
    assert f"ConfigurationFacts.{_SPELLED} is not known" in refused.stderr
    for text in (plotted.stdout, refused.stderr):
        assert not set("\x1b\x9b\u202e") & set(text)


def test_a_chart_is_written_as_a_picture(run: Run, result: str, tmp_path: Path) -> None:
    """SVG, PNG and Vega-Lite, in either theme; nothing else, and nothing twice."""
    path = tmp_path / "chart.svg"
    done = run("chart", result, "link", "--output", str(path), "--theme", "dark")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "#d8dee4" in path.read_text()
    assert run("chart", result, "link", "--output", str(path)).returncode == 1
    assert run("chart", result, "--output", "chart.bmp").returncode == 2
    spec = tmp_path / "chart.json"
    assert run("chart", result, "--output", str(spec)).returncode == 0
    assert "layer" in json.loads(spec.read_text())


@pytest.mark.parametrize(
    ("name", "lack"),
    [
        ("compress", "no row that compresses has a ratio and a compression speed"),
        ("link", "no row that compresses has a ratio and both speeds"),
        ("spread-compress", "no row of the front has an epoch of compression"),
    ],
)
def test_a_chart_of_nothing_is_refused(
    run: Run, result: str, tmp_path: Path, name: str, lack: str
) -> None:
    """The message says what the result lacks, and no empty picture is written.

    Here it holds memcpy, which compresses nothing, and rows that were not measured.
    """
    document = json.loads(Path(result).read_text())
    copies = {c["id"] for c in document["configurations"] if c["codec"] == "memcpy"}
    for each in document["measurements"]:
        if each["configuration"] not in copies:
            each.update(status="skipped", message="no time was left")
    path, picture = tmp_path / "result.json", tmp_path / "chart.svg"
    path.write_text(json.dumps(document))
    done = run("chart", str(path), name, "--output", str(picture))
    words = f"complab: {path}: has nothing for the chart {name}: {lack}\n"
    assert (done.returncode, done.stderr) == (1, words)
    assert not picture.exists()
    if name == "compress":
        assert run("chart", str(path)).stderr == words


def test_charts_without_a_plot_say_what_to_do(run: Run, result: str) -> None:
    """Some need a picture."""
    done = run("chart", result, "epochs")
    assert done.returncode == 2
    assert "--output epochs.svg" in done.stderr
