"""Features of the variants of a study: their vectors, and sums over LD neighbours."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from fabgwas.alignment import Alignment
from fabgwas.ld import standardise
from fabgwas.ldstore import LdStore
from fabgwas.link import Features, principal_axes
from fabgwas.panel import Panel
from fabgwas.store import EmbeddingStore

Reference = Panel | LdStore
"""People who stand in for those of the study: their genotypes, or an LD store of them."""

_BLOCK_SIZE = 8192
# principal axes are found in this many stretches of variants, of this length
_STRETCHES, _STRETCH = 32, 4096


def own_features(
    store: EmbeddingStore,
    alignment: Alignment,
    covariates: Float[np.ndarray, "variant covariate"],
    components: int,
) -> Features:
    """Covariates and leading principal components of each variant's vector, float32.

    Without a need to project, the vectors are read once, else a sample of them before.
    """
    rows = alignment.store_row
    dim = min(components, store.dim)
    n_covariates = covariates.shape[1]
    x = np.empty((rows.size, n_covariates + dim), np.float32)
    x[:, :n_covariates] = covariates
    sample = _stretches(rows)
    axes = principal_axes(
        (part.embedding for part in store.iter_blocks(sample, block_size=_BLOCK_SIZE)),
        store.dim,
        components,
    )
    for part in store.iter_blocks(rows, block_size=_BLOCK_SIZE):
        stop = part.start + part.rows.size
        x[part.start : stop, n_covariates:] = axes.apply(part.embedding)
    return Features("own", x, x)


def convolved_features(
    own: Features,
    n_covariates: int,
    table: pa.Table,
    sign: Float[np.ndarray, " variant"],
    reference: Reference,
    block: Int[np.ndarray, " variant"],
) -> Features:
    r"""Features summed over LD neighbours in the same block, as theory says they act.

    .. math:: E z_j = \sum_k r_{jk} m(x_k), \qquad
        \frac{\mathrm{Var}(E z_j)}{l_j} = \sum_k \frac{r_{jk}^2}{l_j} v(x_k)

    With unbiased r^2, and r shrunk alike; variants that the reference lacks keep their own.

    Parameters
    ----------
    own
        From `own_features`.
    n_covariates
        How many of its first columns are covariates, which are left as they are.
    table, sign
        The variants, and +1 where the effect allele is the one that `own` describes.
    reference
        Panel or LD store.
    block
        LD block of each variant.
    """
    mean, magnitude = own.mean.copy(), own.mean.copy()
    for rows, r, n_samples in _correlations(table, reference, block):
        r = r * sign[rows] * sign[rows][:, None]
        squared = r * r
        # an r^2 from n people is too large by (1 - r^2) / (n - 2)
        unbiased = squared - (1 - squared) / (n_samples - 2)
        shrunk = r * np.maximum(unbiased, 0.0) / np.maximum(squared, 1e-12)
        np.fill_diagonal(unbiased, 1.0)
        np.fill_diagonal(shrunk, 1.0)
        x = own.mean[rows, n_covariates:]
        scores = np.maximum(unbiased.sum(axis=1), 1.0)[:, None]
        mean[rows, n_covariates:] = shrunk.astype(x.dtype) @ x
        magnitude[rows, n_covariates:] = (unbiased / scores).astype(x.dtype) @ x
    return Features("convolved", mean, magnitude)


class _BlockLd(NamedTuple):
    rows: Int[np.ndarray, " row"]
    r: Float[np.ndarray, "row row"]
    """Signed by the effect alleles of the study."""
    n_samples: int


def _correlations(
    table: pa.Table, reference: Reference, block: Int[np.ndarray, " variant"]
) -> Iterator[_BlockLd]:
    """Correlations among the rows of each LD block that the reference has."""
    match = reference.match(table)
    variant = np.full(table.num_rows, -1)
    variant[match.left] = match.right
    sign = np.ones(table.num_rows)
    sign[match.left] = match.sign
    if isinstance(reference, LdStore):
        block_of = reference.variants["block"].to_numpy()
        block = np.where(variant >= 0, block_of[variant], -1)
    order = np.lexsort((variant, block))
    order = order[variant[order] >= 0]
    cuts = np.flatnonzero(np.diff(block[order])) + 1
    for rows in np.split(order, cuts):
        if rows.size == 0:
            continue
        if isinstance(reference, LdStore):
            number = int(block[rows[0]])
            found = reference.block(number)
            inside = variant[rows] - found.start
            kept = 1 - float(reference.blocks["shrinkage"][number].as_py())
            r = found.ld[np.ix_(inside, inside)].astype(np.float64) / max(kept, 1e-6)
        else:
            x = standardise(reference.genotypes.take(variant[rows])).x
            r = (x @ x.T).astype(np.float64)
        r = np.clip(r * sign[rows] * sign[rows][:, None], -1.0, 1.0)
        yield _BlockLd(rows, r, reference.n_samples)


def _stretches(rows: Int[np.ndarray, " variant"]) -> Int[np.ndarray, " sampled"]:
    """Evenly spaced runs of rows, so that few row groups are read; all, if they are few."""
    if rows.size <= _STRETCHES * _STRETCH:
        return rows
    starts = np.linspace(0, rows.size - _STRETCH, _STRETCHES).astype(int)
    return rows[(starts[:, None] + np.arange(_STRETCH)).ravel()]
