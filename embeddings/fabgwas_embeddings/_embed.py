"""`embed_variants`: from a list of variants to a store, in one call."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from fabgwas_embeddings._describe import Annotator, Describer
from fabgwas_embeddings._genes import load_genes
from fabgwas_embeddings._job import EmbedResult, Job, run_job
from fabgwas_embeddings._ledger import Tally
from fabgwas_embeddings._template import load_template
from fabgwas_embeddings._variants import VariantSource, read_variants, variant_list
from fabgwas_embeddings.encoders import Encoder, make_encoder


def embed_variants(
    variants: str | Path | pa.Table | VariantSource,
    store_path: str | Path,
    *,
    build: str,
    encoder: str | Encoder = "local",
    template: str = "default",
    annotators: Sequence[Annotator] | None = None,
    dtype: str = "float16",
    shard_rows: int | None = None,
    exclusions: Mapping[str, Any] | None = None,
    progress: Callable[[Tally], None] = lambda _: None,
) -> EmbedResult:
    """Describe variants, embed the texts and write a store.

    A store that is complete is opened and nothing is done; one that is not is continued.

    Parameters
    ----------
    variants
        A file that `read_variants` knows, a table with the columns chrom, pos, ref, alt and
        rsid, or a source that reads them in parts.
    store_path
        Folder of the store.
    build
        GRCh37 or GRCh38, the build of the positions.
    encoder
        Name of an encoder, or one that is made.
    template
        Name of a template, or the path of one.
    annotators
        Where the fields of the template come from; None for the shipped gene models.
    dtype
        float16 or int8.
    shard_rows
        Most variants in a file; None for 128 MiB of float32 vectors.
    exclusions
        What was left out of the annotations, for the metadata.
    progress
        Called after each group of texts.
    """
    if isinstance(variants, pa.Table):
        variants = variant_list(variants)
    elif isinstance(variants, str | Path):
        variants = read_variants(variants)
    job = Job(
        variants=variants,
        describer=Describer(
            build,
            load_template(template),
            [load_genes(build)] if annotators is None else annotators,
        ),
        encoder=make_encoder(encoder) if isinstance(encoder, str) else encoder,
        path=Path(store_path),
        dtype=dtype,
        shard_rows=shard_rows,
        exclusions=dict(exclusions or {}),
    )
    return run_job(job, progress=progress)
