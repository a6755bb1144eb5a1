"""The `fabgwas` command: parse, call, print."""

import re
import sys

from fabgwas.cli._app import app
from fabgwas.errors import FabgwasError, InputError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a mendable error is one line and its own exit code."""
    try:
        app()
    except FabgwasError as error:
        print(f"error: {_with_options(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
    except FileNotFoundError as error:
        print(f"error: {error.filename}: there is no such file.", file=sys.stderr)
        sys.exit(InputError.exit_code)
    except BrokenPipeError:
        sys.exit(1)


def _with_options(message: str) -> str:
    """Arguments that a message of the library names, as options of the command line."""
    message = re.sub(r"\(option columns, role (\w+)\)", r"(--columns \1=COLUMN)", message)
    return re.sub(
        r"\(option (\w+)\)", lambda found: f"(--{found[1].replace('_', '-')})", message
    )
