"""Predictions of every variant by regressions that did not see its fold."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fabgwas.link._calibrate import Magnitudes, Variants
from fabgwas.link._folds import Folds
from fabgwas.link._gram import Gram, empty_gram, update_gram
from fabgwas.link._ridge import RidgeFit, fit_ridge

_INNER_FOLDS = 4
# LD makes neighbours share text and signal; see `fit_ridge`
_SHRINKAGES = (1.0, 10.0, 100.0, 1000.0)

Read = Callable[[], Iterator[tuple[Int[np.ndarray, " row"], Float[np.ndarray, "row dim"]]]]
"""Starts a stream of blocks of row numbers and embeddings, each row once, in any order."""


class Predictions(NamedTuple):
    """Of one kind of features and one penalty.

    The `inner` ones are made without the variant's fold and without another fold, for which
    they stand in for the held-out predictions; they are kept for a sample of the rows.
    """

    shrinkage: float
    mean: Variants
    mean_var: Variants
    magnitude: Variants
    inner_mean: Float[np.ndarray, "sample fold"]
    inner_magnitude: Float[np.ndarray, "sample fold"]

    def magnitudes(
        self, rows: Int[np.ndarray, " row"], base: "Predictions | None"
    ) -> Magnitudes:
        """What the covariates predict, and what the embedding adds to it."""
        mine = self.magnitude[rows]
        if base is None:
            return mine[:, None]
        return np.column_stack([base.magnitude[rows], mine - base.magnitude[rows]])

    def inner(
        self, seen: Int[np.ndarray, " row"], fold: int, base: "Predictions | None"
    ) -> tuple[Variants, Magnitudes]:
        """Mean and magnitudes of sampled rows, as if they had been held out with `fold`."""
        mine = self.inner_magnitude[seen, fold].astype(np.float64)
        mean = self.inner_mean[seen, fold].astype(np.float64)
        if base is None:
            return mean, mine[:, None]
        others = base.inner_magnitude[seen, fold]
        return mean, np.column_stack([others, mine - others])


class _Kind(NamedTuple):
    """One way to use the features, fitted for each fold and for its inner folds."""

    shrinkage: float
    rotation: Float[np.ndarray, "feature part"]
    outer: list[list[RidgeFit]]
    """For each fold, the fits of z and of log(1 + z^2)."""
    inner: list[list[list[RidgeFit]]]
    """For each fold, the same for each of its inner groups."""


def predict(
    read: Read,
    dim: int,
    z: Variants,
    covariates: Float[np.ndarray, "variant covariate"],
    weight: Variants,
    folds: Folds,
    sample: Int[np.ndarray, " sample"],
    *,
    components: int,
) -> list[Predictions]:
    """Fit and predict with the covariates alone, then with the embedding at each penalty.

    `sample` are the rows, ascending, whose inner predictions are kept; the other arguments
    are those of `cross_fit`.
    """
    n_covariates = covariates.shape[1]
    targets = np.column_stack([z, np.log1p(z * z)])
    gram = empty_gram(folds.train.shape[1], n_covariates + dim, 2)
    for rows, vectors in read():
        x = _features(covariates, rows, vectors)
        update_gram(gram, x, targets[rows], weight[rows], folds.unit[rows])
    axes = _principal_axes(gram, n_covariates, min(components, dim))
    covariates_only = np.eye(n_covariates + dim, n_covariates)
    kinds = [
        *_fit_kinds(gram, covariates_only, folds, n_covariates, (1.0,)),
        *_fit_kinds(gram, axes, folds, n_covariates, _SHRINKAGES),
    ]
    n_folds = folds.train.shape[0]
    results = [
        Predictions(
            kind.shrinkage,
            *(np.zeros(z.size) for _ in range(3)),
            *(np.zeros((sample.size, n_folds), np.float32) for _ in range(2)),
        )
        for kind in kinds
    ]
    slot = np.full(z.size, -1)
    slot[sample] = np.arange(sample.size)
    for rows, vectors in read():
        x = _features(covariates, rows, vectors)
        for kind, result in zip(kinds, results, strict=True):
            rotated = (x @ kind.rotation.astype(x.dtype)).astype(np.float64)
            for fold in np.unique(folds.fold[rows]).tolist():
                mine = folds.fold[rows] == fold
                _predict_fold(rotated[mine], rows[mine], fold, slot, kind, result)
    return results


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


def _inner_groups(n_folds: int, fold: int) -> Int[np.ndarray, " fold"]:
    """The inner group of every fold while one is held out; -1 for that one."""
    others = np.delete(np.arange(n_folds), fold)
    group = np.full(n_folds, -1)
    for number, part in enumerate(np.array_split(others, min(_INNER_FOLDS, others.size))):
        group[part] = number
    return group


def _fit_kinds(
    gram: Gram,
    rotation: Float[np.ndarray, "feature part"],
    folds: Folds,
    n_covariates: int,
    shrinkages: tuple[float, ...],
) -> list[_Kind]:
    rotated = gram.project(rotation)
    kinds = [_Kind(shrinkage, rotation, [], []) for shrinkage in shrinkages]
    for fold, train in enumerate(folds.train):
        group = _inner_groups(folds.train.shape[0], fold)
        outer = fit_ridge(rotated.train(train), n_covariates, shrinkages)
        inner = [
            fit_ridge(
                rotated.train(train & folds.train[group == number].all(axis=0)),
                n_covariates,
                shrinkages,
            )
            for number in range(group.max() + 1)
        ]
        for number, kind in enumerate(kinds):
            kind.outer.append(outer[number])
            kind.inner.append([fits[number] for fits in inner])
    return kinds


def _predict_fold(
    x: Float[np.ndarray, "row part"],
    rows: Int[np.ndarray, " row"],
    fold: int,
    slot: Int[np.ndarray, " variant"],
    kind: _Kind,
    result: Predictions,
) -> None:
    mean, magnitude = kind.outer[fold]
    result.mean[rows] = x @ mean.coefficients
    result.mean_var[rows] = np.sum((x @ mean.covariance_root) ** 2, axis=1)
    result.magnitude[rows] = x @ magnitude.coefficients
    kept = slot[rows] >= 0
    x, kept_slots = x[kept], slot[rows[kept]]
    n_folds = len(kind.outer)
    for other in range(n_folds):
        if other != fold:
            inner = kind.inner[other][_inner_groups(n_folds, other)[fold]]
            result.inner_mean[kept_slots, other] = x @ inner[0].coefficients
            result.inner_magnitude[kept_slots, other] = x @ inner[1].coefficients
