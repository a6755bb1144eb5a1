"""The files of an LD reference store, and how a block is laid out in them."""

import dataclasses
import json
import math
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from fabgwas.errors import InputError
from fabgwas.files import sha256_of
from fabgwas.io._tables import read_parquet
from fabgwas.ld import Factor, Packed, multiply, unpack

FORMAT = "fabgwas-ld"
VERSION = 1
ENCODINGS = ("float16", "int8", "float32")

FILES = ("ld.json", "variants.parquet", "blocks.parquet", "matrices.bin")
METADATA, VARIANTS, BLOCKS, MATRICES = FILES
BLOCK_SCHEMA = pa.schema(
    {
        "start": pa.int64(),  # number of the first variant
        "stop": pa.int64(),
        "rank": pa.int32(),  # columns of the factor; 0 where the matrix is stored
        "shrinkage": pa.float64(),
        "ridge": pa.float64(),
        "offset": pa.int64(),  # in bytes
        "size": pa.int64(),
        "crc32": pa.uint32(),
    }
)


@dataclass(frozen=True, kw_only=True)
class LdMetadata:
    """Where a store comes from and how it was made."""

    n_samples: int
    n_variants: int
    n_blocks: int
    build: str | None
    blocks: str
    """A population, the path of a BED file, or ``auto``."""
    encoding: str
    """``float16``: matrices; ``int8``: quantised eigenvectors; ``float32``: matrices."""
    window: int
    """Largest distance in the LD scores, in base pairs."""
    min_maf: float
    counts: dict[str, int]
    """Variants of the genotypes that were read, and dropped for each reason."""
    people: str
    """SHA-256 of the identifiers of the people: which stores are of the same ones."""
    sources: list[dict[str, str]]
    """Name and SHA-256 of the files of genotypes."""
    created: str
    software: str
    checksums: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the tables of variants and of blocks."""


def write_metadata(folder: Path, metadata: LdMetadata) -> None:
    """Write the metadata, with the checksums of the tables that are already there."""
    checksums = {name: sha256_of(folder / name) for name in (VARIANTS, BLOCKS)}
    content = {
        "format": FORMAT,
        "version": VERSION,
        **dataclasses.asdict(dataclasses.replace(metadata, checksums=checksums)),
    }
    text = json.dumps(content, indent=2)
    (folder / METADATA).write_text(text + "\n", encoding="utf-8")


def read_tables(folder: Path) -> tuple[LdMetadata, pa.Table, pa.Table]:
    """Metadata, variants and blocks; everything but the matrices is checked.

    Raises
    ------
    InputError
        If this is no LD store, or a file of it is absent or damaged.
    """
    path = folder / METADATA
    if not path.is_file():
        raise InputError(f"{folder}: not an LD store, it holds no {METADATA}.")
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        known = content.pop("format"), content.pop("version")
        if known != (FORMAT, VERSION):
            raise InputError(
                f"{path}: {' '.join(map(str, known))} is not {FORMAT} {VERSION}, the only "
                "format that this version reads."
            )
        metadata = LdMetadata(**content)
        checksums = [metadata.checksums[name] for name in (VARIANTS, BLOCKS)]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: damaged metadata ({error}).") from error
    for name, expected in zip((VARIANTS, BLOCKS), checksums, strict=True):
        if not (folder / name).is_file() or sha256_of(folder / name) != expected:
            raise InputError(f"{folder / name}: absent or damaged; build the store again.")
    variants, blocks = (read_parquet(folder / name) for name in (VARIANTS, BLOCKS))
    rows = metadata.n_variants, metadata.n_blocks
    if metadata.encoding not in ENCODINGS or rows != (len(variants), len(blocks)):
        raise InputError(f"{path}: does not fit {VARIANTS} and {BLOCKS}.")
    matrices = folder / MATRICES
    expected_size = sum(blocks["size"].to_pylist())
    found = matrices.stat().st_size if matrices.is_file() else 0
    if found != expected_size:
        raise InputError(
            f"{matrices}: {found} bytes instead of {expected_size}; build the store again."
        )
    return metadata, variants, blocks


def to_bytes(block: Factor | Packed | Float[np.ndarray, "variant variant"]) -> bytes:
    """The bytes of a matrix in any encoding."""
    if isinstance(block, Factor):
        return block.scale.astype("<f4").tobytes() + block.q.tobytes()
    if isinstance(block, Packed):
        return block.below.astype("<f2").tobytes()
    return block.astype("<f4").tobytes()


def check_bytes(content: bytes, row: dict[str, Any], path: Path) -> None:
    """Refuse the bytes of a block that are not those written."""
    if zlib.crc32(content) != row["crc32"]:
        raise InputError(
            f"{path}: the block of variants {row['start']} to {row['stop'] - 1} is "
            "damaged; build the store again."
        )


def factor_from_bytes(content: bytes, row: dict[str, Any]) -> Factor:
    """The factor of a block of a store in 8-bit encoding."""
    rank, n_variants = row["rank"], row["stop"] - row["start"]
    scale = np.frombuffer(content, "<f4", rank).astype(np.float32)
    q = np.frombuffer(content, np.int8, offset=4 * rank).reshape(n_variants, rank)
    return Factor(q, scale)


def matrix_from_bytes(
    content: bytes, row: dict[str, Any], encoding: str
) -> Float[np.ndarray, "variant variant"]:
    """The correlation matrix of a block, in single precision."""
    n_variants = row["stop"] - row["start"]
    if encoding == "int8":
        return multiply(factor_from_bytes(content, row))
    if encoding == "float16":
        below = np.frombuffer(content, "<f2", math.comb(n_variants, 2))
        return unpack(Packed(below, row["ridge"]), n_variants)
    return np.frombuffer(content, "<f4").reshape(n_variants, n_variants).copy()
