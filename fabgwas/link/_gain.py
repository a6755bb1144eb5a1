"""Gains: log-likelihoods of two priors compared, resampled by whole LD blocks."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

_RESAMPLES = 2000


@dataclass(frozen=True)
class Gain:
    """Held-out log-likelihood of a prior minus that of what it is compared with.

    In nats per independent variant: weighted by 1 / (LD score among them) if known, with
    a 95 % interval from resampling LD blocks, nan where all lie in one.
    """

    mean: float
    lower: float
    upper: float
    n_variants: int

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.lower:.4f}, {self.upper:.4f}]"


def block_gain(
    log_ratio: Float[np.ndarray, " variant"],
    weight: Float[np.ndarray, " variant"],
    block: Int[np.ndarray, " variant"],
    seed: int,
) -> Gain:
    r"""The weighted mean of log-likelihood ratios, with its interval.

    .. math:: \frac{\sum_j w_j g_j}{\sum_j w_j}

    Parameters
    ----------
    log_ratio
        g, natural logarithms.
    weight
        w, positive.
    block
        LD blocks: both sums are drawn anew from those that hold a variant.
    seed
        Of the draws.
    """
    blocks, number = np.unique(block, return_inverse=True)
    sums = np.bincount(number, weight * log_ratio)
    sizes = np.bincount(number, weight)
    mean, ends = float(sums.sum() / sizes.sum()), (float("nan"), float("nan"))
    if blocks.size > 1:
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(
            blocks.size, np.full(blocks.size, 1 / blocks.size), _RESAMPLES
        )
        lower, upper = np.quantile((drawn @ sums) / (drawn @ sizes), [0.025, 0.975])
        ends = float(lower), float(upper)
    return Gain(mean, *ends, n_variants=block.size)
