"""First guesses of what summary statistics show: heritability, and confounding."""

import numpy as np
from jaxtyping import Float, Int

from fabgwas.ld import ldsc_intercept

_RANGE = (0.01, 0.9)

Column = Float[np.ndarray, " variant"]


def guess_heritability(z: Column, n: Column, ld_score: Column) -> float:
    r"""Share of the variance that the variants explain, by aggregates.

    .. math:: h^2 = M \, \frac{\overline{z^2} - 1}{\overline{n \ell}},

    kept between 0.01 and 0.9: good enough to begin a fit with.
    """
    h2 = z.size * (float(np.mean(z**2)) - 1) / float(np.mean(n * ld_score))
    return float(np.clip(h2, *_RANGE))


def guess_intercept(
    z: Column, n: Column, ld_score: Column, block: Int[np.ndarray, " variant"]
) -> float:
    r"""Variance of the z-scores of variants without effects, as far as it is known.

    .. math:: 1 + (c - 1) \Big(1 - \frac{SE(c)^2}{(c - 1)^2}\Big)_+

    for an LD score intercept c above 1, else 1: the positive-part estimator of James and
    Stein, as the intercept of few LD blocks tells little. It is 1 where there is none: with
    fewer blocks than three, or LD scores that are all equal.
    """
    try:
        fit = ldsc_intercept(z, ld_score, n, block=block)
    except ValueError:
        return 1.0
    excess = fit.intercept - 1
    if excess <= fit.intercept_se:
        return 1.0
    return 1 + excess * (1 - (fit.intercept_se / excess) ** 2)
