"""A job, what the machine could do at best, and both timed in turns.

Machines are shared, so times change from minute to minute; job and floor are run one after
the other, again and again, and their ratio is taken turn by turn.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from benchmarks.harness import Context, Metric, Task
from benchmarks.harness.machine import peak_bytes, reset_peak, resident_bytes

_TURNS = 5
_LONG = 20.0  # seconds after which two turns have to do
_VERY_LONG = 60.0  # and after which one does, that is not warmed up
Call = Callable[[], object]
"""A job; it may return the seconds of its parts, by name."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Inputs of one size, and the least that any program must do with them."""

    inputs: Mapping[str, Any]
    amount: int
    unit: str
    """What the amount counts: rows, texts."""
    floor: Call
    rival: Call | None = None
    """What others do with the same inputs; its time is compared in the same turns."""
    folder: Any = None
    """Keeps a temporary folder alive."""


class Times(NamedTuple):
    """Seconds of each turn, and the memory that the job added."""

    job: np.ndarray
    floor: np.ndarray
    rival: np.ndarray | None
    added_bytes: int
    parts: Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class SpeedTask:
    """A kind of job at one size."""

    kind: str
    amount: int
    unit: str
    make: Callable[[Context, int], Job]
    floor: str
    """What the floor does, in words."""
    rival: str | None = None
    quick: int | None = None
    """Amount in quick runs; None leaves the size out of them."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Kind and amount."""
        return f"{self.kind}, {self.amount:,} {self.unit}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Amount, and what it is compared with."""
        told = {"amount": self.amount, "unit": self.unit, "floor": self.floor}
        return told | {"rival": self.rival, "turns": _TURNS, **self.extra}

    def seeds(self, context: Context) -> Sequence[int]:
        """One; none in quick runs but for the smallest size."""
        return () if context.quick and self.quick is None else (0,)

    def load(self, context: Context, seed: int) -> Job:
        """Make the inputs."""
        amount = self.quick if context.quick and self.quick else self.amount
        return self.make(context, amount)

    def score(self, problem: Job, answer: Times, seed: int) -> Mapping[str, Metric]:
        """Medians over turns with their range, and ratios turn by turn."""
        found = {
            "seconds": _spread(answer.job),
            "per second": _spread(problem.amount / answer.job),
            "times floor": _spread(answer.job / answer.floor),
            "floor seconds": _spread(answer.floor),
            "added MB": Metric(answer.added_bytes / 1e6),
        }
        if answer.rival is not None:
            found["times rival"] = _spread(answer.job / answer.rival)
        for part, seconds in answer.parts.items():
            found[f"{part}: seconds"] = _spread(seconds)
            found[f"{part}: times floor"] = _spread(seconds / answer.floor)
        return found


@dataclass(frozen=True, kw_only=True)
class SpeedMethod:
    """A program for one kind of job: `prepare` gives what is timed."""

    name: str
    kind: str
    prepare: Callable[[Job], Call]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def suits(self, task: Task) -> bool:
        """Jobs of its kind."""
        return isinstance(task, SpeedTask) and task.kind == self.kind

    def solve(self, problem: Job, context: Context, seed: int) -> Times:
        """Warm up, then run job, floor and rival in turns; once if that takes long."""
        job = self.prepare(problem)
        reset_peak()
        before = resident_bytes()
        calls = [job, problem.floor, *([problem.rival] if problem.rival else [])]
        first = _timed(job)
        added = max(peak_bytes() - before, 0)
        if first.seconds > _VERY_LONG:
            # what warming up saves is little then
            taken = [[first, *map(_timed, calls[1:])]]
        else:
            problem.floor()
            turns = 2 if context.quick or first.seconds > _LONG else _TURNS
            taken = [[_timed(call) for call in calls] for _ in range(turns)]
        columns = np.array([[call.seconds for call in turn] for turn in taken]).T
        told = [turn[0].parts for turn in taken]
        parts = {name: np.array([turn[name] for turn in told]) for name in told[0]}
        rival = columns[2] if problem.rival else None
        return Times(columns[0], columns[1], rival, added, parts)


def scratch(context: Context) -> TemporaryDirectory:
    """A folder for the files of a job, gone with it."""
    place = context.cache / "speed"
    place.mkdir(parents=True, exist_ok=True)
    return TemporaryDirectory(dir=place)


def read_bytes(*paths: Path) -> Call:
    """Read files into memory that is there, as fast as the system gives them."""
    buffer = bytearray(1 << 24)

    def read() -> None:
        for path in paths:
            with path.open("rb", buffering=0) as file:
                while file.readinto(buffer):
                    pass

    return read


def copy_bytes(size: int) -> Call:
    """Copy so many bytes from memory to memory."""
    source = np.ones(max(size, 1), np.uint8)
    target = np.empty_like(source)
    return lambda: np.copyto(target, source)


def multiply(flops: float, width: int = 1024) -> Call:
    """As many operations as asked, in float32 products of square matrices."""
    x = np.ones((width, width), np.float32)
    times = max(1, round(flops / (2 * width**3)))
    out = np.empty_like(x)

    def run() -> None:
        for _ in range(times):
            np.matmul(x, x, out=out)

    return run


def sizes(
    kind: str,
    unit: str,
    make: Callable[[Context, int], Job],
    amounts: Sequence[int],
    **told: Any,
) -> list[SpeedTask]:
    """Tasks of growing size; the first one is for quick runs too."""
    return [
        SpeedTask(
            kind=kind,
            unit=unit,
            make=make,
            amount=amount,
            quick=amount if number == 0 else None,
            **told,
        )
        for number, amount in enumerate(amounts)
    ]


class _Timed(NamedTuple):
    seconds: float
    parts: Mapping[str, float]


def _timed(call: Call) -> _Timed:
    began = time.perf_counter()
    found = call()
    seconds = time.perf_counter() - began
    return _Timed(seconds, found if isinstance(found, Mapping) else {})


def _spread(values: np.ndarray) -> Metric:
    """Median and range of the turns."""
    return Metric(float(np.median(values)), float(values.min()), float(values.max()))
