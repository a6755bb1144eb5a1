"""`fabgwas split`: one study as two."""

from pathlib import Path
from typing import Annotated

import typer

from fabgwas.cli import _options as option
from fabgwas.cli._log import show_log
from fabgwas.cli._run import command_line, config_values, limit_threads, print_lines

Panel = Annotated[
    Path,
    typer.Option(
        help="PLINK fileset of a panel: other people than those whose LD the score is "
        "fitted with, of the same population."
    ),
]
Keep = Annotated[
    Path | None,
    typer.Option(help="People of the panel to use: family and individual IDs."),
]


def split(
    sumstats: option.SumstatsFile,
    ld: Panel,
    out: option.Out,
    keep: Keep = None,
    share: Annotated[
        float, typer.Option(help="Of the sample, for the part that is fitted to.")
    ] = 0.75,
    intercept: Annotated[
        float, typer.Option(help="LD score intercept of the study.")
    ] = 1.0,
    format: option.Format = "auto",
    effect_allele: option.EffectAllele = None,
    other_allele: option.OtherAllele = None,
    columns: option.Columns = None,
    trait: option.Trait = None,
    build: option.Build = None,
    liftover: option.Liftover = None,
    bim: option.Bim = None,
    n: option.N = None,
    n_cases: option.Cases = None,
    n_controls: option.Controls = None,
    min_info: option.MinInfo = None,
    min_maf: option.MinMaf = None,
    chrom: option.Chrom = None,
    population: option.Population = "EUR",
    seed: Annotated[int, typer.Option(min=0, help="Of the split.")] = 0,
    threads: option.Threads = None,
    dry_run: option.DryRun = False,
    overwrite: option.Overwrite = False,
    quiet: option.Quiet = False,
) -> None:
    """Split a study by its summary statistics, as if its people had been split."""
    settings = {
        name: value for name, value in locals().items() if name not in _NOT_SETTINGS
    }
    limit_threads(threads)
    show_log(quiet=quiet)
    from fabgwas.pipeline import SplitConfig, check_split
    from fabgwas.pipeline import split as split_study

    config = SplitConfig(**config_values(settings))
    if dry_run:
        print_lines(check_split(config, overwrite=overwrite))
        return
    result = split_study(config, overwrite=overwrite, command=command_line())
    print_lines(result.summary())


_NOT_SETTINGS = {"threads", "dry_run", "overwrite", "quiet"}
