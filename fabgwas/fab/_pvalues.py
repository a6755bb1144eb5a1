"""FAB p-values of one variant at a time."""

import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr

from fabgwas.fab._numbers import Numbers
from fabgwas.fab._student import log_stdtr

Values = Float[np.ndarray, "*variant"]


def fab_log_pvalues(
    z: Numbers,
    prior_mean: Numbers,
    prior_var: Numbers,
    df: Numbers | None = None,
) -> Values:
    r"""Log FAB p-values of z-scores (or t-statistics) under normal priors.

    For :math:`z_j \sim N(\theta_j, 1)` and :math:`\theta_j \sim N(m_j, v_j)` the p-value is

    .. math:: p_j = 1 - |\Phi(z_j + b_j) - \Phi(-z_j)|, \qquad b_j = 2 m_j / v_j,

    uniform under :math:`\theta_j = 0` for every prior that is independent of
    :math:`z_j`, and never below half the two-sided p-value.

    Parameters
    ----------
    z
        Z-scores, signed towards the effect allele; t-statistics if `df` is given.
    prior_mean
        Prior means of E z.
    prior_var
        Prior variances of E z. ``inf``, or a mean of 0, gives the two-sided test; 0
        with a mean gives the one-sided test towards its sign.
    df
        Degrees of freedom; None for the normal distribution. The prior must then
        be independent of the variance estimate in the t-statistic, too.

    Returns
    -------
    Natural logarithms of the p-values, finite where the p-value underflows, in the common
    shape of the arguments.

    Raises
    ------
    ValueError
        If z or a prior mean is not finite, a variance is negative or not a number, or `df`
        is not positive and finite.

    References
    ----------
    Hoff, P. D. (2022). Smaller p-values via indirect information. JASA 117, 1254-1269.
    """
    statistic, shift = np.broadcast_arrays(
        np.asarray(z, float), prior_shift(prior_mean, prior_var)
    )
    require_finite("z", statistic)
    shifted = statistic + shift
    sign = np.where(statistic + shifted >= 0, 1.0, -1.0)
    # 1 - |Phi(z + b) - Phi(-z)| is a sum of two tails, so nothing cancels
    if df is None:
        tails = log_ndtr(-sign * shifted), log_ndtr(-sign * statistic)
    else:
        require_freedom(df)
        tails = log_stdtr(df, -sign * shifted), log_stdtr(df, -sign * statistic)
    return np.asarray(np.minimum(np.logaddexp(*tails), 0.0))


def prior_shift(prior_mean: Numbers, prior_var: Numbers) -> Values:
    r"""The shift :math:`b = 2 m / v` of the FAB test, 0 where the mean is 0."""
    mean, var = np.broadcast_arrays(
        np.asarray(prior_mean, float), np.asarray(prior_var, float)
    )
    require_finite("prior_mean", mean)
    wrong = ~(var >= 0)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"prior_var must not be negative, but prior_var[{first}] is "
            f"{var.flat[first]:g}."
        )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(np.where(mean == 0, 0.0, mean / (0.5 * var)))


def require_finite(name: str, values: Values) -> None:
    """Raise an error that names the first value that is infinite or not a number."""
    wrong = ~np.isfinite(values)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{name} must be finite, but {name}[{first}] is {values.flat[first]:g}."
        )


def require_freedom(df: Numbers) -> None:
    """Raise an error that names the first degrees of freedom that are none."""
    values = np.asarray(df, float)
    wrong = ~((values > 0) & np.isfinite(values))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"df must be positive and finite, but df[{first}] is {values.flat[first]:g}."
        )
