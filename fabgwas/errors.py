"""Errors that a user can mend, each with the exit code of the command line."""

_LONGEST = 1500


class FabgwasError(Exception):
    """Something outside the program is wrong; the message says what and where.

    It is one line that a terminal can show, whatever a damaged file put into it.
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(_one_line(message))


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


class OutputError(FabgwasError):
    """A file cannot be written: the disk is full, or the folder not ours to write to."""

    exit_code = 6


def _one_line(text: str) -> str:
    """Blanks for breaks, escapes for what cannot be printed, and an end to long texts."""
    line = " ".join(text.split())
    if not line.isprintable():
        line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 4 :]}"
    return line
