"""From the options of the command line to a job and its engine."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fabgwas.cli._config import chromosomes_of
from fabgwas.errors import UsageError
from fabgwas.progress import Progress

if TYPE_CHECKING:
    from fabgwas_embeddings._job import Job
    from fabgwas_embeddings._ledger import Tally
    from fabgwas_embeddings._run import Engine

_FILES = ("favor", "clinvar", "gwas_catalog", "genes", "gene_summaries", "ontology")
_SETTINGS = (
    "model",
    "dim",
    "base_url",
    "in_flight",
    "most_inputs",
    "price",
    "pooling",
    "precision",
    "device",
    "tokenizer",
)


def job_of(options: dict[str, Any], out: Path) -> "Job":
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
        chrom=chromosomes_of(options["chrom"]),
        encoder=make_encoder(options["encoder"], **_settings(options)),
        template=options["template"],
        sources=sources,
        dtype=options["dtype"],
        shard_rows=options["shard_rows"],
        share_texts=options["share_texts"],
    )


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    """What an encoder is told; the rest it decides itself."""
    told = {name: options[name] for name in _SETTINGS if options[name] is not None}
    if options.get("num_gpus") and options["encoder"] in ("qwen", "sentence-transformers"):
        told.setdefault("device", "cuda")  # of the workers; here there may be none
    return told


def engine_of(options: dict[str, Any]) -> "Engine":
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


def tell_texts() -> Callable[["Tally"], None]:
    """Progress of a job, as it is logged."""
    progress = Progress("texts")
    return lambda tally: progress(tally.texts - tally.texts_open, tally.texts)
