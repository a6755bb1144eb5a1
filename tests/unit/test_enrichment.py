"""Enrichment of causal effects, learned through LD."""

import numpy as np
import pytest
from scipy import stats
from scipy.sparse import block_diag, csr_array

from fabgwas.link import make_folds
from fabgwas.link._enrichment import _loss, _model, _path, learn_enrichments

BLOCK, DIM = 40, 4


def study(rng, beta, n_blocks=100):
    """Blocks of variants in LD; features say where causal effects are."""
    r = 0.9 ** np.abs(np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK)))
    root = np.linalg.cholesky(r)
    x = rng.normal(0, 1, (n_blocks * BLOCK, DIM))
    odds = np.exp(-5 + x @ beta)
    causal = rng.random(len(x)) < odds / (1 + odds)
    b = np.where(causal, rng.normal(0, 4, len(x)), 0.0).reshape(n_blocks, BLOCK)
    z = b @ r + rng.normal(0, 1, b.shape) @ root.T
    chrom = np.repeat(np.arange(10), len(x) // 10)
    pos = np.tile(np.arange(1, len(x) // 10 + 1) * 50_000, 10)
    folds = make_folds(chrom, pos, np.repeat(np.arange(n_blocks), BLOCK))
    ld = csr_array(block_diag([r * r] * n_blocks, "csr").astype(np.float32))
    weight = 1 / (ld @ np.ones(len(x)))
    return z.ravel(), x, weight, ld, folds


def test_the_likelihood_is_that_of_its_densities_and_the_slope_its_derivative(rng):
    z, x, weight, ld, _ = study(rng, np.array([1.0, 0, 0, 0]))
    model, penalty = _model(z, x, weight, ld), np.full(DIM, 3.0)
    parameters = np.array([1.5, -4.0, *rng.normal(0, 0.3, DIM)])
    loss, slope = _loss(model, weight, penalty, parameters)
    total = ld.toarray().astype(float) @ np.exp(-4.0 + model.x @ parameters[2:])
    share = total / (1 + total)
    null = stats.norm.pdf(z)
    mixed = (1 - share) * null + share * stats.norm.pdf(z, 0, np.sqrt(1 + np.exp(1.5)))
    expected = 1.5 * np.sum(parameters[2:] ** 2) - weight @ np.log(mixed / null)
    assert loss == pytest.approx(expected, rel=1e-5)
    numeric = []
    for step in 1e-2 * np.eye(parameters.size):
        above, below = (
            _loss(model, weight, penalty, parameters + s)[0] for s in (step, -step)
        )
        numeric.append((above - below) / 2e-2)
    np.testing.assert_allclose(slope, numeric, rtol=2e-3, atol=2e-2)


def test_what_features_say_of_causal_effects_is_found_through_ld(rng):
    beta = np.array([1.5, 0.0, 0.0, 0.0])
    z, x, weight, ld, folds = study(rng, beta, 600)
    model = _model(z, x, weight, ld)
    # a fit is a few steps, and these add up
    *_, found = _path(model, np.ones(z.size, bool), [np.full(DIM, 1.0)] * 6)
    # five standard errors of some 300 causal effects, if each were seen
    np.testing.assert_allclose(found[2:], beta, atol=5 / np.sqrt(300))
    assert np.exp(found[0]) == pytest.approx(16, rel=0.5)
    enrichments = learn_enrichments(z, x, weight, ld, folds)
    truth = np.log(ld @ np.exp(x @ beta)) - np.log(ld @ np.ones(z.size))
    for learned in (*enrichments.outer, *enrichments.inner):
        assert np.corrcoef(learned, truth)[0, 1] > 0.9


def test_fits_end_early_only_where_that_predicts_other_folds_better(rng, monkeypatch):
    def outer(steps):
        monkeypatch.setattr("fabgwas.link._enrichment._STEPS", steps)
        return learn_enrichments(z, x, weight, ld, folds).outer

    z, x, weight, ld, folds = study(rng, np.array([1.5, 0.0, 0.0, 0.0]))
    assert np.array_equal(outer((0, 10)), outer((10, 10)))
    # with hardly a penalty, many features that say nothing are followed ever further
    monkeypatch.setattr("fabgwas.link._enrichment._STRENGTHS", (1e-4,))
    x = rng.normal(0, 1, (z.size, 60))
    early, late = (np.std(outer(steps), axis=1) for steps in ((3, 10), (10, 10)))
    assert np.all(early < late / 2)


def test_nothing_is_learned_from_the_group_that_is_left_out(rng):
    z, x, weight, ld, folds = study(rng, np.array([1.5, 0.0, 0.0, 0.0]))
    before = learn_enrichments(z, x, weight, ld, folds)
    of_variant = before.group[folds.fold]
    for group in range(before.outer.shape[0]):
        hidden = of_variant == group
        other = np.where(hidden, rng.normal(0, 30, z.size), z)
        after = learn_enrichments(other, x, weight, ld, folds)
        assert np.array_equal(before.outer[group], after.outer[group])
        assert np.array_equal(before.inner[group], after.inner[group])
        rest = np.arange(before.outer.shape[0]) != group
        assert not np.array_equal(before.outer[rest], after.outer[rest])


def test_features_that_do_not_vary_are_left_out(rng):
    z, x, weight, ld, folds = study(rng, np.zeros(DIM))
    x[:, 2] = 7.0
    model = _model(z, x, weight, ld)
    assert model.x.shape[1] == DIM - 1
    nothing = learn_enrichments(z, np.ones_like(x), weight, ld, folds)
    assert np.ptp(nothing.outer, axis=1) == pytest.approx(0, abs=1e-5)
