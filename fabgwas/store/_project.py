"""Shorter vectors: principal components or a Matryoshka prefix, written beside a store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Float32, Float64

from fabgwas.errors import UsageError
from fabgwas.files import sha256_of, write_atomically
from fabgwas.store._keys import sort_order
from fabgwas.store._reader import EmbeddingStore
from fabgwas.store._schema import ROW_GROUP, STORE_FILE, StoreMetadata
from fabgwas.store._shard import NativeShard
from fabgwas.store._writer import StoreWriter

PROJECTION_FILE = "projection.npz"

# the covariance of 2 million vectors is known far better than components need
_FIT_ROWS = 2_000_000


class Projection(NamedTuple):
    """A centred rotation; `variance` of each component and their `total` before it."""

    mean: Float64[np.ndarray, " dim"]
    rotation: Float64[np.ndarray, "dim component"]
    variance: Float64[np.ndarray, " component"]
    total: float


def project_store(
    store: EmbeddingStore,
    dim: int,
    path: str | Path,
    method: str = "pca",
    *,
    seed: int = 0,
) -> EmbeddingStore:
    r"""Write a store of the same variants with vectors of length `dim` in float16.

    ``pca`` gives :math:`(x - \bar x) V`, with :math:`V` the leading eigenvectors of the
    covariance. It takes two passes over the store: one for mean and covariance, of at most
    2 million variants (whole stretches of 8,192 drawn at random), one to write. ``prefix``
    keeps the first `dim` numbers of a Matryoshka embedding and scales them to length 1.

    The eigenproblem is solved exactly. At 3,072 dimensions that takes 7 s of one core, and
    adding a block of 8,192 to the covariance 0.8 s; a randomised solver of the covariance
    took 1.4 s for 64 and 11 s for 256 components at eigenvalues that fall as 1 / k. One of
    the vectors themselves takes 0.09 s a block and pass for 64 components, so with two
    power iterations it would halve the fit, read the store four times instead of once, and
    be inexact where eigenvalues are close.

    Mean, rotation and variances are kept in ``projection.npz`` of the new store.

    Parameters
    ----------
    store
        What is shortened.
    dim
        New length, below the length now.
    path
        Folder of the new store.
    method
        ``pca`` or ``prefix``.
    seed
        Of the draw of variants, where there are more than 2 million.
    """
    path = Path(path)
    if method not in ("pca", "prefix"):
        raise ValueError(f"method must be 'pca' or 'prefix', not {method!r}.")
    if not 0 < dim < store.dim:
        raise ValueError(f"dim must be between 1 and {store.dim - 1}, not {dim}.")
    if (path / STORE_FILE).exists():
        raise UsageError(f"{path}: holds a store already; choose another folder.")
    facts: dict[str, Any] = {
        "method": method,
        "from": store.path.name,
        "from_dim": store.dim,
        "from_dtype": store.metadata.dtype,
    }
    if (store.path / STORE_FILE).is_file():
        facts["from_sha256"] = sha256_of(store.path / STORE_FILE)
    projection = None
    if method == "pca":
        projection = fit_pca(store, dim, seed)
        facts |= {
            "seed": seed,
            "explained_variance": float(projection.variance.sum() / projection.total),
        }
        with (
            write_atomically(path / PROJECTION_FILE) as temporary,
            temporary.open("wb") as f,
        ):
            np.savez(f, **projection._asdict())
    writer = StoreWriter(path, _metadata(store.metadata, dim, method, facts))
    parts: dict[str, int] = {}
    for chrom, table, rows in _chromosome_pieces(store):
        part = parts[chrom] = parts.get(chrom, -1) + 1
        order = sort_order(table)
        embedding = _projected(store, rows, dim, projection)
        if np.any(np.diff(order) != 1):
            table, embedding = table.take(order), embedding[order]
        writer.write_shard(chrom, part, table, embedding)
    return writer.close()


def fit_pca(store: EmbeddingStore, dim: int, seed: int) -> Projection:
    """Leading `dim` principal components of the vectors of a store."""
    mean, covariance = _moments(store, _drawn_rows(store.n_variants, seed))
    values, vectors = np.linalg.eigh(covariance)
    rotation = vectors[:, ::-1][:, :dim]
    # the sign of an eigenvector is arbitrary: make its largest entry positive
    largest = np.take_along_axis(rotation, np.abs(rotation).argmax(axis=0)[None], axis=0)
    return Projection(
        mean, rotation * np.sign(largest), values[::-1][:dim], float(np.trace(covariance))
    )


def _moments(
    store: EmbeddingStore, rows: np.ndarray | None
) -> tuple[Float64[np.ndarray, " dim"], Float64[np.ndarray, "dim dim"]]:
    """Mean and covariance in one pass, in float32 by block and float64 in total.

    The mean of the first block is subtracted from all, so that the sums of squares are
    not swamped by the direction that all texts share.
    """
    origin = None
    count = 0
    total = np.zeros(store.dim)
    squares = np.zeros((store.dim, store.dim))
    for block in store.iter_blocks(rows):
        x = block.embedding
        if origin is None:
            origin = x.mean(axis=0, dtype=np.float64).astype(np.float32)
        x -= origin
        count += len(x)
        total += x.sum(axis=0, dtype=np.float64)
        squares += x.T @ x
    if origin is None or count < 2:
        raise ValueError(f"pca needs at least 2 variants, but the store has {count}.")
    mean = total / count
    covariance = (squares - count * np.outer(mean, mean)) / (count - 1)
    return origin + mean, covariance


def _drawn_rows(n_variants: int, seed: int) -> np.ndarray | None:
    """All rows, or whole stretches of about `_FIT_ROWS` in total."""
    if n_variants <= _FIT_ROWS:
        return None
    stretches = np.random.default_rng(seed).choice(
        n_variants // ROW_GROUP, _FIT_ROWS // ROW_GROUP, replace=False
    )
    starts = np.sort(stretches)[:, None] * ROW_GROUP
    return (starts + np.arange(ROW_GROUP)).ravel()


def _chromosome_pieces(
    store: EmbeddingStore,
) -> Iterator[tuple[str, pa.Table, np.ndarray]]:
    """For each file and chromosome in it: the variants and their rows in the store."""
    for shard, first in store.iter_shards():
        alone = EmbeddingStore(store.path, store.metadata, [shard])
        hashed = isinstance(shard, NativeShard)
        for chrom in shard.chroms:
            blocks = list(alone.iter_keys(chrom, text_hash=hashed))
            table = pa.concat_tables(block.table for block in blocks).unify_dictionaries()
            yield chrom, table, first + np.concatenate([block.rows for block in blocks])


def _projected(
    store: EmbeddingStore, rows: np.ndarray, dim: int, projection: Projection | None
) -> Float[np.ndarray, "variant dim"]:
    """Projected vectors of some rows, already in float16."""
    embedding = np.empty((rows.size, dim), np.float16)
    if projection is not None:
        rotation = projection.rotation.astype(np.float32)
        mean = projection.mean.astype(np.float32)
    for block in store.iter_blocks(rows):
        if projection is None:
            shorter = _unit(block.embedding[:, :dim])
        else:
            shorter = (block.embedding - mean) @ rotation
        embedding[block.start : block.start + len(shorter)] = shorter
    return embedding


def _unit(x: Float32[np.ndarray, "variant dim"]) -> Float32[np.ndarray, "variant dim"]:
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(length > 0, length, 1)


def _metadata(
    source: StoreMetadata, dim: int, method: str, facts: dict[str, Any]
) -> StoreMetadata:
    changes = {"dim": dim, "dtype": "float16", "normalized": method == "prefix"}
    return StoreMetadata.from_dict({**source.to_dict(), **changes, "projection": facts})
