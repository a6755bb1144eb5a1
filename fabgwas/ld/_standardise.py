"""Dosages as vectors whose inner products are correlations."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class Standardised(NamedTuple):
    """Dosages of some variants, centred and of unit length; missing ones are 0."""

    x: Float[np.ndarray, "variant sample"]
    """``x @ x.T`` holds correlations; zero where the variant does not vary."""
    freq: Float[np.ndarray, " variant"]
    """Frequency of the counted allele; nan if no genotype was observed."""
    sd: Float[np.ndarray, " variant"]
    """Standard deviation of the dosage over samples; 0 where it does not vary."""
    n_observed: Int[np.ndarray, " variant"]


def standardise(dosage: Float[np.ndarray, "sample variant"]) -> Standardised:
    """Centre and scale each variant, a missing genotype counting as the mean."""
    x = np.ascontiguousarray(dosage.T)
    missing = np.isnan(x)
    n_observed = x.shape[1] - np.count_nonzero(missing, axis=1)
    some = n_observed > 0
    with np.errstate(invalid="ignore"):
        mean = np.where(missing, 0, x).sum(axis=1, dtype=np.float64) / n_observed
    centred = x - np.where(some, mean, 0).astype(x.dtype)[:, None]
    centred[missing] = 0
    length = np.sqrt(np.einsum("ij,ij->i", centred, centred, dtype=np.float64))
    # rounding of the mean leaves a little where all dosages are equal
    varies = length > 1e-6 * np.sqrt(x.shape[1])
    centred *= np.where(varies, 1 / np.where(varies, length, 1), 0)[:, None].astype(x.dtype)
    sd = np.where(varies, length / np.sqrt(x.shape[1]), 0)
    return Standardised(centred, mean / 2, sd, n_observed)
