"""Rows of summary statistics among the variants of a panel."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from fabgwas.variants import Match, chromosome_codes, match_variants, variant_keys


def match_rows(table: pa.Table, variants: pa.Table) -> Match:
    """Find the rows of a table of summary statistics among the variants of a panel.

    Rows match by chromosome, position and alleles (in either order, on either strand), or,
    where the position is null, by rsid and alleles. Of equal variants the first counts.

    Returns
    -------
    Pairs in the order of the table: `left` is the row of the table, `right` the variant,
    and `sign` +1 where their effect alleles are the same. Rows without a partner are in no
    pair.
    """
    code, pos = chromosome_codes(variants["chrom"]), variants["pos"].to_numpy()
    row_code, row_pos = _places(table, variants, code, pos)
    rows = np.flatnonzero(row_code > 0)
    alleles = ("effect_allele", "other_allele")
    known = variant_keys(code, pos, *(variants[name] for name in alleles))
    taken = table.take(pa.array(rows))
    wanted = variant_keys(row_code[rows], row_pos[rows], *(taken[name] for name in alleles))
    match = match_variants(known, wanted)
    return match._replace(left=rows[match.right], right=match.left)


def _places(
    table: pa.Table,
    variants: pa.Table,
    code: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
) -> tuple[Int[np.ndarray, " row"], Int[np.ndarray, " row"]]:
    """Chromosome code and position of each row; by rsid where the row has no position."""
    row_pos = pc.fill_null(table["pos"], -1).to_numpy().astype(np.int64)
    row_code = np.where(row_pos >= 0, chromosome_codes(table["chrom"]), 0)
    lost = np.flatnonzero(row_pos < 0)
    if lost.size and "rsid" in table.column_names:
        names = table["rsid"].take(pa.array(lost))
        found = pc.index_in(names, variants["rsid"].combine_chunks(), skip_nulls=True)
        known = pc.is_valid(found).to_numpy()
        variant = pc.drop_null(found).to_numpy()
        row_code[lost[known]], row_pos[lost[known]] = code[variant], pos[variant]
    return row_code, row_pos
