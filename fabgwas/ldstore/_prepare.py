"""What goes into an LD reference store: usable variants, and the blocks they form."""

from pathlib import Path

import numpy as np
from jaxtyping import Int

from fabgwas.errors import NothingToAnalyseError
from fabgwas.io import Genotypes, blocks_from_bed
from fabgwas.ld import (
    Blocks,
    LdScores,
    find_blocks,
    ld_scores,
    population_blocks,
    split_blocks,
)
from fabgwas.ld._blocks import POPULATIONS
from fabgwas.variants import chromosome_codes

_LAST_AUTOSOME = 22


def partition_of(blocks: str | Path, build: str | None) -> Blocks | None:
    """Boundaries that are known beforehand; None to find them in the genotypes."""
    if blocks == "auto":
        return None
    if blocks not in POPULATIONS:
        return blocks_from_bed(blocks)
    if build is None:
        raise ValueError(f"the blocks of {blocks} need a build, GRCh37 or GRCh38.")
    return population_blocks(build, str(blocks))


def usable_variants(
    genotypes: Genotypes, window: int, min_maf: float
) -> tuple[Int[np.ndarray, " variant"], LdScores, dict[str, int]]:
    """Numbers of the usable variants in genome order, their scores, and what was lost."""
    chrom = chromosome_codes(genotypes.variants["chrom"])
    pos = genotypes.variants["pos"].to_numpy()
    order = np.lexsort((pos, chrom))
    order = order[chrom[order] > 0]
    scores = ld_scores(
        lambda start, stop: genotypes.take(order[start:stop]),
        chrom[order],
        pos[order],
        window,
    )
    varies = np.isfinite(scores.score)
    with np.errstate(invalid="ignore"):
        common = np.minimum(scores.freq, 1 - scores.freq) >= min_maf
    keep = varies & common
    if not keep.any():
        raise NothingToAnalyseError(
            f"{genotypes.files[0]}: none of {genotypes.n_variants} variants varies on a "
            f"known chromosome with a minor allele frequency of at least {min_maf:g}."
        )
    counts = {
        "read": genotypes.n_variants,
        "dropped_unknown_chromosome": genotypes.n_variants - order.size,
        "dropped_monomorphic": int(np.count_nonzero(~varies)),
        "dropped_rare": int(np.count_nonzero(varies & ~common)),
        "kept": int(np.count_nonzero(keep)),
    }
    return order[keep], LdScores(*(values[keep] for values in scores)), counts


def number_blocks(
    genotypes: Genotypes,
    order: Int[np.ndarray, " variant"],
    scores: LdScores,
    partition: Blocks | None,
) -> Int[np.ndarray, " variant"]:
    """Number of the block of each usable variant, 0, 1, ... in genome order."""
    chrom = chromosome_codes(genotypes.variants["chrom"])[order].astype(np.int64)
    pos = genotypes.variants["pos"].to_numpy()[order]
    by_ld = split_blocks(scores.crossing, chrom)
    if partition is None:
        return by_ld
    bounded = np.isin(chrom, _bounded(partition))
    published = find_blocks(chrom, pos, partition)
    # one of the two numbers is constant wherever the other one counts
    pair = np.where(bounded, published, by_ld + order.size)
    changes = np.concatenate([[False], np.diff(pair) != 0])
    return np.cumsum(changes)


def _bounded(partition: Blocks) -> Int[np.ndarray, " chromosome"]:
    """Chromosome codes that have more than one block."""
    codes, sizes = np.unique(partition.chrom, return_counts=True)
    return codes[(sizes > 1) | (codes <= _LAST_AUTOSOME)]
