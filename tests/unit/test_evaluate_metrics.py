"""Measures of scores against other programs, simulation, and their definitions."""

import numpy as np
import pytest
from scipy.stats import norm

from fabgwas.evaluate import (
    auc_difference,
    bootstrap,
    calibration,
    cross_predict,
    delong,
    fit_logistic,
    incremental_r2,
    liability_r2,
    make_folds,
    nagelkerke,
    percentile_interval,
    quantile_effects,
    r2,
    refit_log_likelihood,
)


@pytest.fixture
def data(rng):
    n = 600
    covariates = rng.normal(size=(n, 2))
    score = rng.normal(size=n) + 0.3 * covariates[:, 0]
    risk = 1 / (1 + np.exp(1.0 - 0.8 * score - 0.5 * covariates[:, 0]))
    return score, covariates, (rng.random(n) < risk).astype(float)


def test_auc_is_that_of_sklearn_also_with_ties(data):
    from sklearn.metrics import roc_auc_score

    score, _, y = data
    scores = np.column_stack([score, score.round(), -score])
    for column, area in zip(scores.T, delong(scores, y > 0).auc, strict=True):
        assert area == pytest.approx(roc_auc_score(y, column), abs=1e-12)


def test_delong_covariance_is_that_of_its_definition(data):
    score, covariates, y = data
    scores = np.column_stack([score.round(1), covariates[:, 0].round(1)])[:150]
    case = y[:150] > 0
    kernel = np.array(
        [
            (np.sign(column[case][:, None] - column[~case][None]) + 1) / 2
            for column in scores.T
        ]
    )
    m, n = kernel.shape[1:]
    over_controls, over_cases = kernel.mean(axis=2), kernel.mean(axis=1)
    cov = np.zeros((2, 2))
    for a in range(2):
        for b in range(2):
            first = sum(
                (over_controls[a, i] - kernel[a].mean())
                * (over_controls[b, i] - kernel[b].mean())
                for i in range(m)
            ) / (m - 1)
            second = sum(
                (over_cases[a, j] - kernel[a].mean())
                * (over_cases[b, j] - kernel[b].mean())
                for j in range(n)
            ) / (n - 1)
            cov[a, b] = first / m + second / n
    np.testing.assert_allclose(delong(scores, case).cov, cov, atol=1e-15)


def test_delong_standard_error_is_that_of_the_bootstrap(data):
    score, covariates, y = data
    scores, case = np.column_stack([score, covariates[:, 0]]), y > 0
    draws = bootstrap(lambda i: delong(scores[i], case[i]).auc, case.astype(int), 1000, 1)
    areas = delong(scores, case)
    np.testing.assert_allclose(draws.std(axis=0), np.sqrt(np.diag(areas.cov)), rtol=0.1)
    difference = auc_difference(areas, 0, 1)
    low, high = percentile_interval(draws[:, :1] - draws[:, 1:])[0]
    assert difference.lower == pytest.approx(low, abs=0.01)
    assert difference.upper == pytest.approx(high, abs=0.01)
    assert difference.estimate == pytest.approx(areas.auc[0] - areas.auc[1])


def test_a_score_does_not_differ_from_itself(data):
    areas = delong(np.column_stack([data[0], data[0]]), data[2] > 0)
    assert tuple(auc_difference(areas, 0, 1)) == (0, 0, 0, 1)


def test_delong_needs_cases_and_controls():
    with pytest.raises(ValueError, match="not 1 and 3"):
        delong(np.zeros((4, 1)), np.array([True, False, False, False]))


def test_r2_and_logistic_are_those_of_statsmodels(data):
    import statsmodels.api as sm

    score, covariates, y = data
    design = np.column_stack([covariates, score])
    both = sm.OLS(y, sm.add_constant(design)).fit().rsquared
    few = sm.OLS(y, sm.add_constant(covariates)).fit().rsquared
    assert r2(design, y) == pytest.approx(both)
    assert incremental_r2(score, covariates, y) == pytest.approx(both - few)
    fit, glm = fit_logistic(design * 1e4, y > 0), sm.GLM(
        y, sm.add_constant(design), sm.families.Binomial()
    ).fit()  # fmt: skip
    np.testing.assert_allclose(fit.coef * [1, 1e4, 1e4, 1e4], glm.params, rtol=1e-6)
    np.testing.assert_allclose(fit.se * [1, 1e4, 1e4, 1e4], glm.bse, rtol=1e-5)
    cox_snell = 1 - np.exp((glm.llnull - glm.llf) * 2 / y.size)
    largest = 1 - np.exp(glm.llnull * 2 / y.size)
    assert nagelkerke(fit.log_likelihood, y > 0) == pytest.approx(cox_snell / largest)


def test_r2_of_no_covariates_is_the_squared_correlation(data):
    score, _, y = data
    nothing = np.empty((y.size, 0))
    assert r2(nothing, y) == 0
    squared = np.corrcoef(score, y)[0, 1] ** 2
    assert incremental_r2(score, nothing, y) == pytest.approx(squared)


@pytest.mark.parametrize("prevalence", [0.02, 0.2])
@pytest.mark.parametrize("balanced", [False, True])
def test_liability_r2_is_that_of_the_simulated_liability(prevalence, balanced):
    rng = np.random.default_rng(7)
    n = 600_000
    score = rng.normal(size=n) * np.sqrt(0.1)
    liability = score + rng.normal(size=n) * np.sqrt(0.9)
    case = liability > norm.isf(prevalence)
    if balanced:
        controls = rng.permutation(np.flatnonzero(~case))[: case.sum()]
        index = np.concatenate([np.flatnonzero(case), controls])
        score, case = score[index], case[index]
    observed = np.corrcoef(score, case)[0, 1] ** 2
    assert liability_r2(observed, prevalence, case.mean()) == pytest.approx(0.1, rel=0.06)


def test_liability_needs_a_prevalence():
    with pytest.raises(ValueError, match="prevalence must be between"):
        liability_r2(0.1, 0.0, 0.5)


def test_odds_ratios_are_those_of_two_by_two_tables(data):
    score, _, y = data
    result = quantile_effects(score, np.empty((y.size, 0)), y, 5, binary=True)
    assert result.count.sum() == y.size
    assert result.middle.tolist() == [False, False, True, False, False]
    odds = result.outcome / (1 - result.outcome)
    np.testing.assert_allclose(result.estimate, odds / odds[2], rtol=1e-6)
    cells = np.array([result.outcome, 1 - result.outcome]) * result.count
    se = np.sqrt((1 / cells).sum(axis=0)[4] + (1 / cells).sum(axis=0)[2])
    assert np.log(result.upper[4] / result.estimate[4]) == pytest.approx(
        1.96 * se, rel=1e-3
    )
    assert (result.lower[2], result.estimate[2], result.upper[2]) == (1, 1, 1)


def test_a_quantile_without_cases_has_no_odds_ratio(data):
    score, covariates, y = data
    y = np.where(score < np.quantile(score, 0.1), 0.0, y)
    result = quantile_effects(score, covariates, y, 10, binary=True)
    assert np.isnan(result.estimate[0])
    assert np.isfinite(result.estimate[1:]).all()
    assert result.middle.sum() == 2


def test_differences_of_means(data):
    score, _, _ = data
    result = quantile_effects(score, np.empty((600, 0)), 2 * score, 3, binary=False)
    np.testing.assert_allclose(
        result.estimate, result.outcome - result.outcome[1], atol=1e-9
    )


def test_true_risks_are_calibrated_and_doubled_logits_are_not(rng):
    logit = rng.normal(size=20_000)
    y = (rng.random(20_000) < 1 / (1 + np.exp(-logit))).astype(float)
    good = calibration(1 / (1 + np.exp(-logit)), y, binary=True)
    assert good.slope == pytest.approx(1, abs=0.06)
    assert good.intercept == pytest.approx(0, abs=0.06)
    assert np.all(np.abs(good.observed - good.predicted) < 4 * good.se)
    bad = calibration(1 / (1 + np.exp(-2 * logit)), y, binary=True)
    assert bad.slope == pytest.approx(0.5, abs=0.03)
    assert bad.error > good.error


def test_predictions_do_not_see_their_own_fold(data):
    score, _, y = data
    fold = make_folds(y, 5, 0, binary=True)
    shares = [y[fold == k].mean() for k in range(5)]
    assert np.ptp(shares) < 0.02
    for binary in (True, False):
        before = cross_predict(score[:, None], y, fold, binary=binary)
        changed = np.where(fold == 0, 1 - y, y)
        after = cross_predict(score[:, None], changed, fold, binary=binary)
        np.testing.assert_array_equal(before[fold == 0], after[fold == 0])
        assert not np.array_equal(before[fold == 1], after[fold == 1])


def test_bootstrap_keeps_the_strata():
    stratum = np.repeat([0, 1], [30, 5])
    drawn = bootstrap(lambda i: np.array([stratum[i].sum() / 5]), stratum, 20, 3)
    assert set(drawn[:, 0]) == {1.0}


def test_separated_people_have_no_standard_error():
    x = np.arange(20.0)
    assert np.isnan(fit_logistic(x[:, None], x > 9).se).all()


def test_refitting_finds_the_same_maximum(data, rng):
    score, covariates, y = data
    design = np.column_stack([covariates, score])
    start = fit_logistic(design, y > 0).coef
    drawn = rng.integers(0, y.size, y.size)
    again = fit_logistic(design[drawn], y[drawn] > 0).log_likelihood
    near = refit_log_likelihood(design[drawn], y[drawn] > 0, start)
    assert near == pytest.approx(again, abs=1e-9)
