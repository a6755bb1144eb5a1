"""Other studies as side information: what they say that the study's own noise does not."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from fabgwas.errors import InputError
from fabgwas.io import SumStats, match_rows
from fabgwas.ld import cross_trait_intercept


class Overlap(NamedTuple):
    """Correlation of the noise of two studies, as people in both of them cause."""

    rho: float
    se: float
    """0 where `rho` was given."""


class Auxiliary(NamedTuple):
    """Another study at the variants of the one under test."""

    name: str
    overlap: Overlap
    z: Float[np.ndarray, " variant"]
    """Of the other study, towards the effect alleles of this one; 0 where it has none."""
    known: Int[np.ndarray, " known"]
    """The variants that both studies have."""

    def residual(
        self, z: Float[np.ndarray, " variant"], shift: float = 0.0
    ) -> Float[np.ndarray, " variant"]:
        r"""What is left of the other study, z_aux - rho z, 0 where it lacks a variant.

        It is independent of the z-scores of the whole LD block under their null, since
        :math:`\mathrm{cov}(z_{aux,k} - \rho z_k, z_j) = \rho R_{kj} - \rho R_{kj} = 0`
        where both studies have the same LD.

        Parameters
        ----------
        z
            Z-scores of the study under test.
        shift
            Standard errors by which rho is moved, to see what depends on it.
        """
        rho = self.overlap.rho + shift * self.overlap.se
        residual = np.zeros(z.size)
        residual[self.known] = self.z[self.known] - rho * z[self.known]
        return residual


def read_auxiliary(
    table: pa.Table,
    other: SumStats,
    ld_score: Float[np.ndarray, " variant"] | None,
    rho: float | None = None,
) -> Auxiliary:
    """Bring another study to the variants and alleles of the one under test.

    Parameters
    ----------
    table
        Aligned variants of the study under test.
    other
        The other study: another trait, ancestry, or earlier data.
    ld_score
        LD scores of the variants, for the estimate of `rho`.
    rho
        Correlation of null z-scores of the two studies; None estimates it by cross-trait
        LD score regression.

    Raises
    ------
    InputError
        If `rho` is neither given nor can be estimated, or no variant is shared.
    """
    match = match_rows(table, other.table)
    if match.left.size == 0:
        raise InputError(f"{other.path}: shares no variant with the study.")
    z = np.zeros(table.num_rows)
    z[match.left] = match.sign * other.table["z"].to_numpy()[match.right]
    if rho is not None:
        return Auxiliary(other.path, Overlap(rho, 0.0), z, match.left)
    if ld_score is None:
        raise InputError(
            f"{other.path}: overlap is estimated from LD scores: give a reference panel, "
            "or the correlation of null z-scores."
        )
    rows = match.left
    found = cross_trait_intercept(
        table["z"].to_numpy()[rows],
        z[rows],
        ld_score[rows],
        table["n"].to_numpy()[rows],
        other.table["n"].to_numpy()[match.right],
    )
    return Auxiliary(other.path, Overlap(found.overlap, found.overlap_se), z, rows)
