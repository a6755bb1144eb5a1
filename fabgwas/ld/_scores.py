"""LD scores, and LD-weighted sums of features, in one pass over the genotypes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fabgwas.ld._standardise import standardise

# dosages [sample, variant] of the variants start to stop - 1
Reader = Callable[[int, int], Float[np.ndarray, "sample variant"]]
# told how many variants are done, and of how many
Progress = Callable[[int, int], None]

_STEP = 512


class LdSums(NamedTuple):
    """Sums over the LD neighbours of each variant, and what was learned on the way."""

    total: Float[np.ndarray, "variant dim"]
    later: Float[np.ndarray, "variant dim"]
    """The part of `total` that comes from the neighbours after the variant."""
    freq: Float[np.ndarray, " variant"]
    """Frequency of the counted allele."""
    varies: Float[np.ndarray, " variant"]
    """1 where the variant has two alleles in the panel, else 0."""


class LdScores(NamedTuple):
    """LD score and allele frequency of each variant of a panel."""

    score: Float[np.ndarray, " variant"]
    """Nan where the variant does not vary in the panel."""
    freq: Float[np.ndarray, " variant"]
    """Frequency of the counted allele."""
    crossing: Float[np.ndarray, " variant"]
    """Unbiased r² summed over the pairs on the two sides of a cut before the variant."""


def ld_scores(
    read: Reader,
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    window: int = 1_000_000,
    progress: Progress = lambda done, total: None,
) -> LdScores:
    r"""LD score of each variant: the sum of unbiased r² over its window.

    .. math:: \ell_j = \sum_{k: |pos_k - pos_j| \le w} \tilde r^2_{jk}, \qquad
        \tilde r^2 = r^2 - \frac{1 - r^2}{n - 2},

    with r the correlation of dosages among n samples. The variant itself counts 1, so
    scores of lonely variants scatter around 1.

    Parameters
    ----------
    read
        Gives dosages [sample, variant] of consecutive variants.
    chrom, pos
        Chromosome codes and base pairs, sorted.
    window
        Largest distance of neighbours, in base pairs.
    progress
        Called with the number of variants done and of all variants.

    References
    ----------
    Bulik-Sullivan, B. K. et al. (2015). LD score regression distinguishes confounding from
    polygenicity in genome-wide association studies. Nature Genetics 47, 291-295.
    """
    ones = np.ones((chrom.size, 1), np.float32)
    sums = ld_sums(read, chrom, pos, ones, window, progress)
    score = np.where(sums.varies > 0, sums.total[:, 0], np.nan)
    later = sums.later[:, 0]
    earlier = np.where(sums.varies > 0, sums.total[:, 0] - later - 1, 0)
    # a cut is crossed by the pairs that have begun before it and not yet ended
    open_pairs = np.cumsum(later) - np.cumsum(earlier)
    return LdScores(score, sums.freq, np.concatenate([[0], open_pairs[:-1]]))


def ld_sums(
    read: Reader,
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    features: Float[np.ndarray, "variant dim"],
    window: int = 1_000_000,
    progress: Progress = lambda done, total: None,
) -> LdSums:
    r"""Sum features over the LD neighbours of each variant, weighted by unbiased r².

    .. math:: S_{jd} = \sum_{k: |pos_k - pos_j| \le w} \tilde r^2_{jk} F_{kd}

    with the r² of `ld_scores`. Variants that do not vary in the panel neither give nor
    receive.
    """
    starts, ends = _windows(chrom, pos, window)
    n_variants = chrom.size
    features = np.asarray(features, np.float32)
    later, earlier = np.zeros((2, *features.shape))
    freq, varies = np.full(n_variants, np.nan), np.zeros(n_variants)
    x = np.empty((0, 0), np.float32)  # variants `first` to `known - 1`
    first = known = n_samples = 0
    for start in range(0, n_variants, _STEP):
        stop = min(start + _STEP, n_variants)
        end = int(ends[stop - 1])
        fresh = standardise(read(known, end))
        n_samples = fresh.x.shape[1]
        freq[known:end], varies[known:end] = fresh.freq, fresh.sd > 0
        x = np.concatenate([x[start - first :].reshape(-1, n_samples), fresh.x])
        first, known = start, end
        r2 = _later_r2(x, ends[start:stop] - start)
        later[start:stop] = r2 @ features[start:end]
        earlier[start:end] += r2.T @ features[start:stop]
        progress(stop, n_variants)
    if n_samples < 3:
        raise ValueError(f"LD scores need at least 3 samples, not {n_samples}.")
    # r2 - (1 - r2) / (n - 2) of each pair, and 1 for the variant itself
    informative = features * varies[:, None]
    before = np.concatenate([np.zeros((1, features.shape[1])), informative.cumsum(0)])
    own = np.arange(n_variants)
    later = (later * (n_samples - 1) - (before[ends] - before[own + 1])) / (n_samples - 2)
    earlier = (earlier * (n_samples - 1) - (before[own] - before[starts])) / (n_samples - 2)
    later *= varies[:, None]
    total = later + (earlier + informative) * varies[:, None]
    return LdSums(total, later, freq, varies)


def _later_r2(
    x: Float[np.ndarray, "later sample"], ends: Int[np.ndarray, " variant"]
) -> Float[np.ndarray, "variant later"]:
    """r² of each of the first variants with the later ones before its end, else 0."""
    rows = ends.size
    r2 = x[:rows] @ x.T
    np.square(r2, out=r2)
    r2[:, :rows] = np.triu(r2[:, :rows], 1)
    tail = int(ends[0])
    r2[:, tail:] *= np.arange(tail, x.shape[0]) < ends[:, None]
    return r2


def _windows(
    chrom: Int[np.ndarray, " variant"], pos: Int[np.ndarray, " variant"], window: int
) -> tuple[Int[np.ndarray, " variant"], Int[np.ndarray, " variant"]]:
    """Number of the first variant in the window of each, and of the first one after it."""
    place = (chrom.astype(np.int64) << 40) + pos
    if np.any(np.diff(place) < 0):
        worst = int(np.argmax(np.diff(place) < 0)) + 1
        raise ValueError(
            f"variants must be sorted by chromosome and position, but number {worst} lies "
            "before its predecessor."
        )
    starts = np.searchsorted(place, place - window, side="left")
    return starts, np.searchsorted(place, place + window, side="right")
