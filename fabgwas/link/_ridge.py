r"""Ridge regression from a Gram matrix, with the penalty by marginal likelihood.

.. math:: y = U a + X b + e, \quad b \sim N(0, \psi^2 I), \quad e \sim N(0, \sigma^2 / w)

with unpenalised covariates U first among the features. Everything is a function of the
cross products, so a fit costs the same for any number of variants.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fabgwas.link._folds import TooFewVariantsError
from fabgwas.link._gram import Gram

# ratios psi^2 / sigma^2 are searched between these, in units of one over the mean
# eigenvalue of the penalised cross products
_LOG_RATIO_RANGE = (-16.0, 8.0)
_GRID = 97
_TINY = np.finfo(np.float64).tiny


class Basis(NamedTuple):
    """Eigenbasis of the penalised features, with the covariates regressed out of them."""

    values: Float[np.ndarray, " rest"]
    vectors: Float[np.ndarray, "rest rest"]
    slope_x: Float[np.ndarray, "covariate rest"]
    inverse_root: Float[np.ndarray, "covariate covariate"]


class RidgeFit(NamedTuple):
    """Fits of each target with each of several penalties."""

    coefficients: Float[np.ndarray, "penalty target dim"]
    residual_var: Float[np.ndarray, "penalty target"]
    """sigma^2: the variance of a target around its prediction."""
    effect_var: Float[np.ndarray, "penalty target"]
    """psi^2: the variance of a penalised coefficient."""
    basis: Basis

    def covariance_root(self, penalty: int, target: int) -> Float[np.ndarray, "dim dim"]:
        """C with Cov(coefficients) = C C', for one target and penalty."""
        sigma2, psi2 = self.residual_var[penalty, target], self.effect_var[penalty, target]
        basis = self.basis
        b_root = basis.vectors * np.sqrt(psi2 / (1 + psi2 / sigma2 * basis.values))
        a_root = basis.inverse_root * np.sqrt(sigma2)
        nothing = np.zeros((b_root.shape[0], a_root.shape[1]))
        return np.block([[a_root, -basis.slope_x @ b_root], [nothing, b_root]])


class _Split(NamedTuple):
    """The penalised part in its eigenbasis, with the covariates regressed out."""

    values: Float[Array, " rest"]
    vectors: Float[Array, "rest rest"]
    projections: Float[Array, "rest target"]
    rest: Float[Array, " target"]
    slope_x: Float[Array, "covariate rest"]
    slope_y: Float[Array, "covariate target"]
    inverse_root: Float[Array, "covariate covariate"]


_Fit = tuple[Array, Array, Array, tuple[Array, Array, Array, Array]]
"""A `RidgeFit` on the device."""


def fit_ridge(
    gram: Gram, n_covariates: int, shrinkage: Sequence[float] = (1.0,)
) -> RidgeFit:
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

    References
    ----------
    Bryan, J. G. and Hoff, P. D. (2023). Smaller p-values in genomics studies using
    distilled auxiliary information. Biostatistics 24, 193-208.
    """
    freedom = float(gram.weight[0]) - n_covariates
    if freedom <= 0:
        raise TooFewVariantsError(
            f"{gram.weight[0]:g} weighted variants outside a fold and its neighbourhood "
            f"cannot teach {n_covariates} covariates: test more LD blocks at once."
        )
    with jax.enable_x64(True):
        products = (gram.xtx[0], gram.xty[0], gram.yty[0])
        fit = _fit(*products, freedom, np.asarray(shrinkage), n_covariates)
        coefficients, residual_var, effect_var, basis = jax.tree.map(np.asarray, fit)
        return RidgeFit(coefficients, residual_var, effect_var, Basis(*basis))


@partial(jax.jit, static_argnames="n_covariates")
def _fit(
    xtx: Float[Array, "dim dim"],
    xty: Float[Array, "dim target"],
    yty: Float[Array, " target"],
    freedom: Float[Array, ""],
    shrinkage: Float[Array, " penalty"],
    n_covariates: int,
) -> _Fit:
    split = _project_out(xtx, xty, yty, n_covariates)
    best = jax.vmap(_best_ratio, in_axes=(None, 1, 0, None))(
        split.values, split.projections, split.rest, freedom
    )
    return _fit_targets(split, best / shrinkage[:, None], freedom)


def _fit_targets(
    split: _Split, ratio: Float[Array, "penalty target"], freedom: Float[Array, ""]
) -> _Fit:
    """All targets and penalties, each with its own ratio."""
    shrunk = ratio[..., None] / (1 + ratio[..., None] * split.values)
    explained = jnp.sum(shrunk * split.projections.T**2, axis=-1)
    sigma2 = jnp.maximum((split.rest - explained) / freedom, _TINY)
    b = (shrunk * split.projections.T) @ split.vectors.T
    a = split.slope_y.T - b @ split.slope_x.T
    basis = (split.values, split.vectors, split.slope_x, split.inverse_root)
    return jnp.concatenate([a, b], axis=-1), sigma2, ratio * sigma2, basis


def _project_out(
    xtx: Float[Array, "dim dim"],
    xty: Float[Array, "dim target"],
    yty: Float[Array, " target"],
    n_covariates: int,
) -> _Split:
    covariates, others = slice(None, n_covariates), slice(n_covariates, None)
    inverse_root = _inverse_root(xtx[covariates, covariates])
    inverse = inverse_root @ inverse_root.T
    slope_x, slope_y = inverse @ xtx[covariates, others], inverse @ xty[covariates]
    schur = xtx[others, others] - xtx[others, covariates] @ slope_x
    score = xty[others] - xtx[others, covariates] @ slope_y
    rest = yty - jnp.sum(xty[covariates] * slope_y, axis=0)
    values, vectors = jnp.linalg.eigh((schur + schur.T) / 2)
    values = jnp.maximum(values, 0.0)
    return _Split(values, vectors, vectors.T @ score, rest, slope_x, slope_y, inverse_root)


def _best_ratio(
    values: Float[Array, " rest"],
    projections: Float[Array, " rest"],
    rest: Float[Array, ""],
    freedom: Float[Array, ""],
) -> Float[Array, ""]:
    """The ratio psi^2 / sigma^2 of the largest restricted marginal likelihood."""
    if values.size == 0:
        return jnp.zeros(())
    # features that say nothing have no scale, and every ratio does as well
    size = jnp.where(values.mean() > _TINY, values.mean(), 1.0)
    ratios = jnp.exp(jnp.linspace(*_LOG_RATIO_RANGE, _GRID)) / size
    growth = 1 + ratios[:, None] * values
    fitted = ratios * jnp.sum(projections**2 / growth, axis=1)
    sigma2 = jnp.maximum(rest - fitted, _TINY) / freedom
    loss = freedom * jnp.log(sigma2) + jnp.sum(jnp.log(growth), axis=1)
    return ratios[jnp.argmin(loss)]


def _inverse_root(
    matrix: Float[Array, "covariate covariate"],
) -> Float[Array, "covariate covariate"]:
    """C with C C' the inverse, or the pseudo-inverse where covariates repeat."""
    scale = jnp.sqrt(jnp.maximum(jnp.diag(matrix), _TINY))
    values, vectors = jnp.linalg.eigh(matrix / scale[:, None] / scale)
    keep = values > 1e-10 * values[-1]
    inverse = jnp.where(keep, 1 / jnp.sqrt(jnp.where(keep, values, 1.0)), 0.0)
    return vectors * inverse / scale[:, None]
