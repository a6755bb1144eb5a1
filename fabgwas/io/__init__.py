"""Files that others wrote: genotypes, blocks, summary statistics and weights."""

from fabgwas.io._ancestral import ancestral_bases, ancestral_files
from fabgwas.io._annotations import read_annotations
from fabgwas.io._bed import read_dosage
from fabgwas.io._build import detect_build, normalize_build
from fabgwas.io._genotypes import Genotypes, open_genotypes, read_plink
from fabgwas.io._liftover import lift_over
from fabgwas.io._match import match_rows
from fabgwas.io._munged import write_munged
from fabgwas.io._read import list_traits, read_sumstats
from fabgwas.io._read_weights import read_weights
from fabgwas.io._regions import blocks_from_bed, regions_from_bed
from fabgwas.io._sumstats import SumStats
from fabgwas.io._tables import write_table
from fabgwas.io._weights import Weights, write_weights

__all__ = [
    "Genotypes",
    "SumStats",
    "Weights",
    "ancestral_bases",
    "ancestral_files",
    "blocks_from_bed",
    "detect_build",
    "lift_over",
    "list_traits",
    "match_rows",
    "normalize_build",
    "open_genotypes",
    "read_annotations",
    "read_dosage",
    "read_plink",
    "read_sumstats",
    "read_weights",
    "regions_from_bed",
    "write_munged",
    "write_table",
    "write_weights",
]
