"""FAB tests of variants and of families, intervals, false discovery rates, posteriors."""

from fabgwas.fab._family import family_log_pvalues, family_weights
from fabgwas.fab._family_prior import FamilyPrior, family_prior
from fabgwas.fab._intervals import fab_intervals
from fabgwas.fab._multiplicity import (
    bh_log_qvalues,
    fcr_intervals,
    null_share,
    storey_log_qvalues,
)
from fabgwas.fab._posterior import Posterior, posterior
from fabgwas.fab._pvalues import fab_log_pvalues
from fabgwas.fab._quadratic import quadratic_log_pvalue
from fabgwas.fab._sets import SetTest, kernel_test, variance_kernel

__all__ = [
    "FamilyPrior",
    "Posterior",
    "SetTest",
    "bh_log_qvalues",
    "fab_intervals",
    "fab_log_pvalues",
    "family_log_pvalues",
    "family_prior",
    "family_weights",
    "fcr_intervals",
    "kernel_test",
    "null_share",
    "posterior",
    "quadratic_log_pvalue",
    "storey_log_qvalues",
    "variance_kernel",
]
