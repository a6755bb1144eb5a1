"""How to penalise the features: chosen on LD blocks held out from learning."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.linalg import cho_factor, cho_solve

from fabgwas.prs._features import Whitened
from fabgwas.prs._regional import regional_variance
from fabgwas.prs._weights import (
    Components,
    Weights,
    curvature,
    damp,
    expected_scores,
    slopes,
)

# inverse of the variance of x' beta that is expected: at first, a standard deviation of it
# multiplies the odds by four
_STRENGTHS = (0.5, 0.7, 1.0, 2.0, 4.0, 16.0)
_FOLDS = 4
_STEPS = 4
# log-likelihood that features must gain on held-out blocks before they are used
_LEAST_GAIN = 2.0
# repetitions until the mean weight is held: each error is a small part of the one before
_LEVELLING = 4


class Choice(NamedTuple):
    """The penalty that predicted best, and by how much."""

    penalty: Float[np.ndarray, "dim dim"]
    strength: float
    expected: str
    """Which directions are expected to tell more than others."""
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
    block: Int[np.ndarray, " variant"],
    *,
    regional: bool = True,
) -> Choice:
    """Learn from all folds but one with many penalties, and test on the one.

    The features may shift weight between variants, not add to it: while the weights are
    still smaller than the evidence asks for, whatever spreads them raises their mean and
    gains by that, and noise does it as well as anything.

    Parameters
    ----------
    features
        Of all variants.
    weights
        Fitted without features.
    log_bayes
        Log Bayes factor of each component of each variant.
    block
        LD blocks, numbered from 0; no fold splits one. Variants of one are in the order of
        the genome.
    regional
        Whether more may be expected of features that run along the genome.

    Raises
    ------
    ArithmeticError
        If the evidence is not finite.
    """
    x, fold = features.on_device(), block % _FOLDS
    data = _Evidence(jnp.asarray(weights.base), jnp.asarray(weights.scores), log_bayes)
    value, slope = data.at(jnp.zeros(x.shape[0], x.dtype))
    numbers = range(int(fold.max()) + 1)
    # rows are taken by NumPy: JAX would compile anew for each number of rows
    each = np.asarray(slope)
    hessians = np.stack(
        [curvature(features.x[fold == k], each[fold == k]) for k in numbers]
    )
    if not np.isfinite(hessians).all():
        raise ArithmeticError("the fit diverged: the evidence of variants is not finite.")
    expected = _expected(features, block, regional=regional)
    gain = np.zeros((len(expected), len(_STRENGTHS)))
    for number in numbers:
        test = fold == number
        used = jnp.asarray(~test, x.dtype)[:, None]
        hessian = hessians.sum(axis=0) - hessians[number]
        # not all at once, as each penalty takes a number of numbers for every variant
        for total, precision in zip(gain, expected.values(), strict=True):
            learned = _learn(x, data, slope, used, hessian, precision)
            more = np.asarray(learned - value[:, None])
            total += np.sum(more[test], axis=0, dtype=np.float64)
    # a fit that overflowed is no candidate
    gain = np.where(np.isfinite(gain), gain, -np.inf)
    row, column = np.unravel_index(np.argmax(gain), gain.shape)
    name, strength = list(expected)[row], _STRENGTHS[column]
    return Choice(strength * expected[name], strength, name, float(gain.max()))


def _expected(
    features: Whitened, block: Int[np.ndarray, " variant"], *, regional: bool
) -> dict[str, Float[np.ndarray, "dim dim"]]:
    """Precisions of the coefficients that give x' beta a variance of 1."""
    dim = features.variance.size
    found = {"all alike": dim * np.eye(dim)}
    if features.alike:
        return found
    found["large ones first"] = np.diag(dim / features.variance)
    if regional:
        variance, directions = regional_variance(features.x, block)
        # where none runs along the genome, they are all alike
        if np.ptp(variance) > 0:
            found["regional ones first"] = (directions * (dim / variance)) @ directions.T
    return found


class _Evidence(NamedTuple):
    """What `slopes` needs beside x' beta."""

    base: Float[Array, " component"]
    scores: Float[Array, " component"]
    log_bayes: Components

    def at(
        self, linear: Float[Array, "variant ..."]
    ) -> tuple[Float[Array, "variant ..."], Float[Array, "variant ..."]]:
        return slopes(self.base, self.scores, linear, self.log_bayes)


def _learn(
    x: Float[Array, "variant dim"],
    data: _Evidence,
    slope: Float[Array, " variant"],
    used: Float[Array, "variant 1"],
    hessian: Float[np.ndarray, "dim dim"],
    precision: Float[np.ndarray, "dim dim"],
) -> Float[Array, "variant strength"]:
    """Log-likelihoods after a few Newton steps, with one Hessian for each strength."""
    strength = np.array(_STRENGTHS)[:, None]
    factors = [cho_factor(hessian + s * precision) for s in _STRENGTHS]
    beta = np.zeros((len(_STRENGTHS), len(precision)))
    slope = slope[:, None]
    for _ in range(_STEPS):
        pull = strength * (beta @ precision)
        gradient = np.asarray((slope * used).T @ x, np.float64) - pull
        each = zip(factors, gradient, strict=True)
        change = np.stack([cho_solve(factor, b) for factor, b in each])
        beta = beta + damp(change, np.linalg.norm(change, axis=1, keepdims=True))
        linear = _level(data.base, data.scores, x @ jnp.asarray(beta.T, x.dtype))
        value, slope = data.at(linear)
    return value


@jax.jit
def _level(
    base: Float[Array, " component"],
    scores: Float[Array, " component"],
    linear: Float[Array, "variant candidate"],
) -> Float[Array, "variant candidate"]:
    """Add what gives the slabs the weight that they have without features."""
    before = expected_scores(base, scores, jnp.zeros((1, 1), linear.dtype))
    for _ in range(_LEVELLING):
        now = jnp.mean(expected_scores(base, scores, linear), axis=0)
        linear = linear + jnp.log(before / now)
    return linear
