"""FAB p-values and intervals against numbers computed elsewhere.

`fab/fab_golden.json`: `fab_z`, `fab_t` and `fab_z_interval` were computed with 80 digits
(mpmath) from the formulas of Hoff (2022) and Yu and Hoff (2018); `fab_t_hoff_els` are the
results that the vignettes of the R package FABInference store. The latter carry the
cancellation of 1 - |pt - pt|, hence their looser tolerance.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import fabgwas as fg

GOLDEN = json.loads((Path(__file__).parent / "fab/fab_golden.json").read_text())


def log_of(decimal: str) -> float:
    """Log of a decimal string that may underflow as a float."""
    mantissa, _, exponent = decimal.lower().partition("e")
    return np.log(float(mantissa)) + int(exponent or 0) * np.log(10)


def one(value) -> np.ndarray:
    return np.array([float(value)])


def assert_close(log_p: np.ndarray, expected: float, tolerance: float) -> None:
    assert log_p.shape == (1,)
    if expected == 0:
        assert abs(log_p[0]) <= tolerance
    else:
        assert abs(log_p[0] / expected - 1) <= tolerance


@pytest.mark.parametrize("row", GOLDEN["fab_z"], ids=lambda row: f"z={row['z']}")
def test_fab_z(row):
    se = float(row["se"])
    mean, sd = one(row["prior_mean"]) / se, one(row["prior_sd"]) / se
    log_p = fg.fab_log_pvalues(one(row["z"]), mean, sd**2)
    assert_close(log_p, -float(row["minus_log10_p"]) * np.log(10), 1e-12)


@pytest.mark.parametrize("row", GOLDEN["fab_t"], ids=lambda row: f"t={row['t']}")
def test_fab_t(row):
    log_p = fg.fab_log_pvalues(one(row["t"]), one(row["b"]), one(2.0), df=float(row["df"]))
    assert_close(log_p, log_of(row["p"]), 1e-12)


@pytest.mark.parametrize("row", GOLDEN["fab_t_hoff_els"], ids=lambda row: f"N={row['N']}")
def test_stored_results_of_fabinference(row):
    se = row["SIGMA"] / np.sqrt(row["N"])
    log_p = fg.fab_log_pvalues(
        one(row["T"]), one(row["ETHETA"] / se), one((row["TAU"] / se) ** 2), df=row["df"]
    )
    assert_close(log_p, np.log(row["p_fab"]), 1e-11)


@pytest.mark.parametrize("row", GOLDEN["fab_z_interval"], ids=lambda row: row["estimate"])
def test_fab_interval(row):
    lower, upper = fg.fab_intervals(
        one(row["estimate"]),
        np.sqrt(one(row["sampling_var"])),
        one(row["prior_mean"]),
        one(row["prior_var"]),
        alpha=float(row["alpha"]),
    )
    assert abs(lower[0] - float(row["lower"])) <= 1e-10
    assert abs(upper[0] - float(row["upper"])) <= 1e-10
