"""Size of the tests under the LD of real people, with what other people tell of that LD.

Z-scores are drawn with the LD of one half of a panel of 1000 Genomes, shrunk so that it has
full rank; LD scores, and the LD that set tests use, come from the other half.
"""

from typing import NamedTuple

import numpy as np
import pytest
from scipy.sparse import block_diag, csr_array
from scipy.special import log_ndtr

import fabgwas as fg
from fabgwas.fab import kernel_test, variance_kernel
from fabgwas.io import open_genotypes
from fabgwas.ld import (
    assign_blocks,
    block_correlation,
    cross_trait_intercept,
    ld_scores,
    shrinkage_intensity,
    standardise,
)
from fabgwas.link import Features, cross_fit, make_folds

STEP, DIM, SETS = 4, 4, 60
pytestmark = pytest.mark.slow


class Chromosome(NamedTuple):
    """Chromosome 22 as two halves of a panel see it."""

    pos: np.ndarray
    block: np.ndarray
    roots: list[np.ndarray]
    """Cholesky factor of the LD of each block, in the first half of the people."""
    ld: list[np.ndarray]
    """LD of each block in the other half, shrunk."""
    ld_score: np.ndarray
    """Of the other half."""

    def noise(self, rng: np.random.Generator, size: int = 1) -> np.ndarray:
        """Z-scores without effects, [set, variant]."""
        parts = [rng.standard_normal((size, len(root))) @ root.T for root in self.roots]
        return np.concatenate(parts, axis=1)

    def convolve(self, b: np.ndarray) -> np.ndarray:
        """E z of causal effects."""
        cuts = np.flatnonzero(np.diff(self.block)) + 1
        parts = zip(self.roots, np.split(b, cuts), strict=True)
        return np.concatenate([root @ (root.T @ part) for root, part in parts])


@pytest.fixture(scope="module")
def chromosome(shared_data) -> Chromosome:
    genotypes = open_genotypes(shared_data / "height_ukb_fastgwa_chr22" / "1000G_eur_chr22")
    dosage = genotypes.dosage(0, genotypes.n_variants)
    freq = dosage.mean(axis=0) / 2
    halves = [dosage[::2], dosage[1::2]]
    varies = np.all([half.std(axis=0) > 0 for half in halves], axis=0)
    chosen = np.flatnonzero(varies & (np.minimum(freq, 1 - freq) > 0.05))[::STEP]
    pos = genotypes.variants["pos"].to_numpy()[chosen].astype(np.int64)
    one, other = (half[:, chosen] for half in halves)
    block = assign_blocks(np.full(pos.size, 22), pos, "GRCh37")
    shrunk = []
    for half in (one, other):
        parts = [standardise(half[:, block == number]).x for number in np.unique(block)]
        shrunk.append(
            [block_correlation(x, shrinkage_intensity(x)).astype(float) for x in parts]
        )
    scores = ld_scores(lambda a, b: other[:, a:b], np.full(pos.size, 22), pos)
    roots = [np.linalg.cholesky(ld) for ld in shrunk[0]]
    return Chromosome(pos, block, roots, shrunk[1], np.maximum(scores.score, 1.0))


def within_five_errors(rates: list[float], level: float) -> bool:
    """Whether the mean rate is at its level; over sets, because LD ties variants."""
    error = np.std(rates, ddof=1) / np.sqrt(len(rates))
    assert error < level / 2  # enough sets that this means something
    return bool(abs(np.mean(rates) - level) <= 5 * error)


def features_of(chromosome: Chromosome, covariates, vectors) -> list[Features]:
    """The variants' own, and sums over the LD that the other half of the people have."""
    x = np.column_stack([covariates, vectors])
    mean = x.copy()
    for number, ld in zip(np.unique(chromosome.block), chromosome.ld, strict=True):
        rows = chromosome.block == number
        mean[rows, 2:] = ld @ vectors[rows]
    squared = block_diag([ld * ld for ld in chromosome.ld], "csr").astype(np.float32)
    return [
        Features("own", x, x, 2),
        Features("convolved", mean, vectors, 2, csr_array(squared)),
    ]


@pytest.mark.parametrize(
    ("model", "signal"),
    [("auto", "nowhere")]
    + [(model, "in the other folds") for model in ("auto", "ridge", "ldscore", "mixture")],
)
def test_learned_priors(chromosome: Chromosome, rng, model: str, signal: str) -> None:
    # five runs of LD blocks are the folds; the third is tested
    size = chromosome.pos.size
    folds = make_folds(np.full(size, 22), chromosome.pos, chromosome.block)
    tested = folds.fold == 2
    covariates = np.column_stack([np.ones(size), np.log(chromosome.ld_score)])
    rates: dict[tuple[str, float], list[float]] = {}
    shapes = []
    for _ in range(SETS):
        vectors = rng.standard_normal((size, DIM))
        z = chromosome.noise(rng)[0]
        if signal != "nowhere":
            b = rng.normal(vectors[:, 0], np.exp(vectors[:, 1])) * (rng.random(size) < 0.1)
            z = z + np.where(tested, 0.0, chromosome.convolve(b))
        features = features_of(chromosome, covariates, vectors)
        weight = 1 / chromosome.ld_score
        prior = cross_fit(z, covariates, features, weight, folds, model=model)
        mean, var, prob = (part[tested] for part in prior.moments)
        shapes.append(np.std(prob * var) / np.mean(prob * var))
        utility = 1 / chromosome.ld_score[tested]
        columns = {
            "fab": fg.fab_log_pvalues(z[tested], mean, var),
            "family": fg.family_log_pvalues(
                z[tested], mean, var, np.zeros(mean.size), prob, utility
            ),
        }
        for name, log_p in columns.items():
            for level in (0.5, 0.05):
                rates.setdefault((name, level), []).append(np.mean(log_p <= np.log(level)))
    for (_, level), found in rates.items():
        assert within_five_errors(found, level)
    if signal != "nowhere":
        assert np.median(shapes) > 0.05  # the priors are not flat


SHARED = 0.5


def two_studies(
    chromosome: Chromosome, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A study without any effect, and one with many, of partly the same people."""
    noise = chromosome.noise(rng, 2)
    b = rng.normal(0, 3, chromosome.pos.size) * (rng.random(chromosome.pos.size) < 0.1)
    other = SHARED * noise[0] + np.sqrt(1 - SHARED**2) * noise[1]
    return noise[0], chromosome.convolve(b) + other


@pytest.mark.parametrize("level", [0.05, 1e-3])
def test_another_study_as_prior(chromosome: Chromosome, rng, level: float) -> None:
    # the main study is null wherever the other one is not; what they share is taken out
    valid, naive, pooled = [], [], []
    for _ in range(400):
        z, aux = two_studies(chromosome, rng)
        residual = aux - SHARED * z
        valid.append(np.mean(fg.fab_log_pvalues(z, residual, 2.0) <= np.log(level)))
        naive.append(np.mean(fg.fab_log_pvalues(z, aux, 2.0) <= np.log(level)))
        both = (z + aux) / np.sqrt(2 + 2 * SHARED)  # a pooled test, as multi-trait methods
        pooled.append(np.mean(np.log(2) + log_ndtr(-np.abs(both)) <= np.log(level)))
    assert within_five_errors(valid, level)
    assert np.mean(naive) > 1.2 * level
    assert np.mean(pooled) > 3 * level


def test_tails_of_another_study_as_prior(chromosome: Chromosome, rng) -> None:
    """At 5e-8 by importance sampling: z is drawn around the rejection boundary instead."""
    level, sets = 5e-8, 40_000
    ratios: dict[float, list[float]] = {0.0: [], -0.2: []}
    for _ in range(sets // 400):
        for error, found in ratios.items():
            effect = rng.normal(0, 3, 400)
            shift = rng.choice([-5.4, 5.4], 400)
            z = shift + rng.standard_normal(400)
            aux = effect + SHARED * z + np.sqrt(1 - SHARED**2) * rng.standard_normal(400)
            residual = aux - (SHARED + error) * z
            rejected = fg.fab_log_pvalues(z, residual, 2.0) <= np.log(level)
            # density of the null over that of the mixture of two shifted normals
            log_ratio = (
                -0.5 * z**2
                - np.logaddexp(-0.5 * (z - 5.4) ** 2, -0.5 * (z + 5.4) ** 2)
                + np.log(2)
            )
            found.append(float(np.mean(rejected * np.exp(log_ratio))))
    error = np.std(ratios[0.0], ddof=1) / np.sqrt(len(ratios[0.0]))
    assert abs(np.mean(ratios[0.0]) - level) <= 5 * error
    # a correlation that is taken out too little is seen here and hardly at 0.05
    assert np.mean(ratios[-0.2]) > 1.1 * level


def test_overlap_is_estimated_from_the_statistics(chromosome: Chromosome, rng) -> None:
    estimates, errors = [], []
    for _ in range(SETS):
        z, aux = two_studies(chromosome, rng)
        fit = cross_trait_intercept(
            z, aux, chromosome.ld_score, 1e5, 1e5, block=chromosome.block, chi2_max=np.inf
        )
        estimates.append(fit.overlap)
        errors.append(fit.overlap_se)
    error = np.std(estimates, ddof=1) / np.sqrt(SETS)
    assert abs(np.mean(estimates) - SHARED) <= 5 * error
    assert 0.5 < np.mean(errors) / np.std(estimates, ddof=1) < 2  # from some 20 blocks


def test_sets_with_the_ld_of_other_people(chromosome: Chromosome, rng) -> None:
    """Noise of a small panel in R costs set tests some accuracy: here is how much."""
    levels = (0.5, 0.05, 1e-2)
    size = min(40, min(map(len, chromosome.ld)))
    factor = variance_kernel(np.exp(rng.normal(0, 1, size)))
    columns = []
    for root, ld in zip(chromosome.roots, chromosome.ld, strict=True):
        noise = rng.standard_normal((60, len(root))) @ root.T
        log_p = [kernel_test(z[:size], ld[:size, :size], factor).log_pvalue for z in noise]
        columns.append([np.mean(np.array(log_p) <= np.log(level)) for level in levels])
    rates = np.array(columns).mean(axis=0)
    # 190 people, not the 10,000s of a good panel: within a quarter of the level at 0.05
    assert abs(rates[0] - 0.5) < 0.05
    assert abs(rates[1] - 0.05) < 0.0125
    assert abs(rates[2] - 0.01) < 0.006
