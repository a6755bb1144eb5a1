"""Every suite of the benchmarks runs in quick form, with and without the real data."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.harness import read_results
from benchmarks.harness.registry import SUITES, find_methods, find_tasks

REPOSITORY = Path(__file__).parents[2]
MOST_SECONDS = 300  # of a suite on a busy machine; all together five minutes on a quiet one


def benchmarks(*arguments: object, data: str) -> None:
    """Run the command as a user would; one thread, so that workers do not fight."""
    told = {"FABGWAS_TEST_DATA": data, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("OPENAI", "FABGWAS"))}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *map(str, arguments)],
        cwd=REPOSITORY,
        env=kept | told,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.mark.parametrize("suite", SUITES)
def test_quick_without_data(suite, cache):
    if not find_tasks(suite) or not find_methods(suite):
        pytest.skip(f"the suite {suite} is empty")
    benchmarks("run", "--suite", suite, "--quick", "--cache", cache, data="/nowhere")
    results = read_results(cache / "quick", suite)
    assert results
    assert {each.status for each in results} <= {"done", "skipped"}
    for each in results:
        if each.status == "skipped":
            assert "needs" in each.reason or "quick" in each.reason or "no " in each.reason
    benchmarks("summarise", "--suite", suite, "--results", cache / "quick", data="/nowhere")
    page = (cache / "quick" / f"{suite}.md").read_text()
    assert page.startswith(f"# Results of the suite {suite}")


def test_properties_of_real_variants(shared_data, cache):
    told = ("--suite", "properties", "--quick", "--cache", cache, "--only-missing")
    benchmarks(
        "run", *told, "--task", "*plain text*", "--method", "*linear", data=str(shared_data)
    )
    results = read_results(cache / "quick", "properties")
    done = {each.task.split(",")[0] for each in results if each.status == "done"}
    assert {"chromosome", "pathogenic", "catalog trait", "REVEL", "BRCA1 function"} <= done
