"""The documentation: what it shows runs, and it names every column that is written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[2]
DICTIONARY = (ROOT / "docs/reference/files.md").read_text(encoding="utf-8")


def commands(page: str) -> str:
    """The shell snippets of a page that are meant to be run, in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def tutorial(height_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tutorial")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        # head closes the pipe before zcat is through
        ["bash", "-eu", "-c", commands("docs/tutorial.md")],
        cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_the_tutorial_runs_word_by_word(tutorial):
    folder, printed = tutorial
    assert "15,935 read, 15,935 kept, 15,820 aligned" in printed
    assert "a run would write height.fab.parquet" in printed
    assert (folder / "height.report.html").is_file()


def test_the_report_tells_inflation_from_confounding(tutorial):
    folder, _ = tutorial
    report = (folder / "height.report.html").read_text(encoding="utf-8")
    intercept = re.search(r"LD score intercept</dt>\s*<dd>(.+?)</dd>", report)
    value, lower, upper = map(float, re.findall(r"\d\.\d+", intercept[1]))
    assert lower < value < upper
    assert 0.8 < value < 1.8  # lambda is 2.5: most of it is polygenic


def test_every_column_of_a_run_is_explained(tutorial):
    folder, _ = tutorial
    columns = {
        *pq.read_table(folder / "height.fab.parquet").column_names,
        *pq.read_table(folder / "munged.sumstats.parquet").column_names,
        *pq.read_table(next((folder / "store").rglob("*.parquet"))).column_names,
        *pd.read_csv(folder / "height.fab.tsv.gz", sep="\t", nrows=1).columns,
        *pd.read_csv(folder / "height.loci.tsv", sep="\t", nrows=1).columns,
        *pd.read_csv(folder / "munged.tally.tsv", sep="\t", nrows=1).columns,
    }
    # chrom is in the names of the folders of a store
    unexplained = [name for name in columns if f"`{name}`" not in DICTIONARY]
    assert unexplained == []


def test_every_file_of_a_run_is_explained(tutorial):
    folder, _ = tutorial
    for path in folder.glob("height.*"):
        name = path.name.removeprefix("height.")
        if name != "toml":
            assert f"PREFIX.{name}" in DICTIONARY


def test_the_columns_with_posteriors_are_explained():
    for name in ("posterior_mean", "posterior_sd", "lfsr", "log_qvalue_family",
                 "log_qvalue_family_storey"):  # fmt: skip
        assert f"`{name}`" in DICTIONARY


def test_links_between_pages_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!https?://)([^)#]+)", text):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.parametrize("page", ["README.md", *sorted(
    str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md"))])  # fmt: skip
def test_options_that_pages_name_exist(page, capsys):
    import benchmarks.__main__ as benchmarks
    from fabgwas.cli import app
    from fabgwas_embeddings._cli import app as embeddings

    known = {"--help", "--install-completion", "--score", "--assoc", "--logistic", "--glm"}
    known |= {"--require-hashes", "--no-deps"}  # of pip
    for program in (app, embeddings):
        from typer.main import get_command

        for command in get_command(program).commands.values():
            known |= {name for each in command.params for name in each.opts}
    with pytest.raises(SystemExit):
        benchmarks.main(["run", "--help"])
    option = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
    known |= set(option.findall(capsys.readouterr().out))
    named = set(option.findall((ROOT / page).read_text(encoding="utf-8")))
    assert named - known == set()
