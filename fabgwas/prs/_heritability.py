"""A first guess of the heritability that summary statistics show."""

import numpy as np
from jaxtyping import Float

_RANGE = (0.01, 0.9)


def guess_heritability(
    z: Float[np.ndarray, " variant"],
    n: Float[np.ndarray, " variant"],
    ld_score: Float[np.ndarray, " variant"],
) -> float:
    r"""Share of the variance that the variants explain, by aggregates.

    .. math:: h^2 = M \, \frac{\overline{z^2} - 1}{\overline{n \ell}},

    kept between 0.01 and 0.9: good enough to begin a fit with.
    """
    h2 = z.size * (float(np.mean(z**2)) - 1) / float(np.mean(n * ld_score))
    return float(np.clip(h2, *_RANGE))
