"""How far a long pass has come, as lines of the log."""

import logging
import time

log = logging.getLogger("fabgwas")

_EVERY = 10.0


class Progress:
    """Logs how far a pass over variants has come, at most every ten seconds."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._last = time.monotonic()

    def __call__(self, done: int) -> None:
        """Take note that so many are done."""
        now = time.monotonic()
        if now - self._last >= _EVERY:
            log.info("  %s: %s of %s", self._what, f"{done:,}", f"{self._total:,}")
            self._last = now
