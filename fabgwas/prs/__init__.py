"""Polygenic scores from summary statistics: posterior effects given LD and a prior."""

from fabgwas.prs._ascent import Problem
from fabgwas.prs._blocks import LdBatch, pack_blocks
from fabgwas.prs._features import Whitened, whiten
from fabgwas.prs._fit import MixtureFit, MixtureSettings, fit_mixture
from fabgwas.prs._heritability import guess_heritability
from fabgwas.prs._infinitesimal import infinitesimal_effects

__all__ = [
    "LdBatch",
    "MixtureFit",
    "MixtureSettings",
    "Problem",
    "Whitened",
    "fit_mixture",
    "guess_heritability",
    "infinitesimal_effects",
    "pack_blocks",
    "whiten",
]
