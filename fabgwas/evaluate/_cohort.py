"""Embeddings of people: dosages times the vectors of their variants, L = G E."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from fabgwas.evaluate._sums import means

CONTROLS = ("random", "permuted")


class Components(NamedTuple):
    """Principal components of people."""

    scores: Float[np.ndarray, "sample component"]
    """Unit variance; the largest entry of each component is positive."""
    share: Float[np.ndarray, " component"]
    """Of the variance."""


def alternate_dosage(
    dosage: Float[np.ndarray, "sample variant"],
    sign: Int[np.ndarray, " variant"],
    *,
    standardise: bool,
) -> tuple[Float[np.ndarray, "sample variant"], Bool[np.ndarray, " variant"]]:
    r"""Dosages of the alternate allele, the mean in place of missing ones.

    Parameters
    ----------
    dosage
        Of the counted allele; nan where missing.
    sign
        +1 where the counted allele is the alternate one.
    standardise
        Subtract the mean and divide by the standard deviation of each variant.

    Returns
    -------
    The dosages, 0 throughout for variants without genotypes and, if standardised, for those
    that do not vary; and which variants are neither.
    """
    mean = means(dosage)
    filled = np.where(np.isnan(dosage), mean, dosage)
    known = ~np.isnan(mean)
    # so that swapping the alleles of a variant changes nothing at all
    x = np.where(sign > 0, filled, 2 - filled)
    if standardise:
        sd = x.std(axis=0)
        known &= sd > 0
        x = (x - x.mean(axis=0)) / np.where(known, sd, 1.0)
    return np.where(known, x, 0.0).astype(np.float32), known


def random_vectors(
    n_variants: int, dim: int, key: tuple[int, ...]
) -> Float[np.ndarray, "variant dim"]:
    """Independent standard normal vectors that `key` determines."""
    rng = np.random.default_rng(key)
    return rng.standard_normal((n_variants, dim), np.float32)


def principal_components(
    matrix: Float[np.ndarray, "sample dim"], n_components: int
) -> Components:
    """Principal components of the centred columns, as many as there are at most."""
    centred = matrix - matrix.mean(axis=0)
    u, singular, _ = np.linalg.svd(centred, full_matrices=False)
    return _components(u, singular**2, n_components)


def components_of_products(
    products: Float[np.ndarray, "sample sample"], n_components: int
) -> Components:
    """Principal components of standardised genotypes, from the sum of their X X'."""
    values, vectors = np.linalg.eigh(products)
    return _components(vectors[:, ::-1], np.maximum(values[::-1], 0.0), n_components)


def _components(
    vectors: Float[np.ndarray, "sample _"], values: Float[np.ndarray, " _"], wanted: int
) -> Components:
    there = int(np.sum(values > 1e-10 * values[0])) if values[0] > 0 else 0
    kept = min(wanted, there)
    scores = vectors[:, :kept] * np.sqrt(len(vectors))
    peak = scores[np.abs(scores).argmax(axis=0), np.arange(kept)]
    return Components(scores * np.sign(peak), values[:kept] / max(values.sum(), 1e-300))
