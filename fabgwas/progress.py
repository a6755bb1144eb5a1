"""How far a long pass has come, with its speed and the time that is left."""

import logging
import time

log = logging.getLogger("fabgwas")

_LINE_EVERY = 10.0
_TICK_EVERY = 0.3
_BAR = 20  # characters


class Progress:
    """Logs how far a pass has come: a line every ten seconds, and one at the end.

    In between there are records with the attribute ``tick`` and a bar, at the level of
    debugging: a terminal may write them over each other, a file leaves them out. An empty
    one says that the pass is over.
    """

    def __init__(self, what: str, total: int = 0) -> None:
        self._what, self._total = what, total
        self._start = self._line = self._tick = time.monotonic()
        self._first: int | None = None
        self._told = False

    def __call__(self, done: int, total: int | None = None) -> None:
        """Take note that so many are done, of so many if that was not known before."""
        self._total = self._total if total is None else total
        if self._first is None:
            self._first = done  # of an earlier, interrupted pass
        now = time.monotonic()
        if done >= self._total and self._told:
            self._tell(done, now, logging.INFO)
            self._told = False
        elif done >= self._total:
            log.debug("", extra={"tick": True})
        elif now - self._line >= _LINE_EVERY:
            self._line = self._tick = now
            self._told = True
            self._tell(done, now, logging.INFO)
        elif now - self._tick >= _TICK_EVERY:
            self._tick = now
            self._tell(done, now, logging.DEBUG)

    def _tell(self, done: int, now: float, level: int) -> None:
        tick = level == logging.DEBUG
        full = _BAR * done // max(self._total, 1)
        log.log(
            level,
            "  %s%s: %s of %s%s",
            f"[{'#' * full}{'.' * (_BAR - full)}] " if tick else "",
            self._what,
            f"{done:,}",
            f"{self._total:,}",
            self._pace(done, now - self._start),
            extra={"tick": tick},
        )

    def _pace(self, done: int, spent: float) -> str:
        """Speed, and the time left or taken; at the first call there is no speed yet."""
        speed = (done - (self._first or 0)) / max(spent, 1e-9)
        if not speed:
            return ""
        told = f", {speed:,.0f}" if speed >= 10 else f", {speed:.1f}"
        left = (self._total - done) / speed
        end = f"{duration(left)} left" if left else f"{duration(spent)} in all"
        return f"{told} a second, {end}"


def duration(seconds: float) -> str:
    """A time span in the largest units that matter."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes, _ = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
