"""Intervals of any number that people are resampled for."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

Statistic = Callable[[Int[np.ndarray, " drawn"]], Float[np.ndarray, " number"]]


def bootstrap(
    statistic: Statistic,
    stratum: Int[np.ndarray, " sample"],
    n_replicates: int,
    seed: int,
) -> Float[np.ndarray, "replicate number"]:
    """Draw people with replacement, within strata, and compute the numbers again.

    Numbers of one draw belong together: differences of columns are paired.

    Parameters
    ----------
    statistic
        Numbers of the people of these indices.
    stratum
        Such as case or control; sizes are kept.
    n_replicates
        Number of draws.
    seed
        Of the draws.
    """
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(stratum == each) for each in np.unique(stratum)]
    return np.array(
        [
            statistic(np.concatenate([rng.choice(each, each.size) for each in members]))
            for _ in range(n_replicates)
        ]
    )


def percentile_interval(
    replicates: Float[np.ndarray, "replicate number"], level: float = 0.95
) -> Float[np.ndarray, "number 2"]:
    """Quantiles of the replicates that leave out equal tails; nan is left out."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    return np.nanquantile(replicates, tails, axis=0).T
