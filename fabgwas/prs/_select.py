"""How strongly to penalise the features: chosen on LD blocks held out from learning."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from fabgwas.prs._features import Whitened
from fabgwas.prs._weights import Components, Weights, curvature, slopes

# multiples of the number of features over the variance of x' beta expected a priori
_STRENGTHS = tuple(2.0 ** np.arange(-3, 8))
# how much less is expected of components of small variance
_POWERS = (0.0, 0.5, 1.0)
_STEPS = 4
# log-likelihood that features must gain on held-out blocks before they are used
LEAST_GAIN = 2.0


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
        return self.gain > LEAST_GAIN


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
    """
    dim = features.variance.size
    candidates = [(strength, power) for power in _POWERS for strength in _STRENGTHS]
    penalties = np.stack(
        [dim * strength * features.variance**-power for strength, power in candidates]
    )
    x = jnp.asarray(features.x)
    gain = np.zeros(len(candidates))
    for number in range(int(fold.max()) + 1):
        gain += _held_out_gain(x, weights, log_bayes, fold != number, penalties)
    best = int(np.argmax(gain))
    strength, power = candidates[best]
    return Choice(penalties[best], strength, power, float(gain[best]))


def _held_out_gain(
    x: Float[Array, "variant dim"],
    weights: Weights,
    log_bayes: Components,
    train: Bool[np.ndarray, " variant"],
    penalties: Float[np.ndarray, "candidate dim"],
) -> Float[np.ndarray, " candidate"]:
    """Log-likelihood of what was not trained on, against that without features."""
    base, scores = jnp.asarray(weights.base), jnp.asarray(weights.scores)
    used = jnp.asarray(train, x.dtype)[:, None]
    beta = np.zeros(penalties.shape)
    value, slope = slopes(base, scores, (x @ jnp.asarray(beta.T, x.dtype)), log_bayes)
    without = np.asarray(value)
    hessian = curvature(x, slope[:, 0] * used[:, 0])
    inverses = [np.linalg.inv(hessian + np.diag(penalty)) for penalty in penalties]
    for _ in range(_STEPS):
        gradient = np.asarray((slope * used).T @ x, np.float64) - penalties * beta
        beta += np.stack([a @ b for a, b in zip(inverses, gradient, strict=True)])
        linear = x @ jnp.asarray(beta.T, x.dtype)
        value, slope = slopes(base, scores, linear, log_bayes)
    difference = np.asarray(value) - without
    return np.asarray(difference[~train].sum(axis=0, dtype=np.float64))
