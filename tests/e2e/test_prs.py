"""`fabgwas prs` on real statistics, from files to weights that others read."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from fabgwas.errors import UsageError
from fabgwas.io import read_weights
from fabgwas.ldstore import build_ld
from fabgwas.pipeline._prs import make_prs
from fabgwas.pipeline._prs_config import PrsConfig


@pytest.fixture(scope="module")
def ld(panel, tmp_path_factory):
    return str(build_ld(panel, tmp_path_factory.mktemp("ld") / "eur", build="GRCh37"))


@pytest.fixture(scope="module")
def score(height_data, height_store, ld, tmp_path_factory):
    out = tmp_path_factory.mktemp("prs") / "height"
    config = PrsConfig(
        sumstats=str(height_data / "ukb_height_chr22.fastGWA.gz"),
        ld=ld,
        embeddings=str(height_store),
        out=str(out),
    )
    return make_prs(config)


def test_writes_what_it_promises(score):
    assert all(path.is_file() for path in score.outputs.values())
    table = pq.read_table(score.outputs["parquet"]).to_pandas()
    assert len(table) == score.counts["used"] > 15_000
    for name in ("weight_sd", "inclusion_prob", "prior_var", "prior_prob"):
        assert table[name].between(0, 1).all()
    manifest = json.loads(score.outputs["manifest"].read_text())
    assert manifest["counts"]["used"] == len(table)
    assert manifest["parameters"]["command"] == "prs"


def test_weights_agree_with_the_statistics(score, height_data):
    table = pq.read_table(score.outputs["parquet"]).to_pandas()
    study = pd.read_csv(height_data / "ukb_height_chr22.fastGWA.gz", sep="\t")
    both = table.merge(study, left_on="rsid", right_on="SNP")
    assert (both["effect_allele"] == both["A1"]).all()
    strong = both["inclusion_prob"] > 0.5
    assert strong.sum() > 10
    assert np.corrcoef(both["weight"][strong], both["BETA"][strong])[0, 1] > 0.9


def test_all_files_hold_the_same_weights(score):
    parquet = read_weights(score.outputs["parquet"]).table
    plink = read_weights(score.outputs["score"]).table
    catalog = read_weights(score.outputs["pgs"]).table
    name = plink.column_names[-1] if "weight" not in plink.column_names else "weight"
    assert parquet.num_rows == plink.num_rows == catalog.num_rows
    assert np.allclose(
        np.sort(parquet["weight"].to_numpy()), np.sort(plink[name].to_numpy()), rtol=1e-5
    )


def test_plink2_takes_the_file_of_weights(score, panel, plink2, tmp_path):
    subprocess.run(
        [plink2, "--bfile", panel, "--score", score.outputs["score"], "1", "2", "3",
         "header-read", "--out", tmp_path / "own"],
        check=True, capture_output=True,
    )  # fmt: skip
    scores = pd.read_csv(tmp_path / "own.sscore", sep="\t")
    assert len(scores) == 378
    assert scores.iloc[:, -1].std() > 0


def test_annotations_take_the_place_of_embeddings(height_data, ld, tmp_path):
    study = pd.read_csv(height_data / "ukb_height_chr22.fastGWA.gz", sep="\t")
    notes = pd.DataFrame(
        {"rsid": study["SNP"], "common": study["AF1"].between(0.2, 0.8) * 1}
    )
    notes.to_csv(tmp_path / "notes.tsv", sep="\t", index=False)
    command = [
        *(sys.executable, "-m", "fabgwas", "prs"),
        height_data / "ukb_height_chr22.fastGWA.gz",
        *("--ld", ld, "--annotations", tmp_path / "notes.tsv"),
        *("--out", tmp_path / "noted", "--quiet"),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "method: embedding" in result.stdout
    assert (tmp_path / "noted.score.tsv").is_file()


@pytest.mark.parametrize("method", ["ct", "inf"])
def test_baselines_write_weights_too(method, height_data, ld, tmp_path):
    result = make_prs(
        PrsConfig(
            sumstats=str(height_data / "ukb_height_chr22.fastGWA.gz"),
            ld=ld,
            method=method,
            out=str(tmp_path / method),
        )
    )
    weight = result.table["weight"].to_numpy()
    table = result.table.to_pandas()
    assert np.isfinite(weight).all()
    if method == "ct":
        grid = pd.read_csv(result.outputs["grid"], sep="\t")
        counts = (grid.filter(regex="^ct_") != 0).sum()
        assert counts.is_monotonic_increasing
        assert 20 < counts["ct_5e-08"] < 60
        assert np.count_nonzero(weight) == counts["ct_0.0001"]
        leads = table[weight != 0].merge(
            pd.read_csv(height_data / "ukb_height_chr22.fastGWA.gz", sep="\t"),
            left_on="rsid",
            right_on="SNP",
        )
        # but for the correction of z to a correlation, weights are the effects
        assert np.allclose(leads["weight"], leads["BETA"], rtol=2e-3)


def test_confounding_takes_weight_from_effects(height_data, ld, tmp_path):
    weight = {}
    for intercept in (1.0, 2.0):
        config = PrsConfig(
            sumstats=str(height_data / "ukb_height_chr22.fastGWA.gz"),
            ld=ld,
            method="inf",
            heritability=0.01,
            intercept=intercept,
            out=str(tmp_path / f"{intercept:g}"),
        )
        result = make_prs(config)
        weight[intercept] = result.table["weight"].to_numpy()
        assert result.facts["intercept"] == intercept
    # half of the people, and the same effects
    assert 0.5 < weight[2.0].std() / weight[1.0].std() < 1
    assert np.corrcoef(weight[1.0], weight[2.0])[0, 1] > 0.9


def test_contradictions_are_told_before_anything_is_read():
    with pytest.raises(UsageError, match="not both"):
        PrsConfig(sumstats="a", ld="b", out="c", embeddings="d", annotations="e")
    with pytest.raises(UsageError, match="needs embeddings"):
        PrsConfig(sumstats="a", ld="b", out="c", method="embedding")
    with pytest.raises(UsageError, match="must be one of"):
        PrsConfig(sumstats="a", ld="b", out="c", method="magic")
    with pytest.raises(UsageError, match="intercept must be positive"):
        PrsConfig(sumstats="a", ld="b", out="c", intercept=0.0)
