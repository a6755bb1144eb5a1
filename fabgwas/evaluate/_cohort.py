"""Embeddings of people: dosages times the vectors of their variants, L = G E."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class CohortSums:
    """Sums over variants from which L follows, also of centred and whitened vectors."""

    product: Float[np.ndarray, "sample dim"]
    """G E of the vectors as they are."""
    burden: Float[np.ndarray, " sample"]
    """Sum of the dosages of each person."""
    vector: Float[np.ndarray, " dim"]
    gram: Float[np.ndarray, "dim dim"]
    n_variants: Int[np.ndarray, ""]

    @classmethod
    def empty(cls, n_samples: int, dim: int) -> "CohortSums":
        """Nothing added yet."""
        return cls(
            np.zeros((n_samples, dim)),
            np.zeros(n_samples),
            np.zeros(dim),
            np.zeros((dim, dim)),
            np.zeros((), np.int64),
        )

    def add(
        self,
        x: Float[np.ndarray, "sample variant"],
        vectors: Float[np.ndarray, "variant dim"],
    ) -> None:
        """Add some variants: their dosages, and their vectors."""
        self.product[...] += x @ vectors
        self.burden[...] += x.sum(axis=1, dtype=np.float64)
        self.vector[...] += vectors.sum(axis=0, dtype=np.float64)
        self.gram[...] += vectors.T @ vectors
        self.n_variants[...] += len(vectors)

    def embedding(
        self, *, centred: bool = False, whitened: bool = False
    ) -> Float[np.ndarray, "sample _"]:
        r"""L of the vectors as they are, of :math:`e - \bar e`, or of those made white.

        L is linear in the vectors, so nothing has to be read again. Directions in which
        centred vectors have less than a millionth of their largest variance are left out
        when they are whitened.
        """
        if not (centred or whitened):
            return self.product
        mean = self.vector / self.n_variants
        people = self.product - np.outer(self.burden, mean)
        if not whitened:
            return people
        cov = self.gram / self.n_variants - np.outer(mean, mean)
        values, directions = np.linalg.eigh(cov)
        kept = values > 1e-6 * values[-1]
        return people @ (directions[:, kept] / np.sqrt(values[kept]))


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
