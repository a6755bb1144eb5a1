"""The `fabgwas` command: parse, call, print."""

import sys

from fabgwas.cli._app import app
from fabgwas.errors import FabgwasError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a mendable error is one line and its own exit code."""
    try:
        app()
    except FabgwasError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(1)
