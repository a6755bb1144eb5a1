"""Figures of the suite tests: loci beside the two-sided test, rates beside their level."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import Metric, Result, over_seeds
from benchmarks.tests._ratios import ratio_of_sums

_TWO_SIDED = "two-sided"


def figures(results: Sequence[Result], folder: Path) -> list[Path]:
    """`power.png` and `calibration.png`, where there are results for them."""
    drawn = {
        "power.png": _panels(results, "power", _ratios, "loci over two-sided"),
        "calibration.png": _panels(results, "calibration", _rates, "rate over its level"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in drawn.items():
        if figure is not None:
            path = folder / name
            figure.savefig(path, dpi=150, metadata={"Software": None})
            paths.append(path)
    return paths


def _panels(results: Sequence[Result], prefix: str, read: Any, label: str) -> Any:
    """A panel for each task: a row for each method, its values with intervals."""
    from matplotlib.figure import Figure

    tasks = dict.fromkeys(each.task for each in results if each.task.startswith(prefix))
    found = {
        task: rows
        for task in tasks
        if (rows := read([each for each in results if each.task == task and each.metrics]))
    }
    if not found:
        return None
    heights = [len(rows) for rows in found.values()]
    figure = Figure(figsize=(8, 1 + 0.22 * sum(heights)), layout="constrained")
    panels = figure.subplots(len(found), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (task, rows) in zip(panels, found.items(), strict=True):
        for place, values in enumerate(rows.values()):
            for number, metric in enumerate(values):
                height = place - 0.2 * number
                ends = (metric.lower, metric.upper)
                if None not in ends:
                    axes.plot(ends, [height] * 2, color=f"C{number}", lw=1.5)
                axes.plot(metric.value, height, "o", ms=3, color=f"C{number}")
        axes.set_yticks(range(len(rows)), list(rows), fontsize=7)
        axes.axvline(1, color="0.6", lw=0.8)
        axes.set_title(task, fontsize=9)
    panels[-1].set_xlabel(label)
    return figure


def _ratios(found: Sequence[Result]) -> dict[str, list[Metric]]:
    loci: dict[str, dict[int, float]] = {}
    for each in found:
        if not each.method.endswith("FDR"):
            loci.setdefault(each.method, {})[each.seed] = each.metrics["loci"].value
    if _TWO_SIDED not in loci:
        return {}
    ratios = {m: ratio_of_sums(values, loci[_TWO_SIDED]) for m, values in loci.items()}
    order = sorted(ratios, key=lambda method: ratios[method].value)
    return {method: [ratios[method]] for method in order}


def _rates(found: Sequence[Result]) -> dict[str, list[Metric]]:
    """Rates at each level, the largest level first."""
    by_method: dict[str, list[Result]] = {}
    for each in found:
        by_method.setdefault(each.method.removeprefix("size: "), []).append(each)
    rows = {}
    for method, mine in reversed(by_method.items()):
        names = [name for name in mine[0].metrics if name.startswith("rate")]
        rates = [over_seeds(mine, name) for name in names]
        if rates:
            rows[method] = [each for each in rates if each is not None]
    return rows
