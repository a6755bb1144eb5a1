"""Loci: what the significant variants of a test amount to."""

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from fabgwas.assoc import COLUMN_OF_TEST, COVARIATES_ONLY, estimates
from fabgwas.fab import fcr_intervals
from fabgwas.features import Reference
from fabgwas.genes import nearest_genes
from fabgwas.interchange import Tabular, as_arrow
from fabgwas.ld import Clumps, clump
from fabgwas.variants import chromosome_codes

_COLUMNS = COLUMN_OF_TEST | {COVARIATES_ONLY: "log_pvalue_family_covariates"}


def name_loci(loci: Tabular, build: str) -> pa.Table:
    """Add the nearest protein-coding gene of each lead variant and its distance in bp.

    A name to speak of a locus by, not a claim about which gene acts.
    """
    table = as_arrow(loci, "chrom", "pos")
    genes = nearest_genes(
        chromosome_codes(table["chrom"]).astype(np.int64),
        table["pos"].to_numpy().astype(np.int64),
        build,
    )
    table = table.append_column("nearest_gene", pa.array(genes.symbol, pa.string()))
    return table.append_column("gene_distance", pa.array(genes.distance, pa.int32()))


def level_of(test: str, n_variants: int, p1: float | None) -> float:
    """P-value of a lead variant: as given, else 5e-8, or 0.05/m in the family test."""
    if p1 is not None:
        return p1
    return 0.05 / n_variants if test.startswith("family") else 5e-8


def find_loci(
    results: Tabular,
    test: str,
    panel: Reference | None = None,
    *,
    p1: float | None = None,
    p2: float = 0.01,
    r2: float = 0.1,
    kb: float = 1000.0,
    alpha: float = 0.05,
) -> pa.Table:
    """Loci of one test, by PLINK's clumping rules.

    Parameters
    ----------
    results
        From `fab_test`, as a table of Arrow, pandas or polars.
    test
        ``two-sided``, ``fab``, ``family`` or ``family-covariates``.
    panel
        Reference panel or LD store; without one variants share a locus by distance alone.
    p1, p2, r2, kb
        P-values of lead and of other variants, squared correlation, distance; `p1` None
        is 5e-8, or 0.05 over the number of variants for the family test.
    alpha
        Error of the intervals ``fcr_lower fcr_upper``.

    Returns
    -------
    A row per locus in the order of the genome: ``test``, the columns of its lead variant,
    and ``start end n_variants`` of the locus. FAB intervals of the lead
    variants are also given as ``fcr_lower fcr_upper``, widened for the selection of
    variants by this test (see `fabgwas.fab.fcr_intervals`), though not for having the
    smallest p-value of their locus.
    """
    if test not in _COLUMNS:
        raise ValueError(f"test must be one of {', '.join(_COLUMNS)}, but is {test!r}.")
    table = as_arrow(results, "chrom", "pos", _COLUMNS[test])
    log_p = table[_COLUMNS[test]].to_numpy()
    chrom = chromosome_codes(table["chrom"]).astype(np.int64)
    pos = table["pos"].to_numpy().astype(np.int64)
    clumps = clump(
        log_p,
        chrom,
        pos,
        None if panel is None else panel.correlate(table),
        p1=level_of(test, log_p.size, p1),
        p2=p2,
        r2=r2,
        kb=kb,
    )
    level = level_of(test, log_p.size, p1)
    loci = _describe(table, test, clumps, chrom, pos)
    order = np.lexsort((pos[clumps.lead], chrom[clumps.lead]))
    intervals = _selected_intervals(table, log_p <= np.log(level), alpha)
    for name, values in zip(("fcr_lower", "fcr_upper"), intervals, strict=True):
        ends = pa.array(values[clumps.lead[order]], from_pandas=True)
        loci = loci.append_column(name, ends)
    return loci


def _selected_intervals(
    results: pa.Table, selected: Bool[np.ndarray, " variant"], alpha: float
) -> tuple[Float[np.ndarray, " variant"], Float[np.ndarray, " variant"]]:
    """Intervals of the discoveries of one test; nan for other variants."""
    beta, se = estimates(results)
    lower, upper = np.full(se.size, np.nan), np.full(se.size, np.nan)
    shown = selected & np.isfinite(se)
    if shown.any():
        mean, var = (results[name].to_numpy() for name in ("prior_mean", "prior_var"))
        scale = np.where(np.isfinite(se), se, 1.0)
        prior = mean * scale, var * scale**2
        beta = np.where(np.isfinite(se), beta, 0.0)
        lower[shown], upper[shown] = fcr_intervals(beta, scale, *prior, shown, alpha)
    return lower, upper


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
