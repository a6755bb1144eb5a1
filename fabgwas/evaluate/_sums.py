"""Scores of people: sums of weight times dosage, all scores in one pass."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

Read = Callable[[Int[np.ndarray, " chosen"]], Float[np.ndarray, "sample chosen"]]

# doubles in a block of dosages: 64 MB
_BLOCK = 2**23
_WIDEST = 2048


class Sums(NamedTuple):
    """What a pass over the genotypes leaves."""

    total: Float[np.ndarray, "sample score"]
    """Sum of weight times the number of effect alleles."""
    alleles: Float[np.ndarray, "sample score"]
    """Alleles behind the sum: two per variant that counts for this person."""
    unknown: int
    """Variants without a single genotype, which add nothing."""


def score_sums(
    read: Read,
    variant: Int[np.ndarray, " variant"],
    same: Float[np.ndarray, "variant score"],
    other: Float[np.ndarray, "variant score"],
    *,
    founder: Bool[np.ndarray, " sample"],
    impute: bool = True,
    progress: Callable[[int], None] = lambda done: None,
) -> Sums:
    r"""Score people on one or several scores.

    .. math:: S_{ik} = \sum_j a_{jk} d_{ij} + b_{jk} (2 - d_{ij})

    with dosages d of the counted allele. A missing dosage is twice the frequency among
    founders, as ``plink2 --score`` has it, or adds nothing if `impute` is False, as with
    its ``no-mean-imputation``. Sums are in double precision.

    Parameters
    ----------
    read
        Gives the dosages of variants; nan where missing.
    variant
        Numbers of the variants, ascending, each once.
    same, other
        Weights of the counted allele and of the other one; nan where the variant is not
        part of the score.
    founder
        Who has no parents in the file; if nobody, everybody counts.
    impute
        Whether missing genotypes get the mean.
    progress
        Told the number of variants done.
    """
    n_samples, n_scores = founder.size, same.shape[1]
    member = ~(np.isnan(same) & np.isnan(other))
    same, other = np.nan_to_num(same), np.nan_to_num(other)
    founder = founder if founder.any() else ~founder
    total = np.zeros((n_samples, n_scores))
    alleles = np.tile(2.0 * member.sum(axis=0), (n_samples, 1))
    unknown = 0
    for part in blocks_of(variant.size, n_samples):
        dosage = read(variant[part])
        first, second = same[part], other[part]
        missing = np.isnan(dosage)
        if missing.any():
            dosage = np.where(missing, np.float32(0), dosage)
            mean = _founder_means(dosage, missing, founder)
            known = ~np.isnan(mean)
            unknown += int(np.sum(~known))
            first, second = first * known[:, None], second * known[:, None]
            # few genotypes are missing, so they are added one by one: a missing dosage
            # counts as 0 below, and so as 2 of the other allele
            instead = np.nan_to_num(mean)[:, None] * (first - second)
            gone = instead if impute else -2 * second
            total += _sum_over(missing, gone)
            if not impute:
                alleles -= 2 * _sum_over(missing, member[part].astype(np.float64))
        total += dosage.astype(np.float64) @ (first - second)
        total += 2 * second.sum(axis=0)
        progress(part.stop)
    return Sums(total, alleles, unknown)


def blocks_of(n_variants: int, n_samples: int) -> Iterator[slice]:
    """Slices of variants whose dosages fit into a fixed amount of memory."""
    width = int(np.clip(_BLOCK // max(n_samples, 1), 16, _WIDEST))
    for start in range(0, n_variants, width):
        yield slice(start, min(start + width, n_variants))


def _founder_means(
    dosage: Float[np.ndarray, "sample variant"],
    missing: Bool[np.ndarray, "sample variant"],
    founder: Bool[np.ndarray, " sample"],
) -> Float[np.ndarray, " variant"]:
    """`means` of founders, of dosages whose missing ones are 0."""
    if not founder.all():
        dosage, missing = dosage[founder], missing[founder]
    count = len(dosage) - np.count_nonzero(missing, axis=0)
    total = dosage.sum(axis=0, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _sum_over(
    missing: Bool[np.ndarray, "sample variant"], value: Float[np.ndarray, "variant score"]
) -> Float[np.ndarray, "sample score"]:
    """Sum the values of the variants that each person lacks."""
    # quicker than nonzero where little is missing
    variant, sample = np.divmod(np.flatnonzero(missing.T), len(missing))
    sums = [np.bincount(sample, column[variant], len(missing)) for column in value.T]
    return np.column_stack(sums)


def means(dosage: Float[np.ndarray, "sample variant"]) -> Float[np.ndarray, " variant"]:
    """Mean dosage of each variant among those who have one; nan where nobody has."""
    present = ~np.isnan(dosage)
    count = present.sum(axis=0)
    total = np.where(present, dosage, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
