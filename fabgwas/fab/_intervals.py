"""FAB confidence intervals: the values that the FAB test does not reject."""

import numpy as np
from jaxtyping import Float
from scipy.optimize.elementwise import find_root
from scipy.special import log_ndtr, ndtri, stdtrit

from fabgwas.fab._numbers import Numbers
from fabgwas.fab._pvalues import Values, prior_shift, require_finite, require_freedom
from fabgwas.fab._student import log_stdtr

# a prior mean this many standard errors away is as good as one farther
_FARTHEST = 1e100


def fab_intervals(
    estimate: Numbers,
    se: Numbers,
    prior_mean: Numbers,
    prior_var: Numbers,
    alpha: float = 0.05,
    df: Numbers | None = None,
) -> tuple[Values, Values]:
    r"""Confidence intervals with exact coverage that are short where the prior is right.

    The interval holds :math:`\theta_0` if and only if the FAB p-value of
    :math:`z = (\hat\theta - \theta_0) / s` under the prior mean
    :math:`(m - \theta_0) / s` is at least `alpha`. For :math:`\theta_0` above the estimate,
    :math:`\theta_0 = \hat\theta + s u`, that p-value is

    .. math:: \Phi(-u) + \Phi\left(-u + \frac{2 s^2}{v}
        \left(\frac{m - \hat\theta}{s} - u\right)\right),

    which falls with u, so that each end is one root in a known bracket.

    Parameters
    ----------
    estimate, se
        Estimates and their standard errors.
    prior_mean, prior_var
        Prior means and variances of the effect, in the units of the estimate. A
        variance of ``inf`` gives the usual interval.
    alpha
        One minus the coverage, at most 0.5: above, what is not rejected may be no interval
        around the estimate.
    df
        Degrees of freedom; None for the normal distribution.

    Returns
    -------
    Lower and upper ends, in the units of the estimate.

    Raises
    ------
    ValueError
        If an argument is out of its range, naming the first value that is.

    References
    ----------
    Pratt, J. W. (1961). Length of confidence intervals. JASA 56, 549-567.
    Yu, C. and Hoff, P. D. (2018). Adaptive multigroup confidence intervals with constant
    coverage. Biometrika 105, 319-335.
    """
    if not 0 < alpha <= 0.5:
        raise ValueError(f"alpha must be above 0 and at most 0.5, but is {alpha:g}.")
    prior_shift(prior_mean, prior_var)  # checks both
    center, scale, mean, var = np.broadcast_arrays(
        *(np.asarray(value, float) for value in (estimate, se, prior_mean, prior_var))
    )
    if not np.all(scale > 0):
        worst = int(np.argmin(scale))
        raise ValueError(f"se must be positive, but se[{worst}] is {scale.flat[worst]:g}.")
    require_finite("estimate", center)
    require_finite("se", scale)
    if df is not None:
        require_freedom(df)
    with np.errstate(over="ignore"):
        distance = np.atleast_1d(np.clip((mean - center) / scale, -_FARTHEST, _FARTHEST))
        ratio = np.atleast_1d((var / scale) / (2 * scale))
    up = _reach(distance, ratio, alpha, df).reshape(center.shape)
    down = _reach(-distance, ratio, alpha, df).reshape(center.shape)
    return np.asarray(center - scale * down), np.asarray(center + scale * up)


def _reach(
    distance: Values, ratio: Values, alpha: float, df: Numbers | None
) -> Float[np.ndarray, "*variant"]:
    """Standard errors from the estimate to the end on the side of a positive `distance`.

    `distance` leads from the estimate to the prior mean and `ratio` is v / (2 s^2).
    """
    one_sided, two_sided = (
        -ndtri(level) if df is None else -stdtrit(df, level) for level in (alpha, alpha / 2)
    )
    if not np.all(np.abs(two_sided) < _FARTHEST):  # where scipy's quantiles end
        raise ValueError(f"alpha {alpha:g} is too small for so few degrees of freedom.")
    finite = np.minimum(ratio, 1e200)
    bound = (two_sided * finite + distance) / (1 + finite)
    # the margin keeps the root inside where an end of the bracket is the root itself
    low = np.broadcast_to(one_sided, distance.shape)
    low = low - 1e-6 * np.maximum(1.0, np.abs(low))
    high = np.maximum(two_sided, bound)
    high = high + 1e-6 * np.maximum(1.0, high)

    def excess(u: Values, distance: Values, ratio: Values, df: Values) -> Values:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            second = np.nan_to_num((distance - u) / ratio, nan=0.0, posinf=np.inf)
        if np.isnan(df).all():
            tails = log_ndtr(-u), log_ndtr(second - u)
        else:
            tails = log_stdtr(df, -u), log_stdtr(df, second - u)
        return np.logaddexp(*tails) - np.log(alpha)

    tolerances = {"xatol": 1e-13, "xrtol": 1e-14, "fatol": 0.0, "frtol": 0.0}
    args = (distance, ratio, np.full_like(distance, np.nan if df is None else df))
    root = find_root(excess, (low, high), args=args, tolerances=tolerances).x
    return np.asarray(np.maximum(root, one_sided))
