"""`fabgwas sets`: tests of genes and regions."""

from pathlib import Path
from typing import Annotated

import typer

from fabgwas.cli import _options as option
from fabgwas.cli._config import chromosomes_of
from fabgwas.cli._log import show_log
from fabgwas.cli._run import command_line, limit_threads, plain, print_lines


def sets(
    results: Annotated[Path, typer.Argument(help="PREFIX.fab.parquet of fabgwas run.")],
    ld: Annotated[Path, typer.Option(help="LD store of fabgwas ld.")],
    out: option.Out,
    chrom: option.Chrom = None,
    regions: Annotated[
        Path | None,
        typer.Option(
            help="BED file of regions, the name in its fourth column  [default: "
            "protein-coding genes]"
        ),
    ] = None,
    margin_kb: Annotated[
        float, typer.Option(help="How far regions are extended on both sides, in kb.")
    ] = 0.0,
    max_variants: Annotated[
        int, typer.Option(min=1, help="Largest region to test.")
    ] = 5000,
    threads: option.Threads = None,
    dry_run: option.DryRun = False,
    overwrite: option.Overwrite = False,
    quiet: option.Quiet = False,
) -> None:
    """Test genes or regions as a whole, with the prior of a run as kernel."""
    settings = {
        name: value for name, value in locals().items() if name not in _NOT_SETTINGS
    }
    limit_threads(threads)
    show_log(quiet=quiet)
    from fabgwas.pipeline import SetsConfig, check_sets, make_set_tests

    settings["chrom"] = chromosomes_of(chrom)
    config = SetsConfig(**plain(settings))
    if dry_run:
        print_lines(check_sets(config, overwrite=overwrite))
        return
    made = make_set_tests(config, overwrite=overwrite, command=command_line())
    print_lines(made.summary())


_NOT_SETTINGS = {"threads", "dry_run", "overwrite", "quiet"}
