"""Ratios of sums over seeds, with intervals that resample seeds."""

import numpy as np

from benchmarks.harness import Metric
from benchmarks.harness.metrics import with_interval

_DRAWS = 2000


def ratio_of_sums(above: dict[int, float], below: dict[int, float]) -> Metric:
    """Sum over sum, of the seeds that both have; the interval resamples seeds."""
    both = sorted(set(above) & set(below))
    top = np.array([above[seed] for seed in both])
    bottom = np.array([below[seed] for seed in both])
    return _resampled(top, bottom)


def share_captured(
    learned: dict[int, float], oracle: dict[int, float], reference: dict[int, float]
) -> Metric:
    """How much of the oracle's gain over the reference the learned test has."""
    seeds = sorted(set(learned) & set(oracle) & set(reference))
    base = np.array([reference[seed] for seed in seeds])
    top = np.array([learned[seed] for seed in seeds]) - base
    return _resampled(top, np.array([oracle[seed] for seed in seeds]) - base)


def _resampled(top: np.ndarray, bottom: np.ndarray) -> Metric:
    if top.size < 2 or bottom.sum() == 0:
        return Metric(float(top.sum() / bottom.sum()) if bottom.sum() else float("nan"))
    rng = np.random.default_rng(top.size)
    drawn = rng.multinomial(top.size, np.full(top.size, 1 / top.size), _DRAWS)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = (drawn @ top) / (drawn @ bottom)
    return with_interval(float(top.sum() / bottom.sum()), draws)
