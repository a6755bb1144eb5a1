"""Where the variants of a file are: their columns, or the names that hold a place."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int

from fabgwas.errors import InputError
from fabgwas.variants import chromosome_code, chromosome_codes

_PLACE = (
    r"^(?:[Cc][Hh][Rr])?(?P<chrom>[0-9]{1,2}|X|Y|XY|M|MT)[:_-](?P<pos>[0-9]+)(?:$|[:_-])"
)
# more digits than the longest chromosome has
_TOO_LONG = 10


class Places(NamedTuple):
    """Chromosome codes and positions, 0 where not known."""

    code: Int[np.ndarray, " row"]
    pos: Int[np.ndarray, " row"]
    strange: Bool[np.ndarray, " row"]
    """Whether a chromosome is named, but none of those that have a code."""


def places_of_columns(
    chrom: pa.ChunkedArray, pos: pa.ChunkedArray, mitochondrial: str, path: str
) -> Places:
    """Places as they stand in the columns.

    Raises
    ------
    InputError
        If a position is a fraction.
    """
    codes = chromosome_codes(chrom)
    if mitochondrial != "26":
        is_mt = pc.equal(chrom.cast(pa.string()), mitochondrial)
        codes[pc.fill_null(is_mt, False).to_numpy()] = chromosome_code("MT")
    strange = chrom.is_valid().to_numpy() & (codes == 0)
    return Places(codes, _integers(pos, path), strange)


def places_in_names(names: pa.ChunkedArray, path: str) -> Places:
    """Places in names such as ``chr1:12345:A:G`` or ``1_12345``."""
    parts = pc.extract_regex(names, _PLACE)
    chrom, digits = (pc.struct_field(parts, field) for field in ("chrom", "pos"))
    pos = pc.if_else(pc.less(pc.utf8_length(digits), _TOO_LONG), digits, None)
    return places_of_columns(chrom, pos, "26", path)


def rows_by_name(names: pa.ChunkedArray, known: pa.ChunkedArray) -> pa.Array:
    """Row of each name; null if there is none, or several that differ."""
    known = known.combine_chunks()
    tally = known.value_counts()
    single = tally.field("values").filter(pc.equal(tally.field("counts"), 1))
    row = pc.index_in(names.combine_chunks(), single, skip_nulls=True)
    return pc.index_in(single, known, skip_nulls=True).take(row)


def _integers(values: pa.ChunkedArray, path: str) -> Int[np.ndarray, " row"]:
    """Positions, 0 where missing."""
    try:
        # doubles if some are written as 1e6; a fraction is no position
        whole = values.cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{path}: position: {' '.join(str(error).split())[:200]}"
        ) from error
    return np.array(pc.fill_null(whole, 0).to_numpy())
