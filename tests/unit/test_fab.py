"""The FAB test of one variant and its intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_ndtr, ndtr

import fabgwas as fg

numbers = st.floats(-30, 30)
variances = st.floats(1e-3, 1e3)


def two_sided(z):
    return log_ndtr(-np.abs(z)) + np.log(2)


@given(z=numbers, mean=numbers, var=variances)
def test_agrees_with_the_published_formula_where_that_is_accurate(z, mean, var):
    shift = 2 * mean / var
    published = 1 - abs(ndtr(z + shift) - ndtr(-z))
    assert np.exp(fg.fab_log_pvalues(z, mean, var)) == pytest.approx(published, abs=1e-14)


@given(z=numbers, mean=numbers, var=variances)
def test_never_below_half_the_two_sided_pvalue(z, mean, var):
    assert fg.fab_log_pvalues(z, mean, var) >= two_sided(z) - np.log(2) - 1e-12


@given(z=numbers, mean=numbers, var=variances)
def test_swapping_the_alleles_changes_nothing(z, mean, var):
    assert fg.fab_log_pvalues(z, mean, var) == fg.fab_log_pvalues(-z, -mean, var)


@pytest.mark.parametrize("z", [-1000.0, -3.0, 0.0, 0.5, 1000.0])
def test_limits_of_the_prior(z):
    assert fg.fab_log_pvalues(z, 0.0, 1.0) == pytest.approx(two_sided(z), rel=1e-14)
    assert fg.fab_log_pvalues(z, 5.0, np.inf) == pytest.approx(two_sided(z), rel=1e-14)
    assert fg.fab_log_pvalues(z, 0.0, 0.0) == pytest.approx(two_sided(z), rel=1e-14)
    assert fg.fab_log_pvalues(z, 1e-3, 0.0) == pytest.approx(log_ndtr(-z), rel=1e-14)
    assert fg.fab_log_pvalues(z, -2.0, 0.0) == pytest.approx(log_ndtr(z), rel=1e-14)


def test_finite_far_out_in_the_tails():
    z = np.array([-1000.0, 1000.0, 60.0, -60.0])
    for df in (None, 3.0, 1e4, 1e6):
        log_p = fg.fab_log_pvalues(z, np.array([3.0, -2.0, 0.1, 0.0]), 0.5, df=df)
        assert np.isfinite(log_p).all()
        assert (log_p < 0).all()


def test_deep_student_tails_continue_the_shallow_ones():
    # both sides of the change of method at 1e-290, against the normal limit of large df
    t = np.linspace(36.0, 37.5, 301)
    log_p = fg.fab_log_pvalues(t, 0.0, 1.0, df=1e9)
    # the first correction for finite df is t^4 / (4 df)
    assert np.allclose(log_p, two_sided(t) + t**4 / 4e9, atol=2e-7)
    assert np.all(np.diff(fg.fab_log_pvalues(t, 0.0, 1.0, df=5000.0)) < 0)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"prior_var\[1\] is -1"):
        fg.fab_log_pvalues([1.0, 2.0], 0.0, [1.0, -1.0])
    with pytest.raises(ValueError, match=r"z\[1\] is nan"):
        fg.fab_log_pvalues([1.0, np.nan], 0.0, 1.0)
    with pytest.raises(ValueError, match=r"se\[0\] is 0"):
        fg.fab_intervals([1.0], [0.0], 0.0, 1.0)
    with pytest.raises(ValueError, match="alpha must be above 0 and at most"):
        fg.fab_intervals([1.0], [1.0], 0.0, 1.0, alpha=2.0)


@pytest.mark.parametrize("df", [0.0, -2.0, np.nan, np.inf])
def test_degrees_of_freedom_are_positive_and_finite(df):
    with pytest.raises(ValueError, match=r"df must be positive and finite, but df\[1\]"):
        fg.fab_log_pvalues([1.0, 2.0], 0.0, 1.0, df=[5.0, df])
    with pytest.raises(ValueError, match=r"df must be positive and finite, but df\[0\]"):
        fg.fab_intervals([1.0, 2.0], 1.0, 0.0, 1.0, df=df)


@pytest.mark.parametrize("df", [None, 4.0, 200.0])
def test_the_interval_is_the_set_that_is_not_rejected(rng, df):
    estimate, mean = rng.normal(0, 3, 2000), rng.normal(0, 3, 2000)
    se, var = np.exp(rng.normal(-1, 1, 2000)), np.exp(rng.normal(0, 3, 2000))
    lower, upper = fg.fab_intervals(estimate, se, mean, var, alpha=0.05, df=df)

    def rejected(value):
        z, shifted = (estimate - value) / se, (mean - value) / se
        return fg.fab_log_pvalues(z, shifted, var / se**2, df=df) < np.log(0.05)

    step = 1e-6 * se
    assert not rejected(lower + step).any()
    assert rejected(lower - step).all()
    assert not rejected(upper - step).any()
    assert rejected(upper + step).all()


def test_limits_of_the_interval():
    flat = fg.fab_intervals(1.0, 2.0, 0.3, np.inf, alpha=0.05)
    assert np.allclose(flat, (1 - 2 * 1.959963984540054, 1 + 2 * 1.959963984540054))
    # with no doubt about the mean the interval is stretched to hold it
    certain = fg.fab_intervals([0.0, 0.0], 1.0, [4.0, 0.5], 0.0, alpha=0.05)
    assert np.allclose(certain[0], -1.6448536269514722)
    assert np.allclose(certain[1], [4.0, 1.6448536269514722])


def test_student_interval_agrees_with_the_r_package_to_its_own_precision():
    # fabCI::fabtzCI(0.6, 0.3, 15, .05, mu=.2, tau2=.25, sigma2=.08) uses normal quantiles
    # for the share of error given to each side, so the two agree only roughly
    ends = fg.fab_intervals(0.6, 0.3, 0.2, 0.25, alpha=0.05, df=15)
    assert np.allclose(ends, (0.02027, 1.12623), atol=0.01)
