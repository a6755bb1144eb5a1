"""Posterior effects when every variant has a small one: the infinitesimal model."""

import numpy as np
from jaxtyping import Float

from fabgwas.prs._blocks import LdBatch


def infinitesimal_effects(
    batches: tuple[LdBatch, ...],
    z: Float[np.ndarray, " variant"],
    n: Float[np.ndarray, " variant"],
    heritability: float,
) -> Float[np.ndarray, " variant"]:
    r"""Posterior mean of the effects per standard deviation, in closed form.

    .. math:: E b = \sqrt{n}^{-1} \Big( R + \frac{M}{n h^2} I \Big)^{-1} z

    for M variants whose effects have variance :math:`h^2 / M`, block by block. The residual
    variance is taken to be 1, as a single block explains little.

    Parameters
    ----------
    batches
        LD blocks.
    z, n
        Square root of n times the correlation of dosage and trait, and n.
    heritability
        Share of the variance that all variants explain.

    References
    ----------
    Vilhjálmsson, B. J. et al. (2015). Modeling linkage disequilibrium increases accuracy of
    polygenic risk scores. AJHG 97, 576-592.
    """
    if not 0 < heritability < 1:
        raise ValueError(f"heritability must be between 0 and 1, but is {heritability:g}.")
    mean = np.zeros(z.size)
    ridge = z.size / (n * heritability)
    for batch in batches:
        rows, ld = np.asarray(batch.row), np.asarray(batch.ld)
        for place in range(rows.shape[1]):
            size = int(np.count_nonzero(rows[:, place] < z.size))
            mine = rows[:size, place]
            matrix = ld[:size, place, :size] + np.diag(ridge[mine]).astype(ld.dtype)
            mean[mine] = np.linalg.solve(matrix, z[mine])
    return mean / np.sqrt(n)
