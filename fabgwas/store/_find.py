"""Rows of given variants in a store."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from jaxtyping import Int64

from fabgwas.variants import (
    VariantKeys,
    chromosome_code,
    chromosome_codes,
    match_variants,
    variant_keys,
)

if TYPE_CHECKING:
    from fabgwas.store._reader import EmbeddingStore


def find_rows(store: "EmbeddingStore", variants: pa.Table) -> Int64[np.ndarray, " variant"]:
    """Global row number of each variant, -1 where the store does not have it.

    The two alleles match in any order and on either strand, because a vector belongs to
    the variant. Of several rows of one variant the first counts. Only row groups between
    the first and the last position asked for are read, and of them no vectors.

    Parameters
    ----------
    store
        Where to look.
    variants
        Columns chrom, pos, ref, alt, in any order of rows; in the build of the store.
    """
    code = chromosome_codes(variants["chrom"])
    pos = variants["pos"].to_numpy()
    rows = np.full(len(variants), -1, np.int64)
    for chrom in store.chroms:
        mine = np.flatnonzero(code == chromosome_code(chrom))
        if not mine.size:
            continue
        mine = mine[np.argsort(pos[mine], kind="stable")]
        first, last = pos[mine[[0, -1]]].tolist()
        for block in store.iter_keys(chrom, positions=(first, last)):
            there = block.table["pos"].to_numpy()
            low, high = np.searchsorted(pos[mine], [there.min(), there.max() + 1])
            near = mine[low:high]
            match = match_variants(_keys(block.table), _keys(variants.take(near)))
            found = near[match.right]
            new = rows[found] < 0
            rows[found[new]] = block.rows[match.left[new]]
    return rows


def _keys(table: pa.Table) -> VariantKeys:
    code = chromosome_codes(table["chrom"])
    return variant_keys(code, table["pos"].to_numpy(), table["ref"], table["alt"])
