"""Odds ratios, or means, of the quantiles of a score against its middle."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from fabgwas.evaluate._logistic import fit_logistic


class Quantiles(NamedTuple):
    """One entry per quantile, from the lowest scores up."""

    count: Int[np.ndarray, " quantile"]  # type: ignore[assignment]
    outcome: Float[np.ndarray, " quantile"]
    """Share of cases, or mean of the phenotype."""
    estimate: Float[np.ndarray, " quantile"]
    """Odds ratio, or difference of means, against the middle."""
    lower: Float[np.ndarray, " quantile"]
    upper: Float[np.ndarray, " quantile"]
    middle: Bool[np.ndarray, " quantile"]
    """Whether it is of the middle, which the others are compared with."""


def quantile_effects(
    score: Float[np.ndarray, " sample"],
    covariates: Float[np.ndarray, "sample column"],
    y: Float[np.ndarray, " sample"],
    n_quantiles: int = 10,
    *,
    binary: bool,
    level: float = 0.95,
) -> Quantiles:
    """Compare the quantiles of a score with its middle, adjusted for covariates.

    The middle is the central quantile, or the two central ones of an even number. Odds
    ratios come from a logistic regression, differences of means from least squares. A
    quantile with cases or with controls only has no odds ratio.

    Parameters
    ----------
    score, covariates
        Predictors.
    y
        Phenotype; 0 and 1 if `binary`.
    n_quantiles
        At least 3.
    binary
        Odds ratios rather than differences.
    level
        Of the intervals.
    """
    if n_quantiles < 3:
        raise ValueError(f"n_quantiles must be at least 3, not {n_quantiles}.")
    which = quantile_of(score, n_quantiles)
    number = np.arange(n_quantiles)
    middle = (number == n_quantiles // 2) | (number == (n_quantiles - 1) // 2)
    count = np.bincount(which, minlength=n_quantiles)
    outcome = np.bincount(which, y, n_quantiles) / np.maximum(count, 1)
    usable = ~middle & (count > 0)
    if binary:
        usable &= (outcome > 0) & (outcome < 1)
    members = (which[:, None] == number[usable]).astype(float)
    # who is in a quantile that cannot be estimated must not count as middle
    kept = members.any(axis=1) | middle[which]
    design = np.column_stack([members, covariates])[kept]
    effect, se = (_log_odds if binary else _means)(design, y[kept])
    half = ndtri((1 + level) / 2) * se[: members.shape[1]]
    effect = effect[: members.shape[1]]
    estimate, lower, upper = np.full((3, n_quantiles), np.nan)
    for target, values in (
        (estimate, effect),
        (lower, effect - half),
        (upper, effect + half),
    ):
        target[usable] = np.exp(values) if binary else values
        target[middle] = 1.0 if binary else 0.0
    return Quantiles(count, outcome, estimate, lower, upper, middle)


def quantile_of(
    score: Float[np.ndarray, " sample"], n_quantiles: int
) -> Int[np.ndarray, " sample"]:
    """Number of the quantile of each value; equal values share one."""
    cuts = np.quantile(score, np.arange(1, n_quantiles) / n_quantiles)
    return np.searchsorted(cuts, score, side="right")


def _log_odds(
    design: Float[np.ndarray, "sample column"], y: Float[np.ndarray, " sample"]
) -> tuple[Float[np.ndarray, " column"], Float[np.ndarray, " column"]]:
    fit = fit_logistic(design, y > 0.5)
    return fit.coef[1:], fit.se[1:]


def _means(
    design: Float[np.ndarray, "sample column"], y: Float[np.ndarray, " sample"]
) -> tuple[Float[np.ndarray, " column"], Float[np.ndarray, " column"]]:
    from statsmodels.regression.linear_model import OLS

    fit = OLS(y, np.column_stack([np.ones(y.size), design])).fit()
    return np.asarray(fit.params[1:]), np.asarray(fit.bse[1:])
