"""The key columns of a shard: complete, typed, and sorted by (pos, ref, alt)."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from fabgwas.variants import CHROMOSOMES, chromosome_code, chromosome_codes

KEY_FIELDS = (
    pa.field("pos", pa.int32(), nullable=False),
    pa.field("ref", pa.string(), nullable=False),
    pa.field("alt", pa.string(), nullable=False),
    pa.field("rsid", pa.string()),
    pa.field("text_hash", pa.binary(16)),
)

_REQUIRED = {"pos", "ref", "alt"}
_SORT = [("pos", "ascending"), ("ref", "ascending"), ("alt", "ascending")]


def checked_keys(chrom: str, table: pa.Table) -> pa.Table:
    """The columns of `KEY_FIELDS`, in their types; rsid and text_hash may be missing.

    Raises
    ------
    ValueError
        If a column is missing or unknown, a value of pos, ref or alt is missing, a row is
        on another chromosome or not in its place.
    """
    if chrom not in CHROMOSOMES:
        raise ValueError(f"chrom must be one of {' '.join(CHROMOSOMES)}, not {chrom!r}.")
    names = {field.name for field in KEY_FIELDS}
    unknown = set(table.column_names) - names - {"chrom"}
    missing = _REQUIRED - set(table.column_names)
    if unknown or missing:
        raise ValueError(
            "table must have the columns pos, ref, alt and may have chrom, rsid, "
            f"text_hash: {sorted(missing)} are missing, {sorted(unknown)} are unknown."
        )
    if "chrom" in table.column_names:
        other = chromosome_codes(table["chrom"]) != chromosome_code(chrom)
        if other.any():
            raise ValueError(f"row {int(other.argmax())} is not on chromosome {chrom}.")
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in KEY_FIELDS
    ]
    checked = pa.table(columns, schema=pa.schema(KEY_FIELDS))
    _check_complete(checked)
    _check_order(checked)
    return checked


def sort_order(table: pa.Table) -> Int[np.ndarray, " variant"]:
    """Order of the rows by (pos, ref, alt); equal rows keep theirs."""
    plain = {name: table[name].cast(pa.string()) for name in ("ref", "alt")}
    keys = pa.table({"pos": table["pos"], **plain})
    return pc.sort_indices(keys, sort_keys=_SORT).to_numpy().astype(np.int64)


def _check_complete(table: pa.Table) -> None:
    for name in ("pos", "ref", "alt"):
        if table[name].null_count:
            at = pc.index(table[name].is_null(), True).as_py()
            raise ValueError(f"{name} must be known, but is null in row {at}.")


def _check_order(table: pa.Table) -> None:
    step = np.diff(table["pos"].to_numpy())
    tied = np.flatnonzero(step == 0)
    ref_step, alt_step = (_compare(table[name], tied) for name in ("ref", "alt"))
    wrong = np.flatnonzero(step < 0)
    wrong_ties = tied[(ref_step < 0) | ((ref_step == 0) & (alt_step < 0))]
    if wrong.size or wrong_ties.size:
        at = int(min([*wrong[:1], *wrong_ties[:1]])) + 1
        raise ValueError(
            f"table must be sorted by (pos, ref, alt), but row {at} belongs before the row "
            "above it."
        )


def _compare(values: pa.ChunkedArray, rows: np.ndarray) -> np.ndarray:
    """-1, 0 or 1 as the next row is before, equal to or after each of `rows`."""
    here, following = values.take(pa.array(rows)), values.take(pa.array(rows + 1))
    more = pc.greater(following, here).to_numpy().astype(np.int8)
    return more - pc.less(following, here).to_numpy().astype(np.int8)
