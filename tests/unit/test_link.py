"""Folds, ridge regression from cross products, and cross-fitted priors."""

import jax.numpy as jnp
import numpy as np
import pytest

from fabgwas.link import cross_fit, make_folds
from fabgwas.link._calibrate import calibrate
from fabgwas.link._gram import (
    _self_product_on_device,
    empty_gram,
    self_product,
    update_gram,
)
from fabgwas.link._ridge import fit_ridge


def genome(n_chromosomes, blocks_per_chromosome=24, per_block=40, block_length=1_500_000):
    """Variants evenly spread over blocks of equal length."""
    chrom, block, pos = [], [], []
    for c in range(n_chromosomes):
        for b in range(blocks_per_chromosome):
            chrom.append(np.full(per_block, c + 1))
            block.append(np.full(per_block, c * blocks_per_chromosome + b))
            inside = np.linspace(0, block_length - 1, per_block).astype(int)
            pos.append(1 + b * block_length + inside)
    return np.concatenate(chrom), np.concatenate(pos), np.concatenate(block)


def test_chromosomes_are_left_out_one_at_a_time():
    folds = make_folds(*genome(5, 2))
    assert folds.scheme == "leaving one chromosome out"
    assert np.array_equal(folds.train, ~np.eye(5, dtype=bool))


@pytest.mark.parametrize("n_chromosomes", [1, 2, 3])
def test_few_chromosomes_are_cut_into_runs_of_blocks(n_chromosomes):
    chrom, pos, block = genome(n_chromosomes)
    folds = make_folds(chrom, pos, block)
    assert folds.scheme == "leaving runs of LD blocks out"
    assert 5 <= folds.train.shape[0] <= 6
    for number in np.unique(block):
        assert np.unique(folds.fold[block == number]).size == 1
    for fold in range(folds.train.shape[0]):
        mine = folds.fold == fold
        trained = folds.train[fold][folds.unit]
        assert not trained[mine].any()
        # at least half of the genome is left to learn from
        assert trained.mean() > 0.5
        for code in np.unique(chrom[mine]):
            low, high = pos[mine & (chrom == code)].min(), pos[mine & (chrom == code)].max()
            near = trained & (chrom == code)
            assert not np.any(near & (pos > low - 1_000_000) & (pos < high + 1_000_000))


def test_a_single_block_cannot_be_cross_fitted():
    with pytest.raises(ValueError, match="one LD block"):
        make_folds(*genome(1, 1))


def data(rng, n=400, dim=7):
    x = np.column_stack([np.ones(n), rng.normal(0, 3, n), rng.normal(0, 0.3, (n, dim))])
    y = x @ rng.normal(0, 1, dim + 2) + rng.normal(0, 1.5, n)
    return x, y, rng.uniform(0.2, 2.0, n)


def whole_gram(x, y, weight):
    gram = empty_gram(1, x.shape[1], 1)
    for part in np.array_split(np.arange(y.size), 7):
        update_gram(gram, x[part], y[part, None], weight[part], np.zeros(part.size, int))
    return gram


def test_ridge_equals_the_dense_posterior(rng):
    x, y, weight = data(rng)
    ((fit,),) = fit_ridge(whole_gram(x, y, weight), 2)
    precision = np.diag(np.r_[0, 0, np.full(7, 1 / fit.effect_var)])
    covariance = np.linalg.inv(x.T @ (x * weight[:, None]) / fit.residual_var + precision)
    coefficients = covariance @ (x.T @ (weight * y)) / fit.residual_var
    assert np.allclose(fit.coefficients, coefficients, rtol=1e-8)
    assert np.allclose(fit.covariance_root @ fit.covariance_root.T, covariance, rtol=1e-8)


def test_variances_maximise_the_restricted_likelihood(rng):
    x, y, weight = data(rng)
    ((fit,),) = fit_ridge(whole_gram(x, y, weight), 2)

    def log_likelihood(sigma2, psi2):
        # weights count as observations, so the determinant of the weights drops out but
        # the exponent of sigma^2 is their sum
        covariance = np.diag(sigma2 / weight) + psi2 * x[:, 2:] @ x[:, 2:].T
        inverse = np.linalg.inv(covariance)
        fixed = x[:, :2].T @ inverse @ x[:, :2]
        beta = np.linalg.solve(fixed, x[:, :2].T @ inverse @ y)
        residual = y - x[:, :2] @ beta
        logs = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(fixed)[1]
        return -0.5 * (
            logs + residual @ inverse @ residual + (weight.sum() - y.size) * np.log(sigma2)
        )

    best = log_likelihood(fit.residual_var, fit.effect_var)
    for factor in (0.5, 0.8, 1.25, 2.0):
        assert best > log_likelihood(fit.residual_var * factor, fit.effect_var)
        assert best > log_likelihood(fit.residual_var, fit.effect_var * factor) - 0.05


def test_repeated_and_constant_features_do_no_harm(rng):
    x, y, weight = data(rng)
    x = np.column_stack([x[:, :2], x[:, 1], x[:, 2:], x[:, 3], np.zeros(y.size)])
    ((fit,),) = fit_ridge(whole_gram(x, y, weight), 3)
    assert np.isfinite(fit.coefficients).all()
    residual = y - x @ fit.coefficients
    assert np.average(residual**2, weights=weight) < 3.5


def test_calibration_recovers_what_was_simulated(rng):
    n = 100_000
    mean, magnitude = rng.normal(0, 0.5, n), rng.normal(3, 1, n)
    var = np.exp(-2 + 0.8 * magnitude)
    z = 0.6 * mean + rng.normal(0, 1, n) * np.sqrt(1 + var)
    trust = calibrate(z, mean, magnitude[:, None], np.ones(n))
    assert trust.mean_scale == pytest.approx(0.6, abs=0.05)
    assert trust.log_var_intercept == pytest.approx(-2, abs=0.1)
    assert trust.log_var_slopes == pytest.approx([0.8], abs=0.03)


class Study:
    """Z-scores whose size and sign depend on some embedding coordinates."""

    def __init__(self, rng, n_chromosomes, signal):
        self.chrom, self.pos, self.block = genome(n_chromosomes, per_block=60)
        n = self.chrom.size
        self.vectors = rng.normal(0, 1, (n, 12)).astype(np.float32)
        self.z = signal * 0.7 * self.vectors[:, 0] + rng.normal(0, 1, n) * np.sqrt(
            1 + np.exp(1 + signal * self.vectors[:, 1])
        )
        self.covariates = np.column_stack([np.ones(n), rng.normal(0, 1, n)])
        self.folds = make_folds(self.chrom, self.pos, self.block)

    def read(self):
        for rows in np.array_split(np.arange(self.z.size), 9):
            yield rows, self.vectors[rows]

    def fit(self, z=None):
        z = self.z if z is None else z
        return cross_fit(
            self.read, 12, z, self.covariates, np.ones(z.size), self.folds, components=12
        )


@pytest.mark.parametrize("n_chromosomes", [1, 5])
def test_no_prior_sees_its_own_fold_nor_the_guard_around_it(rng, n_chromosomes):
    study = Study(rng, n_chromosomes, signal=1.0)
    prior = study.fit()
    for fold in range(study.folds.train.shape[0]):
        hidden = ~study.folds.train[fold][study.folds.unit]
        mine = study.folds.fold == fold
        other = study.fit(np.where(hidden, rng.normal(0, 30, hidden.size), study.z))
        assert np.array_equal(prior.mean[mine], other.mean[mine])
        assert np.array_equal(prior.var[mine], other.var[mine])
        assert np.array_equal(prior.covariates_var[mine], other.covariates_var[mine])
        assert not np.array_equal(prior.var[~mine], other.var[~mine])


def test_signal_in_the_embedding_is_found(rng):
    study = Study(rng, 6, signal=1.0)
    prior = study.fit()
    assert {report.model for report in prior.reports} == {"embedding"}
    assert np.corrcoef(prior.mean, study.vectors[:, 0])[0, 1] > 0.8
    assert np.corrcoef(np.log(prior.var), study.vectors[:, 1])[0, 1] > 0.8
    assert np.all(2 * np.abs(prior.mean) / prior.var <= 1 + 1e-12)


def test_noise_in_the_embedding_is_ignored(rng):
    prior = Study(rng, 6, signal=0.0).fit()
    assert np.mean([report.model == "covariates" for report in prior.reports]) > 0.5
    assert np.abs(np.log(prior.var / prior.covariates_var)).mean() < 0.02
    assert np.abs(prior.mean).max() < 0.3


def test_flipping_every_allele_flips_the_mean(rng):
    study = Study(rng, 5, signal=1.0)
    plus, minus = study.fit(), study.fit(-study.z)
    assert np.allclose(plus.mean, -minus.mean, atol=1e-9)
    assert np.allclose(plus.var, minus.var, rtol=1e-9)


def test_the_product_for_accelerators_is_that_for_processors(rng):
    x = rng.normal(0, 1, (300, 20)).astype(np.float32)
    on_device = np.asarray(_self_product_on_device(jnp.asarray(x)))
    assert np.allclose(on_device, self_product(x), rtol=1e-5, atol=1e-4)
