"""Priors for all variants, each learned on folds that its own fold does not touch.

For a held-out fold, ridge regressions of z and of log(1 + z^2) on the features are fitted
on its training units, and through LD where causal effects are. How far to trust their
predictions, how strongly to shrink, and what shape the prior has, is settled on inner
folds, held out from such regressions in turn. The embedding is used only where it beats
the covariates there.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from fabgwas.link._calibrate import Magnitudes, Moments, Shape, Trust, calibrate
from fabgwas.link._enrichment import Enrichments, learn_enrichments
from fabgwas.link._folds import Folds
from fabgwas.link._scores import (
    Regression,
    Sample,
    Score,
    Variants,
    make_regression,
    predict_fold,
)
from fabgwas.threads import map_threads

_CALIBRATION_ROWS = 50_000
# log-likelihood by which the embedding must beat the covariates on the inner folds, and
# each further parameter must pay for itself
_LEAST_GAIN = 3.0
_COST_OF_PARAMETER = 1.0

MODELS = ("auto", "covariates", "ridge", "ldscore", "mixture")
_NORMAL, _SLAB, _SLABS = Shape(0), Shape(1), Shape(2)
_COVARIATE_SHAPES = (_NORMAL, _SLAB, _SLABS)
_SHAPES: dict[str, dict[str, tuple[Shape, ...]]] = {
    "own": {
        "auto": (_NORMAL, _SLAB, _SLABS),
        "ridge": (_NORMAL,),
        "mixture": (_SLAB, _SLABS),
    },
    "auxiliary": dict.fromkeys(MODELS, (_NORMAL, _SLAB, _SLABS)),
    "convolved": {
        "auto": (Shape(0, free_noise=True), _SLAB, _SLABS),
        "ldscore": (Shape(0, free_noise=True),),
        "mixture": (_SLAB, _SLABS),
    },
}


class Features(NamedTuple):
    """Features of the variants, for the mean and for the magnitude of E z.

    ``own`` are those of the variant itself and serve both; ``auxiliary`` are other studies
    alone. ``convolved`` are sums over LD neighbours, weighted by r, for the mean; for the
    magnitude they are features of causal effects, which act through `ld`.
    """

    kind: str
    mean: Float[np.ndarray, "variant dim"]
    magnitude: Float[np.ndarray, "variant dim"]
    n_fixed: int
    """The first features are not penalised: covariates, then other studies."""
    ld: csr_array | None = None
    """Unbiased squared correlations, 1 on the diagonal. Then all of `magnitude` is
    penalised."""


class FoldReport(NamedTuple):
    """What was learned for one held-out fold."""

    fold: int
    n_variants: int
    n_training: int
    model: str
    """The linking model that was best on the inner folds, ``auxiliary`` if it uses other
    studies but no embedding, ``covariates`` if neither."""
    inner_gain: float
    """Log-likelihood of the best use of more than the covariates over them, less the cost
    of its parameters, per unit of weight, on the inner folds."""
    shrinkage: float
    """What predicts magnitudes best: the multiple of the penalty of the largest likelihood,
    or through LD the inverse of the variance of log odds."""
    mean_scale: float
    """Trust in the predicted mean."""
    covariates_slope: float
    """Trust in the log magnitude predicted by the covariates."""
    embedding_slope: float
    """Trust in what the embedding adds to it; 0 where it is not used."""
    n_slabs: int
    """Components besides the null; 0 for a normal prior of varying variance."""

    @property
    def uses_embedding(self) -> bool:
        """Whether the prior of the fold depends on the embedding."""
        return self.model not in ("covariates", "auxiliary")


class Prior(NamedTuple):
    """The prior of E z for each variant, learned without its fold."""

    moments: Moments
    covariates: Moments
    """The prior of the covariates alone: the reference of every gain."""
    reports: list[FoldReport]


class _Candidate(NamedTuple):
    """Predictions of one kind of features; magnitudes of the covariates first."""

    mean: Score
    mean_x: Float[np.ndarray, "variant dim"]
    inner: Magnitudes
    """Of the sampled training variants, learned without their group."""
    held_out: Magnitudes
    shrinkage: float
    error: float
    """Of the last magnitude; see `Score`."""

    def moments(
        self, trust: Trust, members: Int[np.ndarray, " member"], max_shift: float
    ) -> Moments:
        """The prior of the held-out variants, wider by the error of the predicted mean."""
        mean, var, prob = trust.moments(self.mean.held_out, self.held_out)
        if trust.mean_scale > 0:
            x = self.mean_x[members] @ self.mean.covariance_root.astype(self.mean_x.dtype)
            var = var + trust.mean_scale**2 * np.sum(x * x, axis=1, dtype=np.float64)
        return Moments(mean, np.maximum(var, 2 * np.abs(mean) / max_shift), prob)


def cross_fit(
    z: Variants,
    covariates: Float[np.ndarray, "variant covariate"],
    features: Sequence[Features],
    weight: Variants,
    folds: Folds,
    *,
    model: str = "auto",
    max_shift: float = 1.0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Prior:
    """Learn the prior of every variant on other folds.

    Parameters
    ----------
    z
        Z-scores towards an allele that the study did not choose, such as the alternate.
    covariates
        Features that are never penalised, the intercept first.
    features
        What may be used besides the covariates.
    weight
        Likelihood weights, such as 1 / (LD score).
    folds
        The partition, and what trains what.
    model
        ``ridge`` (own features, normal prior of varying variance), ``ldscore`` (the same
        with features that act through LD, and a free noise variance), ``mixture`` (either
        features, a null and one or two slabs), ``covariates``, or ``auto``: whichever is
        best on the inner folds. All fall back to the covariates where these are no worse.
    max_shift
        Largest |b| = 2 |mean| / var that a prior may give the FAB test: variances are
        raised to keep to it, since a wrong sign costs without bound.
    progress
        Told how many folds are done, and of how many.

    Returns
    -------
    Priors on the z scale, and what was learned for each fold.
    """
    if model not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, not {model!r}.")
    link = _Link(z, covariates, features, weight, folds, model)
    parts = np.empty((2, 3, z.size))
    reports = []
    n_folds = folds.train.shape[0]
    learned = map_threads(partial(link.learn, max_shift=max_shift), range(n_folds))
    for fold, (chosen, reference, report) in enumerate(learned):
        members = link.members(fold)
        parts[0][:, members], parts[1][:, members] = chosen, reference
        reports.append(report)
        progress(fold + 1, n_folds)
    return Prior(Moments(*parts[0]), Moments(*parts[1]), reports)


class _Link:
    """The regressions of one study, and what each fold makes of them."""

    def __init__(
        self,
        z: Variants,
        covariates: Float[np.ndarray, "variant covariate"],
        features: Sequence[Features],
        weight: Variants,
        folds: Folds,
        model: str,
    ) -> None:
        rows = np.arange(0, z.size, -(-z.size // _CALIBRATION_ROWS))
        self.sample = Sample(rows, folds.fold[rows], folds.unit[rows], weight[rows])
        self.z, self.folds = z[rows], folds
        self.covariates = np.asarray(covariates)
        both = np.column_stack([z, np.log1p(z * z)])

        self.base = self._regress(covariates, covariates.shape[1], both, weight)
        self.kinds: list[_Kind] = []
        for entry in features:
            shapes = _SHAPES[entry.kind].get(model)
            if shapes is None:
                continue
            enrichments = None
            targets = both
            if entry.ld is not None:
                enrichments = learn_enrichments(z, entry.magnitude, weight, entry.ld, folds)
                targets = both[:, :1]
            regression = self._regress(entry.mean, entry.n_fixed, targets, weight)
            self.kinds.append(_Kind(entry, shapes, regression, enrichments))

    def _regress(
        self,
        x: Float[np.ndarray, "variant dim"],
        n_fixed: int,
        targets: Float[np.ndarray, "variant target"],
        weight: Variants,
    ) -> Regression:
        return make_regression(x, n_fixed, targets, weight, self.folds, self.sample)

    def members(self, fold: int) -> Int[np.ndarray, " member"]:
        """The variants of a fold."""
        return np.flatnonzero(self.folds.fold == fold)

    def learn(self, fold: int, max_shift: float) -> tuple[Moments, Moments, FoldReport]:
        """The chosen prior of a fold, that of the covariates alone, and how it was made."""
        members = self.members(fold)
        trained = self.folds.train[fold]
        weight = np.where(trained[self.sample.unit], self.sample.weight, 0.0)
        base = last = self._base(fold)
        trust = self._trust(base, weight, _COVARIATE_SHAPES)
        reference = base.moments(trust, members, max_shift)
        name, best, least, gain = "covariates", base, _worth(trust), -np.inf
        for kind in self.kinds:
            candidate = self._candidate(fold, members, kind, base, last)
            if kind.entry.kind == "auxiliary":
                last = candidate
            found = self._trust(candidate, weight, kind.shapes)
            if _worth(found) - least > max(gain, _LEAST_GAIN):
                name, trust, best = _name(kind.entry.kind, found.shape), found, candidate
            gain = max(gain, _worth(found) - least)
        moments = reference
        if best is not base:
            moments = best.moments(trust, members, max_shift)
        report = FoldReport(
            fold=fold,
            n_variants=members.size,
            n_training=int(trained[self.folds.unit].sum()),
            model=name,
            inner_gain=float(gain / weight.sum()) if np.isfinite(gain) else 0.0,
            shrinkage=best.shrinkage,
            mean_scale=trust.mean_scale,
            covariates_slope=float(trust.slopes[0]),
            embedding_slope=0.0 if best is base else float(trust.slopes[-1]),
            n_slabs=trust.shape.n_slabs,
        )
        return moments, reference, report

    def _base(self, fold: int) -> _Candidate:
        """Predictions by the covariates."""
        mean, magnitude = predict_fold(self.base, fold, self.folds, self.sample)
        return _Candidate(
            mean,
            self.covariates,
            magnitude.inner[:, None],
            magnitude.held_out[:, None],
            magnitude.shrinkage,
            magnitude.error,
        )

    def _candidate(
        self,
        fold: int,
        members: Int[np.ndarray, " member"],
        kind: "_Kind",
        base: _Candidate,
        last: _Candidate,
    ) -> _Candidate:
        """Predictions by some features, beside those of the covariates.

        What acts through LD comes beside those of other studies too. Magnitudes that err
        more than those of the covariates are taken to be these.
        """
        mean, *rest = predict_fold(kind.regression, fold, self.folds, self.sample)
        if kind.enrichments is not None:
            group = kind.enrichments.group[fold]
            more = kind.enrichments.inner[group, self.sample.rows]
            held_out = kind.enrichments.outer[group, members]
            shrinkage, error = float(kind.enrichments.strength[group]), last.error
        else:
            last = base
            more = rest[0].inner - base.inner[:, 0]
            held_out = rest[0].held_out - base.held_out[:, 0]
            shrinkage, error = rest[0].shrinkage, rest[0].error
            if error >= base.error:
                more, held_out = 0 * more, 0 * held_out
                shrinkage, error = base.shrinkage, base.error
        return _Candidate(
            mean,
            kind.entry.mean,
            np.column_stack([last.inner, more]),
            np.column_stack([last.held_out, held_out]),
            shrinkage,
            error,
        )

    def _trust(
        self,
        candidate: _Candidate,
        weight: Float[np.ndarray, " sample"],
        shapes: tuple[Shape, ...],
    ) -> Trust:
        """The shape of the largest likelihood, less the cost of its parameters."""
        mean, magnitudes = candidate.mean.inner, candidate.inner
        found = [calibrate(self.z, mean, magnitudes, weight, shape) for shape in shapes]
        return max(found, key=_worth)


class _Kind(NamedTuple):
    """A kind of features, and what is regressed on them."""

    entry: Features
    shapes: tuple[Shape, ...]
    regression: Regression
    """Of the mean, and of magnitudes that do not act through LD."""
    enrichments: Enrichments | None


def _worth(trust: Trust) -> float:
    return trust.log_likelihood - _COST_OF_PARAMETER * trust.shape.n_parameters(
        trust.center.size
    )


def _name(kind: str, shape: Shape) -> str:
    if kind == "auxiliary":
        return kind
    if shape.n_slabs > 0:
        return "mixture"
    return "ridge" if kind == "own" else "ldscore"
