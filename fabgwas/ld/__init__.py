"""Linkage disequilibrium: blocks, LD scores and regression, clumps; arrays to arrays."""

from fabgwas.ld._blocks import (
    Blocks,
    assign_blocks,
    find_blocks,
    long_range_regions,
    make_blocks,
    merge_regions,
    population_blocks,
)
from fabgwas.ld._clump import Clumps, Correlate, clump
from fabgwas.ld._haplotypes import haplotype_correlations
from fabgwas.ld._matrices import (
    Factor,
    Packed,
    block_correlation,
    factor_columns,
    factorise,
    multiply,
    pack,
    shrinkage_intensity,
    unpack,
)
from fabgwas.ld._regression import (
    CrossTraitFit,
    LdscFit,
    cross_trait_intercept,
    ldsc_intercept,
)
from fabgwas.ld._scores import LdScores, LdSums, Reader, ld_scores, ld_sums
from fabgwas.ld._split import split_blocks
from fabgwas.ld._standardise import Standardised, standardise

__all__ = [
    "Blocks",
    "Clumps",
    "Correlate",
    "CrossTraitFit",
    "Factor",
    "LdScores",
    "LdSums",
    "LdscFit",
    "Packed",
    "Reader",
    "Standardised",
    "assign_blocks",
    "block_correlation",
    "clump",
    "cross_trait_intercept",
    "factor_columns",
    "factorise",
    "find_blocks",
    "haplotype_correlations",
    "ld_scores",
    "ld_sums",
    "ldsc_intercept",
    "long_range_regions",
    "make_blocks",
    "merge_regions",
    "multiply",
    "pack",
    "population_blocks",
    "shrinkage_intensity",
    "split_blocks",
    "standardise",
    "unpack",
]
