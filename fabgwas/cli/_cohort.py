"""`fabgwas cohort`: embeddings of people."""

from typing import Annotated

import typer

from fabgwas.cli import _options as option
from fabgwas.cli._config import chromosomes_of
from fabgwas.cli._log import show_log
from fabgwas.cli._run import command_line, limit_resources, print_lines
from fabgwas.cli._score import Genotypes


def cohort(
    bfile: Genotypes,
    embeddings: option.Embeddings,
    out: option.Out,
    chrom: option.Chrom = None,
    dosage: Annotated[
        str, typer.Option(help="Of the alternate allele: raw, or standardised.")
    ] = "raw",
    vectors: Annotated[
        str,
        typer.Option(
            help="raw, centred on their mean, or whitened, so that every direction of "
            "them counts alike."
        ),
    ] = "raw",
    control: Annotated[
        str | None,
        typer.Option(
            help="Instead of the vectors: random ones of the same length, or the same ones "
            "permuted among variants."
        ),
    ] = None,
    project: Annotated[
        int | None, typer.Option(help="Project the vectors to so many random directions.")
    ] = None,
    components: Annotated[int, typer.Option(help="Principal components of L.")] = 20,
    genotype_pcs: Annotated[
        int, typer.Option(help="Principal components of the genotypes, for comparison.")
    ] = 0,
    build: option.Build = None,
    seed: Annotated[int, typer.Option(min=0, help="Of controls and projection.")] = 0,
    threads: option.Threads = None,
    memory: option.Memory = None,
    dry_run: option.DryRun = False,
    overwrite: option.Overwrite = False,
    quiet: option.Quiet = False,
) -> None:
    """Embed people: L = G E, dosages times the vectors of their variants."""
    limit_resources(threads, memory)
    show_log(quiet=quiet)
    from fabgwas.pipeline import CohortConfig, check_cohort
    from fabgwas.pipeline import cohort as embed_people

    config = CohortConfig(
        genotypes=tuple(bfile),
        embeddings=str(embeddings),
        out=str(out),
        chrom=tuple(chromosomes_of(chrom)),
        dosage=dosage,
        vectors=vectors,
        control=control,
        project=project,
        components=components,
        genotype_pcs=genotype_pcs,
        build=build,
        seed=seed,
    )
    if dry_run:
        print_lines(check_cohort(config, overwrite=overwrite))
        return
    result = embed_people(config, overwrite=overwrite, command=command_line())
    print_lines(result.summary())
