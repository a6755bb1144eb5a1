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
    FARTHEST_STEP,
    Components,
    Weights,
    curvature,
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
    choices = [(strength, name) for name in expected for strength in _STRENGTHS]
    penalties = np.stack([strength * expected[name] for strength, name in choices])
    gain = np.zeros(len(choices))
    for number in numbers:
        test = fold == number
        used = jnp.asarray(~test, x.dtype)[:, None]
        hessian = hessians.sum(axis=0) - hessians[number]
        # some at once, as each takes a number of numbers for every variant
        for some in np.array_split(np.arange(len(choices)), len(expected)):
            learned = _learn(x, data, slope, used, hessian, penalties[some])
            more = np.asarray(learned - value[:, None])
            gain[some] += np.sum(more[test], axis=0, dtype=np.float64)
    # a fit that overflowed is no candidate
    gain = np.where(np.isfinite(gain), gain, -np.inf)
    best = int(np.argmax(gain))
    return Choice(penalties[best], *choices[best], float(gain[best]))


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
    penalties: Float[np.ndarray, "candidate dim dim"],
) -> Float[Array, "variant candidate"]:
    """Log-likelihoods after a few Newton steps, with one Hessian for each penalty."""
    factors = [cho_factor(hessian + penalty) for penalty in penalties]
    beta = np.zeros(penalties.shape[:2])
    slope = slope[:, None]
    for _ in range(_STEPS):
        pull = np.einsum("cij,cj->ci", penalties, beta)
        gradient = np.asarray((slope * used).T @ x, np.float64) - pull
        each = zip(factors, gradient, strict=True)
        change = np.stack([cho_solve(factor, b) for factor, b in each])
        # features are uncorrelated, of variance 1: this is how far x' beta moves
        far = np.linalg.norm(change, axis=1, keepdims=True)
        beta = beta + change * (FARTHEST_STEP / np.maximum(far, FARTHEST_STEP))
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
