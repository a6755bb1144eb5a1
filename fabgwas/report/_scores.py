"""The report of an evaluation of scores: distributions, odds ratios, ROC, calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from fabgwas.plots import Style, quantile_plot, reliability, roc, score_distribution
from fabgwas.report._figures import Picture, draw_picture
from fabgwas.report._format import number
from fabgwas.report._html import render_page, write_page
from fabgwas.report._methods_scores import score_methods, score_references

_METRICS = {
    "auc": "AUC",
    "auc_with_covariates": "AUC with covariates",
    "auc_covariates": "AUC of the covariates alone",
    "auc_gain": "Gain in AUC over the covariates",
    "r2": "R²",
    "r2_nagelkerke": "R² (Nagelkerke)",
    "r2_liability": "R² on the liability scale",
    "r2_predicted": "R² of cross-fitted predictions",
    "odds_ratio_per_sd": "Odds ratio per SD",
    "effect_per_sd": "Effect of one SD",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "brier": "Brier score",
    "mean_squared_error": "Mean squared error",
}
_MOST_CURVES = 4


class Measure(NamedTuple):
    """A measure of a score, or of one score minus another, with its interval."""

    score: str
    metric: str
    estimate: float
    lower: float | None = None
    upper: float | None = None

    @property
    def name(self) -> str:
        """The metric in words."""
        return _METRICS.get(self.metric, self.metric.replace("_", " "))


class ScoreFigures(NamedTuple):
    """Arrays of one score; `quantiles` and `calibration` have a row of numbers each.

    Quantiles: estimate, lower, upper; calibration: predicted, observed, standard error.
    """

    name: str
    values: Float[np.ndarray, " sample"]
    quantiles: Float[np.ndarray, "3 quantile"]
    calibration: Float[np.ndarray, "3 bin"]


@dataclass(frozen=True, kw_only=True)
class ScoreReport:
    """Everything that the report of an evaluation shows."""

    title: str
    phenotype: str
    y: Float[np.ndarray, " sample"]
    """0 and 1 for a disease."""
    binary: bool
    scores: Sequence[ScoreFigures]
    measures: Sequence[Measure]
    differences: Sequence[Measure] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    created: str = ""


def write_score_report(path: str | Path, data: ScoreReport) -> None:
    """Write a report as one HTML file that needs nothing else, whole or not at all."""
    write_page(path, render_score_report(data))


def render_score_report(data: ScoreReport) -> str:
    """The HTML of a report of scores."""
    headline = "auc" if data.binary else "r2"
    best = [row for row in data.measures if row.metric == headline]
    return render_page(
        "scores.html.j2",
        data,
        n_cases=int(data.y.sum()) if data.binary else None,
        best=sorted(best, key=lambda row: -row.estimate),
        roc=_roc_picture(data) if data.binary else None,
        figures=[
            (
                one.name,
                _distribution(data, one),
                _quantiles(data, one),
                _reliability(data, one),
                not np.isfinite(one.quantiles[0]).all(),
            )
            for one in data.scores
        ],
        difference_metric=headline,
        methods=score_methods(data),
        references=score_references(data),
    )


def _roc_picture(data: ScoreReport) -> Picture:
    area = {row.score: row for row in data.measures if row.metric == "auc"}
    shown = sorted(data.scores, key=lambda one: -area[one.name].estimate)[:_MOST_CURVES]
    curves = {
        f"{one.name}, AUC {_with_interval(area[one.name])}": one.values for one in shown
    }

    def draw(ax: Axes, style: Style) -> None:
        roc(curves, data.y > 0.5, ax, style=style)

    return draw_picture(draw, (4.8, 4.6), f"ROC curves: {'; '.join(curves)}.")


def _with_interval(row: Measure) -> str:
    if row.lower is None or row.upper is None:
        return f"{row.estimate:.3f}"
    return f"{row.estimate:.3f} ({row.lower:.3f} to {row.upper:.3f})"


def _distribution(data: ScoreReport, one: ScoreFigures) -> Picture:
    case = data.y > 0.5 if data.binary else None

    def draw(ax: Axes, style: Style) -> None:
        score_distribution(one.values, case, ax, style=style)

    of = "cases and of controls" if data.binary else "everyone"
    return draw_picture(draw, (4.3, 3.4), f"Distribution of {one.name} of {of}.")


def _quantiles(data: ScoreReport, one: ScoreFigures) -> Picture:
    estimate, lower, upper = one.quantiles

    def draw(ax: Axes, style: Style) -> None:
        quantile_plot(estimate, lower, upper, ax, binary=data.binary, style=style)

    what = "Odds ratios" if data.binary else "Differences of means"
    ends = f"from {number(float(estimate[0]))} to {number(float(estimate[-1]))}"
    return draw_picture(draw, (4.3, 3.4), f"{what} of the quantiles of {one.name}, {ends}.")


def _reliability(data: ScoreReport, one: ScoreFigures) -> Picture:
    predicted, observed, se = one.calibration

    def draw(ax: Axes, style: Style) -> None:
        reliability(predicted, observed, se, ax, binary=data.binary, style=style)

    alt = f"Predictions from {one.name} and covariates on other folds, against what came."
    return draw_picture(draw, (4.3, 3.4), alt)
