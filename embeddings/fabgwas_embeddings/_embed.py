"""`embed_variants`: from a list of variants to a store, in one call."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from fabgwas.errors import InputError
from fabgwas.store import WORK_FOLDER
from fabgwas_embeddings._describe import Describer
from fabgwas_embeddings._fasta import FastaVariants
from fabgwas_embeddings._job import Job
from fabgwas_embeddings._ledger import Tally
from fabgwas_embeddings._long_list import LongVariantList
from fabgwas_embeddings._only import only_chromosomes
from fabgwas_embeddings._overwrite import make_store
from fabgwas_embeddings._run import EmbedResult, Engine, run_job, run_locally
from fabgwas_embeddings._template import load_template
from fabgwas_embeddings._variants import VariantSource, variant_list
from fabgwas_embeddings.encoders import Encoder, make_encoder
from fabgwas_embeddings.sources import SourceFiles

Variants: TypeAlias = str | Path | pa.Table | VariantSource
_FASTA = (".fa", ".fasta", ".fna")


def make_job(
    variants: Variants,
    store_path: str | Path,
    *,
    build: str,
    chrom: Sequence[str] = (),
    encoder: str | Encoder = "local",
    template: str = "default",
    sources: SourceFiles | None = None,
    dtype: str = "float16",
    shard_rows: int | None = None,
    share_texts: bool = True,
) -> Job:
    """Put a job together; nothing is encoded and nothing written but sorted annotations.

    Parameters
    ----------
    variants
        A file that `read_variants` knows, a FASTA file for all its single-base changes, a
        table with the columns chrom, pos, ref, alt and rsid, or a source read in parts.
    store_path
        Folder of the store.
    build
        GRCh37 or GRCh38, the build of the positions.
    chrom
        Chromosomes to take; none stand for all.
    encoder
        Name of an encoder, or one that is made.
    template
        Name of a template, or the path of one.
    sources
        Where the fields of the template come from; None for the shipped gene models.
    dtype
        float16 or int8.
    shard_rows
        Most variants in a file; None for 128 MiB of float32 vectors.
    share_texts
        Whether a text that several shards have is encoded once; see `Job`.
    """
    path = Path(store_path)
    opened = (sources or SourceFiles()).open(build, path / WORK_FOLDER / "sources")
    return Job(
        variants=only_chromosomes(_open(variants, path / WORK_FOLDER), chrom),
        describer=Describer(build, load_template(template), opened.annotators),
        encoder=make_encoder(encoder) if isinstance(encoder, str) else encoder,
        path=path,
        dtype=dtype,
        shard_rows=shard_rows,
        exclusions=opened.exclusions,
        share_texts=share_texts,
    )


def embed_variants(
    variants: Variants,
    store_path: str | Path,
    *,
    build: str,
    chrom: Sequence[str] = (),
    encoder: str | Encoder = "local",
    template: str = "default",
    sources: SourceFiles | None = None,
    dtype: str = "float16",
    shard_rows: int | None = None,
    share_texts: bool = True,
    max_cost: float = 5.0,
    engine: Engine = run_locally,
    progress: Callable[[Tally], None] = lambda _: None,
    overwrite: bool = False,
) -> EmbedResult:
    """Describe variants, embed the texts and write a store.

    A store that is complete is opened and nothing is done; one that is not is continued.

    Parameters
    ----------
    variants, store_path, build, chrom, encoder, template, sources, dtype, shard_rows
        As in `make_job`.
    share_texts
        As in `make_job`.
    max_cost
        Most that may be spent, in USD, by the estimate made before the first request.
    engine
        Where texts are encoded.
    progress
        Called after each group of texts.
    overwrite
        Whether a finished store of other variants, sources or settings may be replaced; it
        stays until the new one is whole.

    Raises
    ------
    FabgwasError
        If an input cannot be used, the folder holds a store that may not be replaced, or
        it would cost more than `max_cost`.
    """

    def job_in(folder: Path) -> Job:
        return make_job(
            variants,
            folder,
            build=build,
            chrom=chrom,
            encoder=encoder,
            template=template,
            sources=sources,
            dtype=dtype,
            shard_rows=shard_rows,
            share_texts=share_texts,
        )

    def run(job: Job) -> EmbedResult:
        return run_job(job, engine, progress, max_cost=max_cost)

    return make_store(job_in, Path(store_path), run, overwrite=overwrite)


def _open(variants: Variants, folder: Path) -> VariantSource:
    if isinstance(variants, pa.Table):
        return variant_list(variants)
    if not isinstance(variants, str | Path):
        return variants
    path = Path(variants)
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    if path.suffix in _FASTA:
        return FastaVariants.open(path)
    return LongVariantList(path, folder)
