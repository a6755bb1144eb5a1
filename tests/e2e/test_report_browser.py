"""The reports in a real browser: Debian's chromium, without window and network."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from report_example import a_report, a_score_report

from fabgwas.report import write_report, write_score_report

# looks into the report from a page of the same origin, then clicks on a heading
PROBE = """<!doctype html><iframe id="report" src="{name}.html" width="{width}"
height="900"></iframe><pre id="found"></pre><script>
document.getElementById("report").addEventListener("load", (event) => {{
  const page = event.target.contentDocument;
  const shown = [...page.images].filter((image) => image.offsetParent !== null);
  const table = page.querySelector("table.sortable");
  const first = () => table.tBodies[0].rows[0].cells[0].textContent.trim().split(/\\s/)[0];
  const before = first();
  const heading = table.tHead.rows[0].cells[{column}];
  heading.querySelector("button").click();
  const ascending = first();
  heading.querySelector("button").click();
  document.getElementById("found").textContent = JSON.stringify({{
    shown: shown.map((image) => image.className),
    broken: [...page.images].filter((image) => !image.naturalWidth).length,
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    background: event.target.contentWindow.getComputedStyle(page.body).backgroundColor,
    rows: [before, ascending, first()],
    sorted: heading.getAttribute("aria-sort"),
  }});
}});
</script>"""


class _Site:
    """A folder served on this machine, and what was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[str] = []
        site = self

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                site.requests.append(self.path)

        self.server = ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(Handler, directory=str(folder))
        )
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Site]:
    folder = tmp_path_factory.mktemp("site")
    data = a_report()
    evil = "<img src=x onerror=alert(1)>"
    locus = replace(data.loci["family"][0], effect_allele=evil)
    loci = {**data.loci, "family": [locus, *data.loci["family"][1:]]}
    write_report(folder / "report.html", replace(data, loci=loci))
    write_score_report(folder / "scores.html", a_score_report())
    for width in (390, 1200):
        for name, column in (("report", 9), ("scores", 2)):
            page = PROBE.format(name=name, width=width, column=column)
            (folder / f"{name}{width}.html").write_text(page)
    site = _Site(folder)
    yield site
    site.close()


def browse(
    chromium: str, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr",
        "--virtual-time-budget=10000", *arguments,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def probe(
    chromium: str,
    site: _Site,
    folder: Path,
    width: int,
    *arguments: str,
    name: str = "report",
) -> dict[str, Any]:
    page = f"{site.address}/{name}{width}.html"
    done = browse(
        chromium, folder, "--window-size=1400,1000", *arguments, "--dump-dom", page
    )
    match = re.search(r'<pre id="found">(.*?)</pre>', done.stdout)
    assert match is not None, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(match.group(1))
    found["console"] = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return found


@pytest.mark.parametrize("name", ["report", "scores"])
def test_opens_without_errors_and_asks_for_nothing(
    name: str, chromium: str, site: _Site, tmp_path: Path
) -> None:
    site.requests.clear()
    found = probe(chromium, site, tmp_path, 1200, name=name)
    # a request to elsewhere would be refused by the policy of the page, and told there
    assert found["console"] == []
    assert set(site.requests) <= {f"/{name}1200.html", f"/{name}.html", "/favicon.ico"}
    assert site.requests.count(f"/{name}.html") == 1
    assert found["broken"] == 0


def test_shows_one_variant_of_each_figure(
    chromium: str, site: _Site, tmp_path: Path
) -> None:
    shown = probe(chromium, site, tmp_path, 1200)["shown"]
    assert len(shown) == 5
    assert all("light" in classes and "wide" in classes for classes in shown)


def test_fits_a_telephone(chromium: str, site: _Site, tmp_path: Path) -> None:
    found = probe(chromium, site, tmp_path, 390)
    assert found["overflow"] <= 0
    assert len(found["shown"]) == 5
    assert all("narrow" in classes for classes in found["shown"])


def test_the_report_of_scores_fits_a_telephone(
    chromium: str, site: _Site, tmp_path: Path
) -> None:
    found = probe(chromium, site, tmp_path, 390, name="scores")
    assert found["overflow"] <= 0
    # a ROC curve, and three figures of each of two scores
    assert len(found["shown"]) == 7
    assert all("light" in classes for classes in found["shown"])
    assert found["rows"][1:] == ["noise", "good"]  # 0.51 before 1.02, and after it


def test_follows_the_dark_scheme(chromium: str, site: _Site, tmp_path: Path) -> None:
    dark = "--blink-settings=preferredColorScheme=0"
    found = probe(chromium, site, tmp_path, 1200, dark)
    assert all("dark" in classes for classes in found["shown"])
    assert found["background"] == "rgb(14, 18, 23)"


def test_headings_sort_by_value(chromium: str, site: _Site, tmp_path: Path) -> None:
    found = probe(chromium, site, tmp_path, 1200)
    assert found["rows"] == ["SHARED", "SHARED", "GAINED"]
    assert found["sorted"] == "descending"


def test_a_screenshot_shows_the_figures(chromium: str, site: _Site, tmp_path: Path) -> None:
    picture = tmp_path / "report.png"
    browse(
        chromium, tmp_path, "--window-size=1280,1400", "--hide-scrollbars",
        f"--screenshot={picture}", f"{site.address}/report.html",
    )  # fmt: skip
    pixels = (imread(picture)[:, :, :3] * 255).round().astype(int)
    vermillion = np.all(np.abs(pixels - (0xD5, 0x5E, 0x00)) < 12, axis=2)
    blue = np.all(np.abs(pixels - (0x0F, 0x5F, 0x9C)) < 12, axis=2)
    assert vermillion.sum() > 20
    assert blue.sum() > 2000


def test_prints(chromium: str, site: _Site, tmp_path: Path) -> None:
    pdf = tmp_path / "report.pdf"
    browse(chromium, tmp_path, f"--print-to-pdf={pdf}", f"{site.address}/report.html")
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 10
