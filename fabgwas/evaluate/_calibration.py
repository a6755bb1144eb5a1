"""Does a predicted risk, or value, come true."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from fabgwas.evaluate._logistic import fit_logistic
from fabgwas.evaluate._quantiles import quantile_of

_SMALLEST = 1e-12


class Calibration(NamedTuple):
    """Slope 1 and intercept 0 are perfect; the bins are of equal size."""

    slope: float
    intercept: float
    error: float
    """Mean squared error of the prediction: the Brier score of risks."""
    predicted: Float[np.ndarray, " bin"]
    observed: Float[np.ndarray, " bin"]
    se: Float[np.ndarray, " bin"]
    count: Int[np.ndarray, " bin"]  # type: ignore[assignment]


def calibration(
    predicted: Float[np.ndarray, " sample"],
    y: Float[np.ndarray, " sample"],
    n_bins: int = 10,
    *,
    binary: bool,
) -> Calibration:
    """Compare predictions with what happened.

    For risks, slope and intercept are those of a logistic regression of y on the logit of
    the risk; for quantitative phenotypes, of least squares of y on the prediction.

    Parameters
    ----------
    predicted
        Risks, or expected phenotypes, made without the person's own y.
    y
        What happened; 0 and 1 if `binary`.
    n_bins
        Quantiles of the predictions.
    binary
        Whether predictions are risks.
    """
    if binary:
        risk = np.clip(predicted, _SMALLEST, 1 - _SMALLEST)
        fit = fit_logistic(np.log(risk / (1 - risk))[:, None], y > 0.5)
        intercept, slope = fit.coef
    else:
        slope, intercept = np.polyfit(predicted, y, 1)
    which = quantile_of(predicted, n_bins)
    count = np.bincount(which, minlength=n_bins)
    kept = count > 0
    size = count[kept]
    sums = [np.bincount(which, values, n_bins)[kept] for values in (predicted, y, y * y)]
    mean = sums[1] / size
    variance = np.maximum(sums[2] / size - mean**2, 0) * size / np.maximum(size - 1, 1)
    return Calibration(
        slope=float(slope),
        intercept=float(intercept),
        error=float(np.mean((y - predicted) ** 2)),
        predicted=sums[0] / size,
        observed=mean,
        se=np.sqrt(variance / size),
        count=size,
    )


def cross_predict(
    design: Float[np.ndarray, "sample column"],
    y: Float[np.ndarray, " sample"],
    fold: Int[np.ndarray, " sample"],
    *,
    binary: bool,
) -> Float[np.ndarray, " sample"]:
    """Predict each fold by a regression on the others.

    Parameters
    ----------
    design
        Predictors; an intercept is added.
    y
        Phenotype; 0 and 1 if `binary`, which gives risks by logistic regression.
    fold
        Number of the fold of each person.
    """
    predicted = np.empty(y.size)
    for number in np.unique(fold):
        test = fold == number
        predicted[test] = fit_predict(design, y, ~test, binary=binary)[test]
    return predicted


def fit_predict(
    design: Float[np.ndarray, "sample column"],
    y: Float[np.ndarray, " sample"],
    train: Bool[np.ndarray, " sample"],
    *,
    binary: bool,
) -> Float[np.ndarray, " sample"]:
    """Predict everybody by a regression on the training people."""
    if binary:
        return fit_logistic(design[train], y[train] > 0.5).risk(design)
    x = np.column_stack([np.ones(y.size), design])
    return x @ np.linalg.lstsq(x[train], y[train], rcond=None)[0]


def make_folds(
    y: Float[np.ndarray, " sample"], n_folds: int, seed: int, *, binary: bool
) -> Int[np.ndarray, " sample"]:
    """Random folds of nearly equal size, with equal shares of cases if `binary`."""
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = StratifiedKFold if binary else KFold
    fold = np.empty(y.size, np.int64)
    splitter = kind(n_folds, shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(y[:, None], y)):
        fold[test] = number
    return fold
