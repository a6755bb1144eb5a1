r"""Tails of quadratic forms in normal variables, with a small relative error anywhere.

For :math:`Q = \sum_i \lambda_i \chi^2_{1,i}` with cumulant generating function K

.. math:: P(Q > q) = \frac{1}{2 \pi i} \int \exp\{K(s) - s q\} \frac{ds}{s}, \qquad
    K(s) = -\frac12 \sum_i \log(1 - 2 \lambda_i s),

on any path that crosses the real axis between the pole 0 and the first branch point
:math:`1 / (2 \lambda_{max})`; one that crosses it left of the pole gives
:math:`-P(Q \le q)`, which is the better of the two below the mean. A parabola through the
saddle point of the integrand, which opens to the right, makes it fall like a normal
density, and the trapezoidal rule then converges exponentially: no digits cancel, so that
p-values of 1e-300 are as good as others.
"""

import numpy as np
from jaxtyping import Complex, Float
from scipy.optimize import brentq

from fabgwas.fab._numbers import Numbers

Weights = Float[np.ndarray, " weight"]

# weights below this share of the largest are beyond double precision
_NEGLIGIBLE = 1e-14
_FIRST_NODES, _MOST_NODES = 32, 2**14
_TOLERANCE = 1e-11
# the integrand at the end of the path, relative to that at the saddle point
_LOG_LEFT_OUT = -40.0
# least bend of the path, in units of the width of the saddle
_LEAST_BEND, _MOST_BEND = 0.1, 2.0


def quadratic_log_pvalue(statistic: float, weights: Numbers) -> float:
    r"""Log of P(Q > q) for a weighted sum Q of independent chi-squares of one degree.

    Parameters
    ----------
    statistic
        The value q, not negative.
    weights
        Not negative: for a form :math:`z'Az` with :math:`z \sim N(0, R)` the eigenvalues
        of :math:`R^{1/2} A R^{1/2}`.

    Returns
    -------
    Natural logarithm, with an error below 1e-9.

    Raises
    ------
    ValueError
        If a weight is negative, or none is positive.

    References
    ----------
    Rice, S. O. (1980). Distribution of quadratic forms in normal random variables:
    evaluation by numerical integration. SIAM J. Sci. Stat. Comput. 1, 438-448.
    """
    w = np.atleast_1d(np.asarray(weights, float))
    if not np.all(w >= 0) or not np.any(w > 0) or not np.isfinite(w).all():
        raise ValueError("weights must be finite and not negative, and one positive.")
    if not statistic >= 0:
        raise ValueError(f"statistic must not be negative, but is {statistic:g}.")
    largest = float(w.max())
    w = w[w > _NEGLIGIBLE * largest] / largest
    q = float(statistic) / largest
    if q == 0 or np.isinf(q):
        return 0.0 if q == 0 else -np.inf
    if q < w.sum():
        return float(np.log1p(-np.exp(_log_integral(q, w, _left_saddle(q, w)))))
    return min(_log_integral(q, w, _right_saddle(q, w)), 0.0)


def _log_integral(q: float, w: Weights, saddle: float) -> float:
    """Log of the absolute integral along the parabola, by the trapezoidal rule."""
    height = float(_exponent(np.array([saddle + 0j]), q, w, saddle)[0].real)
    ratio = w / (1 - 2 * w * saddle)
    curvature = 2 * float(np.sum(ratio**2)) + 1 / saddle**2
    width = 1 / np.sqrt(curvature)
    third = 8 * float(np.sum(ratio**3)) - 2 / saddle**3
    # along the steepest descent the bend is the third derivative over six
    bend = float(np.clip(third * width**3 / 6, _LEAST_BEND, _MOST_BEND))

    def integrand(t: Float[np.ndarray, " node"]) -> Float[np.ndarray, " node"]:
        s = saddle + width * (bend * t * t + 1j * t)
        return np.real(np.exp(_exponent(s, q, w, saddle) - height) * (1 - 2j * bend * t))

    end = _end_of_path(q, w, saddle, width, bend, height)
    nodes = _FIRST_NODES
    step = end / nodes
    total = (
        0.5 * integrand(np.zeros(1))[0] + integrand(step * np.arange(1, nodes + 1)).sum()
    )
    while nodes < _MOST_NODES:
        middle = step * (np.arange(nodes) + 0.5)
        finer = total + integrand(middle).sum()
        done = abs(finer / (2 * total) - 1) < _TOLERANCE
        total, step, nodes = finer, step / 2, 2 * nodes
        if done:
            break
    return height + float(np.log(total * step * width / np.pi))


def _exponent(
    s: Complex[np.ndarray, " node"], q: float, w: Weights, saddle: float
) -> Complex[np.ndarray, " node"]:
    """K(s) - s q - log(+-s); above the real axis no logarithm crosses its cut."""
    cumulant = -0.5 * np.log(1 - 2 * np.multiply.outer(s, w)).sum(axis=1)
    return cumulant - s * q - np.log(np.copysign(1.0, saddle) * s)


def _slope(s: float, q: float, w: Weights) -> float:
    """Derivative of the exponent, which rises on either side of the pole."""
    return float(np.sum(w / (1 - 2 * w * s))) - q - 1 / s


def _right_saddle(q: float, w: Weights) -> float:
    """Where the integrand is least between 0 and the branch point 1/2."""
    low = high = 0.25
    while _slope(low, q, w) > 0:
        low /= 2
    while _slope(high, q, w) < 0:
        high = 0.5 - (0.5 - high) / 2
    if low == high:
        return low
    return float(brentq(_slope, low, high, args=(q, w), xtol=1e-16, rtol=1e-12))


def _left_saddle(q: float, w: Weights) -> float:
    """Where the integrand is least below 0."""
    low = high = -0.25
    while _slope(low, q, w) > 0:
        low *= 2
    while _slope(high, q, w) < 0:
        high /= 2
    if low == high:
        return low
    return float(brentq(_slope, low, high, args=(q, w), xtol=1e-16, rtol=1e-12))


def _end_of_path(
    q: float, w: Weights, saddle: float, width: float, bend: float, height: float
) -> float:
    """How far the integrand matters along the path, in widths of the saddle."""
    end = 4.0
    while True:
        s = np.array([saddle + width * (bend * end * end + 1j * end)])
        if _exponent(s, q, w, saddle)[0].real - height < _LOG_LEFT_OUT:
            return end
        end *= 1.25
