"""Correlation matrices of LD blocks, shrunk, and stored so that none loses definiteness."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int8

Matrix = Float[np.ndarray, "variant variant"]
# share of the eigenvalues that SBayesRC found to be enough
_ENERGY = 0.995


class Factor(NamedTuple):
    """A positive semidefinite matrix as a product of small integers.

    With F = q * scale, and rows of F longer than 1 cut to length 1, the matrix is F F'
    off the diagonal and 1 on it: a Gram matrix plus a non-negative diagonal.
    """

    q: Int8[np.ndarray, "variant rank"]
    scale: Float[np.ndarray, " rank"]


class Packed(NamedTuple):
    """The entries below the diagonal in half precision, to be divided by 1 + `ridge`."""

    below: Float[np.ndarray, " pair"]
    ridge: float


def shrinkage_intensity(x: Float[np.ndarray, "variant sample"]) -> float:
    r"""Best share of the identity in a correlation matrix of few samples.

    .. math:: \lambda = \sum_{i \ne j} \widehat{Var}(r_{ij}) \Big/ \sum_{i \ne j} r_{ij}^2,

    at most 1, makes the expected squared error of :math:`(1 - \lambda) R + \lambda I`
    least.

    Parameters
    ----------
    x
        Standardised dosages: rows of length 1 around 0, at least 3 samples.

    References
    ----------
    Schäfer, J. & Strimmer, K. (2005). A shrinkage approach to large-scale covariance matrix
    estimation. Statistical Applications in Genetics and Molecular Biology 4, 32.
    """
    n_variants, n = x.shape
    if n_variants < 2:
        return 0.0
    # r = sum of w over samples, so the variance of r is estimated by that of w
    sum_r2 = float(np.square(x @ x.T).sum(dtype=np.float64)) - n_variants
    squares = np.square(x)
    sum_w2 = float((squares @ squares.T).sum(dtype=np.float64))
    sum_w2 -= float(np.square(squares).sum(dtype=np.float64))
    variance = (sum_w2 - sum_r2 / n) * n / (n - 1)
    return float(np.clip(variance / max(sum_r2, 1e-30), 0.0, 1.0))


def block_correlation(
    x: Float[np.ndarray, "variant sample"], shrinkage: float = 0.0
) -> Matrix:
    """Correlations of standardised dosages, shrunk towards the identity."""
    r = (x @ x.T) * np.float32(1 - shrinkage)
    np.fill_diagonal(r, 1)
    return r


def pack(r: Matrix) -> Packed:
    """Round to half precision, with the least ridge that leaves no eigenvalue negative.

    Rounding moves the eigenvalues by some 1e-3. What the shrinkage does not make up for
    becomes the ridge: 0, or the first of 1e-4, 2e-4, 4e-4, ... for which a Cholesky factor
    exists.
    """
    below = np.tri(r.shape[0], k=-1, dtype=bool)
    with np.errstate(under="ignore"):
        packed = Packed(r[below].astype(np.float16), 0.0)
    ridge = 0.0
    while not _is_definite(unpack(packed._replace(ridge=ridge), r.shape[0])):
        ridge = max(2 * ridge, 1e-4)
    return packed._replace(ridge=ridge)


def unpack(packed: Packed, n_variants: int) -> Matrix:
    """The matrix of `pack`, in single precision."""
    r = np.zeros((n_variants, n_variants), np.float32)
    r[np.tri(n_variants, k=-1, dtype=bool)] = packed.below
    r /= np.float32(1 + packed.ridge)
    r += r.T
    np.fill_diagonal(r, 1)
    return r


def factorise(
    x: Float[np.ndarray, "variant sample"],
    shrinkage: float = 0.0,
    energy: float = _ENERGY,
) -> Factor:
    """Leading eigenvectors of the correlations, each rounded to 8 bits.

    Parameters
    ----------
    x
        Standardised dosages.
    shrinkage
        Share of the identity.
    energy
        Share of the sum of all eigenvalues that those kept must have.
    """
    n_variants, n_samples = x.shape
    gram = (x @ x.T if n_variants <= n_samples else x.T @ x).astype(np.float64)
    values, vectors = np.linalg.eigh(gram)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    share = np.cumsum(values) / max(values.sum(), 1e-30)
    rank = min(int(np.searchsorted(share, energy)) + 1, values.size)
    if n_variants <= n_samples:
        columns = vectors[:, :rank] * np.sqrt(values[:rank])
    else:
        columns = x @ vectors[:, :rank]
    columns = columns * np.sqrt(1 - shrinkage)
    scale = np.maximum(np.abs(columns).max(axis=0, initial=0), 1e-30) / 127
    return Factor(np.rint(columns / scale).astype(np.int8), scale.astype(np.float32))


def factor_columns(factor: Factor) -> Float[np.ndarray, "variant rank"]:
    """The factor F of the matrix, with no row longer than 1."""
    columns = factor.q * factor.scale
    length = np.sqrt(np.einsum("ij,ij->i", columns, columns))
    return columns / np.maximum(length, 1)[:, None]


def multiply(factor: Factor) -> Matrix:
    """The matrix of a factor: its Gram matrix, with ones on the diagonal."""
    columns = factor_columns(factor)
    r = columns @ columns.T
    np.fill_diagonal(r, 1)
    return r


def _is_definite(r: Matrix) -> bool:
    try:
        np.linalg.cholesky(r.astype(np.float64))
    except np.linalg.LinAlgError:
        return False
    return True
