import numpy as np
import pytest

from fabgwas.ld import cross_trait_intercept, ldsc_intercept

SETS, BLOCKS, PER_BLOCK = 60, 400, 20
N1, N2, H1, H2, GENETIC, INTERCEPT, SHARED = 3e3, 4e3, 0.4, 0.3, 0.2, 1.1, 0.25


class Genome:
    """Blocks of autoregressive LD, each of its own strength."""

    def __init__(self, rng: np.random.Generator) -> None:
        lag = np.abs(np.subtract.outer(np.arange(PER_BLOCK), np.arange(PER_BLOCK)))
        self.ld = rng.uniform(0, 0.97, (BLOCKS, 1, 1)) ** lag
        self.root = np.linalg.cholesky(self.ld)
        self.size = BLOCKS * PER_BLOCK
        self.ld_score = np.square(self.ld).sum(axis=2).ravel()

    def studies(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Two studies of correlated traits that share some people."""

        def pairs(covariance: list[list[float]]) -> np.ndarray:
            draw = rng.standard_normal((BLOCKS, PER_BLOCK, 2))
            return draw @ np.linalg.cholesky(np.array(covariance)).T

        effect = pairs([[H1, GENETIC], [GENETIC, H2]]) / np.sqrt(self.size)
        noise = self.root @ pairs([[INTERCEPT, SHARED], [SHARED, 1.0]])
        z = self.ld @ effect * np.sqrt([N1, N2]) + noise
        return z[..., 0].ravel(), z[..., 1].ravel()


@pytest.fixture(scope="module")
def fits() -> np.ndarray:
    rng = np.random.default_rng(7)
    genome = Genome(rng)
    rows = []
    for _ in range(SETS):
        fit = cross_trait_intercept(*genome.studies(rng), genome.ld_score, N1, N2)
        rows.append([*fit[:6], *fit.first[:4], *fit.second[:4]])
    return np.array(rows).reshape(SETS, 7, 2)


TRUTH = {
    "intercept": SHARED,
    "genetic covariance": GENETIC,
    "overlap": SHARED / INTERCEPT,
    "intercept of the first": INTERCEPT,
    "heritability of the first": H1,
    "intercept of the second": 1.0,
    "heritability of the second": H2,
}


@pytest.mark.parametrize("name", TRUTH)
def test_estimates_are_unbiased(fits: np.ndarray, name: str) -> None:
    estimate = fits[:, list(TRUTH).index(name), 0]
    error = estimate.std(ddof=1) / np.sqrt(SETS)
    assert abs(estimate.mean() - TRUTH[name]) <= 5 * error


@pytest.mark.parametrize("name", TRUTH)
def test_standard_errors_are_those_of_repeated_studies(fits: np.ndarray, name: str) -> None:
    estimate, error = fits[:, list(TRUTH).index(name)].T
    # a standard deviation of n values has a relative standard error of about 1 / sqrt(2 n)
    assert abs(error.mean() / estimate.std(ddof=1) - 1) <= 5 / np.sqrt(2 * SETS)


def test_one_study_against_itself_is_the_univariate_regression(rng) -> None:
    genome = Genome(rng)
    z, _ = genome.studies(rng)
    single = ldsc_intercept(z, genome.ld_score, N1)
    double = cross_trait_intercept(z, z, genome.ld_score, N1, N1)
    assert double.first == single
    assert double.overlap == pytest.approx(1, abs=1e-2)
    assert single.mean_chi2 == pytest.approx(np.mean(z * z))


def test_swapped_alleles_and_scales_change_what_they_should(rng) -> None:
    genome = Genome(rng)
    z1, z2 = genome.studies(rng)
    sizes = (np.full(z1.size, N1), np.full(z1.size, N2))
    fit = cross_trait_intercept(z1, z2, genome.ld_score, *sizes)
    flip = rng.choice([-1.0, 1.0], z1.size)
    both = cross_trait_intercept(z1 * flip, z2 * flip, genome.ld_score, N1, N2)
    np.testing.assert_allclose(both[:6], fit[:6], rtol=1e-9)
    mirrored = cross_trait_intercept(z1, -z2, genome.ld_score, N1, N2)
    assert mirrored.intercept == pytest.approx(-fit.intercept)
    doubled = ldsc_intercept(z1, genome.ld_score, N1, 2 * z1.size)
    assert doubled.heritability == pytest.approx(2 * fit.first.heritability)
    assert doubled.intercept == pytest.approx(fit.first.intercept)


def test_agrees_with_weighted_least_squares(rng) -> None:
    # no large chi-squares and one block layout: the first step is ordinary WLS
    ld_score = rng.uniform(1, 100, 3000)
    z = rng.standard_normal(3000) * np.sqrt(1 + 0.01 * ld_score)
    fit = ldsc_intercept(z, ld_score, 3000.0, chi2_max=np.inf)
    expected = fit.intercept + fit.heritability * ld_score
    root = np.sqrt(1 / ld_score) / expected
    design = np.column_stack([np.ones(3000), ld_score]) * root[:, None]
    (intercept, slope), *_ = np.linalg.lstsq(design, z * z * root)
    assert fit.intercept == pytest.approx(intercept, rel=2e-3)
    assert fit.heritability == pytest.approx(slope, rel=2e-2)


def test_refuses_what_it_cannot_use(rng) -> None:
    z, ld_score = rng.standard_normal(30), rng.uniform(1, 9, 30)
    with pytest.raises(ValueError, match=r"ld_score must be finite, but ld_score\[3\]"):
        ldsc_intercept(z, np.where(np.arange(30) == 3, np.nan, ld_score), 10)
    with pytest.raises(ValueError, match="at least 3 blocks"):
        ldsc_intercept(z, ld_score, 10, block=np.zeros(30, int))
    with pytest.raises(ValueError, match="n must be positive"):
        ldsc_intercept(z, ld_score, 0)
    with pytest.raises(ValueError, match="all equal"):
        ldsc_intercept(z, np.ones(30), 10)
