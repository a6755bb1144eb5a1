"""Summary statistics of PLINK with columns that depend on its options."""

import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fabgwas.io import read_sumstats

TINY = Path(__file__).parents[1] / "golden" / "formats" / "tiny"


def values(study, name):
    return study.table[name].to_pylist()


@pytest.fixture(scope="module")
def phenotypes(tmp_path_factory):
    """Of nothing but noise, for the people of the golden files."""
    people = pd.read_csv(f"{TINY}.fam", sep=r"\s+", header=None)
    rng = np.random.default_rng(7)
    path = tmp_path_factory.mktemp("phenotypes") / "pheno.txt"
    columns = {
        "#FID": people[0], "IID": people[1], "quant": rng.normal(size=len(people)),
        "case": rng.integers(1, 3, len(people)),
    }  # fmt: skip
    pd.DataFrame(columns).to_csv(path, sep="\t", index=False)
    return path


def run_plink(program, phenotypes, out, options):
    subprocess.run(
        [program, "--bfile", TINY, "--allow-no-sex", "--pheno", phenotypes,
         *options.split(), "--out", out],
        check=True, capture_output=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        "cols=+a1freq,+machr2,+ax,+a1count,+gcountcc --ci 0.95",
        "genotypic",
        "log10",
        "cols=-chrom,-pos",
        "cols=-tz",
        "cols=-p",
        "cols=-nobs",
        "cols=chrom,pos,ref,alt,beta,se,p",
        "cols=+beta,-orbeta",
        "firth log10",
    ],
)
@pytest.mark.parametrize("trait", ["quant", "case"])
def test_any_columns_of_plink2_are_understood(plink2, phenotypes, tmp_path, options, trait):
    options = f"--pheno-name {trait} --glm allow-no-covars {options}"
    if trait == "quant":
        options = options.replace(" firth", "")
    run_plink(plink2, phenotypes, tmp_path / "out", options)
    (path,) = tmp_path.glob("out.*.glm.*")
    study = read_sumstats(path, bim=f"{TINY}.bim")
    few = "nobs" in options or "cols=chrom" in options
    if few or (options.endswith("-tz") and trait == "quant"):
        assert study.format == "plink2-glm"
    else:
        assert study.format == ("plink2-linear" if trait == "quant" else "plink2-logistic")
    assert study.trait == trait
    assert study.warnings == ()
    raw = pd.read_csv(path, sep="\t").rename(columns=lambda name: name.lstrip("#"))
    raw = raw[raw["TEST"] == "ADD"] if "TEST" in raw else raw
    raw = raw.set_index("ID").loc[values(study, "rsid")]
    if "P" in raw:
        # five digits, and three of the sixth are lost in z of 0.01
        assert np.exp(study.table["log_pvalue"]) == pytest.approx(raw["P"], rel=1e-4)
    elif "LOG10_P" in raw:
        log_p = -np.log(10) * raw["LOG10_P"]
        assert study.table["log_pvalue"].to_numpy() == pytest.approx(log_p, rel=1e-4)
    beta = raw["BETA"] if "BETA" in raw else np.log(raw["OR"])
    assert values(study, "beta") == pytest.approx(list(beta))
    assert len(study) > 20


@pytest.mark.parametrize(
    ("options", "suffix", "effect"),
    [
        ("case --assoc counts --ci 0.9", "assoc", "OR"),
        ("case --assoc fisher counts", "assoc.fisher", "OR"),
        ("case --logistic beta", "assoc.logistic", "BETA"),
        ("quant --linear genotypic --ci 0.9", "assoc.linear", "BETA"),
    ],
)
def test_any_columns_of_plink1_are_understood(
    plink1, phenotypes, tmp_path, options, suffix, effect
):
    run_plink(plink1, phenotypes, tmp_path / "out", f"--pheno-name {options}")
    path = tmp_path / f"out.{suffix}"
    study = read_sumstats(path, bim=f"{TINY}.bim")
    raw = pd.read_csv(path, sep=r"\s+")
    if "TEST" in raw:
        raw = raw[raw["TEST"] == "ADD"]
    raw = raw.set_index("SNP").loc[values(study, "rsid")]
    log_p = np.log(raw["P"])
    # four digits of what is printed, of CHISQ also when it is small
    assert study.table["log_pvalue"].to_numpy() == pytest.approx(log_p, rel=1e-3, abs=1e-3)
    beta = raw[effect] if effect == "BETA" else np.log(raw[effect])
    assert values(study, "beta") == pytest.approx(list(beta))
    assert len(study) > 20
