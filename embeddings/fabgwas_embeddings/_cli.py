"""The commands `fabgwas embed plan`, `run`, `fetch` and `export-hf`."""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fabgwas.errors import UsageError
from fabgwas_embeddings import _cli_options as option

if TYPE_CHECKING:
    from fabgwas_embeddings._job import Job
    from fabgwas_embeddings._ledger import Tally
    from fabgwas_embeddings._run import Engine

app = typer.Typer(
    help="Describe variants, embed the descriptions and fill a store.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_FILES = ("favor", "clinvar", "gwas_catalog", "genes", "gene_summaries", "ontology")
_SETTINGS = (
    "model",
    "dim",
    "base_url",
    "in_flight",
    "most_inputs",
    "price",
    "pooling",
    "tokenizer",
)
_QUIET_SECONDS = 10  # between two lines of progress


@app.command(epilog="Example: fabgwas embed plan hm3.bim --build GRCh37 --encoder openai")
def plan(
    variants: option.Variants,
    build: option.Build,
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
    tokenizer: option.Tokenizer = None,
    dtype: option.Dtype = "float16",
    shard_rows: option.ShardRows = None,
    share_texts: option.ShareTexts = True,
    tokens_per_minute: option.Limit = None,
    requests_per_minute: option.Limit = None,
) -> None:
    """Tell texts, tokens, price, time and disk; nothing is spent and nothing kept."""
    options = dict(locals())
    from fabgwas_embeddings._plan import plan_job

    with TemporaryDirectory() as folder:
        job = _job(options, Path(folder))
        found = plan_job(
            job,
            tokens_per_minute=tokens_per_minute,
            requests_per_minute=requests_per_minute,
        )
    typer.echo(str(found))


@app.command(epilog="Example: fabgwas embed run my.bim --build GRCh37 --out my-store")
def run(
    variants: option.Variants,
    build: option.Build,
    out: Annotated[Path, typer.Option(help="Folder of the store.")],
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
    tokenizer: option.Tokenizer = None,
    dtype: option.Dtype = "float16",
    shard_rows: option.ShardRows = None,
    share_texts: option.ShareTexts = True,
    engine: option.EngineName = "local",
    actors: option.Actors = 2,
    num_gpus: option.Gpus = 0.0,
    max_cost: Annotated[float, typer.Option(help="Most to spend, in USD.", min=0)] = 5.0,
    quiet: Annotated[bool, typer.Option(help="No progress on stderr.")] = False,
) -> None:
    """Make a store, or what is missing of it; start it again after any interruption."""
    options = dict(locals())
    from fabgwas_embeddings._run import run_job

    job = _job(options, out)
    result = run_job(job, _engine(options), Progress(quiet), max_cost=max_cost)
    if result.n_texts is None:
        typer.echo(f"{out}: complete, nothing to do ({result.n_variants:,} variants)")
        return
    typer.echo(
        f"{out}: {result.n_variants:,} variants, {result.n_texts:,} distinct texts, "
        f"{result.n_encoded:,} encoded in {result.seconds:.1f} s"
        + (f", {result.tokens:,} tokens paid for" if result.tokens else "")
        + (f", cosine to float32 at least {result.cosine:.6f}" if result.cosine else "")
    )


def _job(options: dict[str, Any], out: Path) -> "Job":
    """The job that options describe."""
    from fabgwas_embeddings._embed import make_job
    from fabgwas_embeddings.encoders import make_encoder
    from fabgwas_embeddings.sources import SourceFiles

    before, clinvar_build = options["catalog_before"], options["clinvar_build"]
    excluded = [name for each in options["exclude_source"] for name in each.split(",")]
    sources = SourceFiles(
        **{name: options[name] for name in _FILES},
        clinvar_build=_build(clinvar_build) if clinvar_build else None,
        exclude_sources=excluded,
        exclude_traits=options["exclude_trait"],
        catalog_before=before.date() if before else None,
    )
    return make_job(
        options["variants"],
        out,
        build=_build(options["build"]),
        encoder=make_encoder(options["encoder"], **_settings(options)),
        template=options["template"],
        sources=sources,
        dtype=options["dtype"],
        shard_rows=options["shard_rows"],
        share_texts=options["share_texts"],
    )


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    """What an encoder is told; the rest it decides itself."""
    return {name: options[name] for name in _SETTINGS if options[name] is not None}


def _engine(options: dict[str, Any]) -> "Engine":
    if options["engine"] == "local":
        from fabgwas_embeddings._run import run_locally

        return run_locally
    if options["engine"] != "ray":
        raise UsageError(f"engine {options['engine']}: choose local or ray.")
    from fabgwas_embeddings._ray import ray_engine

    return ray_engine(
        options["encoder"],
        actors=options["actors"],
        num_gpus=options["num_gpus"],
        **_settings(options),
    )


def _build(name: str) -> str:
    known = {"grch37": "GRCh37", "hg19": "GRCh37", "37": "GRCh37"}
    known |= {"grch38": "GRCh38", "hg38": "GRCh38", "38": "GRCh38"}
    if name.lower() not in known:
        raise UsageError(f"build {name}: unknown; use GRCh37 or GRCh38.")
    return known[name.lower()]


class Progress:
    """A line on stderr every ten seconds."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._began = self._told = time.monotonic()
        self._first: int | None = None

    def __call__(self, tally: "Tally") -> None:
        now = time.monotonic()
        done = tally.texts - tally.texts_open
        if self._first is None:
            self._first = done
        if self._quiet or now - self._told < _QUIET_SECONDS:
            return
        self._told = now
        speed = max(done - self._first, 1) / (now - self._began)
        left = tally.texts_open / speed
        print(
            f"{done:,} of {tally.texts:,} texts, {speed:,.0f} a second, "
            f"{left / 60:,.0f} min left",
            file=sys.stderr,
        )


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
