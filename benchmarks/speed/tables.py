"""One table of all jobs beside their floors, and one of how they grow."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.harness import Metric, Result, Table
from benchmarks.harness.tables import trouble

_ALL = """
Median of the turns and their range; floor, rival and job take turns, so ratios hold on a
busy machine where seconds do not. Below 100,000 rows most of the time is fixed: calls, open
files, compilation. Floors that are a copy of memory are out of reach for work that must
parse or compute; they tell which part of the machine is not the limit.
"""
_GROWTH = """
Exponent: slope of log seconds on log size between the two largest sizes; 1 is linear. The
last two columns were not run: they are the rate of the largest size, for as many variants
as are imputed into UK Biobank, and as there are possible single-nucleotide ones.
"""
_DECADES = (10_000, 100_000, 1_000_000, 10_000_000)
# imputed variants of UK Biobank, and all possible single-nucleotide ones
_BEYOND = {"90 M": 90e6, "8.9 G": 8.9e9}


def tables(results: Sequence[Result]) -> list[Table]:
    """Ratios, then growth."""
    done = sorted(
        (each for each in results if each.metrics),
        key=lambda each: (_kind(each), each.method, _amount(each)),
    )
    rows = [row for each in done for row in [_whole(each), *_parts(each)]]
    rows += [
        [each.task, each.method, trouble([each]), *[""] * 6]
        for each in results
        if not each.metrics
    ]
    header = [
        "job",
        "program",
        "seconds",
        "per second",
        "times floor",
        "floor",
        "times rival",
        "rival",
        "added MB",
    ]
    return [
        Table(title="Each step beside its floor", header=header, rows=rows, text=_ALL),
        _growth(done),
    ]


def figures(results: Sequence[Result], folder: Path) -> list[Path]:
    """Seconds against size, log by log."""
    from matplotlib.figure import Figure

    groups = _groups([each for each in results if each.metrics])
    groups = {name: found for name, found in groups.items() if len(found) > 1}
    if not groups:
        return []
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for (_, method), found in groups.items():
        axes.loglog(
            [_amount(each) for each in found],
            [each.metrics["seconds"].value for each in found],
            "o-",
            label=method,
        )
    axes.set_xlabel("rows, variants or texts")
    axes.set_ylabel("seconds")
    axes.legend(fontsize=8)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "speed.png"
    figure.savefig(path, dpi=150, metadata={"Software": None})
    return [path]


def _whole(result: Result) -> list[str]:
    metrics, task = result.metrics, result.settings["task"]
    return [
        result.task,
        result.method,
        str(metrics["seconds"]),
        _count(metrics["per second"]),
        _ratio(metrics["times floor"]),
        task["floor"],
        _ratio(metrics.get("times rival")),
        task["rival"] or "",
        f"{metrics['added MB'].value:,.0f}",
    ]


def _parts(result: Result) -> list[list[str]]:
    """A row for each part of a job, beside the floor of the whole."""
    rows = []
    for name in result.metrics:
        part, _, measure = name.rpartition(": ")
        if part and measure == "seconds":
            seconds = result.metrics[name]
            rows.append(
                [
                    result.task,
                    f"{result.method}: {part}",
                    str(seconds),
                    f"{_amount(result) / seconds.value:,.0f}",
                    _ratio(result.metrics[f"{part}: times floor"]),
                    result.settings["task"]["floor"],
                    *[""] * 3,
                ]
            )
    return rows


def _growth(done: Sequence[Result]) -> Table:
    rows = []
    for (kind, method), found in _groups(done).items():
        by_amount = {_amount(each): each for each in found}
        decades = [_cell(by_amount.get(amount)) for amount in _DECADES]
        others = "; ".join(
            f"{amount:,}: {_cell(each)}"
            for amount, each in by_amount.items()
            if amount not in _DECADES
        )
        rate = _amount(found[-1]) / found[-1].metrics["seconds"].value
        beyond = [_duration(amount / rate) for amount in _BEYOND.values()]
        rows.append([kind, method, *decades, others, _exponent(found), *beyond])
    sizes = [f"{amount:,}" for amount in _DECADES]
    header = ["job", "program", *sizes, "other sizes", "exponent", *_BEYOND]
    return Table(title="Growth with size", header=header, rows=rows, text=_GROWTH)


def _cell(result: Result | None) -> str:
    if result is None:
        return ""
    seconds, added = result.metrics["seconds"].value, result.metrics["added MB"].value
    return f"{seconds:.3g} s, {added:,.0f} MB"


def _groups(done: Sequence[Result]) -> dict[tuple[str, str], list[Result]]:
    groups: dict[tuple[str, str], list[Result]] = {}
    for each in sorted(done, key=_amount):
        groups.setdefault((_kind(each), each.method), []).append(each)
    return dict(sorted(groups.items()))


def _exponent(found: Sequence[Result]) -> str:
    if len(found) < 2:
        return ""
    small, large = found[-2:]
    times = large.metrics["seconds"].value / small.metrics["seconds"].value
    return f"{np.log(times) / np.log(_amount(large) / _amount(small)):.2f}"


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


def _kind(result: Result) -> str:
    amount = f", {_amount(result):,} {result.settings['task']['unit']}"
    return result.task.removesuffix(amount)


def _amount(result: Result) -> int:
    return int(result.settings["task"]["amount"])


def _ratio(metric: Metric | None) -> str:
    if metric is None or metric.lower is None or metric.upper is None:
        return ""
    return f"{metric.value:.3g} [{metric.lower:.3g}, {metric.upper:.3g}]"


def _count(metric: Metric) -> str:
    return f"{metric.value:,.0f}"
