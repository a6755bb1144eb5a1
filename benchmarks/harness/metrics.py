"""Numbers with intervals, and differences of two that were measured on the same rows."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fabgwas.evaluate import percentile_interval

DRAWS = 400


class Metric(NamedTuple):
    """A number, its 95 % interval, and the resampled values behind the interval."""

    value: float
    lower: float | None = None
    upper: float | None = None
    draws: tuple[float, ...] = ()
    """Kept so that two methods can be compared draw by draw."""

    def __str__(self) -> str:
        if self.lower is None or self.upper is None:
            return f"{self.value:.4g}"
        digits = _digits(self.upper - self.lower)
        value, lower, upper = (
            f"{each:.{digits}f}" for each in (self.value, self.lower, self.upper)
        )
        return f"{value} [{lower}, {upper}]"


def bootstrap(
    statistic: Callable[[Float[np.ndarray, " row"]], float],
    groups: Int[np.ndarray, " row"],
    *,
    seed: int,
    draws: int = DRAWS,
) -> Metric:
    """A statistic of weighted rows, with an interval from resampling whole groups.

    The draws depend on the groups and the seed alone, so that methods which are judged on
    the same rows get the same draws, and their differences an interval.

    Parameters
    ----------
    statistic
        Takes the weight of each row; nan where it is not defined.
    groups
        What is exchangeable: a gene, a chromosome, an LD block; the row where rows are.
    seed
        Of the draws.
    draws
        Number of draws.
    """
    names, number = np.unique(groups, return_inverse=True)
    rng = np.random.default_rng([seed, names.size])
    share = np.full(names.size, 1 / names.size)
    counts = rng.multinomial(names.size, share, draws).astype(float)
    values = np.array([statistic(count[number]) for count in counts])
    return with_interval(float(statistic(np.ones(number.size))), values)


def with_interval(value: float, draws: Float[np.ndarray, " draw"]) -> Metric:
    """Percentile interval; undefined draws are left out, and counted by their absence."""
    known = draws[np.isfinite(draws)]
    if known.size < draws.size / 2:
        return Metric(value)
    [(lower, upper)] = percentile_interval(known[:, None])
    return Metric(value, float(lower), float(upper), tuple(np.round(draws, 4).tolist()))


def difference(first: Metric, second: Metric) -> Metric:
    """First minus second, draw by draw where both have the same number of draws."""
    value = first.value - second.value
    if not first.draws or len(first.draws) != len(second.draws):
        return Metric(value)
    return with_interval(value, np.array(first.draws) - np.array(second.draws))


def _digits(width: float) -> int:
    """Decimals that an interval of this width deserves: two significant digits of it."""
    if not np.isfinite(width) or width <= 0:
        return 3
    return int(min(max(2 - np.ceil(np.log10(width)), 0), 6))
