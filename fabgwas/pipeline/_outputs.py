"""The files of a command: all appear at its end, or none; and its log."""

import logging
import shutil
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from fabgwas import __version__
from fabgwas.errors import OutputError, UsageError
from fabgwas.files import LOCK, locked_folder, writing
from fabgwas.manifest import FileRecord, describe_input

log = logging.getLogger("fabgwas")

_LOG = "log"


@dataclass(frozen=True)
class Outputs:
    """Where the files of a command are going to be, and where they are until its end.

    ``outputs[name]`` is where to write a file. The log alone is in its place at once.
    """

    paths: dict[str, Path]
    folder: Path
    """Of the files until the end; hidden, beside their places."""
    prefix: Path
    """Of the files until the end."""

    def __getitem__(self, name: str) -> Path:
        path = self.paths[name]
        return path if name == _LOG else self.folder / path.name

    def records(self) -> list[FileRecord]:
        """The files that are written so far, by the names that they are going to have."""
        return [
            replace(describe_input(self[name]), path=str(path))
            for name, path in self.paths.items()
            if self[name].is_file()
        ]


@contextmanager
def outputs_of(out: str, paths: dict[str, Path], *, overwrite: bool) -> Iterator[Outputs]:
    """Put the files of a command in their places when it ends well, and only then.

    A command that fails, is interrupted or killed leaves what was there as it was, so that
    the same command can be given again. What was left by one that was killed is removed.

    Parameters
    ----------
    out
        Prefix of the files.
    paths
        The files by name. The last one, a manifest where there is one, comes last: where it
        is, all others are.
    overwrite
        Whether files that exist may be replaced.

    Raises
    ------
    UsageError
        If a file exists and may not be replaced, or another process makes the same files.
    OutputError
        If they cannot be written.
    """
    place, *_, last = Path(out), *paths.values()
    folder = place.with_name(f".{place.name}.partial")
    killed = folder.is_dir()
    with locked_folder(folder, place):
        try:
            # one that was killed while it put files in their places
            halfway = killed and not last.exists()
            refuse_to_replace(paths.values(), overwrite=overwrite or halfway)
            _empty(folder)
            yield Outputs(paths, folder, folder / place.name)
            _put_in_place(folder, paths.values())
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def log_file(path: Path, command: Sequence[str]) -> Iterator[None]:
    """Keep what is logged in a file that begins with the version and the command."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(path, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.addFilter(lambda record: not getattr(record, "tick", False))
    before = log.level
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    try:
        log.info("fabgwas %s", __version__)
        log.info("%s", " ".join(command))
        yield
    except Exception as error:
        log.debug("failed: %s", error)  # for the file; the caller has the error
        raise
    finally:
        log.removeHandler(handler)
        log.setLevel(before)
        with writing(path):
            handler.close()


class _LogFile(logging.FileHandler):
    """A file of log lines whose errors end the command, not only its log."""

    def handleError(self, record: logging.LogRecord) -> NoReturn:  # noqa: N802
        """Raise what went wrong, in a line."""
        with writing(Path(self.baseFilename)):
            raise sys.exc_info()[1] or OutputError(f"{self.baseFilename}: {record}")


def refuse_to_replace(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Raise an error if an output exists and may not be replaced."""
    existing = [path for path in paths if path.exists() and not _is_own_log(path)]
    if existing and not overwrite:
        raise UsageError(
            f"{existing[0]} exists; choose another prefix, or replace it "
            "(option overwrite)."
        )


def would_write(paths: Iterable[Path]) -> str:
    """The last line of a dry run."""
    return "a run would write " + ", ".join(str(path) for path in paths)


def _is_own_log(path: Path) -> bool:
    """Whether a file is the log of a run, which one that failed leaves behind."""
    if path.suffix != ".log" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(8) == b"fabgwas "


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        if left.name != LOCK:
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _put_in_place(folder: Path, paths: Iterable[Path]) -> None:
    """Rename all files, the last one last, undisturbed by Ctrl-C."""
    *others, last = (path for path in paths if (folder / path.name).exists())
    signals = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        with writing(last):
            last.unlink(missing_ok=True)
            for path in [*others, last]:
                (folder / path.name).replace(path)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
