"""Dry runs: they find what the command would find, and write nothing."""

import subprocess
import sys

import pytest

PANEL = "1000G_eur_chr22"


def lines(path):
    return path.read_text().splitlines()


@pytest.fixture(scope="module")
def folder(height_data, tmp_path_factory):
    """Weights, scores and phenotypes made from the variants and people of the demo."""
    folder = tmp_path_factory.mktemp("dry")
    rows = [line.split() for line in lines(height_data / f"{PANEL}.bim")][:50]
    weights = "".join(f"{row[1]}\t{row[4]}\t0.1\n" for row in rows)
    (folder / "weights.tsv").write_text("ID\tA1\tnew\n" + weights)
    people = [line.split()[1] for line in lines(height_data / f"{PANEL}.fam")]
    scores = "".join(f"{iid}\t{n % 7}\n" for n, iid in enumerate(people))
    (folder / "scores.tsv").write_text("IID\tnew\n" + scores)
    cases = "".join(f"{iid}\t{n % 2}\n" for n, iid in enumerate(people))
    (folder / "pheno.tsv").write_text("IID\tcase\n" + cases)
    return folder


@pytest.mark.parametrize(
    ("arguments", "found", "file"),
    [
        (["munge", "STUDY"], [], "out.sumstats.parquet"),
        (["prs", "STUDY", "--ld", "PANEL"], ["15,935 read", "in PANEL"], "out.score.tsv"),
        (["prs", "STUDY", "--ld", "PANEL", "--method", "ct"], ["method: ct"], "out.ct.tsv"),
        (["score", "weights.tsv", "PANEL"],
         ["scores: new; weights matched: 50", "people: 378"], "out.scores.tsv"),
        (["evaluate", "scores.tsv", "pheno.tsv"],
         ["people: 378, 189 of them cases, phenotype case"], "out.report.html"),
        (["evaluate", "weights.tsv", "--sumstats", "STUDY", "--ld", "PANEL"],
         ["15,935 with statistics", "weights: 50"], "out.evaluation.tsv"),
        (["split", "STUDY", "--ld", "PANEL"], ["variants: 15,935 of 15,935"],
         "out.train.sumstats.parquet"),
        (["ld", "PANEL"], ["variants: 15,938, of 378 people, GRCh37"], "out"),
    ],
)  # fmt: skip
def test_tells_what_it_found_and_writes_nothing(
    arguments, found, file, folder, height_data
):
    names = {"STUDY": height_data / "ukb_height_chr22.fastGWA.gz",
             "PANEL": height_data / PANEL}  # fmt: skip
    command = [str(names.get(word, word)) for word in arguments]
    before = sorted(folder.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "fabgwas", *command, "--out", "out", "--dry-run"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for text in found:
        assert text.replace("PANEL", str(names["PANEL"])) in done.stdout
    assert f"a run would write {file}" in done.stdout or f", {file}" in done.stdout
    assert sorted(folder.iterdir()) == before


def test_refuses_what_the_command_would_refuse(folder, height_data):
    (folder / "taken.scores.tsv").write_text("IID\n")
    done = subprocess.run(
        [sys.executable, "-m", "fabgwas", "score", "weights.tsv", height_data / PANEL,
         "--out", "taken", "--dry-run"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "replace it (--overwrite)" in done.stderr
