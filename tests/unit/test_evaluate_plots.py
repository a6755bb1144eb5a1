"""Figures of scores, by the data they hold."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from fabgwas.plots import DARK, quantile_plot, reliability, roc
from fabgwas.plots._roc import roc_points


def test_roc_is_that_of_sklearn_also_with_ties(rng):
    score = rng.normal(size=200).round(1)
    case = rng.random(200) < 0.3
    false, true = roc_points(score, case)
    expected = roc_curve(case, score, drop_intermediate=False)
    np.testing.assert_allclose(false, expected[0])
    np.testing.assert_allclose(true, expected[1])


def test_a_curve_for_each_score_and_the_diagonal(rng):
    case = np.arange(50) < 20
    ax = roc({"one": rng.normal(size=50), "two": rng.normal(size=50)}, case, style=DARK)
    assert [line.get_label() for line in ax.lines][1:] == ["one", "two"]
    assert ax.get_xlabel() == "Controls above the threshold"
    with pytest.raises(ValueError, match="both cases and controls"):
        roc({"one": np.zeros(3)}, np.ones(3, bool))


def test_quantiles_with_their_intervals():
    estimate = np.array([0.5, 1.0, np.nan, 2.0])
    lower, upper = estimate * 0.8, estimate * 1.25
    lower[1] = upper[1] = 1.0
    ax = quantile_plot(estimate, lower, upper, binary=True)
    points = np.concatenate([line.get_xydata() for line in ax.lines[1:]])
    assert {(1, 0.5), (2, 1.0), (4, 2.0)} <= {tuple(point) for point in points}
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == "Odds ratio to the middle"
    linear = quantile_plot(estimate, lower, upper, binary=False)
    assert linear.get_yscale() == "linear"


def test_predictions_against_what_happened():
    predicted, observed = np.array([0.1, 0.2]), np.array([0.15, 0.18])
    ax = reliability(predicted, observed, np.array([0.01, 0.02]), binary=True)
    (diagonal, points) = ax.lines[:2]
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    np.testing.assert_array_equal(points.get_xydata(), np.c_[predicted, observed])
    assert ax.get_xlabel() == "Predicted risk"
