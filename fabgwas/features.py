"""Features of the variants of a study: their vectors, and sums over LD neighbours."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from fabgwas.alignment import Alignment
from fabgwas.io import SumStats
from fabgwas.ld import standardise
from fabgwas.ldstore import LdStore
from fabgwas.link import Features, principal_axes
from fabgwas.panel import Panel
from fabgwas.progress import Progress
from fabgwas.store import EmbeddingStore

Reference = Panel | LdStore
"""People who stand in for those of the study: their genotypes, or an LD store of them."""

_BLOCK_SIZE = 8192
# principal axes are found in this many stretches of variants, of this length
_STRETCHES, _STRETCH = 32, 4096
# leading components of the embedding that may modulate what is borrowed from other studies
_MODULATORS = 16
# less LD is within the error of panels of hundreds
_LEAST_R2 = 0.02

Columns = Float[np.ndarray, "variant column"]


def aligned_table(
    sumstats: SumStats, store: EmbeddingStore, alignment: Alignment
) -> pa.Table:
    """The matched rows; those matched by identifier get their place from the store."""
    table = sumstats.table.take(pa.array(alignment.row))
    if table["pos"].null_count == 0:
        return table
    places = aligned_keys(store, alignment)
    for name, plain in (("chrom", pa.string()), ("pos", pa.int32())):
        filled = pc.coalesce(table[name].cast(plain), places[name].cast(plain))
        field = table.schema.field(name)
        table = table.set_column(
            table.schema.get_field_index(name), field, filled.cast(field.type)
        )
    return table


def aligned_keys(store: EmbeddingStore, alignment: Alignment) -> pa.Table:
    """The keys of the matched variants in the store, in the order of the alignment."""
    return pa.concat_tables(
        block.table.filter(pa.array(np.isin(block.rows, alignment.store_row)))
        for block in store.iter_keys()
    )


def ld_and_frequency(
    table: pa.Table, panel: Reference | None
) -> tuple[Float[np.ndarray, " variant"] | None, Float[np.ndarray, " variant"]]:
    """LD scores of at least 1 (the median where unknown), frequencies of effect alleles."""
    frequency = table["effect_allele_freq"].to_numpy().astype(np.float64)
    if panel is None:
        return None, frequency
    match = panel.match(table)
    rows = match.left
    theirs = panel.freq[match.right]
    theirs = np.where(match.sign > 0, theirs, 1 - theirs)
    frequency[rows] = np.where(np.isnan(frequency[rows]), theirs, frequency[rows])
    ld_score = np.full(table.num_rows, np.nan)
    ld_score[rows] = panel.ld_scores()[match.right]
    known = np.isfinite(ld_score) & (ld_score > 0)
    if not known.any():
        return None, frequency
    ld_score[~known] = np.median(ld_score[known])
    return np.maximum(ld_score, 1.0), frequency


def study_covariates(
    table: pa.Table,
    ld_score: Float[np.ndarray, " variant"] | None,
    frequency: Float[np.ndarray, " variant"],
) -> tuple[tuple[str, ...], Columns]:
    """Names and values of what every prior may know."""
    columns = {"intercept": np.ones(table.num_rows)}
    if ld_score is not None:
        columns["log_ld_score"] = np.log(ld_score)
    known = ~np.isnan(frequency)
    if known.any():
        # rounded, so that f and 1 - f give the same to the last bit
        heterozygosity = np.round(2 * frequency * (1 - frequency), 9)
        columns["heterozygosity"] = np.where(
            known, heterozygosity, heterozygosity[known].mean()
        )
    return tuple(columns), np.column_stack(list(columns.values()))


def auxiliary_features(
    covariates: Columns, residuals: Float[np.ndarray, "variant other"]
) -> Features:
    """Covariates, and what other studies say: u for the mean, log(1 + u^2) for the size."""
    x = np.concatenate([covariates, residuals, np.log1p(residuals**2)], axis=1)
    return Features("auxiliary", x, x, x.shape[1])


def own_features(
    store: EmbeddingStore,
    alignment: Alignment,
    fixed: Columns,
    components: int,
    residuals: Float[np.ndarray, "variant other"] | None = None,
) -> Features:
    """Unpenalised columns and leading principal components of the vectors, float32.

    A sample of the vectors is read for the axes, then all of them once. The leading
    components also enter multiplied by what other studies say, so that the embedding may
    modulate how much is borrowed from them.
    """
    rows = alignment.store_row
    residuals = np.empty((rows.size, 0)) if residuals is None else residuals
    dim = min(components, store.dim)
    n_fixed, modulators = fixed.shape[1], min(dim, _MODULATORS)
    x = np.empty((rows.size, n_fixed + dim + modulators * residuals.shape[1]), np.float32)
    x[:, :n_fixed] = fixed
    sample = _stretches(rows)
    axes = principal_axes(
        (part.embedding for part in store.iter_blocks(sample, block_size=_BLOCK_SIZE)),
        store.dim,
        components,
    )
    progress = Progress("vectors", rows.size)
    for part in store.iter_blocks(rows, block_size=_BLOCK_SIZE):
        stop = part.start + part.rows.size
        x[part.start : stop, n_fixed : n_fixed + dim] = axes.apply(part.embedding)
        progress(stop)
    leading = x[:, n_fixed : n_fixed + modulators]
    for number, residual in enumerate(residuals.T.astype(np.float32)):
        start = n_fixed + dim + number * modulators
        np.multiply(leading, residual[:, None], out=x[:, start : start + modulators])
    return Features("own", x, x, n_fixed)


def redundancy(
    table: pa.Table, reference: Reference, block: Int[np.ndarray, " variant"]
) -> Float[np.ndarray, " variant"]:
    r"""LD scores over the variants of the study alone, at least 1: who says the same.

    .. math:: \sum_k \hat r_{jk}^2, \quad k \text{ in the study and in the block of } j

    One over it is what a variant adds to a likelihood. The LD score of a panel that is
    denser than the study would make it too little. The median where the reference lacks a
    variant.
    """
    scores = np.full(table.num_rows, np.nan)
    for rows, r, n_samples in _correlations(table, reference, block):
        unbiased = r * r - (1 - r * r) / (n_samples - 2)
        np.fill_diagonal(unbiased, 1.0)
        scores[rows] = np.maximum(unbiased.sum(axis=1), 1.0)
    known = np.isfinite(scores)
    return np.where(known, scores, np.median(scores[known]) if known.any() else 1.0)


def convolved_features(
    own: Features,
    dim: int,
    table: pa.Table,
    sign: Float[np.ndarray, " variant"],
    reference: Reference,
    block: Int[np.ndarray, " variant"],
) -> Features:
    r"""Features as they act through LD neighbours in the same block.

    .. math:: E z_j = \sum_k r_{jk} m(x_k), \qquad
        \mathrm{Var}(E z_j) = \sum_k r_{jk}^2 v(x_k)

    The sums of the mean are taken here, those of the magnitude with the fit of v. With
    unbiased r^2, and r shrunk alike; variants that the reference lacks keep their own.

    Parameters
    ----------
    own
        From `own_features`.
    dim
        Coordinates of the embedding among its columns; the others stay as they are.
    table, sign
        The variants, and +1 where the effect allele is the one that `own` describes.
    reference
        Panel or LD store.
    block
        LD block of each variant.
    """
    columns = slice(own.n_fixed, own.n_fixed + dim)
    mean, vectors = own.mean.copy(), own.mean[:, columns]
    near, alone = [], np.ones(table.num_rows, bool)
    for rows, r, n_samples in _correlations(table, reference, block):
        r = r * sign[rows] * sign[rows][:, None]
        squared = r * r
        # an r^2 from n people is too large by (1 - r^2) / (n - 2)
        unbiased = squared - (1 - squared) / (n_samples - 2)
        shrunk = r * np.maximum(unbiased, 0.0) / np.maximum(squared, 1e-12)
        np.fill_diagonal(unbiased, 1.0)
        np.fill_diagonal(shrunk, 1.0)
        mean[rows, columns] = shrunk.astype(mean.dtype) @ vectors[rows]
        one, other = np.nonzero(unbiased > _LEAST_R2)
        near.append(_Near(rows[one], rows[other], unbiased[one, other].astype(np.float32)))
        alone[rows] = False
    itself = np.flatnonzero(alone)
    near.append(_Near(itself, itself, np.ones(itself.size, np.float32)))
    one, other, r2 = (np.concatenate(parts) for parts in zip(*near, strict=True))
    ld = csr_array((r2, (one, other)), shape=(alone.size, alone.size))
    return Features("convolved", mean, vectors, own.n_fixed, ld)


class _Near(NamedTuple):
    """Pairs of variants in LD."""

    one: Int[np.ndarray, " pair"]
    other: Int[np.ndarray, " pair"]
    r2: Float[np.ndarray, " pair"]


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
