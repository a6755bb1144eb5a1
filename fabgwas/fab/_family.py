r"""P-values of a family of tests, weighted by what the prior expects of each variant.

The score of a variant is its prior odds times its likelihood ratio,

.. math:: \log s_j(z) = \log(a_j o_j) + \log \frac{N(z; m_j, 1 + v_j)}{N(z; 0, 1)}
    = C_j + B_j z + A_j z^2,

a convex parabola in z, so that "a score at least t" is two tails of the null of z.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from fabgwas.fab._numbers import Numbers
from fabgwas.fab._pvalues import prior_shift
from fabgwas.fab._scores import Parabolas, log_mean_tail, log_tail, solve_threshold
from fabgwas.threads import map_threads

Variants = Float[np.ndarray, " variant"]

# an improper prior is taken to be this wide: E z of 1e6 is beyond any study
_WIDEST = 1e12
# and a z or a prior mean this far out as good as one farther, whose square may overflow
_FARTHEST = 1e9
# odds of exactly 0 or infinity would leave nothing to compare
_LEAST_ODDS = 1e-300
_LEAST_CHANCE_OF_NULL = 1e-12


def family_log_pvalues(
    z: Numbers,
    prior_mean: Numbers,
    prior_var: Numbers,
    fold: Numbers,
    prior_prob: Numbers | None = None,
    utility: Numbers | None = None,
) -> Variants:
    r"""Log p-values that spend the error of a fold where the prior expects signal.

    With prior odds :math:`o_j`, utilities :math:`a_j` and likelihood ratios of the
    prior predictive to the null, for the :math:`m_f` variants of fold f

    .. math:: p_j = \frac{1}{m_f} \sum_{k \in f} P_0\{s_k(Z) \ge s_j(z_j)\},
        \qquad s_j(z) = a_j o_j \frac{N(z; m_j, 1 + v_j)}{N(z; 0, 1)}.

    These are *weighted* p-values. The null probabilities of :math:`p_k \le t` sum to
    :math:`m_f t` over a fold, whatever the prior, so testing all m variants at
    :math:`\alpha / m` controls the family-wise error, if the priors of a fold were learned
    on other folds. A single variant chosen beforehand is not tested at its nominal level,
    and the p-values are not for QQ plots, genomic control, LD score regression,
    fine-mapping or meta-analysis. With equal priors they are the usual two-sided
    p-values.

    Parameters
    ----------
    z
        Z-scores, signed towards the effect allele.
    prior_mean, prior_var
        Mean and variance of E z, given that the effect is not 0.
    fold
        The fold whose variants were held out together when the priors were learned.
    prior_prob
        Probability that the effect is not 0; None for the normal prior alone.
    utility
        Value of finding each variant, known without z; None for equal values. 1 / (LD
        score) keeps the error budget from flowing to variants that say the same.

    Returns
    -------
    Natural logarithms of the p-values.

    Raises
    ------
    ValueError
        If an argument is out of its range, naming the first value that is, or if the fold
        of a variant is not given.

    References
    ----------
    Roeder, K. and Wasserman, L. (2009). Genome-wide significance levels and weighted
    hypothesis testing. Statistical Science 24, 398-413.
    """
    values = np.atleast_1d(np.asarray(z, float))
    _require("z", values, "finite", np.isfinite(values))
    scores = _log_scores(prior_mean, prior_var, prior_prob, utility, values.size)
    observed = scores.at(np.clip(values, -_FARTHEST, _FARTHEST))
    log_pvalue = np.empty(values.size)

    def fill(members: Int[np.ndarray, " _"]) -> None:
        log_pvalue[members] = log_mean_tail(scores.take(members), observed[members])

    for _ in map_threads(fill, _members(fold, values.size)):
        pass
    return np.minimum(log_pvalue, 0.0)


def family_weights(
    prior_mean: Numbers,
    prior_var: Numbers,
    fold: Numbers,
    level: float,
    prior_prob: Numbers | None = None,
    utility: Numbers | None = None,
) -> Variants:
    r"""How much of the error budget each variant holds when tested at `level`.

    :math:`w_k = P_0(s_k \ge t) / \ell` where t solves
    :math:`\sum_{k \in f} P_0(s_k \ge t) = m_f \ell`: mean 1 in each fold, or
    less where equal scores cannot share the rest of the budget.
    """
    size = np.asarray(fold).size
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, but is {level:g}.")
    scores = _log_scores(prior_mean, prior_var, prior_prob, utility, size)
    weights = np.empty(size)
    for members in _members(fold, size):
        part = scores.take(members)
        threshold = solve_threshold(part, np.log(level))
        weights[members] = np.exp(log_tail(part, threshold) - np.log(level))
    return weights


def _log_scores(
    prior_mean: Numbers,
    prior_var: Numbers,
    prior_prob: Numbers | None,
    utility: Numbers | None,
    size: int,
) -> Parabolas:
    prior_shift(prior_mean, prior_var)  # checks both
    var = _spread(prior_var, size)
    mean = np.clip(_spread(prior_mean, size), -_FARTHEST, _FARTHEST)
    mean = np.where(var > _WIDEST, 0.0, mean)
    var = np.minimum(var, _WIDEST)
    constant = -0.5 * (np.log1p(var) + mean * mean / (1 + var))
    if prior_prob is not None:
        probability = _spread(prior_prob, size)
        _require("prior_prob", probability, "between 0 and 1", probability <= 1)
        _require("prior_prob", probability, "between 0 and 1", probability >= 0)
        probability = np.clip(probability, _LEAST_ODDS, 1 - _LEAST_CHANCE_OF_NULL)
        constant = constant + np.log(probability) - np.log1p(-probability)
    if utility is not None:
        value = _spread(utility, size)
        _require("utility", value, "positive", (value > 0) & np.isfinite(value))
        constant = constant + np.log(value)
    return Parabolas(constant, mean / (1 + var), 0.5 * var / (1 + var))


def _spread(values: Numbers, size: int) -> Variants:
    return np.broadcast_to(np.asarray(values, float), size)


def _require(name: str, values: Variants, rule: str, holds: Bool[np.ndarray, " _"]) -> None:
    if not holds.all():
        first = int(np.flatnonzero(~holds)[0])
        raise ValueError(
            f"{name} must be {rule}, but {name}[{first}] is {values[first]:g}."
        )


def _members(fold: Numbers, size: int) -> list[Int[np.ndarray, " _"]]:
    """The indices of the variants of each fold."""
    label = np.atleast_1d(np.asarray(fold))
    if label.shape != (size,):
        raise ValueError(
            f"fold must have one value for each of {size:,} variants, but its shape is "
            f"{label.shape}."
        )
    _, number = np.unique(label, return_inverse=True)
    order = np.argsort(number, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
