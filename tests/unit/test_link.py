"""Folds, ridge regression from cross products, and cross-fitted priors."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.sparse import csr_array, eye_array

from fabgwas.link import Features, cross_fit, log_predictive, make_folds, principal_axes
from fabgwas.link._calibrate import Moments, Shape, _Data, _loss, calibrate
from fabgwas.link._device import product, product_on_device
from fabgwas.link._gram import gram_of
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
    return gram_of(x, y[:, None], weight, np.arange(y.size) % 3, 3).train(np.full(3, True))


def test_ridge_equals_the_dense_posterior(rng):
    x, y, weight = data(rng)
    fit = fit_ridge(whole_gram(x, y, weight), 2)
    residual_var, effect_var = fit.residual_var[0, 0], fit.effect_var[0, 0]
    precision = np.diag(np.r_[0, 0, np.full(7, 1 / effect_var)])
    covariance = np.linalg.inv(x.T @ (x * weight[:, None]) / residual_var + precision)
    coefficients = covariance @ (x.T @ (weight * y)) / residual_var
    root = fit.covariance_root(0, 0)
    assert np.allclose(fit.coefficients[0, 0], coefficients, rtol=1e-8)
    assert np.allclose(root @ root.T, covariance, rtol=1e-8)


def test_a_stronger_penalty_divides_the_ratio_of_variances(rng):
    x, y, weight = data(rng)
    fit = fit_ridge(whole_gram(x, y, weight), 2, (1.0, 10.0, 100.0))
    ratio = (fit.effect_var / fit.residual_var)[:, 0]
    assert ratio == pytest.approx(ratio[0] / np.array([1, 10, 100]))
    norms = np.linalg.norm(fit.coefficients[:, 0, 2:], axis=1)
    assert np.all(np.diff(norms) < 0)


def test_variances_maximise_the_restricted_likelihood(rng):
    x, y, weight = data(rng)
    fit = fit_ridge(whole_gram(x, y, weight), 2)
    residual_var, effect_var = fit.residual_var[0, 0], fit.effect_var[0, 0]

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

    best = log_likelihood(residual_var, effect_var)
    for factor in (0.5, 0.8, 1.25, 2.0):
        assert best > log_likelihood(residual_var * factor, effect_var)
        assert best > log_likelihood(residual_var, effect_var * factor) - 0.05


def test_repeated_and_constant_features_do_no_harm(rng):
    x, y, weight = data(rng)
    x = np.column_stack([x[:, :2], x[:, 1], x[:, 2:], x[:, 3], np.zeros(y.size)])
    fit = fit_ridge(whole_gram(x, y, weight), 3)
    assert np.isfinite(fit.coefficients).all()
    residual = y - x @ fit.coefficients[0, 0]
    assert np.average(residual**2, weights=weight) < 3.5


def test_calibration_recovers_what_was_simulated(rng):
    n = 100_000
    mean, magnitude = rng.normal(0, 0.5, n), rng.normal(3, 1, n)
    var = np.exp(-2 + 0.8 * magnitude)
    z = 0.6 * mean + rng.normal(0, 1, n) * np.sqrt(1 + var)
    trust = calibrate(z, mean, magnitude[:, None], np.ones(n), Shape(0))
    prior = trust.moments(mean, magnitude[:, None])
    assert trust.mean_scale == pytest.approx(0.6, abs=0.05)
    assert trust.slopes == pytest.approx([0.8], abs=0.03)
    assert np.allclose(prior.var, var, rtol=0.2)
    assert np.all(prior.prob == 1)


@pytest.mark.parametrize("shape", [Shape(0), Shape(0, True), Shape(1), Shape(2), Shape(3)])
def test_the_slope_of_the_likelihood_is_its_derivative(rng, shape):
    n, n_magnitudes = 500, 2
    z, mean = rng.normal(0, 3, n), rng.normal(0, 1, n)
    centred = rng.normal(0, 4, (n_magnitudes, n))
    data = _Data(z, mean, centred, rng.dirichlet(np.ones(n)))
    for _ in range(20):
        size = shape._replace(free_noise=True).n_parameters(n_magnitudes)
        parameters = rng.uniform(0.1, 2, size)
        steps = 1e-6 * np.eye(parameters.size)
        numeric = [
            (
                _loss(shape, data, parameters + step)[0]
                - _loss(shape, data, parameters - step)[0]
            )
            / 2e-6
            for step in steps
        ]
        np.testing.assert_allclose(_loss(shape, data, parameters)[1], numeric, atol=1e-7)


@pytest.mark.parametrize("n_slabs", [1, 2, 3])
def test_the_likelihood_of_slabs_is_that_of_their_densities(rng, n_slabs):
    shape, n = Shape(n_slabs), 300
    z, mean, centred = rng.normal(0, 3, n), rng.normal(0, 1, n), rng.normal(0, 1, (1, n))
    share = rng.dirichlet(np.ones(n))
    k, *rest = parameters = rng.uniform(0.1, 2, shape.n_parameters(1))
    weight, density = [np.ones(n)], [stats.norm.pdf(z)]
    for log_var, intercept, slope in np.reshape(rest, (n_slabs, 3)):
        weight.append(np.exp(intercept + slope * centred[0]))
        density.append(stats.norm.pdf(z, k * mean, np.sqrt(1 + np.exp(log_var))))
    mixed = np.sum(np.multiply(weight, density), axis=0) / np.sum(weight, axis=0)
    expected = -share @ np.log(mixed) - 0.5 * np.log(2 * np.pi)
    loss, _ = _loss(shape, _Data(z, mean, centred, share), parameters)
    assert loss == pytest.approx(expected, rel=1e-12)


def test_the_noise_variance_is_found_where_it_is_free(rng):
    n = 200_000
    magnitude = rng.normal(0, 1, n)
    z = rng.normal(0, 1, n) * np.sqrt(1.3 + np.exp(magnitude))
    trust = calibrate(
        z, np.zeros(n), magnitude[:, None], np.ones(n), Shape(0, free_noise=True)
    )
    assert trust.parameters[1] == pytest.approx(1.3, abs=0.05)
    assert trust.slopes == pytest.approx([1.0], abs=0.05)


def test_a_mixture_recovers_its_softmax_weights(rng):
    n = 200_000
    magnitude = rng.normal(0, 1, n)
    logit = -3 + 0.9 * magnitude
    is_slab = rng.random(n) < 1 / (1 + np.exp(-logit))
    z = rng.normal(0, 1, n) + is_slab * rng.normal(0, 4, n)
    trust = calibrate(z, np.zeros(n), magnitude[:, None], np.ones(n), Shape(1))
    prior = trust.moments(np.zeros(n), magnitude[:, None])
    assert np.allclose(np.log(prior.prob / (1 - prior.prob)), logit, atol=0.3)
    assert prior.var == pytest.approx(np.full(n, 16), rel=0.1)
    # the right shape describes the data better than a normal of varying variance
    normal = calibrate(z, np.zeros(n), magnitude[:, None], np.ones(n), Shape(0))
    assert trust.log_likelihood > normal.log_likelihood + 1000


def test_variants_of_weight_zero_do_not_count(rng):
    n = 2000
    z, magnitude = rng.normal(0, 2, n), rng.normal(0, 1, (n, 1))
    weight = (rng.random(n) < 0.7).astype(float)
    for shape in (Shape(0), Shape(2)):
        one = calibrate(z, np.zeros(n), magnitude, weight, shape)
        other = np.where(weight > 0, z, 50.0)
        assert np.array_equal(
            one.parameters,
            calibrate(other, np.zeros(n), magnitude, weight, shape).parameters,
        )


def test_the_predictive_density_integrates_to_one():
    z = np.linspace(-60, 60, 200_001)
    prior = Moments(*(np.full(z.size, value) for value in (1.5, 9.0, 0.3)))
    density = np.exp(log_predictive(z, prior)) / np.sqrt(2 * np.pi)
    assert np.trapezoid(density, z) == pytest.approx(1, abs=1e-9)


def test_principal_axes_are_those_of_the_centred_embedding(rng):
    x = rng.normal(2, 1, (3000, 6)) @ rng.normal(0, 1, (6, 6))
    axes = principal_axes(np.array_split(x, 4), 6, 3)
    projected = axes.apply(x)
    values = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    assert np.allclose(projected.mean(axis=0), 0, atol=1e-9)
    assert np.allclose(np.linalg.norm(projected, axis=0), values[:3])
    assert np.allclose(projected.T @ projected, np.diag(values[:3] ** 2), atol=1e-6)


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

    def fit(self, z=None, model="auto"):
        z = self.z if z is None else z
        x = np.column_stack([self.covariates, self.vectors]).astype(np.float32)
        convolved = x.copy()
        convolved[:, 2:] = (x[:, 2:] + np.roll(x[:, 2:], 1, axis=0)) / 2
        size = z.size
        ld = csr_array(
            eye_array(size) + 0.5 * eye_array(size, k=1) + 0.5 * eye_array(size, k=-1)
        )
        features = [
            Features("own", x, x, 2),
            Features("convolved", convolved, self.vectors, 2, ld.astype(np.float32)),
        ]
        ones = np.ones(z.size)
        return cross_fit(z, self.covariates, features, ones, self.folds, model=model)


MODELS = ["covariates", "ridge", "ldscore", "mixture", "auto"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("n_chromosomes", [1, 5])
def test_no_prior_sees_its_own_fold_nor_the_guard_around_it(rng, n_chromosomes, model):
    study = Study(rng, n_chromosomes, signal=1.0)
    prior = study.fit(model=model)
    for fold in range(study.folds.train.shape[0]):
        hidden = ~study.folds.train[fold][study.folds.unit]
        mine = study.folds.fold == fold
        z = np.where(hidden, rng.normal(0, 30, hidden.size), study.z)
        other = study.fit(z, model=model)
        for one, two in zip(
            [*prior.moments, *prior.covariates],
            [*other.moments, *other.covariates],
            strict=True,
        ):
            assert np.array_equal(one[mine], two[mine])
        assert not np.array_equal(prior.moments.var[~mine], other.moments.var[~mine])


@pytest.mark.parametrize("model", MODELS[1:])
def test_signal_in_the_embedding_is_found(rng, model):
    study = Study(rng, 6, signal=1.0)
    prior = study.fit(model=model)
    moments = prior.moments
    expected = {"auto": {"ridge"}}.get(model, {model})
    assert {report.model for report in prior.reports} == expected
    size = np.log(moments.prob * moments.var)
    least = 0.5 if model == "ldscore" else 0.8
    assert np.corrcoef(moments.mean, study.vectors[:, 0])[0, 1] > least
    assert np.corrcoef(size, study.vectors[:, 1])[0, 1] > least
    assert np.all(2 * np.abs(moments.mean) / moments.var <= 1 + 1e-12)
    gain = log_predictive(study.z, moments) - log_predictive(study.z, prior.covariates)
    assert gain.mean() > 0.02


def test_noise_in_the_embedding_is_ignored(rng):
    prior = Study(rng, 6, signal=0.0).fit()
    moments, reference = prior.moments, prior.covariates
    assert np.mean([report.model == "covariates" for report in prior.reports]) > 0.5
    assert np.abs(np.log(moments.var / reference.var)).mean() < 0.02
    assert np.abs(moments.mean).max() < 0.3


def test_an_unknown_model_is_refused(rng):
    with pytest.raises(ValueError, match="model must be one of auto, covariates"):
        Study(rng, 5, signal=0.0).fit(model="magic")


def test_flipping_every_allele_flips_the_mean(rng):
    study = Study(rng, 5, signal=1.0)
    plus, minus = study.fit(), study.fit(-study.z)
    assert np.allclose(plus.moments.mean, -minus.moments.mean, atol=1e-9)
    assert np.allclose(plus.moments.var, minus.moments.var, rtol=1e-9)


def test_the_product_for_accelerators_is_that_for_processors(rng):
    x = rng.normal(0, 1, (300, 20)).astype(np.float32)
    on_device = np.asarray(product_on_device(jnp.asarray(x.T), jnp.asarray(x)))
    assert np.allclose(on_device, product(x.T, x), rtol=1e-5, atol=1e-4)
