"""What a second reading of the tests and of the link checked by experiment."""

import numpy as np
import pytest
from scipy.sparse import csr_array, eye_array

import fabgwas.link._crossfit as crossfit
from fabgwas.fab import fab_intervals, fab_log_pvalues
from fabgwas.link import Features, cross_fit, make_folds

PER_BLOCK, BLOCK_LENGTH = 40, 1_500_000


def genome(n_chromosomes, n_blocks=24):
    block = np.repeat(np.arange(n_chromosomes * n_blocks), PER_BLOCK)
    inside = np.tile(np.linspace(1, BLOCK_LENGTH, PER_BLOCK).astype(int), block[-1] + 1)
    return block // n_blocks + 1, block % n_blocks * BLOCK_LENGTH + inside, block


@pytest.mark.parametrize("n_chromosomes", [1, 5])
def test_hidden_z_shapes_no_prior_with_samples_weights_and_other_studies(
    rng, monkeypatch, n_chromosomes
):
    # trust is settled on a sample of the rows, as in a study of millions of variants
    monkeypatch.setattr(crossfit, "_CALIBRATION_ROWS", 300)
    folds = make_folds(*genome(n_chromosomes))
    n = folds.fold.size
    x = rng.normal(0, 1, (n, 6)).astype(np.float32)
    u = 0.8 * x[:, 0] + rng.normal(0, 1, n)
    z = u + rng.normal(0, 1, n) * np.exp(0.5 * x[:, 1])
    covariates = np.column_stack([np.ones(n), rng.normal(0, 1, n)])
    weight = 1 / rng.uniform(1, 30, n)
    fixed = np.column_stack([covariates, u, np.log1p(u * u)])
    own = np.column_stack([fixed, x, x[:, :2] * u[:, None]]).astype(np.float32)
    ld = csr_array(eye_array(n) + 0.3 * eye_array(n, k=1) + 0.3 * eye_array(n, k=-1))
    features = [
        Features("auxiliary", fixed, fixed, 4),
        Features("own", own, own, 4),
        Features("convolved", own, x, 4, ld.astype(np.float32)),
    ]
    before = cross_fit(z, covariates, features, weight, folds)
    assert {report.model for report in before.reports} != {"covariates"}
    for fold in range(folds.train.shape[0]):
        hidden = ~folds.train[fold][folds.unit]
        mine = folds.fold == fold
        other = np.where(hidden, 1e3 * rng.standard_cauchy(n), z)
        after = cross_fit(other, covariates, features, weight, folds)
        for one, two in zip(
            [*before.moments, *before.covariates],
            [*after.moments, *after.covariates],
            strict=True,
        ):
            assert np.array_equal(one[mine], two[mine])


def test_folds_hide_every_neighbour_from_the_inner_fits_too():
    chrom, pos, block = genome(2)
    folds = make_folds(chrom, pos, block)
    for one in range(folds.train.shape[0]):
        for two in range(folds.train.shape[0]):
            used = (folds.train[one] & folds.train[two])[folds.unit]
            hidden = np.isin(folds.fold, [one, two])
            for code in (1, 2):
                here = chrom == code
                if not (hidden & here).any() or not (used & here).any():
                    continue
                gap = np.abs(np.subtract.outer(pos[used & here], pos[hidden & here]))
                assert gap.min() >= 1_000_000


@pytest.mark.parametrize("alpha", [1e-8, 1e-3, 0.05, 0.5])
def test_intervals_and_tests_agree_for_extreme_priors(rng, alpha):
    n = 500
    center, se = rng.normal(0, 3, n), np.exp(rng.normal(0, 1, n))
    mean = rng.normal(0, 3, n) * 10 ** rng.uniform(-2, 3, n)
    var = 10 ** rng.uniform(-6, 6, n)
    var[:20], var[20:40] = 0.0, np.inf
    lower, upper = fab_intervals(center, se, mean, var, alpha)
    slack = 1e-6 * se + 1e-9 * np.maximum(np.abs(lower), np.abs(upper))
    inside = lower + (upper - lower) * rng.random(n)
    places = [lower - slack, lower + slack, upper - slack, upper + slack, inside, center]
    for place, kept in zip(places, [0, 1, 1, 0, 1, 1], strict=True):
        log_p = fab_log_pvalues((center - place) / se, (mean - place) / se, var / se**2)
        assert np.all((log_p >= np.log(alpha)) == bool(kept))
