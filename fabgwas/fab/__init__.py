"""FAB tests of variants and of families, intervals, false discovery rates, posteriors."""

from fabgwas.fab._family import family_log_pvalues, family_weights
from fabgwas.fab._intervals import fab_intervals
from fabgwas.fab._multiplicity import (
    bh_log_qvalues,
    fcr_intervals,
    null_share,
    storey_log_qvalues,
)
from fabgwas.fab._posterior import Posterior, posterior
from fabgwas.fab._pvalues import fab_log_pvalues

__all__ = [
    "Posterior",
    "bh_log_qvalues",
    "fab_intervals",
    "fab_log_pvalues",
    "family_log_pvalues",
    "family_weights",
    "fcr_intervals",
    "null_share",
    "posterior",
    "storey_log_qvalues",
]
