"""FAB tests: p-values of single variants and of families, and confidence intervals."""

from fabgwas.fab._family import family_log_pvalues, family_weights
from fabgwas.fab._intervals import fab_intervals
from fabgwas.fab._pvalues import fab_log_pvalues

__all__ = ["fab_intervals", "fab_log_pvalues", "family_log_pvalues", "family_weights"]
