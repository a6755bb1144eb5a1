"""Files that others wrote: genotypes, blocks and summary statistics."""

from fabgwas.io._bed import read_dosage
from fabgwas.io._genotypes import Genotypes, open_genotypes, read_plink
from fabgwas.io._match import match_rows
from fabgwas.io._regions import blocks_from_bed

__all__ = [
    "Genotypes",
    "blocks_from_bed",
    "match_rows",
    "open_genotypes",
    "read_dosage",
    "read_plink",
]
