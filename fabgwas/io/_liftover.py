"""Summary statistics carried from one genome build to the other."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io._build import detect_build, normalize_build
from fabgwas.io._open import compression_of
from fabgwas.io._quality import duplicated
from fabgwas.io._sumstats import SumStats
from fabgwas.variants import CHROMOSOMES, chromosome_code, chromosome_codes

if TYPE_CHECKING:
    from liftover import ChainFile

_COMPLEMENT = str.maketrans("ACGT", "TGCA")


class _Lifted(NamedTuple):
    """New place of each row; code 0 where there is none."""

    code: Int[np.ndarray, " variant"]
    pos: Int[np.ndarray, " variant"]
    reverse: Bool[np.ndarray, " variant"]


def lift_over(sumstats: SumStats, chain: str | Path, to_build: str) -> SumStats:
    """Carry positions to another build by a UCSC chain file.

    Variants are dropped and counted that have no place in the other build or several, that
    leave the chromosomes 1 to 22 and X, that are indels on a stretch that is reversed
    (their anchor base would differ), or that meet an equal variant. The alleles of other
    variants on a reversed stretch are complemented. Rows without a position are kept.

    Parameters
    ----------
    sumstats
        What is lifted; its build must be known.
    chain
        Chain file from the build of `sumstats` to the other, plain or gzip.
    to_build
        Build that the chain leads to.

    Returns
    -------
    The lifted statistics; `counts` has the new entries ``lifted``, ``lift_complemented``,
    ``dropped_lift_lost``, ``dropped_lift_reversed_indel`` and ``dropped_lift_duplicate``.

    Raises
    ------
    InputError
        If the builds or the chain file do not fit.
    NothingToAnalyseError
        If no row is left.
    """
    to_build = normalize_build(to_build)
    _check(sumstats, to_build)
    table = sumstats.table
    placed = table["pos"].is_valid().to_numpy() & table["chrom"].is_valid().to_numpy()
    lifted = _lift(table, np.flatnonzero(placed), Path(chain))
    indel = _is_indel(table)
    kept = ~placed | ((lifted.code > 0) & ~(lifted.reverse & indel))
    moved = _moved(table, lifted, placed).filter(pa.array(kept))
    repeated = duplicated(moved)
    result = moved.filter(pa.array(~repeated))
    if result.num_rows == 0:
        raise NothingToAnalyseError(
            f"{sumstats.path}: none of its {len(sumstats):,} variants has a place in "
            f"{to_build} by {chain}."
        )
    found = detect_build(result)
    if found not in (None, to_build):
        raise InputError(
            f"{chain}: does not lead from {sumstats.build} to {to_build}: the lifted "
            f"positions of {sumstats.path} are those of {found}."
        )
    counts = sumstats.counts | {
        "lifted": int(np.count_nonzero(placed & kept)),
        "lift_complemented": int(np.count_nonzero(lifted.reverse & kept)),
        "dropped_lift_lost": int(np.count_nonzero(placed & (lifted.code == 0))),
        "dropped_lift_reversed_indel": int(np.count_nonzero(lifted.reverse & indel)),
        "dropped_lift_duplicate": int(np.count_nonzero(repeated)),
        "kept": result.num_rows,
    }
    return replace(sumstats, table=result, build=to_build, counts=counts)


def _check(sumstats: SumStats, to_build: str) -> None:
    if sumstats.build is None:
        raise InputError(
            f"{sumstats.path}: the build of its positions is unknown; say whether it is "
            "GRCh37 or GRCh38 (option build)."
        )
    if sumstats.build == to_build:
        raise InputError(
            f"{sumstats.path}: its positions are {to_build} already; do not lift them."
        )


def _lift(table: pa.Table, rows: Int[np.ndarray, " placed"], chain: Path) -> _Lifted:
    """Look up each row; rows at the same place share one look-up."""
    files = _open_chain(chain)
    lifted = _Lifted(
        *(np.zeros(table.num_rows, kind) for kind in (np.int8, np.int32, bool))
    )
    taken = table.select(["chrom", "pos"]).take(pa.array(rows))
    code = chromosome_codes(taken["chrom"]).astype(np.int64)
    place, inverse = np.unique(code << 32 | taken["pos"].to_numpy(), return_inverse=True)
    new = [np.zeros(place.size, column.dtype) for column in lifted]
    for number in np.unique(place >> 32).tolist():
        look_up = files[CHROMOSOMES[number - 1]]
        for at in np.flatnonzero(place >> 32 == number).tolist():
            hits = look_up[int(place[at]) & 0xFFFFFFFF]
            if len(hits) == 1:
                name, pos, strand = hits[0]
                new[0][at], new[1][at], new[2][at] = _code(name), pos, strand == "-"
    new[2] &= new[0] > 0
    for column, values in zip(lifted, new, strict=True):
        column[rows] = values[inverse]
    return lifted


def _open_chain(path: Path) -> "ChainFile":
    from liftover import ChainFile

    compression_of(path)  # refuses what is no text
    try:
        return ChainFile(str(path), one_based=True)
    except (ValueError, OSError) as error:
        message = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: cannot be read as a chain file: {message}.") from error


def _code(name: str) -> int:
    """Number of a chromosome from 1 to 22 and X, 0 for all else."""
    code = chromosome_code(name)
    return code if code <= chromosome_code("X") else 0


def _is_indel(table: pa.Table) -> Bool[np.ndarray, " variant"]:
    longest = [
        pc.utf8_length(table[name].cast(pa.string()))
        for name in ("effect_allele", "other_allele")
    ]
    return pc.greater(pc.max_element_wise(*longest), 1).to_numpy()


def _moved(
    table: pa.Table, lifted: _Lifted, placed: Bool[np.ndarray, " variant"]
) -> pa.Table:
    """The table with new places, and complements of alleles where the strand changes."""
    index = pa.array((lifted.code - 1).astype(np.int8), mask=lifted.code == 0)
    new = {
        "chrom": pa.DictionaryArray.from_arrays(index, pa.array(CHROMOSOMES)),
        "pos": pa.array(lifted.pos, mask=lifted.code == 0),
    }
    if not placed.all():
        where = pa.array(placed)
        new = {
            name: pc.if_else(where, new[name], table[name].cast(new[name].type))
            for name in new
        }
    if lifted.reverse.any():
        for name in ("effect_allele", "other_allele"):
            new[name] = _complemented(table[name], lifted.reverse)
    for name, values in new.items():
        at = table.column_names.index(name)
        table = table.set_column(at, name, values.cast(table[name].type))
    return table


def _complemented(
    alleles: pa.ChunkedArray, where: Bool[np.ndarray, " variant"]
) -> pa.DictionaryArray:
    encoded = alleles.combine_chunks()
    names = encoded.dictionary.to_pylist()
    both = [*names, *(name.translate(_COMPLEMENT) for name in names)]
    index = encoded.indices.to_numpy() + np.where(where, len(names), 0)
    text = pa.array(both).take(pa.array(index))
    return text.dictionary_encode()
