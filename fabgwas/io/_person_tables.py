"""Tables of people: scores, phenotypes, covariates, whoever wrote them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from fabgwas.errors import InputError
from fabgwas.io._bim import read_fam
from fabgwas.io._delimited import read_columns, split_header, without_padding
from fabgwas.io._open import blaming, read_bytes
from fabgwas.io._tables import read_parquet

ID = "IID"
_PERSON = ("iid", "sample", "sample_id", "id")
_FAMILY = ("fid", "family", "family_id")
_MOST_LEVELS = 20


def read_person_table(path: str | Path) -> pa.Table:
    """Read a table with one row per person.

    Understood are text with a header (PLINK's .sscore, .profile, .eigenvec, phenotypes and
    covariates; .csv), Parquet, and .fam files, whose sixth column becomes PHENO.

    Returns
    -------
    The column IID first, as text; then all others but the family, numbers as float64 and
    the rest as text.

    Raises
    ------
    InputError
        If there is no column of people, or a person occurs twice.
    """
    path = Path(path)
    if path.suffix == ".fam":
        fam = read_fam(path)
        raw = pa.table({ID: fam["sample"], "PHENO": fam["phenotype"]})
    elif path.suffix == ".parquet":
        raw = read_parquet(path)
    else:
        text = without_padding(split_header(read_bytes(path), str(path)))
        raw = read_columns(text, dict.fromkeys(text.header, pa.string()))
    with blaming(path):
        return _canonical(raw, path)


def _canonical(raw: pa.Table, path: Path) -> pa.Table:
    person = next((n for n in raw.column_names if n.lower() in _PERSON), None)
    if person is None:
        raise InputError(
            f"{path}: no column of people (IID) among "
            f"{' '.join(raw.column_names[:20])}; name it so."
        )
    ids = raw[person].cast(pa.string())
    counts = pc.value_counts(ids)
    repeated = counts.filter(pc.greater(pc.struct_field(counts, "counts"), 1))
    if len(repeated):
        name = repeated[0].as_py()["values"]
        raise InputError(f"{path}: {name} occurs several times in column {person}.")
    columns = {ID: ids}
    for name in raw.column_names:
        if name != person and name.lower() not in _FAMILY:
            columns[name] = _number(raw[name])
    return pa.table(columns)


def _number(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """As float64 if that loses nothing, else as text; vectors of one length as such."""
    if pa.types.is_nested(column.type):
        first = pc.drop_null(column)[:1].to_pylist()
        width = len(first[0]) if first else 0
        return column.cast(pa.list_(pa.float64(), width))
    try:
        return column.cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return column.cast(pa.string())


def numeric_matrix(
    table: pa.Table, path: str
) -> tuple[Float[np.ndarray, "sample column"], list[str]]:
    """All columns but IID as numbers; text becomes one column per level but the first.

    Vectors of one length become as many columns. Nulls are nan.

    Raises
    ------
    InputError
        If a column of text has too many levels to be a category.
    """
    columns: list[np.ndarray] = []
    names: list[str] = []
    for name in table.column_names:
        if name == ID:
            continue
        column = table[name].combine_chunks()
        if pa.types.is_fixed_size_list(column.type):
            width = column.type.list_size
            if column.null_count or not width:
                raise InputError(f"{path}: column {name} lacks the vector of a person.")
            values = pc.fill_null(column.flatten(), np.nan).to_numpy().reshape(-1, width)
            columns += list(values.T)
            names += [f"{name}_{k + 1}" for k in range(width)]
        elif pa.types.is_floating(column.type):
            columns.append(pc.fill_null(column, np.nan).to_numpy())
            names.append(name)
        else:
            for level, values in _levels(column, name, path):
                columns.append(values)
                names.append(f"{name}={level}")
    matrix = np.column_stack(columns) if columns else np.empty((table.num_rows, 0))
    return matrix.astype(np.float64), names


def _levels(column: pa.Array, name: str, path: str) -> list[tuple[str, np.ndarray]]:
    levels = sorted(pc.unique(column.drop_null()).to_pylist())
    if len(levels) > _MOST_LEVELS:
        raise InputError(
            f"{path}: column {name} has {len(levels)} different texts, too many for a "
            "category; leave it out."
        )
    known = column.is_valid().to_numpy(zero_copy_only=False)
    found = column.to_numpy(zero_copy_only=False)
    return [(level, np.where(known, found == level, np.nan)) for level in levels[1:]]
