"""Files that others wrote: genotypes, blocks and summary statistics."""

from fabgwas.io._bed import read_dosage
from fabgwas.io._build import detect_build, normalize_build
from fabgwas.io._genotypes import Genotypes, open_genotypes, read_plink
from fabgwas.io._liftover import lift_over
from fabgwas.io._match import match_rows
from fabgwas.io._munged import write_munged
from fabgwas.io._read import list_traits, read_sumstats
from fabgwas.io._regions import blocks_from_bed
from fabgwas.io._sumstats import SumStats
from fabgwas.io._tables import write_table

__all__ = [
    "Genotypes",
    "SumStats",
    "blocks_from_bed",
    "detect_build",
    "lift_over",
    "list_traits",
    "match_rows",
    "normalize_build",
    "open_genotypes",
    "read_dosage",
    "read_plink",
    "read_sumstats",
    "write_munged",
    "write_table",
]
