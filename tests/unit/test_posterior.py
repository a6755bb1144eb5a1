import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from fabgwas.fab import posterior


@pytest.mark.parametrize(
    ("z", "mean", "var", "prob"),
    [
        (2.0, 0.5, 1.5, 0.1),
        (-3.0, 1.0, 0.3, 0.6),
        (0.0, 0.0, 4.0, 0.5),
        (5.0, -1.0, 9.0, 0.01),
        (1.2, 0.7, 0.2, 1.0),
    ],
)
def test_agrees_with_quadrature(z: float, mean: float, var: float, prob: float) -> None:
    def moment(value, low=-40.0, high=40.0) -> float:
        def integrand(effect: float) -> float:
            return value(effect) * norm.pdf(z, effect) * norm.pdf(effect, mean, var**0.5)

        center = (mean + var * z) / (1 + var)
        points = [center] if low < center < high else None
        return prob * quad(integrand, low, high, points=points, epsabs=1e-14, limit=500)[0]

    zero = (1 - prob) * norm.pdf(z)
    total = moment(lambda effect: 1.0) + zero
    expected_mean = moment(lambda effect: effect) / total
    expected_var = moment(lambda effect: effect**2) / total - expected_mean**2
    positive, negative = moment(lambda _: 1.0, 0, 40), moment(lambda _: 1.0, -40, 0)
    found = posterior(z, mean, var, prob)
    assert found.mean[0] == pytest.approx(expected_mean, abs=1e-9)
    assert found.sd[0] ** 2 == pytest.approx(expected_var, rel=1e-8)
    assert found.prob[0] == pytest.approx(1 - zero / total, rel=1e-9)
    assert np.exp(found.log_lfdr[0]) == pytest.approx(zero / total, rel=1e-9)
    sign_rate = (min(positive, negative) + zero) / total
    assert np.exp(found.log_lfsr[0]) == pytest.approx(sign_rate, rel=1e-8)


def test_rates_are_right_when_the_prior_is(rng: np.random.Generator) -> None:
    size = 200_000
    mean, var, prob = rng.normal(0, 1, size), rng.exponential(4, size), rng.random(size)
    effect = np.where(rng.random(size) < prob, rng.normal(mean, np.sqrt(var)), 0.0)
    found = posterior(rng.normal(effect, 1), mean, var, prob)
    sign_is_wrong = np.where(effect == 0, 1.0, np.sign(effect) != np.sign(found.mean))
    for rate, wrong in ((found.log_lfdr, effect == 0), (found.log_lfsr, sign_is_wrong)):
        rate = np.exp(rate)
        for low, high in ((0, 0.05), (0.05, 0.2), (0.2, 0.6), (0.6, 1)):
            here = (rate >= low) & (rate < high)
            error = np.sqrt(np.mean(rate[here] * (1 - rate[here])) / here.sum())
            assert abs(np.mean(wrong[here]) - rate[here].mean()) <= 5 * error
    standardised = (effect - found.mean) / found.sd
    assert abs(np.mean(standardised**2) - 1) <= 5 * np.std(standardised**2) / np.sqrt(size)


def test_extremes_are_finite_and_sensible() -> None:
    found = posterior([60.0, 60.0, 0.0, 3.0], [0.0, 0.0, 0.0, 2.0], [4, 4, 0, 0], 0.1)
    assert found.log_lfsr[0] < -1000
    assert np.isfinite(found.log_lfdr[:2]).all()
    assert found.log_lfsr[2] == 0  # an effect of variance 0 around 0 has no sign
    assert found.mean[3] == pytest.approx(2 * found.prob[3])
    certain = posterior([2.0, 2.0], 0.0, 1.0, [0.0, 1.0])
    np.testing.assert_array_equal(certain.prob, [0, 1])
    assert certain.mean[0] == certain.sd[0] == 0
    flat = posterior(1.5, 3.0, np.inf)
    assert (flat.mean[0], flat.sd[0]) == (1.5, 1.0)
    assert flat.log_lfsr[0] == pytest.approx(norm.logcdf(-1.5))


def test_swapped_alleles_change_signs_only(rng: np.random.Generator) -> None:
    z, mean, prob = rng.normal(0, 3, 9), rng.normal(0, 1, 9), rng.random(9)
    one, other = posterior(z, mean, 2.0, prob), posterior(-z, -mean, 2.0, prob)
    np.testing.assert_allclose(one.mean, -other.mean)
    np.testing.assert_allclose(one.log_lfsr, other.log_lfsr)


def test_refuses_impossible_priors() -> None:
    with pytest.raises(ValueError, match=r"prior_prob\[1\] is 1\.5"):
        posterior([1.0, 1.0], 0.0, 1.0, [0.5, 1.5])
    with pytest.raises(ValueError, match="prior_var must not be negative"):
        posterior(1.0, 0.0, -1.0)
