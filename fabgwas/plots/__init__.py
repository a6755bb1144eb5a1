"""Figures: arrays in, matplotlib axes out, no global state.

For arrays may stand lists, and columns of pandas, polars and Arrow; for codes of
chromosomes their names.
"""

from fabgwas.plots._calibration import prior_calibration, prior_direction
from fabgwas.plots._distribution import score_distribution
from fabgwas.plots._intervals import effect_intervals
from fabgwas.plots._locus import Gene, locus_zoom
from fabgwas.plots._manhattan import Region, manhattan
from fabgwas.plots._mirrored import mirrored_manhattan
from fabgwas.plots._qq import lambda_gc, qq
from fabgwas.plots._quantiles import quantile_plot, reliability
from fabgwas.plots._roc import roc
from fabgwas.plots._style import DARK, LIGHT, Style

__all__ = [
    "DARK",
    "LIGHT",
    "Gene",
    "Region",
    "Style",
    "effect_intervals",
    "lambda_gc",
    "locus_zoom",
    "manhattan",
    "mirrored_manhattan",
    "prior_calibration",
    "prior_direction",
    "qq",
    "quantile_plot",
    "reliability",
    "roc",
    "score_distribution",
]
