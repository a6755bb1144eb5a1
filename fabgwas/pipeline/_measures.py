"""All measures of all scores of the same people, as tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int
from scipy.special import ndtri

from fabgwas.evaluate import (
    auc_difference,
    bootstrap,
    calibration,
    cross_predict,
    delong,
    fit_logistic,
    incremental_r2,
    liability_r2,
    make_folds,
    nagelkerke,
    percentile_interval,
    quantile_effects,
    refit_log_likelihood,
)
from fabgwas.pipeline._people import People

Row = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """Tables of measures with their intervals."""

    evaluation: pa.Table
    """score, metric, estimate, lower, upper, interval."""
    differences: pa.Table
    """first, second, metric, estimate, lower, upper, interval: first minus second."""
    quantiles: pa.Table
    calibration: pa.Table
    auc: dict[str, float]
    """Area of each score alone, where the phenotype is binary."""


def measure(
    people: People,
    *,
    prevalence: float | None,
    n_quantiles: int,
    n_folds: int,
    n_replicates: int,
    level: float,
    seed: int,
) -> Measured:
    """Measure every score, and the paired difference of every two.

    R2 is that of covariates and score less that of the covariates. Predictions whose
    calibration and area are shown come from regressions on the other folds.
    """
    rows: list[Row] = []
    pairs: list[Row] = []
    variance = _ExplainedVariance(people, prevalence)
    everyone = np.arange(len(people))
    estimates = variance(everyone)
    stratum = people.y.astype(int) if people.binary else np.zeros(len(people), int)
    draws = bootstrap(variance, stratum, n_replicates, seed)
    intervals = percentile_interval(draws, level)
    for number, (name, metric) in enumerate(variance.labels):
        rows.append(_row(name, metric, estimates[number], intervals[number], "bootstrap"))
    for (a, first), (b, second) in combinations(enumerate(variance.labels), 2):
        if first[1] == second[1]:
            interval = percentile_interval(draws[:, [a]] - draws[:, [b]], level)[0]
            row = _row("", first[1], estimates[a] - estimates[b], interval, "bootstrap")
            pairs.append(_pair(first[0], second[0], row))
    fold = make_folds(people.y, n_folds, seed, binary=people.binary)
    predictions = _predictions(people, fold)
    if people.binary:
        rows += _areas(people, predictions, level)
        pairs += _area_pairs(people, level)
    rows += [row for name in people.names for row in _per_sd(people, name, level)]
    bins, slopes = _calibrations(people, predictions, n_quantiles)
    rows.sort(key=lambda row: people.names.index(row["score"]))
    measured = pa.Table.from_pylist([*rows, *slopes], _SCHEMA)
    areas = {row["score"]: row["estimate"] for row in rows if row["metric"] == "auc"}
    return Measured(
        evaluation=measured,
        differences=pa.Table.from_pylist(pairs, _PAIR_SCHEMA),
        quantiles=_quantiles(people, n_quantiles, level),
        calibration=bins,
        auc=areas,
    )


_SCHEMA = pa.schema(
    [("score", pa.string()), ("metric", pa.string()), ("estimate", pa.float64()),
     ("lower", pa.float64()), ("upper", pa.float64()), ("interval", pa.string())]
)  # fmt: skip
_PAIR_SCHEMA = pa.schema(
    [("first", pa.string()), ("second", pa.string()), *list(_SCHEMA)[1:]]
)


def _row(score: str, metric: str, estimate: float, interval: Any, kind: str) -> Row:
    lower, upper = (float(value) for value in interval)
    return {"score": score, "metric": metric, "estimate": float(estimate), "lower": lower,
            "upper": upper, "interval": kind}  # fmt: skip


def _pair(first: str, second: str, row: Row) -> Row:
    return {"first": first, "second": second, **row}


class _ExplainedVariance:
    """R2 of every score, on every scale, among some of the people."""

    def __init__(self, people: People, prevalence: float | None) -> None:
        self._people, self._prevalence = people, prevalence
        metrics = ["r2"]
        if people.binary:
            metrics.append("r2_nagelkerke")
            metrics += ["r2_liability"] if prevalence is not None else []
        self.labels = [(name, metric) for name in people.names for metric in metrics]
        if people.binary:
            case = people.y > 0.5
            self._start = [fit_logistic(people.covariates, case).coef]
            self._start += [
                fit_logistic(self._design(s), case).coef for s in people.scores.T
            ]

    def __call__(self, index: Int[np.ndarray, " drawn"]) -> Float[np.ndarray, " number"]:
        people = self._people
        y, covariates = people.y[index], people.covariates[index]
        return np.array(list(self._values(index, covariates, y)))

    def _values(
        self,
        index: Int[np.ndarray, " drawn"],
        covariates: Float[np.ndarray, "drawn column"],
        y: Float[np.ndarray, " drawn"],
    ) -> Iterator[float]:
        case = y > 0.5
        if self._people.binary:
            base = nagelkerke(refit_log_likelihood(covariates, case, self._start[0]), case)
        for number, score in enumerate(self._people.scores.T, 1):
            observed = incremental_r2(score[index], covariates, y)
            yield observed
            if self._people.binary:
                design = self._design(score)[index]
                fit = refit_log_likelihood(design, case, self._start[number])
                yield nagelkerke(fit, case) - base
                if self._prevalence is not None:
                    yield liability_r2(observed, self._prevalence, float(case.mean()))

    def _design(self, score: Float[np.ndarray, " sample"]) -> Float[np.ndarray, "sample _"]:
        return np.column_stack([self._people.covariates, score])


def _predictions(
    people: People, fold: Int[np.ndarray, " sample"]
) -> dict[str, Float[np.ndarray, " sample"]]:
    """Cross-fitted predictions of each score with the covariates, and of those alone."""
    designs = {
        name: np.column_stack([people.covariates, score])
        for name, score in zip(people.names, people.scores.T, strict=True)
    }
    if people.covariates.shape[1]:
        designs[""] = people.covariates
    return {
        name: cross_predict(design, people.y, fold, binary=people.binary)
        for name, design in designs.items()
    }


def _areas(
    people: People, predictions: dict[str, Float[np.ndarray, " sample"]], level: float
) -> list[Row]:
    case = people.y > 0.5
    alone = delong(people.scores, case)
    rows = [
        _row(name, "auc", alone.auc[k], alone.interval(level)[k], "delong")
        for k, name in enumerate(people.names)
    ]
    if "" not in predictions:
        return rows
    for name in people.names:
        both = delong(np.column_stack([predictions[name], predictions[""]]), case)
        gain = auc_difference(both, 0, 1, level)
        for k, metric in enumerate(["auc_with_covariates", "auc_covariates"]):
            row = _row(name, metric, both.auc[k], both.interval(level)[k], "delong")
            rows.append(row)
        rows.append(_row(name, "auc_gain", gain.estimate, gain[1:3], "delong"))
    return rows


def _area_pairs(people: People, level: float) -> list[Row]:
    areas = delong(people.scores, people.y > 0.5)
    rows = []
    for (a, first), (b, second) in combinations(enumerate(people.names), 2):
        gain = auc_difference(areas, a, b, level)
        row = _row("", "auc", gain.estimate, gain[1:3], "delong")
        rows.append(_pair(first, second, row))
    return rows


def _per_sd(people: People, name: str, level: float) -> Iterator[Row]:
    """Odds ratio, or effect, of one standard deviation of the score."""
    score = people.scores[:, people.names.index(name)]
    design = np.column_stack([people.covariates, score / score.std()])
    half = float(ndtri((1 + level) / 2))
    if people.binary:
        fit = fit_logistic(design, people.y > 0.5)
        bounds = np.exp(fit.coef[-1] + half * fit.se[-1] * np.array([-1, 1]))
        yield _row(name, "odds_ratio_per_sd", np.exp(fit.coef[-1]), bounds, "wald")
        return
    x = np.column_stack([np.ones(len(people)), design])
    coef, *_ = np.linalg.lstsq(x, people.y, rcond=None)
    residual = people.y - x @ coef
    variance = residual @ residual / (len(people) - x.shape[1])
    se = np.sqrt(variance * np.linalg.inv(x.T @ x)[-1, -1])
    yield _row(name, "effect_per_sd", coef[-1], coef[-1] + half * se * np.array([-1, 1]),
               "wald")  # fmt: skip


def _quantiles(people: People, n_quantiles: int, level: float) -> pa.Table:
    parts = []
    for name, score in zip(people.names, people.scores.T, strict=True):
        found = quantile_effects(
            score,
            people.covariates,
            people.y,
            n_quantiles,
            binary=people.binary,
            level=level,
        )
        columns = {k: pa.array(values) for k, values in found._asdict().items()}
        number = pa.array(np.arange(1, n_quantiles + 1))
        parts.append(
            pa.table({"score": [name] * n_quantiles, "quantile": number, **columns})
        )
    return pa.concat_tables(parts)


def _calibrations(
    people: People,
    predictions: dict[str, Float[np.ndarray, " sample"]],
    n_bins: int,
) -> tuple[pa.Table, list[Row]]:
    parts, rows = [], []
    error = "brier" if people.binary else "mean_squared_error"
    for name in people.names:
        found = calibration(predictions[name], people.y, n_bins, binary=people.binary)
        facts = {"calibration_slope": found.slope, "calibration_intercept": found.intercept,
                 error: found.error}  # fmt: skip
        if not people.binary:
            facts["r2_predicted"] = 1 - found.error / float(people.y.var())
        rows += [
            {"score": name, "metric": metric, "estimate": value, "lower": None,
             "upper": None, "interval": None}
            for metric, value in facts.items()
        ]  # fmt: skip
        columns = {
            k: pa.array(getattr(found, k)) for k in ("predicted", "observed", "se", "count")
        }
        parts.append(pa.table({"score": [name] * found.count.size, **columns}))
    return pa.concat_tables(parts), rows
