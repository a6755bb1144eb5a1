"""How strongly to penalise the features: chosen on LD blocks held out from learning."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from scipy.linalg import cho_factor, cho_solve

from fabgwas.prs._features import Whitened
from fabgwas.prs._weights import Components, Weights, curvature, slopes

# inverse of the variance of x' beta that is expected
_STRENGTHS = (0.25, 0.35, 0.5, 0.7, 1.0, 2.0, 4.0, 16.0)
# how much less is expected of components of small variance
_POWERS = (0.0, 0.5, 1.0)
_STEPS = 4
# log-likelihood that features must gain on held-out blocks before they are used
_LEAST_GAIN = 2.0


class Choice(NamedTuple):
    """The penalty that predicted best, and by how much."""

    penalty: Float[np.ndarray, " dim"]
    strength: float
    power: float
    gain: float
    """Log-likelihood gained on held-out blocks, in nats."""

    @property
    def useful(self) -> bool:
        """Whether the features are worth using."""
        return self.gain > _LEAST_GAIN


def choose_penalty(
    features: Whitened,
    weights: Weights,
    log_bayes: Components,
    fold: Int[np.ndarray, " variant"],
) -> Choice:
    """Learn from all folds but one with many penalties, and test on the one.

    Parameters
    ----------
    features
        Of all variants.
    weights
        Fitted without features.
    log_bayes
        Log Bayes factor of each component of each variant.
    fold
        Numbers 0, 1, ...; no fold splits an LD block.

    Raises
    ------
    ArithmeticError
        If the evidence is not finite.
    """
    x = features.on_device()
    nothing = jnp.zeros(x.shape[0], x.dtype)
    value, slope = slopes(
        jnp.asarray(weights.base), jnp.asarray(weights.scores), nothing, log_bayes
    )
    numbers = range(int(fold.max()) + 1)
    # rows are taken by NumPy: JAX would compile anew for each number of rows
    each = np.asarray(slope)
    hessians = np.stack(
        [curvature(features.x[fold == k], each[fold == k]) for k in numbers]
    )
    if not np.isfinite(hessians).all():
        raise ArithmeticError("the fit diverged: the evidence of variants is not finite.")
    choices = [(strength, power) for power in _POWERS for strength in _STRENGTHS]
    variance = features.variance
    penalties = np.stack([s * variance.size * variance**-p for s, p in choices])
    gain = np.zeros(len(choices))
    for number in numbers:
        test = fold == number
        used = jnp.asarray(~test, x.dtype)[:, None]
        hessian = hessians.sum(axis=0) - hessians[number]
        # some at once, as each takes a number of numbers for every variant
        for some in np.array_split(np.arange(len(choices)), len(_POWERS)):
            beta = _learn(x, weights, log_bayes, slope, used, hessian, penalties[some])
            gain[some] += _gain(x, weights, log_bayes, beta, value, test)
    best = int(np.argmax(gain))
    return Choice(penalties[best], *choices[best], float(gain[best]))


def _learn(
    x: Float[Array, "variant dim"],
    weights: Weights,
    log_bayes: Components,
    slope: Float[Array, " variant"],
    used: Float[Array, "variant 1"],
    hessian: Float[np.ndarray, "dim dim"],
    penalties: Float[np.ndarray, "candidate dim"],
) -> Float[np.ndarray, "candidate dim"]:
    """A few Newton steps with one Hessian for each penalty, from no dependence."""
    base, scores = jnp.asarray(weights.base), jnp.asarray(weights.scores)
    factors = [cho_factor(hessian + np.diag(penalty)) for penalty in penalties]

    def step(
        beta: Float[np.ndarray, "candidate dim"], slope: Float[Array, "variant some"]
    ) -> Float[np.ndarray, "candidate dim"]:
        gradient = np.asarray((slope * used).T @ x, np.float64) - penalties * beta
        each = zip(factors, gradient, strict=True)
        return beta + np.stack([cho_solve(factor, b) for factor, b in each])

    beta = step(np.zeros(penalties.shape), slope[:, None])
    for _ in range(_STEPS - 1):
        linear = x @ jnp.asarray(beta.T, x.dtype)
        beta = step(beta, slopes(base, scores, linear, log_bayes)[1])
    return beta


def _gain(
    x: Float[Array, "variant dim"],
    weights: Weights,
    log_bayes: Components,
    beta: Float[np.ndarray, "candidate dim"],
    without: Float[Array, " variant"],
    test: Bool[np.ndarray, " variant"],
) -> Float[np.ndarray, " candidate"]:
    """Log-likelihood of held-out variants, against that without features."""
    base, scores = jnp.asarray(weights.base), jnp.asarray(weights.scores)
    value = slopes(base, scores, x @ jnp.asarray(beta.T, x.dtype), log_bayes)[0]
    more = np.asarray(value - without[:, None])
    gain = np.sum(more[test], axis=0, dtype=np.float64)
    # a fit that overflowed is no candidate
    return np.where(np.isfinite(gain), gain, -np.inf)
