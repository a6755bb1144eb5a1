"""The nearest protein-coding gene of a place, from the table that ships with fabgwas."""

from functools import cache
from importlib.resources import as_file, files
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Int

from fabgwas.variants import chromosome_codes

BUILDS = ("GRCh37", "GRCh38")
_FAR = 2**40  # base pairs, longer than any chromosome


class NearestGenes(NamedTuple):
    """The nearest gene of each place, empty where a chromosome has none."""

    symbol: list[str]
    distance: Int[np.ndarray, " place"]
    """Base pairs to the gene, 0 inside it, -1 where there is none."""


@cache
def read_genes(build: str) -> pa.Table:
    """Protein-coding genes of GRCh37 or GRCh38.

    Columns chrom, start, end (1-based, ends included), strand and symbol, sorted by place.
    """
    if build not in BUILDS:
        raise ValueError(f"build must be one of {', '.join(BUILDS)}, not {build!r}.")
    with as_file(files("fabgwas") / "data" / f"genes_{build}.parquet") as path:
        return pq.read_table(path)


def gene_distances(
    chrom: Int[np.ndarray, " place"], pos: Int[np.ndarray, " place"], build: str
) -> Int[np.ndarray, " place"]:
    """Base pairs from each place to the nearest protein-coding gene.

    0 inside one, -1 on a chromosome without any. Parameters as in `nearest_genes`.
    """
    genes = read_genes(build)
    codes = chromosome_codes(genes["chrom"])
    start, end = (genes[name].to_numpy().astype(np.int64) for name in ("start", "end"))
    distance = np.full(pos.size, -1)
    for code in np.unique(chrom):
        low, high = np.searchsorted(codes, [code, code + 1])
        if low == high:
            continue
        here = np.flatnonzero(chrom == code)
        # genes are sorted by their start; a long one may outreach those that follow
        begins = np.append(start[low:high], _FAR)
        ends = np.append(-_FAR, np.maximum.accumulate(end[low:high]))
        next_one = np.searchsorted(begins, pos[here], side="right")
        gap = np.minimum(begins[next_one] - pos[here], pos[here] - ends[next_one])
        distance[here] = np.maximum(gap, 0)
    return distance


def nearest_genes(
    chrom: Int[np.ndarray, " place"], pos: Int[np.ndarray, " place"], build: str
) -> NearestGenes:
    """The nearest protein-coding gene of each place.

    Of several genes that hold the place, or are as near, it is the one whose start of
    transcription is nearest. A label, not a claim about which gene acts.

    Parameters
    ----------
    chrom, pos
        Chromosome codes of `fabgwas.variants` and 1-based positions.
    build
        GRCh37 or GRCh38.
    """
    genes = read_genes(build)
    codes = chromosome_codes(genes["chrom"])
    start, end = (genes[name].to_numpy().astype(np.int64) for name in ("start", "end"))
    forward = genes["strand"].to_numpy(zero_copy_only=False) == "+"
    first = np.where(forward, start, end)
    symbols = genes["symbol"].to_pylist()
    symbol, distance = [""] * pos.size, gene_distances(chrom, pos, build)
    for at, (code, place) in enumerate(zip(chrom.tolist(), pos.tolist(), strict=True)):
        # the table is sorted by chromosome
        low, high = np.searchsorted(codes, [code, code + 1])
        if low == high:
            continue
        mine = slice(low, high)
        gap = np.maximum(np.maximum(start[mine] - place, place - end[mine]), 0)
        nearest = low + np.flatnonzero(gap == distance[at])
        symbol[at] = symbols[nearest[np.argmin(np.abs(place - first[nearest]))]]
    return NearestGenes(symbol, distance)
