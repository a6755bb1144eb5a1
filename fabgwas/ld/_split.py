"""Blocks cut where little LD crosses."""

from collections import deque
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

# of cuts that nothing crosses, fewer are better
_COST_OF_A_CUT = 1e-9


def split_blocks(
    crossing: Float[np.ndarray, " variant"],
    chrom: Int[np.ndarray, " variant"],
    min_size: int = 200,
    max_size: int = 1000,
) -> Int[np.ndarray, " variant"]:
    """Cut each chromosome so that the least LD crosses the cuts.

    Among all partitions into blocks of `min_size` to `max_size` variants the one with the
    least sum of `crossing` over its cuts, found by dynamic programming. A chromosome of
    fewer than `min_size` variants is one block.

    Parameters
    ----------
    crossing
        r² summed over all pairs of variants on the two sides of a cut before each variant,
        from `fabgwas.ld.ld_sums`.
    chrom
        Chromosome codes, sorted.
    min_size, max_size
        Bounds of the number of variants; `max_size` must be at least twice `min_size`.

    Returns
    -------
    Number of the block of each variant, 0, 1, ... in genome order.

    References
    ----------
    Privé, F. (2022). Optimal linkage disequilibrium splitting. Bioinformatics 38, 255-256.
    """
    if not 1 <= min_size <= max_size // 2:
        raise ValueError(
            f"max_size must be at least twice min_size, not {max_size} for {min_size}."
        )
    begins = np.zeros(chrom.size, np.int64)
    edges = [0, *(np.flatnonzero(np.diff(chrom)) + 1).tolist(), chrom.size]
    for first, last in pairwise(edges):
        if first < last:
            begins[first] = 1
            cost = (np.maximum(crossing[first:last], 0) + _COST_OF_A_CUT).tolist()
            begins[[first + cut for cut in _best_cuts(cost, min_size, max_size)]] = 1
    return np.cumsum(begins) - 1


def _best_cuts(cost: list[float], min_size: int, max_size: int) -> list[int]:
    """Numbers of the variants that begin a new block on one chromosome."""
    n = len(cost)
    cost = [*cost, 0.0]
    best = [0.0] + [np.inf] * n  # least cost of blocks that end before variant j
    origin = [0] * (n + 1)
    # earlier ends that may still be the best to continue from, best first
    waiting: deque[int] = deque()
    for end in range(min_size, n + 1):
        ready = end - min_size
        while waiting and best[waiting[-1]] >= best[ready]:
            waiting.pop()
        waiting.append(ready)
        if waiting[0] < end - max_size:
            waiting.popleft()
        if waiting:
            origin[end] = waiting[0]
            best[end] = best[waiting[0]] + cost[end]
    cuts = []
    while (n := origin[n]) > 0:
        cuts.append(n)
    return cuts[::-1]
