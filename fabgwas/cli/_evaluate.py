"""`fabgwas evaluate`: how good scores are."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fabgwas.cli import _options as option
from fabgwas.cli._log import show_log
from fabgwas.cli._run import command_line, limit_threads, plain, print_lines
from fabgwas.errors import UsageError


def evaluate(
    scores: Annotated[
        Path,
        typer.Argument(
            help="Scores of people: of fabgwas score, .sscore, or a table. With --sumstats "
            "weights: a scoring file."
        ),
    ],
    pheno: Annotated[
        Path | None,
        typer.Argument(help="Phenotypes of people: a table with IID, or a .fam."),
    ] = None,
    *,
    out: option.Out,
    score: Annotated[
        list[str] | None, typer.Option(help="Column of scores; repeatable  [default: all]")
    ] = None,
    pheno_name: Annotated[
        str | None, typer.Option(help="Which phenotype, where the table holds several.")
    ] = None,
    covar: Annotated[Path | None, typer.Option(help="Covariates of people.")] = None,
    covar_name: Annotated[
        list[str] | None, typer.Option(help="Covariate; repeatable  [default: all]")
    ] = None,
    quantitative: Annotated[
        bool, typer.Option("--quantitative", help="Do not take two values for a disease.")
    ] = False,
    prevalence: Annotated[
        float | None,
        typer.Option(help="Of cases in the population, for R2 on the liability scale."),
    ] = None,
    augment: Annotated[
        Path | None,
        typer.Option(
            help="PREFIX.cohort.parquet of fabgwas cohort, or a table: does it improve the "
            "scores, by nested cross-validation?"
        ),
    ] = None,
    quantiles: Annotated[int, typer.Option(help="Of the score, to compare.")] = 10,
    folds: Annotated[int, typer.Option(help="Of the cross-validation.")] = 5,
    sumstats: Annotated[
        Path | None,
        typer.Option(
            help="Judge weights by summary statistics of people they have not seen, such "
            "as the second part of fabgwas split."
        ),
    ] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(help="With --sumstats, another scoring file; repeatable."),
    ] = None,
    ld: Annotated[
        Path | None,
        typer.Option(
            help="With --sumstats, PLINK fileset of a panel: other people than those the "
            "weights were fitted with."
        ),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="People of this panel to use, as for PLINK.")
    ] = None,
    fit_people: Annotated[
        Path | None,
        typer.Option(help="People of the fitting panel; an error if they are in this one."),
    ] = None,
    build: option.Build = None,
    population: option.Population = "EUR",
    replicates: Annotated[int, typer.Option(help="Of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of folds and bootstrap.")] = 0,
    threads: option.Threads = None,
    dry_run: option.DryRun = False,
    overwrite: option.Overwrite = False,
    quiet: option.Quiet = False,
) -> None:
    """Measure scores on people with phenotypes, or weights by summary statistics."""
    if (pheno is None) == (sumstats is None):
        raise UsageError("give either phenotypes (PHENO) or statistics (--sumstats).")
    if sumstats is not None and ld is None:
        raise UsageError("--sumstats needs a panel of other people (--ld).")
    limit_threads(threads)
    show_log(quiet=quiet)
    shared: dict[str, Any] = {"out": out, "replicates": replicates, "seed": seed}
    if sumstats is not None:
        settings: dict[str, Any] = {
            "sumstats": sumstats,
            "ld": ld,
            "keep": keep,
            "fit_people": fit_people,
            "build": build,
            "population": population,
        }
        weights = [scores, *(also or [])]
        _by_sumstats(weights, {**shared, **settings}, overwrite=overwrite, dry_run=dry_run)
        return
    settings = {
        "scores": scores,
        "phenotype": pheno,
        "score_names": tuple(score) if score else None,
        "phenotype_name": pheno_name,
        "covariates": covar,
        "covariate_names": tuple(covar_name) if covar_name else None,
        "quantitative": quantitative,
        "prevalence": prevalence,
        "augment": augment,
        "quantiles": quantiles,
        "folds": folds,
    }
    _by_phenotypes({**shared, **settings}, overwrite=overwrite, dry_run=dry_run)


def _by_phenotypes(settings: dict[str, Any], *, overwrite: bool, dry_run: bool) -> None:
    from fabgwas.pipeline import EvaluateConfig, check_evaluate
    from fabgwas.pipeline import evaluate as evaluate_scores

    config = EvaluateConfig(**plain(settings))
    if dry_run:
        print_lines(check_evaluate(config, overwrite=overwrite))
        return
    result = evaluate_scores(config, overwrite=overwrite, command=command_line())
    print_lines(result.summary())


def _by_sumstats(
    weights: list[Path], settings: dict[str, Any], *, overwrite: bool, dry_run: bool
) -> None:
    from fabgwas.pipeline import (
        EvaluateSumstatsConfig,
        check_evaluate_sumstats,
        evaluate_sumstats,
    )

    config = EvaluateSumstatsConfig(weights=tuple(map(str, weights)), **plain(settings))
    if dry_run:
        print_lines(check_evaluate_sumstats(config, overwrite=overwrite))
        return
    result = evaluate_sumstats(config, overwrite=overwrite, command=command_line())
    print_lines(result.summary())
