"""Learners of labels: linear with a tuned penalty, neighbours, a small net."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from benchmarks.properties._rows import Kind, Problem

LEARNERS = ("linear", "neighbours", "net")
_PENALTIES = {"linear": (1e-4, 1e-3, 1e-2, 1.0), "sparse": (0.1, 1.0, 10.0)}
_NEIGHBOURS = 30
_HIDDEN = 64
SETTINGS: dict[str, dict[str, Any]] = {
    "linear": {"learner": "linear", "penalties": _PENALTIES},
    "neighbours": {"learner": "neighbours", "neighbours": _NEIGHBOURS},
    "net": {"learner": "net", "hidden": _HIDDEN},
}


def held_out(
    problem: Problem, features: Any, learner: str, seed: int, *, front: Any = None
) -> Float[np.ndarray, "..."]:
    """Predictions of each row from folds without its group.

    Parameters
    ----------
    problem
        Rows and folds.
    features
        A matrix, or a list of anything that `front` makes features of.
    learner
        linear (logistic or ridge regression), neighbours (30, by cosine) or net (64 hidden
        units, early stopping).
    seed
        Of the folds and of the net.
    front
        A scikit-learn transformer fitted on the training rows; None to standardise.
    """
    rows = problem.rows
    classes = int(rows.label.max()) + 1 if rows.kind == "classes" else 0
    answer = np.full((rows.label.size, classes) if classes else rows.label.size, np.nan)
    for train, test in problem.folds(seed):
        model = _tuned(rows, features, problem.groups, train, learner, seed, front)
        answer[test] = _predict(model, _pick(features, test), rows.kind, classes)
    return answer


def _tuned(
    rows: Any,
    features: Any,
    groups: Int[np.ndarray, " row"],
    train: Int[np.ndarray, " row"],
    learner: str,
    seed: int,
    front: Any,
) -> Any:
    """The model with the penalty that does best on a fifth of the training groups."""
    from sklearn.model_selection import GroupShuffleSplit

    penalties = _PENALTIES["sparse" if front is not None else "linear"]
    if learner != "linear":
        penalties = (0.0,)
    best, penalty = -np.inf, penalties[0]
    if len(penalties) > 1:
        cut = GroupShuffleSplit(1, test_size=0.2, random_state=seed)
        inner, outer = (
            train[each] for each in next(cut.split(train, groups=groups[train]))
        )
        for each in penalties:
            model = _model(rows.kind, learner, each, seed, front)
            _fit(model, _pick(features, inner), rows.label[inner])
            quality = _quality(model, _pick(features, outer), rows.label[outer])
            if quality > best:
                best, penalty = quality, each
    model = _model(rows.kind, learner, penalty, seed, front)
    return _fit(model, _pick(features, train), rows.label[train])


def _fit(model: Any, features: Any, label: np.ndarray) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of solvers that stop at their last step
        return model.fit(features, label)


def _quality(model: Any, features: Any, label: np.ndarray) -> float:
    """R2 of a number, mean log-likelihood of classes."""
    if not hasattr(model, "predict_proba"):
        return model.score(features, label)
    at = np.searchsorted(model.classes_, label).clip(max=model.classes_.size - 1)
    chance = model.predict_proba(features)[np.arange(label.size), at]
    seen = model.classes_[at] == label
    return float(np.mean(np.log(np.where(seen, chance, 0).clip(1e-6))))


def _predict(model: Any, features: Any, kind: Kind, classes: int) -> np.ndarray:
    if kind == "number":
        return model.predict(features)
    chance = model.predict_proba(features)
    if kind == "binary":
        return chance[:, 1]
    found = np.zeros((chance.shape[0], classes))
    found[:, model.classes_.astype(int)] = chance
    return found


def _model(kind: Kind, learner: str, penalty: float, seed: int, front: Any) -> Any:
    from sklearn.base import clone
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer, StandardScaler

    if learner == "neighbours":
        return make_pipeline(Normalizer(), _neighbours(kind))
    first = StandardScaler() if front is None else clone(front)
    if learner == "net":
        return make_pipeline(first, _net(kind, seed))
    return make_pipeline(first, _linear(kind, penalty))


def _linear(kind: Kind, penalty: float) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    if kind == "number":
        return Ridge(alpha=1 / penalty)
    return LogisticRegression(C=penalty, max_iter=100, tol=1e-3)


def _neighbours(kind: Kind) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    made = KNeighborsRegressor if kind == "number" else KNeighborsClassifier
    return made(_NEIGHBOURS, weights="uniform", algorithm="brute")


def _net(kind: Kind, seed: int) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    told: dict[str, Any] = {
        "hidden_layer_sizes": (_HIDDEN,),
        "alpha": 1e-2,
        "early_stopping": True,
        "max_iter": 100,
        "random_state": seed,
    }
    if kind != "number":
        return MLPClassifier(**told)
    return TransformedTargetRegressor(MLPRegressor(**told), transformer=StandardScaler())


def _pick(features: Any, index: Int[np.ndarray, " kept"]) -> Any:
    if isinstance(features, Sequence):
        return [features[each] for each in index]
    return features[index]
