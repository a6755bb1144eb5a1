"""Newton steps of stochastic EM, whose curvature is the sum of squared gradients.

EM hardly moves where single variants tell little: posterior probabilities are then those of
the prior, whatever that is. The gradient of the log evidence is the same as EM's; its
squares, summed over parts of the data, tell how much the data know of a parameter.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from fabgwas.prs._ascent import Column, Prior
from fabgwas.prs._features import Whitened
from fabgwas.prs._sample import Sums
from fabgwas.prs._variational import weigh
from fabgwas.prs._weights import Weights, curvature, damp, rebalance

# of a logarithm around its value at the beginning: it keeps what the data do not tell
_SPREAD = 1.0


class Gate:
    """Damped steps for the coefficients of the features.

    The features shift weight between variants: how much there is, and the variances, stay
    as they settled without them, because what features cannot explain would move them.
    """

    def __init__(self, features: Whitened, penalty: Float[np.ndarray, "dim dim"]) -> None:
        self._x = features.on_device()
        self._penalty = penalty

    def step(
        self, weights: Weights, prior: Prior, sums: Sums, length: float
    ) -> tuple[Weights, Prior]:
        """Better weights, and the prior that they give."""
        beta = weights.beta if weights.beta.size else np.zeros(len(self._penalty))
        slope = sums.probability.sum(axis=1) - any_slab(prior)
        hessian = curvature(self._x, slope) + self._penalty
        gradient = np.asarray(self._x.T @ slope, np.float64) - self._penalty @ beta
        change = length * np.linalg.solve(hessian, gradient)
        beta = beta + damp(change, float(np.linalg.norm(change)))
        linear = self._x @ jnp.asarray(beta, self._x.dtype)
        number = np.asarray(jnp.exp(prior.log_weight[:, 1:])).sum(axis=0, dtype=np.float64)
        weights = rebalance(weights._replace(beta=beta), linear, number)
        return weights, prior._replace(log_weight=weigh(weights, linear))


class SlabSteps:
    r"""Steps for the weights and the variances of the slabs.

    For the log odds a of a slab against the spike and its log variance,

    .. math:: g_a = \sum_k (P_{kc} - w_{kc}), \quad
        g_s = \tfrac12 \sum_k \Big( \frac{E[u_k^2; c]}{n_k s_c} - P_{kc} \Big),

    with posterior probabilities P. Gradients are summed over a block before they are
    squared: neighbours in LD are not independent.
    """

    def __init__(
        self, block: Int[np.ndarray, " variant"], weights: Weights, prior: Prior
    ) -> None:
        self._block = block
        self._anchor = _position(weights, prior)

    def step(
        self, n: Column, weights: Weights, prior: Prior, sums: Sums
    ) -> tuple[Weights, Prior]:
        """Better weights and variances; the weights are the same for all variants."""
        slopes = slab_slopes(n, prior, sums)
        by_block = np.stack([np.bincount(self._block, column) for column in slopes.T])
        here = _position(weights, prior)
        gradient = by_block.sum(axis=1) - (here - self._anchor) / _SPREAD**2
        hessian = by_block @ by_block.T + np.eye(here.size) / _SPREAD**2
        change = np.linalg.solve(hessian, gradient)
        far = float(np.abs(change).max())
        base, log_var = np.split(here + damp(change, far), 2)
        weights = weights._replace(base=np.concatenate([[0.0], base]))
        return weights, prior._replace(
            log_weight=weigh(weights, jnp.zeros_like(n)),
            slab_var=jnp.asarray(np.exp(log_var), n.dtype),
        )


def slab_slopes(
    n: Column, prior: Prior, sums: Sums
) -> Float[np.ndarray, "variant parameter"]:
    """Gradients of the log evidence: log odds of all slabs, then log variances."""
    probability = np.asarray(sums.probability, np.float64)
    square = np.asarray(sums.second / n[:, None], np.float64)
    weight = np.asarray(jnp.exp(prior.log_weight[:, 1:]), np.float64)
    of_variance = (square / np.asarray(prior.slab_var, np.float64) - probability) / 2
    return np.concatenate([probability - weight, of_variance], axis=1)


def any_slab(prior: Prior) -> Column:
    """Prior probability of any slab."""
    return -jnp.expm1(prior.log_weight[:, 0])


def _position(weights: Weights, prior: Prior) -> Float[np.ndarray, " parameter"]:
    """Log odds, and log variances."""
    return np.concatenate([weights.base[1:], np.log(np.asarray(prior.slab_var))])
