"""Small studies whose effects a store knows, and the stores, for tests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

import fabgwas as fg
from fabgwas.io import SumStats
from fabgwas.store import EmbeddingStore, StoreMetadata, write_embeddings

SIZE = 1500  # on five chromosomes, in about 100 LD blocks
_DIM = 4


def places() -> tuple[np.ndarray, np.ndarray]:
    """Chromosomes and positions, 150 kb apart."""
    per_chrom = SIZE // 5
    chrom = np.repeat([str(code) for code in range(1, 6)], per_chrom)
    return chrom, np.tile(5_000_000 + 150_000 * np.arange(per_chrom), 5)


def vectors(seed: int) -> np.ndarray:
    """Embeddings of all variants."""
    return np.random.default_rng(seed).standard_normal((SIZE, _DIM))


def z_scores(x: np.ndarray, seed: int) -> np.ndarray:
    """Z-scores whose size depends on the first coordinate of the embedding."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal(SIZE) * np.sqrt(1 + 3 * np.exp(1.5 * x[:, 0]))


def write_study(path: Path, z: np.ndarray) -> SumStats:
    """Write summary statistics, and read them."""
    chrom, pos = places()
    rows = (
        f"{c}\trs{c}_{p}\t{p}\tA\tC\t0.4\t{each * 0.01:.8f}\t0.01\t10000\n"
        for c, p, each in zip(chrom, pos, z, strict=True)
    )
    head = "CHR\tSNP\tBP\tEA\tNEA\tEAF\tBETA\tSE\tN\n"
    path.write_text(head + "".join(rows))
    return fg.read_sumstats(path, build="GRCh37")


def write_store(
    path: Path,
    x: np.ndarray,
    rows: Sequence[int] | slice = slice(None),
    build: str = "GRCh37",
    **about: object,
) -> EmbeddingStore:
    """Write a store of some of the variants."""
    chrom, pos = places()
    table = pa.table(
        {
            "chrom": chrom[rows],
            "pos": pa.array(pos[rows], pa.int32()),
            "rsid": [f"rs{c}_{p}" for c, p in zip(chrom[rows], pos[rows], strict=True)],
            "ref": ["C"] * pos[rows].size,
            "alt": ["A"] * pos[rows].size,
        }
    )
    metadata = StoreMetadata(**{"model": "toy", "dim": _DIM, "build": build, **about})
    return write_embeddings(path, metadata, table, x[rows])
