"""The `fabgwas` command: parse, call, print."""

import errno
import re
import signal
import sys
from types import FrameType
from typing import NoReturn

from fabgwas.cli._app import app
from fabgwas.cli._log import clear_status
from fabgwas.errors import FabgwasError, InputError, OutputError
from fabgwas.memory import lacks_memory

__all__ = ["app", "main"]


_NO_MEMORY = "more memory is needed than there is, or than --memory allows."
_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class _Stopped(BaseException):
    """Ctrl-C or a request to end; no library may take it for its own."""


def main() -> None:
    """Run the command line; a mendable error is one line and its own exit code."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stop)
    try:
        app()
    except FabgwasError as error:
        _fail(_with_options(str(error)), error.exit_code)
    except FileNotFoundError as error:
        _fail(f"{error.filename}: there is no such file.", InputError.exit_code)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        if lacks_memory(error):
            _fail(_NO_MEMORY, FabgwasError.exit_code)
        full = error.errno in _CANNOT_WRITE
        _fail(
            " ".join(str(error).split()), (OutputError if full else FabgwasError).exit_code
        )
    except Exception as error:
        if not lacks_memory(error):
            raise
        _fail(_NO_MEMORY, FabgwasError.exit_code)
    except _Stopped as stopped:
        number = signal.Signals(stopped.args[0])
        _fail(f"stopped by {number.name}; nothing is half-written.", 128 + number)


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: what is begun is cleaned up
    raise _Stopped(number)


def _fail(message: str, code: int) -> NoReturn:
    clear_status()
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)


def _with_options(message: str) -> str:
    """Arguments that a message of the library names, as options of the command line."""
    message = re.sub(r"\(option columns, role (\w+)\)", r"(--columns \1=COLUMN)", message)
    return re.sub(
        r"\(option (\w+)\)", lambda found: f"(--{found[1].replace('_', '-')})", message
    )
