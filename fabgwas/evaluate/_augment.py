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
        train = ~test
        tried = [k for k in numbers if k <= train.sum() / 10]
        parts = training_components(extra, train, max(tried))
        inner = make_folds(y[train], 5, seed, binary=binary)
        losses = []
        for k in tried:
            design = np.column_stack([base, parts[:, :k]])[train]
            predicted = cross_predict(design, y[train], inner, binary=binary)
            losses.append(_loss(predicted, y[train], binary=binary))
        best = tried[int(np.argmin(losses))]
        chosen.append(best)
        for target, k in ((plain, 0), (augmented, best)):
            design = np.column_stack([base, parts[:, :k]])
            target[test] = fit_predict(design, y, train, binary=binary)[test]
    return Augmented(plain, augmented, np.array(chosen))


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
