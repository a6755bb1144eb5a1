"""Results as Markdown tables: methods by metrics, with intervals and paired differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.harness.metrics import Metric, difference
from benchmarks.harness.record import Result


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with the text that goes beside it."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    text: str = ""
    """Who wins, by how much, and why: below the table."""
    main: bool = True
    """Whether it stands in benchmarks/README.md too, not only in results/SUITE.md."""

    def markdown(self) -> str:
        """Heading, table and text."""
        lines = [
            f"### {self.title}",
            "",
            _line(self.header),
            _line(["---"] * len(self.header)),
            *map(_line, self.rows),
            "",
        ]
        return "\n".join(lines + ([self.text.strip(), ""] if self.text else []))


def over_seeds(results: Sequence[Result], metric: str) -> Metric | None:
    """A metric of one task and method: its own interval, or the mean over seeds.

    With several seeds these are the replicates: mean and 95 % t interval.
    """
    found = [each.metrics[metric] for each in results if metric in each.metrics]
    return _mean(found) if found else None


def compare(
    first: Sequence[Result], second: Sequence[Result], metric: str
) -> Metric | None:
    """First minus second, paired by seed, and draw by draw if there is one seed."""
    others = {each.seed: each for each in second}
    pairs = [
        difference(each.metrics[metric], others[each.seed].metrics[metric])
        for each in first
        if metric in each.metrics
        and each.seed in others
        and metric in others[each.seed].metrics
    ]
    return _mean(pairs) if pairs else None


def scoreboard(
    results: Sequence[Result],
    task: str,
    metrics: Sequence[str],
    *,
    title: str | None = None,
    baseline: str | None = None,
    text: str = "",
    main: bool = True,
) -> Table:
    """One task: a row for each method, best first, and its difference from a baseline.

    Parameters
    ----------
    results
        Of the suite; those of other tasks are ignored.
    task
        Name of the task.
    metrics
        Columns; the first one sorts.
    title, text, main
        As in `Table`.
    baseline
        Method whose first metric is subtracted, pair by pair.
    """
    by_method: dict[str, list[Result]] = {}
    for each in results:
        if each.task == task:
            by_method.setdefault(each.method, []).append(each)
    rows = []
    for method, found in by_method.items():
        first = over_seeds(found, metrics[0])
        cells = [_cell(over_seeds(found, metric)) for metric in metrics]
        if first is None:
            cells[0] = trouble(found)
        if baseline is not None:
            same = method == baseline or baseline not in by_method
            apart = None if same else compare(found, by_method[baseline], metrics[0])
            cells.insert(1, _cell(apart, signed=True))
        seconds = [each.seconds["solve"] for each in found if each.seconds]
        cells.append(f"{np.mean(seconds):.3g}" if seconds else "")
        rows.append((first.value if first else -np.inf, [method, *cells]))
    rows.sort(key=lambda row: (-row[0] if np.isfinite(row[0]) else np.inf, row[1][0]))
    header = ["method", *metrics, "seconds"]
    if baseline is not None:
        header.insert(2, f"less {baseline}")
    return Table(
        title=title or task,
        header=header,
        rows=[row for _, row in rows],
        text=text,
        main=main,
    )


def trouble(results: Sequence[Result]) -> str:
    """Why there are no numbers."""
    reasons = sorted({f"{each.status}: {each.reason}" for each in results if each.reason})
    return "; ".join(reasons)


def _mean(metrics: Sequence[Metric]) -> Metric:
    if len(metrics) == 1:
        return metrics[0]
    from scipy.stats import t

    values = np.array([metric.value for metric in metrics])
    values = values[np.isfinite(values)]
    if values.size < 2:
        return Metric(float(values.mean()) if values.size else np.nan)
    half = t.ppf(0.975, values.size - 1) * values.std(ddof=1) / np.sqrt(values.size)
    return Metric(
        float(values.mean()), float(values.mean() - half), float(values.mean() + half)
    )


def _cell(metric: Metric | None, *, signed: bool = False) -> str:
    if metric is None:
        return ""
    return f"{'+' if signed and metric.value > 0 else ''}{metric}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
