"""`fabgwas score`: scores of people."""

from pathlib import Path
from typing import Annotated

import typer

from fabgwas.cli import _options as option
from fabgwas.cli._config import chromosomes_of
from fabgwas.cli._log import show_log
from fabgwas.cli._run import command_line, limit_threads, print_lines

Genotypes = Annotated[
    list[str],
    typer.Argument(
        metavar="BFILE...",
        help="Genotypes: PLINK filesets or BGEN files of one set of people, or a pattern "
        "with {chrom} for the chromosome.",
    ),
]


def score(
    weights: Annotated[
        Path,
        typer.Argument(help="Scoring file: of fabgwas prs, the PGS Catalog, or plink."),
    ],
    bfile: Genotypes,
    out: option.Out,
    also: Annotated[
        list[Path] | None,
        typer.Option(help="Another scoring file, scored in the same pass; repeatable."),
    ] = None,
    chrom: option.Chrom = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Column of weights; repeatable  [default: all there are]"),
    ] = None,
    missing: Annotated[
        str,
        typer.Option(help="Missing genotypes: impute (mean of the file) or skip."),
    ] = "impute",
    match: Annotated[
        str,
        typer.Option(
            help="How weights find their variants: position (and alleles), id (and effect "
            "allele), or auto: by position where there is one."
        ),
    ] = "auto",
    drop_ambiguous: Annotated[
        bool, typer.Option("--drop-ambiguous", help="Leave out A/T and C/G variants.")
    ] = False,
    threads: option.Threads = None,
    dry_run: option.DryRun = False,
    overwrite: option.Overwrite = False,
    quiet: option.Quiet = False,
) -> None:
    """Score people: sums of weight times dosage, all scores in one pass."""
    limit_threads(threads)
    show_log(quiet=quiet)
    from fabgwas.pipeline import ScoreConfig, check_score
    from fabgwas.pipeline import score as score_people

    config = ScoreConfig(
        weights=tuple(str(path) for path in [weights, *(also or [])]),
        genotypes=tuple(bfile),
        out=str(out),
        chrom=tuple(chromosomes_of(chrom)),
        columns=tuple(column) if column else None,
        missing=missing,
        match=match,
        keep_ambiguous=not drop_ambiguous,
    )
    if dry_run:
        print_lines(check_score(config, overwrite=overwrite))
        return
    result = score_people(config, overwrite=overwrite, command=command_line())
    print_lines(result.summary())
