"""Tables of annotations: numbers that somebody knows of variants."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from fabgwas.errors import InputError
from fabgwas.io._delimited import read_columns, split_header, without_padding
from fabgwas.io._match import match_rows
from fabgwas.io._open import blaming, read_bytes

_PLACE = ("chrom", "pos", "effect_allele", "other_allele")


def read_annotations(
    path: str | Path, variants: pa.Table
) -> tuple[Int[np.ndarray, " known"], Float[np.ndarray, "known annotation"]]:
    """Read annotations of some variants from text with tabs and a header.

    Parameters
    ----------
    path
        With the columns chrom pos effect_allele other_allele, or rsid; every other column
        is an annotation. Values may be missing: they become the mean of the column.
    variants
        Which variants, in canonical columns.

    Returns
    -------
    Rows of `variants` that are in the file, and their annotations.

    Raises
    ------
    InputError
        If the file cannot be read, or shares no variant.
    """
    text = without_padding(split_header(read_bytes(Path(path)), str(path)))
    kinds = dict.fromkeys(text.header, pa.string())
    if "pos" in kinds:
        kinds["pos"] = pa.int32()
    table = read_columns(text, kinds)
    row, at = _rows(table, variants, path)
    names = [name for name in table.column_names if name not in (*_PLACE, "rsid")]
    if not names or not row.size:
        reason = (
            "no annotation beside the variants" if not names else "none of the variants"
        )
        raise InputError(f"{path}: holds {reason}.")
    columns = [_numbers(table[name].take(pa.array(at)), name, path) for name in names]
    return row, np.column_stack(columns)


def _rows(
    table: pa.Table, variants: pa.Table, path: str | Path
) -> tuple[Int[np.ndarray, " known"], Int[np.ndarray, " known"]]:
    """Rows of the variants and of the file that are the same variant."""
    if set(_PLACE) <= set(table.column_names):
        known = np.flatnonzero(pc.fill_null(pc.greater(table["pos"], 0), False).to_numpy())
        with blaming(path):
            places = table.take(pa.array(known)).select(_PLACE)
            places = places.set_column(1, "pos", places["pos"].cast(pa.int32()))
        match = match_rows(variants, places)
        return match.left, known[match.right]
    if "rsid" not in table.column_names:
        raise InputError(f"{path}: needs columns {' '.join(_PLACE)}, or rsid.")
    found = pc.index_in(variants["rsid"], table["rsid"].combine_chunks(), skip_nulls=True)
    return np.flatnonzero(pc.is_valid(found).to_numpy()), pc.drop_null(found).to_numpy()


def _numbers(
    column: pa.ChunkedArray, name: str, path: str | Path
) -> Float[np.ndarray, " known"]:
    truth = pc.index_in(pc.utf8_lower(column), pa.array(["false", "true"]))
    try:
        numbers = pc.if_else(truth.is_valid(), None, column).cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{path}: column {name!r} holds text, but annotations are numbers."
        ) from error
    both = pc.coalesce(numbers, truth.cast(pa.float64()))
    values = pc.fill_null(both, np.nan).to_numpy()
    known = np.isfinite(values)
    return np.where(known, values, values[known].mean() if known.any() else 0.0)
