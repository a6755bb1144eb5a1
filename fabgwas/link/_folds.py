"""Folds: which variants are held out together, and which ones may teach their prior."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

# about one centimorgan, in base pairs
_GUARD = 1_000_000
_LEAST_CHROMOSOMES = 4
_BLOCK_FOLDS = 5


class TooFewVariantsError(ValueError):
    """There is not enough outside a fold to learn its prior from."""


class Folds(NamedTuple):
    """A partition of the variants, and for each fold the units that train its prior.

    A unit is a set of variants that every fold either uses whole or not at all, so that
    sufficient statistics are kept once per unit and added up for each fold.
    """

    fold: Int[np.ndarray, " variant"]
    unit: Int[np.ndarray, " variant"]
    train: Bool[np.ndarray, "fold unit"]
    scheme: str
    """How folds were cut, in words."""


def make_folds(
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    block: Int[np.ndarray, " variant"],
) -> Folds:
    """Leave one chromosome out, or contiguous runs of LD blocks if chromosomes are few.

    With four chromosomes or more each is a fold, trained on all others. With fewer, each
    chromosome is cut into runs of whole blocks of about equal numbers of variants, and
    the blocks next to a held-out run are left out of its training too: at
    least one block, and at least 1 Mb, on each side.

    Parameters
    ----------
    chrom, pos
        Chromosome codes and 1-based positions.
    block
        Number of the LD block of each variant; a block never spans chromosomes.

    Raises
    ------
    TooFewVariantsError
        If there is only one block, so that no variant could teach another's prior.
    """
    codes, chromosome = np.unique(chrom, return_inverse=True)
    if codes.size >= _LEAST_CHROMOSOMES:
        others = ~np.eye(codes.size, dtype=bool)
        return Folds(chromosome, chromosome, others, "leaving one chromosome out")
    blocks, block = np.unique(block, return_inverse=True)
    if blocks.size < 2:
        raise TooFewVariantsError(
            "all variants lie in one LD block, and a prior must be learned on others."
        )
    first = np.full(blocks.size, np.iinfo(np.int64).max)
    last = np.zeros(blocks.size, np.int64)
    np.minimum.at(first, block, pos)
    np.maximum.at(last, block, pos)
    home = np.zeros(blocks.size, np.int64)
    home[block] = chromosome
    run = _runs(home, np.bincount(block), -(-_BLOCK_FOLDS // codes.size))
    train = np.stack(
        [_far_from(run == number, home, first, last) for number in range(run.max() + 1)]
    )
    patterns, unit = np.unique(train, axis=1, return_inverse=True)
    return Folds(run[block], unit[block], patterns, "leaving runs of LD blocks out")


def _runs(
    home: Int[np.ndarray, " block"], sizes: Int[np.ndarray, " block"], per_chromosome: int
) -> Int[np.ndarray, " block"]:
    """Cut the blocks of each chromosome into runs of about equal numbers of variants."""
    run = np.zeros(home.size, np.int64)
    number = 0
    for chromosome in np.unique(home):
        members = np.flatnonzero(home == chromosome)
        before = np.cumsum(sizes[members]) - sizes[members] / 2
        share = np.floor(per_chromosome * before / sizes[members].sum()).astype(int)
        _, consecutive = np.unique(share, return_inverse=True)
        run[members] = number + consecutive
        number = int(run.max()) + 1
    return run


def _far_from(
    held_out: Bool[np.ndarray, " block"],
    home: Int[np.ndarray, " block"],
    first: Int[np.ndarray, " block"],
    last: Int[np.ndarray, " block"],
) -> Bool[np.ndarray, " block"]:
    """The blocks outside the run that are neither next to it nor within the guard."""
    inside = np.flatnonzero(held_out)
    index = np.arange(home.size)
    same = home == home[inside[0]]
    next_to = (index == inside[0] - 1) | (index == inside[-1] + 1)
    near = (last >= first[inside[0]] - _GUARD) & (first <= last[inside[-1]] + _GUARD)
    return ~held_out & ~(same & (next_to | near))
