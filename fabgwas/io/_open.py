"""Bytes of a file, whatever it is compressed with."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from fabgwas.errors import InputError

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_OTHERS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive (or a spreadsheet); unpack it (or save it as text)",
    b"PAR1": "Parquet; its name should end in .parquet",
    b"\xfd7zXZ": "compressed with xz; unpack it",
}
_ENOUGH = 4096
# tables pack to a third or a twentieth; a small file that unpacks to all memory is hostile
_LARGEST_RATIO, _LARGEST_SURELY = 200, 2**30
_CHUNK = 2**24
# bgzip marks its files in the first header, and ends them by this empty block
_BGZIP = b"BC\x02\x00"
_BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def read_bytes(path: Path) -> pa.Buffer:
    """Content of a plain, gzip, bgzip, bzip2 or zstd file, told by its first bytes.

    A plain file is mapped into memory rather than read.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, is cut off, or unpacks to over 1 GiB and over
        200 times its size.
    """
    compression = compression_of(path)
    try:
        if compression is None:
            with pa.memory_map(str(path)) as file:
                content = file.read_buffer()
        else:
            content = _unpack(path, compression)
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path, error) from error
    start = content.slice(0, min(_ENOUGH, content.size)).to_pybytes()
    if not start.strip() and not content.to_pybytes().strip():
        raise InputError(f"{path}: the file is empty.")
    return content


def _unpack(path: Path, compression: str) -> pa.Buffer:
    limit = max(_LARGEST_SURELY, _LARGEST_RATIO * path.stat().st_size)
    sink = pa.BufferOutputStream()
    with pa.input_stream(str(path), compression=compression) as stream:
        while chunk := stream.read(_CHUNK):
            sink.write(chunk)
            if sink.tell() > limit:
                raise InputError(
                    f"{path}: unpacks to more than {_LARGEST_RATIO} times its size, as no "
                    "table does; if it is one, unpack it yourself."
                )
    return sink.getvalue()


def read_text(path: Path) -> str:
    """Content of a small file as text, without a byte-order mark.

    Raises
    ------
    InputError
        If it cannot be read, or is not text in UTF-8.
    """
    content = read_bytes(path).to_pybytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: is not text in UTF-8.") from error


@contextmanager
def blaming(path: str | Path) -> Iterator[None]:
    """Name the file in errors of Arrow, which tell what is wrong but not where."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: {' '.join(str(error).split())[:300]}") from error


def read_start(path: Path, size: int) -> bytes:
    """The first bytes of what `read_bytes` gives."""
    compression = compression_of(path)
    try:
        with pa.input_stream(str(path), compression=compression) as stream:
            content: bytes = stream.read(size)
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path, error) from error
    if not content.strip():
        raise InputError(f"{path}: the file is empty.")
    return content


def compression_of(path: Path) -> str | None:
    """Name of the compression in Arrow's terms, None for a plain file.

    Raises
    ------
    InputError
        If the file cannot be read, is empty or no text, or lacks the end that bgzip writes.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a file.")
    try:
        with path.open("rb") as file:
            start = file.read(16)
            if start[12:] == _BGZIP and not _has_end(file):
                raise InputError(f"{path}: is cut off: the last block of bgzip is missing.")
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error
    if not start:
        raise InputError(f"{path}: the file is empty.")
    for magic, what in _OTHERS.items():
        if start.startswith(magic):
            raise InputError(f"{path}: is {what}; a table of text is needed.")
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)


def _has_end(file: BinaryIO) -> bool:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - len(_BGZIP_END), 0))
    return file.read() == _BGZIP_END


def _unreadable(path: Path, error: Exception) -> InputError:
    message = " ".join(str(error).split())
    return InputError(f"{path}: cannot be unpacked ({message}); is it complete?")
