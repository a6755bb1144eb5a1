"""How much of a phenotype a score explains, on the observed and the liability scale."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtri


def r2(
    design: Float[np.ndarray, "sample column"], y: Float[np.ndarray, " sample"]
) -> float:
    r"""Share of the variance that least squares explains, :math:`1 - RSS / TSS`.

    Parameters
    ----------
    design
        Predictors; an intercept is added.
    y
        Outcome; 0 and 1 give R2 on the observed scale.
    """
    centred = y - y.mean()
    x = design - design.mean(axis=0)
    fitted = x @ np.linalg.lstsq(x, centred, rcond=None)[0]
    return float(fitted @ fitted / (centred @ centred))


def incremental_r2(
    score: Float[np.ndarray, " sample"],
    covariates: Float[np.ndarray, "sample column"],
    y: Float[np.ndarray, " sample"],
) -> float:
    """R2 of covariates and score, less R2 of the covariates."""
    return r2(np.column_stack([covariates, score]), y) - r2(covariates, y)


def nagelkerke(log_likelihood: float, case: Bool[np.ndarray, " sample"]) -> float:
    r"""Nagelkerke's pseudo-R2 of a logistic model.

    .. math:: \frac{1 - e^{2 (\ell_0 - \ell) / n}}{1 - e^{2 \ell_0 / n}}

    with :math:`\ell_0` the log likelihood of the intercept alone.

    References
    ----------
    Nagelkerke (1991), Biometrika 78, 691-692.
    """
    share = case.mean()
    null = case.size * (share * np.log(share) + (1 - share) * np.log1p(-share))
    numerator = -np.expm1(2 * (null - log_likelihood) / case.size)
    return float(numerator / -np.expm1(2 * null / case.size))


def liability_r2(observed: float, prevalence: float, share: float) -> float:
    r"""R2 on the liability scale from R2 on the observed scale.

    .. math::
        R^2_l = \frac{C R^2_o}{1 + \theta C R^2_o}, \quad
        C = \frac{K (1 - K)}{z^2} \frac{K (1 - K)}{P (1 - P)}, \quad
        \theta = i \frac{P - K}{1 - K} \left(i \frac{P - K}{1 - K} - t\right)

    with threshold t of the liability, its density z there and :math:`i = z / K`.

    Parameters
    ----------
    observed
        R2 of least squares on 0 and 1.
    prevalence
        K, in the population.
    share
        P, of cases in the sample.

    References
    ----------
    Lee, Goddard, Wray and Visscher (2012), Genetic Epidemiology 36, 214-224.
    """
    for name, value in (("prevalence", prevalence), ("share", share)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must be between 0 and 1, but is {value:g}.")
    t = -float(ndtri(prevalence))
    z = float(np.exp(-t * t / 2) / np.sqrt(2 * np.pi))
    shift = z / prevalence * (share - prevalence) / (1 - prevalence)
    theta = shift * (shift - t)
    scale = (prevalence * (1 - prevalence) / z) ** 2 / (share * (1 - share))
    return scale * observed / (1 + theta * scale * observed)
