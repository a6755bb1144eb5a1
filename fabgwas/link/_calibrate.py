r"""From predicted scores to a prior: how far to trust a held-out prediction.

.. math:: z_j \sim N\left(k m_j, \; 1 + e^{a + c h_j}\right)

with m_j a predicted mean and h_j a predicted log magnitude, both made without z_j.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

Variants = Float[np.ndarray, " variant"]

_LOG_VAR_RANGE = (-12.0, 12.0)


class Calibration(NamedTuple):
    """Maximum-likelihood trust in predictions."""

    mean_scale: float
    log_var_intercept: float
    log_var_slope: float
    log_likelihood: float
    """Weighted, at the maximum."""

    def moments(self, mean: Variants, magnitude: Variants) -> tuple[Variants, Variants]:
        """Prior mean and variance of E z from predicted mean and magnitude."""
        log_var = self.log_var_intercept + self.log_var_slope * magnitude
        return self.mean_scale * mean, np.exp(np.clip(log_var, *_LOG_VAR_RANGE))


def calibrate(
    z: Variants, mean: Variants, magnitude: Variants, weight: Variants
) -> Calibration:
    """Fit k, a and c by weighted maximum likelihood; k and c are not negative.

    The likelihood is that of a normal distribution, so that the fitted second moments match
    the observed ones even where effects have heavy tails.
    """
    total = float(weight.sum())
    center = float(weight @ magnitude) / total
    start_var = max(float(weight @ (z * z)) / total - 1.0, 1e-3)
    # a centred predictor makes intercept and slope nearly independent
    magnitude = magnitude - center

    def loss(parameters: Float[np.ndarray, " 3"]) -> tuple[float, Float[np.ndarray, " 3"]]:
        k, a, c = parameters
        log_var = np.clip(a + c * magnitude, *_LOG_VAR_RANGE)
        tau2 = np.exp(log_var)
        residual = z - k * mean
        spread = 1 + tau2
        standardised = residual / spread
        value = 0.5 * (weight @ (np.log(spread) + residual * standardised)) / total
        slope = 0.5 * weight * tau2 * (1 / spread - standardised**2) / total
        slope = np.where(np.abs(log_var) < _LOG_VAR_RANGE[1], slope, 0.0)
        gradient = [
            -(weight @ (standardised * mean)) / total,
            slope.sum(),
            slope @ magnitude,
        ]
        return value, np.array(gradient)

    best = minimize(
        loss,
        np.array([0.0, np.log(start_var), 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, 2.0), (-30.0, 30.0), (0.0, 20.0)],
    )
    k, a, c = (float(value) for value in best.x)
    return Calibration(k, a - c * center, c, -float(best.fun) * total)


def log_predictive(z: Variants, prior_mean: Variants, prior_var: Variants) -> Variants:
    r"""Log density of z under N(m, 1 + v), without the constant."""
    spread = 1 + prior_var
    return -0.5 * (np.log(spread) + (z - prior_mean) ** 2 / spread)
