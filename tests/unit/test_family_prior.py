"""What a family test takes from a fitted prior."""

import numpy as np
import pytest

import fabgwas as fg
from fabgwas.fab import family_prior

LEVEL = 0.05 / 1e6
ONES = np.ones(400)


def p_values(z, prior):
    return fg.family_log_pvalues(z, prior.mean, prior.var, np.zeros(z.size, int),
                                 utility=prior.utility)  # fmt: skip


def test_equal_priors_give_the_two_sided_test(rng):
    z = rng.normal(size=400) * 3
    prior = family_prior(0 * ONES, 2 * ONES, 0.1 * ONES, LEVEL)
    two_sided = fg.fab_log_pvalues(z, 0.0, 1.0)
    np.testing.assert_allclose(p_values(z, prior), two_sided, rtol=1e-9)


def test_weights_go_with_the_square_root_of_the_second_moment_and_the_utility(rng):
    mean, var, prob = rng.normal(size=400), rng.chisquare(2, 400), rng.random(400)
    utility = 1 + rng.random(400)
    prior = family_prior(mean, var, prob, LEVEL, utility)
    np.testing.assert_allclose(prior.utility**2, utility * prob * (var + mean**2))


def test_the_slab_fits_a_variant_at_the_threshold():
    prior = family_prior(0 * ONES, ONES, ONES, LEVEL)
    # the likelihood of z at the threshold under N(0, 1 + V) is largest at V = z^2 - 1
    assert np.allclose(1 + prior.var, 5.4513**2, rtol=1e-4)


def test_signs_help_the_expected_side(rng):
    z = np.full(400, 4.0)
    forward, back = (
        p_values(z, family_prior(m * ONES, ONES, ONES, LEVEL)) for m in (0.5, -0.5)
    )
    assert np.all(forward < back)


@pytest.mark.parametrize("scale", [0.0, 1e-200, 1e100])
def test_extreme_priors_stay_finite(scale):
    prior = family_prior(ONES * scale, ONES * scale, ONES, LEVEL)
    for part in prior:
        assert np.isfinite(part).all()
    assert np.isfinite(p_values(np.full(400, 5.0), prior)).all()


def test_null_probabilities_sum_to_the_level_over_a_fold(rng):
    size, draws = 300, 400
    prior = family_prior(
        rng.normal(size=size), rng.chisquare(1, size) * 9, rng.random(size), 1e-3
    )
    counts = []
    for _ in range(draws):
        found = p_values(rng.standard_normal(size), prior) <= np.log(0.02)
        counts.append(found.sum())
    expected = 0.02 * size
    error = np.std(counts, ddof=1) / np.sqrt(draws)
    assert abs(np.mean(counts) - expected) < 5 * error
