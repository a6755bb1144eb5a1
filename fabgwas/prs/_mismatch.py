"""Variants whose statistics contradict those of their neighbours and the LD."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import lapack

# chi-square of one degree of freedom at p = 5e-8
_THRESHOLD = 29.72
_RIDGE = 0.02
_MOST = 0.1


def find_mismatches(
    ld: Float[np.ndarray, "variant variant"],
    z: Float[np.ndarray, " variant"],
    threshold: float = _THRESHOLD,
) -> Bool[np.ndarray, " variant"]:
    r"""Variants of a block that their neighbours predict badly.

    With :math:`\Omega` the inverse of the correlations,

    .. math:: T_k = (\Omega z)_k^2 / \Omega_{kk} = (z_k - E[z_k \mid z_{-k}])^2 / Var

    has one degree of freedom where statistics and LD are of one population. A single wrong
    variant spoils the prediction of its neighbours too, so the worst is taken out, and the
    others are judged without it, until none is above the threshold.

    Parameters
    ----------
    ld
        Correlations of one block.
    z
        Z-scores, signed by the same alleles.
    threshold
        On T; by default the level is 5e-8.

    Returns
    -------
    At most a tenth of the variants: with more to take out, it is the panel that does not
    fit.

    Raises
    ------
    ArithmeticError
        If the correlations are not positive semidefinite.

    References
    ----------
    Chen, W. et al. (2021). Improved analyses of GWAS summary statistics by reducing data
    heterogeneity and errors. Nature Communications 12, 7117.
    """
    size = z.size
    bad = np.zeros(size, bool)
    # what a panel cannot know of the correlations is noise in the prediction
    shrunk = (ld.astype(np.float64) + _RIDGE * np.eye(size)) / (1 + _RIDGE)
    inverse = _inverse(shrunk)
    score = inverse @ z
    for _ in range(int(_MOST * size)):
        diagonal = np.where(bad, 1.0, np.diag(inverse))
        statistic = np.where(bad, 0.0, score**2 / diagonal)
        worst = int(np.argmax(statistic))
        if statistic[worst] <= threshold:
            break
        bad[worst] = True
        column = inverse[:, worst] / inverse[worst, worst]
        score = score - column * score[worst]
        inverse = inverse - np.outer(column, inverse[worst])
    return bad


def _inverse(
    matrix: Float[np.ndarray, "variant variant"],
) -> Float[np.ndarray, "variant variant"]:
    """Of a positive definite matrix, in half the time that others need."""
    factor, failed = lapack.dpotrf(matrix, lower=True)
    if failed:
        raise ArithmeticError("the LD of a block is not positive semidefinite.")
    below, _ = lapack.dpotri(factor, lower=True)
    return np.tril(below) + np.tril(below, -1).T
