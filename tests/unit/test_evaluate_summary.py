"""Splitting a study by its summary statistics, and judging scores on the other half."""

import numpy as np
import pytest
from filesets import linked_dosage

from fabgwas.evaluate import (
    Terms,
    block_bootstrap,
    block_terms,
    panel_noise,
    signed_correlation,
    split_z,
)

N_BLOCKS, SIZE = 40, 25
M = N_BLOCKS * SIZE
BLOCK = np.repeat(np.arange(N_BLOCKS), SIZE)


def people(rng, n):
    """People of one population; blocks are unlinked."""
    return np.concatenate([linked_dosage(rng, n, SIZE) for _ in range(N_BLOCKS)], axis=1)


def reader(dosage):
    return lambda index: dosage[:, index]


def z_scores(dosage, y):
    x = (dosage - dosage.mean(axis=0)) / dosage.std(axis=0)
    r = x.T @ (y - y.mean()) / y.std() / len(y)
    return r * np.sqrt(len(y))


def test_noise_has_the_ld_of_the_panel(rng):
    panel = linked_dosage(rng, 300, 30)
    draws = np.array(
        [panel_noise(reader(panel), np.zeros(30, int), s) for s in range(4000)]
    )
    expected = np.corrcoef(panel.T)
    np.testing.assert_allclose(draws.T @ draws / len(draws), expected, atol=0.08)


def test_blocks_of_noise_are_independent_and_the_monomorphic_has_none(rng):
    panel = np.tile(linked_dosage(rng, 100, 2), 2)
    panel[:, 3] = 1
    draws = np.array(
        [panel_noise(reader(panel), np.array([0, 0, 1, 1]), s) for s in range(900)]
    )
    assert np.isnan(draws[:, 3]).all()
    assert abs(np.corrcoef(draws[:, 0], draws[:, 2])[0, 1]) < 0.12


@pytest.mark.parametrize("intercept", [1.0, 1.5])
def test_halves_are_independent_where_the_noise_is_that_of_the_study(rng, intercept):
    z = rng.normal(size=200_000) * np.sqrt(intercept) + 3
    first, second = split_z(z, rng.normal(size=z.size), 0.8, intercept)
    assert first.mean() == pytest.approx(np.sqrt(0.8) * 3, abs=0.02)
    assert second.mean() == pytest.approx(np.sqrt(0.2) * 3, abs=0.02)
    for half in (first, second):
        assert half.var() == pytest.approx(intercept, rel=0.02)
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0, abs=0.01)


def test_together_the_halves_are_the_whole(rng):
    z = rng.normal(size=50)
    first, second = split_z(z, rng.normal(size=50), 0.7)
    np.testing.assert_allclose(np.sqrt(0.7) * first + np.sqrt(0.3) * second, z)
    with pytest.raises(ValueError, match="share must be between"):
        split_z(z, z, 1.0)


def test_correlation_is_that_of_scores_with_a_phenotype_of_the_same_people(rng):
    dosage = people(rng, 2000)
    weight = rng.normal(size=(M, 2))
    y = dosage @ weight[:, 0] + rng.normal(size=2000) * 60
    effect = z_scores(dosage, y) / np.sqrt(2000)
    # one block: everything is linked to everything
    terms = block_terms(reader(dosage), np.zeros(M, int), weight, effect)
    expected = [np.corrcoef(dosage @ w, y)[0, 1] for w in weight.T]
    np.testing.assert_allclose(signed_correlation(terms), expected, rtol=1e-3)
    blocks = block_terms(reader(dosage), BLOCK, weight, effect)
    assert blocks.agreement.shape == (N_BLOCKS, 2)
    np.testing.assert_allclose(signed_correlation(blocks), expected, atol=0.03)


def test_counting_the_other_allele_changes_nothing(rng):
    dosage = people(rng, 100)
    weight, effect = rng.normal(size=(M, 1)), rng.normal(size=M)
    swap = rng.random(M) < 0.5
    sign = np.where(swap, -1.0, 1.0)
    one = block_terms(reader(dosage), BLOCK, weight, effect)
    other = block_terms(
        reader(np.where(swap, 2 - dosage, dosage)),
        BLOCK,
        weight * sign[:, None],
        effect * sign,
    )
    np.testing.assert_allclose(one.agreement, other.agreement, atol=1e-9)
    np.testing.assert_allclose(one.variance, other.variance, atol=1e-9)


def ridge(z, n, panel, penalty):
    """Standardised effects of every block, with the LD of a panel; stiff or flexible."""
    weight = np.zeros(M)
    for number in range(N_BLOCKS):
        rows = number == BLOCK
        r = np.corrcoef(panel[:, rows].T)
        weight[rows] = np.linalg.solve(r + penalty * np.eye(SIZE), z[rows] / np.sqrt(n))
    return weight / panel.std(axis=0)


def judged(rng, dosage, y, penalty):
    """Signed r of a fit to one half of a study, judged on the other, in small panels."""
    n, share = len(y), 0.6
    fitting, judging = people(rng, 150), people(rng, 150)
    noise = panel_noise(reader(judging), BLOCK, int(rng.integers(1 << 30)))
    first, second = split_z(z_scores(dosage, y), noise, share)
    weight = ridge(first, n * share, fitting, penalty)[:, None]
    effect = second / np.sqrt(n * (1 - share))
    return signed_correlation(block_terms(reader(judging), BLOCK, weight, effect))[
        0
    ], weight


def test_no_heritability_gives_no_accuracy():
    """Stiff or flexible: the mean of signed r is 0 with other people's LD."""
    rng = np.random.default_rng(20261123)
    dosage = people(rng, 1500)
    for penalty in (0.05, 1.0):
        r = [judged(rng, dosage, rng.normal(size=1500), penalty)[0] for _ in range(40)]
        assert abs(np.mean(r)) < 3 * np.std(r) / np.sqrt(40)
        assert np.std(r) < 0.05


def test_accuracy_is_that_in_new_people():
    rng = np.random.default_rng(20261124)
    differences, truths = [], []
    for _ in range(12):
        dosage, new = people(rng, 1500), people(rng, 1500)
        beta = rng.normal(size=M) * (rng.random(M) < 0.1)
        scale = (dosage @ beta).std()
        y = dosage @ beta / scale + rng.normal(size=1500)
        found, weight = judged(rng, dosage, y, 1.0)
        score = new @ weight[:, 0]
        # the phenotype has variance 2
        truth = np.cov(score, new @ beta / scale)[0, 1] / score.std() / np.sqrt(2)
        truths.append(truth)
        differences.append(found - truth)
    assert np.mean(truths) > 0.2
    assert abs(np.mean(differences)) < 3 * np.std(differences) / np.sqrt(12)


def test_intervals_hold_the_estimate_and_pairs_are_paired(rng):
    agreement = rng.normal(1, 1, (100, 1))
    terms = Terms(np.tile(agreement, 2), np.ones((100, 2)))
    draws = block_bootstrap(terms, 500, 1)
    low, high = np.quantile(draws[:, 0], [0.025, 0.975])
    assert low < signed_correlation(terms)[0] < high
    np.testing.assert_array_equal(draws[:, 0], draws[:, 1])


def test_a_score_that_does_not_vary_has_no_correlation():
    terms = Terms(np.zeros((3, 1)), np.zeros((3, 1)))
    assert np.isnan(signed_correlation(terms)).all()
