"""Bytes of a file, whatever it is compressed with."""

from pathlib import Path

import pyarrow as pa

from fabgwas.errors import InputError

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\x28\xb5\x2f\xfd": "zstd",
}


def read_bytes(path: Path) -> bytes:
    """Content of a plain, gzip, bgzip, bzip2 or zstd file, told by its first bytes.

    Raises
    ------
    InputError
        If the file cannot be read, is empty or is cut off.
    """
    compression = compression_of(path)
    try:
        with pa.input_stream(str(path), compression=compression) as stream:
            content: bytes = stream.read()
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(
            f"{path}: cannot be unpacked ({' '.join(str(error).split())}); is it complete?"
        ) from error
    if not content.strip():
        raise InputError(f"{path}: the file is empty.")
    return content


def compression_of(path: Path) -> str | None:
    """Name of the compression in Arrow's terms, None for a plain file."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a file.")
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)
