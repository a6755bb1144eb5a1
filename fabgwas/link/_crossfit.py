"""Priors for all variants, each learned on folds that its own fold does not touch.

For a held-out fold, ridge regressions of z and of log(1 + z^2) on the features are fitted
on its training units. How far to trust their predictions, and how strongly to shrink the
embedding, is settled on inner folds, held out from such regressions in turn. The embedding
is used only where it beats the covariates there.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fabgwas.link._calibrate import Calibration, Variants, calibrate
from fabgwas.link._folds import Folds
from fabgwas.link._predict import Predictions, Read, predict

# a handful of parameters needs no more rows
_CALIBRATION_ROWS = 100_000
# log-likelihood by which the embedding must beat the covariates on the inner folds
_LEAST_GAIN = 3.0


class FoldReport(NamedTuple):
    """What was learned for one held-out fold."""

    fold: int
    n_variants: int
    n_training: int
    model: str
    """``embedding`` or ``covariates``: the better one on the inner folds."""
    inner_gain: float
    """Log-likelihood of the embedding over the covariates, per unit of weight, on them."""
    shrinkage: float
    """Multiple of the penalty of the largest likelihood at which the embedding did best."""
    mean_scale: float
    """Trust in the predicted mean."""
    covariates_slope: float
    """Trust in the log magnitude predicted by the covariates."""
    embedding_slope: float
    """Trust in what the embedding adds to it; 0 where it is not used."""


class Prior(NamedTuple):
    """Mean and variance of E z for each variant, learned without its fold."""

    mean: Variants
    var: Variants
    covariates_mean: Variants
    """The prior of the covariates alone: the reference of every gain."""
    covariates_var: Variants
    reports: list[FoldReport]


def cross_fit(
    read: Read,
    dim: int,
    z: Variants,
    covariates: Float[np.ndarray, "variant covariate"],
    weight: Variants,
    folds: Folds,
    *,
    components: int = 256,
    max_shift: float = 1.0,
) -> Prior:
    """Learn the prior of every variant on other folds.

    Parameters
    ----------
    read
        Streams the embeddings; called twice, for the cross products and for the
        predictions.
    dim
        Number of embedding coordinates.
    z
        Z-scores towards an allele that the study did not choose, such as the alternate.
    covariates
        Features that are never penalised, the intercept first.
    weight
        Likelihood weights, such as 1 / (LD score).
    folds
        The partition, and what trains what.
    components
        Largest number of principal components of the embedding that are used.
    max_shift
        Largest |b| = 2 |mean| / var that a prior may give the FAB test: variances are
        raised to keep to it, since a wrong sign costs without bound.

    Returns
    -------
    Prior means and variances on the z scale, and what was learned for each fold.
    """
    sample = np.arange(0, z.size, -(-z.size // _CALIBRATION_ROWS))
    base, *candidates = predict(
        read, dim, z, covariates, weight, folds, sample, components=components
    )
    parts = [np.empty(z.size) for _ in range(4)]
    reports = []
    for fold in range(folds.train.shape[0]):
        mine = np.flatnonzero(folds.fold == fold)
        trained = folds.train[fold][folds.unit]
        seen = np.flatnonzero(trained[sample])
        rows = sample[seen]
        trust = calibrate(z[rows], *base.inner(seen, fold, None), weight[rows])
        trusts = [
            calibrate(z[rows], *candidate.inner(seen, fold, base), weight[rows])
            for candidate in candidates
        ]
        best = int(np.argmax([found.log_likelihood for found in trusts]))
        gain = trusts[best].log_likelihood - trust.log_likelihood
        parts[2][mine], parts[3][mine] = _prior(base, None, trust, mine, max_shift)
        if gain > _LEAST_GAIN:
            chosen, trust = candidates[best], trusts[best]
            parts[0][mine], parts[1][mine] = _prior(chosen, base, trust, mine, max_shift)
        else:
            parts[0][mine], parts[1][mine] = parts[2][mine], parts[3][mine]
        slopes = [*trust.log_var_slopes, 0.0]
        reports.append(
            FoldReport(
                fold=fold,
                n_variants=mine.size,
                n_training=int(trained.sum()),
                model="embedding" if gain > _LEAST_GAIN else "covariates",
                inner_gain=gain / float(weight[rows].sum()),
                shrinkage=candidates[best].shrinkage,
                mean_scale=trust.mean_scale,
                covariates_slope=float(slopes[0]),
                embedding_slope=float(slopes[1]),
            )
        )
    return Prior(parts[0], parts[1], parts[2], parts[3], reports)


def _prior(
    predictions: Predictions,
    base: Predictions | None,
    trust: Calibration,
    mine: Int[np.ndarray, " member"],
    max_shift: float,
) -> tuple[Float[np.ndarray, " member"], Float[np.ndarray, " member"]]:
    mean, var = trust.moments(predictions.mean[mine], predictions.magnitudes(mine, base))
    var = var + trust.mean_scale**2 * predictions.mean_var[mine]
    return mean, np.maximum(var, 2 * np.abs(mean) / max_shift)
