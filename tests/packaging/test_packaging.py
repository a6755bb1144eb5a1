"""The distributions that `make dist` builds: what is in them, and that they install.

`make test-dist` runs this; the last test installs into an empty environment, in a minute.
"""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
FORBIDDEN = {"tests", "notebooks", "benchmarks", "docs", "shared", "demo", ".ci", ".git"}


def only(pattern):
    (path,) = DIST.glob(pattern)
    return path


@pytest.fixture(scope="module")
def wheel():
    return only("fabgwas-*.whl")


@pytest.fixture(scope="module")
def sdist():
    return only("fabgwas-*.tar.gz")


def names_of(path):
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    with tarfile.open(path) as archive:
        return [name.partition("/")[2] for name in archive.getnames()]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_holds_the_packages_and_nothing_else(kind, request):
    names = names_of(request.getfixturevalue(kind))
    parts = {part for name in names for part in Path(name).parts}
    assert parts.isdisjoint(FORBIDDEN), parts & FORBIDDEN
    assert not [name for name in names if Path(name).name.startswith(("test_", "conftest"))]
    assert not [name for name in names if name.endswith((".ipynb", ".pyc"))]


def test_the_wheel_has_every_file_of_the_packages(wheel):
    tracked = subprocess.run(
        ["git", "ls-files", "fabgwas", "embeddings/fabgwas_embeddings"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    expected = {name.removeprefix("embeddings/") for name in tracked}
    found = {name for name in names_of(wheel) if ".dist-info/" not in name}
    assert found == expected


def test_the_wheel_built_from_the_sdist_is_the_same(wheel, sdist, tmp_path):
    command = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir",
               tmp_path, sdist]  # fmt: skip
    subprocess.run(list(map(str, command)), check=True)
    again = next(tmp_path.glob("*.whl"))
    assert sorted(names_of(again)) == sorted(names_of(wheel))


def test_the_wheel_runs_the_demo_in_an_empty_environment(wheel, tmp_path):
    uv, python = [sys.executable, "-m", "uv"], tmp_path / "venv" / "bin" / "python"
    for command in (
        [*uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv"],
        [*uv, "pip", "install", "--quiet", "--system-certs", "--python", python,
         f"{wheel}[demo]"],
    ):  # fmt: skip
        subprocess.run(list(map(str, command)), check=True)
    fabgwas = tmp_path / "venv" / "bin" / "fabgwas"
    done = subprocess.run(
        [fabgwas, "demo", "--out", tmp_path / "demo" / "height", "--quiet"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "loci: 30 two-sided" in done.stdout
    assert (tmp_path / "demo" / "height.report.html").is_file()
