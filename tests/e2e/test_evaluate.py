"""`fabgwas evaluate` on people with phenotypes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fabgwas.errors import InputError, NothingToAnalyseError, UsageError
from fabgwas.evaluate import delong, incremental_r2
from fabgwas.pipeline._evaluate import EvaluateConfig, evaluate
from fabgwas.pipeline._people import basis, read_evaluated

N = 400


@pytest.fixture
def people(rng: np.random.Generator) -> pd.DataFrame:
    age, good = rng.normal(50, 9, N), rng.normal(size=N)
    liability = good + 0.05 * (age - 50) + rng.normal(size=N)
    return pd.DataFrame(
        {
            "FID": "f",
            "IID": [f"s{k}" for k in range(N)],
            "good": good,
            "noise": rng.normal(size=N),
            "age": age,
            "sex": rng.choice(["female", "male"], N),
            "disease": (liability > 0.5).astype(int),
            "height": liability * 7 + 170,
        }
    )


def write(frame: pd.DataFrame, columns: list[str], path: Path) -> str:
    frame[["FID", "IID", *columns]].to_csv(path, sep="\t", index=False, na_rep="NA")
    return str(path)


@pytest.fixture
def files(people: pd.DataFrame, tmp_path: Path) -> dict[str, str]:
    shuffled = people.sample(frac=1, random_state=1)
    return {
        "scores": write(people, ["good", "noise"], tmp_path / "s.tsv"),
        "phenotype": write(shuffled, ["disease", "height"], tmp_path / "p.tsv"),
        "covariates": write(people[::-1], ["age", "sex"], tmp_path / "c.tsv"),
    }


def value(table, score: str, metric: str) -> dict:
    (row,) = [r for r in table.to_pylist() if (r["score"], r["metric"]) == (score, metric)]
    return row


def test_binary_phenotype(people: pd.DataFrame, files: dict[str, str], tmp_path: Path):
    result = evaluate(
        EvaluateConfig(
            **files, phenotype_name="disease", out=str(tmp_path / "e"), replicates=100,
            prevalence=0.1,
        )
    )  # fmt: skip
    table = result.measured.evaluation
    y = people["disease"].to_numpy(float)
    area = delong(people[["good", "noise"]].to_numpy(), y > 0)
    found = value(table, "good", "auc")
    assert found["estimate"] == pytest.approx(area.auc[0])
    assert [found["lower"], found["upper"]] == pytest.approx(area.interval()[0])
    covariates = np.column_stack([people["age"], people["sex"] == "male"]).astype(float)
    expected = incremental_r2(people["good"].to_numpy(), covariates, y)
    r2 = value(table, "good", "r2")
    assert r2["estimate"] == pytest.approx(expected)
    assert r2["lower"] < expected < r2["upper"]
    assert value(table, "good", "auc_gain")["lower"] > 0
    assert value(table, "noise", "auc_gain")["lower"] < 0
    assert value(table, "good", "odds_ratio_per_sd")["lower"] > 1
    assert value(table, "good", "calibration_slope")["estimate"] == pytest.approx(
        1, abs=0.3
    )
    metrics = {row["metric"] for row in result.measured.differences.to_pylist()}
    assert metrics == {"auc", "r2", "r2_nagelkerke", "r2_liability"}
    assert all(row["lower"] > 0 for row in result.measured.differences.to_pylist())


def test_quantitative_phenotype(
    people: pd.DataFrame, files: dict[str, str], tmp_path: Path
) -> None:
    result = evaluate(
        EvaluateConfig(
            **files, phenotype_name="height", out=str(tmp_path / "e"), replicates=50
        )
    )
    table = result.measured.evaluation
    assert value(table, "good", "r2")["estimate"] > 0.3
    assert value(table, "good", "effect_per_sd")["estimate"] == pytest.approx(7, rel=0.15)
    assert value(table, "noise", "effect_per_sd")["lower"] < 0
    assert value(table, "good", "r2_predicted")["estimate"] > 0.3
    assert not result.people.binary


def test_files_of_an_evaluation(files: dict[str, str], tmp_path: Path) -> None:
    config = EvaluateConfig(
        **files, phenotype_name="disease", out=str(tmp_path / "e"), replicates=20
    )
    first = evaluate(config)
    before = {k: p.read_bytes() for k, p in first.outputs.items() if p.suffix == ".tsv"}
    with pytest.raises(UsageError, match="exists"):
        evaluate(config)
    again = evaluate(config, overwrite=True)
    assert before == {k: again.outputs[k].read_bytes() for k in before}
    manifest = json.loads(first.outputs["manifest"].read_text())
    assert manifest["counts"]["complete"] == N
    assert manifest["seeds"] == {"seed": 0}
    assert first.outputs["figures"].read_text().startswith("<?xml")


def test_people_without_something_are_counted(
    people: pd.DataFrame, files: dict[str, str], tmp_path: Path
) -> None:
    holes = people.assign(disease=people["disease"] + 1)
    holes.loc[:9, "disease"] = -9
    holes = holes.drop(index=range(390, 400))
    files["phenotype"] = write(holes, ["disease"], tmp_path / "h.tsv")
    frame = people.copy()
    frame.loc[20:24, "age"] = np.nan
    files["covariates"] = write(frame, ["age"], tmp_path / "h2.tsv")
    found = read_evaluated(**files)
    assert found.counts == {"scores": 400, "phenotype": 380, "in_all_tables": 390,
                            "complete": 375}  # fmt: skip
    assert found.binary
    expected = people["disease"][10:390].drop(index=range(20, 25))
    np.testing.assert_array_equal(found.y, expected)


def test_averages_of_plink_are_taken_before_sums(people: pd.DataFrame, tmp_path: Path):
    frame = people.assign(ALLELE_CT=5, W_AVG=people["good"], W_SUM=people["good"])
    scores = write(frame, ["ALLELE_CT", "W_AVG", "W_SUM"], tmp_path / "x.sscore")
    found = read_evaluated(scores, write(people, ["disease"], tmp_path / "p.tsv"))
    assert found.names == ("W_AVG",)


def test_basis_spans_what_is_there(rng: np.random.Generator) -> None:
    x = rng.normal(size=(50, 2)) * [1e6, 1] + [1e9, 0]
    doubled = basis(np.column_stack([x, x[:, 0] - 3 * x[:, 1], np.ones(50)]))
    assert doubled.shape == (50, 2)
    score, y = rng.normal(size=(2, 50))
    fits = [incremental_r2(score, covariates, y) for covariates in (x, doubled)]
    np.testing.assert_allclose(*fits, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phenotype_name": None}, "which of the columns disease height"),
        ({"phenotype_name": "weight"}, "no column 'weight' among disease height"),
        ({"wanted": ("best",)}, "no column 'best' among good noise"),
    ],
)
def test_unclear_requests(files: dict[str, str], change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_evaluated(**{**files, "phenotype_name": "disease", **change})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["yes", "no"], "is text"),
        ([3, 4], r"has the values \[3.0, 4.0\]"),
        ([1, 1], "does not vary"),
    ],
)
def test_unclear_phenotypes(people, files, tmp_path, values, message) -> None:
    frame = people.assign(x=np.resize(values, N))
    files["phenotype"] = write(frame, ["x"], tmp_path / "x.tsv")
    with pytest.raises(InputError, match=message):
        read_evaluated(**files)


def test_other_people(people: pd.DataFrame, files: dict[str, str], tmp_path: Path) -> None:
    frame = people.assign(IID="x" + people["IID"])
    files["phenotype"] = write(frame, ["disease"], tmp_path / "x.tsv")
    with pytest.raises(NothingToAnalyseError, match="0 people have a score"):
        read_evaluated(**files)
    twice = pd.concat([people, people[:1]])
    with pytest.raises(InputError, match="s0 occurs several times"):
        read_evaluated(write(twice, ["good"], tmp_path / "t.tsv"), files["phenotype"])


def test_command_line(files: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fabgwas", "evaluate", files["scores"],
               files["phenotype"], "--pheno-name", "disease", "--covar",
               files["covariates"], "--out", str(tmp_path / "e"), "--replicates", "20",
               "--quiet"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "good - noise: auc 0." in done.stdout
    assert done.stderr == ""


def test_augmented_by_embeddings_of_people(
    people: pd.DataFrame, files: dict[str, str], tmp_path: Path, rng: np.random.Generator
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    hidden = people["height"].to_numpy() / 7 - people["good"].to_numpy()
    vectors = np.outer(hidden, rng.normal(size=8)) + 0.1 * rng.normal(size=(N, 8))
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), 8)
    order = pa.array(rng.permutation(N))
    table = pa.table(
        {"FID": people["FID"], "IID": people["IID"], "L_PC1": hidden, "L": column}
    )
    pq.write_table(table.take(order), tmp_path / "c.parquet")
    settings = {**files, "phenotype_name": "disease", "replicates": 50}
    config = EvaluateConfig(
        **settings, out=str(tmp_path / "e"), augment=str(tmp_path / "c.parquet")
    )
    result = evaluate(config)
    for metric in ("auc_augmented_gain", "r2_augmented_gain"):
        assert value(result.augmented, "good", metric)["lower"] > 0
    written = pd.read_csv(result.outputs["augmented"], sep="\t")
    assert written["metric"].tolist() == result.augmented["metric"].to_pylist()
    pq.write_table(table.slice(0, 300), tmp_path / "few.parquet")
    with pytest.raises(InputError, match=r"s300, who has a score .* is not in it"):
        evaluate(
            EvaluateConfig(**settings, out=str(tmp_path / "f"),
                           augment=str(tmp_path / "few.parquet"))
        )  # fmt: skip
