"""Size of the FAB test where another study, of overlapping people, informs the prior.

The variants that matter are those without effect on the trait under test but with one on
the other trait: there a method that borrows without care finds the other trait's loci.
"""

import numpy as np
import pytest

import fabgwas as fg
from fabgwas.auxiliary import Auxiliary, Overlap
from fabgwas.features import auxiliary_features
from fabgwas.link import cross_fit, make_folds

PER_BLOCK, LD, OVERLAP = 20, 0.8, 0.4
SIZE, SETS = 10_000, 90
LEVELS = np.array([0.5, 0.05, 1e-3, 1e-4])
pytestmark = pytest.mark.slow


class Traits:
    """Two studies that share people: causal blocks of both traits, of one, and of none."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.block = np.arange(SIZE) // PER_BLOCK
        chrom = np.repeat(np.arange(1, 6), SIZE // 5)
        self.folds = make_folds(chrom, np.arange(1, SIZE + 1), self.block)
        kind = rng.random(self.block[-1] + 1)[self.block]
        self.shared, self.other_only = kind < 0.15, (kind >= 0.15) & (kind < 0.3)
        self.covariates = np.ones((SIZE, 1))

    def noise(self, rng):
        e = rng.standard_normal((SIZE // PER_BLOCK, PER_BLOCK))
        for k in range(1, PER_BLOCK):
            e[:, k] = LD * e[:, k - 1] + np.sqrt(1 - LD**2) * e[:, k]
        return e.ravel()

    def draw(self, rng):
        """z-scores of both studies; effects of the shared blocks are the same."""
        common, own, others = (self.noise(rng) for _ in range(3))
        effect = np.repeat(rng.normal(0, 3, SIZE // PER_BLOCK), PER_BLOCK)
        z = self.shared * effect + np.sqrt(OVERLAP) * common + np.sqrt(1 - OVERLAP) * own
        aux = np.sqrt(OVERLAP) * common + np.sqrt(1 - OVERLAP) * others
        return z, aux + (self.shared | self.other_only) * effect

    def prior(self, z, aux, rho):
        other = Auxiliary("other", Overlap(rho, 0.0), aux, np.arange(SIZE))
        features = [auxiliary_features(self.covariates, other.residual(z)[:, None])]
        weight = np.full(SIZE, 0.2)
        return cross_fit(z, self.covariates, features, weight, self.folds, max_shift=100.0)


def rates(log_p):
    return np.mean(log_p <= np.log(LEVELS)[:, None], axis=1)


def excess(found):
    """Distance of the mean rates from their levels, in standard errors across sets."""
    found = np.array(found)
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    return (found.mean(axis=0) - LEVELS) / np.maximum(error, 1e-12)


def test_variants_with_an_effect_on_the_other_trait_alone_keep_their_size(rng):
    traits = Traits(rng)
    careful, careless, combined = [], [], []
    for number in range(SETS):
        z, aux = traits.draw(rng)
        tested = traits.other_only
        prior = traits.prior(z, aux, OVERLAP)
        assert {report.model for report in prior.reports} == {"auxiliary"}
        log_p = fg.fab_log_pvalues(z, prior.moments.mean, prior.moments.var)
        careful.append(rates(log_p[tested]))
        if number < 30:
            # as if no people were shared: the prior knows the noise of z
            leaky = traits.prior(z, aux, 0.0).moments
            careless.append(rates(fg.fab_log_pvalues(z, leaky.mean, leaky.var)[tested]))
            # the estimator of least variance under one correlation of all effects
            both = (z + aux) / np.sqrt(2 * (1 + OVERLAP))
            combined.append(rates(fg.fab_log_pvalues(both, 0.0, 1.0)[tested]))
    assert np.all(np.abs(excess(careful)) <= 5)
    assert np.abs(excess(careless)).max() > 5
    assert excess(combined).min() > 5


def test_the_other_study_helps_where_effects_are_shared(rng):
    traits = Traits(rng)
    ratio = []
    for _ in range(20):
        z, aux = traits.draw(rng)
        prior = traits.prior(z, aux, OVERLAP).moments
        fab = fg.fab_log_pvalues(z, prior.mean, prior.var)[traits.shared]
        usual = fg.fab_log_pvalues(z, 0.0, 1.0)[traits.shared]
        ratio.append(np.mean(fab < np.log(1e-4)) / np.mean(usual < np.log(1e-4)))
    assert np.mean(ratio) > 1 + 5 * np.std(ratio, ddof=1) / np.sqrt(len(ratio))


def test_the_family_keeps_its_level_over_whole_folds(rng):
    # the trait under test has no effect anywhere; the other has many
    traits = Traits(rng)
    traits.other_only |= traits.shared
    traits.shared[:] = False
    found = []
    for _ in range(SETS // 3):
        z, aux = traits.draw(rng)
        mean, var, prob = traits.prior(z, aux, OVERLAP).moments
        log_p = fg.family_log_pvalues(z, mean, var, traits.folds.fold, prob)
        found.append(rates(log_p)[:3])
    error = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    assert np.all(np.abs(np.mean(found, axis=0) - LEVELS[:3]) <= 5 * error)
