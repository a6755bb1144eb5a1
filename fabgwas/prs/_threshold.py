"""Clumping and thresholding: the leads of clumps, with the effects of the study."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from fabgwas.ld import Correlate, clump

THRESHOLDS = (5e-8, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0)


def clump_and_threshold(
    effect: Float[np.ndarray, " variant"],
    log_pvalue: Float[np.ndarray, " variant"],
    block: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    correlate: Correlate,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    r2: float = 0.1,
    kb: float = 1000.0,
) -> Float[np.ndarray, "threshold variant"]:
    """Effects of the study for leads of clumps at most so significant, 0 for others.

    Clumps are those of `fabgwas.ld.clump` with every variant a possible lead, and none
    joins two LD blocks. Which threshold is best has to be found in other people than those
    of the study.

    Parameters
    ----------
    effect
        Marginal effects, on any scale.
    log_pvalue
        Natural logarithms.
    block, pos
        LD blocks, of one chromosome each, and base pairs.
    correlate
        Correlations of one variant with others.
    thresholds
        On the p-value.
    r2, kb
        Variants of larger squared correlation and smaller distance share a clump.

    References
    ----------
    Purcell, S. M. et al. (2009). Common polygenic variation contributes to risk of
    schizophrenia and bipolar disorder. Nature 460, 748-752.
    """
    largest = max(thresholds)

    def leads_among(rows: Int[np.ndarray, " some"]) -> Int[np.ndarray, " lead"]:
        found = clump(
            log_pvalue[rows],
            block[rows],
            pos[rows],
            lambda row, others: correlate(int(rows[row]), rows[others]),
            p1=largest,
            p2=1.0,
            r2=r2,
            kb=kb,
        )
        return rows[found.lead]

    # block after block, as the correlations of each may have to be read
    order = np.argsort(block, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(block[order])) + 1)
    leads = np.concatenate([leads_among(rows) for rows in parts])
    result = np.zeros((len(thresholds), effect.size))
    for row, threshold in zip(result, thresholds, strict=True):
        chosen = leads[log_pvalue[leads] <= np.log(threshold)]
        row[chosen] = effect[chosen]
    return result
