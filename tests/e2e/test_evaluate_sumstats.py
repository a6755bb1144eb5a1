"""`fabgwas split` and `fabgwas evaluate --sumstats`."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from filesets import linked_dosage, write_fileset

from fabgwas.errors import InputError, UsageError
from fabgwas.io import read_sumstats, write_weights
from fabgwas.pipeline._evaluate_sumstats import (
    EvaluateSumstatsConfig,
    evaluate_sumstats,
)
from fabgwas.pipeline._split import SplitConfig, split

M, N = 400, 10_000


@pytest.fixture
def panel(tmp_path: Path, rng: np.random.Generator) -> Path:
    dosage = linked_dosage(rng, 120, M)
    dosage[:, 7] = 1  # does not vary
    pos = np.arange(1, M + 1) * 400_000
    return write_fileset(
        tmp_path / "panel", dosage, pos, alleles=[("A", "C"), ("T", "G")] * 200
    )


@pytest.fixture
def sumstats(tmp_path: Path, panel: Path, rng: np.random.Generator) -> Path:
    bim = pd.read_csv(f"{panel}.bim", sep="\t", header=None)
    swap = rng.random(M) < 0.5
    z = rng.normal(size=M) * 2
    frame = pd.DataFrame(
        {"CHR": 1, "SNP": bim[1], "POS": bim[3], "A1": np.where(swap, bim[5], bim[4]),
         "A2": np.where(swap, bim[4], bim[5]), "N": N, "AF1": 0.3, "BETA": z * 0.01,
         "SE": 0.01, "P": 0.5}
    )  # fmt: skip
    frame.loc[M] = [1, "rs9", 9, "A", "C", N, 0.3, 0.01, 0.01, 0.5]
    frame.to_csv(tmp_path / "x.fastGWA", sep="\t", index=False)
    return tmp_path / "x.fastGWA"


@pytest.fixture
def weights(tmp_path: Path, sumstats: Path) -> dict[str, Path]:
    """The effects of the study themselves, and their opposite."""
    table = read_sumstats(sumstats, build="GRCh37").table
    names = ["chrom", "pos", "rsid", "effect_allele", "other_allele"]
    paths = {}
    for name, sign in (("good", 1.0), ("bad", -1.0)):
        beta = pa.array(sign * table["beta"].to_numpy())
        written = table.select(names).append_column("weight", beta)
        paths[name] = write_weights(written, tmp_path / name, name=name)["parquet"]
    return paths


def test_halves_of_a_study(panel: Path, sumstats: Path, tmp_path: Path) -> None:
    config = SplitConfig(sumstats=str(sumstats), ld=str(panel), out=str(tmp_path / "s"),
                         build="GRCh37", share=0.8)  # fmt: skip
    result = split(config)
    assert result.counts == {"study": M + 1, "not_in_panel": 1, "not_varying_in_panel": 1,
                             "kept": M - 1}  # fmt: skip
    whole = read_sumstats(sumstats, build="GRCh37").table.to_pandas().set_index("pos")
    train, validation = (
        read_sumstats(result.outputs[name]).table.to_pandas().set_index("pos")
        for name in ("train", "validation")
    )
    z = whole["z"].reindex(train.index)
    np.testing.assert_allclose(
        np.sqrt(0.8) * train["z"] + np.sqrt(0.2) * validation["z"], z, rtol=1e-6
    )
    assert set(train["n"]) == {0.8 * N}
    np.testing.assert_allclose(validation["se"], 0.01 / np.sqrt(0.2))
    np.testing.assert_allclose(train["beta"], train["z"] * train["se"])
    manifest = json.loads(result.outputs["manifest"].read_text())
    assert manifest["seeds"] == {"seed": 0}
    with pytest.raises(UsageError, match="exists"):
        split(config)
    other = split(SplitConfig(**{**config.__dict__, "seed": 1, "out": str(tmp_path / "t")}))
    assert not np.allclose(other.train.table["z"], result.train.table["z"])


def test_signed_accuracy(
    panel: Path, sumstats: Path, weights: dict[str, Path], tmp_path: Path
) -> None:
    result = evaluate_sumstats(
        EvaluateSumstatsConfig(
            weights=tuple(map(str, weights.values())), sumstats=str(sumstats),
            ld=str(panel), out=str(tmp_path / "e"), build="GRCh37",
        )
    )  # fmt: skip
    rows = {(r["score"], r["metric"]): r for r in result.evaluation.to_pylist()}
    good, bad = rows["good", "r"], rows["bad", "r"]
    assert good["estimate"] == pytest.approx(-bad["estimate"])
    assert 0 < good["lower"] < good["estimate"] < good["upper"]
    assert rows["bad", "r2"]["estimate"] == pytest.approx(-(good["estimate"] ** 2))
    (first, _) = result.differences.to_pylist()
    assert first["estimate"] == pytest.approx(2 * good["estimate"])
    assert result.counts["used"] == M
    assert result.counts["weights_unused"] == 2


def test_people_of_the_fit_must_be_others(
    panel: Path, sumstats: Path, weights: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "others.txt").write_text("f900 s900\n")
    (tmp_path / "some.txt").write_text("".join(f"f{k} s{k}\n" for k in range(60)))
    (tmp_path / "rest.txt").write_text("".join(f"f{k} s{k}\n" for k in range(60, 120)))
    settings = {"weights": (str(weights["good"]),), "sumstats": str(sumstats),
                "ld": str(panel), "build": "GRCh37"}  # fmt: skip
    for number, (fit, keep) in enumerate([("others", None), ("some", "rest")]):
        config = EvaluateSumstatsConfig(
            **settings, out=str(tmp_path / f"e{number}"),
            fit_people=str(tmp_path / f"{fit}.txt"),
            keep=keep and str(tmp_path / f"{keep}.txt"),
        )  # fmt: skip
        assert evaluate_sumstats(config).counts["used"] > 0
    with pytest.raises(InputError, match="60 people, s0 among them, are in the panel"):
        evaluate_sumstats(
            EvaluateSumstatsConfig(
                **settings, out=str(tmp_path / "x"), fit_people=str(tmp_path / "some.txt")
            )
        )


def test_command_lines(
    panel: Path, sumstats: Path, weights: dict[str, Path], tmp_path: Path
) -> None:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fabgwas", *map(str, arguments), "--quiet"]
        return subprocess.run(command, capture_output=True, text=True)

    first = run(
        "split", sumstats, "--ld", panel, "--build", "GRCh37", "--out", tmp_path / "s"
    )
    assert first.returncode == 0, first.stderr
    assert "7,500 in" in first.stdout
    second = run("evaluate", weights["good"], "--sumstats",
                 tmp_path / "s.validation.sumstats.parquet", "--ld", panel, "--also",
                 weights["bad"], "--out", tmp_path / "e")  # fmt: skip
    assert second.returncode == 0, second.stderr
    assert "good - bad: r " in second.stdout
    assert "LD blocks are few" in second.stderr
    for arguments, message in [
        ((), "give either phenotypes"),
        (("--sumstats", sumstats), "needs a panel of other people"),
    ]:
        wrong = run("evaluate", weights["good"], *arguments, "--out", tmp_path / "z")
        assert wrong.returncode == 2
        assert message in wrong.stderr
