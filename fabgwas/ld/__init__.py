"""Linkage disequilibrium: blocks, LD scores and clumps, from arrays to arrays."""

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
from fabgwas.ld._scores import LdScores, LdSums, Reader, ld_scores, ld_sums
from fabgwas.ld._standardise import Standardised, standardise

__all__ = [
    "Blocks",
    "Clumps",
    "Correlate",
    "LdScores",
    "LdSums",
    "Reader",
    "Standardised",
    "assign_blocks",
    "clump",
    "find_blocks",
    "haplotype_correlations",
    "ld_scores",
    "ld_sums",
    "long_range_regions",
    "make_blocks",
    "merge_regions",
    "population_blocks",
    "standardise",
]
