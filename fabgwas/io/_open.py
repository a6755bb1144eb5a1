"""Bytes of a file, whatever it is compressed with."""

from pathlib import Path

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


def read_bytes(path: Path) -> pa.Buffer:
    """Content of a plain, gzip, bgzip, bzip2 or zstd file, told by its first bytes.

    A plain file is mapped into memory rather than read.

    Raises
    ------
    InputError
        If the file cannot be read, is empty or is cut off.
    """
    compression = compression_of(path)
    try:
        if compression is None:
            with pa.memory_map(str(path)) as file:
                content = file.read_buffer()
        else:
            with pa.input_stream(str(path), compression=compression) as stream:
                content = pa.py_buffer(stream.read())
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path, error) from error
    start = content.slice(0, min(_ENOUGH, content.size)).to_pybytes()
    if not start.strip() and not content.to_pybytes().strip():
        raise InputError(f"{path}: the file is empty.")
    return content


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
    """Name of the compression in Arrow's terms, None for a plain file."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a file.")
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error
    if not start:
        raise InputError(f"{path}: the file is empty.")
    for magic, what in _OTHERS.items():
        if start.startswith(magic):
            raise InputError(f"{path}: is {what}; a table of text is needed.")
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)


def _unreadable(path: Path, error: Exception) -> InputError:
    message = " ".join(str(error).split())
    return InputError(f"{path}: cannot be unpacked ({message}); is it complete?")
