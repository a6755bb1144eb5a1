"""Run the cells of a suite, one after the other, and keep what came of each."""

import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness.context import Context, Skip
from benchmarks.harness.interface import Method, Task
from benchmarks.harness.machine import commit, machine, peak_bytes, reset_peak, versions
from benchmarks.harness.metrics import Metric
from benchmarks.harness.record import (
    Result,
    read_result,
    result_path,
    same_settings,
    write_result,
)
from benchmarks.harness.registry import find_methods, find_tasks
from fabgwas.errors import UsageError


class Cell(NamedTuple):
    """One task, one method, one seed."""

    suite: str
    task: Task
    method: Method
    seed: int

    @property
    def settings(self) -> dict[str, Any]:
        """Those of the task and of the method, as JSON knows them."""
        told = {"task": dict(self.task.settings), "method": dict(self.method.settings)}
        return json.loads(json.dumps(told, default=str))

    def path(self, root: Path) -> Path:
        """Where its result lies."""
        return result_path(root, self.suite, self.task.name, self.method.name, self.seed)


def find_cells(
    suite: str,
    context: Context,
    *,
    tasks: str = "*",
    methods: str = "*",
    seeds: Collection[int] | None = None,
) -> list[Cell]:
    """Every method on every task that it is meant for, by task and seed.

    `tasks` and `methods` are patterns of names; `seeds` leaves only some of each task's.
    """
    chosen = [each for each in find_methods(suite) if fnmatch(each.name, methods)]
    return [
        Cell(suite, task, method, seed)
        for task in find_tasks(suite)
        if fnmatch(task.name, tasks)
        for seed in task.seeds(context)
        if seeds is None or seed in seeds
        for method in chosen
        if method.suits(task)
    ]


def leave_out_stale(suite: str, results: Iterable[Result]) -> list[Result]:
    """Results of tasks and methods as they are now, not of earlier settings."""
    methods = find_methods(suite)
    now = {
        (task.name, method.name): Cell(suite, task, method, 0).settings
        for task in find_tasks(suite)
        for method in methods
        if method.suits(task)
    }
    return [
        each
        for each in results
        if (told := now.get((each.task, each.method))) is not None
        and same_settings(each.settings, told)
    ]


def choose_cells(
    cells: Iterable[Cell], root: Path, *, only_missing: bool, overwrite: bool
) -> list[Cell]:
    """The cells to run, given the results that are there.

    Skipped, failed and stale results (of other settings) count as missing.

    Raises
    ------
    UsageError
        If results would be overwritten, and nobody asked for it.
    """
    cells = list(cells)
    if overwrite:
        return cells
    missing = [cell for cell in cells if not _is_done(cell, root)]
    if len(missing) < len(cells) and not only_missing:
        raise UsageError(
            f"{root}: has {len(cells) - len(missing)} of these {len(cells)} results; "
            "say --only-missing to keep them, or --overwrite to replace them."
        )
    return missing


def run_cells(
    cells: Iterable[Cell],
    context: Context,
    root: Path,
    *,
    tell: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> Counter[str]:
    """Run cells and write a result for each; counts done, skipped and failed."""
    cells = list(cells)
    about = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "quick": context.quick,
        "machine": machine(),
        "versions": versions(),
    }
    counts: Counter[str] = Counter()
    for result in _results(cells, context):
        write_result(root, replace(result, about=about))
        counts[result.status] += 1
        took = result.seconds.get("solve", 0.0)
        told = result.reason or ", ".join(f"{n} {m}" for n, m in result.metrics.items())
        place = f"{counts.total()}/{len(cells)} {result.task} | {result.method}"
        tell(f"{place} | seed {result.seed} | {result.status} {took:.1f} s | {told}")
    return counts


def _results(cells: list[Cell], context: Context) -> Iterator[Result]:
    """Load each problem once for all its methods."""
    for _, same in groupby(cells, key=lambda cell: (id(cell.task), cell.seed)):
        group = list(same)
        problem, loaded, trouble = _load(group[0], context)
        for cell in group:
            yield (
                trouble_of(cell, trouble)
                if trouble
                else _solve(cell, problem, context, loaded)
            )


def _load(cell: Cell, context: Context) -> tuple[Any, float, Exception | None]:
    began = time.perf_counter()
    try:
        problem = cell.task.load(context, cell.seed)
    except Exception as error:
        return None, 0.0, error
    return problem, time.perf_counter() - began, None


def _solve(cell: Cell, problem: Any, context: Context, loaded: float) -> Result:
    reset_peak()
    began = time.perf_counter()
    try:
        answer = cell.method.solve(problem, context, cell.seed)
        solved = time.perf_counter()
        peak = peak_bytes()
        scores = cell.task.score(problem, answer, cell.seed)
    except Exception as error:
        return trouble_of(cell, error)
    seconds = {
        "load": loaded,
        "solve": solved - began,
        "score": time.perf_counter() - solved,
    }
    return Result(
        suite=cell.suite,
        task=cell.task.name,
        method=cell.method.name,
        seed=cell.seed,
        status="done",
        settings=cell.settings,
        metrics={
            n: s if isinstance(s, Metric) else Metric(float(s)) for n, s in scores.items()
        },
        seconds={name: round(value, 4) for name, value in seconds.items()},
        peak_bytes=peak,
    )


def trouble_of(cell: Cell, error: Exception) -> Result:
    """A result that says why there is none."""
    skipped = isinstance(error, Skip)
    if not skipped:
        traceback.print_exception(error, file=sys.stderr)
    return Result(
        suite=cell.suite,
        task=cell.task.name,
        method=cell.method.name,
        seed=cell.seed,
        status="skipped" if skipped else "failed",
        settings=cell.settings,
        reason=str(error) if skipped else f"{type(error).__name__}: {error}",
    )


def _is_done(cell: Cell, root: Path) -> bool:
    path = cell.path(root)
    if not path.exists():
        return False
    result = read_result(path)
    return result.status == "done" and same_settings(result.settings, cell.settings)
