"""Linking models: from embeddings to the prior mean and variance of each variant."""

from fabgwas.link._calibrate import log_predictive
from fabgwas.link._crossfit import FoldReport, Prior, cross_fit
from fabgwas.link._folds import Folds, make_folds

__all__ = ["FoldReport", "Folds", "Prior", "cross_fit", "log_predictive", "make_folds"]
