"""The table of calibration: how far each rate is from its level, in its own errors."""

from collections.abc import Sequence

from benchmarks.harness import Metric, Result, Table, over_seeds

_RATES = """
Rejection rates of null variants over their level, mean over studies with 95 % t interval,
so that 1 is right, on the LD of 245 Europeans; methods know that of 244 others. *FAB* holds
for each variant, also where another study, which shares half of the noise, has effects and
this one has none. *Family* holds over whole folds, and by its family-wise error; for some
variants alone, as where another trait has effects, it need not. Needs `../shared/data`.

{verdict}
"""
_FALSE = """
Share of false discoveries at an asked rate of 5 %. Every other LD block has no effects. A
variant counts as false if nothing in its block acts, so that methods are judged where they
cannot be excused. *Local* is right only as far as the fitted prior is. Needs
`../shared/data`.

{verdict}
"""


def calibration_tables(results: Sequence[Result]) -> list[Table]:
    """A table for each scenario that has results."""
    return [
        _table(results, task)
        for task in dict.fromkeys(each.task for each in results)
        if task.startswith("calibration")
    ]


def off_level(metric: Metric, level: float = 1.0) -> str:
    """Whether an interval holds the level, or on which side of it it lies."""
    if metric.lower is None or metric.upper is None:
        return "unknown"
    if metric.lower > level:
        return "above"
    return "below" if metric.upper < level else "at it"


def _table(results: Sequence[Result], task: str) -> Table:
    by_method: dict[str, list[Result]] = {}
    for each in results:
        if each.task == task and each.metrics:
            by_method.setdefault(each.method.removeprefix("size: "), []).append(each)
    names = list(dict.fromkeys(n for f in by_method.values() for e in f for n in e.metrics))
    shown = {
        method: {name: over_seeds(found, name) for name in names}
        for method, found in by_method.items()
    }
    rows = [
        [method, str(len(by_method[method])), *(str(m) for m in metrics.values())]
        for method, metrics in shown.items()
    ]
    text = _FALSE if "false discovery rate" in names else _RATES
    return Table(
        title=task,
        header=["method", "studies", *names],
        rows=rows,
        text=text.format(verdict=_verdict(shown)),
    )


def _verdict(shown: dict[str, dict[str, Metric | None]]) -> str:
    """Which methods reject too often, by their intervals."""
    high = []
    for method, metrics in shown.items():
        for name, metric in metrics.items():
            level = {"false discovery rate": 0.05, "family-wise error": 0.05}.get(name, 1.0)
            counted = name.startswith("rate") or level < 1
            if metric and counted and off_level(metric, level) == "above":
                high.append(f"{method} ({name})")
    if not high:
        return "No interval lies above its level."
    return f"Intervals above their level: {', '.join(high)}."
