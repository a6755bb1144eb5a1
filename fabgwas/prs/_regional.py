r"""Which features run along the genome, as the annotations that matter do.

Genes, enhancers and conserved stretches hold many variants, so a function of the features
that tells of effects is alike in neighbours; what is particular to the text of one variant
is not. How features run along the genome is known before any trait is looked at.
"""

import numpy as np
from jaxtyping import Float, Int

from fabgwas.link._device import product

# variants on either side that count as neighbours: some 10 kb in a panel like HapMap3
_NEIGHBOURS = 4
# no feature is taken to be the same in all neighbours
_MOST = 0.999
# of the expected variance, for features that are no more alike in neighbours than noise
_FLOOR = 0.1
# so few that sums stay in the cache of a core
_ROWS = 8192


def regional_variance(
    x: Float[np.ndarray, "variant dim"], block: Int[np.ndarray, " variant"]
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, "dim dim"]]:
    r"""What to expect of each direction of the features, by how it runs along the genome.

    The symmetric correlation of neighbours, :math:`C = \sum x_i x_j' / m` over m pairs, has
    eigenvalues within :math:`\pm r`, :math:`r = 2 \sqrt{d / 2m}`, where features are noise.
    An eigenvalue :math:`\theta > 0` of what is not noise is found at
    :math:`\lambda = \theta + r^2 / 4 \theta`, and its direction with a squared cosine of
    :math:`c = 1 - r^2 / 4 \theta^2` (Benaych-Georges and Nadakuditi 2011). The expected
    variance is proportional to :math:`v / (1 - v)`, with
    :math:`v = c\, \theta = \sqrt{\lambda^2 - r^2}`, beside a tenth that all share.
    Eigenvalues below :math:`r (1 + \sqrt{d / n} + 2 d^{-2/3})`, which simulated noise does
    not exceed, count as noise.

    Parameters
    ----------
    x
        Uncorrelated features of variance 1, of variants in the order of the genome.
    block
        LD block of each variant; neighbours are of one block.

    Returns
    -------
    Expected variances, of mean 1, and the directions, in columns. All variances are 1 where
    no feature runs along the genome.
    """
    size, dim = x.shape
    correlation, pairs = _of_neighbours(x, block)
    if not pairs:
        return np.ones(dim), np.eye(dim)
    values, directions = np.linalg.eigh(correlation)
    limit = 2 * np.sqrt(dim / (2 * pairs))
    found = values > limit * (1 + np.sqrt(dim / size) + 2 * dim ** (-2 / 3))
    if not found.any():
        return np.ones(dim), directions
    alike = np.sqrt(np.maximum(values**2 - limit**2, 0)) * found
    alike = np.minimum(alike, _MOST)
    ratio = alike / (1 - alike)
    return (1 - _FLOOR) * ratio / ratio.mean() + _FLOOR, directions


def _of_neighbours(
    x: Float[np.ndarray, "variant dim"], block: Int[np.ndarray, " variant"]
) -> tuple[Float[np.ndarray, "dim dim"], int]:
    """Mean product of the features of neighbours, made symmetric, and their number."""
    total, pairs = np.zeros((x.shape[1], x.shape[1])), 0
    for start in range(0, len(x), _ROWS):
        here = slice(start, start + _ROWS)
        # of the neighbours after each variant, so that one product does for all of them
        ahead = np.zeros_like(x[here])
        for lag in range(1, _NEIGHBOURS + 1):
            after = slice(start + lag, start + lag + _ROWS)
            size = len(x[after])
            ahead[:size] += x[after]
            # few: the last variants of a block
            other = np.flatnonzero(block[after] != block[here][:size])
            ahead[other] -= x[start + lag + other]
            pairs += size - other.size
        total += product(x[here].T, ahead)
    return (total + total.T) / (2 * max(pairs, 1)), pairs
