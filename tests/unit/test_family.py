"""The family test: exactness, oracles and limits."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr
from scipy.stats import norm

import fabgwas as fg
from fabgwas.fab._family import _log_scores
from fabgwas.fab._scores import _evaluate


def brute_force(z, mean, var, prob, utility):
    """The definition, by Monte Carlo free integration over a fine grid of z."""
    grid = np.linspace(-12, 12, 480_001)
    weight = norm.pdf(grid) * (grid[1] - grid[0])

    def score(k, at):
        ratio = norm.pdf(at, mean[k], np.sqrt(1 + var[k])) / norm.pdf(at)
        return utility[k] * prob[k] / (1 - prob[k]) * ratio

    tables = [score(k, grid) for k in range(z.size)]
    return np.array(
        [
            np.mean([weight[table >= score(j, z[j])].sum() for table in tables])
            for j in range(z.size)
        ]
    )


def test_agrees_with_the_definition(rng):
    size = 12
    z = rng.normal(0, 2, size)
    mean, var = rng.normal(0, 1, size), rng.gamma(1, 2, size)
    prob, utility = rng.uniform(0.01, 0.9, size), rng.uniform(0.2, 3, size)
    log_p = fg.family_log_pvalues(z, mean, var, np.zeros(size, int), prob, utility)
    assert np.exp(log_p) == pytest.approx(
        brute_force(z, mean, var, prob, utility), rel=2e-3, abs=1e-4
    )


@pytest.mark.parametrize("size", [1, 2, 300, 5000])
@pytest.mark.parametrize("var", [1e-3, 1.0, 50.0, np.inf])
def test_equal_priors_give_the_two_sided_test(rng, size, var):
    z = rng.standard_cauchy(size)
    log_p = fg.family_log_pvalues(z, 0.0, var, np.zeros(size, int))
    assert log_p == pytest.approx(log_ndtr(-np.abs(z)) + np.log(2), rel=1e-9, abs=1e-9)


def test_equal_priors_with_a_mean_give_the_fab_test(rng):
    z = rng.normal(0, 3, 2000)
    log_p = fg.family_log_pvalues(z, 0.7, 1.3, np.zeros(2000, int))
    alone = fg.fab_log_pvalues(z, 0.7, 1.3)
    assert np.all(np.abs(log_p - alone) < np.where(alone < np.log(0.01), 1e-5, 1e-3))


def test_folds_do_not_touch_each_other(rng):
    z, mean, var = rng.normal(0, 2, 300), rng.normal(0, 1, 300), rng.gamma(1, 1, 300)
    fold = rng.integers(0, 3, 300)
    together = fg.family_log_pvalues(z, mean, var, fold)
    for number in range(3):
        mine = fold == number
        alone = fg.family_log_pvalues(z[mine], mean[mine], var[mine], fold[mine])
        assert np.array_equal(together[mine], alone)


@pytest.mark.parametrize("level", [0.5, 0.05, 1e-3, 1e-5, 5e-8, 1e-100])
def test_null_probabilities_sum_to_the_level_over_a_fold(rng, level):
    size = 400
    mean, var = rng.normal(0, 3, size), rng.gamma(0.5, 5, size)
    prob = rng.uniform(0.001, 0.5, size)
    fold = np.zeros(size, int)
    weight = fg.family_weights(mean, var, fold, level, prob)
    assert weight.mean() == pytest.approx(1, rel=1e-6)


def rejected_probability(mean, var, level):
    """Null probability that p <= level for each variant, from the function itself."""

    def edge(k, side):
        # p falls with the distance of z from the bottom of the parabola
        bottom = -mean[k] / var[k]
        inside, outside = bottom, bottom + side * 60.0
        for _ in range(60):
            middle = (inside + outside) / 2
            z = np.where(np.arange(mean.size) == k, middle, 0.0)
            log_p = fg.family_log_pvalues(z, mean, var, np.zeros(mean.size, int))[k]
            inside, outside = (
                (inside, middle) if log_p <= np.log(level) else (middle, outside)
            )
        return outside

    return np.array([norm.sf(edge(k, 1)) + norm.cdf(edge(k, -1)) for k in range(mean.size)])


def test_rejection_regions_of_a_fold_spend_the_level_and_no_more(rng):
    mean, var = rng.normal(0, 1, 6), rng.gamma(1, 2, 6) + 0.1
    spent = rejected_probability(mean, var, 1e-3)
    assert spent.mean() == pytest.approx(1e-3, rel=1e-5)
    assert spent.mean() <= 1e-3 * (1 + 1e-12)
    assert spent.max() > 1.5e-3  # it is weighted: single variants are off their level
    assert spent.min() < 0.7e-3


def test_interpolation_is_never_below_the_exact_value(rng):
    size = 3000
    z = np.concatenate([rng.normal(0, 1, size - 5), [8.0, -15.0, 40.0, 200.0, -1000.0]])
    mean, var = rng.normal(0, 2, size), np.exp(rng.normal(0, 2, size))
    log_p = fg.family_log_pvalues(z, mean, var, np.zeros(size, int))
    assert np.isfinite(log_p).all()
    scores = _log_scores(mean, var, None, None, size)
    exact = _evaluate(scores, scores.at(z)).log_mean
    small = exact < np.log(0.01)
    assert np.all((log_p >= exact - 1e-12 * np.abs(exact))[small])
    assert np.all((log_p <= exact + 1e-5)[small])
    # among large p-values the curve has a kink for each variant
    assert np.all(np.abs(log_p - exact)[~small] < 1e-2)
    assert np.mean(log_p - exact) > 0


def test_a_certain_null_effect_is_a_step_that_is_bounded_from_above(rng):
    z = rng.normal(0, 2, 50)
    var = np.where(np.arange(50) < 25, 0.0, 2.0)
    log_p = fg.family_log_pvalues(z, 0.0, var, np.zeros(50, int))
    assert (log_p[:25] >= np.log(0.5)).all()
    assert (log_p <= 0).all()


def test_a_fold_of_certain_nulls_has_nothing_to_spend_on():
    assert fg.family_log_pvalues([3.0, -1.0], 0.0, 0.0, [0, 0]).tolist() == [0.0, 0.0]
    assert np.isfinite(fg.family_weights([0.0, 0.0], [0.0, 0.0], [0, 0], 1e-3)).all()


def test_one_sided_prior_in_the_family():
    z = np.array([3.0, -3.0, 0.1])
    log_p = fg.family_log_pvalues(z, 2.0, 0.0, np.zeros(3, int))
    assert log_p == pytest.approx(log_ndtr(-z), abs=1e-6)


def test_probabilities_of_zero_and_one_are_allowed(rng):
    z = rng.normal(0, 2, 20)
    certain = fg.family_log_pvalues(z, 0.0, 1.0, np.zeros(20, int), np.ones(20))
    assert certain == pytest.approx(log_ndtr(-np.abs(z)) + np.log(2), rel=1e-9, abs=1e-9)
    prob = np.r_[np.zeros(10), np.full(10, 0.5)]
    half = fg.family_log_pvalues(z, 0.0, 1.0, np.zeros(20, int), prob)
    # the error budget of the impossible half goes to the other half
    expected = log_ndtr(-np.abs(z[10:])) + np.log(2) - np.log(2)
    assert half[10:] == pytest.approx(expected, abs=1e-6)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"prior_prob\[1\] is 2"):
        fg.family_log_pvalues([1.0, 1.0], 0.0, 1.0, [0, 0], [0.5, 2.0])
    with pytest.raises(ValueError, match=r"utility\[0\] is 0"):
        fg.family_log_pvalues([1.0, 1.0], 0.0, 1.0, [0, 0], None, [0.0, 2.0])
    with pytest.raises(ValueError, match=r"z\[0\] is inf"):
        fg.family_log_pvalues([np.inf, 1.0], 0.0, 1.0, [0, 0])
    with pytest.raises(ValueError, match="level must be between 0 and 1, but is 0"):
        fg.family_weights([0.0, 0.0], 1.0, [0, 0], 0.0)


@pytest.mark.parametrize("fold", [0, [0], [0, 0, 1], [[0, 0]]])
def test_every_variant_needs_a_fold(fold):
    with pytest.raises(ValueError, match="fold must have one value for each of 2 variants"):
        fg.family_log_pvalues([3.0, 1.0], 0.0, 1.0, fold)


def test_a_single_variant_may_be_a_number():
    alone = fg.family_log_pvalues(2.0, 0.0, 1.0, 0)
    assert alone == pytest.approx([log_ndtr(-2.0) + np.log(2)], rel=1e-9)


@pytest.mark.parametrize("size", [3, 900])
@pytest.mark.parametrize("far", [1e155, -1e308])
def test_what_is_beyond_any_study_spoils_no_other_variant(rng, size, far):
    z, mean = rng.normal(0, 2, size), rng.normal(0, 1, size)
    z[0], mean[1], fold = far, far, np.zeros(size)
    log_p = fg.family_log_pvalues(z, mean, 1.0, fold)
    assert np.isfinite(log_p).all()
    z[0], mean[1] = np.sign(far) * 1e7, np.sign(far) * 1e7
    near = fg.family_log_pvalues(z, mean, 1.0, fold)
    # among large p-values of a large family the interpolation depends on its nodes
    exact = (size == 3) | (near < np.log(0.01))
    exact[:2] = False
    assert log_p[exact] == pytest.approx(near[exact], rel=1e-5)


def test_prior_predictive_integrates_to_one():
    # the parabola is the log of a ratio of two normal densities
    scores = _log_scores(0.8, 2.5, None, None, 1)
    total, _ = quad(lambda z: np.exp(scores.at(np.array([z]))[0]) * norm.pdf(z), -30, 30)
    assert total == pytest.approx(1, rel=1e-8)


def test_large_families_with_certain_nulls_and_narrow_priors(rng):
    z = rng.normal(0, 2, 1500)
    fold = np.zeros(z.size)
    for var in (np.arange(z.size) % 2 * 1.0, np.where(np.arange(z.size) % 2, 20.0, 1e-10)):
        log_p = fg.family_log_pvalues(z, 0.0, var, fold)
        assert np.isfinite(log_p).all()
        assert np.all(log_p <= 0)
        # a family small enough for the exact sum gives the same for the same variants
        exact = log_mean_tail_by_sum(z, var)
        informed = var > 1e-6
        assert np.allclose(log_p[informed], exact[informed], atol=1e-3)


def log_mean_tail_by_sum(z, var):
    """The p-values written out: scores, and null chances of at least each score."""
    score = -0.5 * np.log1p(var) + 0.5 * z**2 * var / (1 + var)
    rise = score[:, None] + 0.5 * np.log1p(var)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(
            var > 0, 2 * (1 + var) / var * rise, np.where(rise > 0, np.inf, 0)
        )
    return np.log(np.mean(2 * norm.sf(np.sqrt(np.maximum(needed, 0)), 0, 1), axis=1))
