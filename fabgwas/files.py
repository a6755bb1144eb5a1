"""Files that are either whole or absent, and their checksums."""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fabgwas.errors import OutputError, UsageError

TEMPORARY = ".*.tmp"
LOCK = "lock"

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; flush it to disk and rename it at the end.

    Raises
    ------
    OutputError
        If the folder cannot be made or the file cannot be written; nothing is left of it.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _flush(temporary)
            temporary.replace(path)
            _flush(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell in one line what cannot be written, and why: a full disk, no permission, ...

    Raises
    ------
    OutputError
        In the place of any error of the system.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise OutputError(f"{path}: cannot be written: {reason}.") from error


@contextmanager
def locked_folder(folder: Path, out: Path) -> Iterator[None]:
    """Make the folder in which `out` grows, and keep other processes away from it.

    The lock is that of an open file, so that it ends with its process, however that ends.
    Where the file system has no locks there is none.

    Raises
    ------
    UsageError
        If another process is at work there.
    """
    while True:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / LOCK).open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UsageError(
                    f"{out}: another process is making it; wait for it, or end it."
                ) from error
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
            # whoever had the lock before may have removed the folder since it was opened
            if _is_open_at(lock.fileno(), folder / LOCK):
                yield
                return


def cache_folder() -> Path:
    """Where what can be made again is kept: below ``XDG_CACHE_HOME``, or ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fabgwas"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_open_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
