"""The commands `fabgwas embed plan`, `run`, `fetch` and `export-hf`."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from fabgwas.cli._config import configurable
from fabgwas.cli._log import show_log
from fabgwas.cli._options import Chrom, DryRun, Quiet, Threads
from fabgwas.cli._run import limit_threads
from fabgwas_embeddings import _cli_options as option
from fabgwas_embeddings._cli_job import engine_of, job_of, tell_texts

if TYPE_CHECKING:
    from fabgwas_embeddings._job import Job

app = typer.Typer(
    help="Describe variants, embed the descriptions and fill a store.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command(epilog="Example: fabgwas embed plan my.bim --build GRCh37 --encoder openai")
@configurable
def plan(
    variants: option.Variants,
    build: option.Build,
    chrom: Chrom = None,
    template: option.Template = "default",
    favor: option.Favor = [],  # noqa: B006
    clinvar: option.Clinvar = None,
    clinvar_build: option.ClinvarBuild = None,
    gwas_catalog: option.Catalog = None,
    genes: option.Genes = None,
    gene_summaries: option.Summaries = None,
    exclude_source: option.ExcludeSource = [],  # noqa: B006
    exclude_trait: option.ExcludeTrait = [],  # noqa: B006
    catalog_before: option.CatalogBefore = None,
    ontology: option.Ontology = None,
    encoder: option.EncoderName = "local",
    model: option.Model = None,
    dim: option.Dim = None,
    base_url: option.BaseUrl = None,
    in_flight: option.InFlight = None,
    most_inputs: option.MostInputs = None,
    price: option.Price = None,
    pooling: option.Pooling = None,
    precision: option.Precision = None,
    device: option.Device = None,
    tokenizer: option.Tokenizer = None,
    dtype: option.Dtype = "float16",
    shard_rows: option.ShardRows = None,
    share_texts: option.ShareTexts = True,
    tokens_per_minute: option.Limit = None,
    requests_per_minute: option.Limit = None,
) -> None:
    """Tell texts, tokens, price, time and disk; nothing is spent and nothing kept."""
    options = dict(locals())
    with TemporaryDirectory() as folder:
        _tell_plan(job_of(options, Path(folder)), tokens_per_minute, requests_per_minute)


@app.command(epilog="Example: fabgwas embed run my.bim --build GRCh37 --out my-store")
@configurable
def run(
    variants: option.Variants,
    build: option.Build,
    out: Annotated[Path, typer.Option(help="Folder of the store.")],
    chrom: Chrom = None,
    template: option.Template = "default",
    favor: option.Favor = [],  # noqa: B006
    clinvar: option.Clinvar = None,
    clinvar_build: option.ClinvarBuild = None,
    gwas_catalog: option.Catalog = None,
    genes: option.Genes = None,
    gene_summaries: option.Summaries = None,
    exclude_source: option.ExcludeSource = [],  # noqa: B006
    exclude_trait: option.ExcludeTrait = [],  # noqa: B006
    catalog_before: option.CatalogBefore = None,
    ontology: option.Ontology = None,
    encoder: option.EncoderName = "local",
    model: option.Model = None,
    dim: option.Dim = None,
    base_url: option.BaseUrl = None,
    in_flight: option.InFlight = None,
    most_inputs: option.MostInputs = None,
    price: option.Price = None,
    pooling: option.Pooling = None,
    precision: option.Precision = None,
    device: option.Device = None,
    tokenizer: option.Tokenizer = None,
    dtype: option.Dtype = "float16",
    shard_rows: option.ShardRows = None,
    share_texts: option.ShareTexts = True,
    engine: option.EngineName = "local",
    actors: option.Actors = 2,
    num_gpus: option.Gpus = 0.0,
    max_cost: Annotated[float, typer.Option(help="Most to spend, in USD.", min=0)] = 5.0,
    threads: Threads = None,
    dry_run: DryRun = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace a finished store of other variants or settings, once the new "
            "one is whole.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Make a store, or what is missing of it; start it again after any interruption."""
    options = dict(locals())
    limit_threads(threads)
    show_log(quiet=quiet)
    if dry_run:
        with TemporaryDirectory() as folder:
            job = job_of(options, Path(folder))
            if not overwrite and replace(job, path=out).finished():
                typer.echo(f"{out}: complete, nothing to do")
                return
            _tell_plan(job)
        typer.echo(f"a run would write {out}")
        return
    from fabgwas_embeddings._overwrite import make_store
    from fabgwas_embeddings._run import run_job
    from fabgwas_embeddings._variants import tell_drops

    result = make_store(
        partial(job_of, options),
        out,
        lambda job: run_job(job, engine_of(options), tell_texts(), max_cost=max_cost),
        overwrite=overwrite,
    )
    if result.n_texts is None:
        typer.echo(f"{out}: complete, nothing to do ({result.n_variants:,} variants)")
        return
    typer.echo(
        f"{out}: {result.n_variants:,} variants"
        + (f" ({dropped})" if (dropped := tell_drops(result.counts)) else "")
        + f", {result.n_texts:,} distinct texts, "
        f"{result.n_encoded:,} encoded in {result.seconds:.1f} s"
        + (f", {result.tokens:,} tokens paid for" if result.tokens else "")
        + (f", cosine to float32 at least {result.cosine:.6f}" if result.cosine else "")
    )


def _tell_plan(
    job: "Job",
    tokens_per_minute: float | None = None,
    requests_per_minute: float | None = None,
) -> None:
    from fabgwas_embeddings._plan import plan_job

    found = plan_job(
        job,
        tokens_per_minute=tokens_per_minute,
        requests_per_minute=requests_per_minute,
    )
    typer.echo(str(found))


@app.command(epilog="Example: fabgwas embed fetch clinvar-GRCh38 gwas-catalog --out data")
def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Files; none to list those that are known.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path(),
    table: Annotated[
        Path | None, typer.Option(exists=True, help="Another table of addresses, TOML.")
    ] = None,
) -> None:
    """Download public annotation files and check them."""
    from fabgwas_embeddings import _fetch

    if not names:
        for name, remote in _fetch.remote_files(table).items():
            typer.echo(f"{name:18}{remote.url} ({remote.licence})")
        return
    for path in _fetch.fetch(names, out, table=table):
        typer.echo(str(path))


@app.command("export-hf", epilog="Example: fabgwas embed export-hf my-store dataset")
def export(
    store: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    out: Annotated[Path, typer.Argument(help="Folder of the dataset, new or empty.")],
    licence: Annotated[
        str, typer.Option(help="For the card, as the Hub spells it.")
    ] = "mit",
) -> None:
    """Write a store as a dataset for the Hugging Face Hub, with a card."""
    from fabgwas_embeddings._export import export_hf

    typer.echo(str(export_hf(store, out, licence=licence)))
