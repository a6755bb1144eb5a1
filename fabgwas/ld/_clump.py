"""Clumps: one locus for each significant variant that no stronger one explains."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

# correlations of one variant with others, nan where they are not known
Correlate = Callable[[int, Int[np.ndarray, " other"]], Float[np.ndarray, " other"]]


class Clumps(NamedTuple):
    """Lead variants, the most significant first, and who belongs to them."""

    lead: Int[np.ndarray, " clump"]
    """Number of the lead (PLINK: index) variant of each clump."""
    clump: Int[np.ndarray, " variant"]
    """Clump of each variant, -1 for none; a lead variant belongs to its own clump."""


def clump(
    log_pvalue: Float[np.ndarray, " variant"],
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    correlate: Correlate | None = None,
    *,
    p1: float = 5e-8,
    p2: float = 0.01,
    r2: float = 0.1,
    kb: float = 1000.0,
) -> Clumps:
    r"""Clump variants greedily by p-value, by the rules of PLINK 1.9 ``--clump``.

    The most significant variant that is in no clump yet, with :math:`p \le p_1`, becomes a
    lead variant. Its clump takes every variant that is in no clump yet, with
    :math:`p < p_2`, less than `kb` away and with :math:`r^2` above `r2`. Of equal p-values
    the first variant in genome order is the stronger.

    PLINK's r² is the square of `haplotype_correlations`. PLINK leaves out variants that are
    not in its panel; here a variant of unknown correlations makes a clump of its own.

    Parameters
    ----------
    log_pvalue
        Natural logarithms, so that p-values below 1e-300 keep their order; nan never
        enters a clump.
    chrom, pos
        Chromosome codes and base pairs, in any order.
    correlate
        Gives the correlations of one variant with others, by their numbers; None joins
        by distance alone.
    p1, p2
        Largest p-value of a lead variant, and bound of that of its company.
    r2, kb
        Bounds of squared correlation and distance.

    References
    ----------
    Chang, C. C. et al. (2015). Second-generation PLINK. GigaScience 4, 7.
    """
    if not 0 < p1 <= p2 <= 1:
        raise ValueError(f"0 < p1 <= p2 <= 1 is needed, but p1 is {p1:g} and p2 {p2:g}.")
    candidates = np.flatnonzero((log_pvalue <= np.log(p1)) | (log_pvalue < np.log(p2)))
    # chromosomes are set apart further than any window
    place = (chrom[candidates].astype(np.int64) << 40) + pos[candidates]
    order = np.argsort(place, kind="stable")
    candidates, place = candidates[order], place[order]
    log_p = log_pvalue[candidates]
    significant = np.flatnonzero(log_p <= np.log(p1))
    result = np.full(log_pvalue.size, -1)
    free = np.ones(candidates.size, bool)
    radius = int(np.ceil(round(kb * 1000, 3)))
    lead: list[int] = []
    for at in significant[np.argsort(log_p[significant], kind="stable")].tolist():
        if not free[at]:
            continue
        free[at] = False
        near = _near(place, at, radius)
        near = near[free[near]]
        if correlate is not None and near.size:
            r = correlate(int(candidates[at]), candidates[near])
            near = near[np.square(r) > r2]
        free[near] = False
        result[candidates[near]] = result[candidates[at]] = len(lead)
        lead.append(int(candidates[at]))
    return Clumps(np.array(lead, np.int64), result)


def _near(
    place: Int[np.ndarray, " candidate"], at: int, radius: int
) -> Int[np.ndarray, " near"]:
    """Numbers of the candidates less than the radius away."""
    first = np.searchsorted(place, place[at] - radius, side="right")
    last = np.searchsorted(place, place[at] + radius, side="left")
    return np.arange(first, last)
