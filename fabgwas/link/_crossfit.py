"""Priors for all variants, each learned on folds that its own fold does not touch.

For a held-out fold, ridge regressions of z and of log(1 + z^2) on the features are fitted
on its training units; the trust in their predictions is calibrated on inner folds, which
are held out from such regressions in turn. The embedding is used only where it beats the
covariates there.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fabgwas.link._calibrate import Calibration, Variants, calibrate
from fabgwas.link._folds import Folds
from fabgwas.link._gram import Gram, empty_gram, update_gram
from fabgwas.link._ridge import RidgeFit, fit_ridge

_INNER_FOLDS = 4
# three parameters need no more, and every fold fits them twice
_CALIBRATION_ROWS = 200_000
# log-likelihood by which the embedding must beat the covariates on the inner folds
_LEAST_GAIN = 3.0

Vectors = Iterator[tuple[Int[np.ndarray, " row"], Float[np.ndarray, "row dim"]]]
"""Blocks of row numbers and their embeddings, together all rows once, in any order."""


class FoldReport(NamedTuple):
    """What was learned for one held-out fold."""

    fold: int
    n_variants: int
    n_training: int
    model: str
    """``embedding`` or ``covariates``: the better one on the inner folds."""
    inner_gain: float
    """Weighted log-likelihood per inner variant: embedding minus covariates."""
    mean_scale: float
    magnitude_slope: float


class Prior(NamedTuple):
    """Mean and variance of E z for each variant, learned without its fold."""

    mean: Variants
    var: Variants
    covariates_mean: Variants
    """The prior of the covariates alone: the reference of every gain."""
    covariates_var: Variants
    reports: list[FoldReport]


class _Predictions(NamedTuple):
    """Of one kind of features: made without the fold, and without its inner folds."""

    mean: Variants
    mean_var: Variants
    magnitude: Variants
    inner_mean: Float[np.ndarray, "variant fold"]
    inner_magnitude: Float[np.ndarray, "variant fold"]


def cross_fit(
    read: Callable[[], Vectors],
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
    n_covariates = covariates.shape[1]
    targets = np.column_stack([z, np.log1p(z * z)])
    gram = empty_gram(folds.train.shape[1], n_covariates + dim, 2)
    for rows, vectors in read():
        x = _features(covariates, rows, vectors)
        update_gram(gram, x, targets[rows], weight[rows], folds.unit[rows])
    rotation = _principal_axes(gram, n_covariates, min(components, dim))
    covariates_only = np.eye(n_covariates + dim, n_covariates)
    rotations = [rotation, covariates_only]
    models = [_fit_all(gram.project(part), folds, n_covariates) for part in rotations]
    predictions = _predict_all(read, covariates, folds, rotations, models, z.size)
    return _assemble(z, weight, folds, predictions, max_shift)


def _features(
    covariates: Float[np.ndarray, "variant covariate"],
    rows: Int[np.ndarray, " row"],
    vectors: Float[np.ndarray, "row dim"],
) -> Float[np.ndarray, "row feature"]:
    return np.concatenate([covariates[rows].astype(vectors.dtype), vectors], axis=1)


def _principal_axes(
    gram: Gram, n_covariates: int, components: int
) -> Float[np.ndarray, "feature part"]:
    """Covariates as they are, then the leading axes of the centred embedding.

    They are functions of the features alone, so all folds may share them.
    """
    total = gram.xtx.sum(axis=0)
    dim = total.shape[0] - n_covariates
    mean = total[0, n_covariates:] / total[0, 0]
    scatter = total[n_covariates:, n_covariates:] - total[0, 0] * np.outer(mean, mean)
    _, vectors = np.linalg.eigh(scatter)
    rotation = np.zeros((n_covariates + dim, n_covariates + components))
    rotation[:n_covariates, :n_covariates] = np.eye(n_covariates)
    rotation[n_covariates:, n_covariates:] = vectors[:, ::-1][:, :components]
    return rotation


class _Models(NamedTuple):
    """Fits of z and of log(1 + z^2), for each fold and for each of its inner folds."""

    outer: list[list[RidgeFit]]
    inner: list[list[list[RidgeFit]]]
    """Indexed by the outer fold, then by `_inner_groups`."""


def _inner_groups(n_folds: int) -> list[Int[np.ndarray, " fold"]]:
    """For each held-out fold, the inner group of every fold; -1 for itself."""
    groups = []
    for fold in range(n_folds):
        others = np.delete(np.arange(n_folds), fold)
        group = np.full(n_folds, -1)
        for number, part in enumerate(
            np.array_split(others, min(_INNER_FOLDS, others.size))
        ):
            group[part] = number
        groups.append(group)
    return groups


def _fit_all(gram: Gram, folds: Folds, n_covariates: int) -> _Models:
    train = folds.train
    outer, inner = [], []
    for fold, group in enumerate(_inner_groups(train.shape[0])):
        outer.append(fit_ridge(gram.train(train[fold]), n_covariates))
        inner.append(
            [
                fit_ridge(
                    gram.train(train[fold] & train[group == number].all(axis=0)),
                    n_covariates,
                )
                for number in range(group.max() + 1)
            ]
        )
    return _Models(outer, inner)


def _predict_all(
    read: Callable[[], Vectors],
    covariates: Float[np.ndarray, "variant covariate"],
    folds: Folds,
    rotations: list[Float[np.ndarray, "feature _"]],
    models: list[_Models],
    size: int,
) -> list[_Predictions]:
    n_folds = folds.train.shape[0]
    results = [
        _Predictions(
            *(np.zeros(size) for _ in range(3)),
            *(np.zeros((size, n_folds), np.float32) for _ in range(2)),
        )
        for _ in models
    ]
    groups = _inner_groups(n_folds)
    for rows, vectors in read():
        x = _features(covariates, rows, vectors)
        for rotation, model, result in zip(rotations, models, results, strict=True):
            rotated = x @ rotation.astype(x.dtype)
            for fold in np.unique(folds.fold[rows]).tolist():
                mine = folds.fold[rows] == fold
                _predict_fold(
                    rotated[mine].astype(np.float64),
                    rows[mine],
                    fold,
                    groups,
                    model,
                    result,
                )
    return results


def _predict_fold(
    x: Float[np.ndarray, "row part"],
    rows: Int[np.ndarray, " row"],
    fold: int,
    groups: list[Int[np.ndarray, " fold"]],
    models: _Models,
    result: _Predictions,
) -> None:
    mean, magnitude = models.outer[fold]
    result.mean[rows] = x @ mean.coefficients
    result.mean_var[rows] = np.sum((x @ mean.covariance_root) ** 2, axis=1)
    result.magnitude[rows] = x @ magnitude.coefficients
    for other, group in enumerate(groups):
        if other != fold:
            inner_mean, inner_magnitude = models.inner[other][group[fold]]
            result.inner_mean[rows, other] = x @ inner_mean.coefficients
            result.inner_magnitude[rows, other] = x @ inner_magnitude.coefficients


def _assemble(
    z: Variants,
    weight: Variants,
    folds: Folds,
    predictions: list[_Predictions],
    max_shift: float,
) -> Prior:
    parts = [np.empty(z.size) for _ in range(4)]
    reports = []
    for fold in range(folds.train.shape[0]):
        mine = np.flatnonzero(folds.fold == fold)
        training = np.flatnonzero(folds.train[fold][folds.unit])
        thinned = training[:: -(-training.size // _CALIBRATION_ROWS)]
        trusts = [
            calibrate(
                z[thinned],
                kind.inner_mean[thinned, fold].astype(np.float64),
                kind.inner_magnitude[thinned, fold].astype(np.float64),
                weight[thinned],
            )
            for kind in predictions
        ]
        gain = trusts[0].log_likelihood - trusts[1].log_likelihood
        chosen = 0 if gain > _LEAST_GAIN else 1
        parts[0][mine], parts[1][mine] = _prior(
            predictions[chosen], trusts[chosen], mine, max_shift
        )
        parts[2][mine], parts[3][mine] = _prior(predictions[1], trusts[1], mine, max_shift)
        reports.append(
            FoldReport(
                fold=fold,
                n_variants=mine.size,
                n_training=training.size,
                model=("embedding", "covariates")[chosen],
                inner_gain=gain / float(weight[thinned].sum()),
                mean_scale=trusts[chosen].mean_scale,
                magnitude_slope=trusts[chosen].log_var_slope,
            )
        )
    return Prior(parts[0], parts[1], parts[2], parts[3], reports)


def _prior(
    predictions: _Predictions,
    trust: Calibration,
    mine: Int[np.ndarray, " member"],
    max_shift: float,
) -> tuple[Float[np.ndarray, " member"], Float[np.ndarray, " member"]]:
    mean, var = trust.moments(predictions.mean[mine], predictions.magnitude[mine])
    var = var + trust.mean_scale**2 * predictions.mean_var[mine]
    return mean, np.maximum(var, 2 * np.abs(mean) / max_shift)
