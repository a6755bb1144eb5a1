r"""From predicted scores to a prior: how far to trust held-out predictions.

.. math:: z_j \sim N\left(k m_j, \; 1 + e^{a + c_1 h_{1j} + c_2 h_{2j}}\right)

with a predicted mean m and predicted log magnitudes h, all made without z_j.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

Variants = Float[np.ndarray, " variant"]
Magnitudes = Float[np.ndarray, "variant magnitude"]

# prior variances between e^-12 and e^12
_LOG_VAR_RANGE = (-12.0, 12.0)


class Calibration(NamedTuple):
    """Maximum-likelihood trust in predictions."""

    mean_scale: float
    log_var_intercept: float
    log_var_slopes: Float[np.ndarray, " magnitude"]
    log_likelihood: float
    """Weighted, at the maximum, without the constant."""

    def moments(self, mean: Variants, magnitudes: Magnitudes) -> tuple[Variants, Variants]:
        """Prior mean and variance of E z from predicted mean and magnitudes."""
        log_var = self.log_var_intercept + magnitudes @ self.log_var_slopes
        return self.mean_scale * mean, np.exp(np.clip(log_var, *_LOG_VAR_RANGE))


def calibrate(
    z: Variants, mean: Variants, magnitudes: Magnitudes, weight: Variants
) -> Calibration:
    """Fit k, a and the slopes by weighted maximum likelihood; k and slopes not negative.

    The likelihood is that of a normal distribution, so that the fitted second moments match
    the observed ones even where effects have heavy tails.
    """
    weight_sum = float(weight.sum())
    share = weight / weight_sum
    # centred predictors make intercept and slopes nearly independent
    center = share @ magnitudes
    centred = magnitudes - center

    def loss(parameters: Float[np.ndarray, " _"]) -> tuple[float, Float[np.ndarray, " _"]]:
        k, a, slopes = parameters[0], parameters[1], parameters[2:]
        log_var = a + centred @ slopes
        tau2 = np.exp(np.clip(log_var, *_LOG_VAR_RANGE))
        spread = 1 + tau2
        residual = z - k * mean
        standardised = residual / spread
        value = 0.5 * share @ (np.log(spread) + residual * standardised)
        slope = 0.5 * share * tau2 * (1 / spread - standardised**2)
        slope[np.abs(log_var) > _LOG_VAR_RANGE[1]] = 0.0
        gradient = [-(share @ (standardised * mean)), slope.sum(), *(slope @ centred)]
        return float(value), np.array(gradient)

    n_slopes = magnitudes.shape[1]
    start_var = max(float(share @ (z * z)) - 1.0, 1e-3)
    best = minimize(
        loss,
        np.array([0.0, np.log(start_var), *([0.0] * n_slopes)]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, 2.0), (-30.0, 30.0), *([(0.0, 20.0)] * n_slopes)],
    )
    slopes = best.x[2:]
    intercept = float(best.x[1] - center @ slopes)
    return Calibration(float(best.x[0]), intercept, slopes, -float(best.fun) * weight_sum)


def log_predictive(z: Variants, prior_mean: Variants, prior_var: Variants) -> Variants:
    r"""Log density of z under N(m, 1 + v), without the constant."""
    spread = 1 + prior_var
    return -0.5 * (np.log(spread) + (z - prior_mean) ** 2 / spread)
