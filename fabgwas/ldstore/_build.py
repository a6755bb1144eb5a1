"""Building an LD reference store from genotypes."""

import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float, Int

from fabgwas import __version__
from fabgwas.errors import UsageError
from fabgwas.files import sha256_of
from fabgwas.io import Genotypes, open_genotypes
from fabgwas.io._genotypes import PathLike
from fabgwas.ld import (
    Factor,
    LdScores,
    Packed,
    block_correlation,
    factorise,
    pack,
    shrinkage_intensity,
    standardise,
)
from fabgwas.ldstore._format import (
    BLOCK_SCHEMA,
    BLOCKS,
    ENCODINGS,
    MATRICES,
    VARIANTS,
    LdMetadata,
    to_bytes,
    write_metadata,
)
from fabgwas.ldstore._prepare import number_blocks, partition_of, usable_variants

Progress = Callable[[int, int], None]


def build_ld(
    prefix: PathLike | Sequence[PathLike],
    out: PathLike,
    blocks: str | Path = "EUR",
    *,
    build: str | None = None,
    encoding: str = "float16",
    shrinkage: float | None = None,
    window: int = 1_000_000,
    min_maf: float = 0.0,
    progress: Progress | None = None,
) -> Path:
    """Compute the LD of a panel once, block by block, and write it as a store.

    Parameters
    ----------
    prefix
        PLINK 1 genotypes, as in `fabgwas.io.open_genotypes`.
    out
        Folder to make; it must not exist.
    blocks
        EUR, AFR or ASN for published blocks (these need `build`), the path of a BED file,
        or ``auto`` to cut where little LD crosses. Chromosomes without published blocks
        are always cut that way.
    build
        GRCh37 or GRCh38.
    encoding
        ``float16`` for matrices in half precision, ``int8`` for quantised eigenvectors
        (smaller when people are few), ``float32`` for matrices as they were computed.
        The matrices read back are positive semidefinite in every encoding.
    shrinkage
        Share of the identity in each matrix; None estimates it block by block.
    window
        Largest distance of neighbours in the LD scores, in base pairs.
    min_maf
        Variants of lower minor allele frequency in the panel are left out, as are those
        that do not vary.
    progress
        Called with the number of blocks done and of all blocks.

    Returns
    -------
    The folder.
    """
    out = Path(out)
    _check_arguments(out, encoding, shrinkage)
    genotypes = open_genotypes(prefix)
    partition = partition_of(blocks, build)
    order, scores, counts = usable_variants(genotypes, window, min_maf)
    block = number_blocks(genotypes, order, scores, partition)
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    temporary.mkdir(parents=True)
    try:
        rows = _write_matrices(
            temporary, genotypes, order, block, encoding, shrinkage, progress
        )
        _write_variants(temporary, genotypes, order, scores, block)
        pq.write_table(pa.Table.from_pylist(rows, BLOCK_SCHEMA), temporary / BLOCKS)
        metadata = LdMetadata(
            n_samples=genotypes.n_samples,
            n_variants=order.size,
            n_blocks=len(rows),
            build=build,
            blocks=str(blocks),
            encoding=encoding,
            window=window,
            min_maf=min_maf,
            counts=counts,
            sources=_sources(genotypes),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            software=f"fabgwas {__version__}",
        )
        write_metadata(temporary, metadata)
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return out


def _check_arguments(out: Path, encoding: str, shrinkage: float | None) -> None:
    if encoding not in ENCODINGS:
        raise ValueError(
            f"encoding must be one of {', '.join(ENCODINGS)}, not {encoding!r}."
        )
    if shrinkage is not None and not 0 <= shrinkage <= 1:
        raise ValueError(f"shrinkage must be between 0 and 1, but is {shrinkage:g}.")
    if out.exists():
        raise UsageError(f"{out} exists already; remove it or choose another name.")


def _write_matrices(
    folder: Path,
    genotypes: Genotypes,
    order: Int[np.ndarray, " variant"],
    block: Int[np.ndarray, " variant"],
    encoding: str,
    shrinkage: float | None,
    progress: Progress | None,
) -> list[dict[str, Any]]:
    """Write all matrices one after the other; describe each in a row."""
    rows: list[dict[str, Any]] = []
    offset = 0
    ranges = list(_ranges(block))
    with (folder / MATRICES).open("wb") as file:
        for start, stop in ranges:
            x = standardise(genotypes.take(order[start:stop])).x
            share = shrinkage_intensity(x) if shrinkage is None else shrinkage
            matrix, rank, ridge = _encode(x, share, encoding)
            content = to_bytes(matrix)
            file.write(content)
            rows.append(
                {
                    "start": start,
                    "stop": stop,
                    "rank": rank,
                    "shrinkage": share,
                    "ridge": ridge,
                    "offset": offset,
                    "size": len(content),
                    "crc32": zlib.crc32(content),
                }
            )
            offset += len(content)
            if progress is not None:
                progress(len(rows), len(ranges))
        file.flush()
        os.fsync(file.fileno())
    return rows


def _encode(
    x: Float[np.ndarray, "variant sample"], shrinkage: float, encoding: str
) -> tuple[Factor | Packed | Float[np.ndarray, "variant variant"], int, float]:
    """The block in its encoding, its rank and its ridge."""
    if encoding == "int8":
        factor = factorise(x, shrinkage)
        return factor, factor.scale.size, 0.0
    r = block_correlation(x, shrinkage)
    if encoding == "float32":
        return r, 0, 0.0
    packed = pack(r)
    return packed, 0, packed.ridge


def _write_variants(
    folder: Path,
    genotypes: Genotypes,
    order: Int[np.ndarray, " variant"],
    scores: LdScores,
    block: Int[np.ndarray, " variant"],
) -> None:
    table = genotypes.variants.take(pa.array(order))
    columns = {
        "freq": scores.freq,
        "ld_score": scores.score,
        "block": block.astype(np.int32),
    }
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    pq.write_table(table, folder / VARIANTS, compression="zstd")


def _ranges(block: Int[np.ndarray, " variant"]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(block)) + 1
    return zip([0, *edges.tolist()], [*edges.tolist(), block.size], strict=True)


def _sources(genotypes: Genotypes) -> list[dict[str, str]]:
    paths = [bed.with_suffix(s) for bed in genotypes.files for s in (".bed", ".bim")]
    return [{"name": path.name, "sha256": sha256_of(path)} for path in paths]
