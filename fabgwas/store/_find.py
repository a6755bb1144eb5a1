"""Rows of given variants in a store."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from jaxtyping import Int64

from fabgwas.variants import (
    VariantKeys,
    chromosome_code,
    chromosome_codes,
    identifier_hashes,
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


def find_named(store: "EmbeddingStore", names: pa.ChunkedArray) -> pa.Table:
    """The variants of a store with one of these identifiers, in one pass over its keys.

    Returns
    -------
    Columns chrom, pos, rsid, effect_allele (the alternate allele) and other_allele.
    """
    wanted = np.unique(identifier_hashes(names.drop_null().combine_chunks()))
    found = []
    for block in store.iter_keys() if wanted.size else ():
        rsid = block.table["rsid"].combine_chunks()
        hashed = identifier_hashes(rsid)
        at = np.minimum(np.searchsorted(wanted, hashed), wanted.size - 1)
        keep = (wanted[at] == hashed) & rsid.is_valid().to_numpy(zero_copy_only=False)
        found.append(_named(block.table.filter(pa.array(keep))))
    return pa.concat_tables(found) if found else _named(None)


def _named(table: pa.Table | None) -> pa.Table:
    """Variants under the names that summary statistics have for them, none if None."""
    columns = ("chrom", "pos", "rsid", "alt", "ref")
    names = ("chrom", "pos", "rsid", "effect_allele", "other_allele")
    kinds = (pa.string(), pa.int32(), pa.string(), pa.string(), pa.string())
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    if table is None:
        return schema.empty_table()
    return table.select(columns).rename_columns(list(names)).cast(schema)


def _keys(table: pa.Table) -> VariantKeys:
    code = chromosome_codes(table["chrom"])
    return variant_keys(code, table["pos"].to_numpy(), table["ref"], table["alt"])
