"""False discovery rates of many tests, and intervals that allow for selection."""

import numpy as np
from jaxtyping import Bool, Float

from fabgwas.fab._intervals import fab_intervals
from fabgwas.fab._numbers import Numbers

Variants = Float[np.ndarray, " variant"]


def bh_log_qvalues(log_pvalue: Numbers) -> Variants:
    r"""Log q-values of Benjamini and Hochberg: the least FDR at which a test is rejected.

    .. math:: q_{(i)} = \min_{k \ge i} \frac{m p_{(k)}}{k}

    With p-values that are each uniform under their null (two-sided, FAB), rejecting
    :math:`q \le \alpha` keeps the false discovery rate below :math:`\alpha` for independent
    or positively dependent tests. Family p-values are not uniform one by one; for them
    :math:`m p` is the expected number of null variants below p, so that q is a conservative
    estimate of the false discovery proportion of a long list, and no finite-sample
    guarantee is claimed. Under LD what is counted is variants, not loci.

    Parameters
    ----------
    log_pvalue
        Natural logarithms of all p-values of the study, not of a selection.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57,
    289-300.
    """
    log_p = _checked(log_pvalue)
    order = np.argsort(log_p, kind="stable")
    rank = np.arange(1, log_p.size + 1)
    ordered = log_p[order] + np.log(log_p.size) - np.log(rank)
    log_q = np.empty(log_p.size)
    log_q[order] = np.minimum.accumulate(ordered[::-1])[::-1]
    return np.minimum(log_q, 0.0)


def null_share(log_pvalue: Numbers, threshold: float = 0.5) -> float:
    r"""Estimate of the share of true null hypotheses from the large p-values.

    .. math:: \hat\pi_0 = \frac{1 + \#\{p_j > \lambda\}}{m (1 - \lambda)}, \quad \le 1

    It is biased upwards. Polygenic traits in LD have few variants without any signal, and
    the estimate has the variance of that many LD blocks, not variants.

    References
    ----------
    Storey, J. D., Taylor, J. E. and Siegmund, D. (2004). Strong control, conservative point
    estimation and simultaneous conservative consistency of false discovery rates. JRSS B
    66, 187-205.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must be between 0 and 1, but is {threshold:g}.")
    log_p = _checked(log_pvalue)
    large = 1 + np.count_nonzero(log_p > np.log(threshold))
    return min(1.0, float(large / (log_p.size * (1 - threshold))))


def storey_log_qvalues(log_pvalue: Numbers, threshold: float = 0.5) -> Variants:
    r"""Log q-values of Storey: those of Benjamini and Hochberg times the `null_share`.

    For independent tests whose p-values are uniform under the null, rejecting
    :math:`q \le \alpha` among :math:`p \le \lambda` keeps the false discovery rate below
    :math:`\alpha`. For family p-values it is an estimate, as in `bh_log_qvalues`.
    """
    log_share = np.log(null_share(log_pvalue, threshold))
    return np.minimum(bh_log_qvalues(log_pvalue) + log_share, 0.0)


def fcr_intervals(
    estimate: Numbers,
    se: Numbers,
    prior_mean: Numbers,
    prior_var: Numbers,
    selected: Bool[np.ndarray, " variant"],
    alpha: float = 0.05,
) -> tuple[Float[np.ndarray, " discovery"], Float[np.ndarray, " discovery"]]:
    r"""FAB intervals of discoveries, wide enough that few of those shown are wrong.

    With R of m tests selected they have level :math:`1 - \alpha R / m`. The expected share
    of shown intervals that miss their effect is then at most :math:`\alpha`, for
    independent or positively dependent estimates and selection by BH or by a fixed
    threshold. Priors must come from other folds, as for `fab_intervals`.

    Parameters
    ----------
    estimate, se, prior_mean, prior_var
        All tested variants, as in `fab_intervals`.
    selected
        The discoveries.
    alpha
        Bound of the false coverage rate.

    Returns
    -------
    Lower and upper ends of the discoveries, in their order.

    References
    ----------
    Benjamini, Y. and Yekutieli, D. (2005). False discovery rate-adjusted multiple
    confidence intervals for selected parameters. JASA 100, 71-81.
    """
    chosen = np.asarray(selected)
    if not chosen.any():
        return np.empty(0), np.empty(0)
    center, scale, mean, var = (
        np.broadcast_to(np.asarray(values, float), chosen.shape)[chosen]
        for values in (estimate, se, prior_mean, prior_var)
    )
    return fab_intervals(center, scale, mean, var, alpha * float(np.mean(chosen)))


def _checked(log_pvalue: Numbers) -> Variants:
    log_p = np.atleast_1d(np.asarray(log_pvalue, float))
    wrong = ~(log_p <= 0)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(
            f"log_pvalue must be logarithms of p-values, but log_pvalue[{first}] is "
            f"{log_p[first]:g}."
        )
    return log_p
