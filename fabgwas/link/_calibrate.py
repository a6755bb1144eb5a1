r"""From predicted scores to a prior: how far to trust held-out predictions.

With a predicted mean m and predicted log magnitudes h, all made without z_j, either

.. math:: z_j \sim N\left(k m_j, \; c + e^{a + b'h_j}\right)

or a mixture of the null with slabs s = 1, ..., S whose weights are a softmax,

.. math:: z_j \sim w_0 N(0, 1) + \sum_s w_s N(k m_j, 1 + v_s), \quad
    \log (w_s / w_0) = a_s + b_s'h_j.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
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
    """Fit the distribution by weighted maximum likelihood; k and slopes not negative."""
    used = np.flatnonzero(weight > 0)
    z, mean, magnitudes, weight = z[used], mean[used], magnitudes[used], weight[used]
    share = weight / weight.sum()
    # centred predictors make intercept and slopes nearly independent
    center = share @ magnitudes
    excess = max(float(share @ (z * z)) - 1.0, 1e-3)
    start, bounds = _start(shape, magnitudes.shape[1], excess)
    data = _Data(z, mean, np.ascontiguousarray((magnitudes - center).T), share)
    best = minimize(
        lambda parameters: _loss(shape, data, parameters),
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
    ).x
    trust = Trust(shape, best, center, 0.0)
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


class _Data(NamedTuple):
    """What a distribution is fitted to; a row for each magnitude."""

    z: Variants
    mean: Variants
    centred: Float[np.ndarray, "magnitude variant"]
    share: Variants


def _loss(shape: Shape, data: _Data, parameters: Parameters) -> tuple[float, Parameters]:
    """Mean negative log-likelihood, and its slope in each parameter.

    By NumPy, as XLA takes twice the time for exponentials of float64 on a CPU.
    """
    if shape.n_slabs == 0:
        return _normal_loss(shape, data, parameters)
    return _slab_loss(shape, data, parameters)


def _normal_loss(
    shape: Shape, data: _Data, parameters: Parameters
) -> tuple[float, Parameters]:
    z, mean, centred, share = data
    log_var = parameters[2] + parameters[3:] @ centred
    var = np.exp(np.clip(log_var, *_LOG_VAR_RANGE))
    residual = z - parameters[0] * mean
    spread = parameters[1] + var
    square = residual**2 / spread
    loss = 0.5 * share @ (np.log(spread) + square)
    by_spread = 0.5 * share * (1 - square) / spread
    by_log_var = by_spread * var * (np.abs(log_var) < _LOG_VAR_RANGE[1])
    by_mean = -(share * residual / spread) @ mean
    return loss, np.array(
        [by_mean, by_spread.sum(), by_log_var.sum(), *centred @ by_log_var]
    )


def _slab_loss(
    shape: Shape, data: _Data, parameters: Parameters
) -> tuple[float, Parameters]:
    """Densities and weights are taken relative to those of the null."""
    z, mean, centred, share = data
    rows = parameters[1:].reshape(shape.n_slabs, -1)
    spread = 1 + np.exp(rows[:, :1])
    residual = z - parameters[0] * mean
    square = residual**2
    logits = rows[:, 1:2] + rows[:, 2:] @ centred
    ratios = logits + (0.5 * z**2 - 0.5 * square / spread - 0.5 * np.log(spread))
    density, posterior = _softmax(ratios)
    norm, prior = _softmax(logits)
    posterior *= share
    by_logit = prior * share - posterior
    slope = np.empty_like(parameters)
    by_row = slope[1:].reshape(shape.n_slabs, -1)
    # posterior-weighted squares give both the variance's slope and the mean's
    total = posterior.sum(axis=1) - posterior @ square / spread[:, 0]
    by_row[:, 0] = 0.5 * total * (1 - 1 / spread[:, 0])
    by_row[:, 1] = by_logit.sum(axis=1)
    by_row[:, 2:] = by_logit @ centred.T
    slope[0] = -np.sum((posterior @ (residual * mean)) / spread[:, 0])
    return float(share @ (norm - density + 0.5 * z**2)), slope


def _softmax(
    logits: Float[np.ndarray, "slab variant"],
) -> tuple[Variants, Float[np.ndarray, "slab variant"]]:
    """log(1 + sum of exp), and the share of each beside the 1."""
    highest = np.maximum(logits.max(axis=0), 0.0)
    each = np.exp(logits - highest)
    total = each.sum(axis=0) + np.exp(-highest)
    each /= total
    return highest + np.log(total), each
