"""The benchmark of calibration measures what it says."""

import numpy as np
import pytest

from benchmarks.harness.registry import find_methods, find_tasks
from benchmarks.tests.calibration import Study, false_share, rates
from fabgwas.link import make_folds


@pytest.fixture
def study(rng) -> Study:
    z = rng.standard_normal(10_000)
    null = np.arange(z.size) >= 5_000
    folds = make_folds(np.repeat(np.arange(1, 6), 2000), np.arange(1, 10_001), np.arange(
        10_000) // 100)  # fmt: skip
    ones = np.ones((z.size, 1))
    return Study(z, None, null, ones, [], ones[:, 0], folds, {})


def test_rates_are_of_null_variants_over_their_level(study):
    p = np.where(study.null, (np.arange(10_000) - 4_999.5) / 5_000, 0.0)
    with np.errstate(divide="ignore"):
        found = rates(study, np.log(p), 0)
    assert found["rate at 0.05 over it"] == pytest.approx(1)
    assert found["rate at 0.001 over it"] == pytest.approx(1)
    assert found["family-wise error"] == 0
    assert rates(study, np.log(p.clip(1e-9)) - 20, 0)["family-wise error"] == 1


def test_false_discoveries_are_null_variants_that_are_rejected(study):
    log_q = np.zeros(10_000)
    log_q[4_000:5_500] = -9
    found = false_share(study, log_q, 0)
    assert found == {"false discovery rate": pytest.approx(1 / 3), "discoveries": 1500}
    assert false_share(study, np.zeros(10_000), 0)["false discovery rate"] == 0


def test_every_model_is_calibrated_and_the_other_study_is_shown_failing():
    tasks = {each.name: each for each in find_tasks("tests")}
    methods = [each for each in find_methods("tests") if each.name.startswith("size")]
    told = {
        name: {each.name for each in methods if each.suits(task)}
        for name, task in tasks.items()
        if name.startswith("calibration")
    }
    for model in ("covariates", "ridge", "ldscore", "mixture", "auto"):
        assert f"size: FAB, {model}" in told["calibration, no effects"]
        assert f"size: family, {model}" in told["calibration, effects on other chromosomes"]
    other = told["calibration, effects on another trait"]
    assert {"size: FAB, other study", "size: both studies pooled"} <= other
    assert (
        "size: Storey, family, auto" in told["calibration, effects in half of the blocks"]
    )
