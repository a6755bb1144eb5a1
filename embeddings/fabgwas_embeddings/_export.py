"""A store as a dataset for the Hugging Face Hub: plain lists of float32, and a card.

Its files carry the metadata of the store, so that `open_embeddings` reads it back.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fabgwas.errors import UsageError
from fabgwas.store import METADATA_KEY, EmbeddingStore, open_embeddings

_FILE_ROWS = 65_536
_ROW_GROUP_BYTES = 4 << 20  # the viewer reads a whole row group for a page

# as the Hub names them, by the number of digits
_SIZES = (
    "n<1K",
    "1K<n<10K",
    "10K<n<100K",
    "100K<n<1M",
    "1M<n<10M",
    "10M<n<100M",
    "100M<n<1B",
    "1B<n<10B",
    "10B<n<100B",
)
_CARD = """---
license: {licence}
tags:
- genetics
- embeddings
configs:
- config_name: default
  data_files:
  - split: train
    path: data/*/*.parquet
size_categories:
- {size}
---
# Variant embeddings

{n:,} variants of {build}, each with the {dim} numbers that {model} ({revision}) gives to a
description of it{unit}. One file holds variants of one chromosome, sorted by position.

| column | type | meaning |
|---|---|---|
| chrom | string | 1 to 22, X, Y, MT |
| pos | int32 | {build}, 1-based |
| ref, alt | string | alleles |
| rsid | string | null if unknown |
| embedding | list of {dim} float32 | stored as {dtype} before |

Descriptions are made of {fields} by the template {template}.

Sources:
{sources}

Left out of the descriptions: {exclusions}.

```python
from datasets import load_dataset
variants = load_dataset("path/to/this", split="train", streaming=True)

import fabgwas as fg
store = fg.open_embeddings("path/to/a/download/of/this")
```
"""


def export_hf(
    store: str | Path | EmbeddingStore, folder: str | Path, *, licence: str = "mit"
) -> Path:
    """Write a dataset that `datasets` and the viewer of the Hub read, with its card.

    Parameters
    ----------
    store
        The store.
    folder
        Must not exist, or be empty; it is there once it is whole.
    licence
        Identifier for the card, as the Hub spells it.
    """
    store = open_embeddings(store) if isinstance(store, str | Path) else store
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder}: is not empty; choose another folder.")
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for chrom in store.chroms:
        _write_chromosome(store, chrom, partial / "data" / f"chr{chrom}")
    (partial / "README.md").write_text(_card(store, licence), encoding="utf-8")
    return partial.replace(folder)


def _write_chromosome(store: EmbeddingStore, chrom: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    about = replace(store.metadata, dtype="float32")
    told = {METADATA_KEY: json.dumps(about.to_dict(), sort_keys=True)}
    writer: pq.ParquetWriter | None = None
    rows_in_file = files = 0
    for block in store.iter_keys(chrom):
        table = _rows(block.table, store.take(block.rows)).replace_schema_metadata(told)
        if writer is None:
            path = folder / f"part-{files:05d}.parquet"
            writer = pq.ParquetWriter(
                path,
                table.schema,
                compression="zstd",
                use_dictionary=["chrom", "ref", "alt"],
                write_page_index=True,  # lets the viewer read single pages
            )
        writer.write_table(table, max(_ROW_GROUP_BYTES // (4 * store.dim), 1))
        rows_in_file += len(table)
        if rows_in_file >= _FILE_ROWS:
            writer.close()
            writer, rows_in_file, files = None, 0, files + 1
    if writer is not None:
        writer.close()


def _rows(keys: pa.Table, vectors: np.ndarray) -> pa.Table:
    values = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
    offsets = pa.array(np.arange(len(vectors) + 1) * vectors.shape[1], pa.int32())
    return pa.table(
        {
            "chrom": keys["chrom"].cast(pa.string()),
            "pos": keys["pos"].cast(pa.int32()),
            "ref": keys["ref"].cast(pa.string()),
            "alt": keys["alt"].cast(pa.string()),
            "rsid": keys["rsid"].cast(pa.string()),
            "embedding": pa.ListArray.from_arrays(offsets, values),
        }
    )


def _card(store: EmbeddingStore, licence: str) -> str:
    about = store.metadata
    sources = [
        f"- {source.get('name')}: {source.get('path')}, sha256 {source.get('sha256')}"
        for source in about.sources
    ]
    return _CARD.format(
        licence=licence,
        size=_SIZES[max(len(str(store.n_variants)) - 3, 0)],
        n=store.n_variants,
        build=about.build,
        dim=store.dim,
        model=about.model,
        revision=about.revision or "revision unknown",
        unit=", scaled to length 1" if about.normalized else "",
        dtype=about.dtype,
        fields=", ".join(about.text_fields) or "unknown fields",
        template=about.template or "unknown",
        sources="\n".join(sources) or "- unknown",
        exclusions=json.dumps(about.exclusions) if about.exclusions else "nothing",
    )
