r"""Tests of a set of variants, such as those of a gene, with the prior as kernel."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fabgwas.fab._quadratic import quadratic_log_pvalue

# eigenvalues of correlations that were rounded may be this much below 0
_ROUNDING = 1e-3


class SetTest(NamedTuple):
    """Test of one set."""

    log_pvalue: float
    statistic: float
    """Q in units of its mean under the null."""
    n_effective: float
    """Number of independent chi-squares of equal weight with the variance of Q."""


def variance_kernel(
    effect_var: Float[np.ndarray, " variant"],
    effect_mean: Float[np.ndarray, " variant"] | None = None,
) -> Float[np.ndarray, "variant part"]:
    r"""Factor F of the kernel of effects with their own variances, and of a common burden.

    :math:`F F' = \mathrm{diag}(v) + m m'`: the second moment of the effects under the
    prior. A mean makes the test look for effects that agree with it, or all disagree.
    """
    if not np.all(effect_var >= 0):
        worst = int(np.argmin(effect_var >= 0))
        raise ValueError(f"effect_var must not be negative, but effect_var[{worst}] is.")
    factor = np.diag(np.sqrt(effect_var))
    return factor if effect_mean is None else np.column_stack([factor, effect_mean])


def kernel_test(
    z: Float[np.ndarray, " variant"],
    ld: Float[np.ndarray, "variant variant"],
    factor: Float[np.ndarray, "variant part"],
) -> SetTest:
    r"""Score test of "no variant of the set has an effect".

    With :math:`z \sim N(\sqrt n R b, R)` and effects of second moment
    :math:`E[b b'] \propto F F'`, the locally most powerful statistic is

    .. math:: Q = z' F F' z, \qquad Q \sim \sum_i \lambda_i \chi^2_{1,i} \text{ if } b = 0,

    with the eigenvalues of :math:`F' R F`. Valid for every kernel that is independent of
    the z-scores of the set, as a prior from other folds is. Equal variances give the
    kernel test that knows nothing of the variants.

    Parameters
    ----------
    z
        Z-scores of the variants of the set.
    ld
        Their correlations R, signed by the same alleles. Those of a small panel are noisy:
        shrink them, or the tail is wrong.
    factor
        F: from `variance_kernel`, or embeddings of the variants, so that variants of
        similar text have similar effects.

    References
    ----------
    Wu, M. C. et al. (2011). Rare-variant association testing for sequencing data with the
    sequence kernel association test. AJHG 89, 82-93.
    """
    statistic = float(np.sum((factor.T @ z) ** 2))
    if factor.shape[1] > z.size:
        # the same eigenvalues from the smaller of the two products
        values, vectors = np.linalg.eigh(np.asarray(ld, float))
        root = vectors * np.sqrt(np.maximum(values, 0))
        form = root.T @ (factor @ factor.T) @ root
    else:
        form = factor.T @ ld @ factor
    weights = np.linalg.eigvalsh(np.asarray(form, float))
    if weights[0] < -_ROUNDING * weights[-1]:
        raise ValueError("ld is not positive semidefinite; shrink it.")
    weights = np.maximum(weights, 0)
    total = float(weights.sum())
    if total == 0:
        return SetTest(0.0, 0.0, 0.0)
    return SetTest(
        quadratic_log_pvalue(statistic, weights),
        statistic / total,
        total**2 / float(np.sum(weights**2)),
    )
