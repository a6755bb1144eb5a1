"""Does more about people, such as their embeddings, improve a prediction."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import xlogy

from fabgwas.evaluate._calibration import cross_predict, fit_predict, make_folds

_SMALLEST = 1e-9


class Augmented(NamedTuple):
    """Predictions of people by regressions that have not seen them."""

    plain: Float[np.ndarray, " sample"]
    augmented: Float[np.ndarray, " sample"]
    chosen: Int[np.ndarray, " fold"]
    """Number of components that each fold's training people chose; 0 is the plain model."""


def augment(
    base: Float[np.ndarray, "sample column"],
    extra: Float[np.ndarray, "sample dim"],
    y: Float[np.ndarray, " sample"],
    fold: Int[np.ndarray, " sample"],
    numbers: Sequence[int] = (0, 1, 2, 5, 10, 20),
    *,
    binary: bool,
    seed: int = 0,
) -> Augmented:
    """Predict with and without principal components of further features, nested.

    The components, and how many of them are used, come from the training people of each
    fold: the number by cross-validation among them, of the loss (log loss of risks,
    squared error otherwise). The test people take no part in either.

    Parameters
    ----------
    base
        Predictors of both models: score and covariates.
    extra
        Features of people whose components are tried.
    y
        Phenotype; 0 and 1 if `binary`.
    fold
        Number of the fold of each person.
    numbers
        Of components to try. More than a tenth of the training people are not tried.
    binary
        Logistic rather than linear regression.
    seed
        Of the inner folds.
    """
    plain, augmented = np.empty((2, y.size))
    chosen = []
    for number in np.unique(fold):
        test = fold == number
        found = augment_fold(base, extra, y, ~test, numbers, binary=binary, seed=seed)
        plain[test], augmented[test] = found.plain[test], found.augmented[test]
        chosen.append(found.chosen[0])
    return Augmented(plain, augmented, np.array(chosen))


def augment_fold(
    base: Float[np.ndarray, "sample column"],
    extra: Float[np.ndarray, "sample dim"],
    y: Float[np.ndarray, " sample"],
    train: Bool[np.ndarray, " sample"],
    numbers: Sequence[int] = (0, 1, 2, 5, 10, 20),
    *,
    binary: bool,
    seed: int = 0,
) -> Augmented:
    """One fold of `augment`: predictions of everybody, learned from the training people."""
    tried = [k for k in numbers if k <= train.sum() / 10]
    parts = training_components(extra, train, max(tried))
    inner = make_folds(y[train], 5, seed, binary=binary)
    designs = {k: np.column_stack([base, parts[:, :k]]) for k in tried}
    losses = [
        _loss(cross_predict(design[train], y[train], inner, binary=binary), y[train],
              binary=binary)
        for design in designs.values()
    ]  # fmt: skip
    best = tried[int(np.argmin(losses))]
    plain, augmented = (
        fit_predict(designs[k] if k else base, y, train, binary=binary) for k in (0, best)
    )
    return Augmented(plain, augmented, np.array([best]))


def training_components(
    extra: Float[np.ndarray, "sample dim"],
    train: Bool[np.ndarray, " sample"],
    n_components: int,
) -> Float[np.ndarray, "sample component"]:
    """Components of the training people, with unit variance among them, for everybody."""
    centred = extra - extra[train].mean(axis=0)
    _, singular, directions = np.linalg.svd(centred[train], full_matrices=False)
    kept = min(n_components, int(np.sum(singular > 1e-6 * max(singular[0], 1e-300))))
    scale = singular[:kept] / np.sqrt(train.sum())
    return centred @ directions[:kept].T / scale


def _loss(
    predicted: Float[np.ndarray, " sample"],
    y: Float[np.ndarray, " sample"],
    *,
    binary: bool,
) -> float:
    if not binary:
        return float(np.mean((y - predicted) ** 2))
    risk = np.clip(predicted, _SMALLEST, 1 - _SMALLEST)
    return -float(np.mean(xlogy(y, risk) + xlogy(1 - y, 1 - risk)))
