"""The benchmarks of scores on real statistics and real people."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.harness import Context, Skip
from benchmarks.harness.registry import find_methods
from benchmarks.prs._height import Panel, Split
from benchmarks.prs._simulate import SETTINGS, _annotations, _embedding
from benchmarks.prs.cases import People, dosage_of, folds_of, out_of_fold, threshold_score
from benchmarks.prs.cases import judge as judge_people
from benchmarks.prs.height import judge as judge_height


@pytest.fixture
def people(rng) -> People:
    """One variant of ten matters, and one covariate."""
    dosage = rng.integers(0, 3, (600, 10)).astype(float)
    covariates = rng.normal(size=(600, 2))
    risk = 1 / (1 + np.exp(-1.2 * (dosage[:, 3] - 1) - covariates[:, 0]))
    dosage[rng.random(dosage.shape) < 0.02] = np.nan
    return People(rng.random(600) < risk, dosage, covariates)


def test_the_rarer_allele_is_counted():
    found = dosage_of(pd.Series(["AG", "AA", None, "GG", "AA"]))
    np.testing.assert_array_equal(found, [1, 0, np.nan, 2, 0])


def test_effects_and_threshold_come_from_training_people(people):
    train = np.arange(600) < 450
    other = people._replace(case=np.where(train, people.case, ~people.case))
    mine, theirs = (threshold_score(each, train) for each in (people, other))
    np.testing.assert_array_equal(mine, theirs)
    assert np.corrcoef(mine[:, 0], np.nan_to_num(people.dosage[:, 3], nan=1))[0, 1] > 0.8


@pytest.mark.parametrize(
    ("score", "covariates", "least", "most"),
    [(None, True, 0.62, 0.75), (threshold_score, False, 0.62, 0.76),
     (threshold_score, True, 0.72, 0.85)],
)  # fmt: skip
def test_scores_and_covariates_add_up(people, tmp_path, score, covariates, least, most):
    context = Context(data=None, cache=tmp_path)
    risk = out_of_fold(score, covariates, people, context, 0)
    assert least < judge_people(people, risk, 0)["AUC"].value < most


def test_no_one_is_judged_by_their_own_status(people, tmp_path, monkeypatch):
    fold = folds_of(people, 0)
    monkeypatch.setattr("benchmarks.prs.cases.folds_of", lambda *_: fold)
    first = fold == 0
    changed = people._replace(case=np.where(first, ~people.case, people.case))
    context = Context(data=None, cache=tmp_path)
    before, after = (
        out_of_fold(threshold_score, True, each, context, 0) for each in (people, changed)
    )
    np.testing.assert_array_equal(before[first], after[first])
    assert np.any(before[~first] != after[~first])


def autocorrelation(x, lag):
    """Of columns of mean 0 and variance 1, along the rows."""
    return np.mean(x[lag:] * x[:-lag], axis=0)


@pytest.mark.parametrize("kind", ["informative", "regional", "noise"])
def test_what_runs_along_the_genome_in_simulated_embeddings(kind):
    size = 20_000
    rng = np.random.default_rng(5)
    log_odds = _annotations(rng, size) @ np.array(SETTINGS["annotation"]["effects"])
    vectors = _embedding(rng, log_odds, kind)
    # what is drawn later is the same beside each
    after = rng.random()
    twin = np.random.default_rng(5)
    _annotations(twin, size)
    _embedding(twin, log_odds, "informative")
    assert after == twin.random()
    truth = (log_odds - log_odds.mean()) / log_odds.std()
    vectors = vectors - vectors.mean(axis=0)
    values, axes = np.linalg.eigh(vectors.T @ vectors / size)
    white = vectors @ axes / np.sqrt(values)
    explained = np.sum((white.T @ truth / size) ** 2)
    assert explained == pytest.approx(0.0 if kind == "noise" else 0.95, abs=0.03)
    for lag in (1, 4, 5):
        # 0.26 of the variance of the log odds are regions of five variants
        regions = 0.26 * (1 - lag / 5)
        assert autocorrelation(truth, lag) == pytest.approx(regions, abs=0.03)
        found = np.median(autocorrelation(white, lag))
        expected = regions if kind == "regional" else 0.0
        assert found == pytest.approx(expected, abs=0.01)


class Dosages:
    """Stands in for genotypes."""

    def __init__(self, x) -> None:
        self.x = x

    def take(self, rows):
        return self.x[:, rows]


def test_accuracy_by_statistics_is_that_in_people(rng):
    # the judges are the people of the validation statistics themselves
    x = rng.integers(0, 3, (3000, 40)).astype(np.float32)
    x[:, 1::2] = np.where(rng.random((3000, 20)) < 0.7, x[:, ::2], x[:, 1::2])
    weight = rng.normal(size=40)
    trait = x @ rng.normal(size=40) + 10 * rng.normal(size=3000)
    effect = [np.corrcoef(column, trait)[0, 1] for column in x.T]
    block = np.repeat(np.arange(20), 2)
    panel = Panel(Dosages(x), np.arange(40), np.arange(40), np.ones(40), block)
    split = Split(None, None, None, panel, np.array(effect), 1.0, None)
    found = judge_height(split, weight, 0)["r"]
    assert found.value == pytest.approx(np.corrcoef(x @ weight, trait)[0, 1], abs=0.03)
    assert found.lower < found.value < found.upper
    assert judge_height(split, np.zeros(40), 0)["r"].value == 0
    turned = judge_height(split, -weight, 0)["r"]
    assert turned.value == pytest.approx(-found.value)


def test_prs_cs_is_skipped_where_it_is_absent(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    [method] = [each for each in find_methods("prs") if each.name == "PRS-CS"]
    with pytest.raises(Skip, match="needs the program prst"):
        method.solve(None, Context(data=None, cache=tmp_path), 0)
