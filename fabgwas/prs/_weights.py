r"""Mixture weights that depend on features of the variant.

.. math:: w_c(x) \propto \exp(a_c + s_c \, x' \beta), \quad \beta \sim N(0, \Lambda^{-1}),

where the spike has :math:`s = 0` and the scores s of the slabs say which of them the
features favour. Given the evidence L for each slab, the penalised log-likelihood
:math:`\sum_k \log \sum_c w_c(x_k) L_{kc}` is raised by Newton steps whose Hessian is the
sum of the squared gradients of the variants: variants that tell nothing count nothing.
"""

from functools import reduce
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fabgwas.link._device import self_product

_FARTHEST_STEP = 0.5
_HALVINGS = 6
_ROWS = 65_536
Column = Float[Array, " variant"]
Components = Float[Array, "variant component"]


class Weights(NamedTuple):
    """Parameters of the weights; spike first."""

    base: Float[np.ndarray, " component"]
    scores: Float[np.ndarray, " component"]
    beta: Float[np.ndarray, " dim"]


@jax.jit
def log_weights(
    base: Float[Array, " component"],
    scores: Float[Array, " component"],
    linear: Float[Array, "*variant"],
) -> Float[Array, "*variant component"]:
    """Logarithms of the weights, given x' beta."""
    return jax.nn.log_softmax(base + scores * linear[..., None], axis=-1)


@jax.jit
def slopes(
    base: Float[Array, " component"],
    scores: Float[Array, " component"],
    linear: Float[Array, "variant ..."],
    log_bayes: Components,
) -> tuple[Float[Array, "variant ..."], Float[Array, "variant ..."]]:
    """Log-likelihood of each variant, and its derivative in x' beta."""
    prior = [b + s * linear for b, s in zip(base, scores, strict=True)]
    evidence = log_bayes.T.reshape(-1, linear.shape[0], *(1 for _ in linear.shape[1:]))
    joint = [a + b for a, b in zip(prior, evidence, strict=True)]
    (before, expected), (after, found) = _sum_up(prior, scores), _sum_up(joint, scores)
    return after - before, found - expected


def expected_scores(
    base: Float[Array, " component"],
    scores: Float[Array, " component"],
    linear: Float[Array, "*variant"],
) -> Float[Array, "*variant"]:
    """Mean score under the weights, which is the weight of all slabs if theirs is 1."""
    return _sum_up([b + s * linear for b, s in zip(base, scores, strict=True)], scores)[1]


def _sum_up(
    logs: list[Float[Array, "*variant"]], scores: Float[Array, " component"]
) -> tuple[Float[Array, "*variant"], Float[Array, "*variant"]]:
    """Logarithm of the sum of the components' weights, and their mean score.

    Component by component, which is several times as fast as along a short axis.
    """
    top = reduce(jnp.maximum, logs)
    parts = [jnp.exp(log - top) for log in logs]
    total = reduce(jnp.add, parts)
    scored = reduce(jnp.add, [s * part for s, part in zip(scores, parts, strict=True)])
    return top + jnp.log(total), scored / total


def curvature(
    x: Float[Array | np.ndarray, "variant dim"],
    slope: Float[Array | np.ndarray, " variant"],
) -> Float[np.ndarray, "dim dim"]:
    """Sum of the squared gradients of the variants."""
    rows, factor = np.asarray(x), np.asarray(slope)[:, None]
    total = np.zeros((rows.shape[1], rows.shape[1]))
    # in parts, as a copy of all features may be gigabytes
    for start in range(0, len(rows), _ROWS):
        part = slice(start, start + _ROWS)
        total += self_product(rows[part] * factor[part])
    return total


def improve(
    weights: Weights,
    x: Float[Array, "variant dim"],
    log_bayes: Components,
    penalty: Float[np.ndarray, "dim dim"],
    hessian: Float[np.ndarray, "dim dim"] | None = None,
) -> tuple[Weights, Float[np.ndarray, "dim dim"]]:
    """One Newton step in beta, halved until it raises the penalised log-likelihood.

    Parameters
    ----------
    weights
        Where to begin.
    x
        Features without a constant.
    log_bayes
        Log Bayes factor of each component of each variant; that of the spike is 0.
    penalty
        Lambda.
    hessian
        That of an earlier step, to save its computation.

    Returns
    -------
    The better weights, and the Hessian that was used.
    """
    base, scores = jnp.asarray(weights.base), jnp.asarray(weights.scores)

    def evaluate(beta: Float[np.ndarray, " dim"]) -> tuple[float, Column]:
        value, slope = slopes(base, scores, x @ jnp.asarray(beta, x.dtype), log_bayes)
        total = float(np.sum(np.asarray(value), dtype=np.float64))
        return total - 0.5 * float(beta @ penalty @ beta), slope

    here, slope = evaluate(weights.beta)
    if hessian is None:
        hessian = curvature(x, slope)
    gradient = np.asarray(x.T @ slope, np.float64) - penalty @ weights.beta
    step = np.linalg.solve(hessian + penalty, gradient)
    for _ in range(_HALVINGS):
        if evaluate(weights.beta + step)[0] > here:
            return weights._replace(beta=weights.beta + step), hessian
        step = step / 2
    return weights, hessian


def damp(
    change: Float[np.ndarray, "*step dim"], far: Float[np.ndarray, "*step 1"] | float
) -> Float[np.ndarray, "*step dim"]:
    """A shorter step where one would move log odds by more than half a unit.

    Where the prior is flat, variants tell little of its curvature, and a whole Newton step
    goes too far. Features are uncorrelated, of variance 1: a change of beta is as long as
    the standard deviation of that of x' beta.
    """
    return change * (_FARTHEST_STEP / np.maximum(far, _FARTHEST_STEP))


def rebalance(
    weights: Weights, linear: Column, probability: Float[np.ndarray, " slab"]
) -> Weights:
    """Shift the intercepts towards the sums of posterior probabilities of the slabs."""
    log_w = log_weights(jnp.asarray(weights.base), jnp.asarray(weights.scores), linear)
    expected = np.sum(np.asarray(jnp.exp(log_w)), axis=0, dtype=np.float64)
    spike = linear.shape[0] - probability.sum()
    sums = np.concatenate([[spike], probability])
    tiny = np.finfo(np.float32).tiny
    base = weights.base + np.log(np.maximum(sums, tiny) / np.maximum(expected, tiny))
    return weights._replace(base=base - base[0])
