"""All commands, with their options; heavy imports happen inside them."""

from pathlib import Path
from typing import Annotated

import typer

from fabgwas import __version__
from fabgwas.cli import _options as option
from fabgwas.cli._cohort import cohort
from fabgwas.cli._config import configurable
from fabgwas.cli._evaluate import evaluate
from fabgwas.cli._ld import ld
from fabgwas.cli._prs import prs
from fabgwas.cli._score import score
from fabgwas.cli._sets import sets
from fabgwas.cli._split import split

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"fabgwas {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Embedding-assisted FAB tests of GWAS summary statistics, and polygenic scores.

    Exit codes: 0 done; 1 unexpected; 2 an option or its value is not allowed, or an output
    exists; 3 an input file is missing or not what it should be; 4 nothing to analyse; 5 a
    remote service failed; 6 an output cannot be written; 130 interrupted (Ctrl-C).
    """


@app.command(
    epilog="Example: fabgwas run height.glm.linear --embeddings store --out height"
)
@configurable
def run(
    sumstats: option.SumstatsFile,
    embeddings: option.Embeddings,
    out: option.Out,
    ld: option.Panel = None,
    primary: option.Primary = "family",
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
    compare: option.Compare = None,
    aux: option.Aux = None,
    aux_rho: option.AuxRho = None,
    model: option.Model = "auto",
    orient: option.Orient = "alternate",
    ancestral: option.Ancestral = None,
    components: option.Components = 256,
    max_shift: option.MaxShift = 1.0,
    utility: option.Utility = "ld-score",
    blocks: option.Blocks = "EUR",
    p1: option.P1 = None,
    p2: option.P2 = 0.01,
    r2: option.R2 = 0.1,
    kb: option.Kb = 1000.0,
    alpha: option.Alpha = 0.05,
    posterior: option.Posterior = False,
    seed: option.Seed = 0,
    dry_run: option.DryRun = False,
    threads: option.Threads = None,
    memory: option.Memory = None,
    overwrite: option.Overwrite = False,
    quiet: option.Quiet = False,
) -> None:
    """Test one GWAS with a prior learned from embeddings, and write tables and a report."""
    from fabgwas.cli._run import run_from_options

    settings = {
        name: value for name, value in locals().items() if name not in _NOT_SETTINGS
    }
    run_from_options(
        settings,
        threads=threads,
        memory=memory,
        overwrite=overwrite,
        quiet=quiet,
        dry_run=dry_run,
    )


_NOT_SETTINGS = {
    "dry_run",
    "memory",
    "overwrite",
    "quiet",
    "run_from_options",
    "threads",
}


@app.command(epilog="Example: fabgwas munge height.regenie.gz --out height")
@configurable
def munge(
    sumstats: option.SumstatsFile,
    out: option.Out,
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
    dry_run: option.DryRun = False,
    threads: option.Threads = None,
    overwrite: option.Overwrite = False,
    quiet: option.Quiet = False,
) -> None:
    """Read, check and standardise summary statistics, and write them as Parquet."""
    from fabgwas.cli._run import munge_from_options

    settings = {
        name: value for name, value in locals().items() if name not in _NOT_SETTINGS
    }
    settings.pop("munge_from_options")
    munge_from_options(
        settings, threads=threads, overwrite=overwrite, quiet=quiet, dry_run=dry_run
    )


for _command, _example in (
    (ld, "ld 1000G.EUR.{chrom} --maf 0.01 --out eur"),
    (prs, "prs height.gz --ld eur --out height"),
    (score, "score height.score.tsv ukb.{chrom} --out ukb"),
    (evaluate, "evaluate ukb.scores.tsv pheno.tsv --out ukb"),
    (cohort, "cohort ukb.{chrom} --embeddings e --out ukb"),
    (sets, "sets height.fab.parquet --ld eur --out height"),
    (split, "split height.gz --ld judges --out half"),
):
    app.command(epilog=f"Example: fabgwas {_example}")(configurable(_command))


@app.command(epilog="Example: fabgwas demo --out demo/height")
def demo(
    out: option.Out = Path("fabgwas-demo/height"),
    data: Annotated[
        bool,
        typer.Option(
            "--data", help="Print the folder of the demo's files, and do nothing."
        ),
    ] = False,
    threads: option.Threads = None,
    quiet: option.Quiet = False,
) -> None:
    """Run on real UK Biobank height statistics of chromosome 22, from the demo extra."""
    from fabgwas.cli._demo import demo_data, run_demo

    if data:
        typer.echo(demo_data())
        return
    run_demo(out, threads=threads, quiet=quiet)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def embed(context: typer.Context) -> None:
    """Describe variants, embed the descriptions and fill a store (own commands)."""
    from fabgwas_embeddings._cli import app as embeddings_app

    embeddings_app(context.args, prog_name="fabgwas embed")
