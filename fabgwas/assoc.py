"""Tests of a study under its prior, and the loci they find."""

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from fabgwas.fab import fab_intervals, fab_log_pvalues, family_log_pvalues, family_weights
from fabgwas.features import Reference
from fabgwas.ld import Clumps, clump
from fabgwas.prior import FittedPrior
from fabgwas.variants import chromosome_codes

COLUMN_OF_TEST = {
    "two-sided": "log_pvalue",
    "fab": "log_pvalue_fab",
    "family": "log_pvalue_family",
}
COVARIATES_ONLY = "family-covariates"
"""The family test under the prior of the covariates alone: the reference of gains."""
_COLUMNS = COLUMN_OF_TEST | {COVARIATES_ONLY: "log_pvalue_family_covariates"}


def fab_test(
    prior: FittedPrior,
    *,
    alpha: float = 0.05,
    utility: Float[np.ndarray, " variant"] | None = None,
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

    Returns
    -------
    The canonical columns of the aligned variants, in their order, then ``prior_mean
    prior_var prior_prob fold log_pvalue_fab log_pvalue_family log_pvalue_family_covariates
    family_weight fab_lower fab_upper``: priors on the z scale, natural logarithms, FAB
    intervals on the scale of ``beta`` (null where there is none). ``family_weight`` is the
    share of the family's error budget that the prior gave the variant, 1 on average in
    each fold; ``..._covariates`` is the family test with a prior of the covariates alone.
    """
    table = prior.study
    z = table["z"].to_numpy().astype(np.float64)
    mean, var, prob = prior.moments
    log_p = fab_log_pvalues(z, mean, var)
    log_p_family = family_log_pvalues(z, mean, var, prior.fold, prob, utility)
    reference = family_log_pvalues(
        z,
        prior.reference.mean,
        prior.reference.var,
        prior.fold,
        prior.reference.prob,
        utility,
    )
    weight = family_weights(mean, var, prior.fold, alpha / z.size, prob, utility)
    lower, upper = _intervals(table, z, prior, alpha)
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
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def _intervals(
    table: pa.Table, z: Float[np.ndarray, " variant"], prior: FittedPrior, alpha: float
) -> tuple[Float[np.ndarray, " variant"], Float[np.ndarray, " variant"]]:
    """FAB intervals for beta, with the standard error that its reported test implies."""
    beta = table["beta"].to_numpy().astype(np.float64)
    se = table["se"].to_numpy().astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        implied = np.abs(beta / z)
    se = np.where((z != 0) & (beta != 0) & np.isfinite(implied), implied, se)
    known = np.isfinite(beta) & (se > 0) & np.isfinite(se)
    lower, upper = np.full(z.size, np.nan), np.full(z.size, np.nan)
    lower[known], upper[known] = fab_intervals(
        beta[known],
        se[known],
        prior.moments.mean[known] * se[known],
        prior.moments.var[known] * se[known] ** 2,
        alpha,
    )
    return lower, upper


def level_of(test: str, n_variants: int, p1: float | None) -> float:
    """P-value of a lead variant: as given, else 5e-8, or 0.05/m in the family test."""
    if p1 is not None:
        return p1
    return 0.05 / n_variants if test.startswith("family") else 5e-8


def find_loci(
    results: pa.Table,
    test: str,
    panel: Reference | None = None,
    *,
    p1: float | None = None,
    p2: float = 0.01,
    r2: float = 0.1,
    kb: float = 1000.0,
) -> pa.Table:
    """Loci of one test, by PLINK's clumping rules.

    Parameters
    ----------
    results
        From `fab_test`.
    test
        ``two-sided``, ``fab``, ``family`` or ``family-covariates``.
    panel
        Reference panel or LD store; without one variants share a locus by distance alone.
    p1, p2, r2, kb
        P-values of lead and of other variants, squared correlation, distance; `p1` None
        is 5e-8, or 0.05 over the number of variants for the family test.

    Returns
    -------
    A row per locus in the order of the genome: ``test``, the columns of its lead variant,
    and ``start end n_variants`` of the locus.
    """
    log_p = results[_COLUMNS[test]].to_numpy()
    chrom = chromosome_codes(results["chrom"]).astype(np.int64)
    pos = results["pos"].to_numpy().astype(np.int64)
    clumps = clump(
        log_p,
        chrom,
        pos,
        None if panel is None else panel.correlate(results),
        p1=level_of(test, log_p.size, p1),
        p2=p2,
        r2=r2,
        kb=kb,
    )
    return _describe(results, test, clumps, chrom, pos)


def _describe(
    results: pa.Table,
    test: str,
    clumps: Clumps,
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
) -> pa.Table:
    """The lead variants with the extent of their clumps, in genome order."""
    n_loci = clumps.lead.size
    members = np.flatnonzero(clumps.clump >= 0)
    number = clumps.clump[members]
    start = np.full(n_loci, np.iinfo(np.int32).max)
    end = np.zeros(n_loci, np.int64)
    np.minimum.at(start, number, pos[members])
    np.maximum.at(end, number, pos[members])
    order = np.lexsort((pos[clumps.lead], chrom[clumps.lead]))
    loci = results.take(pa.array(clumps.lead[order]))
    for name, values in (
        ("n_variants", np.bincount(number, minlength=n_loci)),
        ("end", end),
        ("start", start),
    ):
        loci = loci.add_column(2, name, pa.array(values[order].astype(np.int32)))
    return loci.add_column(0, "test", pa.array([test] * n_loci, pa.string()))
