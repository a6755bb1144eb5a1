"""`fabgwas evaluate`: how good scores are."""

from pathlib import Path
from typing import Annotated

import typer

from fabgwas.cli import _options as option
from fabgwas.cli._run import command_line, limit_threads, show_log


def evaluate(
    scores: Annotated[
        Path,
        typer.Argument(help="Scores of people: of fabgwas score, .sscore, or a table."),
    ],
    pheno: Annotated[
        Path, typer.Argument(help="Phenotypes of people: a table with IID, or a .fam.")
    ],
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
    quantiles: Annotated[int, typer.Option(help="Of the score, to compare.")] = 10,
    folds: Annotated[int, typer.Option(help="Of the cross-validation.")] = 5,
    replicates: Annotated[int, typer.Option(help="Of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of folds and bootstrap.")] = 0,
    threads: option.Threads = None,
    overwrite: option.Overwrite = False,
    quiet: option.Quiet = False,
) -> None:
    """Measure scores on people with phenotypes, alone, over covariates, and in pairs."""
    limit_threads(threads)
    show_log(quiet=quiet)
    from fabgwas.pipeline._evaluate import EvaluateConfig
    from fabgwas.pipeline._evaluate import evaluate as evaluate_scores

    config = EvaluateConfig(
        scores=str(scores),
        phenotype=str(pheno),
        out=str(out),
        score_names=tuple(score) if score else None,
        phenotype_name=pheno_name,
        covariates=str(covar) if covar else None,
        covariate_names=tuple(covar_name) if covar_name else None,
        quantitative=quantitative,
        prevalence=prevalence,
        quantiles=quantiles,
        folds=folds,
        replicates=replicates,
        seed=seed,
    )
    result = evaluate_scores(config, overwrite=overwrite, command=command_line())
    for line in result.summary():
        print(line)
