"""Scores judged by summary statistics alone: a split of one study, and its other half."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fabgwas.evaluate._sums import Read, means


class Terms(NamedTuple):
    """What each block adds to the correlation of scores with the phenotype."""

    agreement: Float[np.ndarray, "block score"]
    """w'b of the standardised weights and effects."""
    variance: Float[np.ndarray, "block score"]
    """w'Rw: variance of the score among the people of the panel."""


def standardised(
    dosage: Float[np.ndarray, "sample variant"],
) -> tuple[Float[np.ndarray, "sample variant"], Float[np.ndarray, " variant"]]:
    """Dosages with mean 0 and variance 1, and their standard deviations.

    Missing ones are 0, and so are variants that do not vary: their deviation is 0.
    """
    x = dosage.astype(np.float64)
    x = np.where(np.isnan(x), means(x), x)
    sd = np.nan_to_num(x.std(axis=0))
    varies = sd > 1e-9
    x = (x - x.mean(axis=0)) / np.where(varies, sd, 1.0)
    return np.where(varies, x, 0.0), np.where(varies, sd, 0.0)


def panel_noise(
    read: Read, block: Int[np.ndarray, " variant"], seed: int
) -> Float[np.ndarray, " variant"]:
    r"""A draw from N(0, R) with the LD of a panel: :math:`X' g / \sqrt{n}`.

    Parameters
    ----------
    read
        Gives the dosages of variants; nan where missing.
    block
        Number of the LD block of each variant; blocks are independent.
    seed
        Of the draw.

    Returns
    -------
    nan for variants that do not vary among the people of the panel.
    """
    rng = np.random.default_rng(seed)
    noise = np.full(block.size, np.nan)
    for rows in by_block(block):
        x, sd = standardised(read(rows))
        drawn = x.T @ rng.standard_normal(len(x)) / np.sqrt(len(x))
        noise[rows] = np.where(sd > 0, drawn, np.nan)
    return noise


def split_z(
    z: Float[np.ndarray, " variant"],
    noise: Float[np.ndarray, " variant"],
    share: float,
    intercept: float = 1.0,
) -> tuple[Float[np.ndarray, " variant"], Float[np.ndarray, " variant"]]:
    r"""Split z-scores of n people into those of a share of them, and of the others.

    .. math::
        z_1 = \sqrt{s}\, z + \sqrt{(1 - s) c}\, e, \quad
        z_2 = \sqrt{1 - s}\, z - \sqrt{s c}\, e, \quad e \sim N(0, R)

    so that the two are independent where z ~ N(theta, c R), as if people had been split.

    Parameters
    ----------
    z
        Z-scores of the study.
    noise
        e, with the LD of *other people* than those that scores will be fitted with.
    share
        s, of the first part.
    intercept
        c, the variance of z where there is no effect: the LD score intercept.

    References
    ----------
    Zhao, Z. et al. (2021). PUMAS: fine-tuning polygenic risk scores with GWAS summary
    statistics. Genome Biology 22, 257.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, but is {share:g}.")
    e = np.sqrt(intercept) * noise
    first = np.sqrt(share) * z + np.sqrt(1 - share) * e
    return first, np.sqrt(1 - share) * z - np.sqrt(share) * e


def block_terms(
    read: Read,
    block: Int[np.ndarray, " variant"],
    weight: Float[np.ndarray, "variant score"],
    effect: Float[np.ndarray, " variant"],
    progress: Callable[[int], None] = lambda done: None,
) -> Terms:
    """What each block adds to covariance and variance.

    Parameters
    ----------
    read
        Gives the dosages of variants in the panel; nan where missing.
    block
        Number of the LD block of each variant: 0, 1, ...
    weight
        Per copy of the counted allele.
    effect
        z / sqrt(n) of the same allele, of people whom the scores have not seen.
    progress
        Told the number of variants done.
    """
    n_blocks = int(block.max()) + 1
    agreement, variance = np.zeros((2, n_blocks, weight.shape[1]))
    done = 0
    for number, rows in enumerate(by_block(block)):
        x, sd = standardised(read(rows))
        scaled = weight[rows] * sd[:, None]
        agreement[number] = effect[rows] @ scaled
        variance[number] = np.var(x @ scaled, axis=0, ddof=1)
        done += rows.size
        progress(done)
    return Terms(agreement, variance)


def signed_correlation(terms: Terms) -> Float[np.ndarray, " score"]:
    r"""Correlation of scores with the phenotype, :math:`w'b / \sqrt{w'Rw}`, with its sign.

    nan for a score that does not vary.
    """
    total = terms.variance.sum(axis=0)
    return terms.agreement.sum(axis=0) / np.sqrt(np.where(total > 0, total, np.nan))


def block_bootstrap(
    terms: Terms, n_replicates: int, seed: int
) -> Float[np.ndarray, "replicate score"]:
    """`signed_correlation` with blocks drawn with replacement, the same for all scores."""
    rng = np.random.default_rng(seed)
    n_blocks = len(terms.agreement)
    drawn = rng.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), n_replicates)
    total = drawn @ terms.variance
    return (drawn @ terms.agreement) / np.sqrt(np.where(total > 0, total, np.nan))


def by_block(block: Int[np.ndarray, " variant"]) -> Iterator[Int[np.ndarray, " member"]]:
    """The variants of each block, from the lowest number up."""
    order = np.argsort(block, kind="stable")
    cuts = np.flatnonzero(np.diff(block[order])) + 1
    yield from np.split(order, cuts)
