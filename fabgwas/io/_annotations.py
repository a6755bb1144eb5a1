"""Tables of annotations: numbers that somebody knows of variants."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from jaxtyping import Float, Int

from fabgwas.errors import InputError
from fabgwas.io._match import match_rows

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
    text = {"chrom": pa.string(), "pos": pa.int32(), "rsid": pa.string()}
    text |= {"effect_allele": pa.string(), "other_allele": pa.string()}
    options = pyarrow.csv.ConvertOptions(column_types=text, null_values=["", "NA", "nan"])
    try:
        table = pyarrow.csv.read_csv(
            path,
            parse_options=pyarrow.csv.ParseOptions(delimiter="\t"),
            convert_options=options,
        )
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: cannot be read as text with tabs ({error}).") from error
    row, at = _rows(table, variants, path)
    names = [name for name in table.column_names if name not in text]
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
        match = match_rows(variants, table)
        return match.left, match.right
    if "rsid" not in table.column_names:
        raise InputError(f"{path}: needs columns {' '.join(_PLACE)}, or rsid.")
    found = pc.index_in(variants["rsid"], table["rsid"].combine_chunks(), skip_nulls=True)
    return np.flatnonzero(pc.is_valid(found).to_numpy()), pc.drop_null(found).to_numpy()


def _numbers(
    column: pa.ChunkedArray, name: str, path: str | Path
) -> Float[np.ndarray, " known"]:
    kind = column.type
    if not (
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    ):
        raise InputError(
            f"{path}: column {name!r} holds text, but annotations are numbers."
        )
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    values = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy()
    known = np.isfinite(values)
    return np.where(known, values, values[known].mean() if known.any() else 0.0)
