"""Tests of a study under its prior."""

from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from fabgwas.fab import (
    bh_log_qvalues,
    fab_intervals,
    fab_log_pvalues,
    family_log_pvalues,
    family_prior,
    family_weights,
    posterior,
    storey_log_qvalues,
)
from fabgwas.interchange import expect
from fabgwas.link import Moments
from fabgwas.prior import FittedPrior

COLUMN_OF_TEST = {
    "two-sided": "log_pvalue",
    "fab": "log_pvalue_fab",
    "family": "log_pvalue_family",
}
COVARIATES_ONLY = "family-covariates"
"""The family test under the prior of the covariates alone: the reference of gains."""


def fab_test(
    prior: FittedPrior,
    *,
    alpha: float = 0.05,
    utility: Float[np.ndarray, " variant"] | None = None,
    with_posterior: bool = False,
) -> pa.Table:
    """Test every aligned variant, one by one and as a family.

    Parameters
    ----------
    prior
        The study and its prior, from `fit_prior`.
    alpha
        Error of the intervals; also of the family, in the column ``family_weight``.
    utility
        Value of finding each variant in the family test; None for equal values.
    with_posterior
        Whether to add the Bayesian companions ``posterior_mean posterior_sd`` (on the
        scale of ``beta``) and ``lfsr``, and the q-values ``log_qvalue_family`` and
        ``log_qvalue_family_storey``; see `fabgwas.fab.posterior` and
        `fabgwas.fab.bh_log_qvalues` for what they do not guarantee.

    Returns
    -------
    The canonical columns of the aligned variants, in their order, then ``prior_mean
    prior_var prior_prob fold log_pvalue_fab log_pvalue_family log_pvalue_family_covariates
    family_weight fab_lower fab_upper``: priors on the z scale, natural logarithms, FAB
    intervals on the scale of ``beta`` (null where there is none). ``family_weight`` is the
    share of the family's error budget that the prior gave the variant, 1 on average in
    each fold; ``..._covariates`` is the family test with a prior of the covariates alone.
    """
    expect(prior, FittedPrior, "fabgwas.fit_prior")
    table = prior.study
    z = table["z"].to_numpy().astype(np.float64)
    mean, var, prob = prior.moments
    log_p = fab_log_pvalues(z, mean, var)
    known = prior.reference
    level = alpha / z.size
    mine, theirs = (family_prior(*each, level, utility) for each in (prior.moments, known))
    log_p_family, reference = (
        family_log_pvalues(z, each.mean, each.var, prior.fold, utility=each.utility)
        for each in (mine, theirs)
    )
    weight = family_weights(mine.mean, mine.var, prior.fold, level, utility=mine.utility)
    beta, se = estimates(table)
    lower, upper = _intervals(beta, se, mean, var, alpha)
    columns = {
        "prior_mean": mean,
        "prior_var": var,
        "prior_prob": prob,
        "fold": prior.fold.astype(np.int32),
        "log_pvalue_fab": log_p,
        "log_pvalue_family": log_p_family,
        "log_pvalue_family_covariates": reference,
        "family_weight": weight,
        "fab_lower": pa.array(lower, from_pandas=True),
        "fab_upper": pa.array(upper, from_pandas=True),
    }
    if with_posterior:
        columns |= _companions(z, se, prior.moments, log_p_family)
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def estimates(
    table: pa.Table,
) -> tuple[Float[np.ndarray, " variant"], Float[np.ndarray, " variant"]]:
    """Effects, and the standard errors that their reported tests imply; nan if unknown."""
    z, beta, se = (
        table[name].to_numpy().astype(np.float64) for name in ("z", "beta", "se")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        implied = np.abs(beta / z)
    # near 0 the rounding of a reported p-value is all that the ratio tells
    se = np.where((np.abs(z) > 1) & (beta != 0) & np.isfinite(implied), implied, se)
    known = np.isfinite(beta) & (se > 0) & np.isfinite(se)
    return np.where(known, beta, np.nan), np.where(known, se, np.nan)


def _intervals(
    beta: Float[np.ndarray, " variant"],
    se: Float[np.ndarray, " variant"],
    mean: Float[np.ndarray, " variant"],
    var: Float[np.ndarray, " variant"],
    alpha: float,
) -> tuple[Float[np.ndarray, " variant"], Float[np.ndarray, " variant"]]:
    """FAB intervals for beta under a prior of z, nan where beta is unknown."""
    known = np.isfinite(se)
    lower, upper = np.full(se.size, np.nan), np.full(se.size, np.nan)
    scale = se[known]
    lower[known], upper[known] = fab_intervals(
        beta[known], scale, mean[known] * scale, var[known] * scale**2, alpha
    )
    return lower, upper


def _companions(
    z: Float[np.ndarray, " variant"],
    se: Float[np.ndarray, " variant"],
    prior: Moments,
    log_pvalue: Float[np.ndarray, " variant"],
) -> dict[str, Any]:
    """Posterior of beta, and false discovery rates of the family test."""
    found = posterior(z, *prior)
    return {
        "posterior_mean": pa.array(found.mean * se, from_pandas=True),
        "posterior_sd": pa.array(found.sd * se, from_pandas=True),
        "lfsr": np.exp(found.log_lfsr),
        "log_qvalue_family": bh_log_qvalues(log_pvalue),
        "log_qvalue_family_storey": storey_log_qvalues(log_pvalue),
    }
