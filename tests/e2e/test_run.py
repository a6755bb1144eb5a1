"""`fabgwas run` on real statistics, from files to files."""

import json
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from terminal import fabgwas

import fabgwas as fg
from fabgwas.errors import InputError, NothingToAnalyseError, UsageError
from fabgwas.pipeline import check, read_study

OUTPUTS = ["fab.parquet", "fab.tsv.gz", "loci.tsv", "report.html", "log", "manifest.json"]


@pytest.fixture(scope="module")
def height(height_data, height_store, panel, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "height"
    config = fg.RunConfig(
        sumstats=str(height_data / "ukb_height_chr22.fastGWA.gz"),
        embeddings=str(height_store),
        ld=panel,
        out=str(out),
    )
    return fg.run(config)


def test_writes_what_it_promises(height):
    out = height.config.out
    for name in OUTPUTS:
        assert Path(f"{out}.{name}").is_file()
    table = pq.read_table(f"{out}.fab.parquet")
    assert table.column_names[:11] == [
        "chrom", "pos", "rsid", "effect_allele", "other_allele", "effect_allele_freq",
        "beta", "se", "z", "n", "prior_mean",
    ]  # fmt: skip
    text = pd.read_csv(f"{out}.fab.tsv.gz", sep="\t")
    assert len(text) == table.num_rows == height.alignment.matched
    assert np.allclose(text["neg_log10_pvalue"], -text["log_pvalue"] / np.log(10))
    assert np.allclose(text["log_pvalue_family"], table["log_pvalue_family"].to_numpy())


def test_manifest_and_log_tell_how_it_was_made(height):
    out = height.config.out
    manifest = json.loads(Path(f"{out}.manifest.json").read_text())
    assert manifest["parameters"]["config"]["primary"] == "family"
    assert manifest["counts"]["read"] == 15935
    assert manifest["counts"]["loci_family"] == height.n_loci("family")
    paths = [record["path"] for record in manifest["inputs"]]
    assert height.config.sumstats in paths
    assert {".bed", ".bim", ".fam"} <= {Path(path).suffix for path in paths}
    assert all(len(record["sha256"]) == 64 for record in manifest["inputs"])
    lines = Path(f"{out}.log").read_text().splitlines()
    assert lines[0] == f"fabgwas {fg.__version__}"
    assert "primary test, declared before the data are read: family" in lines[2]
    assert lines[-1] == f"report: {out}.report.html"


def test_results_are_consistent(height):
    table = height.results.to_pandas()
    assert (table["log_pvalue_fab"] >= table["log_pvalue"] - np.log(2) - 1e-9).all()
    assert table.groupby("fold")["family_weight"].mean().to_numpy() == pytest.approx(1)
    inside = (table["fab_lower"] < table["beta"]) & (table["beta"] < table["fab_upper"])
    assert inside.all()
    # duality: 0 is outside the interval exactly where the FAB test rejects at 0.05
    outside = (table["fab_lower"] > 0) | (table["fab_upper"] < 0)
    assert (outside == (table["log_pvalue_fab"] < np.log(0.05))).mean() > 0.9999


def test_loci_of_the_two_sided_test_are_those_of_the_data(height):
    # 363 variants below 5e-8, in about thirty independent signals
    assert 25 <= height.n_loci("two-sided") <= 35
    loci = height.loci.to_pandas()
    for test, column in [("two-sided", "log_pvalue"), ("family", "log_pvalue_family")]:
        mine = loci[loci["test"] == test]
        level = 5e-8 if test == "two-sided" else 0.05 / height.results.num_rows
        assert (mine[column] <= np.log(level)).all()
        assert (mine["start"] <= mine["pos"]).all()
        assert (mine["pos"] <= mine["end"]).all()


def test_swapping_the_alleles_of_any_rows_changes_only_signs(
    height, height_data, tmp_path, rng
):
    study = pd.read_csv(height_data / "ukb_height_chr22.fastGWA.gz", sep="\t")
    swapped = rng.random(len(study)) < 0.5
    study.loc[swapped, ["A1", "A2"]] = study.loc[swapped, ["A2", "A1"]].to_numpy()
    study.loc[swapped, "BETA"] *= -1
    study.loc[swapped, "AF1"] = 1 - study.loc[swapped, "AF1"]
    path = tmp_path / "swapped.fastGWA"
    study.to_csv(path, sep="\t", index=False, float_format="%.17g")
    settings = height.config.to_dict() | {
        "sumstats": str(path),
        "out": str(tmp_path / "swapped"),
    }
    other = fg.run(fg.RunConfig(**settings)).results.to_pandas().set_index("rsid")
    before = height.results.to_pandas().set_index("rsid").loc[other.index]
    sign = np.where(
        other["effect_allele"].astype(str) == before["effect_allele"].astype(str), 1, -1
    )
    assert 0.4 < (sign < 0).mean() < 0.6
    assert np.array_equal(other["z"], sign * before["z"])
    assert np.allclose(other["prior_mean"], sign * before["prior_mean"], atol=1e-9)
    for column in ("log_pvalue", "log_pvalue_fab", "log_pvalue_family"):
        assert np.allclose(other[column], before[column], rtol=1e-9, atol=1e-9)


def test_the_prior_of_a_fold_does_not_see_its_z(height, rng):
    study, store = height.sumstats, height.store
    alignment = fg.align(study, store)
    mine = height.prior.fold == 2
    altered = study.table.to_pandas()
    rows = alignment.row[mine]
    altered.loc[rows, "z"] = 30 * rng.standard_normal(rows.size)
    altered.loc[rows, "beta"] = altered["z"] * altered["se"]
    other = replace(study, table=pa.Table.from_pandas(altered, study.table.schema))
    prior = fg.fit_prior(other, store, alignment, height.panel)
    for after, before in zip(prior.moments, height.prior.moments, strict=True):
        assert np.array_equal(after[mine], before[mine])
    assert not np.allclose(prior.moments.var[~mine], height.prior.moments.var[~mine])


def test_output_of_plink2_goes_through_unchanged(
    plink2, height_store, panel, tmp_path, rng
):
    people = pd.read_csv(f"{panel}.fam", sep=r"\s+", header=None)
    phenotype = pd.DataFrame(
        {"#FID": people[0], "IID": people[1], "trait": rng.normal(size=len(people))}
    )
    phenotype.to_csv(tmp_path / "trait.txt", sep="\t", index=False)
    subprocess.run(
        [plink2, "--bfile", panel, "--pheno", tmp_path / "trait.txt", "--glm",
         "allow-no-covars", "--out", tmp_path / "own"],
        check=True, capture_output=True,
    )  # fmt: skip
    result = fabgwas(
        "run", tmp_path / "own.trait.glm.linear", "--embeddings", height_store,
        "--ld", panel, "--out", tmp_path / "result", "--quiet",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "aligned and tested" in result.stdout
    table = pq.read_table(tmp_path / "result.fab.parquet").to_pandas()
    raw = pd.read_csv(tmp_path / "own.trait.glm.linear", sep="\t").set_index("ID")
    assert len(table) > 15_000
    raw = raw.loc[table["rsid"]]
    # the p-value is that of Student's t, and z has the same
    assert np.allclose(table["log_pvalue"], np.log(raw["P"]), atol=1e-5)
    assert np.array_equal(np.sign(table["z"]), np.sign(raw["T_STAT"]))


def test_a_palindromic_hit_is_named_with_its_reason(height):
    (warning,) = [text for text in height.warnings if "not tested" in text]
    assert warning.startswith("12 variants with p < 5e-8 are not tested: A/T or C/G with")


def test_loci_are_named_by_genes(height):
    loci = pd.read_csv(f"{height.config.out}.loci.tsv", sep="\t")
    assert loci["nearest_gene"].notna().all()
    assert {"MN1", "TRIOBP"} <= set(loci["nearest_gene"])


def test_there_is_no_negative_zero(height):
    mean = height.results["prior_mean"].to_numpy()
    assert not np.any((mean == 0) & np.signbit(mean))


def test_a_dry_run_writes_nothing(height, tmp_path):
    settings = height.config.to_dict() | {"out": str(tmp_path / "x")}
    lines = check(fg.RunConfig(**settings))
    assert lines[0] == "variants: 15,935 read, 15,935 kept, 15,820 aligned"
    assert "x.fab.parquet" in lines[1]
    assert list(tmp_path.iterdir()) == []


def test_the_store_tells_alleles_that_a_file_lacks(height_store, tmp_path):
    golden = Path(__file__).parents[1] / "golden/formats"
    study = golden / "plink1_linear.assoc.linear"
    config = fg.RunConfig(
        sumstats=str(study), embeddings=str(height_store), out=str(tmp_path / "x"),
        build="GRCh37",
    )  # fmt: skip
    assert check(config)[0].endswith("39 kept, 39 aligned")
    filled = read_study(config, fg.open_embeddings(height_store).find_named)
    assert filled.table.equals(fg.read_sumstats(study, bim=golden / "tiny.bim").table)
    assert len(filled) == 39


def test_blocks_of_a_file_shape_the_folds(height, tmp_path):
    bed = tmp_path / "blocks.bed"
    edges = np.linspace(16e6, 52e6, 25).astype(int)
    bed.write_text("".join(f"chr22\t{a}\t{b}\n" for a, b in pairwise(edges)))
    settings = height.config.to_dict() | {
        "out": str(tmp_path / "x"), "blocks": str(bed), "model": "covariates",
    }  # fmt: skip
    result = fg.run(fg.RunConfig(**settings))
    assert np.unique(result.prior.block).size == 24
    manifest = json.loads(Path(f"{result.config.out}.manifest.json").read_text())
    assert str(bed) in [record["path"] for record in manifest["inputs"]]


def test_only_the_chromosomes_that_are_asked_for(height_data, tmp_path):
    config = fg.RunConfig(
        sumstats=str(height_data / "ukb_height_chr22.fastGWA.gz"),
        embeddings="", out=str(tmp_path / "x"), chrom=("22", "X"),
    )  # fmt: skip
    assert read_study(config).counts["dropped_other_chromosome"] == 0
    config = replace(config, chrom=("21",))
    with pytest.raises(NothingToAnalyseError, match="no variant lies on chromosome 21"):
        read_study(config)


def test_an_existing_output_is_not_replaced_unless_asked(height):
    with pytest.raises(UsageError, match="exists"):
        fg.run(height.config)


def test_only_the_log_of_a_failed_run_may_be_replaced(height_store, tmp_path):
    config = fg.RunConfig(
        sumstats=str(tmp_path / "absent"),
        embeddings=str(height_store),
        out=str(tmp_path / "out"),
    )
    for _ in range(2):
        with pytest.raises(InputError, match="absent"):
            fg.run(config)
    (tmp_path / "out.log").write_text("PLINK v2.00a3.5LM 64-bit Intel\n")
    with pytest.raises(UsageError, match=r"out\.log exists"):
        fg.run(config)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", 3, "the file is empty"),
        (b"%PDF-1.7\n\x00\x01", 3, "is a PDF document"),
        (b"CHR\tSNP\tPOS\tA1\tA2\tN\tAF1\tBETA\tSE\tP\n22\trs1\t1\tA\n", 3, "line 2"),
        (b"CHR\tSNP\tPOS\tA1\tA2\tN\tAF1\tBETA\tSE\tP\n", 4, "no row is left"),
        (b"SNP\tA1\tA2\tBETA\tSE\n", 3, "(--effect-allele)"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    content, code, message, height_store, tmp_path
):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    result = fabgwas(
        "run", path, "--embeddings", height_store, "--out", tmp_path / "out", "-q"
    )
    assert result.returncode == code
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert str(path) in result.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.txt", "out.log"]


def test_munge_standardises_and_is_read_again(height_data, height_store, panel, tmp_path):
    out = tmp_path / "munged"
    result = fabgwas("munge", height_data / "ukb_height_chr22.fastGWA.gz", "--out", out)
    assert result.returncode == 0, result.stderr
    again = fg.read_sumstats(f"{out}.sumstats.parquet")
    direct = fg.read_sumstats(height_data / "ukb_height_chr22.fastGWA.gz")
    assert again.table.equals(direct.table)
    assert again.build == direct.build == "GRCh37"
    assert "15935" in (tmp_path / "munged.tally.tsv").read_text()


def test_a_cut_gzip_is_named(height_data, height_store, tmp_path):
    whole = (height_data / "ukb_height_chr22.fastGWA.gz").read_bytes()
    path = tmp_path / "cut.gz"
    path.write_bytes(whole[:-2000])
    result = fabgwas(
        "run", path, "--embeddings", height_store, "--out", tmp_path / "out", "-q"
    )
    assert result.returncode == 3
    assert "is it complete?" in result.stderr
