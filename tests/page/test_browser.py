"""The report in Debian's chromium: quick, quiet, without a network, and usable.

``COMPLAB_SCREENSHOTS=FOLDER`` keeps the screenshots, to be looked at.
"""

import base64
import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import complab

selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from selenium.webdriver.common.by import By  # noqa: E402 - after its check
from selenium.webdriver.common.keys import Keys  # noqa: E402

Document = dict[str, Any]
Driver = Any

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """A browser that writes down what its console and its network do."""
    programs = shutil.which("chromium"), shutil.which("chromedriver")
    if not all(programs):
        pytest.skip("chromium or chromedriver is not installed")
    options = selenium.ChromeOptions()
    options.binary_location = programs[0]
    for flag in _FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    service = selenium.ChromeService(executable_path=programs[1])
    browser = selenium.Chrome(options=options, service=service)
    yield browser
    browser.quit()


@pytest.fixture(scope="session")
def reports(
    tmp_path_factory: pytest.TempPathFactory,
    document: Document,
    two_hundred: Document,
    hostile: Document,
) -> dict[str, Path]:
    """Reports by name: measured, of two hundred rows, two compared, a hostile one."""
    folder = tmp_path_factory.mktemp("reports")
    slower = json.loads(json.dumps(document))
    for each in slower["measurements"]:
        for name in ("epoch_times_ns", "stalled_times_ns"):
            each[name] = [round(1.07 * time_ns) for time_ns in each[name]]
    for name, content in (
        ("one", document), ("large", two_hundred), ("slower", slower),
        ("hostile", hostile),
    ):  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    sets = {
        "one": ["one"],
        "large": ["large"],
        "two": ["one", "slower"],
        "hostile": ["hostile"],
    }
    for name, members in sets.items():
        paths = [str(folder / f"{member}.json") for member in members]
        complab.report(*paths).save(str(folder / f"{name}.html"))
    return {name: folder / f"{name}.html" for name in sets}


@pytest.fixture
def keep() -> Callable[[str, bytes], None]:
    """Keep a picture where someone wants to look at it."""

    def write(name: str, data: bytes) -> None:
        folder = os.environ.get("COMPLAB_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_bytes(data)

    return write


def emulate(
    driver: Driver, *, width: int = 1200, media: str = "screen", scheme: str = "light"
) -> None:
    """Set the width of the page, the medium and the colour scheme."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {
            "media": media,
            "features": [{"name": "prefers-color-scheme", "value": scheme}],
        },
    )


def open_page(driver: Driver, path: Path) -> None:
    """Load a report; what the logs held before is gone."""
    driver.get_log("browser")
    driver.get_log("performance")
    driver.get(path.as_uri())


def screenshot(driver: Driver) -> bytes:
    """The whole page as a PNG."""
    shot = driver.execute_cdp_cmd(
        "Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png"}
    )
    return base64.b64decode(shot["data"])


@pytest.mark.parametrize("name", ["one", "large", "two", "hostile"])
def test_the_console_is_silent_and_nothing_is_fetched(
    driver: Driver, reports: dict[str, Path], name: str
) -> None:
    """No error, no warning, and no request but for the file itself and its own data."""
    emulate(driver)
    open_page(driver, reports[name])
    assert driver.get_log("browser") == []
    events = [
        json.loads(entry["message"])["message"]
        for entry in driver.get_log("performance")
    ]
    urls = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert urls == {reports[name].as_uri()}


def test_two_hundred_rows_are_painted(
    driver: Driver, reports: dict[str, Path], keep: Callable[[str, bytes], None]
) -> None:
    """The first contentful paint comes; how soon is kept beside the pictures."""
    emulate(driver)
    open_page(driver, reports["large"])
    painted_ms = driver.execute_async_script(
        """
        const done = arguments[arguments.length - 1];
        const told = (list) => {
          const paint = list.getEntriesByName("first-contentful-paint")[0];
          if (paint) done(paint.startTime);
        };
        new PerformanceObserver(told).observe({ type: "paint", buffered: true });
        """
    )
    assert painted_ms > 0
    keep("first-paint-ms.txt", f"{painted_ms:.0f}\n".encode())


@pytest.mark.parametrize(
    ("look", "width", "media", "scheme"),
    [
        ("light", 1200, "screen", "light"),
        ("dark", 1200, "screen", "dark"),
        ("narrow", 380, "screen", "light"),
        ("narrow-dark", 380, "screen", "dark"),
    ],
)
@pytest.mark.parametrize("name", ["one", "large", "two", "hostile"])
def test_pages_fit_their_width(
    driver: Driver,
    reports: dict[str, Path],
    keep: Callable[[str, bytes], None],
    *,
    name: str,
    look: str,
    width: int,
    media: str,
    scheme: str,
) -> None:
    """The page never scrolls sideways; desks and phones each see their own charts."""
    emulate(driver, width=width, media=media, scheme=scheme)
    open_page(driver, reports[name])
    keep(f"{name}-{look}.png", screenshot(driver))
    inner, outer = driver.execute_script(
        "return [document.documentElement.scrollWidth, innerWidth]"
    )
    assert inner <= outer
    shown = [
        kind
        for kind in ("wide", "narrow")
        if driver.find_element(By.CSS_SELECTOR, f".picture.{kind}").is_displayed()
    ]
    assert shown == ["narrow" if width < 600 else "wide"]


def test_pictures_are_as_wide_as_the_page_at_most(
    driver: Driver, reports: dict[str, Path]
) -> None:
    """On a phone, no chart is cut off or shrunk until it cannot be read."""
    emulate(driver, width=380)
    open_page(driver, reports["one"])
    scales = driver.execute_script(
        """
        return Array.from(document.querySelectorAll(".picture.narrow svg"), (svg) => {
          const box = svg.getBoundingClientRect();
          return [box.width / svg.viewBox.baseVal.width, box.right];
        });
        """
    )
    assert len(scales) == 6
    for scale, right in scales:
        assert scale >= 0.8
        assert right <= 380


def test_dark_pages_are_dark(driver: Driver, reports: dict[str, Path]) -> None:
    """Paper and ink change places with the reader's scheme, in charts, too."""
    colours = {}
    for scheme in ("light", "dark"):
        emulate(driver, scheme=scheme)
        open_page(driver, reports["one"])
        colours[scheme] = driver.execute_script(
            """
            const text = document.querySelector(".picture.wide svg text");
            return [getComputedStyle(document.body).backgroundColor,
                    getComputedStyle(text).fill];
            """
        )
    assert colours["light"] == ["rgb(255, 255, 255)", "rgb(36, 41, 47)"]
    assert colours["dark"] == ["rgb(20, 24, 29)", "rgb(216, 222, 228)"]


@pytest.mark.parametrize("name", ["one", "two"])
def test_print_is_black_on_white(
    driver: Driver,
    reports: dict[str, Path],
    keep: Callable[[str, bytes], None],
    name: str,
) -> None:
    """A dark reader's print is on white paper, without what only a screen can use."""
    emulate(driver, media="print", scheme="dark")
    open_page(driver, reports[name])
    colour = "return getComputedStyle(document.body).backgroundColor"
    assert driver.execute_script(colour) == "rgb(255, 255, 255)"
    for selector in ("nav", ".controls"):
        assert not driver.find_element(By.CSS_SELECTOR, selector).is_displayed()
    assert driver.find_element(By.CSS_SELECTOR, ".picture.wide").is_displayed()
    emulate(driver, media="", scheme="light")
    printed = driver.execute_cdp_cmd(
        "Page.printToPDF", {"preferCSSPageSize": True, "printBackground": False}
    )
    pdf = base64.b64decode(printed["data"])
    keep(f"{name}-print.pdf", pdf)
    assert pdf.startswith(b"%PDF")


def rows_of(driver: Driver, column: str) -> list[str]:
    """The cells of a column of the table of rows that are shown, from top to bottom."""
    found: list[str] = driver.execute_script(
        """
        const table = document.querySelector("#table table");
        const heads = Array.from(table.tHead.rows[0].cells);
        const place = heads.findIndex((head) => head.dataset.name === arguments[0]);
        return Array.from(table.tBodies[0].rows)
          .filter((row) => !row.hidden)
          .map((row) => row.cells[place].textContent);
        """,
        column,
    )
    return found


def test_tables_are_sorted_by_keyboard(
    driver: Driver, reports: dict[str, Path]
) -> None:
    """Enter on a heading sorts by it, once more turns it; it is told to listeners."""
    emulate(driver)
    open_page(driver, reports["one"])
    (head,) = (
        each
        for each in driver.find_elements(By.CSS_SELECTOR, "#table th")
        if each.get_dom_attribute("data-name") == "compress"
    )
    button = head.find_element(By.TAG_NAME, "button")
    for order, is_descending in (("descending", True), ("ascending", False)):
        button.send_keys(Keys.ENTER)
        assert head.get_dom_attribute("aria-sort") == order
        speeds = [
            float(cell.replace(",", ""))
            for cell in rows_of(driver, "compress")
            if cell != "-"
        ]
        assert len(speeds) > 5
        assert speeds == sorted(speeds, reverse=is_descending)
        status = driver.find_element(By.CSS_SELECTOR, "#table [role=status]").text
        assert f"sorted by compress, {order}" in status


def test_tables_are_filtered(driver: Driver, reports: dict[str, Path]) -> None:
    """Words keep the rows that hold them all, the box those that nothing beats."""
    emulate(driver)
    open_page(driver, reports["one"])
    total = len(rows_of(driver, "codec"))
    search = driver.find_element(By.CSS_SELECTOR, "#table input[type=search]")
    search.send_keys("zstd")
    assert rows_of(driver, "codec") == ["zstd"] * 3
    status = driver.find_element(By.CSS_SELECTOR, "#table [role=status]")
    assert f"3 of {total} rows" in status.text
    search.clear()
    box = driver.find_element(By.CSS_SELECTOR, "#table input[type=checkbox]")
    box.send_keys(Keys.SPACE)
    assert 0 < len(rows_of(driver, "codec")) < total


def test_a_mark_tells_what_it_is(driver: Driver, reports: dict[str, Path]) -> None:
    """The pointer over a point shows the row's name and figures."""
    emulate(driver)
    open_page(driver, reports["one"])
    point = driver.find_element(
        By.CSS_SELECTOR, '#compress .wide [aria-label^="snappy"]'
    )
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", point)
    selenium.ActionChains(driver).move_to_element(point).perform()
    tip = driver.find_element(By.ID, "tip")
    assert tip.is_displayed()
    assert tip.text == point.get_dom_attribute("aria-label")
    assert "MB/s" in tip.text


def test_without_a_script_the_page_is_whole(
    driver: Driver, reports: dict[str, Path]
) -> None:
    """Where scripts are off, all rows and charts stand there, and no dead control."""
    emulate(driver)
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(driver, reports["one"])
        assert driver.find_element(By.CSS_SELECTOR, ".picture.wide svg").is_displayed()
        assert driver.find_element(By.CSS_SELECTOR, "#table tbody tr").is_displayed()
        assert not driver.find_element(
            By.CSS_SELECTOR, "#table .controls"
        ).is_displayed()
        assert driver.find_elements(By.CSS_SELECTOR, "#table th button") == []
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_picture_is_a_png_of_its_width(tmp_path: Path, document: Document) -> None:
    """A chart is as wide as it was asked to be, and its words beside it."""
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    chart = complab.load(str(path)).chart("compress", width=300)
    complab.charts.save(chart, str(tmp_path / "chart.png"))
    width = struct.unpack(">I", (tmp_path / "chart.png").read_bytes()[16:20])[0]
    assert 600 < width < 900
