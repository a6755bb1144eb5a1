"""Embedding stores: write, read all, and take rows, against the bytes they must move."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.harness import Context
from benchmarks.speed._stopwatch import (
    Call,
    Job,
    SpeedMethod,
    read_bytes,
    scratch,
    sizes,
)

_WRITE, _READ, _TAKE = "store: write", "store: read all", "store: take 1,000"
_DIM = 1024
_TAKEN = 1000


def make_vectors(n: int, dim: int = _DIM, seed: int = 0) -> np.ndarray:
    """Unit vectors in half precision; the same ones again and again, as texts repeat."""
    rng = np.random.default_rng(seed)
    some = rng.standard_normal((min(n, 8192), dim)).astype(np.float32)
    some /= np.linalg.norm(some, axis=1, keepdims=True)
    return np.resize(some.astype(np.float16), (n, dim))


def make_variants(n: int, seed: int = 0) -> pa.Table:
    """Variants over 22 chromosomes, as `benchmarks.speed.reading.write_glm` makes them."""
    rng = np.random.default_rng(seed)
    chrom = np.sort(rng.integers(1, 23, n))
    pos = (np.arange(n) - np.searchsorted(chrom, chrom)) * 150 + 10_000
    ref = rng.integers(4, size=n)
    alt = (ref + rng.integers(1, 4, n)) % 4
    bases = pa.array(list("ACGT"))
    names = pa.array([str(number) for number in range(1, 23)])
    return pa.table(
        {
            "chrom": names.take(pa.array(chrom - 1)),
            "pos": pa.array(pos, pa.int32()),
            "ref": bases.take(pa.array(ref)),
            "alt": bases.take(pa.array(alt)),
            "rsid": pa.array(np.char.add("rs", (np.arange(n) + 1000).astype(str))),
        }
    )


def write_store(
    path: Path, n: int, dim: int = _DIM, variants: pa.Table | None = None
) -> Any:
    """A store of n variants, or of these; their vectors carry nothing."""
    from fabgwas.store import StoreMetadata, write_embeddings

    metadata = StoreMetadata(model="benchmark", dim=dim, build="GRCh38")
    table = make_variants(n) if variants is None else variants
    return write_embeddings(path, metadata, table, make_vectors(n, dim))


def _make_write(context: Context, amount: int) -> Job:
    folder = scratch(context)
    vectors = make_vectors(amount)

    def floor() -> None:
        path = Path(folder.name) / "floor.npy"
        with path.open("wb", buffering=0) as file:
            file.write(memoryview(vectors).cast("B"))
            os.fsync(file.fileno())

    inputs = {"vectors": vectors, "table": make_variants(amount), "folder": folder.name}
    return Job(inputs=inputs, amount=amount, unit="variants", floor=floor, folder=folder)


def _write(job: Job) -> Call:
    from fabgwas.store import StoreMetadata, write_embeddings

    metadata = StoreMetadata(model="benchmark", dim=_DIM, build="GRCh38")
    path = Path(job.inputs["folder"]) / "store"

    def run() -> None:
        shutil.rmtree(path, ignore_errors=True)
        write_embeddings(path, metadata, job.inputs["table"], job.inputs["vectors"])

    return run


def _opened(
    floor: Callable[[Path], Call], taken: int | None = None
) -> Callable[[Context, int], Job]:
    def make(context: Context, amount: int) -> Job:
        folder = scratch(context)
        store = write_store(Path(folder.name) / "store", amount)
        return Job(
            inputs={"store": store},
            amount=taken or amount,
            unit="variants",
            floor=floor(store.path),
            folder=folder,
        )

    return make


def _read_floor(path: Path) -> Call:
    return read_bytes(*sorted(path.rglob("*.parquet")))


def _take_floor(path: Path) -> Call:
    """The same rows from a plain matrix mapped into memory."""
    size = sum(each.stat().st_size for each in path.rglob("*.parquet"))
    n = size // (2 * _DIM)
    plain = path.parent / "plain.bin"
    make_vectors(n).tofile(plain)
    matrix = np.memmap(plain, np.float16, "r", shape=(n, _DIM))
    rows = np.sort(np.random.default_rng(1).integers(n, size=_TAKEN))
    return lambda: matrix[rows].astype(np.float32)


def _read(job: Job) -> Call:
    store = job.inputs["store"]

    def run() -> None:
        for _ in store.iter_blocks():
            pass

    return run


def _take(job: Job) -> Call:
    store = job.inputs["store"]
    rows = np.random.default_rng(1).integers(store.n_variants, size=_TAKEN)
    return lambda: store.take(rows)


_SIZES = (10_000, 100_000, 1_000_000)
TASKS = [
    *sizes(
        _WRITE, "variants", _make_write, _SIZES, floor="the vectors written and flushed"
    ),
    *sizes(_READ, "variants", _opened(_read_floor), _SIZES, floor="the files into memory"),
    *sizes(
        _TAKE,
        "variants",
        _opened(_take_floor, _TAKEN),
        _SIZES,
        floor="1,000 rows of a memory map",
    ),
]
METHODS = [
    SpeedMethod(name="write_embeddings", kind=_WRITE, prepare=_write),
    SpeedMethod(name="EmbeddingStore.iter_blocks", kind=_READ, prepare=_read),
    SpeedMethod(name="EmbeddingStore.take", kind=_TAKE, prepare=_take),
]
