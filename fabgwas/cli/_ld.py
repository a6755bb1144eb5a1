"""`fabgwas ld`: an LD reference store from genotypes."""

from pathlib import Path
from typing import Annotated

import typer

from fabgwas.cli import _options as option
from fabgwas.cli._config import chromosomes_of
from fabgwas.cli._log import show_log
from fabgwas.cli._run import command_line, limit_resources, plain, print_lines


def ld(
    bfile: Annotated[
        list[str],
        typer.Argument(
            help="PLINK 1 filesets of one set of people: prefixes, .bed files, or a "
            "pattern with {chrom} for the chromosome."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The store (folder).")],
    blocks: Annotated[
        str,
        typer.Option(
            help="LD blocks: EUR, AFR or ASN (Berisa and Pickrell), a BED file, or auto "
            "to cut where little LD crosses."
        ),
    ] = "EUR",
    chrom: option.Chrom = None,
    build: option.Build = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="People to use: family and individual IDs, as for PLINK."),
    ] = None,
    encoding: Annotated[
        str,
        typer.Option(
            help="float16, int8 (eigenvectors in 8 bits; small for few people) or float32."
        ),
    ] = "float16",
    shrinkage: Annotated[
        float | None,
        typer.Option(
            help="Share of the identity in each matrix  [default: estimated by block]"
        ),
    ] = None,
    window_kb: Annotated[
        float, typer.Option(help="Largest distance in the LD scores, in kb.")
    ] = 1000.0,
    maf: Annotated[
        float, typer.Option(help="Smallest minor-allele frequency among the people.")
    ] = 0.0,
    threads: option.Threads = None,
    memory: option.Memory = None,
    dry_run: option.DryRun = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a store that exists.")
    ] = False,
    quiet: option.Quiet = False,
) -> None:
    """Compute the LD of a reference panel once, block by block, and store it.

    An interrupted build goes on where it was when the same command is given again.
    """
    limit_resources(threads, memory)
    show_log(quiet=quiet)
    from fabgwas.pipeline import LdConfig, check_ld, describe_ld, make_ld

    settings = {
        "out": out,
        "blocks": blocks,
        "build": build,
        "keep": keep,
        "encoding": encoding,
        "shrinkage": shrinkage,
        "window_kb": window_kb,
        "min_maf": maf,
        "chrom": chromosomes_of(chrom),
    }
    config = LdConfig(genotypes=tuple(bfile), **plain(settings))
    if dry_run:
        print_lines(check_ld(config, overwrite=overwrite))
        return
    store = make_ld(config, overwrite=overwrite, command=command_line())
    print_lines(describe_ld(store))
