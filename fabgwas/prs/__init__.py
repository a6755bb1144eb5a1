"""Polygenic scores from summary statistics: posterior effects given LD and a prior."""

from fabgwas.prs._ascent import Problem
from fabgwas.prs._blocks import LdBatch, ReadLd, pack_blocks
from fabgwas.prs._features import Whitened, whiten
from fabgwas.prs._fit import MixtureFit, fit_mixture
from fabgwas.prs._heritability import guess_heritability, guess_intercept
from fabgwas.prs._infinitesimal import infinitesimal_effects
from fabgwas.prs._mismatch import find_mismatches
from fabgwas.prs._settings import MixtureSettings, settings_for
from fabgwas.prs._threshold import THRESHOLDS, clump_and_threshold

__all__ = [
    "THRESHOLDS",
    "LdBatch",
    "MixtureFit",
    "MixtureSettings",
    "Problem",
    "ReadLd",
    "Whitened",
    "clump_and_threshold",
    "find_mismatches",
    "fit_mixture",
    "guess_heritability",
    "guess_intercept",
    "infinitesimal_effects",
    "pack_blocks",
    "settings_for",
    "whiten",
]
