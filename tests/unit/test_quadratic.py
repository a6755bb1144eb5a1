import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr
from scipy.stats import chi2

from fabgwas.fab import quadratic_log_pvalue


@pytest.mark.parametrize("df", [1, 2, 3, 10, 200])
@pytest.mark.parametrize("log_p", [-1e-6, -0.1, -1.0, -5.0, -20.0, -300.0, -600.0])
def test_equal_weights_are_a_chi_square(df: int, log_p: float) -> None:
    q = chi2.isf(np.exp(log_p), df)
    expected = chi2.logsf(q, df)
    assert quadratic_log_pvalue(3 * q, np.full(df, 3.0)) == pytest.approx(
        expected, rel=1e-9, abs=1e-9
    )


def test_one_weight_far_out_is_the_normal_tail() -> None:
    expected = np.log(2) + log_ndtr(-100.0)  # exp(-5005), below any floating-point number
    assert quadratic_log_pvalue(1e4, [1.0]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("other", [0.9, 0.5, 0.1, 0.01])
@pytest.mark.parametrize("q", [0.01, 1.0, 8.0, 40.0, 200.0])
def test_two_weights_agree_with_the_convolution(other: float, q: float) -> None:
    # P(X + c Y > q) with Y = u^2, u normal: the tail of X, averaged over u
    def integrand(u: float) -> float:
        return 2 * chi2.sf(q - other * u * u, 1) * np.exp(-0.5 * u * u) / np.sqrt(2 * np.pi)

    edge = np.sqrt(q / other)
    near = quad(integrand, 0, edge, epsabs=0, epsrel=1e-12, limit=400)[0]
    expected = np.logaddexp(np.log(near), np.log(2) + log_ndtr(-edge))
    assert quadratic_log_pvalue(q, [1.0, other]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("q", [2.0, 10.0, 30.0])
def test_agrees_with_inversion_of_the_characteristic_function(q: float) -> None:
    weights = np.array([2.0, 1.0, 1.0, 0.4, 0.3, 0.05])

    def integrand(u: float) -> float:
        angle = 0.5 * np.sum(np.arctan(weights * u)) - 0.5 * q * u
        return np.sin(angle) / (u * np.prod((1 + (weights * u) ** 2) ** 0.25))

    # Imhof (1961): good to an absolute error, so not far out
    p = 0.5 + quad(integrand, 0, np.inf, limit=5000, epsabs=1e-12)[0] / np.pi
    assert np.exp(quadratic_log_pvalue(q, weights)) == pytest.approx(p, abs=1e-7)


def test_pairs_of_weights_have_a_closed_form() -> None:
    # twice each weight: a sum of exponentials, with partial fractions for its tail
    weights = np.array([3.0, 1.0, 0.5])
    for q in (0.5, 10.0, 100.0, 1000.0):
        parts = [
            np.exp(-(q - 0.0) / (2 * w) + q / 6)
            * np.prod([w / (w - o) for o in weights if o != w])
            for w in weights
        ]
        expected = np.log(np.sum(parts)) - q / 6
        found = quadratic_log_pvalue(q, np.repeat(weights, 2))
        assert found == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_agrees_with_simulation(rng: np.random.Generator) -> None:
    weights = rng.exponential(1, 40) ** 2
    draws = rng.chisquare(1, (100_000, 40)) @ weights
    for level in (0.5, 0.05, 1e-3):
        q = np.quantile(draws, 1 - level)
        p = np.exp(quadratic_log_pvalue(float(q), weights))
        # the tail probability at an empirical quantile is a beta variable
        assert abs(p - level) <= 5 * np.sqrt(level * (1 - level) / 100_000)


def test_falls_with_the_statistic_and_knows_its_limits() -> None:
    weights = np.geomspace(1, 1e-20, 50)
    values = [quadratic_log_pvalue(q, weights) for q in np.geomspace(1e-3, 1e5, 60)]
    assert np.all(np.diff(values) < 0)
    assert quadratic_log_pvalue(0.0, [1.0, 2.0, 3.0]) == pytest.approx(0, abs=1e-9)
    assert quadratic_log_pvalue(np.inf, [1.0]) == -np.inf
    for weights in ([0.0], [-1.0, 2.0], [np.nan]):
        with pytest.raises(ValueError, match="weights must be finite and not negative"):
            quadratic_log_pvalue(1.0, weights)
    with pytest.raises(ValueError, match="statistic must not be negative, but is -1"):
        quadratic_log_pvalue(-1.0, [1.0])
