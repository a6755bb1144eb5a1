"""Scores of people, and how good they are: arrays in, numbers out."""

from fabgwas.evaluate._auc import Delong, Difference, auc_difference, delong
from fabgwas.evaluate._augment import Augmented, augment, augment_fold
from fabgwas.evaluate._bootstrap import bootstrap, percentile_interval
from fabgwas.evaluate._calibration import (
    Calibration,
    calibration,
    cross_predict,
    fit_predict,
    make_folds,
)
from fabgwas.evaluate._logistic import Logistic, fit_logistic, refit_log_likelihood
from fabgwas.evaluate._quantiles import Quantiles, quantile_effects
from fabgwas.evaluate._r2 import incremental_r2, liability_r2, nagelkerke, r2
from fabgwas.evaluate._summary import (
    Terms,
    block_bootstrap,
    block_terms,
    panel_noise,
    signed_correlation,
    split_z,
)
from fabgwas.evaluate._sums import Sums, blocks_of, means, score_sums

__all__ = [
    "Augmented",
    "Calibration",
    "Delong",
    "Difference",
    "Logistic",
    "Quantiles",
    "Sums",
    "Terms",
    "auc_difference",
    "augment",
    "augment_fold",
    "block_bootstrap",
    "block_terms",
    "blocks_of",
    "bootstrap",
    "calibration",
    "cross_predict",
    "delong",
    "fit_logistic",
    "fit_predict",
    "incremental_r2",
    "liability_r2",
    "make_folds",
    "means",
    "nagelkerke",
    "panel_noise",
    "percentile_interval",
    "quantile_effects",
    "r2",
    "refit_log_likelihood",
    "score_sums",
    "signed_correlation",
    "split_z",
]
