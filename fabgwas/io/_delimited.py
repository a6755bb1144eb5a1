"""Tables of text: tab-separated, or padded with blanks as PLINK 1 writes them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.csv

from fabgwas.errors import InputError
from fabgwas.interchange import Tabular, as_arrow
from fabgwas.threads import map_threads

MISSING = ["", "NA", "N/A", "#NA", "nan", "NaN", "-nan", "NAN", "null", "NULL", ".", "None"]

_BLANK, _TAB, _NEWLINE, _RETURN = b" \t\n\r"
_CHUNK = 2**22
_BOM = b"\xef\xbb\xbf"
_LONGEST_HEADER = 2**24


@dataclass(frozen=True)
class Text:
    """A table that is not parsed yet."""

    path: str
    header: list[str]
    """Column names; a ``#`` before the first is left out."""
    comments: str
    """The lines before the header that begin with ``##``."""
    body: pa.Buffer
    first_line: int
    """Number of the first line of the body in the file."""
    delimiter: str | None
    """None for runs of blanks."""
    quoted: bool


def split_header(content: pa.Buffer, path: str) -> Text:
    """Find the header, skipping lines that begin with ``##``, and the separator.

    Raises
    ------
    InputError
        If there is no header, or it is not text.
    """
    start = content.slice(0, min(_LONGEST_HEADER, content.size)).to_pybytes()
    begin = len(_BOM) if start.startswith(_BOM) else 0
    at, line = begin, 1
    while start.startswith((b"##", b"\n", b"\r\n"), at):
        end = start.find(b"\n", at)
        if end < 0:
            raise InputError(f"{path}: there are only comments.")
        at, line = end + 1, line + 1
    end = start.find(b"\n", at)
    end = len(start) if end < 0 else end
    try:
        comments, first = start[begin:at].decode(), start[at:end].decode().rstrip("\r")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: line {line} is not text in UTF-8.") from error
    if "\x00" in first:
        raise InputError(f"{path}: not a text file: line {line} has a null byte.")
    body = content.slice(min(end + 1, content.size))
    delimiter = "\t" if "\t" in first else None
    if delimiter is None and "," in first and " " not in first.strip():
        delimiter = ","
    names = [name.strip().strip('"') for name in first.split(delimiter)] or [""]
    names[0] = names[0].lstrip("#").strip()
    return Text(path, names, comments, body, line + 1, delimiter, '"' in first)


def as_text_table(table: Tabular) -> pa.Buffer:
    """A table in memory as the file that would hold it, numbers to the last bit."""
    sink = pa.BufferOutputStream()
    arrow = as_arrow(table)
    sink.write(("\t".join(arrow.column_names) + "\n").encode())  # headers are quoted
    options = pyarrow.csv.WriteOptions(
        include_header=False, delimiter="\t", quoting_style="none"
    )
    pyarrow.csv.write_csv(arrow, sink, options)
    return sink.getvalue()


def without_padding(text: Text) -> Text:
    """The same table with a tab for each run of blanks, if blanks separate its columns."""
    if text.delimiter is not None:
        return text
    return replace(text, body=_squeezed(text.body), delimiter="\t")


def read_columns(text: Text, types: dict[str, pa.DataType]) -> pa.Table:
    """Parse some columns, the others are skipped.

    Integers may be written like ``1e+06`` or ``5.0``.

    Raises
    ------
    InputError
        Naming the line, if a row has too few or too many fields or a value is no number;
        or if two of the columns have the same name.
    """
    for name in types:
        if text.header.count(name) > 1:
            raise InputError(
                f"{text.path}: the column {name!r} occurs {text.header.count(name)} times."
            )
    relaxed = {
        name: pa.float64() if pa.types.is_integer(kind) else kind
        for name, kind in types.items()
    }
    for attempt in (types, relaxed):
        try:
            return _parse(text, attempt, use_threads=True)
        except pa.ArrowInvalid:
            pass
    try:
        # once more in one thread, because only then errors name the row
        return _parse(text, relaxed, use_threads=False)
    except pa.ArrowInvalid as error:
        raise InputError(f"{text.path}: {_located(str(error), text, types)}") from error


def _parse(text: Text, types: dict[str, pa.DataType], *, use_threads: bool) -> pa.Table:
    if text.body.size == 0:
        return pa.schema(list(types.items())).empty_table()
    # a repeated name is never one of those that are read
    names = [
        name if name in types else f"{number}:{name}"
        for number, name in enumerate(text.header)
    ]
    return pyarrow.csv.read_csv(
        pa.BufferReader(text.body),
        pyarrow.csv.ReadOptions(use_threads=use_threads, column_names=names),
        pyarrow.csv.ParseOptions(
            delimiter=text.delimiter, quote_char='"' if text.quoted else False
        ),
        pyarrow.csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=MISSING,
            strings_can_be_null=True,
        ),
    )


def _located(message: str, text: Text, types: dict[str, pa.DataType]) -> str:
    """Arrow's message with the row as a line of the file, and the column by its name."""
    message = " ".join(message.split())
    column, found, rest = message.partition("Row #")
    number, _, rest = rest.partition(":")
    if not found or not number.isdigit():
        return message[:200]
    line = int(number) + text.first_line - 1
    _, found, index = column.partition("column #")
    name = text.header[int(index.split(":")[0])] if found else ""
    what = rest.strip().replace("CSV conversion error", "a value cannot be converted")
    if name and f"invalid value '{name}'" in what:
        what = "the header is repeated; keep it only at the top of files that are joined"
    return f"line {line}{f', column {name}' if name else ''}: {what[:160]}"


def _squeezed(body: pa.Buffer) -> pa.Buffer:
    """Replace runs of blanks by one tab, and drop those at the ends of lines."""
    return pa.py_buffer(b"".join(map_threads(_squeeze_lines, _chunks_of_lines(body))))


def _chunks_of_lines(body: pa.Buffer) -> Iterator[np.ndarray]:
    data = np.frombuffer(body, np.uint8)
    start = 0
    while start < data.size:
        stop = min(start + _CHUNK, data.size)
        while stop < data.size and data[stop - 1] != _NEWLINE:
            later = np.flatnonzero(data[stop : stop + _CHUNK] == _NEWLINE)
            stop = stop + int(later[0]) + 1 if later.size else min(stop + _CHUNK, data.size)
        yield data[start:stop]
        start = stop


def _squeeze_lines(data: np.ndarray) -> bytes:
    # no other bytes are this small in a text
    space = data <= _BLANK
    gap = space & (data != _NEWLINE)
    # a blank goes if a blank, the end or the beginning of a line is before it
    keep = np.empty(data.size, bool)
    keep[0] = not gap[0]
    np.logical_and(gap[1:], space[:-1], out=keep[1:])
    np.logical_not(keep[1:], out=keep[1:])
    data = data[keep]
    if not data.size:
        return b""
    gap = (data <= _BLANK) & (data != _NEWLINE)
    data[gap] = _TAB
    trailing = np.append(data[1:] == _NEWLINE, True)
    trailing &= gap
    return data[~trailing].tobytes()
