r"""LD score regression: confounding, polygenicity and the overlap of two studies.

.. math:: E[z_{1j} z_{2j}] = c_{12} + \frac{\sqrt{N_{1j} N_{2j}}}{M} \ell_j g_{12}

with LD scores l over M variants, a genetic covariance g (the heritability where the two
studies are one) and an intercept c: 1 without confounding where they are one, and 0
where two studies share no people.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

Variants = Float[np.ndarray, " variant"]
PerVariant = Float[np.ndarray, " variant"] | float | int

_BLOCKS = 200
_REWEIGHTINGS = 3
# expected chi-squares in the weights are at least this
_LEAST_VARIANCE = 0.1


class LdscFit(NamedTuple):
    """Regression of the chi-squares of one study on LD scores."""

    intercept: float
    intercept_se: float
    heritability: float
    """Of the M variants, on the observed scale."""
    heritability_se: float
    mean_chi2: float


class CrossTraitFit(NamedTuple):
    """Regression of the products of two studies' z-scores on LD scores."""

    intercept: float
    """Correlation that the two z-scores of a null variant have: shared people."""
    intercept_se: float
    genetic_covariance: float
    genetic_covariance_se: float
    overlap: float
    """rho = c12 / c11: z2 - rho z1 is not correlated with z1 at a null variant."""
    overlap_se: float
    first: LdscFit
    second: LdscFit


class _Jackknife(NamedTuple):
    """An intercept and a slope, and both without each block in turn."""

    intercept: float
    slope: float
    intercepts: Float[np.ndarray, " block"]
    slopes: Float[np.ndarray, " block"]


class _Design(NamedTuple):
    """What all regressions of one call share."""

    information: Variants
    """1 / (LD among the variants of the regression): they are not independent."""
    block: Int[np.ndarray, " variant"]


# the variance of y given intercept and slope, up to a factor
Variance = Callable[[float, float], Variants]


def ldsc_intercept(
    z: Variants,
    ld_score: Variants,
    n: PerVariant,
    n_reference: float | int | None = None,
    *,
    regression_ld: Variants | None = None,
    block: Int[np.ndarray, " variant"] | None = None,
    chi2_max: float = 30.0,
) -> LdscFit:
    r"""Intercept and heritability by univariate LD score regression in two steps.

    The intercept comes from the variants with :math:`\chi^2` below `chi2_max`, the slope
    from all variants given that intercept; both with weights
    :math:`1 / (\ell_j (c + N_j h^2 \ell_j / M)^2)`. Standard errors by a jackknife of
    blocks. Where most variants are strongly associated, `chi2_max` cuts into the bulk and
    biases the intercept downwards; raise it then.

    Parameters
    ----------
    z
        Z-scores, in the order of the genome.
    ld_score
        LD scores of an independent panel; those below 1 count as 1.
    n
        Sample size, of the study or per variant.
    n_reference
        Number M of variants that the LD scores sum over; None for those given. It scales
        the heritability only.
    regression_ld
        LD scores over the variants of the regression alone, for the weights; None takes
        `ld_score`.
    block
        Block of each variant, for the jackknife; None cuts 200 runs of equal size.
    chi2_max
        Largest chi-square of the first step.

    References
    ----------
    Bulik-Sullivan, B. K. et al. (2015). LD score regression distinguishes confounding from
    polygenicity in genome-wide association studies. Nature Genetics 47, 291-295.
    """
    ld, design = _design(ld_score, regression_ld, block, {"z": z})
    x = _information(n, ld, n_reference)
    return _describe(z, _univariate(z, x, design, chi2_max))


def cross_trait_intercept(
    z1: Variants,
    z2: Variants,
    ld_score: Variants,
    n1: PerVariant,
    n2: PerVariant,
    n_reference: float | int | None = None,
    *,
    regression_ld: Variants | None = None,
    block: Int[np.ndarray, " variant"] | None = None,
    chi2_max: float = 30.0,
) -> CrossTraitFit:
    r"""Overlap and genetic covariance of two studies by LD score regression.

    As `ldsc_intercept`, for the products :math:`z_{1j} z_{2j}`, whose variance is the
    product of both expected chi-squares plus the square of the expected product. The
    z-scores of both studies point towards the same alleles.

    Parameters
    ----------
    z1, z2
        Z-scores of two studies at the same variants, in the order of the genome.
    n1, n2
        Sample sizes, of the studies or per variant.
    ld_score, n_reference, regression_ld, block, chi2_max
        See `ldsc_intercept`.

    References
    ----------
    Bulik-Sullivan, B. et al. (2015). An atlas of genetic correlations across human diseases
    and traits. Nature Genetics 47, 1236-1241.
    """
    ld, design = _design(ld_score, regression_ld, block, {"z1": z1, "z2": z2})
    x1, x2 = (_information(n, ld, n_reference) for n in (n1, n2))
    one, two = (_univariate(z, x, design, chi2_max) for z, x in ((z1, x1), (z2, x2)))
    x = np.sqrt(x1 * x2)
    own = _expected(one, x1) * _expected(two, x2)

    def variance(intercept: float, slope: float) -> Variants:
        return own + (intercept + slope * x) ** 2

    inlier = np.maximum(z1 * z1, z2 * z2) < chi2_max
    both = _two_steps(x, z1 * z2, variance, inlier, 0.0, design)
    return CrossTraitFit(
        both.intercept,
        _standard_error(both.intercepts),
        both.slope,
        _standard_error(both.slopes),
        both.intercept / one.intercept,
        _standard_error(both.intercepts / one.intercepts),
        _describe(z1, one),
        _describe(z2, two),
    )


def _design(
    ld_score: Variants,
    regression_ld: Variants | None,
    block: Int[np.ndarray, " variant"] | None,
    studies: dict[str, Variants],
) -> tuple[Variants, _Design]:
    """LD scores of at least 1, weights, and blocks numbered from 0."""
    weighting = ld_score if regression_ld is None else regression_ld
    named = studies | {"ld_score": ld_score, "regression_ld": weighting}
    for name, values in named.items():
        if not np.isfinite(values).all():
            first = int(np.argmin(np.isfinite(values)))
            raise ValueError(f"{name} must be finite, but {name}[{first}] is not.")
    if block is None:
        block = np.arange(ld_score.size) * min(_BLOCKS, ld_score.size) // ld_score.size
    number = np.unique(block, return_inverse=True)[1]
    if number.size == 0 or number.max() < 2:
        raise ValueError("LD score regression needs variants of at least 3 blocks.")
    return np.maximum(ld_score, 1.0), _Design(1 / np.maximum(weighting, 1.0), number)


def _information(n: PerVariant, ld: Variants, n_reference: float | int | None) -> Variants:
    """N l / M of each variant."""
    size = np.broadcast_to(np.asarray(n, float), ld.shape)
    if not np.all(size > 0):
        raise ValueError(f"n must be positive, but n[{int(np.argmin(size > 0))}] is not.")
    return size * ld / (ld.size if n_reference is None else n_reference)


def _univariate(z: Variants, x: Variants, design: _Design, chi2_max: float) -> _Jackknife:
    def variance(intercept: float, slope: float) -> Variants:
        return np.maximum(intercept + max(slope, 0.0) * x, _LEAST_VARIANCE) ** 2

    chi2 = z * z
    return _two_steps(x, chi2, variance, chi2 < chi2_max, 1.0, design)


def _two_steps(
    x: Variants,
    y: Variants,
    variance: Variance,
    inlier: Bool[np.ndarray, " variant"],
    intercept: float,
    design: _Design,
) -> _Jackknife:
    """Intercept from the inliers, then the slope from all variants given the intercept."""
    slope = float((y.mean() - intercept) / x.mean())
    first = _Jackknife(intercept, slope, np.empty(0), np.empty(0))
    for _ in range(_REWEIGHTINGS):
        weight = design.information / variance(first.intercept, first.slope)
        first = _line(x, y, weight * inlier, design.block)
    slope = first.slope
    for _ in range(_REWEIGHTINGS):
        weight = design.information / variance(first.intercept, slope)
        slopes, slope, pull = _ray(x, y - first.intercept, weight, design.block)
    # the second step passes on how uncertain the intercept is
    slopes = slopes - pull * (first.intercepts - first.intercept)
    return _Jackknife(first.intercept, slope, first.intercepts, slopes)


def _line(
    x: Variants, y: Variants, weight: Variants, block: Int[np.ndarray, " variant"]
) -> _Jackknife:
    """Weighted least squares with an intercept, with and without each block."""
    scale = float(x.mean())  # keeps the sums of one size
    u = x / scale
    sums = np.stack(
        [np.bincount(block, weight * part) for part in (u**0, u, u * u, y, u * y)]
    )
    total = sums.sum(axis=1, keepdims=True)
    s0, s1, s2, t0, t1 = np.concatenate([total, total - sums], axis=1)
    determinant = s0 * s2 - s1 * s1
    if not np.all(determinant > 1e-12 * s0 * s2):
        raise ValueError("LD scores that are all equal tell no intercept from a slope.")
    intercept = (s2 * t0 - s1 * t1) / determinant
    slope = (s0 * t1 - s1 * t0) / determinant / scale
    return _Jackknife(float(intercept[0]), float(slope[0]), intercept[1:], slope[1:])


def _ray(
    x: Variants, y: Variants, weight: Variants, block: Int[np.ndarray, " variant"]
) -> tuple[Float[np.ndarray, " block"], float, float]:
    """Slope through the origin, without each block and with all; its gain per unit of y."""
    squares, products = (np.bincount(block, weight * x * part) for part in (x, y))
    total = squares.sum()
    slopes = (products.sum() - products) / (total - squares)
    return slopes, float(products.sum() / total), float(np.sum(weight * x) / total)


def _expected(fit: _Jackknife, x: Variants) -> Variants:
    return np.maximum(fit.intercept + max(fit.slope, 0.0) * x, _LEAST_VARIANCE)


def _describe(z: Variants, fit: _Jackknife) -> LdscFit:
    return LdscFit(
        fit.intercept,
        _standard_error(fit.intercepts),
        fit.slope,
        _standard_error(fit.slopes),
        float(np.mean(z * z)),
    )


def _standard_error(without_block: Float[np.ndarray, " block"]) -> float:
    """Of an estimate, from its values without each block in turn."""
    return float(np.sqrt((without_block.size - 1) * without_block.var()))
