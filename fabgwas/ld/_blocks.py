"""Blocks of variants that are nearly independent of each other."""

import csv
import gzip
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, Int64

from fabgwas.variants import CHROMOSOMES, chromosome_code

POPULATIONS = ("EUR", "AFR", "ASN")
BUILDS = ("GRCh37", "GRCh38")


class Blocks(NamedTuple):
    """A partition of the genome, given by the places where its blocks begin.

    A block begins after `start` (0-based, so at the 1-based position start + 1) and ends
    where the next one begins; the first block of each chromosome begins at 0, so every
    variant of `CHROMOSOMES` is in a block. Sorted by chromosome and start.
    """

    chrom: Int[np.ndarray, " block"]
    start: Int[np.ndarray, " block"]


def make_blocks(
    chrom: Int[np.ndarray, " boundary"], boundary: Int[np.ndarray, " boundary"]
) -> Blocks:
    """Blocks that begin at these boundaries, and at the beginning of each chromosome."""
    codes = np.arange(1, len(CHROMOSOMES) + 1)
    place = np.union1d(_place(chrom, boundary), _place(codes, np.zeros_like(codes)))
    return Blocks(place >> 32, place & 0xFFFFFFFF)


def merge_regions(
    blocks: Blocks,
    chrom: Int[np.ndarray, " region"],
    start: Int[np.ndarray, " region"],
    stop: Int[np.ndarray, " region"],
) -> Blocks:
    """Join all blocks that one region overlaps, for every region."""
    place = _place(blocks.chrom, blocks.start)
    first = np.searchsorted(place, _place(chrom, start), side="right")
    last = np.searchsorted(place, _place(chrom, stop), side="left")
    keep = np.ones(place.size, bool)
    for one, other in zip(first, last, strict=True):
        keep[one:other] = False
    return Blocks(blocks.chrom[keep], blocks.start[keep])


def find_blocks(
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    blocks: Blocks,
) -> Int64[np.ndarray, " variant"]:
    """Block number of each variant: 0, 1, ... in genome order, without gaps.

    Blocks that hold none of the variants get no number.

    Parameters
    ----------
    chrom, pos
        Chromosome codes of `fabgwas.variants` and 1-based positions.
    blocks
        The partition, in the same build.
    """
    if not np.all(chrom > 0):
        worst = int(np.argmax(chrom <= 0))
        raise ValueError(f"chrom must be positive, but chrom[{worst}] is {chrom[worst]}.")
    starts = _place(blocks.chrom, blocks.start)
    number = np.searchsorted(starts, _place(chrom, pos) - 1, side="right")
    return np.unique(number, return_inverse=True)[1].astype(np.int64)


def assign_blocks(
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    build: str,
    population: str = "EUR",
) -> Int64[np.ndarray, " variant"]:
    """Number of the approximately independent LD block of each variant.

    The blocks are those of Berisa & Pickrell, in which the blocks that one region of
    long-range LD overlaps (MHC, 8p23, 17q21, ...) are joined. They cover the autosomes; X,
    Y and MT are one block each. Numbers are 0, 1, ... in genome order, without gaps.

    Parameters
    ----------
    chrom, pos
        Chromosome codes of `fabgwas.variants` and 1-based positions.
    build
        GRCh37 or GRCh38.
    population
        EUR, AFR or ASN.

    References
    ----------
    Berisa, T. & Pickrell, J. K. (2016). Approximately independent linkage disequilibrium
    blocks in human populations. Bioinformatics 32, 283-285.

    Price, A. L. et al. (2008). Long-range LD can confound genome scans in admixed
    populations. AJHG 83, 132-135.
    """
    return find_blocks(chrom, pos, population_blocks(build, population))


@cache
def population_blocks(build: str, population: str = "EUR") -> Blocks:
    """The blocks of `assign_blocks`."""
    if build not in BUILDS:
        raise ValueError(f"build must be one of {', '.join(BUILDS)}, not {build!r}.")
    if population not in POPULATIONS:
        raise ValueError(
            f"population must be one of {', '.join(POPULATIONS)}, not {population!r}; "
            "other blocks are read from a BED file or found in the genotypes."
        )
    rows = [
        (chromosome_code(row["chrom"]), int(row["boundary"]))
        for row in _rows("ld_blocks.tsv.gz")
        if row["build"] == build and row["population"] == population
    ]
    return merge_regions(make_blocks(*np.array(rows).T), *long_range_regions(build))


@cache
def long_range_regions(
    build: str,
) -> tuple[
    Int[np.ndarray, " region"], Int[np.ndarray, " region"], Int[np.ndarray, " region"]
]:
    """Chromosome code, start and stop of the regions of long-range LD."""
    rows = [
        (chromosome_code(row["chrom"]), int(row["start"]), int(row["stop"]))
        for row in _rows("long_range_ld.tsv")
        if row["build"] == build
    ]
    chrom, start, stop = np.array(rows).T
    return chrom, start, stop


def _rows(name: str) -> list[dict[str, str]]:
    """Rows of a shipped table."""
    content = (files("fabgwas") / "data" / name).read_bytes()
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    return list(csv.DictReader(content.decode().splitlines(), delimiter="\t"))


def _place(
    chrom: Int[np.ndarray, " any"], pos: Int[np.ndarray, " any"]
) -> Int64[np.ndarray, " any"]:
    """One number that sorts by chromosome and position."""
    return (chrom.astype(np.int64) << 32) + pos
