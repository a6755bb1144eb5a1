"""Pieces of a store, as its readers hand them out."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int64

from fabgwas.variants import chromosome_code, chromosome_codes


class KeyBlock(NamedTuple):
    """Some variants of a store, in the order of the store."""

    rows: Int64[np.ndarray, " variant"]
    """Global row numbers, ascending; without gaps in a store sorted by chromosome."""
    table: pa.Table
    """Columns chrom, pos, ref, alt, rsid."""

    @property
    def start(self) -> int:
        """Global number of the first row."""
        return int(self.rows[0])


class VectorBlock(NamedTuple):
    """Vectors of some rows of a store."""

    start: int
    """Where the block begins in the rows that were asked for."""
    rows: Int64[np.ndarray, " variant"]
    """Global row numbers, ascending."""
    embedding: Float[np.ndarray, "variant dim"]


def selection(rows: Int64[np.ndarray, " variant"]) -> slice | np.ndarray:
    """A slice where the rows have no gap, which saves a copy."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == rows.size else rows


def filtered(
    block: KeyBlock, chroms: Collection[str] | None, positions: tuple[int, int] | None
) -> KeyBlock:
    """The rows of a block on some chromosomes and between two positions."""
    keep = np.ones(block.rows.size, bool)
    if chroms is not None:
        codes = [chromosome_code(chrom) for chrom in chroms]
        keep &= np.isin(chromosome_codes(block.table["chrom"]), codes)
    if positions is not None:
        pos = block.table["pos"].to_numpy()
        keep &= (pos >= positions[0]) & (pos <= positions[1])
    return block if keep.all() else KeyBlock(block.rows[keep], block.table.filter(keep))
