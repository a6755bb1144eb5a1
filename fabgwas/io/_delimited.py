"""Tables of text: tab-separated, or padded with blanks as PLINK 1 writes them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv

from fabgwas.errors import InputError

MISSING = ["", "NA", "N/A", "#NA", "nan", "NaN", "-nan", "NAN", "null", "NULL", ".", "None"]

_BLANK, _TAB, _NEWLINE, _RETURN = b" \t\n\r"
_CHUNK = 2**24


@dataclass(frozen=True)
class Text:
    """A table that is not parsed yet."""

    path: str
    header: list[str]
    body: pa.Buffer
    first_line: int
    """Number of the first line of the body in the file."""
    delimiter: str


def split_header(content: bytes, path: str) -> Text:
    """Find the header, skipping lines that begin with ``##``, and the separator."""
    start, line = (3 if content.startswith(b"\xef\xbb\xbf") else 0), 1
    while content.startswith(b"##", start):
        start, line = content.find(b"\n", start) + 1, line + 1
        if start == 0:
            raise InputError(f"{path}: there are only comments.")
    end = content.find(b"\n", start)
    if end < 0:
        end = len(content)
    try:
        first = content[start:end].decode("utf-8").rstrip("\r")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: line {line} is not text in UTF-8.") from error
    if "\x00" in first:
        raise InputError(f"{path}: not a text file (line {line} has a null byte).")
    body = pa.py_buffer(content).slice(min(end + 1, len(content)))
    if "\t" in first:
        return Text(
            path, [name.strip() for name in first.split("\t")], body, line + 1, "\t"
        )
    if "," in first and " " not in first.strip():
        return Text(path, first.split(","), body, line + 1, ",")
    return Text(path, first.split(), _squeeze(body), line + 1, "\t")


def read_columns(text: Text, types: dict[str, pa.DataType]) -> pa.Table:
    """Parse some columns, the others are skipped.

    Raises
    ------
    InputError
        Naming the line, if a row has too few or too many fields or a value is no number.
    """
    try:
        return _parse(text, types, use_threads=True)
    except pa.ArrowInvalid:
        pass
    try:
        # once more in one thread, because only then errors name the row
        return _parse(text, types, use_threads=False)
    except pa.ArrowInvalid as error:
        raise InputError(f"{text.path}: {_located(str(error), text)}") from error


def _parse(text: Text, types: dict[str, pa.DataType], *, use_threads: bool) -> pa.Table:
    if text.body.size == 0:
        schema = pa.schema(list(types.items()))
        return schema.empty_table()
    return pyarrow.csv.read_csv(
        pa.BufferReader(text.body),
        pyarrow.csv.ReadOptions(use_threads=use_threads, column_names=text.header),
        pyarrow.csv.ParseOptions(delimiter=text.delimiter, quote_char=False),
        pyarrow.csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=MISSING,
            strings_can_be_null=True,
        ),
    )


def _located(message: str, text: Text) -> str:
    """Arrow's message with the row as a line of the file."""
    message = " ".join(message.split())
    _, found, rest = message.partition("Row #")
    if found:
        number, _, rest = rest.partition(":")
        if number.isdigit():
            line = int(number) + text.first_line - 1
            return f"line {line}: {rest.strip()[:200]}"
    return message[:200]


def _squeeze(body: pa.Buffer) -> pa.Buffer:
    """Replace runs of blanks by one tab, without those at the ends of lines."""
    data = np.frombuffer(body, np.uint8)
    parts: list[np.ndarray] = []
    start = 0
    while start < data.size:
        stop = min(start + _CHUNK, data.size)
        if stop < data.size:
            later = np.flatnonzero(data[stop:] == _NEWLINE)
            stop = stop + int(later[0]) + 1 if later.size else data.size
        parts.append(_squeeze_lines(data[start:stop]))
        start = stop
    return pa.py_buffer(np.concatenate(parts)) if parts else body


def _squeeze_lines(data: np.ndarray) -> np.ndarray:
    blank = (data == _BLANK) | (data == _TAB)
    edge = (data == _NEWLINE) | (data == _RETURN)
    # a blank stays if a word ends right before it
    before = np.concatenate([[True], blank[:-1] | edge[:-1]])
    keep = ~(blank & before)
    data, blank, edge = data[keep], blank[keep], edge[keep]
    after = np.concatenate([edge[1:], [True]])
    data = np.where(blank, np.uint8(_TAB), data)
    return data[~(blank & after)]


def column_types(columns: dict[str, str], numbers: Sequence[str]) -> dict[str, pa.DataType]:
    """Arrow types of the columns that play the given roles: numbers, or text."""
    return {
        name: pa.float64() if role in numbers else pa.string()
        for role, name in columns.items()
    }
