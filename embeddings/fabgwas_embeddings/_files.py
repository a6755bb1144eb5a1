"""Text files, compressed or not, as streams of Arrow tables; checksums of sources."""

import io
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from fabgwas.errors import InputError
from fabgwas.files import sha256_of
from fabgwas.io._open import blaming, compression_of

_BLOCK = 1 << 24  # bytes of text parsed at once
_LONGEST_LINE = 1 << 24


@contextmanager
def open_binary(path: Path) -> Iterator[io.BufferedReader]:
    """Open a plain, gz, bgz, bz2 or zst file, told apart by its first bytes.

    Raises
    ------
    InputError
        If it is no text, empty or cut off; the latter perhaps only while it is read.
    """
    compression = compression_of(path)
    with (
        blaming(path),
        pa.input_stream(str(path), compression=compression) as stream,
        io.BufferedReader(stream) as file,
    ):
        yield file


def read_header(path: Path, comment: str = "##") -> tuple[str, int]:
    """First line that does not begin with `comment`, and the number of lines before it."""
    skipped = 0
    with open_binary(path) as file:
        while line := file.readline(_LONGEST_LINE):
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if not text.startswith(comment):
                return text, skipped
            skipped += 1
    raise InputError(f"{path}: holds no rows.")


def read_batches(
    path: Path,
    names: list[str],
    *,
    skip: int,
    delimiter: str = "\t",
    columns: list[str] | None = None,
    types: dict[str, pa.DataType] | None = None,
    nulls: tuple[str, ...] = ("", ".", "NA"),
    quote: str | bool = False,
    comment: bytes | None = None,
) -> Iterator[pa.RecordBatch]:
    """Stream the rows of a delimited text file, all columns as text unless told.

    Parameters
    ----------
    path
        The file.
    names
        All columns in the order of the file; its header is among the skipped lines.
    skip
        Lines before the first row.
    delimiter
        One character.
    columns
        Those wanted; None for all.
    types
        Types other than text.
    nulls
        What stands for a missing value.
    quote
        Quoting character, False if there is none.
    comment
        Lines that begin with this are passed over, and do not count among the skipped.

    Raises
    ------
    InputError
        If a row has another number of columns, or a value not the type of its column; or
        if several columns have the name of one that is wanted.
    """
    wanted = columns or names
    _check_single(wanted, names, path)
    with open_binary(path) as file:
        batches = pa_csv.open_csv(
            file if comment is None else _WithoutComments(file, comment),
            read_options=pa_csv.ReadOptions(
                column_names=names, skip_rows=skip, block_size=_BLOCK, use_threads=False
            ),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, quote_char=quote),
            convert_options=pa_csv.ConvertOptions(
                include_columns=wanted,
                column_types={name: pa.string() for name in wanted} | (types or {}),
                null_values=list(nulls),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
        rows = 0
        for batch in batches:
            rows += len(batch)
            yield batch
        if not rows:
            raise InputError(f"{path}: holds no rows.")


def parquet_batches(
    path: Path, choose: Callable[[list[str]], Collection[str]]
) -> Iterator[pa.RecordBatch]:
    """Stream some columns of a Parquet file, those that are chosen among its names.

    Raises
    ------
    InputError
        If the file is damaged, or has several columns of one chosen name.
    """
    with blaming(path):
        try:
            file = pq.ParquetFile(path, page_checksum_verification=True)
            names = file.schema_arrow.names
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: the names of its columns are no text.") from error
        wanted = list(choose(names))
        _check_single(wanted, names, path)
        for batch in file.iter_batches(columns=wanted):
            batch.validate(full=True)
            yield batch


def _check_single(wanted: Collection[str], names: list[str], path: Path) -> None:
    for name in wanted:
        if names.count(name) > 1:
            raise InputError(f"{path}: {names.count(name)} columns are called {name!r}.")


class _WithoutComments(io.RawIOBase):
    """A stream of text without the lines that begin with a mark."""

    def __init__(self, file: io.BufferedReader, mark: bytes) -> None:
        self._file = file
        self._comment = re.compile(rb"(?m)^" + re.escape(mark) + rb".*\n?")
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, out: Any) -> int:
        while not self._rest:
            lines = self._file.read(_BLOCK) + self._file.readline()
            if not lines:
                return 0
            self._rest = memoryview(self._comment.sub(b"", lines))
        size = min(len(out), len(self._rest))
        out[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def fill(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    """Add a column, or fill the gaps of the one that is there."""
    if name not in table.column_names:
        return table.append_column(name, column)
    at = table.schema.get_field_index(name)
    return table.set_column(at, name, pc.coalesce(table[name].combine_chunks(), column))


def source_of(name: str, path: Path, **known: Any) -> dict[str, Any]:
    """How a store names a file that it was made from."""
    return {"name": name, "path": path.name, "sha256": sha256_of(path), **known}
