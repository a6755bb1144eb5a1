"""What the library logs, on stderr: lines, and on a terminal a status that moves."""

import logging
import sys
from typing import Any

_WIDTH = 100


def show_log(*, quiet: bool) -> None:
    """Send what the library logs to stderr, one line each."""
    handler = StatusHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.setLevel(logging.WARNING if quiet else logging.DEBUG)
    logger = logging.getLogger("fabgwas")
    logger.setLevel(logging.INFO if quiet or not sys.stderr.isatty() else logging.DEBUG)
    logger.addHandler(handler)


def clear_status() -> None:
    """Wipe what moves on the terminal, for a line that is not logged."""
    for handler in logging.getLogger("fabgwas").handlers:
        if isinstance(handler, StatusHandler):
            handler.clear()


class StatusHandler(logging.StreamHandler[Any]):
    """Lines as usual; on a terminal, records with a ``tick`` write over each other."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._moves = stream.isatty()
        self._shown = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave out what is meant for log files, and ticks where nothing can move."""
        tick = getattr(record, "tick", False)
        wanted = self._moves if tick else record.levelno >= logging.INFO
        return wanted and bool(super().filter(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, over the status if there is one."""
        self.clear()
        if getattr(record, "tick", False):
            status = self.format(record)[: _WIDTH - 1]
            self.stream.write(status)
            self.stream.flush()
            self._shown = bool(status)
        else:
            super().emit(record)

    def clear(self) -> None:
        """Wipe the status if there is one."""
        if self._shown:
            self.stream.write("\r" + " " * _WIDTH + "\r")
            self.stream.flush()
            self._shown = False
