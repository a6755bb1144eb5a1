"""Tables on their way to disk: Parquet or text, whole or not at all."""

import gzip
from io import BufferedIOBase
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from fabgwas.errors import InputError
from fabgwas.files import write_atomically

_ROWS = 2**17
# half the time of the default level, for files that are a few per cent larger
_GZIP_LEVEL = 4


def write_table(table: pa.Table, path: str | Path, *, comments: str = "") -> Path:
    """Write a table under a temporary name, and rename it once it is complete.

    ``.parquet`` is Parquet; anything else is text with tabs, a header and ``NA`` for nulls,
    compressed if the name ends in ``.gz``. `comments` are lines above the header of a text.
    Equal tables make equal files.
    """
    path = Path(path)
    with write_atomically(path) as temporary:
        if path.suffix == ".parquet":
            pyarrow.parquet.write_table(
                table, temporary, compression="zstd", write_page_checksum=True
            )
        else:
            with temporary.open("wb") as file:
                if path.suffix == ".gz":
                    # neither name nor time of writing belong into the content
                    with gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0) as packed:
                        _write_text(table, packed, comments)
                else:
                    _write_text(table, file, comments)
    return path


def read_parquet(path: Path) -> pa.Table:
    """Read a Parquet file, comparing its pages with their checksums if it has any.

    Raises
    ------
    InputError
        If it is no such file, or damaged, or has several columns of one name.
    """
    try:
        table = pyarrow.parquet.read_table(
            path, partitioning=None, page_checksum_verification=True
        )
        table.validate(full=True)
        names = table.column_names
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        message = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: cannot be read as Parquet: {message}.") from error
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path}: the column {twice!r} occurs {names.count(twice)} times.")
    return table


def _write_text(table: pa.Table, file: BufferedIOBase, comments: str) -> None:
    file.write((comments + "\t".join(table.column_names) + "\n").encode())
    options = pyarrow.csv.WriteOptions(
        include_header=False, delimiter="\t", quoting_style="none"
    )
    for start in range(0, table.num_rows, _ROWS):
        part = table.slice(start, _ROWS)
        text = pa.table([_as_text(column) for column in part.columns], part.column_names)
        pyarrow.csv.write_csv(text, file, options)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Shortest text that reads back as the same value; NA for nulls and not-a-numbers."""
    if pa.types.is_nested(column.type):
        raise TypeError(f"{column.type} cannot be written as text.")
    text = column.cast(pa.string())
    if pa.types.is_floating(column.type):
        text = pc.if_else(pc.is_nan(column), None, text)
    return pc.fill_null(text, "NA")
