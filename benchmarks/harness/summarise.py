"""Tables of all results: results/SUITE.md, and the main ones in README.md."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness.record import Result, read_results
from benchmarks.harness.registry import SUITES, tables_module
from benchmarks.harness.run import leave_out_stale
from benchmarks.harness.tables import Table, scoreboard
from fabgwas.errors import UsageError
from fabgwas.files import write_atomically

_MARKS = "<!-- results of {suite}: begin -->", "<!-- results of {suite}: end -->"


def summarise(
    root: Path, readme: Path | None, suites: Sequence[str] = SUITES
) -> list[Path]:
    """Write the tables and figures of the suites that have results.

    Parameters
    ----------
    root
        Folder of the results; tables go beside them, figures into `figures`.
    readme
        File whose marked parts are replaced by the main tables, None for none.
    suites
        Names of suites.
    """
    written = []
    for suite in suites:
        found = read_results(root, suite)
        results = leave_out_stale(suite, found)
        if not results:
            continue
        module = tables_module(suite)
        tables = module.tables(results) if module else default_tables(results)
        if module is not None and hasattr(module, "figures"):
            written += module.figures(results, root / "figures")
        about = describe_runs(suite, results, len(found) - len(results))
        page = f"# Results of the suite {suite}\n\n{about}\n\n"
        page += "\n".join(table.markdown() for table in tables)
        _write(root / f"{suite}.md", page)
        written.append(root / f"{suite}.md")
        if readme is not None:
            chosen = "\n".join(table.markdown() for table in tables if table.main)
            _replace(readme, suite, f"{about}\n\n{chosen}")
    return written


def default_tables(results: Sequence[Result]) -> list[Table]:
    """One table for each task, with all of its metrics."""
    tables = []
    for task in dict.fromkeys(each.task for each in results):
        found = [each for each in results if each.task == task]
        metrics = list(dict.fromkeys(name for each in found for name in each.metrics))
        tables.append(scoreboard(found, task, metrics or ["result"]))
    return tables


def describe_runs(suite: str, results: Sequence[Result], stale: int) -> str:
    """Command, dates, machine, versions, and how many cells were done or left out."""
    dates = sorted({each.about["date"] for each in results})
    machines = sorted({_machine(each) for each in results})
    found = sorted({each.about["versions"].get("fabgwas", "?") for each in results})
    counts = Counter(each.status for each in results) + Counter(stale=stale)
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    quick = " --quick" if any(each.about["quick"] for each in results) else ""
    told = ", ".join(f"{n:,} {status}" for status, n in sorted(counts.items()))
    return (
        f"`python -m benchmarks run --suite {suite}{quick}`, {when}, "
        f"{'; '.join(machines)}, fabgwas {', '.join(found)}; cells: {told}."
    )


def _machine(result: Result) -> str:
    told = result.about["machine"]
    return f"{told['cores']} shared {told['processor']} cores, {told['memory_gb']} GB"


def _replace(readme: Path, suite: str, text: str) -> None:
    begin, end = (mark.format(suite=suite) for mark in _MARKS)
    page = readme.read_text()
    if begin not in page or end not in page:
        raise UsageError(f"{readme}: has no lines {begin!r} and {end!r} to write between.")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    # a function, because text may hold backslashes
    _write(readme, pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page))


def _write(path: Path, text: str) -> None:
    with write_atomically(path) as temporary:
        temporary.write_text(text)
