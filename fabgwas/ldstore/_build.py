"""Building an LD reference store from genotypes."""

import hashlib
import json
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
from fabgwas.files import sha256_of, writing
from fabgwas.io import Genotypes, open_genotypes
from fabgwas.io._genotypes import PathLike
from fabgwas.io._people import read_people
from fabgwas.ld import (
    Factor,
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
    METADATA,
    VARIANTS,
    LdMetadata,
    to_bytes,
    write_metadata,
)
from fabgwas.ldstore._partial import GrowingMatrices, finish, partial_folder
from fabgwas.ldstore._prepare import Prepared, partition_of, prepare
from fabgwas.memory import require_memory

Progress = Callable[[int, int], None]


def build_ld(
    prefix: PathLike | Sequence[PathLike],
    out: PathLike,
    blocks: str | Path = "EUR",
    *,
    chrom: Sequence[str] = (),
    build: str | None = None,
    keep: PathLike | None = None,
    encoding: str = "float16",
    shrinkage: float | None = None,
    window: int = 1_000_000,
    min_maf: float = 0.0,
    overwrite: bool = False,
    progress: Progress | None = None,
    complete: Callable[[Path], None] = lambda folder: None,
) -> Path:
    """Compute the LD of a panel once, block by block, and write it as a store.

    A build that is interrupted leaves a hidden folder beside `out`; the same call goes on
    from there. `out` itself is whole or absent.

    Parameters
    ----------
    prefix
        PLINK 1 genotypes, as in `fabgwas.io.open_genotypes`.
    out
        Folder to make.
    blocks
        EUR, AFR or ASN for published blocks (these need `build`), the path of a BED file,
        or ``auto`` to cut where little LD crosses. Chromosomes without published blocks
        are always cut that way.
    chrom
        Chromosomes to take; none stand for all.
    build
        GRCh37 or GRCh38.
    keep
        File that lists the people to use, as PLINK's ``--keep``; None for all. Panels that
        fit and that evaluate must be different people.
    encoding
        ``float16`` for matrices in half precision, ``int8`` for quantised eigenvectors
        (smaller when people are few), ``float32`` for matrices as they were computed.
        The matrices read back are positive semidefinite in every encoding.
    shrinkage
        Share of the identity in each matrix; None estimates it block by block.
    window
        Largest distance of neighbours in the LD scores, in base pairs.
    min_maf
        Variants of lower minor allele frequency among the people are left out, as are
        those that do not vary.
    overwrite
        Whether a store that exists may be replaced.
    progress
        Called with the number of blocks done and of all blocks.
    complete
        Called with the folder that holds the whole store, before it gets its name.

    Raises
    ------
    FabgwasError
        If an argument or the genotypes cannot be used, `out` exists and may not be
        replaced, another process is making it, or it cannot be written.

    Returns
    -------
    The folder.
    """
    out = Path(out)
    _check_arguments(out, encoding, shrinkage, overwrite=overwrite)
    genotypes = open_genotypes(prefix)
    n_read = genotypes.n_variants
    if chrom:
        genotypes = genotypes.choose_chromosomes(chrom)
    if keep is not None:
        genotypes = genotypes.choose_samples(read_people(keep, genotypes.samples))
    partition = partition_of(blocks, build)
    settings: dict[str, Any] = {
        "build": build,
        "blocks": str(blocks),
        "encoding": encoding,
        "window": window,
        "min_maf": min_maf,
    }
    origin: dict[str, Any] = {"people": _people(genotypes), "sources": _sources(genotypes)}
    ends = [] if partition is None else [partition.chrom.tolist(), partition.start.tolist()]
    key = _digest(settings, origin, shrinkage, ends, *chrom)
    with partial_folder(out, key) as folder:
        prepared = prepare(folder, genotypes, window, min_maf, partition)
        largest = int(np.bincount(prepared.block).max())
        require_memory(
            4 * (2 * largest**2 + largest * genotypes.n_samples),
            f"an LD block of {largest:,} variants",
            "choose smaller blocks, or fewer people",
        )
        rows = _write_matrices(folder, genotypes, prepared, encoding, shrinkage, progress)
        with writing(folder):
            _write_variants(folder, genotypes, prepared)
            pq.write_table(pa.Table.from_pylist(rows, BLOCK_SCHEMA), folder / BLOCKS)
        metadata = LdMetadata(
            n_samples=genotypes.n_samples,
            n_variants=prepared.order.size,
            n_blocks=len(rows),
            counts=_with_all(prepared.counts, n_read),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            software=f"fabgwas {__version__}",
            **settings,
            **origin,
        )
        with writing(folder):
            write_metadata(folder, metadata)
        complete(folder)
        with writing(out):
            finish(folder, out)
    return out


def _check_arguments(
    out: Path, encoding: str, shrinkage: float | None, *, overwrite: bool
) -> None:
    if encoding not in ENCODINGS:
        raise ValueError(
            f"encoding must be one of {', '.join(ENCODINGS)}, not {encoding!r}."
        )
    if shrinkage is not None and not 0 <= shrinkage <= 1:
        raise ValueError(f"shrinkage must be between 0 and 1, but is {shrinkage:g}.")
    if out.exists() and not overwrite:
        raise UsageError(
            f"{out} exists already; choose another name, or replace it (option overwrite)."
        )
    if out.exists() and not (out / METADATA).is_file():
        raise UsageError(f"{out} is no LD store and will not be replaced.")


def _write_matrices(
    folder: Path,
    genotypes: Genotypes,
    prepared: Prepared,
    encoding: str,
    shrinkage: float | None,
    progress: Progress | None,
) -> list[dict[str, Any]]:
    """Write the matrices that are not there yet; describe each in a row."""
    matrices = GrowingMatrices(folder)
    ranges = list(_ranges(prepared.block))
    for start, stop in ranges[len(matrices.rows) :]:
        x = standardise(genotypes.take(prepared.order[start:stop])).x
        share = shrinkage_intensity(x) if shrinkage is None else shrinkage
        matrix, rank, ridge = _encode(x, share, encoding)
        row = {"start": start, "stop": stop, "rank": rank, "shrinkage": share}
        matrices.append(row | {"ridge": ridge}, to_bytes(matrix))
        if progress is not None:
            progress(len(matrices.rows), len(ranges))
    return matrices.rows


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


def _write_variants(folder: Path, genotypes: Genotypes, prepared: Prepared) -> None:
    table = genotypes.variants.take(pa.array(prepared.order))
    columns = {
        "freq": prepared.freq,
        "ld_score": prepared.ld_score,
        "block": prepared.block.astype(np.int32),
    }
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    pq.write_table(table, folder / VARIANTS, compression="zstd")


def _ranges(block: Int[np.ndarray, " variant"]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(block)) + 1
    return zip([0, *edges.tolist()], [*edges.tolist(), block.size], strict=True)


def _with_all(counts: dict[str, int], n_read: int) -> dict[str, int]:
    """Counts that begin with the variants of all chromosomes."""
    other = n_read - counts["read"]
    if not other:
        return counts
    return {**counts, "read": n_read, "dropped_other_chromosome": other}


def _sources(genotypes: Genotypes) -> list[dict[str, str]]:
    paths = [bed.with_suffix(s) for bed in genotypes.files for s in (".bed", ".bim")]
    return [{"name": path.name, "sha256": sha256_of(path)} for path in paths]


def _people(genotypes: Genotypes) -> str:
    """SHA-256 of the identifiers of the people, a line each."""
    names = zip(
        *(genotypes.samples[c].to_pylist() for c in ("family", "sample")), strict=True
    )
    return hashlib.sha256("".join(f"{a} {b}\n" for a, b in names).encode()).hexdigest()


def _digest(*facts: Any) -> str:
    return hashlib.sha256(json.dumps([__version__, *facts]).encode()).hexdigest()
