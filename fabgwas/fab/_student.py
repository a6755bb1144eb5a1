"""The lower tail of Student's t in logs, where probabilities underflow."""

import numpy as np
from jaxtyping import Float
from scipy.special import betaln, stdtr

from fabgwas.fab._numbers import Numbers

# below this scipy's probability loses digits or is 0
_SMALLEST = 1e-290
_ITERATIONS = 200


def log_stdtr(df: Numbers, t: Numbers) -> Float[np.ndarray, "*value"]:
    """Log of the distribution function of Student's t with `df` degrees of freedom."""
    shape = np.broadcast_shapes(np.shape(df), np.shape(t))
    freedom, at = np.broadcast_arrays(np.atleast_1d(df).astype(float), np.atleast_1d(t))
    probability = stdtr(freedom, at)
    deep = (probability < _SMALLEST) & np.isfinite(at)
    with np.errstate(divide="ignore"):
        log_probability = np.log(probability)
    log_probability[deep] = _log_deep_tail(freedom[deep], at[deep])
    return log_probability.reshape(shape)


def _log_deep_tail(
    df: Float[np.ndarray, " value"], t: Float[np.ndarray, " value"]
) -> Float[np.ndarray, " value"]:
    """Half the incomplete beta function I_x(df/2, 1/2) at x = df / (df + t^2).

    The continued fraction of Abramowitz and Stegun 26.5.8, by Lentz's method, converges
    quickly for x < (a + 1) / (a + b + 2), which holds for every |t| above 2.
    """
    a, b = df / 2, 0.5
    log_ratio = 2 * np.log(np.abs(t)) - np.log(df)  # of t^2 / df, which may overflow
    log_sum = np.logaddexp(0.0, log_ratio)
    x = np.exp(-log_sum)
    front = -a * log_sum + b * (log_ratio - log_sum) - betaln(a, b)
    c = np.ones_like(x)
    d = 1 / (1 - (a + b) * x / (a + 1))
    fraction = d.copy()
    for m in range(1, _ITERATIONS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / (1 + term * d)
            c = 1 + term / c
            fraction = fraction * c * d
        if np.all(np.abs(c * d - 1) < 1e-15):
            break
    return front - np.log(a) + np.log(fraction) - np.log(2)
