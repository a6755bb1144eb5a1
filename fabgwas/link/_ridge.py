r"""Ridge regression from a Gram matrix, with the penalty by marginal likelihood.

.. math:: y = U a + X b + e, \quad b \sim N(0, \psi^2 I), \quad e \sim N(0, \sigma^2 / w)

with unpenalised covariates U first among the features. Everything is a function of the
cross products, so a fit costs the same for any number of variants.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fabgwas.link._gram import Gram

# ratios psi^2 / sigma^2 are searched between these, in units of one over the mean
# eigenvalue of the penalised cross products
_LOG_RATIO_RANGE = (-16.0, 8.0)
_GRID = 97


class RidgeFit(NamedTuple):
    """Coefficients, residual variance, and the factor of their posterior covariance."""

    coefficients: Float[np.ndarray, " dim"]
    residual_var: float
    """sigma^2: the variance of a target around its prediction."""
    effect_var: float
    """psi^2: the variance of a penalised coefficient."""
    covariance_root: Float[np.ndarray, "dim dim"]
    """C with Cov(coefficients) = C C'."""


def fit_ridge(
    gram: Gram, n_covariates: int, shrinkage: Sequence[float] = (1.0,)
) -> list[list[RidgeFit]]:
    """Fit every target of a Gram matrix that has a single unit, with several penalties.

    The restricted marginal likelihood, in which the covariates have flat priors and the
    weights count as numbers of observations, is maximised over the ratio psi^2 / sigma^2;
    sigma^2 has a closed form given the ratio.

    Parameters
    ----------
    gram
        Cross products summed over the training units.
    n_covariates
        The first features that are not penalised. With no others this is ordinary least
        squares.
    shrinkage
        Multiples of the penalty of the largest likelihood to fit with. Neighbours in LD
        share both text and signal, which a likelihood of independent variants takes for
        proof, so that stronger penalties often predict better.

    Returns
    -------
    For each shrinkage, the fit of each target.

    References
    ----------
    Bryan, J. G. and Hoff, P. D. (2023). Smaller p-values in genomics studies using
    distilled auxiliary information. Biostatistics 24, 193-208.
    """
    freedom = float(gram.weight[0]) - n_covariates
    if freedom <= 0:
        raise ValueError(
            f"{gram.weight[0]:g} weighted variants cannot teach {n_covariates} covariates."
        )
    split = _project_out(gram.xtx[0], gram.xty[0], gram.yty[0], n_covariates)
    return [
        [_fit_target(split, target, freedom, factor) for target in range(gram.yty.shape[1])]
        for factor in shrinkage
    ]


class _Split(NamedTuple):
    """The penalised part in its eigenbasis, with the covariates regressed out."""

    values: Float[np.ndarray, " rest"]
    vectors: Float[np.ndarray, "rest rest"]
    projections: Float[np.ndarray, "rest target"]
    rest: Float[np.ndarray, " target"]
    slope_x: Float[np.ndarray, "covariate rest"]
    slope_y: Float[np.ndarray, "covariate target"]
    inverse_root: Float[np.ndarray, "covariate covariate"]


def _fit_target(split: _Split, target: int, freedom: float, shrinkage: float) -> RidgeFit:
    projections, rest = split.projections[:, target], float(split.rest[target])
    ratio = _best_ratio(split.values, projections, rest, freedom) / shrinkage
    shrunk = ratio / (1 + ratio * split.values)
    sigma2 = (rest - float(shrunk @ projections**2)) / freedom
    sigma2 = max(sigma2, np.finfo(float).tiny)
    b = split.vectors @ (shrunk * projections)
    a = split.slope_y[:, target] - split.slope_x @ b
    b_root = split.vectors * np.sqrt(shrunk)
    root = np.block(
        [
            [split.inverse_root, -split.slope_x @ b_root],
            [np.zeros((b.size, a.size)), b_root],
        ]
    )
    return RidgeFit(np.concatenate([a, b]), sigma2, ratio * sigma2, root * np.sqrt(sigma2))


def _project_out(
    xtx: Float[np.ndarray, "dim dim"],
    xty: Float[np.ndarray, "dim target"],
    yty: Float[np.ndarray, " target"],
    n_covariates: int,
) -> _Split:
    covariates, others = slice(None, n_covariates), slice(n_covariates, None)
    inverse_root = _inverse_root(xtx[covariates, covariates])
    inverse = inverse_root @ inverse_root.T
    slope_x, slope_y = inverse @ xtx[covariates, others], inverse @ xty[covariates]
    schur = xtx[others, others] - xtx[others, covariates] @ slope_x
    score = xty[others] - xtx[others, covariates] @ slope_y
    rest = yty - np.sum(xty[covariates] * slope_y, axis=0)
    values, vectors = np.linalg.eigh((schur + schur.T) / 2)
    values = np.maximum(values, 0.0)
    return _Split(values, vectors, vectors.T @ score, rest, slope_x, slope_y, inverse_root)


def _best_ratio(
    values: Float[np.ndarray, " rest"],
    projections: Float[np.ndarray, " rest"],
    rest: float,
    freedom: float,
) -> float:
    """The ratio psi^2 / sigma^2 of the largest restricted marginal likelihood."""
    if values.size == 0:
        return 0.0
    size = max(float(values.mean()), np.finfo(float).tiny)
    ratios = np.exp(np.linspace(*_LOG_RATIO_RANGE, _GRID)) / size
    growth = 1 + ratios[:, None] * values
    fitted = ratios * np.sum(projections**2 / growth, axis=1)
    sigma2 = np.maximum(rest - fitted, np.finfo(float).tiny) / freedom
    loss = freedom * np.log(sigma2) + np.sum(np.log(growth), axis=1)
    return float(ratios[np.argmin(loss)])


def _inverse_root(
    matrix: Float[np.ndarray, "covariate covariate"],
) -> Float[np.ndarray, "covariate covariate"]:
    """C with C C' the inverse, or the pseudo-inverse where covariates repeat."""
    scale = np.sqrt(np.maximum(np.diag(matrix), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(matrix / scale[:, None] / scale)
    keep = values > 1e-10 * values[-1]
    inverse = np.where(keep, 1 / np.sqrt(np.where(keep, values, 1.0)), 0.0)
    return vectors * inverse / scale[:, None]
