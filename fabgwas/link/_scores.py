"""Ridge predictions of a fold from the variants outside it, and of those in turn.

The inner predictions of a training variant are made without its inner group and without
the held-out fold, so that they err as the held-out ones do: trust in the latter, and the
strength of shrinkage, are settled on the former.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from fabgwas.link._device import product
from fabgwas.link._folds import Folds
from fabgwas.link._gram import Gram, gram_of
from fabgwas.link._ridge import RidgeFit, fit_ridge

Variants = Float[np.ndarray, " variant"]

_INNER_FOLDS = 4
# LD makes neighbours share text and signal; see `fit_ridge`
_SHRINKAGES = (1.0, 10.0, 100.0, 1000.0)


class Sample(NamedTuple):
    """Rows whose inner predictions are kept, ascending; trust needs no more of them."""

    rows: Int[np.ndarray, " sample"]
    fold: Int[np.ndarray, " sample"]
    unit: Int[np.ndarray, " sample"]
    weight: Float[np.ndarray, " sample"]


class Regression(NamedTuple):
    """Linear regressions of some targets on the same features."""

    x: Float[np.ndarray, "variant dim"]
    """Covariates first."""
    sampled_x: Float[np.ndarray, "sample dim"]
    sampled_y: Float[np.ndarray, "sample target"]
    n_covariates: int
    gram: Gram
    scales: Float[np.ndarray, "scaling dim"]
    """Features are multiplied by these before they are penalised alike."""
    shrinkages: tuple[float, ...]


class Score(NamedTuple):
    """What a regression predicts of one target, at its best penalty."""

    held_out: Float[np.ndarray, " member"]
    """Of the variants of the fold."""
    covariance_root: Float[np.ndarray, "dim dim"]
    """C with Cov(coefficients) = C C', of the fit behind `held_out`."""
    inner: Float[np.ndarray, " sample"]
    """Of the sampled training variants; 0 for others."""
    error: float
    """Mean squared error of the inner predictions, weighted."""
    shrinkage: float


def make_regression(
    x: Float[np.ndarray, "variant dim"],
    n_covariates: int,
    targets: Float[np.ndarray, "variant target"],
    weight: Variants,
    folds: Folds,
    sample: Sample,
) -> Regression:
    """Stream the cross products of all units.

    Penalties act on the features as they are, and on features scaled to equal variance:
    what an embedding knows may hide in its small components.
    """
    gram = gram_of(x, targets, weight, folds.unit, folds.train.shape[1])
    scales = np.ones((1, x.shape[1]))
    if x.shape[1] > n_covariates:
        total = gram.xtx.sum(axis=0)
        mean = total[0] / total[0, 0]
        spread = np.sqrt(np.maximum(np.diag(total) / total[0, 0] - mean**2, 0.0))
        whiten = np.where(spread > 1e-6 * spread.max(), 1 / np.maximum(spread, 1e-300), 0.0)
        whiten[:n_covariates] = 1.0
        scales = np.stack([scales[0], whiten])
    return Regression(
        x,
        x[sample.rows],
        targets[sample.rows],
        n_covariates,
        gram,
        scales,
        _SHRINKAGES if x.shape[1] > n_covariates else (1.0,),
    )


def predict_fold(
    regression: Regression, fold: int, folds: Folds, sample: Sample
) -> list[Score]:
    """Predict every target of a fold, and of its sampled training variants.

    The penalty and the scaling of each target are those of the smallest inner error.
    """
    train, n_folds = folds.train[fold], folds.train.shape[0]
    group = _inner_groups(n_folds, fold)
    trained = train[sample.unit]
    n_fits = len(regression.scales) * len(regression.shrinkages)
    inner = np.zeros((regression.gram.yty.shape[1], sample.rows.size, n_fits))
    for number in range(group.max() + 1):
        used = train & folds.train[group == number].all(axis=0)
        mine = trained & (group[sample.fold] == number)
        x = regression.sampled_x[mine]
        for target, coefficients in enumerate(_coefficients(regression, used)):
            inner[target, mine] = product(x, coefficients.T.astype(x.dtype))
    fits = _fits(regression, train)
    members = regression.x[folds.fold == fold]
    weight = np.where(trained, sample.weight, 0.0)
    weight /= weight.sum()
    scores = []
    for target, predicted in enumerate(inner):
        errors = weight @ (regression.sampled_y[:, target, None] - predicted) ** 2
        best = int(np.argmin(errors))
        scale, penalty = divmod(best, len(regression.shrinkages))
        fit, factor = fits[scale], regression.scales[scale]
        coefficients = fit.coefficients[penalty, target] * factor
        scores.append(
            Score(
                product(members, coefficients[:, None].astype(members.dtype))[:, 0],
                fit.covariance_root(penalty, target) * factor[:, None],
                predicted[:, best],
                float(errors[best]),
                regression.shrinkages[penalty],
            )
        )
    return scores


def _fits(regression: Regression, used: Bool[np.ndarray, " unit"]) -> list[RidgeFit]:
    """One fit for each scaling."""
    gram = regression.gram.train(used)
    return [
        fit_ridge(
            gram._replace(
                xtx=gram.xtx * scale[:, None] * scale, xty=gram.xty * scale[:, None]
            ),
            regression.n_covariates,
            regression.shrinkages,
        )
        for scale in regression.scales
    ]


def _coefficients(
    regression: Regression, used: Bool[np.ndarray, " unit"]
) -> Float[np.ndarray, "target fit dim"]:
    """Coefficients at every scaling and penalty, for features as they are."""
    each = [
        fit.coefficients * scale
        for fit, scale in zip(_fits(regression, used), regression.scales, strict=True)
    ]
    return np.swapaxes(np.concatenate(each), 0, 1)


def _inner_groups(n_folds: int, fold: int) -> Int[np.ndarray, " fold"]:
    """The inner group of every fold while one is held out; -1 for that one."""
    others = np.delete(np.arange(n_folds), fold)
    group = np.full(n_folds, -1)
    for number, part in enumerate(np.array_split(others, min(_INNER_FOLDS, others.size))):
        group[part] = number
    return group
