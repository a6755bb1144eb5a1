r"""Posterior of each effect: the Bayesian companions of the tests.

They are right where the prior is; the p-values are valid whether it is or not.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import log_expit, log_ndtr

from fabgwas.fab._numbers import Numbers
from fabgwas.fab._pvalues import prior_shift

Variants = Float[np.ndarray, " variant"]


class Posterior(NamedTuple):
    """What is believed of E z of each variant after its z was seen, LD left aside."""

    mean: Variants
    sd: Variants
    prob: Variants
    """Probability that the effect is not 0."""
    log_lfdr: Variants
    """Log of the local false discovery rate, the probability that the effect is 0."""
    log_lfsr: Variants
    """Log of the local false sign rate, min{P(effect >= 0), P(effect <= 0)}."""


def posterior(
    z: Numbers, prior_mean: Numbers, prior_var: Numbers, prior_prob: Numbers | None = None
) -> Posterior:
    r"""Posterior of normal effects, or of a mixture of them with effects of exactly 0.

    .. math:: z_j \sim N(\theta_j, 1), \qquad
        \theta_j \sim (1 - \pi_j) \delta_0 + \pi_j N(m_j, v_j),

    one variant at a time: the effect of a variant includes what it tags.

    Parameters
    ----------
    z
        Z-scores, signed towards the effect allele.
    prior_mean, prior_var
        Mean and variance of E z, given that the effect is not 0. A variance of ``inf``
        is the flat prior.
    prior_prob
        Probability that the effect is not 0; None for 1.

    Returns
    -------
    Means and standard deviations on the z scale, probabilities, and log false rates, which
    are finite where the rates underflow.

    References
    ----------
    Stephens, M. (2017). False discovery rates: a new deal. Biostatistics 18, 275-294.
    """
    prior_shift(prior_mean, prior_var)  # checks both
    chance = 1.0 if prior_prob is None else prior_prob
    z_, mean, var, prob = (
        np.atleast_1d(values)
        for values in np.broadcast_arrays(
            *(np.asarray(v, float) for v in (z, prior_mean, prior_var, chance))
        )
    )
    if not np.all((prob >= 0) & (prob <= 1)):
        worst = int(np.argmin((prob >= 0) & (prob <= 1)))
        raise ValueError(
            f"prior_prob must be between 0 and 1, but prior_prob[{worst}] is "
            f"{prob[worst]:g}."
        )
    # the share of z in the posterior mean
    share = 1 / (1 + np.divide(1, var, out=np.full(var.shape, np.inf), where=var > 0))
    slab_mean = mean + share * (z_ - mean)
    log_odds = _log_odds(z_, mean, var, prob)
    log_prob, log_lfdr = log_expit(log_odds), log_expit(-log_odds)
    inclusion = np.exp(log_prob)
    second_moment = inclusion * (share + slab_mean**2)
    center = inclusion * slab_mean
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(slab_mean == 0, 0.0, np.abs(slab_mean) / np.sqrt(share))
    # an effect of exactly 0 is both at least and at most 0
    wrong = np.where((slab_mean == 0) & (share == 0), 0.0, log_ndtr(-distance))
    return Posterior(
        center,
        np.sqrt(np.maximum(second_moment - center**2, 0.0)),
        inclusion,
        log_lfdr,
        np.minimum(np.logaddexp(log_lfdr, log_prob + wrong), 0.0),
    )


def _log_odds(z: Variants, mean: Variants, var: Variants, prob: Variants) -> Variants:
    """Log posterior odds of an effect that is not 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log_prior = np.log(prob) - np.log1p(-prob)
        log_factor = -0.5 * (np.log1p(var) + (z - mean) ** 2 / (1 + var) - z * z)
        # certainty before the data is certainty after them
        return np.where(np.isinf(log_prior), log_prior, log_prior + log_factor)
