"""Run benchmarks and make tables of them: `python -m benchmarks run --suite speed`."""

import argparse
import os
import sys
from pathlib import Path

from benchmarks.harness.context import Context
from benchmarks.harness.registry import SUITES
from benchmarks.harness.run import choose_cells, find_cells, run_cells
from benchmarks.harness.summarise import summarise
from fabgwas.errors import FabgwasError

HERE = Path(__file__).parent
REPOSITORY = HERE.parent


def main(arguments: list[str] | None = None) -> int:
    """Parse, call, and give an exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except FabgwasError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def _run(options: argparse.Namespace) -> int:
    context = Context(data=_data(), cache=options.cache, quick=options.quick)
    root = options.results or (
        options.cache / "quick" if options.quick else HERE / "results"
    )
    failed = 0
    for suite in options.suite or SUITES:
        cells = find_cells(
            suite,
            context,
            tasks=options.task,
            methods=options.method,
            seeds=options.seeds,
        )
        chosen = choose_cells(
            cells, root, only_missing=options.only_missing, overwrite=options.overwrite
        )
        told = f"{suite}: {len(cells)} cells, {len(chosen)} to run; results in {root}"
        print(told, file=sys.stderr)
        if options.dry_run:
            print("\n".join(f"{c.task.name} | {c.method.name} | {c.seed}" for c in chosen))
            continue
        failed += run_cells(chosen, context, root)["failed"]
    return 1 if failed else 0


def _summarise(options: argparse.Namespace) -> int:
    root = options.results or HERE / "results"
    readme = HERE / "README.md" if options.results is None else None
    for path in summarise(root, readme, options.suite or SUITES):
        print(path)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="run | summarise")
    run = commands.add_parser("run", help="run the cells of suites")
    run.set_defaults(command=_run)
    run.add_argument("--quick", action="store_true", help="small sizes; minutes in all")
    run.add_argument("--only-missing", action="store_true", help="keep what is done")
    run.add_argument("--overwrite", action="store_true", help="replace what is done")
    run.add_argument("--task", default="*", help="pattern of names of tasks")
    run.add_argument("--method", default="*", help="pattern of names of methods")
    run.add_argument("--seeds", type=_seeds, help="some of them: 0-4,7; default: all")
    run.add_argument("--dry-run", action="store_true", help="list what would run")
    run.add_argument("--cache", type=Path, default=_cache(), help="folder outside git")
    make = commands.add_parser("summarise", help="make tables and figures")
    make.set_defaults(command=_summarise)
    for each in (run, make):
        each.add_argument("--suite", action="append", choices=SUITES, help="default: all")
        each.add_argument("--results", type=Path, help="folder of the JSON files")
    return parser


def _seeds(text: str) -> set[int]:
    """Numbers and ranges, both ends included."""
    ends = (part.split("-") for part in text.split(","))
    return {seed for each in ends for seed in range(int(each[0]), int(each[-1]) + 1)}


def _data() -> Path | None:
    """The folder that the tests use too."""
    told = os.environ.get("FABGWAS_TEST_DATA", REPOSITORY / ".." / "shared" / "data")
    path = Path(told)
    return path.resolve() if path.is_dir() else None


def _cache() -> Path:
    told = os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")
    return Path(told) / "fabgwas-benchmarks"


if __name__ == "__main__":
    sys.exit(main())
