"""Results on disk: one JSON file for each task, method and seed."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.harness.metrics import Metric
from fabgwas.files import write_atomically

SCHEMA = 1
# lists of numbers, which would have a line for each
_NUMBERS = re.compile(r"\[\n([\d\s.,e+-]+)\]")
Status = Literal["done", "skipped", "failed"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one cell, and under which conditions."""

    suite: str
    task: str
    method: str
    seed: int
    status: Status
    settings: dict[str, Any]
    reason: str | None = None
    """Why it was skipped or failed."""
    metrics: dict[str, Metric] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time of load (shared by the methods of a task), solve and score."""
    peak_bytes: int = 0
    """Largest resident memory while solving, with what was loaded before."""
    about: dict[str, Any] = field(default_factory=dict)
    """Date, commit, machine, versions, whether quick."""


def result_path(root: Path, suite: str, task: str, method: str, seed: int) -> Path:
    """Where the result of a cell lies."""
    return root / suite / _slug(task) / f"{_slug(method)}.{seed}.json"


def write_result(root: Path, result: Result) -> None:
    """Write a result; the file is whole or absent."""
    told = {"schema": SCHEMA} | asdict(result)
    told["metrics"] = {name: _told(metric) for name, metric in result.metrics.items()}
    path = result_path(root, result.suite, result.task, result.method, result.seed)
    with write_atomically(path) as temporary:
        temporary.write_text(_NUMBERS.sub(_on_one_line, json.dumps(_plain(told), indent=1)))


def read_result(path: Path) -> Result:
    """Read one result."""
    told = json.loads(path.read_text())
    if told.pop("schema") != SCHEMA:
        raise ValueError(f"{path}: not a result of schema {SCHEMA}; run its cell again.")
    told["metrics"] = {
        name: Metric(
            _number(each["value"]),
            each.get("lower"),
            each.get("upper"),
            tuple(map(_number, each.get("draws", ()))),
        )
        for name, each in told["metrics"].items()
    }
    return Result(**told)


def read_results(root: Path, suite: str) -> list[Result]:
    """All results of a suite, by task, method and seed."""
    return [read_result(path) for path in _paths(root / suite)]


def same_settings(told: dict[str, Any], settings: dict[str, Any]) -> bool:
    """Whether the settings in a file are these, seen through JSON."""
    return told == json.loads(json.dumps(_plain(settings)))


def _paths(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*/*.json"))


def _told(metric: Metric) -> dict[str, Any]:
    told = {"value": metric.value, "lower": metric.lower, "upper": metric.upper}
    told = {name: value for name, value in told.items() if value is not None}
    return told | {"draws": list(metric.draws)} if metric.draws else told


def _plain(value: Any) -> Any:
    """Numbers that JSON has no word for become null."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _on_one_line(found: re.Match[str]) -> str:
    return f"[{' '.join(found[1].split())}]"


def _slug(name: str) -> str:
    return re.sub(r"[^\w.+=-]+", "-", name).strip("-")
