"""`fabgwas prs`: weights of a polygenic score."""

from pathlib import Path
from typing import Annotated

import typer

from fabgwas.cli import _options as option
from fabgwas.cli._log import show_log
from fabgwas.cli._run import command_line, config_values, limit_resources, print_lines


def prs(
    sumstats: option.SumstatsFile,
    ld: Annotated[
        Path, typer.Option(help="LD store of fabgwas ld, or a PLINK fileset of a panel.")
    ],
    out: option.Out,
    embeddings: Annotated[
        Path | None, typer.Option(help="Embedding store (folder) for the prior.")
    ] = None,
    annotations: Annotated[
        Path | None,
        typer.Option(help="Text with columns of variants and numbers, for the prior."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="embedding (prior from features), mixture (the same prior for all), inf "
            "(all effects small) or ct (clump and threshold)  [default: embedding with "
            "features, else mixture]"
        ),
    ] = None,
    prior: Annotated[
        str, typer.Option(help="features, or none: the same prior for all variants.")
    ] = "features",
    p_threshold: Annotated[
        float, typer.Option(help="Largest p-value of method ct; a grid is written too.")
    ] = 1e-4,
    r2: option.R2 = 0.1,
    kb: option.Kb = 1000.0,
    heritability: Annotated[
        float | None,
        typer.Option(help="Where to begin, for inf the value  [default: estimated]"),
    ] = None,
    intercept: Annotated[
        float | None,
        typer.Option(
            help="LD score intercept, the variance of z without effects  [default: "
            "estimated, at least 1]"
        ),
    ] = None,
    components: Annotated[
        int,
        typer.Option(min=1, help="Principal components of the embedding to use at most."),
    ] = 512,
    keep_mismatches: Annotated[
        bool,
        typer.Option(
            "--keep-mismatches", help="Keep variants whose statistics contradict the LD."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the sampler.")] = 0,
    name: Annotated[
        str | None, typer.Option(help="Of the score  [default: fabgwas_METHOD]")
    ] = None,
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
    threads: option.Threads = None,
    memory: option.Memory = None,
    dry_run: option.DryRun = False,
    overwrite: option.Overwrite = False,
    quiet: option.Quiet = False,
) -> None:
    """Fit a polygenic score to summary statistics, and write its weights."""
    settings = {
        name: value for name, value in locals().items() if name not in _NOT_SETTINGS
    }
    limit_resources(threads, memory)
    show_log(quiet=quiet)
    from fabgwas.pipeline import PrsConfig, check_prs, make_prs

    config = PrsConfig(**config_values(settings))
    if dry_run:
        print_lines(check_prs(config, overwrite=overwrite))
        return
    result = make_prs(config, overwrite=overwrite, command=command_line())
    print_lines(result.summary())


_NOT_SETTINGS = {"threads", "memory", "dry_run", "overwrite", "quiet"}
