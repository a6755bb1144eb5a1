"""What goes into an LD reference store: usable variants, and the blocks they form."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.files import write_atomically
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
from fabgwas.ldstore._partial import PREPARED
from fabgwas.progress import Progress
from fabgwas.variants import chromosome_codes

_LAST_AUTOSOME = 22


class Prepared(NamedTuple):
    """The variants of a store in genome order, before their correlations."""

    order: Int[np.ndarray, " variant"]
    """Number of each in the genotypes."""
    block: Int[np.ndarray, " variant"]
    ld_score: Float[np.ndarray, " variant"]
    freq: Float[np.ndarray, " variant"]
    counts: dict[str, int]
    """Variants read, dropped for each reason, and kept."""


def prepare(
    folder: Path,
    genotypes: Genotypes,
    window: int,
    min_maf: float,
    partition: Blocks | None,
) -> Prepared:
    """Choose, score and number the variants, or read what an earlier build found."""
    path = folder / PREPARED
    if path.is_file():
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in Prepared._fields}
        return Prepared(**{**arrays, "counts": json.loads(str(arrays["counts"]))})
    order, scores, counts = usable_variants(genotypes, window, min_maf)
    block = number_blocks(genotypes, order, scores, partition)
    prepared = Prepared(order, block, scores.score, scores.freq, counts)
    with write_atomically(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{**prepared._asdict(), "counts": json.dumps(counts)})
    return prepared


def partition_of(blocks: str | Path, build: str | None) -> Blocks | None:
    """Boundaries that are known beforehand; None to find them in the genotypes."""
    if blocks == "auto":
        return None
    if blocks not in POPULATIONS:
        if not Path(blocks).is_file():
            raise InputError(
                f"{blocks}: there is no such file; blocks are {', '.join(POPULATIONS)}, "
                "auto or a BED file."
            )
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
        Progress("LD scores"),
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
