"""The `fabgwas` command: parse, call, print."""

import re
import sys

from fabgwas.cli._app import app
from fabgwas.errors import FabgwasError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a mendable error is one line and its own exit code."""
    try:
        app()
    except FabgwasError as error:
        print(f"error: {_with_options(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(1)


def _with_options(message: str) -> str:
    """Arguments that a message of the library names, as options of the command line."""
    return re.sub(
        r"\(option (\w+)\)", lambda found: f"(--{found[1].replace('_', '-')})", message
    )
