import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from fabgwas.fab import (
    bh_log_qvalues,
    fab_intervals,
    fab_log_pvalues,
    family_log_pvalues,
    fcr_intervals,
    null_share,
    storey_log_qvalues,
)


def test_agrees_with_statsmodels(rng: np.random.Generator) -> None:
    p = rng.random(500) ** 3
    p[:20] = p[0]  # ties
    _, expected, *_ = multipletests(p, method="fdr_bh")
    np.testing.assert_allclose(np.exp(bh_log_qvalues(np.log(p))), expected, rtol=1e-12)
    large = 1 + np.sum(p > 0.5)
    assert null_share(np.log(p)) == pytest.approx(large / 250)
    storey = np.exp(storey_log_qvalues(np.log(p)))
    np.testing.assert_allclose(storey, np.minimum(expected * large / 250, 1), rtol=1e-12)


def test_tiny_pvalues_keep_their_order() -> None:
    log_q = bh_log_qvalues([-2000.0, -1000.0, -3000.0, 0.0])
    np.testing.assert_allclose(
        log_q, [np.log(4 / 2) - 2000, np.log(4 / 3) - 1000, np.log(4) - 3000, 0]
    )


def test_refuses_what_is_no_log_pvalue() -> None:
    with pytest.raises(ValueError, match=r"log_pvalue\[1\] is 0\.2"):
        bh_log_qvalues([-1.0, 0.2])
    with pytest.raises(ValueError, match=r"log_pvalue\[0\] is nan"):
        null_share([np.nan])
    with pytest.raises(ValueError, match="threshold must be between 0 and 1"):
        storey_log_qvalues([-1.0], 1.0)


@pytest.fixture(scope="module")
def sets() -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Sets of effects, priors that know something of them, and z-scores."""
    rng = np.random.default_rng(5)
    result = []
    for _ in range(150):
        known = rng.normal(0, 1, 1000)
        effect = np.where(rng.random(1000) < 0.1, rng.normal(2 * known, 2), 0.0)
        prior_mean, prior_var = 0.2 * known, 0.1 + np.abs(known)
        result.append((effect, prior_mean, prior_var, rng.normal(effect, 1)))
    return result


def at_most(rates: list[float], level: float) -> bool:
    """Whether a mean is no more than five standard errors above a level."""
    error = np.std(rates, ddof=1) / np.sqrt(len(rates))
    return float(np.mean(rates)) <= level + 5 * error


@pytest.mark.parametrize("qvalues", [bh_log_qvalues, storey_log_qvalues])
@pytest.mark.parametrize("test", ["fab", "family"])
def test_false_discovery_rate(sets, qvalues, test) -> None:
    rates = []
    for effect, mean, var, z in sets:
        if test == "fab":
            log_p = fab_log_pvalues(z, mean, var)
        else:
            log_p = family_log_pvalues(z, mean, var, np.zeros(z.size, int))
        found = qvalues(log_p) <= np.log(0.1)
        rates.append(np.sum(found & (effect == 0)) / max(found.sum(), 1))
    assert at_most(rates, 0.1)
    # 0.1 times the share of nulls is what BH gives, so the check is not empty
    assert np.mean(rates) > 0.07


def test_false_coverage_rate(sets) -> None:
    adjusted, plain = [], []
    for effect, mean, var, z in sets:
        selected = bh_log_qvalues(fab_log_pvalues(z, mean, var)) <= np.log(0.1)
        low, high = fcr_intervals(z, 1.0, mean, var, selected, 0.1)
        truth = effect[selected]
        adjusted.append(np.mean((truth < low) | (truth > high)))
        low, high = fab_intervals(z[selected], 1.0, mean[selected], var[selected], 0.1)
        plain.append(np.mean((truth < low) | (truth > high)))
    assert at_most(adjusted, 0.1)
    assert np.mean(plain) > 0.11  # what the adjustment is for


def test_intervals_widen_with_selection() -> None:
    z = np.linspace(-5, 5, 11)
    low, high = fcr_intervals(z, 2.0, 0.0, np.inf, np.abs(z) > 3.5, 0.05)
    reach = 2 * norm.isf(0.025 * 4 / 11)
    np.testing.assert_allclose(low, z[np.abs(z) > 3.5] - reach)
    np.testing.assert_allclose(high, z[np.abs(z) > 3.5] + reach)
    for end in fcr_intervals(z, 2.0, 0.0, 1.0, np.zeros(11, bool)):
        assert end.size == 0
