"""`fabgwas score` against plink2."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from filesets import write_fileset

from fabgwas.errors import NothingToAnalyseError, UsageError
from fabgwas.io import write_weights
from fabgwas.pipeline._score import ScoreConfig, score

ALLELES = [("A", "C"), ("C", "A"), ("G", "A"), ("T", "C"), ("AT", "A"), ("A", "T")]


@pytest.fixture
def fileset(tmp_path: Path, rng: np.random.Generator) -> Path:
    dosage = rng.binomial(2, rng.uniform(0.05, 0.6, 300), (101, 300)).astype(float)
    dosage[rng.random(dosage.shape) < 0.08] = np.nan
    return write_fileset(tmp_path / "geno", dosage, alleles=ALLELES * 50)


@pytest.fixture
def weights(tmp_path: Path, fileset: Path, rng: np.random.Generator) -> dict[str, Path]:
    bim = pd.read_csv(f"{fileset}.bim", sep="\t", header=None)
    swap = rng.random(300) < 0.5
    used = rng.permutation(300)[:250]
    table = pa.table(
        {
            "chrom": bim[0].astype(str),
            "pos": bim[3],
            "rsid": bim[1],
            "effect_allele": np.where(swap, bim[5], bim[4]),
            "other_allele": np.where(swap, bim[4], bim[5]),
            "weight": rng.normal(size=300) * 10 ** rng.uniform(-6, 1, 300),
        }
    )
    return write_weights(table.take(pa.array(used)), tmp_path / "w", name="toy")


def by_plink2(plink2: str, fileset: Path, path: Path, *options: str) -> pd.DataFrame:
    command = [plink2, "--bfile", fileset, "--score", path, "1", "2", "3", "header-read",
               "cols=+scoresums", *options, "--out", f"{fileset}.p2"]  # fmt: skip
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return pd.read_csv(f"{fileset}.p2.sscore", sep="\t")


@pytest.mark.parametrize("match", ["auto", "id"])
@pytest.mark.parametrize("missing", ["impute", "skip"])
@pytest.mark.parametrize("file", ["score", "pgs", "parquet"])
def test_scores_are_those_of_plink2(
    plink2: str,
    fileset: Path,
    weights: dict[str, Path],
    tmp_path: Path,
    missing: str,
    match: str,
    file: str,
) -> None:
    options = ["no-mean-imputation"] if missing == "skip" else []
    expected = by_plink2(plink2, fileset, weights["score"], *options)
    result = score(
        ScoreConfig(
            weights=(str(weights[file]),), genotypes=(str(fileset),),
            out=str(tmp_path / "s"), missing=missing, match=match,
        )
    )  # fmt: skip
    written = pd.read_csv(result.outputs["scores"], sep="\t")
    assert written["IID"].tolist() == expected["IID"].tolist()
    # plink2 prints six digits
    np.testing.assert_allclose(written["toy"], expected["toy_SUM"], rtol=1e-5, atol=1e-6)
    if missing == "skip":
        np.testing.assert_allclose(
            written["toy_AVG"], expected["toy_AVG"], rtol=1e-5, atol=1e-6
        )


def test_many_files_of_weights_and_of_genotypes_in_one_pass(
    weights: dict[str, Path], fileset: Path, tmp_path: Path, rng: np.random.Generator
) -> None:
    from fabgwas.io import open_genotypes

    genotypes = open_genotypes(fileset)
    for chrom, part in (("1", slice(0, 200)), ("2", slice(200, 300))):
        dosage = genotypes.dosage(part.start, part.stop)
        pos = genotypes.variants["pos"].to_numpy()[part]
        write_fileset(tmp_path / f"part.{chrom}", dosage, pos, "1", (ALLELES * 50)[part])
    extra = tmp_path / "extra.txt"
    extra.write_text("ID A1 one two\nrs1_1000 A 1 0\nrs1_2000 A 0 2\nrs1_250000 G 3 3\n")
    whole, parts = (
        score(ScoreConfig(weights=(str(weights["score"]), str(extra)), genotypes=(g,),
                          out=str(tmp_path / f"s{k}")))
        for k, g in enumerate([str(fileset), str(tmp_path / "part.*")])
    )  # fmt: skip
    assert whole.names == ("toy", "one", "two")
    for name in whole.names:
        np.testing.assert_allclose(whole.table[name], parts.table[name], atol=1e-12)
    alone = score(ScoreConfig(weights=(str(extra),), genotypes=(str(fileset),),
                              columns=("two",), out=str(tmp_path / "a")))  # fmt: skip
    np.testing.assert_allclose(alone.table["two"], whole.table["two"], atol=1e-12)
    counts = whole.counts[str(extra)]
    assert (counts.matched, counts.other_alleles) == (2, 1)


def test_files_of_a_run(weights: dict[str, Path], fileset: Path, tmp_path: Path) -> None:
    config = ScoreConfig(weights=(str(weights["score"]),), genotypes=(str(fileset),),
                         out=str(tmp_path / "s"))  # fmt: skip
    result = score(config)
    manifest = json.loads(result.outputs["manifest"].read_text())
    (counts,) = manifest["counts"].values()
    assert counts["weights"] == counts["matched"] == 250
    assert "matched: 250" in result.outputs["log"].read_text()
    with pytest.raises(UsageError, match="exists"):
        score(config)


def test_nothing_in_common(fileset: Path, tmp_path: Path) -> None:
    path = tmp_path / "w.txt"
    path.write_text("ID A1 W\nrs9 A 1\n")
    with pytest.raises(NothingToAnalyseError, match="none of its 1 weights"):
        score(ScoreConfig(weights=(str(path),), genotypes=(str(fileset),),
                          out=str(tmp_path / "s")))  # fmt: skip
    with pytest.raises(UsageError, match="called 'W'"):
        score(ScoreConfig(weights=(str(path), str(path)), genotypes=(str(fileset),),
                          out=str(tmp_path / "t")))  # fmt: skip


def test_command_line(weights: dict[str, Path], fileset: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fabgwas", "score", weights["pgs"], fileset, "--out",
               tmp_path / "s", "--missing", "skip", "--quiet"]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "250 of 250 weights matched" in done.stdout
    assert done.stderr == ""
    again = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert again.returncode == 2
    assert again.stderr.startswith("error: ")


def test_scores_of_chromosomes_add_up(
    weights: dict[str, Path], tmp_path: Path, rng: np.random.Generator
) -> None:
    dosage = rng.binomial(2, 0.4, (101, 300)).astype(float)
    chroms = ["1"] * 120 + ["2"] * 180
    bfile = write_fileset(tmp_path / "two", dosage, chrom=chroms, alleles=ALLELES * 50)
    bim = pd.read_csv(f"{bfile}.bim", sep="\t", header=None)
    rows = "".join(f"{name}\t{a}\t0.5\n" for name, a in zip(bim[1], bim[4], strict=True))
    (tmp_path / "w.tsv").write_text("ID\tA1\tmine\n" + rows)

    def total(*chrom: str) -> np.ndarray:
        config = ScoreConfig(
            weights=(str(tmp_path / "w.tsv"),), genotypes=(str(bfile),), chrom=chrom,
            out=str(tmp_path / f"s{''.join(chrom)}"),
        )  # fmt: skip
        return score(config).table["mine"].to_numpy()

    one, two = total("1"), total("2")
    np.testing.assert_allclose(one, 0.5 * dosage[:, :120].sum(axis=1))
    np.testing.assert_allclose(one + two, total())
