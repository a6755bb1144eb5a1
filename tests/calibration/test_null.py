"""Size of the tests where nothing is associated, under LD and with priors that are learned.

Rejection rates are compared with their level in standard errors across independent null
data sets, never across variants, which LD makes dependent. Five of them: a correct program
fails less than once in a million checks.
"""

import numpy as np
import pytest

import fabgwas as fg
from fabgwas.link import Features, Moments, cross_fit, make_folds

PER_BLOCK, LD = 50, 0.9
CHROMOSOMES = [40_000] * 5
LEVELS = (0.5, 0.05, 1e-3, 1e-5)
SETS = 50
pytestmark = pytest.mark.slow


class Genome:
    """Blocks of autoregressive LD on a few chromosomes, with random embeddings."""

    def __init__(self, rng, chromosomes=CHROMOSOMES, dim=4) -> None:
        size = sum(chromosomes)
        self.size, self.dim = size, dim
        chrom = np.repeat(np.arange(1, len(chromosomes) + 1), chromosomes)
        block = np.arange(size) // PER_BLOCK
        self.folds = make_folds(chrom, np.arange(1, size + 1), block)
        self.vectors = rng.normal(0, 1, (size, dim)).astype(np.float32)
        self.covariates = np.column_stack([np.ones(size), rng.normal(0, 1, size)])

    def null_z(self, rng: np.random.Generator) -> np.ndarray:
        noise = rng.standard_normal((self.size // PER_BLOCK, PER_BLOCK))
        for k in range(1, PER_BLOCK):
            noise[:, k] = LD * noise[:, k - 1] + np.sqrt(1 - LD**2) * noise[:, k]
        return noise.ravel()

    def prior(self, z, folds=None, weight=0.1):
        x = np.column_stack([self.covariates, self.vectors]).astype(np.float32)
        folds = self.folds if folds is None else folds
        weights = np.full(self.size, weight)
        features = [Features("own", x, x, 2)]
        return cross_fit(z, self.covariates, features, weights, folds).moments


class Rates:
    """Rejection rates of data sets, to be compared with the levels."""

    def __init__(self, levels=LEVELS) -> None:
        self.levels = np.array(levels)
        self.rates: list[np.ndarray] = []

    def add(self, log_p: np.ndarray) -> None:
        self.rates.append(np.mean(log_p <= np.log(self.levels)[:, None], axis=1))

    def assert_at_their_levels(self) -> None:
        rates = np.array(self.rates)
        error = rates.std(axis=0, ddof=1) / np.sqrt(len(rates))
        assert np.all(np.abs(rates.mean(axis=0) - self.levels) <= 5 * error), (
            rates.mean(axis=0),
            error,
        )
        # enough of them that the check means something
        assert np.all(error < self.levels / 4)


def family(z, prior, folds):
    return fg.family_log_pvalues(z, prior.mean, prior.var, folds.fold, prior.prob)


def test_priors_fitted_to_pure_noise_fold_by_fold(rng):
    genome = Genome(rng)
    fab, weighted = Rates(), Rates()
    for _ in range(SETS):
        z = genome.null_z(rng)
        prior = genome.prior(z)
        fab.add(fg.fab_log_pvalues(z, prior.mean, prior.var))
        weighted.add(family(z, prior, genome.folds))
    fab.assert_at_their_levels()
    weighted.assert_at_their_levels()


def test_signal_in_all_other_folds(rng):
    # the tested fold is null, the prior is learned from strong signal and is far from flat
    genome = Genome(rng, [100_000, 1500, 1500, 1500, 1500])
    tested = genome.folds.fold == 0
    fab, weighted = Rates(), Rates()
    for _ in range(2 * SETS):
        z = genome.null_z(rng)
        effect = genome.vectors[:, 0] + rng.normal(0, 1, genome.size) * np.exp(
            genome.vectors[:, 1]
        )
        prior = genome.prior(np.where(tested, z, z + effect))
        assert (prior.prob * prior.var)[tested].std() > 0.5
        fab.add(fg.fab_log_pvalues(z, prior.mean, prior.var)[tested])
        weighted.add(
            fg.family_log_pvalues(
                z[tested],
                prior.mean[tested],
                prior.var[tested],
                np.zeros(tested.sum()),
                prior.prob[tested],
            )
        )
    fab.assert_at_their_levels()
    weighted.assert_at_their_levels()


@pytest.mark.parametrize("kind", ["absurd", "strong"])
def test_priors_that_are_wrong(rng, kind):
    genome = Genome(rng)
    if kind == "absurd":
        mean = rng.normal(0, 5, genome.size)
        var = np.exp(rng.normal(0, 4, genome.size))
    else:
        mean = np.full(genome.size, 4.0)
        var = np.where(rng.random(genome.size) < 0.01, 20.0, 0.1)
    # the rate of 1e-5 is checked by its sum over a fold, which is known exactly
    fab, weighted = Rates(), Rates(LEVELS[:3])
    for number in range(SETS):
        z = genome.null_z(rng)
        fab.add(fg.fab_log_pvalues(z, mean, var))
        if number < SETS // 2:
            weighted.add(fg.family_log_pvalues(z, mean, var, genome.folds.fold))
    weights = fg.family_weights(mean, var, genome.folds.fold, 1e-5)
    for fold in range(len(CHROMOSOMES)):
        assert weights[genome.folds.fold == fold].mean() == pytest.approx(1, rel=1e-6)
    fab.assert_at_their_levels()
    # the rate over the whole of each fold; single variants are off their level by design
    weighted.assert_at_their_levels()


@pytest.mark.parametrize("kind", ["fitted", "signal elsewhere", "absurd", "strong"])
def test_familywise_error_of_bonferroni(rng, kind):
    size, sets, alpha = 1000, 1000, 0.05
    genome = Genome(rng, [600, 100, 100, 100, 100])
    null = genome.folds.fold == 0 if "signal" in kind else np.ones(size, bool)
    errors = np.zeros(2)
    for _ in range(sets):
        z = genome.null_z(rng)
        z[~null] += 3 * genome.vectors[~null, 0]
        if kind == "absurd":
            prior = Moments(rng.normal(0, 3, size), np.exp(rng.normal(0, 3, size)), None)
        elif kind == "strong":
            var = np.where(rng.random(size) < 0.01, 20.0, 0.1)
            prior = Moments(np.full(size, 4.0), var, None)
        else:
            prior = genome.prior(z)
        tests = family(z, prior, genome.folds), fg.fab_log_pvalues(z, prior.mean, prior.var)
        errors += [log_p[null].min() <= np.log(alpha / size) for log_p in tests]
    # Bonferroni is conservative under LD, so only the upper side is a bound
    bound = alpha * null.mean()
    assert np.all(errors / sets <= bound + 5 * np.sqrt(bound * (1 - bound) / sets))
    assert np.all(errors > 0)


@pytest.mark.parametrize("leak", [False, True])
def test_a_prior_that_sees_its_own_fold_is_caught(rng, leak):
    # many coordinates against few variants, so that a fit remembers what it was shown
    genome = Genome(rng, [100] * 5, dim=250)
    folds = genome.folds
    if leak:
        folds = folds._replace(train=np.ones_like(folds.train))
    rates = []
    for _ in range(40):
        z = genome.null_z(rng)
        prior = genome.prior(z, folds, weight=1.0)
        rates.append(np.mean(family(z, prior, folds) <= np.log(0.05)))
    excess = (np.mean(rates) - 0.05) / (np.std(rates, ddof=1) / np.sqrt(len(rates)))
    assert (excess > 5) if leak else (abs(excess) <= 5)
