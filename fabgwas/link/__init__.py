"""Linking models: from embeddings to the prior of each variant's effect."""

from fabgwas.link._calibrate import Moments, log_predictive
from fabgwas.link._crossfit import MODELS, Features, FoldReport, Prior, cross_fit
from fabgwas.link._folds import Folds, TooFewVariantsError, make_folds
from fabgwas.link._gain import Gain, block_gain
from fabgwas.link._project import Projection, principal_axes

__all__ = [
    "MODELS",
    "Features",
    "FoldReport",
    "Folds",
    "Gain",
    "Moments",
    "Prior",
    "Projection",
    "TooFewVariantsError",
    "block_gain",
    "cross_fit",
    "log_predictive",
    "make_folds",
    "principal_axes",
]
