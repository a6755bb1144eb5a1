"""Errors that a user can mend, each with the exit code of the command line."""


class FabgwasError(Exception):
    """Something outside the program is wrong; the message says what and where."""

    exit_code = 1


class UsageError(FabgwasError):
    """The request contradicts itself, or would overwrite something."""

    exit_code = 2


class InputError(FabgwasError):
    """A file cannot be understood: names the file, the line or variant, and the remedy."""

    exit_code = 3


class NothingToAnalyseError(FabgwasError):
    """The inputs are readable, but no variant is left."""

    exit_code = 4


class RemoteError(FabgwasError):
    """A remote service refused or failed."""

    exit_code = 5
