r"""From predicted scores to a prior: how far to trust held-out predictions.

With a predicted mean m and predicted log magnitudes h, all made without z_j, either

.. math:: z_j \sim N\left(k m_j, \; c + e^{a + b'h_j}\right)

or a mixture of the null with slabs s = 1, ..., S whose weights are a softmax,

.. math:: z_j \sim w_0 N(0, 1) + \sum_s w_s N(k m_j, 1 + v_s), \quad
    \log (w_s / w_0) = a_s + b_s'h_j.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float
from scipy.optimize import minimize

Variants = Float[np.ndarray, " variant"]
Magnitudes = Float[np.ndarray, "variant magnitude"]
Parameters = Float[np.ndarray, " parameter"]

# prior variances between e^-12 and e^12
_LOG_VAR_RANGE = (-12.0, 12.0)
# slabs start at variances a decade apart
_FIRST_LOG_SLAB, _NEXT_LOG_SLAB = np.log(3.0), np.log(10.0)
_FIRST_LOGIT = -2.0


class Moments(NamedTuple):
    """A prior of E z: mean and variance if it is not 0, and the probability of that."""

    mean: Variants
    var: Variants
    prob: Variants


class Shape(NamedTuple):
    """Which distribution is fitted."""

    n_slabs: int
    """0 for one normal distribution of varying variance."""
    free_noise: bool = False
    """Whether the noise variance c is fitted, as the intercept of LD score regression."""

    def n_parameters(self, n_magnitudes: int) -> int:
        """How many numbers are fitted."""
        if self.n_slabs == 0:
            return 2 + n_magnitudes + self.free_noise
        return 1 + self.n_slabs * (2 + n_magnitudes)


class Trust(NamedTuple):
    """Maximum-likelihood trust in predictions."""

    shape: Shape
    parameters: Parameters
    """k, then c a b of the normal, or log v, a and b of each slab."""
    center: Float[np.ndarray, " magnitude"]
    log_likelihood: float
    """Of the prior that `moments` gives, weighted, without the constant."""

    @property
    def mean_scale(self) -> float:
        """k: trust in the predicted mean."""
        return float(self.parameters[0])

    @property
    def slopes(self) -> Float[np.ndarray, " magnitude"]:
        """b: trust in the predicted magnitudes, that of the widest slab in a mixture."""
        return self.parameters[self.parameters.size - self.center.size :]

    def moments(self, mean: Variants, magnitudes: Magnitudes) -> Moments:
        """The prior of E z, the slabs of a mixture merged into one of their variance."""
        centred = magnitudes - self.center
        n_slabs = self.shape.n_slabs
        if n_slabs == 0:
            log_var = self.parameters[2] + centred @ self.parameters[3:]
            var = np.exp(np.clip(log_var, *_LOG_VAR_RANGE))
            return Moments(self.mean_scale * mean, var, np.ones(mean.size))
        rows = self.parameters[1:].reshape(n_slabs, -1)
        logits = rows[:, 1] + centred @ rows[:, 2:].T
        total = np.logaddexp.reduce(np.column_stack([np.zeros(mean.size), logits]), axis=1)
        share = np.exp(logits - total[:, None])
        prob = np.clip(share.sum(axis=1), np.finfo(float).tiny, 1.0)
        return Moments(self.mean_scale * mean, share @ np.exp(rows[:, 0]) / prob, prob)


def calibrate(
    z: Variants, mean: Variants, magnitudes: Magnitudes, weight: Variants, shape: Shape
) -> Trust:
    """Fit the distribution by weighted maximum likelihood; k and slopes not negative.

    Variants of weight 0 do not count, so that fits to many parts share one compilation.
    """
    share = weight / weight.sum()
    # centred predictors make intercept and slopes nearly independent
    center = share @ magnitudes
    n_magnitudes = magnitudes.shape[1]
    start, bounds = _start(shape, n_magnitudes, max(float(share @ (z * z)) - 1.0, 1e-3))
    with jax.enable_x64(True):
        centred = jnp.asarray(magnitudes - center)
        data = (jnp.asarray(z), jnp.asarray(mean), centred, jnp.asarray(share))
        best = minimize(
            _on_host(partial(_loss_and_slope, shape, data)),
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
        )
    trust = Trust(shape, best.x, center, 0.0)
    # slabs are merged in the prior, so that what counts is how well it predicts then
    predicted = log_predictive(z, trust.moments(mean, magnitudes))
    return trust._replace(log_likelihood=float(weight @ predicted))


def log_predictive(z: Variants, prior: Moments) -> Variants:
    r"""Log density of z under (1 - p) N(0, 1) + p N(m, 1 + v), without the constant."""
    spread = 1 + prior.var
    slab = -0.5 * (np.log(spread) + (z - prior.mean) ** 2 / spread)
    with np.errstate(divide="ignore"):
        return np.logaddexp(np.log1p(-prior.prob) - 0.5 * z * z, np.log(prior.prob) + slab)


def _start(
    shape: Shape, n_magnitudes: int, excess: float
) -> tuple[Parameters, list[tuple[float, float]]]:
    """Where to begin, and the bounds."""
    slopes: list[float] = [0.0] * n_magnitudes
    slope_bounds = [(0.0, 20.0)] * n_magnitudes
    if shape.n_slabs == 0:
        noise = (0.5, 3.0) if shape.free_noise else (1.0, 1.0)
        start = [0.0, 1.0, float(np.log(excess)), *slopes]
        return np.array(start), [(0.0, 2.0), noise, (-30.0, 30.0), *slope_bounds]
    # the mean of a slab is larger than that of all variants together
    start, bounds = [0.0], [(0.0, 100.0)]
    for number in range(shape.n_slabs):
        start += [_FIRST_LOG_SLAB + number * _NEXT_LOG_SLAB, _FIRST_LOGIT - number, *slopes]
        bounds += [(-3.0, 12.0), (-30.0, 30.0), *slope_bounds]
    return np.array(start), bounds


def _on_host(
    function: Callable[[Parameters], tuple[Float[Array, ""], Float[Array, " parameter"]]],
) -> Callable[[Parameters], tuple[float, Parameters]]:
    def call(parameters: Parameters) -> tuple[float, Parameters]:
        value, slope = function(parameters)
        return float(value), np.asarray(slope)

    return call


_Data = tuple[
    Float[Array, " variant"],
    Float[Array, " variant"],
    Float[Array, "variant magnitude"],
    Float[Array, " variant"],
]


@partial(jax.jit, static_argnums=0)
@partial(jax.value_and_grad, argnums=2)
def _loss(
    shape: Shape, data: _Data, parameters: Float[Array, " parameter"]
) -> Float[Array, ""]:
    """Mean negative log-likelihood."""
    z, mean, centred, share = data
    if shape.n_slabs == 0:
        log_var = parameters[2] + centred @ parameters[3:]
        spread = parameters[1] + jnp.exp(jnp.clip(log_var, *_LOG_VAR_RANGE))
        losses = jnp.log(spread) + (z - parameters[0] * mean) ** 2 / spread
        return 0.5 * share @ losses
    rows = parameters[1:].reshape(shape.n_slabs, -1)
    logits = rows[:, 1] + centred @ rows[:, 2:].T
    spread = 1 + jnp.exp(rows[:, 0])
    square = (z - parameters[0] * mean)[:, None] ** 2
    null = -0.5 * z[:, None] ** 2
    slabs = logits - 0.5 * (jnp.log(spread) + square / spread)
    zero = jnp.zeros_like(null)
    each = logsumexp(jnp.concatenate([null, slabs], axis=1), axis=1)
    return -share @ (each - logsumexp(jnp.concatenate([zero, logits], axis=1), axis=1))


def _loss_and_slope(
    shape: Shape, data: _Data, parameters: Parameters
) -> tuple[Float[Array, ""], Float[Array, " parameter"]]:
    value, slope = _loss(shape, data, jnp.asarray(parameters))
    return value, slope
