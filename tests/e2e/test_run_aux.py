"""`fabgwas run` with another study as side information, and with posteriors."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from terminal import fabgwas


@pytest.fixture(scope="module")
def other_study(height_data, tmp_path_factory):
    """Simulated: the same people and effects, with noise of its own added."""
    table = pd.read_csv(height_data / "ukb_height_chr22.fastGWA.gz", sep="\t")
    rng = np.random.default_rng(5)
    table["BETA"] = (table["BETA"] + table["SE"] * rng.standard_normal(len(table))) / 2**0.5
    path = tmp_path_factory.mktemp("aux") / "other.fastGWA"
    table.to_csv(path, sep="\t", index=False)
    return path


def test_another_study_and_posteriors(
    height_data, height_store, panel, other_study, tmp_path
):
    out = tmp_path / "height"
    done = fabgwas(
        *("run", height_data / "ukb_height_chr22.fastGWA.gz", "--embeddings", height_store),
        *("--ld", panel, "--aux", other_study, "--model", "covariates", "--posterior"),
        *("--out", out),
    )
    assert done.returncode == 0, done.stderr
    assert "null z-scores correlate" in done.stderr
    assert "if that is 2 SE lower or higher" in done.stderr
    report = (tmp_path / "height.report.html").read_text(encoding="utf-8")
    assert "null z-scores correlate" in report
    assert "if that is 2 SE lower or higher" in report
    table = pq.read_table(f"{out}.fab.parquet").to_pandas()
    assert table["lfsr"].between(0, 1).all()
    ratio = table["posterior_mean"] / table["beta"]
    assert ratio.median() < 1
    assert (table["posterior_sd"] <= table["se"] * 1.01 + 1).all()
    assert (table["log_qvalue_family"] >= table["log_pvalue_family"] - 1e-9).all()
    assert (table["log_qvalue_family_storey"] <= table["log_qvalue_family"] + 1e-9).all()
    loci = pd.read_csv(f"{out}.loci.tsv", sep="\t")
    assert (loci["fcr_lower"] <= loci["fab_lower"] + 1e-12).all()
    assert (loci["fcr_upper"] >= loci["fab_upper"] - 1e-12).all()
    manifest = json.loads((tmp_path / "height.manifest.json").read_text())
    assert str(other_study) in json.dumps(manifest["inputs"])
    assert manifest["parameters"]["config"]["model"] == "covariates"


def test_an_unknown_model_is_a_usage_error(height_data, height_store, tmp_path):
    done = fabgwas(
        *("run", height_data / "ukb_height_chr22.fastGWA.gz", "--embeddings", height_store),
        *("--model", "magic", "--out", tmp_path / "x"),
    )
    assert done.returncode == 2
    assert "model must be one of auto, covariates" in done.stderr
