"""What a family test takes from a fitted prior: who is promising, not how z is shaped."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

Variants = Float[np.ndarray, " variant"]

# share of the slab's variance that a mean may take
_MOST_MEAN = 0.5
_LEAST_MOMENT = 1e-300


class FamilyPrior(NamedTuple):
    """Arguments of `family_log_pvalues`, beside z and the folds."""

    mean: Variants
    var: Variants
    utility: Variants


def family_prior(
    mean: Variants,
    var: Variants,
    prob: Variants,
    level: float,
    utility: Variants | None = None,
) -> FamilyPrior:
    r"""One slab for all variants, and weights that trust the fitted prior halfway.

    With the second moment :math:`\tau_j^2 = \pi_j (v_j + m_j^2)` of E z, the utility
    :math:`a_j` and :math:`V = z_{\ell / 2}^2 - 1`, the score of the family test becomes

    .. math:: s_j(z) = \sqrt{a_j \tau_j^2} \; \frac{N(z; e_j, 1 + V - e_j^2)}{N(z; 0, 1)},
        \quad e_j = m_j \pi_j V / \tau_j^2.

    V is the variance of the slab that makes a variant at the threshold most likely. Slabs
    of their own would let the fitted shape decide how likely a z far out is, which is where
    it is known least: with them even the true mean and variance of E z lose loci in
    simulations. The square root is shrinkage towards the two-sided test, since a learned
    prior is less certain than it says (``benchmarks/tests``).

    Parameters
    ----------
    mean, var
        Mean and variance of E z, given that it is not 0.
    prob
        Probability that it is not.
    level
        P-value at which the family is to be tested, such as 0.05 over its size.
    utility
        Value of finding each variant, known without z; None for equal values.
    """
    slab = max(float(ndtri(level / 2)) ** 2 - 1, 1.0)
    moment = np.maximum(prob * (var + mean * mean), _LEAST_MOMENT)
    most = np.sqrt(_MOST_MEAN * slab)
    shift = np.clip(prob * mean * (slab / moment), -most, most)
    value = moment if utility is None else moment * utility
    return FamilyPrior(shift, slab - shift * shift, np.sqrt(value))
