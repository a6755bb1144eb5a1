"""`fabgwas sets` on the results of a run."""

import json

import numpy as np
import pandas as pd
import pytest
from terminal import fabgwas


@pytest.fixture(scope="module")
def inputs(height_data, height_store, tmp_path_factory):
    """Results of a run on height, and the LD store of its panel."""
    folder = tmp_path_factory.mktemp("sets")
    panel, out = height_data / "1000G_eur_chr22", folder / "height"
    for told in (
        ("ld", panel, "--build", "GRCh37", "--maf", 0.05, "--out", folder / "ld"),
        ("run", height_data / "ukb_height_chr22.fastGWA.gz", "--embeddings", height_store,
         "--ld", folder / "ld", "--model", "covariates", "--out", out),
    ):  # fmt: skip
        done = fabgwas(*told)
        assert done.returncode == 0, done.stderr
    return folder


def test_genes_of_a_run(inputs):
    out = inputs / "genes"
    told = ("sets", inputs / "height.fab.parquet", "--ld", inputs / "ld", "--out", out)
    before = sorted(inputs.iterdir())
    dry = fabgwas(*told, "--dry-run")
    assert "variants: 15," in dry.stdout
    assert f"would write {out}.sets.tsv" in dry.stdout
    assert sorted(inputs.iterdir()) == before
    done = fabgwas(*told)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(f"{out}.sets.tsv", sep="\t")
    assert f"{len(table):,} tested" in done.stdout
    assert table["n_variants"].sum() > 3000
    best = table.loc[table["log_pvalue_set"].idxmin()]
    assert best["log_pvalue_set"] < np.log(1e-8)
    ratio = table["neg_log10_pvalue_set"] / -table["log_pvalue_set"]
    np.testing.assert_allclose(ratio, 1 / np.log(10), rtol=1e-6)
    # the prior matters, but not where a gene lies in two folds
    assert (table["log_pvalue_set"] != table["log_pvalue_set_equal"]).mean() > 0.5
    manifest = json.loads((inputs / "genes.sets.manifest.json").read_text())
    assert manifest["counts"]["tested"] == len(table)
    again = fabgwas(*told)
    assert again.returncode == 2
    assert "exists" in again.stderr


def test_regions_of_a_file(inputs):
    bed = inputs / "regions.bed"
    bed.write_text("22\t20000000\t20200000\tmine\n22\t30000000\t30100000\n")
    out = inputs / "regions"
    told = ("sets", inputs / "height.fab.parquet", "--ld", inputs / "ld", "--out", out)
    done = fabgwas(*told, "--regions", bed)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(f"{out}.sets.tsv", sep="\t")
    assert table["name"].tolist() == ["mine", "22:30000001-30100000"]
    bed.write_text(f"21\t20000000\t20200000\telsewhere\n{bed.read_text()}")
    done = fabgwas(*told, "--regions", bed, "--chrom", "22", "--overwrite")
    assert "sets: 2 read, 2 tested" in done.stdout
    done = fabgwas(*told, "--regions", bed, "--chrom", "21", "--overwrite")
    assert done.returncode == 4
    assert "none of 1 regions" in done.stderr
    bed.write_text("22\t20\t20\n")
    done = fabgwas(*told, "--regions", bed, "--overwrite")
    assert done.returncode == 3
    assert "line 1: the region 20-20 is empty" in done.stderr


def test_what_is_not_of_a_run_is_refused(inputs):
    told = ("--ld", inputs / "ld", "--out", inputs / "x")
    done = fabgwas("sets", inputs / "height.loci.tsv", *told)
    assert done.returncode == 3
    assert "is no PREFIX.fab.parquet" in done.stderr
    done = fabgwas("sets", inputs / "ld" / "variants.parquet", *told)
    assert done.returncode == 3
    assert "has no column" in done.stderr
    assert not (inputs / "x.sets.tsv").exists()
